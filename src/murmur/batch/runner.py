"""Analyze many recordings, in worker processes, into the tables of an output folder."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
import uuid
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from murmur.batch.inputs import Input, find_inputs
from murmur.batch.stop import Stop
from murmur.batch.tables import (
    CYCLE_COLUMNS,
    PATIENT_COLUMNS,
    RECORDING_COLUMNS,
    TableWriter,
    patient_row,
    patients_of,
    recording_columns,
)
from murmur.batch.worker import Outcome, Task, examine, load_models
from murmur.errors import OutputError, ParameterError
from murmur.settings import Settings
from murmur.version import __version__

__all__ = ["Progress", "Summary", "package_versions", "run", "usable_cores"]

#: Starting a worker takes as long as analyzing about this many files of usual length.
FILES_PER_START = 32


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
        stop = stack.enter_context(Stop())
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


def _in_process(items: Sequence[Input], task: Task, stop: Stop) -> Generator[Outcome, None, None]:
    models = load_models(task.models_dir)
    for item in items:
        if stop.asked:
            return
        yield examine(item, task, models)


def _in_workers(items: Sequence[Input], task: Task, jobs: int, stop: Stop) -> Generator[Outcome, None, None]:
    from murmur.batch.pool import in_workers  # which one file has no use for

    yield from in_workers(items, task, jobs, stop)


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
            temporary.write_text(json.dumps(description, indent=2, ensure_ascii=False) + "\n", "utf-8", "backslashreplace")
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
