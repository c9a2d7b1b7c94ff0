"""Segments of many recordings: files below a folder, and packed in the database from which they can be made again."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from pathlib import Path

from murmur.formats.circor import segments_text

__all__ = ["pack", "put", "remove"]


def pack(intervals: Iterable[tuple[float, float, int]]) -> bytes:
    """Return intervals as CirCor writes them, made small."""
    return zlib.compress(segments_text(intervals).encode("ascii"))


def put(folder: str | Path, place: str, packed: bytes) -> None:
    """Write packed segments as the file `place` below a folder; its parts are separated by ``/``.

    It appears whole or not at all. What a process leaves that is killed here, the next one to write this file takes away.
    """
    target = Path(folder, *place.split("/"))
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.tmp")
    try:
        temporary.write_bytes(zlib.decompress(packed))
        temporary.replace(target)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def remove(folder: str | Path, place: str) -> None:
    """Remove such a file, if it is there, and folders that are left empty."""
    home = Path(folder)
    target = Path(folder, *place.split("/"))
    target.unlink(missing_ok=True)
    for above in target.parents:
        if above == home or not above.is_dir() or any(above.iterdir()):
            return
        above.rmdir()
