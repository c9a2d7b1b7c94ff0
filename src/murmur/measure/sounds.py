"""Short sounds of every cardiac cycle: S2's components, S3, S4 and clicks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.kernels.events import SOUNDS, cycle_events
from murmur.signal.columns import Columns
from murmur.signal.envelopes import ENVELOPE_RATE_HZ

Column = NDArray[np.float64]
N_COLUMNS = SOUNDS.itemsize // 8


@dataclass(frozen=True, slots=True, eq=False)
class CycleSounds(Columns):
    """Columns of `cycles` rows; NaN where the sound has no peak in that cycle.

    Attributes
    ----------
    s2_split_s, s2_dip_db : ndarray
        Interval between the centres of S2's two components (110 Hz envelope) and the depth of the dip between their peaks.
    s3_level_db, s3_prominence_db, s3_lag_s : ndarray
        Highest peak of the 32 Hz envelope after S2: level against S1's, prominence, time after S2's onset.
    s4_level_db, s4_prominence_db, s4_lead_s : ndarray
        The same before the next S1's onset.
    click_level_db, click_prominence_db, click_place : ndarray
        Highest peak of the 320 Hz envelope in systole: level against S2's, above systole's median, place as a share
        of systole.
    systole_level_db : ndarray
        Median of systole in that band against S2.
    """

    s2_split_s: Column
    s2_dip_db: Column
    s3_level_db: Column
    s3_prominence_db: Column
    s3_lag_s: Column
    s4_level_db: Column
    s4_prominence_db: Column
    s4_lead_s: Column
    click_level_db: Column
    click_prominence_db: Column
    click_place: Column
    systole_level_db: Column

    @classmethod
    def none(cls) -> CycleSounds:
        """No cycles."""
        return cls(*np.empty((N_COLUMNS, 0)))


def measure_sounds(envelope: NDArray[np.float32], first_frame: int, bounds_s: Column) -> CycleSounds:
    """Measure cycles with onsets `bounds_s` (s), shape (cycles, 5); `envelope[0]` is frame `first_frame`."""
    low, middle, high = np.ascontiguousarray(envelope.T)
    found = np.empty(bounds_s.shape[0], dtype=SOUNDS)
    cycle_events(low, middle, high, first_frame, bounds_s * ENVELOPE_RATE_HZ, float(ENVELOPE_RATE_HZ), found)
    return CycleSounds(*np.ascontiguousarray(found.view(np.float64).reshape(-1, N_COLUMNS).T))
