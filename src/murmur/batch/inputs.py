"""What to analyze: paths, folders, globs and manifests, as one list without repetitions."""

# ruff: noqa: PTH100, PTH112, PTH118, PTH119, PTH120, PTH122, PTH207
# Plain strings: a million paths, spelled as they were given, and links not resolved.

from __future__ import annotations

import csv
import glob
import io
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from murmur.errors import MissingFileError, ParameterError
from murmur.naming import canonical_position, canonical_site, parse_name

__all__ = ["AUDIO_SUFFIXES", "Input", "find_inputs"]

AUDIO_SUFFIXES = (".wav", ".flac", ".aif", ".aiff", ".au", ".ogg", ".w64")
"""What is taken for a recording in a folder; a file named as such is tried whatever it is called."""

_KNOWN = ("path", "patient", "site", "visit", "position")
_WILD = "*?["


@dataclass(frozen=True, slots=True)
class Input:
    """One recording to analyze.

    Attributes
    ----------
    path : str
        As it can be opened from here.
    relative : str
        Where its segments go below ``OUT/segments``: its folder below what was named, and ``NAME.tsv``; empty where
        it has none, as it is not there.
    patient, site, position, visit : str
        From the manifest, else from the file's name, else empty.
    extra : tuple of (str, str)
        A manifest's further columns and their cells, carried through to the tables.
    problem : str
        Why it can't be analyzed, where that is known already; empty otherwise.
    """

    path: str
    relative: str
    patient: str = ""
    site: str = ""
    position: str = ""
    visit: str = ""
    extra: tuple[tuple[str, str], ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    """A path, the folder below which its place is mirrored, and whether a folder's listing has shown it."""

    path: str
    root: str
    problem: str = ""
    listed: bool = False


@dataclass(frozen=True, slots=True)
class _Entry:
    """A row of a manifest; what it leaves empty is None."""

    row: int
    path: str
    patient: str | None
    site: str | None
    position: str | None
    visit: str | None
    extra: tuple[tuple[str, str], ...]

    def labels(self) -> tuple[str | None, ...]:
        return self.patient, self.site, self.position, self.visit


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
    site = None if site is None else canonical_site(site)
    named = [os.fsdecode(os.fspath(path)) for path in paths]
    if not named and manifest is None:
        raise ParameterError("nothing to analyze: name files, folders or globs, or a manifest")
    entries = {} if manifest is None else _read_manifest(Path(manifest))
    if named:
        found = [item for path in named for item in _expand(path)]
    else:
        assert manifest is not None
        home = os.path.abspath(Path(manifest).parent)
        found = [_Found(e.path, home if _is_below(key, home) else os.path.dirname(key)) for key, e in entries.items()]
    unique: dict[str, _Found] = {}
    for item in found:
        # not by inode: links to one file are inputs of their own
        unique.setdefault(os.path.abspath(item.path), item)
    return [
        _labelled(item, place, entries.get(key), patient, site)
        for (key, item), place in zip(unique.items(), _places(unique), strict=True)
    ]


def _labelled(item: _Found, place: str, entry: _Entry | None, patient: str | None, site: str | None) -> Input:
    name = parse_name(item.path)
    told = Input(item.path, place, name.patient, name.site, name.position, "", (), item.problem)
    if entry is not None:
        told = replace(
            told,
            patient=told.patient if entry.patient is None else entry.patient,
            site=told.site if entry.site is None else entry.site,
            position=told.position if entry.position is None else entry.position,
            visit=entry.visit or "",
            extra=entry.extra,
        )
    if patient is not None:
        told = replace(told, patient=patient.strip())
    if site is not None:
        told = replace(told, site=site)
    return told


# --- paths, folders, globs --------------------------------------------------------------


def _expand(path: str) -> Iterator[_Found]:
    if os.path.isdir(path):
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
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _walk(entry.path, root, (*above, real))
        elif entry.name.lower().endswith(AUDIO_SUFFIXES):
            yield _Found(entry.path, root, listed=True)


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


# --- where segments go ------------------------------------------------------------------


def _places(found: dict[str, _Found]) -> list[str]:
    """Mirror the inputs' folders, so that no two inputs share a place.

    With one root (a folder, a manifest's folder), below that; with several, below the folder that holds them all. What
    is not there has no say in it, and no place if it lies elsewhere.
    """
    roots = {item.root for key, item in found.items() if item.listed or (not item.problem and os.path.lexists(key))}
    try:
        base = os.path.commonpath(roots) if roots else ""
    except ValueError:  # several drives
        base = ""
    relative = [_relative(key, base) for key in found]
    stems = [os.path.splitext(path)[0] for path in relative]
    often = Counter(stems)
    places = [path and f"{path if often[stem] > 1 else stem}.tsv" for path, stem in zip(relative, stems, strict=True)]
    return [place.replace(os.sep, "/") for place in places]


def _relative(path: str, base: str) -> str:
    if not base:
        drive, rest = os.path.splitdrive(path)
        return os.path.join(drive.strip(":\\/"), rest.lstrip("\\/"))
    return os.path.relpath(path, base) if _is_below(path, base) else ""


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(os.path.join(folder, ""))


# --- manifests --------------------------------------------------------------------------


def _read_manifest(path: Path) -> dict[str, _Entry]:
    """Read a manifest to its entries, by absolute path."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise MissingFileError(f"{path}: the manifest can't be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ParameterError(f"{path}: the manifest is not UTF-8 text: {error}") from error
    head = text.split("\n", 1)[0]
    delimiter = next((d for d in ",;\t" if d in head), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return _parse_manifest(path, reader)
    except csv.Error as error:
        raise ParameterError(f"{path}: line {reader.line_num}: {error}") from error


def _parse_manifest(path: Path, rows: Iterator[list[str]]) -> dict[str, _Entry]:
    titles = [title.strip() for title in next(rows, [])]
    # the columns we know may be spelled with capitals; further ones are carried through as they are
    columns = [title.lower() if title.lower() in _KNOWN else title for title in titles]
    if "path" not in columns:
        raise ParameterError(f"{path}: a manifest needs a column 'path'; it has {', '.join(titles) or 'none'}")
    for title, times in Counter(columns).items():
        if times > 1:
            raise ParameterError(f"{path}: two columns are called {title!r}")
    entries: dict[str, _Entry] = {}
    for number, cells in enumerate(rows, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(columns):
            raise ParameterError(f"{path}: row {number} has {len(cells)} cells for {len(columns)} columns")
        named = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
        entry = _parse_row(path, number, named, columns)
        key = os.path.abspath(entry.path)
        first = entries.setdefault(key, entry)
        if first.labels() != entry.labels():
            raise ParameterError(f"{path}: rows {first.row} and {number} name {entry.path} and contradict each other")
    return entries


def _parse_row(path: Path, number: int, row: dict[str, str], columns: list[str]) -> _Entry:
    if not row["path"]:
        raise ParameterError(f"{path}: row {number} has no path")
    try:
        site = canonical_site(row.get("site", "")) or None
        position = canonical_position(row.get("position", "")) or None
    except ParameterError as error:
        raise ParameterError(f"{path}: row {number}: {error}") from error
    return _Entry(
        row=number,
        path=str(path.parent / row["path"]),
        patient=row.get("patient") or None,
        site=site,
        position=position,
        visit=row.get("visit") or None,
        extra=tuple((name, row.get(name, "")) for name in columns if name and name not in _KNOWN),
    )
