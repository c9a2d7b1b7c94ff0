"""Patients over their visits, from the results of a run; nothing is analyzed again."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import groupby
from pathlib import Path

from murmur.batch.store import Store
from murmur.batch.worker import load_models
from murmur.errors import ParameterError
from murmur.io.writing import made_folder
from murmur.patients.visits import VisitHistory, compare_visits
from murmur.settings import Settings
from murmur.tables.export import Table, check_format, export
from murmur.tables.rows import Row, round_row, site_figures_from_row
from murmur.tables.visit_history import (
    CHANGE_COLUMNS,
    TREND_COLUMNS,
    VISIT_COLUMNS,
    change_rows,
    kind_of_course,
    trend_rows,
    visit_rows,
)

__all__ = ["export_visit_histories", "visit_histories"]


def visit_histories(
    folder: str | os.PathLike[str],
    patients: Collection[str] | None = None,
    *,
    models_dir: str | os.PathLike[str] | None = None,
) -> Iterator[VisitHistory]:
    """Follow the patients of a run who were there more than once.

    Parameters
    ----------
    folder : str or os.PathLike
        That of the run (``murmur analyze -o``).
    patients : collection of str, optional
        Only these; all by default.
    models_dir : str or os.PathLike, optional
        A folder with other models than those that ship, as the run had.

    Yields
    ------
    VisitHistory
        In the order of the inputs; of those named in `patients` also with a single visit.

    Raises
    ------
    MissingFileError
        If the folder is none of a run.
    ParameterError
        If one of `patients` is not in it, or the order of somebody's visits can't be told.
    """
    models = load_models(None if models_dir is None else os.fspath(models_dir))
    seen: set[str] = set()
    with Store.existing(Path(folder)) as store:
        settings = Settings(**store.facts.get("settings", {}))
        for patient, rows in groupby(store.rows_by_patient(), key=lambda row: str(row["patient"])):
            seen.add(patient)
            if patients is not None and patient not in patients:
                continue
            sites = [site_figures_from_row(row) for row in rows]
            if patients is not None or len({site.info.visit for site in sites if site.info.visit}) > 1:
                yield compare_visits(patient, sites, settings, models)
    if absent := sorted(set(patients or ()) - seen):
        raise ParameterError(f"{os.fspath(folder)}: holds no patient {', '.join(absent)}")


def export_visit_histories(
    found: Iterable[VisitHistory], destination: str | os.PathLike[str], *, format: str = "csv"
) -> dict[str, int]:
    """Write the tables ``visits``, ``changes`` and ``trends``.

    Parameters
    ----------
    found : iterable of VisitHistory
    destination : str or os.PathLike
        A folder; made where there is none.
    format : str, default "csv"
        "csv", "jsonl" or "parquet".

    Returns
    -------
    dict of str to int
        How many rows each table has.

    Raises
    ------
    ParameterError
        If tables can't be written in that format.
    OutputError
        If they can't be written there.
    """
    check_format(format)
    place = made_folder(destination)
    kept = list(found)
    tables: dict[str, tuple[tuple[str, ...], Callable[[VisitHistory], Iterator[Row]]]] = {
        "visits": (VISIT_COLUMNS, visit_rows),
        "changes": (CHANGE_COLUMNS, change_rows),
        "trends": (TREND_COLUMNS, trend_rows),
    }
    counts = {}
    for name, (columns, rows_of) in tables.items():
        kinds = {column: kind_of_course(column) for column in columns}
        rows = (round_row(row) for course in kept for row in rows_of(course))
        counts[name] = export(Table(name, kinds, (tuple(row[c] for c in columns) for row in rows)), place, format)
    return counts
