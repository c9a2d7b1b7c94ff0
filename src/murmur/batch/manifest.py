"""Manifests: tables that name recordings, and say whose they are and where they were taken."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from murmur.errors import MissingFileError, ParameterError
from murmur.io.info import INFO_FIELDS
from murmur.io.naming import canonical_position, canonical_site
from murmur.io.remote import is_remote


class ManifestRow(NamedTuple):
    """A row of a manifest.

    Attributes
    ----------
    number : int
        Of the row, from 1 for the titles.
    path : str
        Absolute, or relative to the current folder.
    labels : tuple of (str or None)
        Patient, site, position and visit; None for empty cells.
    extra : list of (str, str)
        Further columns and their cells.
    """

    number: int
    path: str
    labels: tuple[str | None, ...]
    extra: list[tuple[str, str]]


def read_manifest(path: Path) -> Iterator[ManifestRow]:
    """Yield the rows of a manifest: CSV in UTF-8, separated by commas, semicolons or tabs.

    Raises
    ------
    MissingFileError
        If it can't be read.
    ParameterError
        If it is not such a table, has no column ``path``, or a row has no path or an unknown site or position.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            titles = file.readline()
            file.seek(0)
            reader = csv.reader(file, delimiter=next((d for d in ",;\t" if d in titles), ","))
            try:
                yield from _rows(path, reader)
            except csv.Error as error:
                raise ParameterError(f"{path}: line {reader.line_num}: {error}") from error
    except UnicodeDecodeError as error:
        raise ParameterError(f"{path}: the manifest is not UTF-8 text: {error}") from error
    except OSError as error:
        raise MissingFileError(f"{path}: the manifest can't be read: {error.strerror or error}") from error


def _rows(path: Path, rows: Iterator[list[str]]) -> Iterator[ManifestRow]:
    titles = [title.strip() for title in next(rows, [])]
    # murmur's own columns may be capitalized; further ones are kept as they are
    columns = [title.lower() if title.lower() in INFO_FIELDS else title for title in titles]
    if "path" not in columns:
        raise ParameterError(f"{path}: a manifest needs a column 'path'; it has {', '.join(titles) or 'none'}")
    for title, times in Counter(columns).items():
        if times > 1:
            raise ParameterError(f"{path}: two columns are named {title!r}")
    for number, cells in enumerate(rows, start=2):
        if not any(map(str.strip, cells)):
            continue
        if len(cells) > len(columns):
            raise ParameterError(f"{path}: row {number} has {len(cells)} cells for {len(columns)} columns")
        row = dict.fromkeys(columns, "") | dict(zip(columns, map(str.strip, cells), strict=False))
        yield _row(path, number, row)


def _row(path: Path, number: int, row: dict[str, str]) -> ManifestRow:
    named = row["path"]
    if not named:
        raise ParameterError(f"{path}: row {number} has no path")
    try:
        site, position = canonical_site(row.get("site", "")), canonical_position(row.get("position", ""))
    except ParameterError as error:
        raise ParameterError(f"{path}: row {number}: {error}") from error
    labels = (row.get("patient"), site, position, row.get("visit"))
    extra = [(name, cell) for name, cell in row.items() if name and name not in INFO_FIELDS]
    target = named if is_remote(named) else str(path.parent / named)
    return ManifestRow(number, target, tuple(label or None for label in labels), extra)
