"""Analyze many recordings, in worker processes, into the database and the tables of an output folder."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from murmur.batch.inputs import Input, gather
from murmur.batch.lock import Lock
from murmur.batch.output import (
    begin_anew,
    check_same,
    deciding_facts,
    describe,
    made,
    package_versions,
    place_segments,
    sum_up,
)
from murmur.batch.stop import Stop
from murmur.batch.store import Store
from murmur.batch.worker import Outcome, Task, examine, load_models
from murmur.errors import OutputError, ParameterError
from murmur.settings import Settings
from murmur.tables.export import check_format

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["Progress", "Summary", "run", "usable_cores"]

#: Starting a worker takes as long as analyzing about this many files of usual length.
FILES_PER_START = 32
#: Files that go to a worker, and results to the database, at once: so that either costs little.
LARGEST_CHUNK = 16
#: A file that takes longer than this, in seconds, is given up.
TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come.

    Attributes
    ----------
    done, total : int
        Inputs with a result, those of an earlier run included, and all.
    kept : int
        Those of an earlier run.
    unreadable, failed : int
        Of those done.
    """

    done: int
    total: int
    kept: int
    unreadable: int
    failed: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did.

    Attributes
    ----------
    total : int
        Inputs.
    ok, unreadable, failed : int
        Those done, by status; fewer than `total` together when the run was stopped.
    kept, kept_failed : int
        How many of them were there from an earlier run, and how many of those had failed.
    reasons : dict of str to int
        Why recordings are unreadable, and how often each reason was given.
    patients : int
        Rows of the table of patients.
    seconds : float
        Wall time.
    stopped : bool
        Whether a signal ended it before all was done.
    signal : int or None
        That signal.
    out : str or None
        Where the tables are.
    """

    total: int
    ok: int
    unreadable: int
    failed: int
    kept: int
    kept_failed: int
    reasons: dict[str, int]
    patients: int
    seconds: float
    stopped: bool
    signal: int | None
    out: str | None

    @property
    def done(self) -> int:
        """Inputs that have a row."""
        return self.ok + self.unreadable + self.failed


def usable_cores() -> int:
    """Count the cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # only Linux tells
        return os.cpu_count() or 1


