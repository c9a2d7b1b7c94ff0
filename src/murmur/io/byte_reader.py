"""Bytes from a path, a file object or a pipe, as a seekable stream that a C library can read."""

from __future__ import annotations

import contextlib
import io
import stat
import tempfile
from pathlib import Path
from typing import Any

from murmur.errors import AudioFormatError, MissingFileError, MurmurError, ParameterError, TooLongError
from murmur.io.access import unreadable

_MAX_PIPED_BYTES = 2**32  # the most a WAV header can state


class ByteReader:
    """A seekable byte stream for libsndfile: an exception must not cross the C library, so the first is kept in `error`.

    Positions count from where the stream stood when it was handed over. `label` names it in messages.
    """

    def __init__(self, file: Any, label: str, *, owned: bool) -> None:
        self._file = file
        self._label = label
        self._owned = owned
        self._base = int(file.tell())
        self.error: Exception | None = None

    @property
    def handle(self) -> ByteReader | int:
        """What the C library reads from; the descriptor of a plain file opened here saves it calls into Python."""
        return int(self._file.fileno()) if self._owned and isinstance(self._file, io.FileIO) else self

    def tell(self) -> int:
        """Return the position."""
        try:
            return int(self._file.tell()) - self._base
        except Exception as error:
            self.error = error
            return 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position and return it."""
        try:
            if whence == io.SEEK_CUR:
                offset, whence = offset + self.tell(), io.SEEK_SET
            if whence == io.SEEK_SET:
                # A damaged header may point before the beginning.
                offset = max(offset, 0) + self._base
            self._file.seek(offset, whence)
        except Exception as error:
            self.error = error
        return self.tell()

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer and return how many bytes it took, fewer only at the end or on an error."""
        view = memoryview(buffer).cast("B")
        n_read = 0
        try:
            while n_read < len(view):
                data = self._file.read(len(view) - n_read)
                if not data:
                    break
                view[n_read : n_read + len(data)] = data
                n_read += len(data)
        except Exception as error:
            self.error = error
        return n_read

    def read(self, n_bytes: int) -> bytes:
        """Return the next bytes, fewer only at the end or on an error."""
        buffer = bytearray(n_bytes)
        return bytes(buffer[: self.readinto(buffer)])

    def at_end(self) -> bool:
        """Say whether every byte has been read."""
        position = self.tell()
        at_end = not self.read(1)
        self.seek(position)
        return at_end

    def check(self) -> None:
        """Raise AudioFormatError if reading has failed."""
        if self.error is not None:
            raise AudioFormatError(f"{self._label}: reading failed: {self.error}") from self.error

    def size(self) -> int:
        """Return the number of bytes, and go to the beginning."""
        size = self.seek(0, io.SEEK_END)
        self.seek(0)
        return size

    def read_checked(self, n_bytes: int) -> bytes:
        """Return the next bytes, fewer only at the end; AudioFormatError if there are none or reading fails."""
        content = self.read(n_bytes)
        self.check()
        if not content:
            raise AudioFormatError(f"{self._label}: empty: 0 bytes to read; get the file again, or seek to its start")
        return content

    def close(self) -> None:
        """Close the stream if it was opened here."""
        if self._owned:
            self._file.close()


def open_path(path: str, label: str) -> ByteReader:
    """Open a file, or read a named pipe to its end; MissingFileError if it can't be read."""
    if not path:
        raise MissingFileError("the path is empty")
    try:
        target = Path(path)
        mode = target.stat().st_mode
        if stat.S_ISDIR(mode):
            raise MissingFileError(f"{label}: is a folder; name a file in it")
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):  # a device may never end
            raise MissingFileError(f"{label}: is a device; pipe its sound in, or record it to a file")
        file = target.open("rb", buffering=0)
    except MissingFileError:
        raise
    except (OSError, ValueError) as error:
        raise unreadable(label, error) from error
    return adopt(file, label, owned=True)


def adopt(file: Any, label: str, *, owned: bool = False) -> ByteReader:
    """Read a file object from its current position; one that can't seek is read to its end, an `owned` one is closed."""
    if isinstance(file, io.TextIOBase):
        raise ParameterError(f'{label}: opened as text; open it as bytes, with mode "rb"')
    if getattr(file, "closed", False):
        raise ParameterError(f"{label}: the file object is closed")
    try:
        if file.seekable() if hasattr(file, "seekable") else hasattr(file, "seek"):
            return ByteReader(file, label, owned=owned)
        with file if owned else contextlib.nullcontext():
            return _drained(file, label)
    except MurmurError:
        raise
    except (OSError, ValueError, AttributeError) as error:
        raise AudioFormatError(f"{label}: reading failed: {error}") from error


def _drained(file: Any, label: str) -> ByteReader:
    """Read a pipe to its end, as libsndfile must seek."""
    spool = tempfile.SpooledTemporaryFile(max_size=2**26)  # noqa: SIM115
    try:
        while data := file.read(2**16):
            if not isinstance(data, bytes | bytearray):
                raise ParameterError(f'{label}: gives text; open it as bytes, with mode "rb"')
            spool.write(data)
            if spool.tell() > _MAX_PIPED_BYTES:
                raise TooLongError(
                    f"{label}: more than {_MAX_PIPED_BYTES >> 30} GiB came through the pipe; record to a file"
                )
        spool.seek(0)
        return ByteReader(spool, label, owned=True)
    except BaseException:
        spool.close()
        raise
