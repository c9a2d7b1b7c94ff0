"""The most likely sequence of heart sounds: an explicit-duration hidden semi-Markov model, decoded exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.kernels import semi_markov
from murmur.segmentation.durations import CYCLE_S, DurationTables

__all__ = ["Decoder", "Spans"]

N_STATES = 4
RING = 4096
RECENT = 256
LONGEST_BACKLOG = 2048
#: A frame's posteriors count as this share of an independent frame's: neighbours hear much the same sound. At their full
#: weight a knock that is taken for a sound outvotes the rhythm.
POSTERIOR_WEIGHT = np.float32(0.35)


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Decoded states: each begins at its `start` frame and ends where the next begins.

    `state` is 0 to 3 for S1, systole, S2 and diastole; `rate_class` indexes `CYCLE_S`: where
    paths of several classes agree on every boundary, it is the likeliest when they were settled. `settled` is the frame at
    which each became certain.
    """

    start: NDArray[np.int64]
    state: NDArray[np.int64]
    rate_class: NDArray[np.int64]
    settled: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.start.shape[0])

    def __getitem__(self, chosen: slice) -> Spans:
        return Spans(self.start[chosen], self.state[chosen], self.rate_class[chosen], self.settled[chosen])

    @classmethod
    def joined(cls, parts: list[Spans]) -> Spans:
        """One after another; of no parts, none."""
        none = np.empty(0, dtype=np.int64)
        return cls(
            np.concatenate([none, *(p.start for p in parts)]),
            np.concatenate([none, *(p.state for p in parts)]),
            np.concatenate([none, *(p.rate_class for p in parts)]),
            np.concatenate([none, *(p.settled for p in parts)]),
        )


class Decoder:
    """Viterbi decoding with explicit durations and rate classes, in time linear in the frames.

    Durations follow Schmidt et al. (2010) and Springer et al. (2016), but the heart rate is a part of the state: eight
    classes decode side by side and a path may change class from beat to beat, so the rate comes out by likelihood and may
    change. `push` returns what every surviving path agrees on; the whole is the exact best path of the whole recording.
    """

    def __init__(self, tables: DurationTables) -> None:
        self._tables = tables
        classes = CYCLE_S.size
        self._initial = np.full((N_STATES, classes), -np.log(N_STATES * classes))
        self._where = np.zeros(2, dtype=np.int64)
        self._cumulated = np.zeros(N_STATES)
        self._entry = np.full((RING, N_STATES, classes), -np.inf)
        self._recent = np.full((N_STATES, classes, 2 * RECENT), -np.inf)
        self._came_at = np.zeros((RING, N_STATES, classes), dtype=np.int64)
        self._came_class = np.zeros((RING, classes), dtype=np.int64)
        self._tail = np.full((2, classes), -np.inf)
        self._tail[1] = 0.0
        self._marks = np.zeros((RING, N_STATES, classes), dtype=np.uint8)

    def push(self, log_posteriors: NDArray[np.float32]) -> Spans:
        """Take log posteriors (frames, 4); return the spans that have become certain."""
        t, weighed = self._tables, POSTERIOR_WEIGHT * log_posteriors
        room = log_posteriors.shape[0] // 2 + LONGEST_BACKLOG
        start, state, rate_class, settled = (np.empty(room, dtype=np.int64) for _ in range(4))
        count = semi_markov.advance(
            weighed, t.log_duration, t.first, t.last, t.log_residual, self._initial, t.log_tail, t.transition,
            t.longest, LONGEST_BACKLOG, self._where, self._cumulated, self._entry, self._recent, self._came_at,
            self._came_class, self._tail, self._marks, start, state, rate_class, settled,
        )  # fmt: skip
        return Spans(start[:count], state[:count], rate_class[:count], settled[:count])

    def finish(self) -> Spans:
        """Return the rest; the last span is still under way where the recording ends."""
        t = self._tables
        start, state, rate_class, settled = (np.empty(RING, dtype=np.int64) for _ in range(4))
        count = semi_markov.finish(
            t.log_survival, t.longest, self._initial, self._where, self._cumulated, self._entry, self._came_at,
            self._came_class, self._tail, start, state, rate_class, settled,
        )  # fmt: skip
        return Spans(start[:count], state[:count], rate_class[:count], settled[:count])
