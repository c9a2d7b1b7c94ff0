"""Posteriors of the four states for every frame: log bands, running normalisation, a small causal network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from murmur.kernels.network import dilated_network, log_softmax
from murmur.kernels.spectra import band_power, frame_levels, normalise
from murmur.spectrogram import BIN_HZ, BIN_SPACING_HZ, N_BINS

__all__ = ["CLIP", "N_BANDS", "Emitter", "NetworkWeights", "Normaliser", "log_bands_filterbank"]

Frames = NDArray[np.float32]

N_BANDS = 32
N_STATES = 4
#: The network takes two frames at a step and speaks of two: half the work, and a memory twice as long.
FRAMES_PER_STEP = 2
#: Normalised log bands are clipped to ± this; digital silence is −CLIP in every band.
CLIP = 4.0
INITIAL_FRAMES = 100
#: A frame's window, and what the high-pass makes of a sudden beginning, reach this many frames past a silence.
EDGE_FRAMES = 6
LONGEST_WAIT_FRAMES = 500
#: (memory, floor, gate deviations, least gate, longest freeze, restart, clip, variance floor, short-term rate, jump)
#: of `murmur.kernels.spectra.normalise`; times in frames of 10 ms, levels in natural logs of power (4.34 dB).
RULES = np.array([250.0, 11.5, 3.0, 3.0, 400.0, 40.0, CLIP, 0.25, 1.0 / 60.0, 2.0])


@lru_cache(maxsize=1)
def log_bands_filterbank() -> tuple[Frames, NDArray[np.int64], NDArray[np.int64]]:
    """Triangular filters, one bin wide below 200 Hz and of constant relative width above, like the mel scale.

    Returns weights (N_BANDS, N_BINS) and the first and one past the last bin of each band.
    """
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
    used = weights > 0
    starts = used.argmax(axis=1).astype(np.int64)
    stops = (N_BINS - used[:, ::-1].argmax(axis=1)).astype(np.int64)
    return np.ascontiguousarray(weights, dtype=np.float32), starts, stops


class Normaliser:
    """Log bands standardised by their running mean and variance.

    The first second that is not silent starts the statistics (less the frames whose window still holds the silence before
    it); after that they follow with a memory of 2.5 s, quicker after a
    jump in gain, and stand still in silence and lost contact.
    """

    def __init__(self) -> None:
        self._mean = np.zeros(N_BANDS)
        self._variance = np.ones(N_BANDS)
        self._state = np.zeros(5)
        self._started = False
        self._waiting = np.zeros((0, N_BANDS), dtype=np.float32)
        self._waiting_levels = np.zeros(0)
        self._filterbank = log_bands_filterbank()

    def push(self, power: Frames) -> Frames:
        """Take power frames (frames, N_BINS); return normalised bands (frames, N_BANDS) as far as they are settled."""
        bands = np.empty((power.shape[0], N_BANDS), dtype=np.float32)
        band_power(power, *self._filterbank, bands)
        levels = np.empty(power.shape[0])
        frame_levels(power, levels)
        if self._started:
            return self._normalise(bands, levels)
        bands = np.concatenate([self._waiting, bands])
        levels = np.concatenate([self._waiting_levels, levels])
        alive = np.isfinite(levels)
        first = int(alive.argmax()) if alive.any() else levels.shape[0]
        silence = np.full((first, N_BANDS), -CLIP, dtype=np.float32)
        bands, levels, alive = bands[first:], levels[first:], alive[first:]
        enough = np.flatnonzero(np.cumsum(alive) >= INITIAL_FRAMES)
        if enough.size == 0 and levels.shape[0] < LONGEST_WAIT_FRAMES:
            self._waiting, self._waiting_levels = bands, levels
            return silence
        used = min(int(enough[0]) + 1 if enough.size else LONGEST_WAIT_FRAMES, LONGEST_WAIT_FRAMES)
        self._start(bands[:used], levels[:used])
        return np.concatenate([silence, self._normalise(bands, levels)])

    def finish(self) -> Frames:
        """Return the frames that still waited for the first second to be complete."""
        if self._started or self._waiting.shape[0] == 0:
            return np.zeros((0, N_BANDS), dtype=np.float32)
        bands, levels = self._waiting, self._waiting_levels
        self._start(bands, levels)
        return self._normalise(bands, levels)

    def _start(self, bands: Frames, levels: NDArray[np.float64]) -> None:
        alive = np.isfinite(levels)
        alive[:EDGE_FRAMES] &= alive.sum() <= EDGE_FRAMES
        level = levels[alive]
        self._state[:] = level.mean(), level.var(), level.shape[0], 0.0, level.mean()
        logs = np.log(bands[alive] + np.exp(level.mean() - RULES[1]))
        self._mean[:] = logs.mean(axis=0)
        self._variance[:] = logs.var(axis=0)
        self._waiting = self._waiting[:0]
        self._waiting_levels = self._waiting_levels[:0]
        self._started = True

    def _normalise(self, bands: Frames, levels: NDArray[np.float64]) -> Frames:
        out = np.empty(bands.shape, dtype=np.float32)
        normalise(bands, levels, self._mean, self._variance, self._state, RULES, out)
        return out


@dataclass(frozen=True, slots=True, eq=False)
class NetworkWeights:
    """Trained parameters, laid out as `murmur.kernels.network.dilated_network` takes them."""

    stem_weight: Frames
    stem_bias: Frames
    block_weight: Frames
    block_bias: Frames
    mix_weight: Frames
    mix_bias: Frames
    dilations: NDArray[np.int64]
    head_weight: Frames
    head_bias: Frames
    lookahead: int

    def __post_init__(self) -> None:
        blocks, channels = self.block_weight.shape[0], self.stem_weight.shape[-1]
        wanted = {
            "stem_weight": (3, FRAMES_PER_STEP * N_BANDS, channels),
            "stem_bias": (channels,),
            "block_weight": (blocks, 3, channels, channels),
            "block_bias": (blocks, channels),
            "mix_weight": (blocks, channels, channels),
            "mix_bias": (blocks, channels),
            "dilations": (blocks,),
            "head_weight": (channels, FRAMES_PER_STEP * N_STATES),
            "head_bias": (FRAMES_PER_STEP * N_STATES,),
        }
        for name, shape in wanted.items():
            if getattr(self, name).shape != shape:  # a kernel would read past the end
                raise ValueError(f"{name} has shape {getattr(self, name).shape}, not {shape}")
        if self.lookahead % FRAMES_PER_STEP:
            raise ValueError(f"lookahead is {self.lookahead} frames, not a whole number of steps")

    @property
    def memory(self) -> int:
        """How many steps back an output can see."""
        return 2 + 2 * int(self.dilations.sum())


class NetworkState:
    """What a network still has to look back on: the last inputs of its layers."""

    def __init__(self, stem: Frames, blocks: Frames) -> None:
        self.stem = stem
        self.blocks = blocks

    def copy(self) -> NetworkState:
        """Return one of its own."""
        return NetworkState(self.stem.copy(), self.blocks.copy())


def _run(weights: NetworkWeights, steps: Frames, state: NetworkState) -> Frames:
    w = weights
    logits = np.empty((steps.shape[0], FRAMES_PER_STEP * N_STATES), dtype=np.float32)
    dilated_network(
        steps, w.stem_weight, w.stem_bias, w.block_weight, w.block_bias, w.mix_weight, w.mix_bias, w.dilations,
        w.head_weight, w.head_bias, state.stem, state.blocks, logits,
    )  # fmt: skip
    return logits


def _silence(frames: int) -> Frames:
    return np.full((frames, N_BANDS), -CLIP, dtype=np.float32)


def _steps(frames: Frames) -> Frames:
    """Frames (steps · FRAMES_PER_STEP, N_BANDS) as the network takes them, one row a step."""
    return frames.reshape(-1, FRAMES_PER_STEP * N_BANDS)


@lru_cache(maxsize=8)
def _after_silence(weights: NetworkWeights) -> NetworkState:
    """State of a network that has heard nothing but silence for as long as it can remember."""
    blocks, _, channels, _ = weights.block_weight.shape
    longest = 2 * int(weights.dilations.max())
    stem = np.zeros((FRAMES_PER_STEP * N_BANDS, 2), dtype=np.float32)
    state = NetworkState(stem, np.zeros((blocks, channels, longest), dtype=np.float32))
    _run(weights, _steps(_silence(FRAMES_PER_STEP * (weights.memory + 1))), state)
    return state


class Emitter:
    """Log posteriors of S1, systole, S2 and diastole at every frame, from normalised bands.

    The network is causal and its target is late by the lookahead, so it can run on live audio. Silence surrounds the
    recording.
    """

    def __init__(self, network: NetworkWeights) -> None:
        self._network = network
        self._state = _after_silence(network).copy()
        self._waiting = _silence(0)
        self._early = network.lookahead  # posteriors of frames before the first, still to be dropped
        self._owed = 0

    def begin_at(self, frame: int) -> None:
        """Let a step begin at the first frame with a sound, before that comes: silence before it then changes nothing.

        The silence is lengthened to whole steps, and what that adds is dropped again.
        """
        added = -frame % FRAMES_PER_STEP
        self._waiting = np.concatenate([self._waiting, _silence(added)])
        self._early += added

    def push(self, bands: Frames) -> Frames:
        """Take normalised bands (frames, N_BANDS); return log posteriors (frames, 4), late by the lookahead."""
        self._owed += bands.shape[0]
        bands = np.concatenate([self._waiting, bands])
        whole = bands.shape[0] - bands.shape[0] % FRAMES_PER_STEP
        self._waiting = bands[whole:]
        steps = _steps(bands[:whole])
        logits = _run(self._network, steps, self._state).reshape(-1, N_STATES)
        early = min(self._early, logits.shape[0])
        self._early -= early
        logits = logits[early:]
        self._owed -= logits.shape[0]
        posteriors = np.empty_like(logits)
        log_softmax(logits, posteriors)
        return posteriors

    def finish(self) -> Frames:
        """Return the posteriors of the last frames."""
        owed = self._owed
        rest = -self._waiting.shape[0] % FRAMES_PER_STEP
        return self.push(_silence(self._network.lookahead + rest))[:owed]