def run(
    inputs: Iterable[Input | str | os.PathLike[str]] | str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    *,
    jobs: int | None = None,
    client: Client | str | None = None,
    settings: Settings | None = None,
    models_dir: str | os.PathLike[str] | None = None,
    channel: int | None = None,
    resume: bool = True,
    retry_failed: bool = False,
    format: str = "csv",
    timeout_s: float | None = None,
    memory_mb: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    on_result: Callable[[Outcome], None] | None = None,
    on_failure: Callable[[Outcome], None] | None = None,
    keep: bool = False,
    command: Sequence[str] = (),
) -> Summary:
    """Analyze recordings and write their tables; results do not depend on `jobs`, nor on how often the run was interrupted.

    A file that can't be analyzed, whatever the reason, costs a row with status "failed"; so does one that takes its
    worker process down, too long, or too much memory. Ctrl-C or SIGTERM end the run after the files in hand, with the tables
    of what is done; a second one ends it at once. What is done is in ``murmur.sqlite`` even if the machine stops; the same
    call then goes on where it was.

    Parameters
    ----------
    inputs : iterable of Input, str or os.PathLike, or one path
        As `find_inputs` gives them; paths, folders and globs are expanded by it.
    out : str or os.PathLike, optional
        A folder for ``murmur.sqlite``, which holds all results, and for what is made of it: tables of recordings, of cycles
        and, where patients are named, of patients; ``segments/`` and ``run.json``. Made where there is none. The tables are
        those of the inputs of the last run.
    jobs : int, optional
        Worker processes; with 1 all is done in this process. As many as there are cores by default, and fewer for few files.
        Scripts that call this must be importable (``if __name__ == "__main__":``).
    client : distributed.Client or str, optional
        A Dask cluster to do the work in place of processes of this machine: its client, or its scheduler's address. Its
        workers need the same murmur, must see the inputs under the same paths, and `models_dir`; `out` only this process.
    settings : Settings, optional
    models_dir : str or os.PathLike, optional
        A folder with other models than those that ship.
    channel : int, optional
        Which channel to take of every file.
    resume : bool, default True
        Whether results that `out` holds are kept, of files whose path, size and time of change are as they were. Without it
        all is done anew.
    retry_failed : bool, default False
        Whether files that failed before are tried again though they have not changed.
    format : str, default "csv"
        What the tables are written as: "csv", "jsonl" (JSON lines) or "parquet" (needs pyarrow).
    timeout_s : float, optional
        A file that takes longer fails; 600 by default. A cluster's worker goes on with the next, though what hangs stays
        with it.
    memory_mb : int, optional
        How much more memory than it needs to start a worker process may take; by default its share of the machine's. Not of
        a cluster's, which has its own bound. This process bounds neither its memory nor its time: where one of the two is
        given, a worker process does what there is, however little.
    progress : callable, optional
        Called with a `Progress` at the beginning and after each file.
    on_result : callable, optional
        Called with each `Outcome`, in the order of the inputs; not with those of an earlier run.
    on_failure : callable, optional
        Called with each `Outcome` of status "failed", in no order.
    keep : bool, default False
        Whether outcomes hold whole analyses: `Outcome.result`.
    command : sequence of str, optional
        What started the run, for ``run.json``.

    Returns
    -------
    Summary

    Raises
    ------
    OutputError
        If `out` can't be written, another run is at work in it, or it holds results of other settings.
    ParameterError, MissingFileError
        If an argument is out of its range, there are no such models, or none of the inputs is there while `out` holds
        results of others: its tables are left as they are.
    MurmurError
        If workers can't be started, or a cluster has none or is lost.
    """
    started, clock = datetime.now(UTC), time.monotonic()
    if jobs is not None and jobs < 1:
        raise ParameterError(f"jobs must be 1 or more, not {jobs!r}")
    if timeout_s is not None and not timeout_s > 0:
        raise ParameterError(f"timeout_s must be above 0, not {timeout_s!r}")
    if memory_mb is not None and memory_mb < 1:
        raise ParameterError(f"memory_mb must be 1 or more, not {memory_mb!r}")
    if client is not None and (jobs is not None or memory_mb is not None):
        raise ParameterError(
            "a cluster has its own workers and their memory: give a client, or jobs and memory_mb, not both"
        )
    check_format(format)
    settings = settings or Settings()
    folder = None if models_dir is None else os.fspath(models_dir)
    if folder is not None:
        load_models(folder)  # before any work: models that can't be read are a usage error
    given = _inputs([inputs] if isinstance(inputs, str | os.PathLike) else inputs)
    with contextlib.ExitStack() as stack:
        cluster = None if client is None else stack.enter_context(_connected(client))
        home = None if out is None else made(out)
        if home is not None:
            stack.enter_context(Lock(home))
            if not resume:
                begin_anew(home)
        stop = stack.enter_context(Stop())
        store = stack.enter_context(Store(home))
        deciding = deciding_facts(settings, folder, channel)
        check_same(store, deciding, home)
        store.note(deciding | {"command": list(command), "started": started.isoformat(timespec="seconds")})
        total = store.ask_for(given)
        if retry_failed:
            store.drop_failed()
        if home is not None:
            place_segments(store, home / "segments")
        store.drop_stale()
        count = store.count_to_do()
        tally = _Tally(total, total - count, store.counts() if home is not None else {}, progress)
        if cluster is not None:
            jobs = _threads_of(cluster)
        jobs = max(min(jobs or min(usable_cores(), 1 + count // FILES_PER_START), count), 1)
        bounded = timeout_s is not None or memory_mb is not None
        timeout_s = timeout_s or TIMEOUT_S
        task = Task(
            settings=settings,
            models_dir=folder,
            channel=channel,
            segments_dir=None if home is None else str(home / "segments"),
            keep=keep,
            tables=home is not None,
            memory_mb=memory_mb or _share_of_memory_mb(jobs),
        )
        size = max(1, min(LARGEST_CHUNK, count // (4 * jobs)))
        chunks = store.to_do(size if jobs > 1 or cluster is not None else 1)
        if cluster is not None:
            outcomes = _in_cluster(chunks, task, cluster, stop, timeout_s, ordered=on_result is not None)
        elif jobs == 1 and not bounded:
            outcomes = _in_process(chunks, task, stop)
        else:
            outcomes = _in_workers(chunks, task, jobs, stop, timeout_s, ordered=on_result is not None)
        stack.callback(outcomes.close)
        for chunk in outcomes:
            _take(chunk, store if home is not None else None, tally, on_result, on_failure)
        patients = 0 if home is None else sum_up(store, home, format, settings, folder)
        summary = Summary(
            total=total,
            **tally.counts,
            kept=tally.kept,
            kept_failed=tally.kept_failed,
            reasons=store.reasons() if home is not None else {},
            patients=patients,
            seconds=time.monotonic() - clock,
            stopped=stop.asked and tally.done < total,
            signal=stop.signal,
            out=None if home is None else str(home),
        )
        if home is not None:
            describe(home, _description(summary, deciding, settings, jobs, started, command))
    return summary


def _inputs(inputs: Iterable[Input | str | os.PathLike[str]]) -> Iterator[Input]:
    """Take inputs as they are, and expand paths."""
    given = iter(inputs)
    first = next(given, None)
    if first is None:
        return iter(())
    if isinstance(first, Input):
        return _only_inputs(first, given)
    return gather(_only_paths(chain([first], given)))


_BOTH = "give either inputs or paths, not both: find_inputs() makes inputs of paths"


def _only_inputs(first: Input, others: Iterator[Input | str | os.PathLike[str]]) -> Iterator[Input]:
    yield first
    for item in others:
        if not isinstance(item, Input):
            raise ParameterError(_BOTH)
        yield item


def _only_paths(given: Iterable[Input | str | os.PathLike[str]]) -> Iterator[str | os.PathLike[str]]:
    for item in given:
        if isinstance(item, Input):
            raise ParameterError(_BOTH)
        yield item


def _share_of_memory_mb(jobs: int) -> int | None:
    """Return a worker's share of the memory that this process may use."""
    try:
        machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # the system does not tell
        return None
    with contextlib.suppress(OSError, ValueError):  # what a container may use
        machine = min(machine, int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    return max(machine // jobs // 2**20, 256)


class _Tally:
    """What has been done so far, and who wants to know."""

    def __init__(self, total: int, kept: int, counts: dict[str, int], progress: Callable[[Progress], None] | None) -> None:
        self._total, self.kept, self._progress = total, kept, progress
        # what is done anew counts no more
        self.counts = {"ok": 0, "unreadable": 0, "failed": 0} | counts
        self.kept_failed = self.counts["failed"]
        self._tell()

    @property
    def done(self) -> int:
        return sum(self.counts.values())

    def add(self, status: str) -> None:
        self.counts[status] += 1
        self._tell()

    def _tell(self) -> None:
        if self._progress is not None:
            counts = self.counts
            self._progress(Progress(self.done, self._total, self.kept, counts["unreadable"], counts["failed"]))


def _take(
    chunk: Sequence[Outcome],
    store: Store | None,
    tally: _Tally,
    on_result: Callable[[Outcome], None] | None,
    on_failure: Callable[[Outcome], None] | None,
) -> None:
    """Keep what came of a chunk, and tell of it."""
    for outcome in chunk:
        if outcome.output_problem:
            raise OutputError(f"{outcome.output_problem} (what is done is kept: mend that, and run the same again)")
    if store is not None:
        store.add(chunk)
    for outcome in chunk:
        tally.add(str(outcome.row["status"]))
        if on_failure is not None and outcome.row["status"] == "failed":
            on_failure(outcome)
        if on_result is not None:
            on_result(outcome)


def _in_process(chunks: Iterable[Sequence[Input]], task: Task, stop: Stop) -> Generator[list[Outcome], None, None]:
    models = load_models(task.models_dir)
    for chunk in chunks:
        if stop.asked:
            return
        yield [examine(item, task, models) for item in chunk]


def _in_workers(
    chunks: Iterable[Sequence[Input]], task: Task, jobs: int, stop: Stop, timeout_s: float, ordered: bool
) -> Generator[list[Outcome], None, None]:
    from murmur.batch.pool import in_workers  # which one file has no use for

    yield from in_workers(chunks, task, jobs, stop, timeout_s, ordered)


def _connected(client: Client | str) -> contextlib.AbstractContextManager[Client]:
    from murmur.batch.cluster import connected

    return connected(client)


def _threads_of(client: Client) -> int:
    from murmur.batch.cluster import threads_of

    return max(threads_of(client), 1)  # they may be about to come


def _in_cluster(
    chunks: Iterable[Sequence[Input]], task: Task, client: Client, stop: Stop, timeout_s: float, ordered: bool
) -> Generator[list[Outcome], None, None]:
    from murmur.batch.cluster import in_cluster

    yield from in_cluster(chunks, task, client, stop, timeout_s, ordered)


def _description(
    summary: Summary,
    deciding: dict[str, Any],
    settings: Settings,
    jobs: int,
    started: datetime,
    command: Sequence[str],
) -> dict[str, Any]:
    """Say what is needed to tell how the tables came about."""
    return {
        **deciding,
        "settings_fingerprint": settings.fingerprint(),
        "inputs": summary.total,
        "counts": {"ok": summary.ok, "unreadable": summary.unreadable, "failed": summary.failed},
        "kept": summary.kept,
        "patients": summary.patients,
        "complete": not summary.stopped,
        "started": started.isoformat(timespec="seconds"),
        "seconds": round(summary.seconds, 3),
        "jobs": jobs,
        "command": list(command),
        "python": sys.version.split()[0],
        "platform": sys.platform,
        "packages": package_versions(),
    }
