"""One file from a web server to its target: interrupted transfers resume, and only a file as published gets its name.

Why not pooch, which comes with librosa: it checks hashes, but starts an interrupted file over, and has neither parallel
transfers nor a pause between attempts. requests comes with pooch, and keeps its connection over ten thousand small files,
which urllib does not.
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import requests

from murmur import __version__
from murmur.datasets.listing import Listed
from murmur.errors import DownloadError, OutputError

#: Attempts without progress, and the pause after the first in seconds, which doubles with each.
TRIES, PAUSE_S, LONGEST_PAUSE_S = 5, 0.5, 30.0
#: A server may request a longer pause, up to this.
LONGEST_REQUESTED_S = 120.0
#: Seconds to connect, and to wait for the next bytes.
TIMEOUT_S = (15.0, 60.0)
#: Small, so that little is lost when a connection is interrupted.
_BLOCK = 8192
#: Statuses after which another attempt may succeed, besides all from 500 on.
_TEMPORARY = {408, 425, 429}

_T = TypeVar("_T")


class Stopped(Exception):  # noqa: N818
    """The caller stopped the transfer."""


class _TemporaryError(Exception):
    """Another attempt may succeed, after as many seconds as the server requests, if it does."""

    def __init__(self, reason: str, after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.after_s = after_s


def new_session() -> requests.Session:
    """Return a session that keeps connections open; each thread needs its own."""
    session = requests.Session()
    # uncompressed: a range of a file that is compressed on the way could not be joined to the rest
    session.headers.update({"Accept-Encoding": "identity", "User-Agent": f"murmur/{__version__}"})
    return session


def fetch_text(session: requests.Session, url: str) -> str:
    """Fetch a small text.

    Raises
    ------
    DownloadError
        If it can't be fetched.
    """

    def get() -> str:
        with _response(session, url, {}) as response:
            _check_status(response)
            body = b"".join(_body(response, threading.Event()))
            _check_complete(response, len(body))
        return body.decode("utf-8", "replace")

    return _retrying(get, url, threading.Event(), lambda: 0)


def fetch(
    session: requests.Session,
    url: str,
    target: Path,
    listed: Listed,
    stop: threading.Event,
    on_bytes: Callable[[int], None],
) -> bool:
    """Fetch a file, unless it is there.

    Until it is complete, it is kept beside the target as ``NAME.part`` (and the server's mark of its version as
    ``NAME.part.tag``), so that a later call resumes.

    Parameters
    ----------
    session : requests.Session
    url : str
    target : Path
        A file there that differs from the published one is replaced.
    listed : Listed
        Its checksum.
    stop : threading.Event
        Ends the transfer, once set.
    on_bytes : callable
        Called with the number of bytes received, each time there are some.

    Returns
    -------
    bool
        Whether anything was fetched; False if the file was there.

    Raises
    ------
    DownloadError
        If the server has no such file, fails repeatedly, or twice sends a file that differs from the published one.
    OutputError
        If it can't be written.
    Stopped
        If it was stopped.
    """
    part = _Part(target)
    try:
        if target.is_file() and listed.digest_of(target) == listed.digest:
            part.discard()
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        if not (part.path.is_file() and listed.digest_of(part.path) == listed.digest):  # complete, but not yet renamed
            _fetch_part(session, url, part, listed, stop, on_bytes)
        part.path.replace(target)
        part.discard()
    except DownloadError:
        raise
    except OSError as error:
        reason = f"can't be written: {error.strerror or error}"
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            reason = "the disk is full: make room, and the same command continues from there"
        raise OutputError(f"{target}: {reason}") from error
    return True


class _Part:
    """What has been received of a file, and the server's mark of its version."""

    def __init__(self, target: Path) -> None:
        self.path = target.with_name(f"{target.name}.part")
        self._tag = target.with_name(f"{target.name}.part.tag")

    @property
    def size(self) -> int:
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    @property
    def mark(self) -> str:
        try:
            return self._tag.read_text("ascii").strip()
        except (FileNotFoundError, UnicodeDecodeError):
            return ""

    def start_over(self, mark: str) -> None:
        self.path.unlink(missing_ok=True)
        self._tag.write_text(mark, "ascii", "ignore")

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)
        self._tag.unlink(missing_ok=True)


def _fetch_part(
    session: requests.Session,
    url: str,
    part: _Part,
    listed: Listed,
    stop: threading.Event,
    on_bytes: Callable[[int], None],
) -> None:
    digest = ""
    for _ in range(2):  # a damaged file is fetched once more, from its first byte
        _retrying(lambda: _append(session, url, part, stop, on_bytes), listed.path, stop, lambda: part.size)
        digest = listed.digest_of(part.path)
        if digest == listed.digest:
            return
        part.discard()
    raise DownloadError(
        f"{listed.path}: the file at {url} differs from the published one (checksum {digest[:12]}…, not "
        f"{listed.digest[:12]}…): try again later, or use a --mirror"
    )


