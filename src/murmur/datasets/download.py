"""A whole data set from its host: several files at a time, going on where it was stopped."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from murmur.batch.lock import Lock
from murmur.datasets.catalogue import about
from murmur.datasets.description import Origin
from murmur.datasets.listing import Listed, choose, read_git_tree, read_sums
from murmur.datasets.transfer import Stopped, fetch, fetch_text, new_session, url_of
from murmur.errors import DownloadError, MurmurError, OutputError, ParameterError
from murmur.io.writing import write_whole

if TYPE_CHECKING:
    import requests

__all__ = ["FetchProgress", "Fetched", "get"]

#: Name of the list of checksums, on PhysioNet, on a mirror and here.
SUMS = "SHA256SUMS.txt"
#: So many files failing one after the other, and it is not the files.
FAILURES_IN_A_ROW = 20
#: As many are told by name.
FAILURES_TOLD = 5
#: How often the caller hears of progress, and how long threads get to end, in seconds.
_TICK_S, _END_S = 0.1, 2.0


@dataclass(frozen=True, slots=True)
class FetchProgress:
    """How far a download has come.

    Attributes
    ----------
    done, total : int
        Files that are here as published or have failed, and all that are wanted.
    kept, failed : int
        Of those done, how many were here before, and how many can't be had.
    size : int
        Bytes that have come.
    """

    done: int
    total: int
    kept: int = 0
    failed: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a download did.

    Attributes
    ----------
    fetched, kept : int
        Files that came, and that were here as published before.
    size : int
        Bytes that came.
    """

    fetched: int
    kept: int
    size: int


def get(
    name: str,
    folder: str | os.PathLike[str],
    *,
    mirror: str | None = None,
    only: Iterable[str] = (),
    jobs: int = 4,
    progress: Callable[[FetchProgress], None] | None = None,
) -> Fetched:
    """Download a data set as published.

    Every file is checked against the checksum that its host lists. The same call again fetches only what is not here as
    published, and goes on within a file that was cut. Stopped by an exception from outside, such as KeyboardInterrupt,
    what has come stays.

    Parameters
    ----------
    name : str
        One of `names`; `about` tells its licence, which you accept by using it.
    folder : str or os.PathLike
        Where to; made where there is none.
    mirror : str, optional
        URL of a folder on another web server with the same files and a ``SHA256SUMS.txt``, as ``sha256sum`` writes it.
    only : iterable of str
        Patterns of paths, such as ``"training-a/*"`` or ``"*_MV*"``: these files, and the tables needed to read them.
    jobs : int, default 4
        Files at a time.
    progress : callable, optional
        Told ten times a second how far it has come.

    Returns
    -------
    Fetched

    Raises
    ------
    ParameterError
        If an argument is out of range, or `only` fits no file.
    DownloadError
        If the list or a file can't be had or is not what was published; the other files are fetched before.
    OutputError
        If the folder can't be written, as on a full disk, or another download is at work in it.
    """
    origin = _origin(about(name).origin, mirror)
    if not isinstance(jobs, int) or jobs < 1:
        raise ParameterError(f"jobs must be a whole number, 1 or more, not {jobs!r}")
    home, patterns = Path(folder), [only] if isinstance(only, str) else list(only)
    text = fetch_text(new_session(), origin.listing)
    listed = (read_sums if origin.kind == "sha256" else read_git_tree)(text, origin.listing)
    wanted = choose(listed, patterns, origin)
    if not wanted:
        such = f"; it has {listed[0].path}, …" if listed else ": it lists none"
        raise ParameterError(f"{name}: no file fits {', '.join(map(repr, patterns)) or origin.listing}{such}")
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{home}: can't be written: {error.strerror or error}") from error
    with Lock(home):
        done = _Crew(origin, home, wanted).work(min(jobs, len(wanted)), progress)
        if origin.kind == "sha256":
            write_whole(home / SUMS, lambda place: _write(place, text))
    return Fetched(done.done - done.kept, done.kept, done.size)


def _write(place: Path, text: str) -> None:
    place.write_text(text, "utf-8", newline="")


def _origin(origin: Origin, mirror: str | None) -> Origin:
    if mirror is None:
        return origin
    if not mirror.startswith(("http://", "https://")):
        raise ParameterError(f"mirror must be a URL that begins with http:// or https://, not {mirror!r}")
    base = mirror if mirror.endswith("/") else f"{mirror}/"
    return replace(origin, files=base, listing=base + SUMS, kind="sha256")


class _Crew:
    """Threads that fetch files, and what has become of them.

    Threads and no pool: a pool would wait at the end of the process for a server that says nothing.
    """

    def __init__(self, origin: Origin, home: Path, wanted: list[Listed]) -> None:
        self._origin = origin
        self._home = home
        self._to_do: queue.SimpleQueue[Listed] = queue.SimpleQueue()
        for item in wanted:
            self._to_do.put(item)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._progress = FetchProgress(0, len(wanted))
        self._failures: list[str] = []
        self._in_a_row = 0
        self._fatal: BaseException | None = None

    def work(self, jobs: int, progress: Callable[[FetchProgress], None] | None) -> FetchProgress:
        """Fetch everything; return how far it came."""
        threads = [threading.Thread(target=self._run, daemon=True) for _ in range(jobs)]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                while thread.is_alive():
                    thread.join(_TICK_S)
                    if progress is not None:
                        progress(self._progress)
        finally:  # all have ended, or someone wants no more
            self._stop.set()
            end_s = time.monotonic() + _END_S
            for thread in threads:
                thread.join(max(end_s - time.monotonic(), 0.0))
        if self._fatal is not None:
            raise self._fatal
        if self._failures:
            raise self._told()
        return self._progress

    def _run(self) -> None:
        session = new_session()
        try:
            while not self._stop.is_set():
                try:
                    item = self._to_do.get_nowait()
                except queue.Empty:
                    return
                self._take(session, item)
        except Stopped:
            pass
        except BaseException as error:  # a full disk, say, which no other file would fit on either
            with self._lock:
                self._fatal = self._fatal or error
            self._stop.set()
        finally:
            session.close()

    def _take(self, session: requests.Session, item: Listed) -> None:
        url = url_of(self._origin.files, item.path)
        try:
            new = fetch(session, url, self._home / item.path, item, self._stop, self._came)
        except DownloadError as error:
            self._failed(str(error))
            return
        with self._lock:
            self._in_a_row = 0
            self._progress = replace(self._progress, done=self._progress.done + 1, kept=self._progress.kept + (not new))

    def _came(self, size: int) -> None:
        with self._lock:
            self._progress = replace(self._progress, size=self._progress.size + size)

    def _failed(self, reason: str) -> None:
        with self._lock:
            self._failures.append(reason)
            self._in_a_row += 1
            self._progress = replace(self._progress, done=self._progress.done + 1, failed=self._progress.failed + 1)
            if self._in_a_row >= FAILURES_IN_A_ROW:
                self._stop.set()

    def _told(self) -> MurmurError:
        """Tell what can't be had, by name."""
        count, more = len(self._failures), len(self._failures) - FAILURES_TOLD
        left = self._progress.total - self._progress.done
        lines = [*sorted(self._failures)[:FAILURES_TOLD], *([f"and {more} more"] if more > 0 else [])]
        given_up = f"; {left} more were not tried" if left else ""
        return DownloadError(
            f"{self._home}: {count} of {self._progress.total} files can't be had{given_up}; the same command tries them "
            "again:\n  " + "\n  ".join(lines)
        )
