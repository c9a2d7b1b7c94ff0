"""Analyze many recordings, in worker processes or on a cluster, into the database and the tables of an output folder."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from murmur.batch.inputs import Input, gather
from murmur.batch.options import TIMEOUT_S, RunOptions
from murmur.batch.output import begin, describe, opened, sum_up
from murmur.batch.progress import Progress, Summary
from murmur.batch.scheduler import Executor, InProcess, schedule
from murmur.batch.stop import Stop
from murmur.batch.store import Store
from murmur.batch.worker import Outcome, Task
from murmur.errors import OutputError, ParameterError
from murmur.settings import Settings

if TYPE_CHECKING:
    from distributed import Client

#: Starting a worker takes as long as analyzing about this many files of usual length.
FILES_PER_START = 32
#: Files that go to a worker, and results to the database, at once: so that either costs little.
LARGEST_CHUNK = 16


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
    """Analyze recordings and write their tables.

    The tables do not depend on the number of workers, nor on how often the run was interrupted. A file that can't be
    analyzed, that crashes its worker, or that takes too long or too much memory is marked failed; the others continue.
    After Ctrl-C or SIGTERM the files in hand are finished and the tables of what is done are written; a second signal ends
    the run at once. Each result is in ``murmur.sqlite`` as soon as it is there, even if the machine stops; the same call
    then continues where it was.

    Parameters
    ----------
    inputs : iterable of Input, str or os.PathLike, or one path
        What `find_inputs` returns, or files, folders and globs, as it takes them.
    out : str or os.PathLike, optional
        Output folder, created if it does not exist: ``murmur.sqlite``, which holds all results, and what is made from it,
        the tables of recordings, of cycles and, where patients are named, of patients, ``segments/`` and ``run.json``. The
        tables are those of the last run's inputs.
    jobs : int, optional
        Worker processes; with 1, this process does the work. By default as many as there are cores, fewer for few files.
        Scripts that call this must be importable (``if __name__ == "__main__":``).
    client : distributed.Client or str, optional
        A Dask cluster that does the work, as its client or its scheduler's address. Its workers need the same version of
        murmur, and must see the inputs and `models_dir` under the same paths; only this process needs to see `out`.
    settings : Settings, optional
    models_dir : str or os.PathLike, optional
        Folder of models to use instead of those that ship.
    channel : int, optional
        Which channel of each file to analyze.
    resume : bool, default True
        Whether to keep the results in `out` of files whose path, size and modification time are unchanged. Otherwise all
        files are analyzed again.
    retry_failed : bool, default False
        Whether to try unchanged files that failed before again.
    format : str, default "csv"
        Format of the tables: "csv", "jsonl" (JSON lines) or "parquet" (needs pyarrow).
    timeout_s : float, optional
        A file that takes longer fails; 600 by default. On a cluster, its worker goes on with the next file, though the
        thread that hangs stays with it.
    memory_mb : int, optional
        How much more memory than it needs to start a worker process may take; by default its share of the machine's.
        A cluster's workers have their own limit. If `timeout_s` or `memory_mb` is given, worker processes do the work
        however few files there are, since this process limits neither its time nor its memory.
    progress : callable, optional
        Called with a `Progress` at the start and after each file.
    on_result : callable, optional
        Called with each `Outcome`, in the order of the inputs; not with results of an earlier run.
    on_failure : callable, optional
        Called with each `Outcome` of status "failed", in any order.
    keep : bool, default False
        Whether outcomes hold the whole analysis, as `Outcome.result`.
    command : sequence of str, optional
        The command that started the run, for ``run.json``.

    Returns
    -------
    Summary

    Raises
    ------
    OutputError
        If `out` can't be written, another run is writing to it, or it holds results of other settings.
    ParameterError, MissingFileError
        If an argument is out of range, there are no such models, or none of the inputs exists while `out` holds results of
        others: its tables are left as they are.
    MurmurError
        If workers can't be started, or a cluster has no workers or its scheduler is lost.

    See Also
    --------
    find_inputs, export_tables

    Examples
    --------
    >>> from murmur.batch import run
    >>> summary = run("recordings", "results", jobs=1)
    >>> summary.ok, summary.patients
    (4, 1)
    """
    options = RunOptions(
        out=out,
        jobs=jobs,
        client=client,
        settings=settings or Settings(),
        models_dir=None if models_dir is None else os.fspath(models_dir),
        channel=channel,
        resume=resume,
        retry_failed=retry_failed,
        format=format,
        timeout_s=timeout_s,
        memory_mb=memory_mb,
        progress=progress,
        on_result=on_result,
        on_failure=on_failure,
        keep=keep,
        command=tuple(command),
    )
    return _run(_inputs([inputs] if isinstance(inputs, str | os.PathLike) else inputs), options)


def _run(inputs: Iterator[Input], options: RunOptions) -> Summary:
    started, clock = datetime.now(UTC), time.monotonic()
    if options.models_dir is not None:
        from murmur.pipeline.models import load_models

        load_models(options.models_dir)  # before any work: unreadable models are a usage error
    with contextlib.ExitStack() as stack:
        cluster = None if options.client is None else stack.enter_context(_connected(options.client))
        folder = stack.enter_context(opened(options))
        stop = stack.enter_context(Stop())
        store = stack.enter_context(Store(folder))
        total = begin(store, inputs, folder, options, started)
        remaining = store.count_to_do()
        tally = _Tally(total, total - remaining, store.counts(), options)
        jobs = _jobs(options, remaining, cluster)
        task = _task(options, folder, jobs)
        chunks = store.to_do(_chunk_size(remaining, jobs, cluster))
        with _executor(task, jobs, cluster, options) as executor:
            for outcomes in schedule(chunks, executor, task, stop, ordered=options.on_result is not None):
                _check_output(outcomes)
                if folder is not None:
                    store.add(outcomes)
                tally.add(outcomes)
        summary = tally.summary(
            stop,
            reasons=store.reasons(),
            patients=0 if folder is None else sum_up(store, folder, options),
            out=None if folder is None else str(folder),
            seconds=time.monotonic() - clock,
        )
        if folder is not None:
            describe(folder, store, summary, jobs, started, options)
    return summary


class _Tally:
    """Counts results by status, and passes them to callbacks.

    Parameters
    ----------
    total, kept : int
        Inputs, and how many of them have a result of an earlier run.
    counts : dict of str to int
        Results of an earlier run, by status.
    options : RunOptions
        Its `progress`, `on_result` and `on_failure` are called.
    """

    def __init__(self, total: int, kept: int, counts: dict[str, int], options: RunOptions) -> None:
        self._total, self._kept, self._options = total, kept, options
        self._counts = {"ok": 0, "unreadable": 0, "failed": 0} | counts
        self._kept_failed = self._counts["failed"]
        self._report()

    @property
    def _done(self) -> int:
        return sum(self._counts.values())

    def add(self, outcomes: Sequence[Outcome]) -> None:
        """Count outcomes, and pass each to the callbacks."""
        for outcome in outcomes:
            status = str(outcome.row["status"])
            self._counts[status] += 1
            self._report()
            if self._options.on_failure is not None and status == "failed":
                self._options.on_failure(outcome)
            if self._options.on_result is not None:
                self._options.on_result(outcome)

    def _report(self) -> None:
        if self._options.progress is not None:
            unreadable, failed = self._counts["unreadable"], self._counts["failed"]
            self._options.progress(Progress(self._done, self._total, self._kept, unreadable, failed))

    def summary(self, stop: Stop, *, reasons: dict[str, int], patients: int, out: str | None, seconds: float) -> Summary:
        """Sum up the run."""
        return Summary(
            total=self._total,
            **self._counts,
            kept=self._kept,
            kept_failed=self._kept_failed,
            reasons=reasons,
            patients=patients,
            seconds=seconds,
            stopped=stop.requested and self._done < self._total,
            signal=stop.signal,
            out=out,
        )


def usable_cores() -> int:
    """Count the cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # only Linux reports them
        return os.cpu_count() or 1


