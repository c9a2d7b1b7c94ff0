"""Posteriors of the four states for every frame: log bands, running normalization, a small causal network."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from murmur.kernels.network import log_softmax
from murmur.kernels.spectra import LEVELS, NORMALIZER_RULES, Filterbank, RunningStatistics, bands_and_levels, normalize
from murmur.learned.network import NetworkWeights, StreamingNetwork
from murmur.signal.spectrogram import BIN_HZ, BIN_SPACING_HZ, filterbank
from murmur.signal.stream_buffer import prepend

Frames = NDArray[np.float32]

N_BANDS = 32
N_STATES = 4
#: Normalized log bands are clipped to ± this; digital silence is −CLIP in every band.
CLIP = 4.0
INITIAL_FRAMES = 100
#: A frame's window, and the high-pass's response to a sudden onset, reach this many frames past a silence.
EDGE_FRAMES = 6
LONGEST_WAIT_FRAMES = 500
#: Times in frames of 10 ms, levels in natural logs of power (4.34 dB).
RULES = np.zeros(1, dtype=NORMALIZER_RULES)
RULES["memory"], RULES["longest_freeze"], RULES["restart"], RULES["recent_rate"] = 250.0, 400.0, 40.0, 1.0 / 60.0
RULES["floor"], RULES["least_gate"], RULES["clip"], RULES["least_variance"] = 11.5, 3.0, CLIP, 0.25
RULES["gate_deviations"], RULES["jump_deviations"] = 3.0, 2.0


@lru_cache(maxsize=1)
def log_bands_filterbank() -> Filterbank:
    """Triangular filters, one bin wide below 200 Hz and of constant relative width above, like the mel scale."""
    corner_hz, low_hz, high_hz = 200.0, BIN_HZ[1], 780.0

    def warp(f: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(f < corner_hz, f / corner_hz, 1.0 + np.log(np.maximum(f, corner_hz) / corner_hz))

    def unwarp(w: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(w < 1.0, w * corner_hz, corner_hz * np.exp(np.maximum(w, 1.0) - 1.0))

    low, high = warp(np.array([low_hz, high_hz]))
    centre = unwarp(np.linspace(low, high, N_BANDS))
    width = np.maximum(np.gradient(centre), BIN_SPACING_HZ)
    weights = np.clip(1.0 - np.abs(BIN_HZ[None, :] - centre[:, None]) / width[:, None], 0.0, None)
    weights /= weights.sum(axis=1, keepdims=True)
    return filterbank(weights)


class Normalizer:
    """Log bands standardized by their running mean and variance.

    The first second that is not silent starts the statistics, less the frames whose window still holds the silence before
    it. After that they follow with a memory of 2.5 s, faster after a jump in gain; silence and lost contact freeze them.
    """

    def __init__(self) -> None:
        self._statistics = RunningStatistics(np.zeros(N_BANDS), np.ones(N_BANDS), np.zeros(1, dtype=LEVELS))
        self._started = False
        self._waiting = np.zeros((0, N_BANDS), dtype=np.float32)
        self._waiting_levels = np.zeros(0)
        self._filterbank = log_bands_filterbank()

    def push(self, power: Frames, last: bool = False) -> Frames:
        """Take power frames (frames, N_BINS); return normalized bands (frames, N_BANDS) as far as they are settled."""
        bands = np.empty((power.shape[0], N_BANDS), dtype=np.float32)
        levels = np.empty(power.shape[0])
        bands_and_levels(power, self._filterbank, bands, levels)
        if self._started:
            return self._normalize(bands, levels)
        bands, levels = prepend(self._waiting, bands), prepend(self._waiting_levels, levels)
        alive = np.isfinite(levels)
        first = int(alive.argmax()) if alive.any() else levels.shape[0]
        silence = np.full((first, N_BANDS), -CLIP, dtype=np.float32)
        bands, levels, alive = bands[first:], levels[first:], alive[first:]
        used = min(int(alive[:LONGEST_WAIT_FRAMES].cumsum().searchsorted(INITIAL_FRAMES)) + 1, LONGEST_WAIT_FRAMES)
        if levels.shape[0] == 0 or (levels.shape[0] < used and not last):
            self._waiting, self._waiting_levels = bands, levels
            return silence
        self._start(bands[:used], levels[:used])
        return prepend(silence, self._normalize(bands, levels))

    def _start(self, bands: Frames, levels: NDArray[np.float64]) -> None:
        alive = np.isfinite(levels)
        if np.count_nonzero(alive) > EDGE_FRAMES:
            alive[:EDGE_FRAMES] = False
        level, n = levels[alive], np.count_nonzero(alive)
        mean = level.sum() / n
        self._statistics.level[0] = mean, ((level - mean) ** 2).sum() / n, n, 0.0, mean
        logs = np.log(bands[alive] + np.exp(mean - RULES["floor"][0]))
        self._statistics.mean[:] = logs.sum(axis=0) / n
        self._statistics.variance[:] = ((logs - self._statistics.mean) ** 2).sum(axis=0) / n
        self._started = True

    def _normalize(self, bands: Frames, levels: NDArray[np.float64]) -> Frames:
        out = np.empty(bands.shape, dtype=np.float32)
        normalize(bands, levels, self._statistics, RULES, out)
        return out


class Emitter:
    """Log posteriors of S1, systole, S2 and diastole at every frame, from normalized bands."""

    def __init__(self, weights: NetworkWeights) -> None:
        weights.require(N_BANDS, N_STATES)
        self._network = StreamingNetwork(weights, silence=(-CLIP,) * N_BANDS)

    def begin_at(self, frame: int) -> None:
        """Let a step begin at the first frame with a sound, before that frame comes."""
        self._network.begin_at(frame)

    def push(self, bands: Frames, last: bool = False) -> Frames:
        """Take normalized bands (frames, N_BANDS); return log posteriors (frames, 4), delayed by the lookahead."""
        logits = self._network.push(bands, last)
        out = np.empty_like(logits)
        log_softmax(logits, out)
        return out
