"""From decoded spans to complete cardiac cycles, and the evidence for each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.kernels.onsets import cycle_evidence
from murmur.segmentation.decoding import Spans
from murmur.segmentation.durations import DurationModel
from murmur.segmentation.result import State
from murmur.signal.columns import Columns

#: The evidence for a cycle, in the order of the columns of `Cycles.evidence`: mean log posterior of its states; its margin
#: over S1 and S2 swapped; mean posterior of its weaker sound; largest posterior of a sound well inside systole or diastole;
#: departure of systole from its expected length, in standard deviations; systole's share of the cycle; the rate, as log2 of
#: the cycle in seconds.
EVIDENCE = (
    "log_posterior", "margin", "weaker_sound", "stray_sound", "systole_departure", "systole_share", "log2_cycle",
)  # fmt: skip
EVIDENCE_ROW = np.dtype([(name, np.float64) for name in EVIDENCE])


@dataclass(frozen=True, slots=True, eq=False)
class Cycles(Columns):
    """Complete cardiac cycles, as columns.

    Attributes
    ----------
    bounds_s : ndarray, shape (cycles, 5)
        Onsets of S1, systole, S2, diastole and of the next S1.
    evidence : ndarray, shape (cycles, len(EVIDENCE))
        The evidence for each.
    """

    bounds_s: NDArray[np.float64]
    evidence: NDArray[np.float64]

    @classmethod
    def none(cls) -> Cycles:
        """No cycles."""
        return cls(np.empty((0, 5)), np.empty((0, len(EVIDENCE))))


def read_cycles(
    spans: Spans,
    onsets_s: NDArray[np.float64],
    log_posteriors: NDArray[np.float32],
    first_frame: int,
    durations: DurationModel,
    longest_s: float,
) -> Cycles:
    """Read the complete cycles out of consecutive spans: S1, systole, S2, diastole and the start of the next S1.

    Parameters
    ----------
    spans : Spans
    onsets_s : ndarray, shape (spans,)
    log_posteriors : ndarray of float32, shape (frames, 4)
        The first frame is frame `first_frame` of the recording.
    first_frame : int
    durations : DurationModel
        Gives the expected systole at each rate.
    longest_s : float
        Cycles from this length on are left out.
    """
    first = np.flatnonzero(spans.state[:-4] == State.S1)
    first = first[onsets_s[first + 4] - onsets_s[first] < longest_s]
    index = first[:, None] + np.arange(5)
    bounds_s = onsets_s[index]
    evidence = np.empty(first.size, dtype=EVIDENCE_ROW)
    cycle_evidence(log_posteriors, first_frame, spans.start[index], evidence)
    cycle_s = bounds_s[:, 4] - bounds_s[:, 0]
    systole_s = bounds_s[:, 2] - bounds_s[:, 0]
    expected_s, deviation_s = durations.systole_s(cycle_s)
    evidence["systole_departure"] = np.abs(systole_s - expected_s) / deviation_s
    evidence["systole_share"] = systole_s / cycle_s
    evidence["log2_cycle"] = np.log2(cycle_s)
    return Cycles(bounds_s, evidence.view(np.float64).reshape(first.size, len(EVIDENCE)))
