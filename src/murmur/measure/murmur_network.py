"""Scores of the murmur network, for every frame, cycle and recording."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from murmur.kernels.cycles import sum_scores
from murmur.learned.network import NetworkWeights, StreamingNetwork
from murmur.segmentation.emissions import CLIP, N_BANDS, N_STATES
from murmur.settings import FRAME_RATE_HZ
from murmur.signal.columns import Columns
from murmur.signal.stream_buffer import prepend

Frames = NDArray[np.float32]

CLASSES = ("present", "unknown", "absent")
#: Inputs of a frame: normalized bands and the posteriors of the four states.
INPUTS = N_BANDS + N_STATES
#: Outputs of a frame: a score for every class in each of the four states.
OUTPUTS = N_STATES * len(CLASSES)
SILENCE = (-CLIP,) * N_BANDS + (0.0,) * N_STATES


def load_murmur_network(path: str | Path) -> NetworkWeights:
    """Read a murmur network.

    Raises
    ------
    ValueError
        If it is another kind of network.
    """
    weights = NetworkWeights.load(path)
    weights.require(INPUTS, OUTPUTS)
    return weights


class MurmurNetwork:
    """The murmur network on a stream: scores of every frame, from its bands and its posteriors."""

    def __init__(self, weights: NetworkWeights) -> None:
        self._network = StreamingNetwork(weights, SILENCE)
        self._bands: Frames = np.empty((0, N_BANDS), dtype=np.float32)

    def begin_at(self, frame: int) -> None:
        """Let a step begin at the first frame with a sound, before that frame comes."""
        self._network.begin_at(frame)

    def push(self, rows: tuple[Frames, Frames], last: bool = False) -> Frames:
        """Take normalized bands, and log posteriors, which come later; return scores (frames, OUTPUTS), later still."""
        bands, log_posteriors = prepend(self._bands, rows[0]), rows[1]
        ready = log_posteriors.shape[0]
        self._bands = bands[ready:]
        frames = np.empty((ready, INPUTS), dtype=np.float32)
        frames[:, :N_BANDS] = bands[:ready]
        frames[:, N_BANDS:] = np.exp(log_posteriors)
        return self._network.push(frames, last)


@dataclass(frozen=True, slots=True, eq=False)
class CycleScores(Columns):
    """Sums of each cycle's scores, which can be added up over cycles.

    Attributes
    ----------
    weight : ndarray, shape (cycles, N_STATES)
        Sum of each state's posterior over the cycle's frames.
    score : ndarray, shape (cycles, N_STATES, len(CLASSES))
        Sum of the frames' scores, each weighted by its state's posterior.
    """

    weight: NDArray[np.float64]
    score: NDArray[np.float64]

    @classmethod
    def none(cls) -> CycleScores:
        """No cycles."""
        return cls(np.empty((0, N_STATES)), np.empty((0, N_STATES, len(CLASSES))))


def score_cycles(
    scores: NDArray[np.float32], log_posteriors: NDArray[np.float32], first_frame: int, bounds_s: NDArray[np.float64]
) -> CycleScores:
    """Add up the frames of each cycle with onsets `bounds_s` (s), shape (cycles, 5); row 0 is frame `first_frame`.

    `scores` has shape (frames, OUTPUTS) and `log_posteriors` (frames, N_STATES).
    """
    edges = np.rint(bounds_s.T[[0, 4]] * FRAME_RATE_HZ).astype(np.int64) - first_frame
    spans = np.minimum(np.maximum(edges, 0), scores.shape[0])
    cycles = bounds_s.shape[0]
    sums = CycleScores(np.empty((cycles, N_STATES)), np.empty((cycles, N_STATES, len(CLASSES))))
    sum_scores(scores, log_posteriors, spans, sums.weight, sums.score)
    return sums


def murmur_log_odds(cycles: CycleScores, trusted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Log odds of present and of unknown against absent, shape (2,), from the trusted cycles together."""
    weight = cycles.weight[trusted].sum(axis=0)
    scores: NDArray[np.float64] = (cycles.score[trusted].sum(axis=0) / (weight[:, None] + 1.0)).sum(axis=0)
    log_odds: NDArray[np.float64] = scores[:2] - scores[2]
    return log_odds
