"""What is done with one file, in this process or in a worker: analyze it, write its segments, make its rows."""

from __future__ import annotations

import contextlib
import errno
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from murmur.batch.inputs import Input
from murmur.batch.segments import pack, put
from murmur.errors import MurmurError
from murmur.settings import Settings
from murmur.tables.column import Row
from murmur.tables.cycles import CycleRow, cycle_rows
from murmur.tables.recordings import Failure, recording_row

if TYPE_CHECKING:
    from murmur.pipeline.analysis import Analysis
    from murmur.pipeline.models import Models

#: Errors that every further file would meet as well: the disk is full, or may not be written.
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
        Whether `Outcome.result` is needed.
    tables : bool
        Whether rows of cycles and packed segments are needed.
    timeout_s : float
        A file that takes longer fails.
    memory_mb : int or None
        How much more memory a worker process may take than it needs to start; None for no limit.
    """

    settings: Settings
    models_dir: str | None = None
    channel: int | None = None
    segments_dir: str | None = None
    keep: bool = False
    tables: bool = False
    timeout_s: float = math.inf
    memory_mb: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one input.

    Attributes
    ----------
    input : Input
    row : Row
        Its row of the table of recordings.
    cycles : list of CycleRow
        Its rows of the table of cycles, in the order of `murmur.tables.cycles.CYCLE_FIGURES`.
    segments : bytes or None
        Its segments, packed (`murmur.batch.segments`); None where nothing could be decoded.
    result : Analysis or Failure or None
        The whole result, if requested.
    output_problem : str
        Why nothing more can be written to the output; usually empty.
    """

    input: Input
    row: Row
    cycles: Sequence[CycleRow] = ()
    segments: bytes | None = None
    result: Analysis | Failure | None = None
    output_problem: str = ""


def examine(item: Input, task: Task, models: Models) -> Outcome:
    """Analyze one file; whatever goes wrong, only this file fails."""
    if item.problem:
        return failure(item, item.problem, task)
    from murmur.pipeline.analysis import analyze

    try:
        analysis = analyze(item.info, channel=task.channel, settings=task.settings, models=models)
        row = recording_row(analysis)
        cycles = cycle_rows(analysis) if task.tables else []
        segments = pack(analysis.segmentation.intervals) if task.tables and analysis.segmentation.intervals else None
    except Exception as error:
        return failure(item, _reason(error).removeprefix(f"{item.info.path}: "), task)
    return with_segments(Outcome(item, row, cycles, segments, analysis if task.keep else None), task)


def failure(item: Input, error: str, task: Task) -> Outcome:
    """Return the outcome of a file that could not be analyzed."""
    failed = Failure(item.info, "failed", " ".join(error.split()))
    with contextlib.suppress(OSError):
        _put_segments(item, None, task)
    return Outcome(item, recording_row(failed), result=failed if task.keep else None)


def with_segments(outcome: Outcome, task: Task) -> Outcome:
    """Write the segments of an outcome; return it, or one that says why they can't be written."""
    item = outcome.input
    try:
        _put_segments(item, outcome.segments, task)
    except OSError as error:
        problem = f"its segments can't be written: {error.strerror or error}"
        if error.errno in _HOPELESS:
            return replace(outcome, output_problem=f"{item.relative}: {problem}")
        return failure(item, problem, task)
    return outcome


def _reason(error: Exception) -> str:
    """Return why a file failed, in words."""
    if isinstance(error, MurmurError):
        return str(error)
    if isinstance(error, MemoryError):
        return "not enough memory to analyze it (--memory)"
    if isinstance(error, OSError):
        return f"reading failed: {error.strerror or error}"
    return f"unexpected {type(error).__name__}: {error}"  # a bug of murmur or of a library: the run goes on


def _put_segments(item: Input, segments: bytes | None, task: Task) -> None:
    """Write the segments of an input; without any, remove those of an earlier run, which would pass for its own."""
    if task.segments_dir is None or not item.relative:
        return
    if segments is None:
        Path(task.segments_dir, *item.relative.split("/")).unlink(missing_ok=True)
    else:
        put(task.segments_dir, item.relative, segments)
