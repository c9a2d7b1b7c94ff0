"""One run at a time for one output folder."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO

from murmur.errors import OutputError

__all__ = ["Lock"]


class Lock:
    """A file that one process holds; the system lets go of it when that process ends, however it ends.

    Raises
    ------
    OutputError
        When entered, if another process holds it, or the folder can't be written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._place = folder / ".murmur.lock"
        self._file: IO[str] | None = None

    def __enter__(self) -> Lock:
        while True:
            try:
                file = self._place.open("a+", encoding="utf-8")
            except OSError as error:
                raise OutputError(f"{self._folder}: can't be written: {error.strerror or error}") from error
            if not _hold(file):
                file.seek(0)
                who = file.read().strip()
                file.close()
                raise OutputError(f"{self._folder}: another run is at work in it{f' (process {who})' if who else ''}")
            # whoever held it before may have removed it after it was opened here
            with suppress(OSError):
                if os.path.samestat(os.fstat(file.fileno()), self._place.stat()):
                    break
            file.close()
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._file is not None
        try:
            self._place.unlink()  # while it is held: nobody else's can lie there
            self._file.close()
        except OSError:  # Windows removes no file that is open
            self._file.close()
            with suppress(OSError):
                self._place.unlink()


if sys.platform == "win32":
    import msvcrt

    def _hold(file: IO[str]) -> bool:
        file.seek(0)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _hold(file: IO[str]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks: nothing can be told
            return True
        return True
