"""Which recordings a run analyzes: paths, folders, globs and manifests, each file once, however many there are."""

# ruff: noqa: PTH100, PTH116, PTH118, PTH120, PTH122
# Plain strings: a million paths, kept as they were given, and links not resolved.

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from murmur.batch.database import connect, text
from murmur.batch.manifest import read_manifest
from murmur.batch.search import Found, expand, local_form
from murmur.errors import ParameterError
from murmur.io.info import RecordingInfo
from murmur.io.named_patient import named_patient
from murmur.io.naming import canonical_site
from murmur.io.remote import is_remote


@dataclass(frozen=True, slots=True)
class Input:
    """One recording to analyze.

    Attributes
    ----------
    info : RecordingInfo
        Its path, as it can be opened from here; patient, site, position and visit from the manifest, else from the file's
        name, else (the patient) from an EDF or DICOM header.
    relative : str
        Path of its segments below ``OUT/segments``: the folders below what was named, and ``NAME.tsv``. Empty if it has
        none, because the recording does not exist.
    extra : tuple of (str, str)
        Further columns of a manifest and their cells, carried through to the tables.
    problem : str
        Why it can't be analyzed, if that is known already; otherwise empty.
    size, modified_ns : int or None
        Size of the file in bytes, and its modification time in nanoseconds since 1970; None if it does not exist. A
        result is kept as long as they are unchanged.
    """

    info: RecordingInfo
    relative: str
    extra: tuple[tuple[str, str], ...] = ()
    problem: str = ""
    size: int | None = field(default=None, compare=False)
    modified_ns: int | None = field(default=None, compare=False)


def key_of(path: str) -> str:
    """Return what all spellings of a path have in common; links stay inputs of their own."""
    return path if is_remote(path) else os.path.abspath(path)


def find_inputs(
    paths: Iterable[str | os.PathLike[str]] = (),
    manifest: str | os.PathLike[str] | None = None,
    *,
    patient: str | None = None,
    site: str | None = None,
) -> list[Input]:
    """Expand files, folders, globs and a manifest to the recordings to analyze.

    Parameters
    ----------
    paths : iterable of str or os.PathLike
        Files, whatever their suffix; folders, searched for recordings in the order of their names, hidden ones left out;
        globs (``**`` for any depth); zip archives; URLs of any of these.
    manifest : str or os.PathLike, optional
        CSV file with a column ``path`` and, as far as needed, ``patient``, ``site``, ``visit``, ``position`` and any others.
        Its paths are absolute, or relative to its folder. Without `paths` it names the inputs; with them it only adds to
        what is known of them.
    patient, site : str, optional
        Of all inputs, in place of what the manifest and names say.

    Returns
    -------
    list of Input
        In the order given, each file once. Missing files are included, and fail later.

    Raises
    ------
    ParameterError
        If nothing is named, or the manifest has no column ``path``, an unknown site or position, a row without a path, or
        two rows that contradict each other.
    MissingFileError
        If the manifest can't be read.

    See Also
    --------
    run

    Examples
    --------
    >>> from murmur.batch import find_inputs
    >>> [item.info.site for item in find_inputs(["recordings"])]
    ['AV', 'MV', 'PV', 'TV']
    """
    return list(gather(paths, manifest, patient=patient, site=site))


def gather(
    paths: Iterable[str | os.PathLike[str]] = (),
    manifest: str | os.PathLike[str] | None = None,
    *,
    patient: str | None = None,
    site: str | None = None,
) -> Iterator[Input]:
    """Yield what `find_inputs` lists. What was seen is kept in a database, so that a million inputs take no memory."""
    site = None if site is None else canonical_site(site)
    named = (os.fsdecode(os.fspath(path)) for path in paths)
    first = next(named, None)
    if first is None and manifest is None:
        raise ParameterError("nothing to analyze: name files, folders or globs, or a manifest")
    with closing(connect("")) as database:
        database.executescript(_SCHEMA)
        database.execute("BEGIN")  # one transaction for all: nothing of it needs to last
        if manifest is not None:
            _note_manifest(database, Path(manifest))
        if first is not None:
            for path in (first, *named):
                _note_found(database, expand(path))
        elif manifest is not None:
            _note_found(database, _named_by_manifest(database, os.path.abspath(Path(manifest).parent)))
        _mirror_folders(database)
        for row in database.execute(_JOINED):
            yield _input(row, patient, site)


