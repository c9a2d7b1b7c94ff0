"""From decoded spans to heart cycles: onsets finer than the frame grid, and the evidence for each cycle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.kernels.reading import crossings, cycle_evidence
from murmur.segmentation.decoding import Spans
from murmur.segmentation.durations import DurationModel
from murmur.settings import FRAME_RATE_HZ
from murmur.signal.columns import Columns

__all__ = ["EVIDENCE", "KEPT_FRAMES", "Cycles", "read_cycles", "refine_onsets"]

#: What speaks for a cycle, in the order of the columns of `Cycles.evidence`.
EVIDENCE = (
    "mean log posterior of its states",
    "margin over S1 and S2 swapped",
    "mean posterior of its weaker sound",
    "largest posterior of a sound inside systole or diastole",
    "departure of systole from its usual length, in standard deviations",
    "systole's share of the cycle",
    "rate, as log2 of the cycle in seconds",
)

#: Frames of posteriors, before the newest, that a stream must keep for `refine_onsets`.
KEPT_FRAMES = 3000


@dataclass(frozen=True, slots=True, eq=False)
class Cycles(Columns):
    """Complete heart cycles, as columns.

    Attributes
    ----------
    bounds_s : ndarray, shape (cycles, 5)
        Onsets of S1, systole, S2, diastole and of the next S1.
    evidence : ndarray, shape (cycles, len(EVIDENCE))
        What speaks for each.
    """

    bounds_s: NDArray[np.float64]
    evidence: NDArray[np.float64]

    @classmethod
    def none(cls) -> Cycles:
        """No cycles."""
        return cls(np.empty((0, 5)), np.empty((0, len(EVIDENCE))))


def refine_onsets(
    spans: Spans, log_posteriors: NDArray[np.float32], first_frame: int, previous_s: float
) -> NDArray[np.float64]:
    """Onset of each span in seconds, between frames where the posteriors cross; `log_posteriors[0]` is `first_frame`.

    `previous_s` is the onset of the span before. In training a state begins at the frame nearest to its label, so the
    posteriors cross half a frame before it: that is made good here. The onset of a span that took longer than `KEPT_FRAMES`
    to become certain stays on the grid, held posteriors or not: the size of the blocks must not count.
    """
    onsets = np.empty(spans.start.shape[0])
    forgotten = spans.settled - spans.start > KEPT_FRAMES
    crossings(log_posteriors, first_frame, spans.start, spans.state, forgotten, previous_s * FRAME_RATE_HZ - 0.5, onsets)
    return np.where(spans.start > 0, onsets + 0.5, 0.0) / FRAME_RATE_HZ


def read_cycles(
    spans: Spans,
    onsets_s: NDArray[np.float64],
    log_posteriors: NDArray[np.float32],
    first_frame: int,
    durations: DurationModel,
    longest_s: float,
) -> Cycles:
    """Read the complete cycles out of consecutive spans: S1, systole, S2, diastole and the start of the next S1."""
    first = np.flatnonzero(spans.state[:-4] == 0)
    first = first[onsets_s[first + 4] - onsets_s[first] < longest_s]
    index = first[:, None] + np.arange(5)
    bounds_s, starts = onsets_s[index], spans.start[index]
    evidence = np.empty((first.size, len(EVIDENCE)))
    heard = np.empty((first.size, 4))
    cycle_evidence(log_posteriors, first_frame, starts, heard)
    cycle_s = bounds_s[:, 4] - bounds_s[:, 0]
    systole_s = bounds_s[:, 2] - bounds_s[:, 0]
    usual_s, deviation_s = durations.systole_s(cycle_s)
    evidence[:, :4] = heard
    evidence[:, 4] = np.abs(systole_s - usual_s) / deviation_s
    evidence[:, 5] = systole_s / cycle_s
    evidence[:, 6] = np.log2(cycle_s)
    return Cycles(bounds_s, evidence)
