"""The database of an output folder: every result is in it as soon as it is there, and none is lost."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from murmur.batch.database import connect, text
from murmur.batch.inputs import Input, key_of
from murmur.batch.worker import Outcome
from murmur.errors import MissingFileError, OutputError
from murmur.io.info import INFO_FIELDS, RecordingInfo
from murmur.tables.export import Table
from murmur.tables.rows import (
    CYCLE_COLUMNS,
    CYCLE_FIGURES,
    LABELS,
    PATIENT_COLUMNS,
    RECORDING_COLUMNS,
    RECORDING_FIGURES,
    Cell,
    Row,
    kind_of,
    recording_columns,
)

__all__ = ["STORE_NAME", "Store", "Stored"]

STORE_NAME = "murmur.sqlite"
#: Of the tables below; another one is not read.
SCHEMA_VERSION = 2
#: How long to wait for somebody who looks at the database with other tools, in seconds.
PATIENCE_S = 60.0

_SQL_KINDS = {str: "TEXT", int: "INTEGER", float: "REAL", bool: "INTEGER"}


def _declared(columns: Iterable[str]) -> str:
    return ", ".join(f"{name} {_SQL_KINDS[kind_of(name)]}" for name in columns)


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(columns)


_RECORDING = _listed(f"inputs.{c}" if c in LABELS else f"results.{c}" for c in RECORDING_COLUMNS)
#: What was asked for lies in `inputs`, what was found in `results` and `beats`: a result stays when its input is not asked
#: for any more, and labels change without it. `segments` is packed text, `place` where that was written as a file.
_SCHEMA = f"""
CREATE TABLE run (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE inputs (
    number INTEGER PRIMARY KEY, key TEXT UNIQUE, path TEXT, patient TEXT, site TEXT, position TEXT, visit TEXT, extra TEXT,
    place TEXT, problem TEXT, size INTEGER, modified_ns INTEGER
);
CREATE INDEX inputs_patient ON inputs (patient);
CREATE TABLE results (
    id INTEGER PRIMARY KEY, key TEXT UNIQUE, at_site TEXT, size INTEGER, modified_ns INTEGER, segments BLOB, place TEXT,
    {_declared(RECORDING_FIGURES)}
);
CREATE TABLE beats (id INTEGER, {_declared(CYCLE_FIGURES)}, PRIMARY KEY (id, cycle)) WITHOUT ROWID;
CREATE TABLE patients ({_declared(PATIENT_COLUMNS)});
CREATE VIEW recordings AS
    SELECT {_RECORDING}, inputs.extra
    FROM inputs JOIN results ON results.key = inputs.key ORDER BY inputs.number;
CREATE VIEW cycles AS
    SELECT {_listed((f"inputs.{c}" if c in LABELS else f"beats.{c}") for c in CYCLE_COLUMNS)}
    FROM inputs JOIN results ON results.key = inputs.key JOIN beats ON beats.id = results.id
    ORDER BY inputs.number, beats.cycle;
PRAGMA user_version = {SCHEMA_VERSION};
"""
#: Whether an input was found: what is not there has no size; elsewhere not every service tells one.
_THERE = "problem = '' AND (size IS NOT NULL OR instr(path, '://'))"
_TO_DO = "FROM inputs LEFT JOIN results ON results.key = inputs.key WHERE results.key IS NULL"
#: A result is of another file than its input, or of another site: that decides what is a quiet S1.
_STALE = """
(results.size IS NOT inputs.size OR results.modified_ns IS NOT inputs.modified_ns OR results.at_site IS NOT inputs.site)
"""
#: Where the segments of a result should lie.
_WANTED = f"coalesce((SELECT inputs.place FROM inputs WHERE inputs.key = results.key AND NOT {_STALE}), '')"
_BY_PATIENT = f"""
SELECT {_RECORDING} FROM inputs JOIN results ON results.key = inputs.key
JOIN (SELECT patient, min(number) AS first FROM inputs WHERE patient != '' GROUP BY patient) USING (patient)
ORDER BY first, inputs.number
"""
_BY_SUBJECT = f"""
SELECT {_RECORDING}, inputs.key, results.size, results.modified_ns
FROM inputs JOIN results ON results.key = inputs.key
LEFT JOIN (SELECT patient, min(number) AS first FROM inputs WHERE patient != '' GROUP BY patient) USING (patient)
ORDER BY coalesce(first, inputs.number), inputs.number
"""


class Stored(NamedTuple):
    """The row of a recording, and which file it is of: its absolute path or URL, and as it was when it was analyzed."""

    row: Row
    key: str
    size: int | None
    modified_ns: int | None


class Misplaced(NamedTuple):
    """Segments of a result, packed: where they lie, and where they should; empty for nowhere."""

    place: str
    wanted: str
    segments: bytes


class Store:
    """Inputs, results and patients of an output folder, in SQLite; without a folder, for as long as it is open.

    Parameters
    ----------
    folder : Path, optional
        Where ``murmur.sqlite`` lies, or is made.

    Raises
    ------
    OutputError
        From any method, when the database can't be read or written.
    """

    def __init__(self, folder: Path | None) -> None:
        self._name = "the temporary database" if folder is None else str(folder / STORE_NAME)
        with self._told():
            self._database = connect("" if folder is None else self._name)
        try:
            with self._told():
                self._prepare(lasting=folder is not None)
        except BaseException:
            self._database.close()
            raise

    @classmethod
    def existing(cls, folder: Path) -> Store:
        """Open that of an earlier run.

        Raises
        ------
        MissingFileError
            If there is none.
        """
        if not (folder / STORE_NAME).is_file():
            raise MissingFileError(f"{folder}: holds no {STORE_NAME}: name the folder of a run (murmur analyze -o)")
        return cls(folder)

    def _prepare(self, lasting: bool) -> None:
        version = self._database.execute("PRAGMA user_version").fetchone()[0]
        empty = not self._database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if version != SCHEMA_VERSION and not empty:
            raise OutputError(
                f"{self._name}: is of another version of murmur; name another folder, or begin anew with --no-resume"
            )
        if lasting:
            self._database.execute(f"PRAGMA busy_timeout = {int(1000 * PATIENCE_S)}")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")  # whole after a loss of power, too
        if empty:
            self._database.executescript(f"BEGIN; {_SCHEMA} COMMIT;")

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what SQLite says into an error with a remedy."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            reason = str(error)
            if "full" in reason or "disk I/O" in reason:
                remedy = "make room and run the same again: what is in it is kept"
            elif "locked" in reason:
                remedy = "another program is writing to it; end that and run the same again"
            elif "not a database" in reason or "malformed" in reason:
                remedy = "it is damaged, or none of murmur's; begin anew with --no-resume"
            else:
                remedy = "is the folder writable?"
            raise OutputError(f"{self._name}: {reason}: {remedy}") from error

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All of it or nothing."""
        with self._told():
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
                self._database.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # a full disk has rolled back by itself
                    self._database.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *ending: object) -> None:
        self.close()

    # --- how the results came about -----------------------------------------------------

    @property
    def facts(self) -> dict[str, Any]:
        """What was noted by `note`."""
        with self._told():
            return {name: json.loads(value) for name, value in self._database.execute("SELECT name, value FROM run")}

    def note(self, facts: Mapping[str, Any]) -> None:
        """Keep facts of a run by name; they must be such as JSON holds."""
        with self._transaction() as database:
            values = ((name, json.dumps(value)) for name, value in facts.items())
            database.executemany("INSERT OR REPLACE INTO run VALUES (?, ?)", values)

    # --- inputs -------------------------------------------------------------------------

    def ask_for(self, inputs: Iterable[Input]) -> int:
        """Take these inputs in place of those of an earlier run; return how many there are, each counted once.

        Raises
        ------
        MissingFileError
            If not one of them is there, though there are results of others: a misspelt name must not empty the tables.
        """
        extra: dict[str, None] = {}

        def values() -> Iterator[tuple[bytes | str | int | None, ...]]:
            for item in inputs:
                extra.update(dict.fromkeys(name for name, _ in item.extra))
                texts = (key_of(item.info.path), *(getattr(item.info, name) for name in INFO_FIELDS))
                more = (json.dumps(dict(item.extra)), item.relative, item.problem)
                yield (*map(os.fsencode, (*texts, *more)), item.size, item.modified_ns)

        with self._transaction() as database:
            database.execute("DELETE FROM inputs")
            database.executemany(
                "INSERT OR IGNORE INTO inputs (key, path, patient, site, position, visit, extra, place, problem, size, "
                f"modified_ns) VALUES ({text(9)}, ?, ?)",
                values(),
            )
            database.execute("INSERT OR REPLACE INTO run VALUES ('extra', ?)", (json.dumps(list(extra)),))
            total, there = database.execute(f"SELECT count(*), coalesce(sum({_THERE}), 0) FROM inputs").fetchone()
            if not there and database.execute("SELECT 1 FROM results WHERE status != 'failed'").fetchone():
                first = database.execute("SELECT path, problem FROM inputs ORDER BY number").fetchone()
                what = f"{first[0]}: {first[1] or 'no such file'}" if first else "there is nothing to analyze"
                raise MissingFileError(f"{what}; the tables in {Path(self._name).parent} are left as they are")
            return int(total)

    def drop_stale(self) -> None:
        """Drop results of inputs whose file, or site, is another now."""
        with self._transaction() as database:
            stale = f"SELECT id FROM results JOIN inputs ON inputs.key = results.key WHERE {_STALE}"
            database.execute(f"DELETE FROM beats WHERE id IN ({stale})")
            database.execute(f"DELETE FROM results WHERE id IN ({stale})")

    def count_to_do(self) -> int:
        """How many inputs have no result."""
        with self._told():
            return int(self._database.execute(f"SELECT count(*) {_TO_DO}").fetchone()[0])

    def to_do(self, size: int) -> Iterator[list[Input]]:
        """Yield the inputs that have no result, some at a time."""
        columns = "number, path, patient, site, position, visit, place, extra, problem, size, modified_ns"
        chosen = ", ".join(f"inputs.{name}" for name in columns.split(", "))
        last = 0
        while True:
            with self._told():
                rows = self._database.execute(
                    f"SELECT {chosen} {_TO_DO} AND inputs.number > ? ORDER BY inputs.number LIMIT ?", (last, size)
                ).fetchall()
            if not rows:
                return
            last = rows[-1][0]
            yield [
                Input(RecordingInfo(*info), place, tuple(json.loads(extra).items()), problem, size, modified_ns)
                for _, *info, place, extra, problem, size, modified_ns in rows
            ]

    def drop_failed(self) -> None:
        """Drop the results of inputs that failed, so that they are tried again."""
        with self._transaction() as database:
            database.execute("DELETE FROM results WHERE status = 'failed'")

    def misplaced_segments(self) -> Iterator[Misplaced]:
        """Yield segments that lie elsewhere than where their input is asked for now."""
        query = f"SELECT place, {_WANTED} AS wanted, segments FROM results WHERE segments IS NOT NULL AND place != wanted"
        for row in self._rows(query):
            yield Misplaced(*row)

    def place_segments(self) -> None:
        """Take down that no segments are misplaced any more."""
        with self._transaction() as database:
            database.execute(f"UPDATE results SET place = {_WANTED} WHERE segments IS NOT NULL")

    # --- results ------------------------------------------------------------------------

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Keep what came of some inputs, all of it or nothing, in place of what they had before."""
        names = ("key", "at_site", "place", "size", "modified_ns", "segments", *RECORDING_FIGURES)
        insert = f"INSERT INTO results ({_listed(names)}) VALUES ({text(3)}, {', '.join('?' * (len(names) - 3))})"
        beats = f"INSERT INTO beats VALUES ({', '.join('?' * (1 + len(CYCLE_FIGURES)))})"
        with self._transaction() as database:
            for outcome in outcomes:
                item, key = outcome.input, os.fsencode(key_of(outcome.input.info.path))
                old = database.execute(f"SELECT id FROM results WHERE key = {text(1)}", (key,)).fetchone()
                if old is not None:
                    database.execute("DELETE FROM beats WHERE id = ?", old)
                    database.execute("DELETE FROM results WHERE id = ?", old)
                figures = (_storable(outcome.row[name]) for name in RECORDING_FIGURES)
                texts = (key, *map(os.fsencode, (item.info.site, item.relative)))
                made = database.execute(insert, (*texts, item.size, item.modified_ns, outcome.segments, *figures))
                database.executemany(beats, ((made.lastrowid, *cycle) for cycle in outcome.cycles))

    def counts(self) -> dict[str, int]:
        """How many of the inputs have a result, by status."""
        with self._told():
            return dict(self._database.execute("SELECT status, count(*) FROM recordings GROUP BY status"))

    def reasons(self) -> dict[str, int]:
        """Why recordings are unreadable, with how often each reason was given, the most frequent first."""
        found: dict[str, int] = {}
        query = "SELECT quality_reasons, count(*) FROM recordings WHERE status = 'unreadable' GROUP BY quality_reasons"
        for reasons, count in self._rows(query):
            for reason in str(reasons).split("; "):
                found[reason] = found.get(reason, 0) + count
        return dict(sorted(found.items(), key=lambda pair: -pair[1]))

    # --- tables -------------------------------------------------------------------------

    def rows_by_patient(self) -> Iterator[Row]:
        """Rows of the recordings that name a patient, those of one after another, in the order of the inputs."""
        for row in self._rows(_BY_PATIENT):
            yield dict(zip(RECORDING_COLUMNS, row, strict=True))

    def by_subject(self) -> Iterator[Stored]:
        """Rows of all recordings, those of one patient one after another, in the order of the inputs."""
        for *cells, key, size, modified_ns in self._rows(_BY_SUBJECT):
            yield Stored(dict(zip(RECORDING_COLUMNS, cells, strict=True)), key, size, modified_ns)

    def replace_patients(self, rows: Iterable[Row]) -> None:
        """Keep the rows of the patients."""
        with self._transaction() as database:
            database.execute("DELETE FROM patients")
            values = ([_storable(row[name]) for name in PATIENT_COLUMNS] for row in rows)
            database.executemany(f"INSERT INTO patients VALUES ({', '.join('?' * len(PATIENT_COLUMNS))})", values)

    def tables(self) -> list[Table]:
        """Recordings, cycles and patients, in the order of the inputs; of patients, none where none is named."""
        extra = recording_columns(self.facts.get("extra", ()))
        kinds = {name: kind_of(name) for name in RECORDING_COLUMNS} | dict.fromkeys(extra.values(), str)
        recordings = self._rows(f"SELECT {_listed(RECORDING_COLUMNS)}, extra FROM recordings")
        found = [
            Table("recordings", kinds, _with_extra(recordings, extra) if extra else (row[:-1] for row in recordings)),
            self._table("cycles", CYCLE_COLUMNS),
        ]
        return [*found, self._table("patients", PATIENT_COLUMNS)] if self.has_patients else found

    @property
    def has_patients(self) -> bool:
        """Whether any recording names a patient."""
        with self._told():
            return bool(self._database.execute("SELECT count(*) FROM patients").fetchone()[0])

    def _table(self, name: str, columns: tuple[str, ...]) -> Table:
        kinds = {column: kind_of(column) for column in columns}
        return Table(name, kinds, self._rows(f"SELECT {_listed(columns)} FROM {name}"))

    def _rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        with self._told():
            yield from self._database.execute(query)


def _storable(cell: Cell) -> Cell | bytes:
    """Return a cell as SQLite takes it: of a text that can't be written, what can be read of it."""
    return cell.encode("utf-8", "backslashreplace").decode() if isinstance(cell, str) else cell


def _with_extra(rows: Iterator[tuple[Cell, ...]], extra: Mapping[str, str]) -> Iterator[tuple[Cell, ...]]:
    """Put a manifest's further columns where they are kept together."""
    for *cells, stored in rows:
        own = json.loads(str(stored))
        yield (*cells, *(own.get(name, "") for name in extra))
