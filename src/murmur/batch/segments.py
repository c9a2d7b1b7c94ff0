"""Segments of many recordings: files below a folder, and packed in the database from which they can be made again."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from pathlib import Path

from murmur.formats.circor import segments_text, write_segments_text

__all__ = ["pack", "put", "remove"]


def pack(intervals: Iterable[tuple[float, float, int]]) -> bytes:
    """Return intervals as CirCor writes them, made small."""
    return zlib.compress(segments_text(intervals).encode("ascii"))


def put(folder: str | Path, place: str, packed: bytes) -> None:
    """Write packed segments as the file `place` below a folder; its parts are separated by ``/``."""
    target = Path(folder, *place.split("/"))
    target.parent.mkdir(parents=True, exist_ok=True)
    write_segments_text(target, zlib.decompress(packed).decode("ascii"))


def remove(folder: str | Path, place: str) -> None:
    """Remove such a file, if it is there, and folders that are left empty."""
    home = Path(folder)
    target = Path(folder, *place.split("/"))
    target.unlink(missing_ok=True)
    for above in target.parents:
        if above == home or not above.is_dir() or any(above.iterdir()):
            return
        above.rmdir()
