"""A whole data set from its host, several files at a time; the same call resumes an interrupted download."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import requests

from murmur.datasets.catalogue import about
from murmur.datasets.description import Origin
from murmur.datasets.listing import Listed, choose, read_git_tree, read_sums
from murmur.datasets.transfer import Stopped, fetch, fetch_text, new_session
from murmur.errors import DownloadError, ParameterError
from murmur.io.writing import made_folder, sole_writer, write_text

#: Name of the list of checksums, on PhysioNet, on a mirror and here.
SUMS = "SHA256SUMS.txt"
#: After so many failures in a row, the cause is not the files.
FAILURES_IN_A_ROW = 20
#: So many failures are listed.
FAILURES_LISTED = 5
#: How often progress is reported, and how long threads have to end, in seconds.
_TICK_S, _END_S = 0.1, 2.0


@dataclass(frozen=True, slots=True)
class FetchProgress:
    """How far a download has come.

    Attributes
    ----------
    done, total : int
        Files that are complete or have failed, and all files.
    kept, failed : int
        Of those done, files that were there before, and files that can't be fetched.
    size : int
        Bytes received.
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
        Files fetched, and files that were there as published.
    size : int
        Bytes received.
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

    Every file is checked against the checksum that its host lists. The same call again fetches only what is missing or
    differs from the published files, and resumes partial files. What was received stays if an exception from outside,
    such as KeyboardInterrupt, stops the download.

    Parameters
    ----------
    name : str
        One of `names`; by using it you accept its licence, see `about`.
    folder : str or os.PathLike
        Target folder, created if it does not exist.
    mirror : str, optional
        URL of a folder on another web server with the same files and a ``SHA256SUMS.txt``, as ``sha256sum`` writes it.
    only : iterable of str
        Patterns of paths, such as ``"training-a/*"`` or ``"*_MV*"``: only these files, and the tables needed to read them.
    jobs : int, default 4
        Files at a time.
    progress : callable, optional
        Called with a `FetchProgress` ten times a second.

    Returns
    -------
    Fetched

    Raises
    ------
    ParameterError
        If an argument is out of range, or `only` matches no file.
    DownloadError
        If the list or a file can't be fetched, or differs from what was published; the other files are fetched first.
    OutputError
        If the folder can't be written, as on a full disk, or another download is writing to it.

    See Also
    --------
    about, names, open

    Examples
    --------
    >>> from murmur.datasets import about, get
    >>> about("cinc2016").licence
    'the Open Data Commons Attribution License 1.0 (ODC-By 1.0)'
    >>> fetched = get("cinc2016", "cinc2016", only="training-a/*")  # doctest: +SKIP
    """
    origin = _origin(about(name).origin, mirror)
    if not isinstance(jobs, int) or jobs < 1:
        raise ParameterError(f"jobs must be a whole number, 1 or more, not {jobs!r}")
    home, patterns = Path(folder), [only] if isinstance(only, str) else list(only)
    text = fetch_text(new_session(), origin.listing)
    listed = (read_sums if origin.kind == "sha256" else read_git_tree)(text, origin.listing)
    wanted = choose(listed, patterns, origin)
    if not wanted:
        known = f"the first file is {listed[0].path}" if listed else f"{origin.listing} lists no files"
        raise ParameterError(f"{name}: no file matches {', '.join(map(repr, patterns)) or 'at all'}: {known}")
    with sole_writer(made_folder(home)):
        done = _Crew(origin, home, wanted).work(min(jobs, len(wanted)), progress)
        if origin.kind == "sha256":
            write_text(home / SUMS, text)
    return Fetched(done.done - done.kept, done.kept, done.size)


def _origin(origin: Origin, mirror: str | None) -> Origin:
    if mirror is None:
        return origin
    if not mirror.startswith(("http://", "https://")):
        raise ParameterError(f"mirror must be a URL that begins with http:// or https://, not {mirror!r}")
    base = mirror if mirror.endswith("/") else f"{mirror}/"
    return replace(origin, files=base, listing=base + SUMS, kind="sha256")


class _Crew:
    """Threads that fetch files, and what has become of the files.

    Not a pool, which would wait at the end of the process for a server that does not answer.
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
        finally:  # all have ended, or an exception came
            self._stop.set()
            end_s = time.monotonic() + _END_S
            for thread in threads:
                thread.join(max(end_s - time.monotonic(), 0.0))
        if self._fatal is not None:
            raise self._fatal
        if self._failures:
            raise self._failure()
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
        url = self._origin.files + quote(item.path)
        try:
            new = fetch(session, url, self._home / item.path, item, self._stop, lambda size: self._count(size=size))
        except DownloadError as error:
            self._failures.append(str(error))
            self._count(done=1, failed=1)
        else:
            self._count(done=1, kept=not new)

    def _count(self, **more: int) -> None:
        with self._lock:
            so_far = self._progress
            self._progress = replace(so_far, **{name: getattr(so_far, name) + number for name, number in more.items()})
            if "done" in more:
                self._in_a_row = self._in_a_row + 1 if "failed" in more else 0
            if self._in_a_row >= FAILURES_IN_A_ROW:
                self._stop.set()

    def _failure(self) -> DownloadError:
        count, more = len(self._failures), len(self._failures) - FAILURES_LISTED
        left = self._progress.total - self._progress.done
        lines = [*sorted(self._failures)[:FAILURES_LISTED], *([f"and {more} more"] if more > 0 else [])]
        skipped = f"; {left} more were not tried" if left else ""
        return DownloadError(
            f"{self._home}: {count} of {self._progress.total} files can't be fetched{skipped}; the same command tries them "
            "again:\n  " + "\n  ".join(lines)
        )
