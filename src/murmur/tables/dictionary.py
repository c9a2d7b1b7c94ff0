"""Every table with its columns: the data dictionary, and its description for programs as a Data Package."""

from __future__ import annotations

from typing import Any

from murmur import __version__
from murmur.tables.column import Column
from murmur.tables.cycles import CYCLES
from murmur.tables.patients import PATIENTS
from murmur.tables.recordings import RECORDINGS
from murmur.tables.visits import VISIT_TABLES

__all__ = ["TABLES", "data_package"]

TABLES: dict[str, tuple[Column[Any], ...]] = {
    "recordings": RECORDINGS,
    "cycles": CYCLES,
    "patients": PATIENTS,
    **VISIT_TABLES,
}
"""The columns of each table, in their order; ``recordings`` has further ones if a manifest has."""

_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean"}


def data_package() -> dict[str, Any]:
    """Describe the CSV tables as a Data Package.

    Returns
    -------
    dict
        To be written as ``datapackage.json`` beside the tables.

    References
    ----------
    https://specs.frictionlessdata.io/data-package/
    """
    return {
        "name": "murmur",
        "title": f"Tables of murmur {__version__}",
        "description": "For research and education, not a medical device.",
        "resources": [
            {
                "name": table,
                "path": f"{table}.csv",
                "profile": "tabular-data-resource",
                "encoding": "utf-8",
                "schema": {
                    "fields": [_field(column) for column in columns],
                    "primaryKey": [column.name for column in columns if column.key],
                    "missingValues": [""],
                },
            }
            for table, columns in TABLES.items()
        ],
    }


def _field(column: Column[Any]) -> dict[str, Any]:
    field: dict[str, Any] = {"name": column.name, "type": _TYPES[column.kind], "description": column.meaning}
    if column.unit:
        field["unit"] = column.unit
    if column.choices:
        field["constraints"] = {"enum": list(column.choices)}
    return field
