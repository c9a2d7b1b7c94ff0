"""What signs are concluded from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.measure.heart_sounds import HeartSounds
from murmur.measure.murmur import MurmurFeatures
from murmur.measure.rhythm import Rhythm

__all__ = ["Features"]


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Everything that was measured of a recording's trusted cycles.

    Attributes
    ----------
    murmur : MurmurFeatures
        The sound of systole and diastole.
    heart_sounds : HeartSounds
        S1, S2 and the sounds beside them.
    rhythm : Rhythm
        Rate and intervals.
    murmur_vector : ndarray, shape (len(murmur.measure.murmur.VECTOR_NAMES),)
        What the trees of the murmur model take.
    network_log_odds : ndarray, shape (2,)
        The murmur network's log odds of present and of unknown, each against absent.
    """

    murmur: MurmurFeatures
    heart_sounds: HeartSounds
    rhythm: Rhythm
    murmur_vector: NDArray[np.float64]
    network_log_odds: NDArray[np.float64]
