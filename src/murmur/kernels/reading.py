"""Boundaries between frames, and the evidence for decoded heart cycles, from the posteriors."""

from __future__ import annotations

import numpy as np

from murmur.kernels import kernel
from murmur.kernels.exponential import exponential

#: A crossing may lie this many frames from the decoded boundary, which heeds the durations too.
REACH = 3


@kernel()
def crossings(
    log_posteriors: np.ndarray,
    first_frame: int,
    start: np.ndarray,
    state: np.ndarray,
    forgotten: np.ndarray,
    previous: float,
    out: np.ndarray,
) -> None:
    """Where the posteriors of each state and the one before cross, in frames, nearest to the decoded boundary.

    The decoded boundary lies between two frames. Without a crossing within `REACH` frames on either side, or where it is
    `forgotten`, it is the middle of the two. A span that begins the recording begins at 0; none begins before the one before
    it, the first not before `previous`.
    """
    for i in range(start.shape[0]):
        if start[i] == 0:
            out[i] = 0.0
            previous = 0.0
            continue
        middle = start[i] - 0.5
        place = middle
        best = np.inf
        for left in range(start[i] - 1 - REACH, start[i] + REACH):
            k = left - first_frame
            if forgotten[i] or k < 0 or k + 1 >= log_posteriors.shape[0]:
                continue
            before = log_posteriors[k, state[i]] - log_posteriors[k, (state[i] + 3) % 4]
            after = log_posteriors[k + 1, state[i]] - log_posteriors[k + 1, (state[i] + 3) % 4]
            if before < 0.0 <= after:
                crossing = left + before / (before - after)
                if abs(crossing - middle) < best and crossing >= previous + 0.5:
                    best = abs(crossing - middle)
                    place = crossing
        out[i] = max(place, previous + 0.5)
        previous = out[i]


@kernel()
def cycle_evidence(log_posteriors: np.ndarray, first_frame: int, starts: np.ndarray, out: np.ndarray) -> None:
    """Four numbers for each cycle with boundaries `starts` (cycles, 5), in frames of the recording; `out` (cycles, 4).

    Mean log posterior along the path; its mean margin over the path with S1 and S2, systole and diastole swapped; mean
    posterior of the weaker of S1 and S2; largest posterior of a sound well inside systole or diastole.
    """
    for i in range(starts.shape[0]):
        along = 0.0
        margin = 0.0
        weaker = 1.0
        inside = 0.0
        cycle = log_posteriors[starts[i, 0] - first_frame : starts[i, 4] - first_frame]
        posterior = np.empty(cycle.shape, dtype=np.float32)
        exponential(cycle.reshape(-1), posterior.reshape(-1))
        for s in range(4):
            own = 0.0
            first, last = starts[i, s] - starts[i, 0], starts[i, s + 1] - starts[i, 0]
            for k in range(first, last):
                along += cycle[k, s]
                margin += cycle[k, s] - cycle[k, (s + 2) % 4]
                own += posterior[k, s]
            if s % 2 == 0:
                weaker = min(weaker, own / (last - first))
            else:
                for k in range(first + 4, last - 4):
                    inside = max(inside, np.float64(posterior[k, 0]) + np.float64(posterior[k, 2]))
        frames = starts[i, 4] - starts[i, 0]
        out[i, 0] = along / frames
        out[i, 1] = margin / frames
        out[i, 2] = weaker
        out[i, 3] = inside
