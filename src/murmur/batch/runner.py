"""Analyze many recordings, in worker processes, into the tables of an output folder."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from murmur.batch.inputs import Input, find_inputs
from murmur.batch.tables import (
    CYCLE_COLUMNS,
    PATIENT_COLUMNS,
    RECORDING_COLUMNS,
    TableWriter,
    patient_row,
    patients_of,
    recording_columns,
)
from murmur.batch.worker import (
    Outcome,
    Task,
    examine,
    examine_chunk,
    failure,
    load_models,
    ready,
    start_worker,
)
from murmur.errors import MurmurError, OutputError, ParameterError
from murmur.settings import Settings
from murmur.version import __version__

__all__ = ["Progress", "Summary", "package_versions", "run", "usable_cores"]

#: Starting a worker takes as long as analyzing about this many files of usual length.
FILES_PER_START = 32
#: Files sent to a worker at once, so that sending them costs little.
LARGEST_CHUNK = 16
#: Chunks that may be done before an earlier one is: bounds what is held in memory, and seldom keeps a worker waiting.
CHUNKS_AHEAD = 64
#: The same where whole analyses are handed back, which are larger.
CHUNKS_AHEAD_KEPT = 8


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come."""

    done: int
    total: int
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
    patients : int
        Rows of ``patients.csv``.
    seconds : float
        Wall time.
    stopped : bool
        Whether Ctrl-C ended it.
    out : str or None
        Where the tables are.
    """

    total: int
    ok: int
    unreadable: int
    failed: int
    patients: int
    seconds: float
    stopped: bool
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
    inputs: Iterable[Input | str | os.PathLike[str]],
    out: str | os.PathLike[str] | None = None,
    *,
    jobs: int | None = None,
    settings: Settings | None = None,
    models_dir: str | os.PathLike[str] | None = None,
    channel: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    on_result: Callable[[Outcome], None] | None = None,
    keep: bool = False,
    command: Sequence[str] = (),
) -> Summary:
    """Analyze recordings and write their tables; results do not depend on `jobs`.

    A file that can't be analyzed, whatever the reason, costs a row with status "failed"; so does one that takes its
    worker process down. Ctrl-C ends the run after the files in hand, with the tables of what is done; a second one ends
    it at once.

    Parameters
    ----------
    inputs : iterable of Input, str or os.PathLike
        As `find_inputs` gives them; paths, folders and globs are expanded by it.
    out : str or os.PathLike, optional
        A folder for ``recordings.csv``, ``cycles.csv``, ``patients.csv`` where patients are named, ``segments/`` and
        ``run.json``. Made where there is none; tables already there are replaced when the run ends.
    jobs : int, optional
        Worker processes; with 1, or one input, all is done in this process. As many as there are cores by default, and
        fewer for few files. Scripts that call this must be importable (``if __name__ == "__main__":``).
    settings : Settings, optional
    models_dir : str or os.PathLike, optional
        A folder with other models than those that ship.
    channel : int, optional
        Which channel to take of every file.
    progress : callable, optional
        Called with a `Progress` after each file.
    on_result : callable, optional
        Called with each `Outcome`, in the order of the inputs.
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
        If `out` can't be written.
    ParameterError, MissingFileError
        If `jobs` is below 1, or there are no such models.
    """
    started, clock = datetime.now(UTC), time.monotonic()
    items = _inputs(inputs)
    if jobs is not None and jobs < 1:
        raise ParameterError(f"jobs must be 1 or more, not {jobs!r}")
    jobs = min(jobs or min(usable_cores(), 1 + len(items) // FILES_PER_START), max(len(items), 1))
    settings = settings or Settings()
    folder = None if models_dir is None else os.fspath(models_dir)
    if folder is not None:
        load_models(folder)  # before any work: models that can't be read are a usage error
    output = None if out is None else _Output(Path(out), items)
    task = Task(
        settings=settings,
        models_dir=folder,
        channel=channel,
        segments_dir=None if output is None else str(output.folder / "segments"),
        keep=keep,
        tables=output is not None,
    )
    counts = {"ok": 0, "unreadable": 0, "failed": 0}
    with contextlib.ExitStack() as stack:
        if output is not None:
            stack.callback(output.discard)
        stop = stack.enter_context(_Stop())
        outcomes = _in_process(items, task, stop) if jobs == 1 else _in_workers(items, task, jobs, stop)
        stack.callback(outcomes.close)
        for outcome in outcomes:
            if outcome.output_problem:
                raise OutputError(outcome.output_problem)
            counts[str(outcome.row["status"])] += 1
            if output is not None:
                output.add(outcome)
            if on_result is not None:
                on_result(outcome)
            if progress is not None:
                done = sum(counts.values())
                progress(Progress(done, len(items), counts["unreadable"], counts["failed"]))
        patients = 0 if output is None else output.finish(settings, folder)
        summary = Summary(
            total=len(items),
            **counts,
            patients=patients,
            seconds=time.monotonic() - clock,
            stopped=stop.asked and sum(counts.values()) < len(items),
            out=None if output is None else str(output.folder),
        )
        if output is not None:
            output.describe(_description(summary, settings, folder, jobs, started, command))
    return summary


def _inputs(inputs: Iterable[Input | str | os.PathLike[str]]) -> list[Input]:
    given = list(inputs)
    if all(isinstance(item, Input) for item in given):
        return [item for item in given if isinstance(item, Input)]
    paths = [item for item in given if not isinstance(item, Input)]
    if len(paths) < len(given):
        raise ParameterError("give either inputs or paths, not both: find_inputs() makes inputs of paths")
    return find_inputs(paths)


# --- in this process --------------------------------------------------------------------


def _in_process(items: Sequence[Input], task: Task, stop: _Stop) -> Generator[Outcome, None, None]:
    models = load_models(task.models_dir)
    for item in items:
        if stop.asked:
            return
        yield examine(item, task, models)


# --- in workers -------------------------------------------------------------------------


def _in_workers(items: Sequence[Input], task: Task, jobs: int, stop: _Stop) -> Generator[Outcome, None, None]:
    """Yield the outcomes in the order of the inputs; when stopped, those there are."""
    size = max(1, min(LARGEST_CHUNK, len(items) // (4 * jobs)))
    chunks = [items[i : i + size] for i in range(0, len(items), size)]
    ahead = jobs * (CHUNKS_AHEAD_KEPT if task.keep else CHUNKS_AHEAD)
    done: dict[int, list[Outcome]] = {}
    running: dict[Future[list[Outcome]], int] = {}
    following, handed_out = 0, 0
    with _Pool(jobs, task, stop) as pool:
        while True:
            lost: list[int] = []
            while (
                not stop.asked
                and following < len(chunks)
                and len(running) < 2 * jobs
                and following < handed_out + ahead
            ):
                running[pool.submit(chunks[following])] = following
                following += 1
            if not running:
                break
            if stop.asked:
                for future in running:
                    future.cancel()
            finished, _ = wait(running, timeout=0.25, return_when=FIRST_COMPLETED)
            if any(isinstance(f.exception(), BrokenProcessPool) for f in finished if not f.cancelled()):
                finished, _ = wait(running)  # all that was under way ends with the pool
            for future in finished:
                number = running.pop(future)
                try:
                    done[number] = future.result()
                except CancelledError:
                    continue
                except Exception:  # the worker died, or what it made can't be sent
                    lost.append(number)
            if lost:
                pool.restart()
            for number in sorted(lost):
                done[number] = [pool.one(item) for item in chunks[number] if not stop.asked]
            while handed_out in done:
                yield from done.pop(handed_out)
                handed_out += 1
        for number in sorted(done):
            yield from done[number]


class _Pool:
    """Worker processes that are replaced when one of them dies.

    Spawned, not forked: nothing of the parent's threads and locks goes along, and all platforms behave alike.
    """

    def __init__(self, jobs: int, task: Task, stop: _Stop) -> None:
        self._jobs, self._task, self._stop = jobs, task, stop
        self._executor = self._start()

    def _start(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._jobs, mp_context=get_context("spawn"), initializer=start_worker, initargs=(self._task,)
        )

    def submit(self, chunk: Sequence[Input]) -> Future[list[Outcome]]:
        with _signals_held():
            try:
                return self._executor.submit(examine_chunk, chunk)
            except BrokenProcessPool as error:  # it broke since we last looked
                lost: Future[list[Outcome]] = Future()
                lost.set_exception(error)
                return lost

    def restart(self) -> None:
        """Replace the processes, and make sure that they can start at all."""
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._executor = self._start()
        with _signals_held():
            started = self._executor.submit(ready)
        try:
            started.result()
        except BrokenProcessPool as error:
            raise MurmurError(
                "the worker processes die as they start: a script that calls murmur.batch.run needs "
                'if __name__ == "__main__":, or there is too little memory; jobs=1 needs no workers'
            ) from error

    def one(self, item: Input) -> Outcome:
        """Analyze one file alone in the pool, so that it is known which one takes a worker down."""
        try:
            return self.submit([item]).result()[0]
        except BrokenProcessPool:
            self.restart()
            died = "the worker process died of it: a crash in a library, or too little memory"
            return failure(item, died, self._task)
        except Exception as error:  # its outcome can't be sent
            return failure(item, f"unexpected {type(error).__name__}: {error}", self._task)

    def __enter__(self) -> _Pool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:  # nobody waits for what is under way
            for process in list((getattr(self._executor, "_processes", None) or {}).values()):
                process.kill()
        self._executor.shutdown(wait=True, cancel_futures=True)


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """Hold Ctrl-C back while workers start: they inherit that, and the terminal sends it to them as well."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Stop:
    """Whether Ctrl-C was pressed: the first asks to end in order, the second ends at once."""

    def __init__(self) -> None:
        self.asked = False
        self._before: Any = None
        self._set = False

    def __enter__(self) -> _Stop:
        # a host program's own handler stays, and other threads than the main one can't have any
        if (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        ):
            self._before = signal.signal(signal.SIGINT, self._ask)
            self._set = True
        return self

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._set:
            signal.signal(signal.SIGINT, self._before)


