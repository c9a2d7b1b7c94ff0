"""Onsets between frames, and the evidence for decoded cycles, from the posteriors."""

from __future__ import annotations

import numpy as np

from murmur.kernels import kernel
from murmur.kernels.exponential import exponential

#: A crossing may lie this many frames from the decoded boundary, which takes the durations into account, too.
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
    """Where the posterior of each state crosses that of the state before it, nearest to the decoded boundary.

    The decoded boundary lies between two frames. Without a crossing within `REACH` frames on either side, or where it is
    `forgotten`, the onset is the middle of the two. A span that begins the recording begins at 0; none begins before the one
    before it.

    Parameters
    ----------
    log_posteriors : float32, shape (frames, 4)
        The first frame is frame `first_frame` of the recording.
    first_frame : int
    start, state : int64, shape (spans,)
        First frame and CirCor's code of each span.
    forgotten : bool, shape (spans,)
    previous : float
        Onset of the span before the first, in frames.
    out : float64, shape (spans,), output
        Onsets, in frames.
    """
    for i in range(start.shape[0]):
        if start[i] == 0:
            out[i] = previous = 0.0
            continue
        this, before = state[i] - 1, (state[i] + 2) % 4
        onset = middle = start[i] - 0.5
        best = np.inf
        for left in range(start[i] - 1 - REACH, start[i] + REACH):
            k = left - first_frame
            if forgotten[i] or k < 0 or k + 1 >= log_posteriors.shape[0]:
                continue
            margin = log_posteriors[k, this] - log_posteriors[k, before]
            following = log_posteriors[k + 1, this] - log_posteriors[k + 1, before]
            if margin < 0.0 <= following:
                crossing = left + margin / (margin - following)
                if abs(crossing - middle) < best and crossing >= previous + 0.5:
                    best = abs(crossing - middle)
                    onset = crossing
        out[i] = previous = max(onset, previous + 0.5)


@kernel()
def cycle_evidence(log_posteriors: np.ndarray, first_frame: int, starts: np.ndarray, out: np.ndarray) -> None:
    """Evidence of the posteriors for each cycle.

    Parameters
    ----------
    log_posteriors : float32, shape (frames, 4)
        The first frame is frame `first_frame` of the recording.
    first_frame : int
    starts : int64, shape (cycles, 5)
        First frames of S1, systole, S2, diastole and the next S1.
    out : shape (cycles,), output
        Of `murmur.segmentation.cycles.EVIDENCE_ROW`: the fields log_posterior, margin, weaker_sound and stray_sound.
    """
    for i in range(starts.shape[0]):
        along, margin, weaker, stray = 0.0, 0.0, 1.0, 0.0
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
                    stray = max(stray, np.float64(posterior[k, 0]) + np.float64(posterior[k, 2]))
        evidence, frames = out[i], starts[i, 4] - starts[i, 0]
        evidence["log_posterior"], evidence["margin"] = along / frames, margin / frames
        evidence["weaker_sound"], evidence["stray_sound"] = weaker, stray
