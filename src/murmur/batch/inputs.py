"""What to analyze: paths, folders, globs and manifests, each file once, however many they are."""

# ruff: noqa: PTH100, PTH123, PTH112, PTH113, PTH116, PTH118, PTH119, PTH120, PTH122, PTH207
# Plain strings: a million paths, spelled as they were given, and links not resolved.

from __future__ import annotations

import csv
import glob
import hashlib
import json
import os
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from murmur.batch.database import connect, text
from murmur.errors import MissingFileError, ParameterError
from murmur.io.info import INFO_FIELDS, RecordingInfo
from murmur.io.kinds import SIGNAL_SUFFIXES, SOUND_SUFFIXES
from murmur.io.named_patient import named_patient
from murmur.io.naming import canonical_position, canonical_site
from murmur.io.remote import file_system, is_remote

__all__ = ["AUDIO_SUFFIXES", "Input", "find_inputs", "gather", "key_of"]

AUDIO_SUFFIXES = (*SOUND_SUFFIXES, *SIGNAL_SUFFIXES)
"""What is taken for a recording in a folder; a file named as such is tried whatever it is called."""

_WILD = "*?["
#: Rows that are changed together.
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Input:
    """One recording to analyze.

    Attributes
    ----------
    info : RecordingInfo
        Its path, as it can be opened from here; patient, site, position and visit from the manifest, else from the file's
        name, else (the patient) from an EDF or DICOM header.
    relative : str
        Where its segments go below ``OUT/segments``: its folder below what was named, and ``NAME.tsv``; empty where
        it has none, as it is not there.
    extra : tuple of (str, str)
        A manifest's further columns and their cells, carried through to the tables.
    problem : str
        Why it can't be analyzed, where that is known already; empty otherwise.
    size, modified_ns : int or None
        Of the file, in bytes and in nanoseconds since 1970; None where it is not there. What they say is compared to what
        they said when it was analyzed.
    """

    info: RecordingInfo
    relative: str
    extra: tuple[tuple[str, str], ...] = ()
    problem: str = ""
    size: int | None = field(default=None, compare=False)
    modified_ns: int | None = field(default=None, compare=False)


def key_of(path: str) -> str:
    """Return what two spellings of one path have in common; links stay inputs of their own."""
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
        Files, whatever they are called; folders, searched for recordings (`AUDIO_SUFFIXES`, hidden ones left out), in
        the order of their names; globs (``**`` for any depth), for where no shell has expanded them.
    manifest : str or os.PathLike, optional
        A CSV file with a column ``path``, and where wanted ``patient``, ``site``, ``visit``, ``position`` and any more.
        Its paths are absolute, or relative to it. Without `paths` it names the inputs; with them it only tells more of
        them.
    patient, site : str, optional
        Of all inputs; wins over manifest and names.

    Returns
    -------
    list of Input
        In the order given, each file once. What is missing is among them: it fails later, by name.

    Raises
    ------
    ParameterError
        If there is nothing to look for, or the manifest has no column ``path``, an unknown site or position, a row
        without a path, or two rows that contradict each other.
    MissingFileError
        If the manifest can't be read.
    """
    return list(gather(paths, manifest, patient=patient, site=site))


def gather(
    paths: Iterable[str | os.PathLike[str]] = (),
    manifest: str | os.PathLike[str] | None = None,
    *,
    patient: str | None = None,
    site: str | None = None,
) -> Iterator[Input]:
    """Yield what `find_inputs` lists: what was seen lies in a database of its own, and a million inputs take no memory."""
    site = None if site is None else canonical_site(site)
    named = (os.fsdecode(os.fspath(path)) for path in paths)
    first = next(named, None)
    if first is None and manifest is None:
        raise ParameterError("nothing to analyze: name files, folders or globs, or a manifest")
    with closing(connect("")) as database:
        database.executescript(_SCHEMA)
        database.execute("BEGIN")  # one transaction for all: nothing of it is to last
        if manifest is not None:
            _read_manifest(Path(manifest), database)
        if first is not None:
            for path in (first, *named):
                _note(database, _expand(path))
        else:
            assert manifest is not None
            home = os.path.abspath(Path(manifest).parent)
            rows = database.execute("SELECT key, path FROM manifest ORDER BY number")
            roots = ((path, home if _is_below(key, home) else os.path.dirname(_local(key))) for key, path in rows)
            for path, root in roots:
                _note(database, _elsewhere(path) if is_remote(path) else [_Found(path, root)])
        _place(database)
        for row in database.execute(_LABELLED):
            yield _labelled(row, patient, site)


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
_LABELLED = """
SELECT f.path, f.below, f.stem, f.below != '' AND (SELECT count(*) FROM found g WHERE g.stem = f.stem) > 1,
    f.problem, f.size, f.modified_ns, m.patient, m.site, m.position, m.visit, m.extra