# --- the output folder ------------------------------------------------------------------


class _Output:
    """The tables of a run, written as results come and put in place at its end."""

    def __init__(self, folder: Path, items: Sequence[Input]) -> None:
        self.folder = folder
        try:
            (folder / "segments").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{folder}: can't be written: {error.strerror or error}") from error
        extra = dict.fromkeys(name for item in items for name, _ in item.extra)
        self._extra = recording_columns(extra)
        self._recordings = TableWriter(folder / "recordings.csv", (*RECORDING_COLUMNS, *self._extra.values()))
        try:
            self._cycles = TableWriter(folder / "cycles.csv", CYCLE_COLUMNS)
        except OutputError:
            self._recordings.discard()
            raise

    def add(self, outcome: Outcome) -> None:
        extra = {self._extra[name]: cell for name, cell in outcome.input.extra}
        self._recordings.write({**outcome.row, **extra})
        self._cycles.write_text(outcome.cycles)

    def finish(self, settings: Settings, models_dir: str | None) -> int:
        """Put the tables in place; return the number of patients."""
        patients = patients_of(self._recordings.rows(), settings, load_models(models_dir))
        count = self._write_patients(map(patient_row, patients))
        self._cycles.commit()
        self._recordings.commit()
        return count

    def _write_patients(self, rows: Iterable[dict[str, Any]]) -> int:
        place, table, count = self.folder / "patients.csv", None, 0
        try:
            for row in rows:
                table = table or TableWriter(place, PATIENT_COLUMNS)
                table.write(row)
                count += 1
            if table is None:
                place.unlink(missing_ok=True)  # an earlier run's
            else:
                table.commit()
        except OSError as error:
            raise error if isinstance(error, OutputError) else OutputError(f"{place}: {error}") from error
        finally:
            if table is not None:
                table.discard()
        return count

    def describe(self, description: dict[str, Any]) -> None:
        place = self.folder / "run.json"
        temporary = place.with_name(f".{place.name}.{uuid.uuid4().hex}.tmp")
        try:
            temporary.write_text(
                json.dumps(description, indent=2, ensure_ascii=False) + "\n", "utf-8", "backslashreplace"
            )
            temporary.replace(place)
        except OSError as error:
            raise OutputError(f"{place}: writing failed: {error.strerror or error}") from error
        finally:
            temporary.unlink(missing_ok=True)

    def discard(self) -> None:
        """Leave no temporary file behind."""
        self._recordings.discard()
        self._cycles.discard()


def _description(
    summary: Summary,
    settings: Settings,
    models_dir: str | None,
    jobs: int,
    started: datetime,
    command: Sequence[str],
) -> dict[str, Any]:
    """Say what is needed to tell how the tables came about."""
    return {
        "version": __version__,
        "settings": asdict(settings),
        "settings_fingerprint": settings.fingerprint(),
        "models": _model_hashes(models_dir),
        "inputs": summary.total,
        "counts": {"ok": summary.ok, "unreadable": summary.unreadable, "failed": summary.failed},
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


def _model_hashes(folder: str | None) -> dict[str, str]:
    import hashlib

    import murmur.models

    home = Path(folder) if folder is not None else Path(murmur.models.__file__).parent
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(home.glob("*.npz"))}


def package_versions() -> dict[str, str]:
    """Give the versions of what murmur rests on, as far as it is installed."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in ("numpy", "scipy", "numba", "soundfile", "librosa"):
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
