"""The SQL of an output folder's database, derived from the columns of the tables.

What was requested is in `inputs`, what was found in `results` and `cycle_results`: a result stays if its input is no longer
requested, and labels may change without it. Every query names its columns.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any

from murmur.batch.database import placeholders, text
from murmur.tables.column import Column
from murmur.tables.cycles import CYCLE_FIGURES, CYCLES
from murmur.tables.patients import PATIENTS
from murmur.tables.recordings import LABELS, RECORDING_FIGURES, RECORDINGS

_KINDS = {str: "TEXT", int: "INTEGER", float: "REAL", bool: "INTEGER"}


def names(columns: Iterable[Column[Any]]) -> str:
    """List the names of columns, as SQL does."""
    return ", ".join(column.name for column in columns)


def _declared(columns: Iterable[Column[Any]]) -> str:
    return ", ".join(f"{column.name} {_KINDS[column.kind]}" for column in columns)


def _selected(columns: Iterable[Column[Any]], table: str) -> str:
    """List columns of a table; labels are the input's, which may have changed since it was analyzed."""
    return ", ".join(f"{'inputs' if column.name in LABELS else table}.{column.name}" for column in columns)


#: `segments` is packed text; `place` is where it was written as a file, empty for nowhere.
_TABLES = f"""
CREATE TABLE run (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE inputs (
    number INTEGER PRIMARY KEY, key TEXT UNIQUE, {", ".join(f"{label} TEXT" for label in LABELS)}, extra TEXT, place TEXT,
    problem TEXT, size INTEGER, modified_ns INTEGER
);
CREATE INDEX inputs_patient ON inputs (patient);
CREATE TABLE results (
    id INTEGER PRIMARY KEY, key TEXT UNIQUE, at_site TEXT, size INTEGER, modified_ns INTEGER, segments BLOB, place TEXT,
    {_declared(RECORDING_FIGURES)}
);
CREATE TABLE cycle_results (id INTEGER, {_declared(CYCLE_FIGURES)}, PRIMARY KEY (id, cycle)) WITHOUT ROWID;
CREATE TABLE patients ({_declared(PATIENTS)});
CREATE VIEW recordings AS
    SELECT {_selected(RECORDINGS, "results")}, inputs.extra
    FROM inputs JOIN results ON results.key = inputs.key ORDER BY inputs.number;
CREATE VIEW cycles AS
    SELECT {_selected(CYCLES, "cycle_results")}
    FROM inputs JOIN results ON results.key = inputs.key JOIN cycle_results ON cycle_results.id = results.id
    ORDER BY inputs.number, cycle_results.cycle;
"""
#: Another one for every other schema, so that a database with other columns is refused; SQLite keeps 31 bits of it.
SCHEMA_VERSION = zlib.crc32(_TABLES.encode()) >> 1
CREATE = f"{_TABLES}PRAGMA user_version = {SCHEMA_VERSION};"

#: Of an input: what is written into its row, and in this order read back; all but the last two are texts.
INPUT_COLUMNS = (*LABELS, "extra", "place", "problem", "size", "modified_ns")
ADD_INPUT = f"INSERT OR IGNORE INTO inputs (key, {', '.join(INPUT_COLUMNS)}) VALUES ({text(len(INPUT_COLUMNS) - 1)}, ?, ?)"
ADD_RESULT = (
    f"INSERT INTO results (key, at_site, place, size, modified_ns, segments, {names(RECORDING_FIGURES)}) "
    f"VALUES ({text(3)}, {placeholders(3 + len(RECORDING_FIGURES))})"
)
ADD_CYCLE = f"INSERT INTO cycle_results (id, {names(CYCLE_FIGURES)}) VALUES ({placeholders(1 + len(CYCLE_FIGURES))})"
ADD_PATIENT = f"INSERT INTO patients ({names(PATIENTS)}) VALUES ({placeholders(len(PATIENTS))})"

#: Whether an input was found: an absent file has no size; not every remote service reports one.
FOUND = "problem = '' AND (size IS NOT NULL OR instr(path, '://'))"
TO_DO = "FROM inputs LEFT JOIN results ON results.key = inputs.key WHERE results.key IS NULL"
#: A result is of another file than its input, or of another site, on which the norm of S1 depends.
STALE = """
(results.size IS NOT inputs.size OR results.modified_ns IS NOT inputs.modified_ns OR results.at_site IS NOT inputs.site)
"""
#: Where the segments of a result should be.
WANTED_PLACE = f"coalesce((SELECT inputs.place FROM inputs WHERE inputs.key = results.key AND NOT {STALE}), '')"

_FIRST = "(SELECT patient, min(number) AS first FROM inputs WHERE patient != '' GROUP BY patient) USING (patient)"
BY_PATIENT = f"""
SELECT {_selected(RECORDINGS, "results")} FROM inputs JOIN results ON results.key = inputs.key
JOIN {_FIRST}
ORDER BY first, inputs.number
"""
BY_SUBJECT = f"""
SELECT {_selected(RECORDINGS, "results")}, inputs.key, results.size, results.modified_ns
FROM inputs JOIN results ON results.key = inputs.key
LEFT JOIN {_FIRST}
ORDER BY coalesce(first, inputs.number), inputs.number
"""
