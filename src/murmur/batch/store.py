"""The database of an output folder: every result is in it as soon as it is there, and none is lost."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

from murmur.batch import schema
from murmur.batch.database import Database, text
from murmur.batch.inputs import Input, key_of
from murmur.batch.worker import Outcome
from murmur.errors import MissingFileError, OutputError
from murmur.io.info import INFO_FIELDS, RecordingInfo
from murmur.tables.column import Cell, Column, Row, kinds_of
from murmur.tables.cycles import CYCLES
from murmur.tables.export import Table
from murmur.tables.patients import PATIENTS
from murmur.tables.recordings import RECORDING_FIGURES, RECORDINGS, manifest_columns

STORE_NAME = "murmur.sqlite"
#: How long to wait for another program that has the database open, in seconds.
PATIENCE_S = 60.0
_RECORDING = tuple(column.name for column in RECORDINGS)


class Stored(NamedTuple):
    """The row of a recording and its file: absolute path or URL, and size and time when it was analyzed."""

    row: Row
    key: str
    size: int | None
    modified_ns: int | None


class Store(AbstractContextManager["Store"]):
    """Inputs, results and patients of an output folder, in SQLite.

    Parameters
    ----------
    folder : Path or None
        Where ``murmur.sqlite`` is, or is made; None for a temporary database.

    Raises
    ------
    OutputError
        From any method, if the database can't be read or written.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        path = "" if folder is None else str(folder / STORE_NAME)
        self._database = Database(path, path or "the temporary database")
        try:
            self._prepare()
        except BaseException:
            self._database.close()
            raise

    @classmethod
    def existing(cls, folder: Path) -> Store:
        """Open the database of an earlier run.

        Raises
        ------
        MissingFileError
            If there is none.
        """
        if not (folder / STORE_NAME).is_file():
            raise MissingFileError(f"{folder}: holds no {STORE_NAME}: name the output folder of murmur analyze -o")
        return cls(folder)

    def _prepare(self) -> None:
        database = self._database
        empty = not database.value("SELECT count(*) FROM sqlite_master")
        if not empty and database.value("PRAGMA user_version") != schema.SCHEMA_VERSION:
            raise OutputError(
                f"{database.label}: written by another version of murmur. Use another folder, or start over with --no-resume"
            )
        if self._folder is not None:
            database.run(f"PRAGMA busy_timeout = {int(1000 * PATIENCE_S)}")
            database.run("PRAGMA journal_mode = WAL")
            database.run("PRAGMA synchronous = NORMAL")  # intact after a power failure, too
        if empty:
            database.run(f"BEGIN; {schema.CREATE} COMMIT;")

    def __exit__(self, *ending: object) -> None:
        self._database.close()

    # --- how the results came about -----------------------------------------------------

    @property
    def facts(self) -> dict[str, Any]:
        """What was kept by `note`."""
        return {name: json.loads(value) for name, value in self._database.rows("SELECT name, value FROM run")}

    def note(self, facts: Mapping[str, Any]) -> None:
        """Keep facts of a run by name; JSON must be able to hold them."""
        with self._database.transaction() as connection:
            values = ((name, json.dumps(value)) for name, value in facts.items())
            connection.executemany("INSERT OR REPLACE INTO run VALUES (?, ?)", values)

    # --- inputs -------------------------------------------------------------------------

    def ask_for(self, inputs: Iterable[Input]) -> int:
        """Replace the inputs of an earlier run by these; return how many there are, each counted once.

        Raises
        ------
        MissingFileError
            If none of them exists, but there are results of others: a misspelled name must not empty the tables.
        """
        extra: dict[str, None] = {}

        def values() -> Iterator[tuple[bytes | int | None, ...]]:
            for item in inputs:
                extra.update(dict.fromkeys(name for name, _ in item.extra))
                info = (getattr(item.info, name) for name in INFO_FIELDS)
                texts = (key_of(item.info.path), *info, json.dumps(dict(item.extra)), item.relative, item.problem)
                yield (*map(os.fsencode, texts), item.size, item.modified_ns)

        with self._database.transaction() as connection:
            connection.execute("DELETE FROM inputs")
            connection.executemany(schema.ADD_INPUT, values())
            connection.execute("INSERT OR REPLACE INTO run VALUES ('extra', ?)", (json.dumps(list(extra)),))
            total, found = connection.execute(f"SELECT count(*), coalesce(sum({schema.FOUND}), 0) FROM inputs").fetchone()
            if not found and connection.execute("SELECT 1 FROM results WHERE status != 'failed'").fetchone():
                first = connection.execute("SELECT path, problem FROM inputs ORDER BY number").fetchone()
                what = f"{first[0]}: {first[1] or 'no such file'}" if first else "there is nothing to analyze"
                raise MissingFileError(f"{what}; the tables in {self._folder} are left unchanged")
            return int(total)

    def drop_stale(self) -> None:
        """Drop the results of inputs whose file or site has changed."""
        with self._database.transaction() as connection:
            stale = f"SELECT id FROM results JOIN inputs ON inputs.key = results.key WHERE {schema.STALE}"
            connection.execute(f"DELETE FROM cycle_results WHERE id IN ({stale})")
            connection.execute(f"DELETE FROM results WHERE id IN ({stale})")

    def count_to_do(self) -> int:
        """Count the inputs without a result."""
        return int(self._database.value(f"SELECT count(*) {schema.TO_DO}"))

    def to_do(self, size: int) -> Iterator[list[Input]]:
        """Yield the inputs without a result, `size` at a time."""
        columns = ", ".join(f"inputs.{name}" for name in ("number", *schema.INPUT_COLUMNS))
        page = f"SELECT {columns} {schema.TO_DO} AND inputs.number > ? ORDER BY inputs.number LIMIT ?"
        last = 0
        while rows := list(self._database.rows(page, (last, size))):
            last = rows[-1][0]
            yield [
                Input(RecordingInfo(*info), place, tuple(json.loads(extra).items()), problem, size, modified_ns)
                for _, *info, extra, place, problem, size, modified_ns in rows
            ]

    def drop_failed(self) -> None:
        """Drop the results of inputs that failed, so that they are tried again."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM results WHERE status = 'failed'")

    def misplaced_segments(self) -> Iterator[tuple[str, str, bytes]]:
        """Yield where segments are, where their input now wants them, "" for nowhere, and the segments, packed."""
        query = f"SELECT place, {schema.WANTED_PLACE} AS wanted, segments FROM results"
        return self._database.rows(f"{query} WHERE segments IS NOT NULL AND place != wanted")

    def place_segments(self) -> None:
        """Record that no segments are misplaced any more."""
        with self._database.transaction() as connection:
            connection.execute(f"UPDATE results SET place = {schema.WANTED_PLACE} WHERE segments IS NOT NULL")

    # --- results ------------------------------------------------------------------------

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Keep the outcomes of some inputs, all or none, in place of what they had before."""
        with self._database.transaction() as connection:
            for outcome in outcomes:
                item, key = outcome.input, os.fsencode(key_of(outcome.input.info.path))
                old = connection.execute(f"SELECT id FROM results WHERE key = {text(1)}", (key,)).fetchone()
                if old is not None:
                    connection.execute("DELETE FROM cycle_results WHERE id = ?", old)
                    connection.execute("DELETE FROM results WHERE id = ?", old)
                of_file = (key, os.fsencode(item.info.site), os.fsencode(item.relative), item.size, item.modified_ns)
                values = (*of_file, outcome.segments, *_storable(outcome.row, RECORDING_FIGURES))
                added = connection.execute(schema.ADD_RESULT, values)
                connection.executemany(schema.ADD_CYCLE, ((added.lastrowid, *cycle) for cycle in outcome.cycles))

    def counts(self) -> dict[str, int]:
        """Count the inputs with a result, by status."""
        return dict(self._database.rows("SELECT status, count(*) FROM recordings GROUP BY status"))

    def reasons(self) -> dict[str, int]:
        """Count how often each reason made a recording unreadable, the most frequent first."""
        found: dict[str, int] = {}
        query = "SELECT quality_reasons, count(*) FROM recordings WHERE status = 'unreadable' GROUP BY quality_reasons"
        for reasons, count in self._database.rows(query):
            for reason in str(reasons).split("; "):
                found[reason] = found.get(reason, 0) + count
        return dict(sorted(found.items(), key=lambda pair: -pair[1]))

    # --- tables -------------------------------------------------------------------------

    def rows_by_patient(self) -> Iterator[Row]:
        """Yield the rows of recordings that name a patient, patient by patient, in the order of the inputs."""
        for cells in self._database.rows(schema.BY_PATIENT):
            yield dict(zip(_RECORDING, cells, strict=True))

    def by_subject(self) -> Iterator[Stored]:
        """Yield the rows of all recordings, patient by patient, in the order of the inputs."""
        for *cells, key, size, modified_ns in self._database.rows(schema.BY_SUBJECT):
            yield Stored(dict(zip(_RECORDING, cells, strict=True)), key, size, modified_ns)

    def replace_patients(self, rows: Iterable[Row]) -> None:
        """Keep the rows of the patients."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM patients")
            connection.executemany(schema.ADD_PATIENT, (_storable(row, PATIENTS) for row in rows))

    def tables(self) -> list[Table]:
        """Return recordings, cycles and, if any recording names one, patients, in the order of the inputs."""
        extra = manifest_columns(self.facts.get("extra", ()))
        kinds = kinds_of(RECORDINGS) | dict.fromkeys(extra.values(), str)
        rows = self._database.rows(f"SELECT {schema.names(RECORDINGS)}, extra FROM recordings")
        recordings = Table("recordings", kinds, _with_extra(rows, extra) if extra else (row[:-1] for row in rows))
        patients = [self._table("patients", PATIENTS)] if self.has_patients else []
        return [recordings, self._table("cycles", CYCLES), *patients]

    @property
    def has_patients(self) -> bool:
        """Whether any recording names a patient."""
        return bool(self._database.value("SELECT count(*) FROM patients"))

    def _table(self, name: str, columns: tuple[Column[Any], ...]) -> Table:
        return Table(name, kinds_of(columns), self._database.rows(f"SELECT {schema.names(columns)} FROM {name}"))


def _storable(row: Row, columns: Iterable[Column[Any]]) -> list[Cell]:
    """Cells as SQLite takes them: of a text that is not UTF-8, an escaped spelling."""
    cells = (row[column.name] for column in columns)
    return [c.encode("utf-8", "backslashreplace").decode() if isinstance(c, str) else c for c in cells]


def _with_extra(rows: Iterator[tuple[Cell, ...]], extra: Mapping[str, str]) -> Iterator[tuple[Cell, ...]]:
    """Append a manifest's further columns, which are stored together as JSON."""
    for *cells, stored in rows:
        own = json.loads(str(stored))
        yield (*cells, *(own.get(name, "") for name in extra))
