"""The signal second by second: its level, how certain its states are, how much of it is friction or silence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.kernels.seconds import summarize_seconds
from murmur.settings import HOP
from murmur.signal.columns import Columns


@dataclass(frozen=True, slots=True, eq=False)
class Seconds(Columns):
    """One row for each second.

    Attributes
    ----------
    level_db : ndarray
        Mean level of the second's frames, dB of full scale; −inf where all are silent.
    certainty : ndarray
        Mean posterior of the likeliest state.
    spike_share : ndarray
        Share of samples in friction spikes.
    silent : ndarray
        Share of frames without any signal.
    """

    level_db: NDArray[np.float64]
    certainty: NDArray[np.float64]
    spike_share: NDArray[np.float64]
    silent: NDArray[np.float64]

    @classmethod
    def none(cls) -> Seconds:
        """No seconds."""
        return cls(*np.empty((4, 0)))


def measure_seconds(
    power: NDArray[np.float32], log_posteriors: NDArray[np.float32], limited: NDArray[np.uint8], length: int
) -> Seconds:
    """Summarize intervals of `length` frames: as many whole ones as fit into `power` and `log_posteriors`.

    `limited` is 1 for samples in friction spikes; the last samples may be missing.
    """
    out = np.empty((4, power.shape[0] // length))
    summarize_seconds(power, log_posteriors, limited, length, HOP, out)
    return Seconds(*out)
