"""Remote files, by URL: object stores, web servers and archives, through fsspec."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from murmur.errors import AudioFormatError, MurmurError, ParameterError
from murmur.io.access import unreadable

_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def is_remote(path: str) -> bool:
    """Whether a path is a URL (``s3://bucket/17_MV.wav``), or a chain of them (``zip://17_MV.wav::s3://bucket/a.zip``)."""
    return _URL.match(path) is not None


def file_system(url: str) -> tuple[Any, str]:
    """Return the fsspec file system of a URL, and the path in it.

    Raises
    ------
    ParameterError
        If the package for such URLs is missing, or the URL is malformed.
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
    """Open an archive; its listing is read once, and it stays open while it is among the last used."""
    from fsspec.core import url_to_fs

    return url_to_fs(f"{scheme}://::{outer}")[0]


def _version(path: str) -> int:
    """Return a number that changes when a local archive does."""
    try:
        return Path(path).stat().st_mtime_ns
    except OSError:  # remote, or missing
        return 0


def open_remote(url: str) -> IO[bytes]:
    """Open a remote file, to be read piece by piece.

    Raises
    ------
    MissingFileError
        If it does not exist, or may not be read.
    AudioFormatError
        If it can't be reached.
    ParameterError
        If the package for such URLs is missing, or the URL is malformed.
    """
    try:
        system, place = file_system(url)
        return system.open(place, "rb")  # type: ignore[no-any-return]
    except MurmurError:
        raise
    except (FileNotFoundError, PermissionError) as error:
        raise unreadable(url, error) from error
    except Exception as error:  # each service raises errors of its own
        raise AudioFormatError(f"{url}: can't be opened: {str(error) or type(error).__name__}") from error
