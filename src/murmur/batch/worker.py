"""What is done with one file, in this process or in a worker's: analyze it, write its segments, make its rows."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from murmur.batch.inputs import Input
from murmur.batch.segments import pack, put
from murmur.errors import MurmurError
from murmur.settings import Settings
from murmur.tables.rows import CycleRow, Failure, Row, cycle_rows, recording_row

if TYPE_CHECKING:
    from murmur.pipeline.analysis import Analysis
    from murmur.pipeline.models import Models

__all__ = ["Outcome", "Task", "examine", "failure", "load_models"]

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
        Whether rows of cycles and packed segments are wanted.
    memory_mb : int or None
        How much more memory a worker process may take than it needs to start; None for as much as there is.
    """

    settings: Settings
    models_dir: str | None = None
    channel: int | None = None
    segments_dir: str | None = None
    keep: bool = False
    tables: bool = False
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
        Its rows of the table of cycles, in the order of `murmur.tables.rows.CYCLE_FIGURES`.
    segments : bytes or None
        Its segments, packed (`murmur.batch.segments`); None where nothing could be decoded.
    result : Analysis or Failure or None
        All of it, where that was asked for.
    output_problem : str
        Why the output can't be written at all; empty as a rule.
    """

    input: Input
    row: Row
    cycles: Sequence[CycleRow] = ()
    segments: bytes | None = None
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
    from murmur.pipeline.models import Models, shipped_models

    if folder is None:
        return shipped_models()
    return Models.load(folder)


def examine(item: Input, task: Task, models: Models) -> Outcome:
    """Analyze one file; whatever goes wrong costs only this file."""
    if item.problem:
        return failure(item, item.problem, task)
    from murmur.pipeline.analysis import analyze

    try:
        analysis = analyze(
            item.info,
            channel=task.channel,
            settings=task.settings,
            models=models,
        )
        row = recording_row(analysis)
        cycles = cycle_rows(analysis) if task.tables else []
        segments = pack(analysis.segmentation.intervals) if task.tables and analysis.segmentation.intervals else None
    except MurmurError as error:
        return failure(item, str(error).removeprefix(f"{item.info.path}: "), task)
    except MemoryError:
        return failure(item, "there is not enough memory to analyze it (--memory)", task)
    except OSError as error:
        return failure(item, f"reading failed: {error.strerror or error}", task)
    except Exception as error:  # a bug of ours or of a library's: named, and the run goes on
        return failure(item, f"unexpected {type(error).__name__}: {error}", task)
    try:
        _put_segments(item, segments, task)
    except OSError as error:
        problem = f"its segments can't be written: {error.strerror or error}"
        if error.errno in _HOPELESS:
            return Outcome(item, row, output_problem=f"{item.relative}: {problem}")
        return failure(item, problem, task)
    return Outcome(item, row, cycles, segments, analysis if task.keep else None)


def failure(item: Input, error: str, task: Task) -> Outcome:
    """Give the outcome of a file that could not be analyzed."""
    failed = Failure(item.info, "failed", " ".join(error.split()))
    with contextlib.suppress(OSError):  # those of an earlier run would pass for this one's
        _put_segments(item, None, task)
    return Outcome(item, recording_row(failed), result=failed if task.keep else None)


def _put_segments(item: Input, segments: bytes | None, task: Task) -> None:
    if task.segments_dir is None or not item.relative:
        return
    if segments is None:
        Path(task.segments_dir, *item.relative.split("/")).unlink(missing_ok=True)
    else:
        put(task.segments_dir, item.relative, segments)
