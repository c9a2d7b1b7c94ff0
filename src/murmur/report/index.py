"""The index of a report: all patients, and recordings without one, on as many pages as it takes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from murmur import __version__
from murmur.io.writing import write_text
from murmur.report.entries import Entry, Task
from murmur.report.page import template

#: Rows of one page of an index.
INDEX_ROWS = 5000


def write_index(home: Path, name: str, entries: Sequence[Entry], coming: Collection[str], task: Task) -> str:
    """Write the index of all entries, linked to the pages that exist or are about to; return its path."""
    parts = [entries[first : first + INDEX_ROWS] for first in range(0, len(entries), INDEX_ROWS)]
    files = ["index.html", *(f"index-{number}.html" for number in range(2, len(parts) + 1))]
    for number, (file, part) in enumerate(zip(files, parts, strict=True)):
        linked = {entry.file for entry in part if entry.file in coming or (home / entry.file).is_file()}
        html = template("index.html").render(
            name=name,
            rows=[(entry.file if entry.file in linked else "", entry.cells) for entry in part],
            total=len(entries),
            files=files,
            number=number,
            version=__version__,
            fingerprint=task.settings.fingerprint(),
        )
        write_text(home / file, html)
    return str(home / "index.html")
