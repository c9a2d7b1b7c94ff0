"""Small causal networks on a stream of frames: stored weights, and what is carried from block to block."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from murmur.kernels.network import dilated_network
from murmur.signal.stream_buffer import carry

__all__ = ["FRAMES_PER_STEP", "NetworkWeights", "StreamingNetwork"]

Frames = NDArray[np.float32]

#: A network takes two frames at a step and speaks of two: half the work, and a memory twice as long.
FRAMES_PER_STEP = 2


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
            "stem_weight": (3, FRAMES_PER_STEP * self.inputs, channels),
            "stem_bias": (channels,),
            "block_weight": (blocks, 3, channels, channels),
            "block_bias": (blocks, channels),
            "mix_weight": (blocks, channels, channels),
            "mix_bias": (blocks, channels),
            "dilations": (blocks,),
            "head_weight": (channels, FRAMES_PER_STEP * self.outputs),
            "head_bias": (FRAMES_PER_STEP * self.outputs,),
        }
        for name, shape in wanted.items():
            if getattr(self, name).shape != shape:  # a kernel would read past the end
                raise ValueError(f"{name} has shape {getattr(self, name).shape}, not {shape}")
        if self.lookahead % FRAMES_PER_STEP:
            raise ValueError(f"lookahead is {self.lookahead} frames, not a whole number of steps")

    @property
    def inputs(self) -> int:
        """Numbers of a frame that goes in."""
        return int(self.stem_weight.shape[1]) // FRAMES_PER_STEP

    @property
    def outputs(self) -> int:
        """Numbers of a frame that comes out."""
        return int(self.head_bias.shape[0]) // FRAMES_PER_STEP

    @property
    def memory(self) -> int:
        """How many steps back an output can see."""
        return 2 + 2 * int(self.dilations.sum())

    def require(self, inputs: int, outputs: int) -> None:
        """Raise ValueError unless frames of these numbers go in and out."""
        if (self.inputs, self.outputs) != (inputs, outputs):
            raise ValueError(f"a network from {self.inputs} to {self.outputs} numbers a frame, not {inputs} to {outputs}")

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Fields by name, as they are stored: weights as float16, which changes no figure."""
        values = {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}
        return {name: v.astype(np.float16) if v.dtype == np.float32 else v for name, v in values.items()}

    @classmethod
    def of_arrays(cls, arrays: dict[str, NDArray[Any]]) -> NetworkWeights:
        """Read what `arrays` gave."""
        values: dict[str, Any] = {
            field.name: arrays[field.name].astype(np.float32)
            if arrays[field.name].dtype == np.float16
            else arrays[field.name]
            for field in fields(cls)
        }
        return cls(**{**values, "lookahead": int(values["lookahead"])})

    def save(self, path: str | Path) -> None:
        """Write one ``.npz``."""
        np.savez_compressed(path, allow_pickle=False, **self.arrays())

    @classmethod
    def load(cls, path: str | Path) -> NetworkWeights:
        """Read what `save` wrote."""
        with np.load(path) as stored:
            return cls.of_arrays(dict(stored.items()))


class _History:
    """What a network still has to look back on: the last inputs of its layers."""

    def __init__(self, stem: Frames, blocks: Frames) -> None:
        self.stem = stem
        self.blocks = blocks

    def copy(self) -> _History:
        """Return one of its own."""
        return _History(self.stem.copy(), self.blocks.copy())


def _run(weights: NetworkWeights, frames: Frames, after: Frames, history: _History) -> Frames:
    """Take two stretches, (frames, inputs), each a whole number of steps; return (frames of both, outputs)."""
    w = weights
    steps, more = frames.reshape(-1, FRAMES_PER_STEP * w.inputs), after.reshape(-1, FRAMES_PER_STEP * w.inputs)
    out = np.empty((steps.shape[0] + more.shape[0], FRAMES_PER_STEP * w.outputs), dtype=np.float32)
    dilated_network(
        steps, more, w.stem_weight, w.stem_bias, w.block_weight, w.block_bias, w.mix_weight, w.mix_bias, w.dilations,
        w.head_weight, w.head_bias, history.stem, history.blocks, out,
    )  # fmt: skip
    return out.reshape(-1, w.outputs)


@lru_cache(maxsize=16)
def _after_silence(weights: NetworkWeights, silence: tuple[float, ...]) -> tuple[Frames, _History]:
    """Silence, longer than a network can remember and look ahead, (frames, inputs), and its history after that."""
    blocks, _, channels, _ = weights.block_weight.shape
    longest = 2 * int(weights.dilations.max())
    stem = np.zeros((FRAMES_PER_STEP * weights.inputs, 2), dtype=np.float32)
    history = _History(stem, np.zeros((blocks, channels, longest), dtype=np.float32))
    count = FRAMES_PER_STEP * (weights.memory + 1) + weights.lookahead
    frames = np.tile(np.array(silence, dtype=np.float32), (count, 1))
    _run(weights, frames, frames[:0], history)
    return frames, history


class StreamingNetwork:
    """A network on a stream of frames; silence, frames of the numbers given, surrounds the recording.

    The network is causal and its target is late by the lookahead, so it can run on live audio.
    """

    def __init__(self, weights: NetworkWeights, silence: tuple[float, ...]) -> None:
        self._weights = weights
        self._silence, history = _after_silence(weights, silence)
        self._history = history.copy()
        self._waiting = self._silence[:0]
        self._early = weights.lookahead  # outputs for frames before the first, still to be dropped
        self._owed = 0

    def begin_at(self, frame: int) -> None:
        """Let a step begin at the first frame with a sound, before that comes: silence before it then changes nothing.

        The silence is lengthened to whole steps, and what that adds is dropped again.
        """
        added = -frame % FRAMES_PER_STEP
        self._waiting = np.concatenate([self._waiting, self._silence[:added]])
        self._early += added

    def push(self, frames: Frames, last: bool = False) -> Frames:
        """Take frames (frames, inputs); return (frames, outputs), late by the lookahead until the last come."""
        self._owed += frames.shape[0]
        frames = carry(self._waiting, frames)
        odd = frames.shape[0] % FRAMES_PER_STEP
        whole = frames.shape[0] - odd
        self._waiting = frames[whole:]
        after = self._silence[:0]
        if last:
            after = np.concatenate([frames[whole:], self._silence[: self._weights.lookahead + odd]])
        out = _run(self._weights, np.ascontiguousarray(frames[:whole]), after, self._history)
        early = min(self._early, out.shape[0])
        self._early -= early
        out = out[early : early + self._owed]
        self._owed -= out.shape[0]
        return out
