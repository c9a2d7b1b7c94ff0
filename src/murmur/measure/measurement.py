"""What the engine hands on: a recording's complete heart cycles, its states, and its seconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.measure.history import MeasuredCycles
from murmur.measure.seconds import Seconds

__all__ = ["Measurement"]


@dataclass(frozen=True, slots=True, eq=False)
class Measurement(MeasuredCycles):
    """All that the engine found in a recording, before anything is concluded from it: its complete heart cycles, and more.

    Attributes
    ----------
    start_s, duration_s : float
        Where what is held of the input begins, 0 but for a stream that forgets, and the input's length.
    states : ndarray, shape (spans,)
        0 to 3 for S1, systole, S2, diastole.
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
