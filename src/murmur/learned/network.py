"""Small causal networks on a stream of frames: stored weights, and the history carried from block to block."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from murmur.kernels.network import NetworkHistory, NetworkLayers, dilated_network
from murmur.signal.stream_buffer import prepend

Frames = NDArray[np.float32]

#: A network takes two frames at each step and scores both: half the work, and a memory twice as long.
FRAMES_PER_STEP = 2


@dataclass(frozen=True, slots=True, eq=False)
class NetworkWeights:
    """Trained parameters, as the kernel takes them, and the lookahead in frames."""

    layers: NetworkLayers
    lookahead: int

    def __post_init__(self) -> None:
        blocks, channels = self.layers.block_weight.shape[0], self.layers.stem_weight.shape[-1]
        shapes = {
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
        for name, shape in shapes.items():
            found = getattr(self.layers, name).shape
            if found != shape:  # a kernel would read past the end
                raise ValueError(f"{name} has shape {found}, not {shape}")
        if self.lookahead % FRAMES_PER_STEP:
            raise ValueError(f"lookahead is {self.lookahead} frames, not a whole number of steps")

    @property
    def inputs(self) -> int:
        """Number of inputs of a frame."""
        return int(self.layers.stem_weight.shape[1]) // FRAMES_PER_STEP

    @property
    def outputs(self) -> int:
        """Number of outputs of a frame."""
        return int(self.layers.head_bias.shape[0]) // FRAMES_PER_STEP

    @property
    def memory(self) -> int:
        """How many steps back an output depends on."""
        return 2 + 2 * int(self.layers.dilations.sum())

    def require(self, inputs: int, outputs: int) -> None:
        """Raise ValueError unless frames have these numbers of inputs and outputs."""
        if (self.inputs, self.outputs) != (inputs, outputs):
            found = f"{self.inputs} inputs and {self.outputs} outputs"
            raise ValueError(f"the network has {found} a frame, not {inputs} and {outputs}")

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Fields by name, as they are stored: weights as float16, which changes no result."""
        values = {**self.layers._asdict(), "lookahead": np.asarray(self.lookahead)}
        return {name: v.astype(np.float16) if v.dtype == np.float32 else v for name, v in values.items()}

    @classmethod
    def of_arrays(cls, arrays: dict[str, NDArray[Any]]) -> NetworkWeights:
        """Read what `arrays` returned."""
        values = (arrays[name] for name in NetworkLayers._fields)
        layers = NetworkLayers(*(v.astype(np.float32) if v.dtype == np.float16 else v for v in values))
        return cls(layers, int(arrays["lookahead"]))

    def save(self, path: str | Path) -> None:
        """Write one ``.npz``."""
        np.savez_compressed(path, allow_pickle=False, **self.arrays())

    @classmethod
    def load(cls, path: str | Path) -> NetworkWeights:
        """Read what `save` wrote."""
        with np.load(path) as stored:
            return cls.of_arrays(dict(stored.items()))


def _run(weights: NetworkWeights, frames: Frames, after: Frames, history: NetworkHistory) -> Frames:
    """Take frames and those after them, (frames, inputs), each in whole steps; return (frames of both, outputs)."""
    steps, more = (part.reshape(-1, FRAMES_PER_STEP * weights.inputs) for part in (frames, after))
    out = np.empty((steps.shape[0] + more.shape[0], FRAMES_PER_STEP * weights.outputs), dtype=np.float32)
    dilated_network(steps, more, weights.layers, history, out)
    return out.reshape(-1, weights.outputs)


@lru_cache(maxsize=16)
def _after_silence(weights: NetworkWeights, silence: tuple[float, ...]) -> tuple[Frames, NetworkHistory]:
    """Silence, longer than a network's memory and lookahead, (frames, inputs), and its history after that."""
    blocks, _, channels, _ = weights.layers.block_weight.shape
    stem = np.zeros((FRAMES_PER_STEP * weights.inputs, 2), dtype=np.float32)
    history = NetworkHistory(stem, np.zeros((blocks, channels, 2 * int(weights.layers.dilations.max())), dtype=np.float32))
    count = FRAMES_PER_STEP * (weights.memory + 1) + weights.lookahead
    frames = np.tile(np.array(silence, dtype=np.float32), (count, 1))
    _run(weights, frames, frames[:0], history)
    return frames, history


class StreamingNetwork:
    """A network on a stream of frames, with silence (frames of the values given) before and after the recording.

    The network is causal and its outputs are delayed by the lookahead, so it can run on live audio.
    """

    def __init__(self, weights: NetworkWeights, silence: tuple[float, ...]) -> None:
        self._weights = weights
        self._silence, history = _after_silence(weights, silence)
        self._history = NetworkHistory(history.stem.copy(), history.blocks.copy())
        self._waiting = self._silence[:0]
        self._early = weights.lookahead  # outputs for frames before the first, still to be dropped
        self._owed = 0

    def begin_at(self, frame: int) -> None:
        """Let a step begin at the first frame with a sound, before that frame comes: silence before it then has no effect.

        The silence is lengthened to whole steps, and the outputs that this adds are dropped.
        """
        added = -frame % FRAMES_PER_STEP
        self._waiting = np.concatenate([self._waiting, self._silence[:added]])
        self._early += added

    def push(self, frames: Frames, last: bool = False) -> Frames:
        """Take frames (frames, inputs); return outputs (frames, outputs), delayed by the lookahead, after the last all."""
        self._owed += frames.shape[0]
        frames = prepend(self._waiting, frames)
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