def _retrying(attempt: Callable[[], _T], label: str, stop: threading.Event, reached: Callable[[], int]) -> _T:
    """Return the result of the first attempt that succeeds; give up after several that get no further."""
    failures, best = 0, reached()
    while True:
        try:
            return attempt()
        except _TemporaryError as error:
            now = reached()
            failures = 1 if now > best else failures + 1
            best = max(best, now)
            if failures >= TRIES:
                raise DownloadError(f"{label}: {error}, {TRIES} times in a row: try again later") from error
            pause_s = min(PAUSE_S * 2 ** (failures - 1), LONGEST_PAUSE_S)
            if stop.wait(max(pause_s, min(error.after_s, LONGEST_REQUESTED_S))):
                raise Stopped from None


def _append(
    session: requests.Session, url: str, part: _Part, stop: threading.Event, on_bytes: Callable[[int], None]
) -> None:
    """Fetch what is missing of a part; all of it if the server does not send ranges, or has another version by now."""
    have, known = part.size, part.mark
    headers = {"Range": f"bytes={have}-"} if have else {}
    if have and known:
        headers["If-Range"] = known
    with _response(session, url, headers) as response:
        if response.status_code == 416:
            part.discard()
            raise _TemporaryError("the server's file is shorter than what was received")
        _check_status(response)
        mark = _mark(response)
        if response.status_code != 206:
            part.start_over(mark)
            have = 0
        elif _first_byte(response) != have or (known and mark and mark != known):
            part.discard()
            raise _TemporaryError("the server's file has changed")
        with part.path.open("ab", buffering=0) as file:  # unbuffered: what was received is kept, however this ends
            for block in _body(response, stop):
                left = memoryview(block)
                while left:  # an unbuffered file may take less than it is given
                    left = left[file.write(left) :]
                on_bytes(len(block))
        _check_complete(response, part.size - have)


# --- responses --------------------------------------------------------------------------


def _response(session: requests.Session, url: str, headers: dict[str, str]) -> requests.Response:
    """Request a file; its body is yet to come."""
    try:
        return session.get(url, headers=headers, stream=True, timeout=TIMEOUT_S)
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
        raise _TemporaryError(_reason(error)) from error
    except (requests.RequestException, ValueError) as error:  # not a URL, or endless redirections
        raise DownloadError(f"{url}: {_reason(error)}") from error


def _body(response: requests.Response, stop: threading.Event) -> Iterator[bytes]:
    try:
        for block in response.iter_content(_BLOCK):
            if stop.is_set():
                raise Stopped
            yield block
    except requests.RequestException as error:
        raise _TemporaryError(_reason(error)) from error


def _check_status(response: requests.Response) -> None:
    status = response.status_code
    if status in _TEMPORARY or status >= 500:
        after = response.headers.get("Retry-After", "")
        raise _TemporaryError(f"the server answered {status} {response.reason}", float(after) if after.isdecimal() else 0.0)
    if status not in {200, 206}:
        raise DownloadError(f"{response.url}: the server answered {status} {response.reason}")


def _check_complete(response: requests.Response, size: int) -> None:
    """Raise if less was received than announced, which not every version of urllib3 notices."""
    length = response.headers.get("Content-Length", "")
    if length.isdecimal() and size < int(length):
        raise _TemporaryError("the connection was interrupted")


def _mark(response: requests.Response) -> str:
    """Return what identifies this version of a file, for ``If-Range``; empty if the server sends nothing suitable."""
    etag = response.headers.get("ETag", "")
    if etag and not etag.startswith("W/"):
        return str(etag)
    return str(response.headers.get("Last-Modified", ""))


def _first_byte(response: requests.Response) -> int:
    """Return where the range in a response begins; -1 if it does not say."""
    first = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return int(first) if first.isdecimal() else -1


def _reason(error: Exception) -> str:
    """Return what went wrong, without the layers that reported it."""
    text = str(error)
    if isinstance(error, requests.Timeout) or "timed out" in text:
        return "the server did not answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return f"no secure connection: {error}"
    if isinstance(error, requests.ConnectionError | requests.exceptions.ChunkedEncodingError):
        if "refused" in text:
            return "the connection was refused"
        return "the host name is unknown" if "resolve" in text else "the connection was interrupted"
    return text