def _jobs(options: RunOptions, remaining: int, cluster: Client | None) -> int:
    if cluster is not None:
        from murmur.batch.cluster import threads_of

        wanted = threads_of(cluster)
    else:
        wanted = options.jobs or min(usable_cores(), 1 + remaining // FILES_PER_START)
    return max(min(wanted, remaining), 1)


def _chunk_size(remaining: int, jobs: int, cluster: Client | None) -> int:
    if jobs == 1 and cluster is None:
        return 1
    return max(1, min(LARGEST_CHUNK, remaining // (4 * jobs)))


def _task(options: RunOptions, folder: Path | None, jobs: int) -> Task:
    return Task(
        settings=options.settings,
        models_dir=options.models_dir,
        channel=options.channel,
        segments_dir=None if folder is None else str(folder / "segments"),
        keep=options.keep,
        tables=folder is not None,
        timeout_s=options.timeout_s or TIMEOUT_S,
        memory_mb=options.memory_mb or _share_of_memory_mb(jobs),
    )


def _share_of_memory_mb(jobs: int) -> int | None:
    """Return a worker's share of the memory that this process may use; None if the system does not report it."""
    try:
        machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
    with contextlib.suppress(OSError, ValueError):  # the limit of a container
        machine = min(machine, int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    return max(machine // jobs // 2**20, 256)


# what one file has no use for is loaded when it is needed


def _connected(client: Client | str) -> contextlib.AbstractContextManager[Client]:
    from murmur.batch.cluster import connected

    return connected(client)


def _executor(task: Task, jobs: int, cluster: Client | None, options: RunOptions) -> Executor:
    if cluster is not None:
        from murmur.batch.cluster import Cluster

        return Cluster(task, cluster)
    if jobs == 1 and options.timeout_s is None and options.memory_mb is None:  # which only worker processes bound
        return InProcess(task)
    from murmur.batch.pool import ProcessPool

    return ProcessPool(task, jobs)


def _inputs(inputs: Iterable[Input | str | os.PathLike[str]]) -> Iterator[Input]:
    """Return inputs as they are, and paths expanded."""
    given = iter(inputs)
    first = next(given, None)
    if first is None:
        return iter(())
    same = _all_of(Input if isinstance(first, Input) else (str, os.PathLike), chain([first], given))
    return same if isinstance(first, Input) else gather(same)


def _all_of(kind: Any, given: Iterator[Any]) -> Iterator[Any]:
    for item in given:
        if not isinstance(item, kind):
            raise ParameterError("give either inputs or paths, not both: find_inputs() makes inputs of paths")
        yield item


def _check_output(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        if outcome.output_problem:
            raise OutputError(f"{outcome.output_problem} (results so far are kept: resolve this, then run again)")