_SCHEMA = """
CREATE TABLE found (
    number INTEGER PRIMARY KEY, key TEXT UNIQUE, path TEXT, root TEXT, problem TEXT, listed INTEGER, size INTEGER,
    modified_ns INTEGER, there INTEGER, below TEXT, stem TEXT
);
CREATE INDEX found_stem ON found (stem);
CREATE TABLE manifest (
    number INTEGER PRIMARY KEY, key TEXT UNIQUE, path TEXT, line INTEGER, patient TEXT, site TEXT, position TEXT, visit TEXT,
    extra TEXT
);
"""
_JOINED = """
SELECT f.path, f.below, f.stem, f.below != '' AND (SELECT count(*) FROM found g WHERE g.stem = f.stem) > 1,
    f.problem, f.size, f.modified_ns, m.patient, m.site, m.position, m.visit, m.extra
FROM found f LEFT JOIN manifest m ON m.key = f.key ORDER BY f.number
"""


def _note_manifest(database: sqlite3.Connection, manifest: Path) -> None:
    insert = f"INSERT OR IGNORE INTO manifest VALUES (NULL, {text(2)}, ?, ?, ?, ?, ?, ?)"
    select = f"SELECT line, patient, site, position, visit FROM manifest WHERE key = {text(1)}"
    for number, path, labels, extra in read_manifest(manifest):
        key = os.fsencode(key_of(path))
        if not database.execute(insert, (key, os.fsencode(path), number, *labels, json.dumps(extra))).rowcount:
            first, *before = database.execute(select, (key,)).fetchone()
            if tuple(before) != labels:
                raise ParameterError(f"{manifest}: rows {first} and {number} name {path} and contradict each other")


def _named_by_manifest(database: sqlite3.Connection, home: str) -> Iterator[Found]:
    for key, path in database.execute("SELECT key, path FROM manifest ORDER BY number"):
        if is_remote(path):
            yield from expand(path)
        else:
            yield Found(path, home if _is_below(key, home) else os.path.dirname(key))


def _note_found(database: sqlite3.Connection, found: Iterable[Found]) -> None:
    """Note what was found, each file once."""
    database.executemany(
        "INSERT OR IGNORE INTO found (key, path, root, problem, listed, size, modified_ns, there) "
        f"VALUES ({text(4)}, ?, ?, ?, ?)",
        map(_checked, found),
    )


def _checked(item: Found) -> tuple[bytes | int | None, ...]:
    key, size, modified_ns, there = key_of(item.path), item.size, item.stamp, item.listed
    if not item.problem and not is_remote(item.path):
        there = os.path.lexists(key)
        try:
            stat = os.stat(key)
            size, modified_ns = stat.st_size, stat.st_mtime_ns
        except (OSError, ValueError):  # opening it will say why
            pass
    texts = map(os.fsencode, (key, item.path, item.root, item.problem))
    return (*texts, item.listed, size, modified_ns, there)


def _input(row: tuple[Any, ...], patient: str | None, site: str | None) -> Input:
    path, below, stem, ambiguous, problem, size, modified_ns, named, at_site, position, visit, extra = row
    given = named if patient is None else patient, at_site if site is None else site, position, visit
    info = RecordingInfo.from_path(path).updated(*given)
    if patient is None and not info.patient and not problem and not is_remote(path):
        info = info.updated(patient=named_patient(path))
    relative = below and f"{below if ambiguous else stem}.tsv".replace(os.sep, "/")
    return Input(info, relative, tuple(map(tuple, json.loads(extra or "[]"))), problem, size, modified_ns)


# --- where segments go ------------------------------------------------------------------


def _mirror_folders(database: sqlite3.Connection) -> None:
    """Give each input a path below the segments' folder, so that no two inputs share one.

    With one root (a folder, a manifest's folder), inputs are mirrored below that; with several, below their common folder.
    Roots of files that do not exist are ignored.
    """
    roots = [root for (root,) in database.execute("SELECT DISTINCT root FROM found WHERE listed OR there")]
    try:
        base = os.path.commonpath(roots) if roots else ""
    except ValueError:  # several drives
        base = ""
    # as bytes: a file name need not be UTF-8
    database.create_function("mirrored", 1, lambda key: os.fsencode(_below(local_form(os.fsdecode(key)), base)))
    database.create_function("without_suffix", 1, lambda path: os.path.splitext(path)[0])
    for column, value in (("below", "mirrored(CAST(key AS BLOB))"), ("stem", "without_suffix(CAST(below AS BLOB))")):
        database.execute(f"UPDATE found SET {column} = CAST({value} AS TEXT)")


def _below(path: str, base: str) -> str:
    if not base:
        drive, rest = os.path.splitdrive(path)
        return os.path.join(drive.strip(":\\/"), rest.lstrip("\\/"))
    return os.path.relpath(path, base) if _is_below(path, base) else ""


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(os.path.join(folder, ""))
