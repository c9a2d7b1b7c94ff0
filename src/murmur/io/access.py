"""What can come between murmur and a file: it is missing, a library is missing, or the library can't decode it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from murmur.errors import AudioFormatError, MissingFileError, MurmurError, ParameterError


def unreadable(label: str, error: OSError | ValueError) -> MissingFileError:
    """Return the error that says why a file can't be opened; a ValueError stands for a NUL in its path."""
    if isinstance(error, FileNotFoundError):
        return MissingFileError(f"{label}: no such file")
    if isinstance(error, PermissionError):
        return MissingFileError(f"{label}: no permission to read it")
    if isinstance(error, OSError):
        return MissingFileError(f"{label}: can't be read: {error.strerror or error}")
    return MissingFileError(f"{label!r}: not a path: {error}")


def require(module: str, label: str, purpose: str, extra: str = "formats") -> Any:
    """Import an optional library; ParameterError with the command that installs it where it is missing."""
    library = module.partition(".")[0]
    try:
        importlib.import_module(library)
        return importlib.import_module(module)
    except ImportError as error:
        raise ParameterError(f"{label}: {purpose} needs {library}: pip install 'murmur-pcg[{extra}]'") from error


@contextmanager
def decoding(label: str, problem: str) -> Iterator[None]:
    """Turn whatever a library raises on damaged input into an AudioFormatError: "label: problem (its message)"."""
    try:
        yield
    except MurmurError:
        raise
    except Exception as error:  # libraries report damage in many kinds of errors
        raise AudioFormatError(f"{label}: {problem} ({str(error) or type(error).__name__})") from error


def check_size(path: str, most_bytes: int, what: str) -> None:
    """Raise MissingFileError unless there is such a file, AudioFormatError if it is longer than `what` can be."""
    try:
        size = Path(path).stat().st_size
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    if size > most_bytes:
        raise AudioFormatError(f"{path}: {size} bytes are too many for {what} (maximum {most_bytes})")
