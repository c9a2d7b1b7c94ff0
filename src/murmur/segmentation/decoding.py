"""The most likely sequence of heart sounds: an explicit-duration hidden semi-Markov model, decoded exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.kernels import semi_markov
from murmur.learned.network import FRAMES_PER_STEP
from murmur.segmentation.durations import CYCLE_S, DurationTables

__all__ = ["NO_SPANS", "Decoder", "Spans"]

N_STATES = 4
#: All in steps of `FRAMES_PER_STEP` frames: what the decoder can look back on; how long it holds entries, longer than any
#: duration; how long paths may differ before the likelier is taken; how often they are asked where they agree.
RING, ENTRIES, LONGEST_BACKLOG, COMMIT_EVERY = 2048, 128, 1024, 32
#: A frame's posteriors count as this share of an independent frame's: neighbours hear much the same sound. At their full
#: weight a knock that is taken for a sound outvotes the rhythm.
POSTERIOR_WEIGHT = np.float32(0.35)


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Decoded states: each begins at its `start` frame and ends where the next begins.

    `state` is 0 to 3 for S1, systole, S2 and diastole. `settled` is the frame at which each became certain.
    """

    start: NDArray[np.int64]
    state: NDArray[np.int64]
    settled: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.start.shape[0])

    def __getitem__(self, chosen: slice) -> Spans:
        return Spans(self.start[chosen], self.state[chosen], self.settled[chosen])

    @classmethod
    def joined(cls, parts: list[Spans]) -> Spans:
        """One after another; of no parts, none."""
        parts = [part for part in parts if len(part)] or [NO_SPANS]
        if len(parts) == 1:
            return parts[0]
        return cls(
            np.concatenate([part.start for part in parts]),
            np.concatenate([part.state for part in parts]),
            np.concatenate([part.settled for part in parts]),
        )


_NONE = np.empty(0, dtype=np.int64)
NO_SPANS = Spans(_NONE, _NONE, _NONE)


class Decoder:
    """Viterbi decoding with explicit durations and rate classes, in time linear in the frames.

    Durations follow Schmidt et al. (2010) and Springer et al. (2016), but the heart rate is a part of the state: eight
    classes decode side by side and a path may change class from beat to beat, so the rate comes out by likelihood and may
    change. `push` returns what every surviving path agrees on; the whole is the exact best path of the whole recording, on
    the network's steps of two frames: `murmur.segmentation.reading.refine_onsets` finds where in between a sound begins.
    """

    def __init__(self, tables: DurationTables) -> None:
        self._tables = tables
        classes = CYCLE_S.size
        self._initial = np.full((N_STATES, classes), -np.log(N_STATES * classes))
        self._where = np.zeros(2, dtype=np.int64)
        self._cumulated = np.zeros(N_STATES)
        self._entry = np.full((N_STATES, ENTRIES, classes), -np.inf)
        self._came_at = np.empty((RING, N_STATES, classes))  # neither is read before it is written
        self._came_class = np.empty((RING, classes))
        self._tail = np.full((2, classes), -np.inf)
        self._tail[1] = 0.0
        self._marks = np.zeros(RING, dtype=np.int64)
        self._waiting = np.empty((0, N_STATES), dtype=np.float32)
        self._taken = 0
        self._odd = -1
        self._told = 0

    def begin_at(self, frame: int) -> None:
        """Let a step begin at the first frame with a sound, before that comes, as the network does.

        Where it is an odd one, the step before it is of one frame and one without evidence.
        """
        self._odd = frame if frame % FRAMES_PER_STEP else -1

    def push(self, log_posteriors: NDArray[np.float32], last: bool = False) -> Spans:
        """Take log posteriors (frames, 4); return the spans that have become certain.

        After the last ones that is all that is left, the last span still under way where the recording ends.
        """
        place = self._odd - self._taken
        self._taken += log_posteriors.shape[0]
        if self._odd >= 0 and 0 <= place < log_posteriors.shape[0]:
            log_posteriors = np.insert(log_posteriors, place, 0.0, axis=0)
        rest = -(self._waiting.shape[0] + log_posteriors.shape[0]) % FRAMES_PER_STEP
        after = np.zeros((rest if last else 0, N_STATES), dtype=np.float32)
        frames = np.concatenate([self._waiting, log_posteriors, after])
        whole = frames.shape[0] - frames.shape[0] % FRAMES_PER_STEP
        self._waiting = frames[whole:]
        return self._advance(frames[:whole], last)

    def _advance(self, frames: NDArray[np.float32], last: bool) -> Spans:
        evidence = POSTERIOR_WEIGHT * (frames[::FRAMES_PER_STEP] + frames[1::FRAMES_PER_STEP])
        t, room = self._tables, evidence.shape[0] + RING
        start, state, settled = (np.empty(room, dtype=np.int64) for _ in range(3))
        count = semi_markov.advance(
            evidence, last, t.log_duration, t.first, t.last, t.log_survival, t.log_residual, self._initial, t.log_tail,
            t.transition, t.longest, LONGEST_BACKLOG, COMMIT_EVERY, self._where, self._cumulated, self._entry, self._came_at,
            self._came_class, self._tail, self._marks, start, state, settled,
        )  # fmt: skip
        return Spans(self._frames(start[:count]), state[:count], self._frames(settled[:count]))

    def likeliest(self, lag: int) -> NDArray[np.int64]:
        """State of each frame from the last that was asked for up to `lag` frames before the newest.

        On the path that is the likeliest so far: it need not become certain (fixed-lag smoothing).
        """
        since, until = self._told, max(int(self._where[semi_markov.NOW]) - lag // FRAMES_PER_STEP, self._told)
        self._told = until
        states = np.empty(until - since, dtype=np.int64)
        if states.size:
            t = self._tables
            semi_markov.likeliest(
                t.log_survival, t.first, t.longest, self._initial, self._where, self._cumulated, self._entry, self._came_at,
                self._came_class, self._tail, since, states,
            )  # fmt: skip
        return np.repeat(states, np.diff(self._frames(np.arange(since, until + 1))))

    def _frames(self, steps: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where steps begin; past an odd beginning all are one frame earlier."""
        frames = FRAMES_PER_STEP * steps
        return frames - (frames > self._odd) if self._odd >= 0 else frames
