"""What segmentation gives: states, intervals and beats."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from murmur.records import Record


class State(IntEnum):
    """The states of the heart cycle, numbered as in CirCor's label files."""

    UNLABELLED = 0
    S1 = 1
    SYSTOLE = 2
    S2 = 3
    DIASTOLE = 4


class Interval(NamedTuple):
    """One state from `start_s` to `end_s`."""

    start_s: float
    end_s: float
    state: State


@dataclass(frozen=True, slots=True, eq=False)
class CardiacCycles(Record):
    """The complete heart cycles, as columns of equal length.

    Attributes
    ----------
    s1_onset_s, systole_onset_s, s2_onset_s, diastole_onset_s, end_s : ndarray, shape (cycles,)
        Where each state of the cycle begins, and where the next S1 begins.
    confidence : ndarray, shape (cycles,)
        Probability that the cycle's S1 and S2 are where they are said to be.
    """

    s1_onset_s: NDArray[np.float64]
    systole_onset_s: NDArray[np.float64]
    s2_onset_s: NDArray[np.float64]
    diastole_onset_s: NDArray[np.float64]
    end_s: NDArray[np.float64]
    confidence: NDArray[np.float64]

    def __len__(self) -> int:
        return int(self.s1_onset_s.shape[0])


@dataclass(frozen=True, slots=True, eq=False)
class Segmentation(Record):
    """The four states over the whole recording, edges included, and its complete cycles."""

    intervals: list[Interval]
    cycles: CardiacCycles
