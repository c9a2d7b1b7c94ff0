"""Frames on a fixed grid, as samples come in blocks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from murmur.signal.conditioning import Samples


class Ready(NamedTuple):
    """Frames that can be computed: `frames` of them, the first centred at ``samples[first_centre]``."""

    samples: Samples
    first_centre: int
    frames: int


class Framer:
    """Frames on the absolute grid: frame k is centred at sample k·hop and reaches `half` samples to either side.

    Silence surrounds the recording; its frames are those whose centre lies in it.
    """

    def __init__(self, half: int, hop: int) -> None:
        self._half = half
        self._hop = hop
        self._samples = np.zeros(half, dtype=np.float32)
        self._first = -half
        self._frames = 0
        self._taken = 0

    def push(self, samples: Samples, last: bool = False) -> Ready:
        """Take the next samples; return the frames that are complete, after the last samples all that are left."""
        self._taken += samples.shape[0]
        needed = max(self._frames * self._hop - self._half - self._first, 0)
        silence = np.zeros(self._half + 1 if last else 0, dtype=np.float32)
        self._samples = np.concatenate([self._samples[needed:], samples, silence])
        self._first += needed
        complete = self._taken - 1 - self._half
        until = -(-self._taken // self._hop) if last else complete // self._hop + 1
        count = max(until - self._frames, 0)
        ready = Ready(self._samples, self._frames * self._hop - self._first, count)
        self._frames += count
        return ready
