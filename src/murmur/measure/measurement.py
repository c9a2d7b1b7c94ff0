"""What the engine returns: a recording's complete cardiac cycles and what is measured of them, its states, its seconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.measure.cycles import CycleLevels
from murmur.measure.murmur_network import CycleScores
from murmur.measure.seconds import Seconds
from murmur.measure.sounds import CycleSounds
from murmur.segmentation.cycles import Cycles
from murmur.signal.columns import ColumnBuffer, Columns


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    cycles: Cycles
    levels: CycleLevels
    sounds: CycleSounds
    scores: CycleScores
    spike_share: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredCycles(_Measured, Columns):
    """Cardiac cycles and all that is measured of them, one row for each.

    Attributes
    ----------
    cycles : Cycles
        Where they are, and the evidence for them.
    levels : CycleLevels
        Their levels by band.
    sounds : CycleSounds
        Their short sounds: S2's components, S3, S4, clicks.
    scores : CycleScores
        The murmur network's scores.
    spike_share : ndarray, shape (cycles,)
        Share of each cycle's samples in friction spikes.
    """

    @classmethod
    def none(cls) -> MeasuredCycles:
        """No cycles."""
        return cls(Cycles.none(), CycleLevels.none(), CycleSounds.none(), CycleScores.none(), np.empty(0))


class CycleBuffer(ColumnBuffer[MeasuredCycles]):
    """Measured cycles, appended as they come and dropped once they are forgotten."""

    def __init__(self) -> None:
        super().__init__(MeasuredCycles)

    def drop_before(self, time_s: float) -> None:
        """Drop the cycles that end before a time."""
        self.drop(int(np.searchsorted(self.whole().cycles.bounds_s[:, 4], time_s)))


@dataclass(frozen=True, slots=True, eq=False)
class Measurement(_Measured):
    """All that the engine found in a recording, before anything is concluded from it.

    Attributes
    ----------
    cycles, levels, sounds, scores, spike_share
        Of its complete cycles: see `MeasuredCycles`.
    start_s, duration_s : float
        Where the part that is held of the input begins, 0 but for a stream that forgets, and the input's length.
    states : ndarray, shape (spans,)
        CirCor's codes: 1 S1, 2 systole, 3 S2, 4 diastole.
    onsets_s : ndarray, shape (spans,)
        Where each span begins; it ends where the next begins.
    seconds : Seconds
        The signal second by second.
    clipped_fraction : float
        Share of the input in flat tops.
    """

    start_s: float
    duration_s: float
    states: NDArray[np.int64]
    onsets_s: NDArray[np.float64]
    seconds: Seconds
    clipped_fraction: float
