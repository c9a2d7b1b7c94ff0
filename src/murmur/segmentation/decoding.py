"""The most likely sequence of heart sounds: an explicit-duration hidden semi-Markov model, decoded exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur.kernels import semi_markov
from murmur.kernels.semi_markov import DurationTables
from murmur.learned.network import FRAMES_PER_STEP
from murmur.segmentation.emissions import N_STATES
from murmur.signal.columns import Columns

#: All in steps of `FRAMES_PER_STEP` frames: the decoder's memory; how long it holds entries, longer than any duration; how
#: long paths may differ before the likelier is taken; how often it looks for where they agree.
RING, ENTRIES, LONGEST_BACKLOG, COMMIT_EVERY = 2048, 128, 1024, 32
#: A frame's posteriors count as this share of an independent frame's: neighbouring frames hold much the same sound. At their
#: full weight a knock taken for a heart sound outvotes the rhythm.
POSTERIOR_WEIGHT = np.float32(0.35)


@dataclass(frozen=True, slots=True, eq=False)
class Spans(Columns):
    """Decoded states: each begins at its `start` frame and ends where the next begins.

    `state` is CirCor's code: 1 S1, 2 systole, 3 S2, 4 diastole. `settled` is the frame at which each became certain.
    """

    start: NDArray[np.int64]
    state: NDArray[np.int64]
    settled: NDArray[np.int64]

    @classmethod
    def none(cls) -> Spans:
        """No spans."""
        return cls(*np.empty((3, 0), dtype=np.int64))


class Decoder:
    """Viterbi decoding with explicit durations and rate classes, in time linear in the frames.

    Durations follow Schmidt et al. (2010, doi:10.1088/0967-3334/31/4/004) and Springer et al. (2016,
    doi:10.1109/TBME.2015.2475278), but the heart rate is a part of the state: eight classes decode side by side and a path
    may change class from cycle to cycle, so the rate comes out by likelihood and may change. `push` returns what every
    surviving path agrees on. The result is the exact best path of the whole recording, on the network's steps of two frames;
    `murmur.segmentation.onsets.refine_onsets` finds where in between a sound begins.
    """

    def __init__(self, tables: DurationTables) -> None:
        self._tables = tables
        self._lattice = semi_markov.empty_lattice(tables.log_a.shape[0], ENTRIES, RING)
        self._waiting = np.empty((0, N_STATES), dtype=np.float32)
        self._taken = 0
        self._odd = -1
        self._read = 0

    def begin_at(self, frame: int) -> None:
        """Let a step begin at the first frame with a sound, before that frame comes, as the network does.

        Where the frame is odd, the step before it is of one frame and one without evidence.
        """
        self._odd = frame if frame % FRAMES_PER_STEP else -1

    def push(self, log_posteriors: NDArray[np.float32], last: bool = False) -> Spans:
        """Take log posteriors (frames, 4); return the spans that have become certain.

        After the last frames those are all that are left, the last span still under way where the recording ends.
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
        emissions = POSTERIOR_WEIGHT * (frames[:whole:FRAMES_PER_STEP] + frames[1:whole:FRAMES_PER_STEP])
        found = np.empty((3, emissions.shape[0] + RING), dtype=np.int64)
        count = semi_markov.advance(
            emissions, last, self._tables, self._lattice, LONGEST_BACKLOG, COMMIT_EVERY, found
        )  # fmt: skip
        start, state, settled = found[:, :count]
        return Spans(self._frames(start), state, self._frames(settled))

    def likeliest(self, lag: int) -> NDArray[np.int64]:
        """State of each frame from the last one returned before up to `lag` frames before the newest.

        They lie on the path that is the likeliest so far, which need not become certain (fixed-lag smoothing).
        """
        now = int(self._lattice.clock["now"][0])
        since, until = self._read, max(now - lag // FRAMES_PER_STEP, self._read)
        self._read = until
        states = np.empty(until - since, dtype=np.int64)
        if states.size:
            semi_markov.likeliest(self._tables, self._lattice, since, states)
        return np.repeat(states, np.diff(self._frames(np.arange(since, until + 1))))

    def _frames(self, steps: NDArray[np.int64]) -> NDArray[np.int64]:
        """First frames of steps; past an odd beginning all are one frame earlier."""
        frames = FRAMES_PER_STEP * steps
        return frames - (frames > self._odd) if self._odd >= 0 else frames
