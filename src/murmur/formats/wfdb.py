"""WFDB annotations (PhysioNet): one for each state, at its beginning, and one at the end of the last.

Each annotation names its state in ``aux_note``: S1, systole, S2, diastole, unlabelled, and ``end``. Systole and diastole
have symbols of their own, ``*`` and ``D``. Heart sounds have none: S1 is a beat, ``N``, as PhysioNet's detectors write it
for every beat of whatever kind, so that ``ann2rr`` and its like tell the rhythm; the rest are notes (``"``), at sample 0,
where readers take a note for a definition, ``=``. The file states its own time resolution.

References
----------
https://physionet.org/physiotools/wag/annot-5.htm
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from murmur.errors import AudioFormatError, MissingFileError, OutputError, ParameterError
from murmur.formats.labels import NAMES, laid_out, state_of
from murmur.io.writing import write_whole
from murmur.segmentation.result import Interval, State

__all__ = ["DEFAULT_RATE_HZ", "read_annotations", "write_annotations"]

DEFAULT_RATE_HZ = 10_000.0
"""Time resolution where no recording states one."""
_END = "end"
_SYMBOLS = {NAMES[State.S1]: "N", NAMES[State.SYSTOLE]: "*", NAMES[State.DIASTOLE]: "D"}
_NOTE, _NOTE_AT_ZERO = '"', "="
_LONGEST_BYTES = 2**27
_RESOLUTION = re.compile(r"## time resolution: \d+\.?\d*")
_DEFINED = ["## annotation type definitions", "## end of definitions"]


def write_annotations(
    path: str | os.PathLike[str], intervals: Iterable[tuple[float, float, int]], sample_rate_hz: float | None = None
) -> None:
    """Write states as WFDB annotations, such as ``a0001.atr``.

    Parameters
    ----------
    path : str or os.PathLike
        The annotator's name is its suffix.
    intervals : iterable of (float, float, int)
        Start and end in seconds, and the state.
    sample_rate_hz : float, optional
        Rate of the recording, to whose samples times are rounded; 10 kHz without one.

    Raises
    ------
    ParameterError
        If there is no interval, one has no such state or times, two overlap by more than 20 ms, or without wfdb.
    OutputError
        If the file can't be written.
    """
    wfdb = _library(os.fspath(path), "writing")
    rate = DEFAULT_RATE_HZ if sample_rate_hz is None else float(sample_rate_hz)
    if not 1.0 <= rate <= 1e6:
        raise ParameterError(f"{os.fspath(path)}: the sample rate must be 1 Hz to 1 MHz, not {sample_rate_hz!r}")
    placed = laid_out(intervals, "wfdb")
    if not placed:
        raise ParameterError(f"{os.fspath(path)}: there is no interval to write")
    times_s = [interval.start_s for interval in placed] + [placed[-1].end_s]
    samples = np.round(np.array(times_s) * rate).astype(np.int64)
    notes = [NAMES[interval.state] for interval in placed] + [_END]
    kept = np.append(np.diff(samples) > 0, True)  # a state shorter than a sample is none
    marks = [(at, note) for at, note, keep in zip(samples.tolist(), notes, kept, strict=True) if keep]

    def write(place: Path) -> None:
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".annotations") as folder:
            wfdb.wrann(
                "states",
                "atr",
                samples[kept],
                symbol=[_SYMBOLS.get(note, _NOTE if at else _NOTE_AT_ZERO) for at, note in marks],
                aux_note=[note for _, note in marks],
                fs=rate,
                write_dir=folder,
            )
            (Path(folder) / "states.atr").replace(place)

    try:
        write_whole(Path(path), write)
    except OutputError:
        raise
    except ValueError as error:
        raise ParameterError(f"{os.fspath(path)}: wfdb can't write it: {error}") from error


def read_annotations(path: str | os.PathLike[str]) -> list[Interval]:
    """Read what `write_annotations` writes; annotations that name no state are passed over.

    Raises
    ------
    MissingFileError
        If there is no readable file.
    AudioFormatError
        If it is damaged, names no states, or neither it nor a header beside it states its time resolution.
    ParameterError
        Without wfdb.
    """
    label = os.fspath(path)
    try:
        if Path(path).stat().st_size > _LONGEST_BYTES:
            raise AudioFormatError(f"{label}: longer than {_LONGEST_BYTES} bytes: no annotations of one recording")
    except OSError as error:
        raise MissingFileError(f"{label}: can't be read: {error.strerror or error}") from error
    wfdb = _library(label, "reading")
    stem, suffix = os.path.splitext(label)  # noqa: PTH122  (spelled as it was given)
    try:
        _check_definitions(stem, suffix[1:])
        read = wfdb.rdann(stem, suffix[1:])
        marks = [(int(at), note.rstrip("\0")) for at, note in zip(read.sample, read.aux_note, strict=True)]
        rate = float(read.fs or 0)
    except Exception as error:  # the library tells what is damaged by many kinds
        raise AudioFormatError(
            f"{label}: not WFDB annotations that can be read ({error or type(error).__name__})"
        ) from error
    states = [(sample, state_of(note), note == _END) for sample, note in marks if note]
    states = [mark for mark in states if mark[1] is not None or mark[2]]
    if not states:
        raise AudioFormatError(f"{label}: no annotation names a heart sound (S1, systole, S2, diastole) in its note")
    if not rate > 0:
        raise AudioFormatError(f"{label}: it states no time resolution, and there is no header (.hea) beside it that does")
    if any(after[0] < before[0] for before, after in pairwise(states)) or states[0][0] < 0:
        raise AudioFormatError(f"{label}: damaged: its annotations are not in the order of time")
    return [
        Interval(start / rate, end / rate, state) for (start, state, _), (end, _, _) in pairwise(states) if state is not None
    ]


def _check_definitions(stem: str, annotator: str) -> None:
    """Raise ValueError where wfdb would look for ever for the end of a definition (its releases up to 4.3 at least)."""
    from wfdb.io.annotation import load_byte_pairs, proc_ann_bytes

    *_, notes = proc_ann_bytes(load_byte_pairs(stem, annotator, None), None)
    definitions = [note for note in notes if note and note.startswith("## ")]
    others = [note for note in definitions if not _RESOLUTION.match(note)]
    if len(definitions) - len(others) > 1 or others not in ([], _DEFINED):
        raise ValueError(f"an unknown definition, {(others or definitions)[0]!r}")


def _library(label: str, doing: str) -> Any:
    try:
        import wfdb
    except ImportError as error:
        raise ParameterError(f"{label}: {doing} WFDB annotations needs wfdb: pip install 'murmur-pcg[formats]'") from error
    return wfdb
