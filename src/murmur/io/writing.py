"""Files and folders that appear whole or not at all, and one writer at a time in a folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from murmur.errors import OutputError


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside a target; what is written there replaces the target if the block succeeds.

    Raises
    ------
    OSError
        If it can't be written; the target is left as it was.
    """
    temporary, old = target.with_name(f".{target.name}.tmp"), target.with_name(f".{target.name}.old")
    for left in (temporary, old):  # by a process that was killed
        discard(left)
    try:
        yield temporary
        if target.is_dir():  # a folder can't be replaced in one step
            target.rename(old)
            temporary.rename(target)
            discard(old)
        else:
            temporary.replace(target)
    finally:
        discard(temporary)


def write_whole(target: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file or a folder at a temporary path, and move it to the target once it is complete.

    Raises
    ------
    OutputError
        If it can't be written; the target is left as it was.
    """
    try:
        with replacing(target) as temporary:
            write(temporary)
    except OSError as error:
        raise OutputError(f"{target}: can't be written: {error.strerror or error}") from error


def write_text(target: Path, text: str) -> None:
    """Write UTF-8 text, its line ends unchanged; bytes of a file name that are not UTF-8 are escaped.

    Raises
    ------
    OutputError
        If it can't be written; the target is left as it was.
    """
    write_whole(target, lambda temporary: temporary.write_text(text, "utf-8", "backslashreplace", "\n"))


def discard(path: Path) -> None:
    """Remove a file or a folder, if it exists."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def made_folder(path: str | os.PathLike[str]) -> Path:
    """Return an output folder, created if it does not exist.

    Raises
    ------
    OutputError
        If it can't be created.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: can't be written: {error.strerror or error}") from error
    return folder


@contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """Hold a folder against other processes; the system releases it when this process ends, however it ends.

    Raises
    ------
    OutputError
        If another process holds the folder, or it can't be written.
    """
    from filelock import FileLock, Timeout

    path = folder / ".murmur.lock"
    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise OutputError(f"{folder}: another run is writing to this folder{_holder_of(path)}") from error
    except OSError as error:
        raise OutputError(f"{folder}: can't be written: {error.strerror or error}") from error
    try:
        path.write_text(str(os.getpid()), "ascii")
        yield
    finally:
        with suppress(OSError):  # while it is held, so that nobody else's is removed; on Windows, the release does it
            path.unlink()
        lock.release()


def _holder_of(lock: Path) -> str:
    try:
        return f" (process {int(lock.read_text('ascii'))})"
    except (OSError, ValueError):
        return ""
