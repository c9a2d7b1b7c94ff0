"""WFDB annotations (PhysioNet): one at the start of each state, and one at the end of the last.

Each annotation names its state in ``aux_note``: S1, systole, S2, diastole, unlabelled, and ``end``. Systole and diastole
have symbols, ``*`` and ``D``. S1 is written as a beat, ``N``, as PhysioNet's detectors write every beat, so that tools such
as ``ann2rr`` work. All others are notes (``"``; at sample 0 ``=``, as readers would take a note there for a definition). The
file states its own time resolution.

References
----------
https://physionet.org/physiotools/wag/annot-5.htm
"""

from __future__ import annotations

import os
import re
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np

from murmur.errors import AudioFormatError, ParameterError
from murmur.formats.labels import NAMES, Intervals, contiguous, state_of
from murmur.io.access import check_size, decoding, require
from murmur.io.writing import write_whole
from murmur.segmentation.result import Interval, State

DEFAULT_RATE_HZ = 10_000.0
"""Time resolution if no sample rate is given."""
_END = "end"
_SYMBOLS = {NAMES[State.S1]: "N", NAMES[State.SYSTOLE]: "*", NAMES[State.DIASTOLE]: "D"}
_RESOLUTION = re.compile(r"## time resolution: \d+\.?\d*")
_DEFINED = ["## annotation type definitions", "## end of definitions"]


def write_annotations(path: str | os.PathLike[str], intervals: Intervals, sample_rate_hz: float | None = None) -> None:
    """Write states as WFDB annotations, such as ``a0001.atr``.

    Parameters
    ----------
    path : str or os.PathLike
        The annotator's name is its suffix.
    intervals : iterable of (float, float, int)
        Start and end in seconds, and the state.
    sample_rate_hz : float, optional
        Sample rate of the recording, to which times are rounded; 10 kHz by default.

    Raises
    ------
    ParameterError
        If there is no interval, one is malformed, two overlap by more than 20 ms, or wfdb is not installed.
    OutputError
        If the file can't be written.
    """
    label = os.fspath(path)
    wfdb = require("wfdb", label, "writing WFDB annotations")
    rate = DEFAULT_RATE_HZ if sample_rate_hz is None else float(sample_rate_hz)
    if not 1.0 <= rate <= 1e6:
        raise ParameterError(f"{label}: the sample rate must be 1 Hz to 1 MHz, not {sample_rate_hz!r}")
    placed = contiguous(intervals, "wfdb", label)
    samples = np.round(np.array([interval.start_s for interval in placed] + [placed[-1].end_s]) * rate).astype(np.int64)
    kept = np.append(np.diff(samples) > 0, True)  # states shorter than a sample are left out
    names = np.array([NAMES[interval.state] for interval in placed] + [_END])[kept].tolist()
    samples = samples[kept]
    symbols = [_SYMBOLS.get(name, '"' if at else "=") for at, name in zip(samples, names, strict=True)]

    def write(target: Path) -> None:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".annotations") as folder:
            wfdb.wrann("states", "atr", samples, symbol=symbols, aux_note=names, fs=rate, write_dir=folder)
            (Path(folder) / "states.atr").replace(target)

    try:
        write_whole(Path(path), write)
    except ValueError as error:
        raise ParameterError(f"{label}: wfdb can't write it: {error}") from error


def read_annotations(path: str | os.PathLike[str]) -> list[Interval]:
    """Read what `write_annotations` writes; annotations that name no state are skipped.

    Raises
    ------
    MissingFileError
        If there is no readable file.
    AudioFormatError
        If it is damaged, names no states, or neither it nor a header in its folder states the time resolution.
    ParameterError
        If wfdb is not installed.
    """
    label = os.fspath(path)
    check_size(label, 2**27, "annotations")
    wfdb = require("wfdb", label, "reading WFDB annotations")
    stem, suffix = os.path.splitext(label)  # noqa: PTH122  (spelled as it was given)
    with decoding(label, "not WFDB annotations that can be read"):
        _check_definitions(stem, suffix[1:])
        read = wfdb.rdann(stem, suffix[1:])
        marks = [(int(at), note.rstrip("\0")) for at, note in zip(read.sample, read.aux_note, strict=True)]
        rate = float(read.fs or 0)
    states = [(sample, state_of(note), note == _END) for sample, note in marks if note]
    states = [mark for mark in states if mark[1] is not None or mark[2]]
    if not states:
        raise AudioFormatError(f"{label}: no annotation names a heart sound (S1, systole, S2, diastole) in its note")
    if not rate > 0:
        raise AudioFormatError(f"{label}: no time resolution, neither in the file nor in a header (.hea) in its folder")
    if any(after[0] < before[0] for before, after in pairwise(states)) or states[0][0] < 0:
        raise AudioFormatError(f"{label}: damaged: its annotations are not in chronological order")
    return [
        Interval(start / rate, end / rate, state) for (start, state, _), (end, _, _) in pairwise(states) if state is not None
    ]


def _check_definitions(stem: str, annotator: str) -> None:
    """Raise ValueError on definitions whose end wfdb would search forever (up to release 4.3 at least)."""
    from wfdb.io.annotation import load_byte_pairs, proc_ann_bytes

    *_, notes = proc_ann_bytes(load_byte_pairs(stem, annotator, None), None)
    definitions = [note for note in notes if note and note.startswith("## ")]
    others = [note for note in definitions if not _RESOLUTION.match(note)]
    if len(definitions) - len(others) > 1 or others not in ([], _DEFINED):
        raise ValueError(f"an unknown definition, {(others or definitions)[0]!r}")
