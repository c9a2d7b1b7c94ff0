"""The signal second by second: how loud, how sure, how much of it is friction or silence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.kernels.seconds import sum_up
from murmur.settings import HOP
from murmur.signal.columns import Columns

__all__ = ["Seconds", "measure_seconds"]


@dataclass(frozen=True, slots=True, eq=False)
class Seconds(Columns):
    """One row for each second.

    Attributes
    ----------
    level_db : ndarray
        Mean level of the second's frames, dB of full scale; −inf where all are silent.
    certainty : ndarray
        Mean posterior of the likeliest state.
    limited : ndarray
        Share of samples in friction spikes.
    silent : ndarray
        Share of frames without any signal.
    """

    level_db: NDArray[np.float64]
    certainty: NDArray[np.float64]
    limited: NDArray[np.float64]
    silent: NDArray[np.float64]

    @classmethod
    def none(cls) -> Seconds:
        """No seconds."""
        return cls(*np.empty((4, 0)))


def measure_seconds(
    power: NDArray[np.float32], log_posteriors: NDArray[np.float32], limited: NDArray[np.uint8], length: int
) -> Seconds:
    """Sum up stretches of `length` frames: as many as whole ones fit into `power` and `log_posteriors`.

    `limited` are the marks of their samples; the last may be missing.
    """
    out = np.empty((4, power.shape[0] // length))
    sum_up(power, log_posteriors, limited, length, HOP, out)
    return Seconds(*out)
