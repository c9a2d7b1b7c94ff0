"""Files elsewhere, by their URL: object stores, web servers, archives; all that fsspec knows."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from murmur.errors import AudioFormatError, MissingFileError, MurmurError, ParameterError

__all__ = ["file_system", "is_remote", "open_remote"]

_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def is_remote(path: str) -> bool:
    """Whether a path is a URL (``s3://bucket/17_MV.wav``), or a chain of them (``zip://17_MV.wav::s3://bucket/a.zip``)."""
    return _URL.match(path) is not None


def file_system(url: str) -> tuple[Any, str]:
    """Return the fsspec file system that a URL lies in, and its place there.

    Raises
    ------
    ParameterError
        If there is no package for such a URL.
    """
    try:
        from fsspec.core import url_to_fs

        inner, chained, outer = url.partition("::")
        if chained:
            scheme, _, place = inner.partition("://")
            return _archive(scheme, outer, _version(outer)), place
        system, place = url_to_fs(url)
    except ImportError as error:
        needed = "pip install 'murmur-pcg[remote]'"
        raise ParameterError(f"{url}: {url.partition('://')[0]}:// needs {needed} ({error})") from error
    except ValueError as error:
        raise ParameterError(f"{url}: {error}") from error
    return system, str(place)


@lru_cache(maxsize=16)
def _archive(scheme: str, outer: str, version: int) -> Any:
    """Open an archive; what it lists is read once, and it stays open as long as it is among the last that were used."""
    from fsspec.core import url_to_fs

    return url_to_fs(f"{scheme}://::{outer}")[0]


def _version(path: str) -> int:
    """Return what is another number when an archive of this machine is another."""
    try:
        return Path(path).stat().st_mtime_ns
    except OSError:  # it lies elsewhere, or nowhere
        return 0


def open_remote(url: str) -> IO[bytes]:
    """Open a file elsewhere; it is read a piece at a time.

    Raises
    ------
    MissingFileError
        If it is not there, or not ours to read.
    AudioFormatError
        If it can't be reached.
    ParameterError
        If there is no package for such a URL.
    """
    try:
        system, place = file_system(url)
        return system.open(place, "rb")  # type: ignore[no-any-return]
    except MurmurError:
        raise
    except FileNotFoundError as error:
        raise MissingFileError(f"{url}: no such file") from error
    except PermissionError as error:
        raise MissingFileError(f"{url}: no permission to read it ({error})") from error
    except Exception as error:  # each of the many services has errors of its own
        raise AudioFormatError(f"{url}: can't be opened: {error or type(error).__name__}") from error
