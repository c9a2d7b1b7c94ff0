"""Segments of many recordings: files below a folder, and compressed in the database, from which they can be restored."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from pathlib import Path

from murmur.formats.circor import segments_text
from murmur.io.writing import replacing


def pack(intervals: Iterable[tuple[float, float, int]]) -> bytes:
    """Return intervals as text in CirCor's format, compressed."""
    return zlib.compress(segments_text(intervals).encode("ascii"))


def put(folder: str | Path, relative: str, packed: bytes) -> None:
    """Write packed segments to a file below a folder; the parts of its path are separated by ``/``."""
    target = Path(folder, *relative.split("/"))
    target.parent.mkdir(parents=True, exist_ok=True)
    with replacing(target) as temporary:
        temporary.write_bytes(zlib.decompress(packed))


def remove(folder: str | Path, relative: str) -> None:
    """Remove such a file, if it exists, and folders that are left empty."""
    home = Path(folder)
    target = home.joinpath(*relative.split("/"))
    target.unlink(missing_ok=True)
    for above in target.parents:
        if above == home or not above.is_dir() or any(above.iterdir()):
            return
        above.rmdir()
