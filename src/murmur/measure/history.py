"""All that is measured of heart cycles, and how it grows as they come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.measure.cycles import CycleLevels
from murmur.measure.listening import CycleScores
from murmur.measure.sounds import CycleSounds
from murmur.segmentation.reading import Cycles
from murmur.signal.columns import ColumnBuffer, Columns

__all__ = ["CycleHistory", "MeasuredCycles", "Spiked"]


@dataclass(frozen=True, slots=True, eq=False)
class Spiked(Columns):
    """Share of each cycle's samples in friction spikes.

    Attributes
    ----------
    share : ndarray, shape (cycles,)
    """

    share: NDArray[np.float64]

    @classmethod
    def none(cls) -> Spiked:
        """No cycles."""
        return cls(np.empty(0))


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredCycles:
    """Heart cycles and all that is measured of them, a row for each in every part.

    Attributes
    ----------
    cycles : Cycles
        Where they are, and what speaks for them.
    levels : CycleLevels
        Their levels by band.
    sounds : CycleSounds
        Their short sounds: S2's components, S3, S4, clicks.
    scores : CycleScores
        What the murmur network says of them.
    spiked : Spiked
        How much of them is friction.
    """

    cycles: Cycles
    levels: CycleLevels
    sounds: CycleSounds
    scores: CycleScores
    spiked: Spiked

    def __len__(self) -> int:
        return len(self.cycles)

    def parts(self) -> tuple[Cycles, CycleLevels, CycleSounds, CycleScores, Spiked]:
        """Each of them."""
        return self.cycles, self.levels, self.sounds, self.scores, self.spiked


class CycleHistory:
    """Measured cycles that grow at the end and are forgotten at the front."""

    def __init__(self) -> None:
        kinds = (Cycles, CycleLevels, CycleSounds, CycleScores, Spiked)
        self._parts: list[ColumnBuffer] = [ColumnBuffer(kind) for kind in kinds]  # type: ignore[type-arg]

    def append(self, measured: MeasuredCycles) -> None:
        """Add cycles, which are the history's from now on."""
        for growing, part in zip(self._parts, measured.parts(), strict=True):
            growing.append(part)

    def whole(self) -> MeasuredCycles:
        """All that are held: views, good until more are added or forgotten."""
        return MeasuredCycles(*(growing.whole() for growing in self._parts))

    def forget_before(self, time_s: float) -> None:
        """Forget the cycles that end before."""
        count = int(np.searchsorted(self.whole().cycles.bounds_s[:, 4], time_s))
        for growing in self._parts:
            growing.drop(count)
