"""One file from a web server to its place: what has come stays, and only what is as published gets its name.

Why not pooch, which comes with librosa: it checks hashes, but begins a file anew when it was cut, and has neither jobs
nor a pause between tries. requests comes with pooch, and keeps its connection over ten thousand small files, which
urllib does not.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from murmur.datasets.listing import Listed
from murmur.errors import DownloadError, OutputError

if TYPE_CHECKING:
    import requests

__all__ = ["Stopped", "fetch", "fetch_text", "new_session", "url_of"]

#: Tries without a byte more than before, and the pause after the first, in seconds; it doubles with each.
TRIES, PAUSE_S, LONGEST_PAUSE_S = 5, 0.5, 30.0
#: A server may ask for more patience than that, but not for more than this.
LONGEST_ASKED_S = 120.0
#: Seconds to connect, and to wait for the next bytes.
TIMEOUT_S = (15.0, 60.0)
#: Small, so that little is lost when a connection is cut.
_BLOCK = 8192
#: Statuses that may pass, besides all from 500 on.
_MAY_PASS = {408, 425, 429}
_FULL = {errno.ENOSPC, errno.EDQUOT}


class Stopped(Exception):  # noqa: N818
    """Whoever asked for it wants no more."""


class _MayPassError(Exception):
    """What may be over at the next try; after how many seconds the server wants it, if it says so."""

    def __init__(self, reason: str, after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.after_s = after_s


def new_session() -> requests.Session:
    """Return what keeps connections open; one for each thread."""
    import requests

    from murmur import __version__

    session = requests.Session()
    # as they are: a part of a file that the server compresses on the way could not be joined to the rest
    session.headers.update({"Accept-Encoding": "identity", "User-Agent": f"murmur/{__version__}"})
    return session


def fetch_text(session: requests.Session, url: str) -> str:
    """Fetch a small text.

    Raises
    ------
    DownloadError
        If it can't be had.
    """

    def get() -> str:
        with _asked(session, url, {}) as response:
            _check_status(response)
            came = b"".join(_body(response, threading.Event()))
            _check_whole(response, len(came))
        return came.decode("utf-8", "replace")

    text: str = _patiently(get, url, threading.Event(), lambda: 0)
    return text


def fetch(
    session: requests.Session,
    url: str,
    place: Path,
    listed: Listed,
    stop: threading.Event,
    came: Callable[[int], None],
) -> bool:
    """Fetch a file, unless it is there.

    What has come lies beside it under ``NAME.part`` (and the server's mark of that version under ``NAME.part.tag``)
    until it is whole, so that a later call goes on from there.

    Parameters
    ----------
    session : requests.Session
    url : str
        Where it is.
    place : Path
        Where it goes. A file there that is not as published is replaced.
    listed : Listed
        Its checksum.
    stop : threading.Event
        Ends it, once set.
    came : callable
        Told how many bytes have come, each time some do.

    Returns
    -------
    bool
        Whether anything was fetched; False where it was there.

    Raises
    ------
    DownloadError
        If the server has no such file, fails time after time, or twice gives what was not published.
    OutputError
        If it can't be written.
    Stopped
        If it was ended.
    """
    part, tag = place.with_name(f"{place.name}.part"), place.with_name(f"{place.name}.part.tag")
    try:
        if place.is_file() and listed.digest_of(place) == listed.digest:
            _discard(part, tag)
            return False
        place.parent.mkdir(parents=True, exist_ok=True)
        if not (part.is_file() and listed.digest_of(part) == listed.digest):  # one that ended before the last step
            came_as = ""
            for _ in range(2):  # what came damaged is fetched once more, from its first byte
                _patiently(lambda: _append(session, url, part, tag, stop, came), listed.path, stop, lambda: _size(part))
                came_as = listed.digest_of(part)
                if came_as == listed.digest:
                    break
                _discard(part, tag)
            else:
                raise DownloadError(
                    f"{listed.path}: what {url} gives is not what was published (checksum {came_as[:12]}…, not "
                    f"{listed.digest[:12]}…): try again later, or name a --mirror"
                )
        part.replace(place)
        tag.unlink(missing_ok=True)
    except OSError as error:
        if isinstance(error, DownloadError | OutputError):
            raise
        raise _cannot_write(place, error) from error
    return True


def _patiently(attempt: Callable[[], Any], label: str, stop: threading.Event, reached: Callable[[], int]) -> Any:
    """Try until it works, or nothing more comes of it."""
    failures, best = 0, reached()
    while True:
        try:
            return attempt()
        except _MayPassError as error:
            now = reached()
            failures = 1 if now > best else failures + 1
            best = max(best, now)
            if failures >= TRIES:
                raise DownloadError(f"{label}: {error}, {TRIES} times in a row: try again later") from error
            pause_s = min(PAUSE_S * 2 ** (failures - 1), LONGEST_PAUSE_S)
            if stop.wait(max(pause_s, min(error.after_s, LONGEST_ASKED_S))):
                raise Stopped from None


def _append(
    session: requests.Session, url: str, part: Path, tag: Path, stop: threading.Event, came: Callable[[int], None]
) -> None:
    """Fetch what is missing of a part; all of it where the server can't give a part, or has another version by now."""
    have = _size(part)
    known = _read(tag)
    headers = {}
    if have:
        headers["Range"] = f"bytes={have}-"
        if known:
            headers["If-Range"] = known
    with _asked(session, url, headers) as response:
        if response.status_code == 416:
            _discard(part, tag)
            raise _MayPassError("the server's file is shorter than what had come")
        _check_status(response)
        goes_on = response.status_code == 206
        mark = _mark(response)
        if goes_on and (_begins_at(response) != have or (known and mark and mark != known)):
            _discard(part, tag)
            raise _MayPassError("the server's file has changed")
        if not goes_on:
            part.unlink(missing_ok=True)
            have = 0
            tag.write_text(mark, "ascii", "ignore")
        with part.open("ab", buffering=0) as file:  # unbuffered: what has come is there, however this ends
            for block in _body(response, stop):
                left = memoryview(block)
                while left:  # an unbuffered file may take a part only
                    left = left[file.write(left) :]
                came(len(block))
        _check_whole(response, _size(part) - have)


def _asked(session: requests.Session, url: str, headers: dict[str, str]) -> requests.Response:
    """Ask for a file; its body is yet to come."""
    import requests

    try:
        return session.get(url, headers=headers, stream=True, timeout=TIMEOUT_S)
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
        raise _MayPassError(_reason(error)) from error
    except (requests.RequestException, ValueError) as error:  # a URL that is none, redirections without end
        raise DownloadError(f"{url}: {_reason(error)}") from error


def _body(response: requests.Response, stop: threading.Event) -> Iterator[bytes]:
    """Yield what comes, block by block."""
    import requests

    blocks = response.iter_content(_BLOCK)
    while True:
        if stop.is_set():
            raise Stopped
        try:
            block = next(blocks, None)
        except requests.RequestException as error:
            raise _MayPassError(_reason(error)) from error
        if block is None:
            return
        yield block


def _check_status(response: requests.Response) -> None:
    """Raise what a status means, unless it is good."""
    status = response.status_code
    if status in _MAY_PASS or status >= 500:
        asked = response.headers.get("Retry-After", "")
        raise _MayPassError(f"the server said {status} {response.reason}", float(asked) if asked.isdecimal() else 0.0)
    if status not in {200, 206}:
        raise DownloadError(f"{response.url}: the server said {status} {response.reason}")


def _check_whole(response: requests.Response, size: int) -> None:
    """Raise unless as much has come as was announced, which not every version of urllib3 minds."""
    length = response.headers.get("Content-Length", "")
    if length.isdecimal() and size < int(length):
        raise _MayPassError("the connection was cut")


def _mark(response: requests.Response) -> str:
    """Return what tells this version of a file from others, for ``If-Range``; empty where the server gives nothing."""
    etag = response.headers.get("ETag", "")
    if etag and not etag.startswith("W/"):
        return str(etag)
    return str(response.headers.get("Last-Modified", ""))


def _begins_at(response: requests.Response) -> int:
    """Return the first byte that a part of a file brings; -1 where it does not say."""
    first = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return int(first) if first.isdecimal() else -1


def _reason(error: Exception) -> str:
    """Spell what went wrong on the way, without the layers it came through."""
    import requests

    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return "the server did not answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return f"no safe connection: {error}"
    if isinstance(error, requests.exceptions.ChunkedEncodingError) or "IncompleteRead" in str(error):
        return "the connection was cut"
    if isinstance(error, requests.ConnectionError):
        cause = str(error)
        for sign, words in (("refused", "the connection was refused"), ("resolve", "the host's name is not known")):
            if sign in cause:
                return words
        return "the connection was cut"
    return str(error)


def _cannot_write(place: Path, error: OSError) -> OutputError:
    if error.errno in _FULL:
        return OutputError(f"{place}: the disk is full: make room, and the same command goes on from there")
    return OutputError(f"{place}: can't be written: {error.strerror or error}")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _read(tag: Path) -> str:
    try:
        return tag.read_text("ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return ""


def _discard(*paths: Path) -> None:
    for path in paths:
        with suppress(FileNotFoundError):
            path.unlink()


def url_of(base: str, path: str) -> str:
    """Return where a file is below a base."""
    return base + quote(path)