FROM found f LEFT JOIN manifest m ON m.key = f.key ORDER BY f.number
"""


@dataclass(frozen=True, slots=True)
class _Found:
    """A path, the folder below which its place is mirrored, and whether a folder's listing has shown it.

    Of a file elsewhere its listing also tells the size, and a number that is another when the file is.
    """

    path: str
    root: str
    problem: str = ""
    listed: bool = False
    size: int | None = None
    stamp: int | None = None


def _note(database: sqlite3.Connection, found: Iterable[_Found]) -> None:
    """Take down what is found, each file once."""
    values = (_seen(item) for item in found)
    database.executemany(
        "INSERT OR IGNORE INTO found (key, path, root, problem, listed, size, modified_ns, there) "
        f"VALUES ({text(4)}, ?, ?, ?, ?)",
        values,
    )


def _seen(item: _Found) -> tuple[bytes | int | None, ...]:
    key, size, modified_ns, there = key_of(item.path), item.size, item.stamp, item.listed
    if not item.problem and not is_remote(item.path):
        there = os.path.lexists(key)
        try:
            told = os.stat(key)
            size, modified_ns = told.st_size, told.st_mtime_ns
        except (OSError, ValueError):  # opening it will say why
            pass
    texts = map(os.fsencode, (key, item.path, item.root, item.problem))
    return (*texts, item.listed, size, modified_ns, there)


def _labelled(row: tuple[Any, ...], patient: str | None, site: str | None) -> Input:
    path, below, stem, often, problem, size, modified_ns, named, at_site, position, visit, extra = row
    given = named if patient is None else patient, at_site if site is None else site, position, visit
    info = RecordingInfo.from_path(str(path)).updated(*given)
    if patient is None and not info.patient and not problem and not is_remote(info.path):
        info = info.updated(patient=named_patient(info.path))
    place = below and f"{below if often else stem}.tsv".replace(os.sep, "/")
    further = tuple((name, cell) for name, cell in json.loads(str(extra))) if extra else ()
    return Input(info, place, further, problem, size, modified_ns)


# --- paths, folders, globs --------------------------------------------------------------


def _expand(path: str) -> Iterator[_Found]:
    if is_remote(path):
        yield from _elsewhere(path)
    elif path.lower().endswith(".zip") and os.path.isfile(path):
        yield from _elsewhere(f"zip://::{path}")
    elif os.path.isdir(path):
        yield from _below(path)
    elif any(c in path for c in _WILD) and not os.path.lexists(path):
        yield from _matching(path)
    else:
        yield _Found(path, os.path.dirname(os.path.abspath(path)))


def _below(folder: str) -> Iterator[_Found]:
    root, some = os.path.abspath(folder), False
    for item in _walk(folder, root, ()):
        some = True
        yield item
    if not some:
        kinds = " ".join(f"*{suffix}" for suffix in AUDIO_SUFFIXES)
        yield _Found(folder, os.path.dirname(root), f"a folder without recordings ({kinds})")


def _walk(folder: str, root: str, above: tuple[str, ...]) -> Iterator[_Found]:
    try:
        real = os.path.realpath(folder)
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda e: e.name)
    except OSError as error:
        yield _Found(folder, root, f"the folder can't be read: {error.strerror or error}")
        return
    if real in above:  # a link back up: everything in it has been seen
        return
    sounds = frozenset(entry.name for entry in entries if entry.name.lower().endswith(SOUND_SUFFIXES))
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _walk(entry.path, root, (*above, real))
        elif entry.name.lower().endswith(AUDIO_SUFFIXES) and not _is_told_twice(entry, sounds):
            yield _Found(entry.path, root, listed=True)


def _is_told_twice(header: os.DirEntry[str], sounds: frozenset[str]) -> bool:
    """Whether it is a WFDB header whose sound is in the folder as a sound file: under the same name, or named by it."""
    stem, suffix = os.path.splitext(header.name)
    if suffix != ".hea" or not sounds:
        return False
    if not sounds.isdisjoint(stem + kind for kind in SOUND_SUFFIXES):
        return True
    try:
        with open(header.path, "rb") as file:
            return not sounds.isdisjoint(file.read(2**16).decode("utf-8", "replace").split())
    except OSError:
        return False


def _matching(pattern: str) -> Iterator[_Found]:
    head = pattern
    while any(c in head for c in _WILD):
        head = os.path.dirname(head)
    root = os.path.abspath(head)
    # "*.dat" asks for these files whatever they are; "*" and "*.*" for the recordings among them
    suffix = os.path.splitext(os.path.basename(pattern))[1]
    explicit = len(suffix) > 1 and not any(c in suffix for c in _WILD)
    some = False
    for path in sorted(glob.glob(pattern, recursive=True)):
        if os.path.isdir(path):
            if "**" not in pattern:  # which gives what is in it as well
                for item in _walk(path, root, ()):
                    some = True
                    yield item
        elif explicit or path.lower().endswith(AUDIO_SUFFIXES):
            some = True
            yield _Found(path, root, listed=True)
    if not some:
        yield _Found(pattern, root, "no file matches")


# --- elsewhere --------------------------------------------------------------------------


def _elsewhere(url: str) -> Iterator[_Found]:
    """Find what a URL names: a file, all recordings below a folder, or what matches a glob."""
    inner, chained, outer = url.partition("::")
    head = f"{inner.partition('://')[0]}://"
    try:
        system, place = file_system(url)
        root, wild = place, any(c in place for c in _WILD)
        while any(c in root for c in _WILD):
            root = root.rpartition("/")[0]
        if wild:
            found = system.glob(place, detail=True)
        elif place == "" or system.isdir(place):
            found = system.find(place, detail=True)
        else:
            found, root = {place: system.info(place)}, place.rpartition("/")[0]
    except ParameterError:
        raise
    except FileNotFoundError:
        yield _Found(url, _local(url), "no such file")
        return
    except Exception as error:  # each of the many services has errors of its own
        yield _Found(url, _local(url), f"can't be listed: {error or type(error).__name__}")
        return
    some, whole = False, found.keys() == {place}
    for name, told in sorted(found.items()):
        hidden = any(part.startswith(".") for part in name[len(root) :].split("/"))
        if told.get("type") == "directory" or not (whole or (name.lower().endswith(AUDIO_SUFFIXES) and not hidden)):
            continue
        some = True
        spelled = url if whole else f"{head}{_without(name)}{chained}{outer}"
        yield _Found(spelled, _local(f"{head}{root}"), "", True, told.get("size"), _stamp(told))
    if not some:
        yield _Found(url, _local(url), "no file matches" if wild else "a folder without recordings")


def _without(name: str) -> str:
    """Return a name as it stands in a URL, without the scheme that some services give it."""
    return re.sub(r"^[a-z][a-z0-9+.-]*://", "", str(name), flags=re.IGNORECASE)


def _stamp(told: dict[str, Any]) -> int | None:
    """Return a number that is another when a file elsewhere is another, from what its listing tells."""
    for name in ("LastModified", "mtime", "updated", "last_modified", "CRC", "ETag", "etag"):
        if told.get(name) is not None:
            return int.from_bytes(hashlib.sha256(str(told[name]).encode()).digest()[:7], "big")
    return None


def _local(url: str) -> str:
    """Return a URL as if it were a path here, for its place among the segments."""
    return f"/{url.partition('::')[0].partition('?')[0].replace('://', '/')}" if is_remote(url) else url


# --- where segments go ------------------------------------------------------------------


def _place(database: sqlite3.Connection) -> None:
    """Mirror the inputs' folders, so that no two inputs share a place.

    With one root (a folder, a manifest's folder), below that; with several, below the folder that holds them all. What
    is not there has no say in it, and no place if it lies elsewhere.
    """
    roots = [root for (root,) in database.execute("SELECT DISTINCT root FROM found WHERE listed OR there")]
    try:
        base = os.path.commonpath(roots) if roots else ""
    except ValueError:  # several drives
        base = ""
    last = 0
    while page := database.execute(
        "SELECT number, key FROM found WHERE number > ? ORDER BY number LIMIT ?", (last, _PAGE)
    ).fetchall():
        last = page[-1][0]
        below = [(number, _relative(_local(key), base)) for number, key in page]
        database.executemany(
            f"UPDATE found SET below = {text(1)}, stem = {text(1)} WHERE number = ?",
            ((os.fsencode(path), os.fsencode(os.path.splitext(path)[0]), number) for number, path in below),
        )


def _relative(path: str, base: str) -> str:
    if not base:
        drive, rest = os.path.splitdrive(path)
        return os.path.join(drive.strip(":\\/"), rest.lstrip("\\/"))
    return os.path.relpath(path, base) if _is_below(path, base) else ""


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(os.path.join(folder, ""))


# --- manifests --------------------------------------------------------------------------


def _read_manifest(path: Path, database: sqlite3.Connection) -> None:
    """Read a manifest to its entries, by absolute path."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            file.seek(0)
            delimiter = next((d for d in ",;\t" if d in head), ",")
            reader = csv.reader(file, delimiter=delimiter)
            try:
                _parse_manifest(path, reader, database)
            except csv.Error as error:
                raise ParameterError(f"{path}: line {reader.line_num}: {error}") from error
    except OSError as error:
        raise MissingFileError(f"{path}: the manifest can't be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ParameterError(f"{path}: the manifest is not UTF-8 text: {error}") from error


def _parse_manifest(path: Path, rows: Iterator[list[str]], database: sqlite3.Connection) -> None:
    titles = [title.strip() for title in next(rows, [])]
    # the columns we know may be spelled with capitals; further ones are carried through as they are
    columns = [title.lower() if title.lower() in INFO_FIELDS else title for title in titles]
    if "path" not in columns:
        raise ParameterError(f"{path}: a manifest needs a column 'path'; it has {', '.join(titles) or 'none'}")
    for title, times in Counter(columns).items():
        if times > 1:
            raise ParameterError(f"{path}: two columns are called {title!r}")
    for number, cells in enumerate(rows, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(columns):
            raise ParameterError(f"{path}: row {number} has {len(cells)} cells for {len(columns)} columns")
        named = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
        _note_row(path, number, named, columns, database)


def _note_row(path: Path, number: int, row: dict[str, str], columns: list[str], database: sqlite3.Connection) -> None:
    if not row["path"]:
        raise ParameterError(f"{path}: row {number} has no path")
    try:
        site = canonical_site(row.get("site", "")) or None
        position = canonical_position(row.get("position", "")) or None
    except ParameterError as error:
        raise ParameterError(f"{path}: row {number}: {error}") from error
    place = row["path"] if is_remote(row["path"]) else str(path.parent / row["path"])
    key = key_of(place)
    labels = (row.get("patient") or None, site, position, row.get("visit") or None)
    extra = json.dumps([(name, row.get(name, "")) for name in columns if name and name not in INFO_FIELDS])
    new = database.execute(
        "INSERT OR IGNORE INTO manifest (key, path, line, patient, site, position, visit, extra) "
        f"VALUES ({text(2)}, ?, ?, ?, ?, ?, ?)",
        (os.fsencode(key), os.fsencode(place), number, *labels, extra),
    ).rowcount
    if not new:
        first, *said = database.execute(
            f"SELECT line, patient, site, position, visit FROM manifest WHERE key = {text(1)}", (os.fsencode(key),)
        ).fetchone()
        if tuple(said) != labels:
            raise ParameterError(f"{path}: rows {first} and {number} name {place} and contradict each other")
