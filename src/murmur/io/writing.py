"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from murmur.errors import OutputError

__all__ = ["discard", "made_folder", "write_whole"]


def write_whole(place: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file or a folder beside its place, and move it there when it is whole and on the disk.

    Raises
    ------
    OutputError
        If it can't be written; what was there before is as it was.
    """
    temporary, old = place.with_name(f".{place.name}.tmp"), place.with_name(f".{place.name}.old")
    try:
        for left in (temporary, old):  # by one that was killed
            discard(left)
        write(temporary)
        if place.is_dir():  # a folder can't be replaced in one step
            place.rename(old)
            temporary.rename(place)
            discard(old)
        else:
            temporary.replace(place)
    except OSError as error:
        raise OutputError(f"{place}: writing failed: {error.strerror or error}") from error
    finally:
        discard(temporary)


def discard(place: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if place.is_dir():
        shutil.rmtree(place, ignore_errors=True)
    else:
        place.unlink(missing_ok=True)


def made_folder(place: str | os.PathLike[str]) -> Path:
    """Return a folder to write into, made where there is none.

    Raises
    ------
    OutputError
        If it can't be made.
    """
    folder = Path(place)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: can't be written: {error.strerror or error}") from error
    return folder
