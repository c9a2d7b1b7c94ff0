"""What is done with one file, in this process or in a worker's: analyze it, write its segments, make its rows."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from murmur.batch.inputs import Input
from murmur.batch.tables import CYCLE_COLUMNS, Failure, Row, cycle_rows, recording_row, table_text
from murmur.errors import MurmurError
from murmur.settings import Settings

if TYPE_CHECKING:
    from murmur.analysis import Analysis
    from murmur.models import Models

__all__ = ["Outcome", "Task", "examine", "examine_chunk", "failure", "load_models", "ready", "start_worker"]

#: The output as a whole can't be written, whatever the file: the disk is full, or not ours.
_HOPELESS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM)


@dataclass(frozen=True, slots=True)
class Task:
    """What is the same for all files of a run.

    Attributes
    ----------
    settings : Settings
    models_dir : str or None
        None for the shipped models.
    channel : int or None
    segments_dir : str or None
        Where segments are written; None for nowhere.
    keep : bool
        Whether `Outcome.result` is wanted.
    tables : bool
        Whether rows of cycles are wanted.
    """

    settings: Settings
    models_dir: str | None = None
    channel: int | None = None
    segments_dir: str | None = None
    keep: bool = False
    tables: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one input.

    Attributes
    ----------
    input : Input
    row : Row
        Its row of ``recordings.csv``.
    cycles : str
        Its rows of ``cycles.csv``, as text.
    result : Analysis or Failure or None
        All of it, where that was asked for.
    output_problem : str
        Why the output can't be written at all; empty as a rule.
    """

    input: Input
    row: Row
    cycles: str = ""
    result: Analysis | Failure | None = None
    output_problem: str = ""


def load_models(folder: str | None) -> Models:
    """Load the models of a folder, or the shipped ones.

    Raises
    ------
    MissingFileError
        If there are none.
    ParameterError
        If they are none of this version's.
    """
    from murmur.models import Models, shipped_models

    if folder is None:
        return shipped_models()
    return Models.load(folder)


def examine(item: Input, task: Task, models: Models) -> Outcome:
    """Analyze one file; whatever goes wrong costs only this file."""
    if item.problem:
        return failure(item, item.problem, task)
    from murmur.analysis import analyze

    try:
        analysis = analyze(
            item.path,
            channel=task.channel,
            patient=item.patient,
            site=item.site,
            position=item.position,
            visit=item.visit,
            settings=task.settings,
            models=models,
        )
        row, cycles = recording_row(analysis), ""
        if task.tables:
            cycles = table_text(CYCLE_COLUMNS, cycle_rows(analysis))
    except MurmurError as error:
        return failure(item, str(error).removeprefix(f"{item.path}: "), task)
    except MemoryError:
        return failure(item, "there is not enough memory to analyze it", task)
    except OSError as error:
        return failure(item, f"reading failed: {error.strerror or error}", task)
    except Exception as error:  # a bug of ours or of a library's: named, and the run goes on
        return failure(item, f"unexpected {type(error).__name__}: {error}", task)
    try:
        _write_segments(item, analysis, task)
    except OSError as error:
        problem = f"its segments can't be written: {error.strerror or error}"
        if error.errno in _HOPELESS:
            return Outcome(item, row, output_problem=f"{item.relative}: {problem}")
        return failure(item, problem, task)
    return Outcome(item, row, cycles, analysis if task.keep else None)


def failure(item: Input, error: str, task: Task) -> Outcome:
    """Give the outcome of a file that could not be analyzed."""
    failed = Failure(item.path, item.patient, item.site, item.position, item.visit, "failed", " ".join(error.split()))
    if task.segments_dir is not None and item.relative:  # those of an earlier run would pass for this one's
        with contextlib.suppress(OSError):
            _place(item, task.segments_dir).unlink(missing_ok=True)
    return Outcome(item, recording_row(failed), "", failed if task.keep else None)


def _write_segments(item: Input, analysis: Analysis, task: Task) -> None:
    if task.segments_dir is None or not item.relative:
        return
    from murmur.formats.circor import write_segments

    place = _place(item, task.segments_dir)
    if not analysis.segmentation.intervals:
        place.unlink(missing_ok=True)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    write_segments(place, analysis.segmentation.intervals)


def _place(item: Input, segments_dir: str) -> Path:
    return Path(segments_dir, *item.relative.split("/"))


# --- a worker process -------------------------------------------------------------------


@dataclass(slots=True)
class _Worker:
    """What a worker process holds: made once, when it starts."""

    task: Task
    models: Models


_worker: _Worker | None = None


def start_worker(task: Task) -> None:
    """Make this process a worker: warm kernels, models in memory, gone when its parent is."""
    global _worker  # noqa: PLW0603  (a process pool has no other place for what lasts between calls)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    _follow_parent()
    # one file per core: a BLAS with threads of its own would only be in the way
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    _worker = _Worker(task, load_models(task.models_dir))
    _warm_up()


def _warm_up() -> None:
    from murmur.warmup import warm_up

    warm_up()


def _follow_parent() -> None:
    """End with the parent, even if that was killed: nobody would ever read what is still made here."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True, name="murmur-follow-parent").start()


def ready() -> bool:
    """Answer, once the worker has started."""
    return _worker is not None


def examine_chunk(items: Sequence[Input]) -> list[Outcome]:
    """Analyze some files in a worker."""
    assert _worker is not None
    return [examine(item, _worker.task, _worker.models) for item in items]
