"""The network that both trained tasks share, in torch: the twin of `murmur.kernels.network.dilated_network`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from murmur.kernels.network import NetworkLayers
from murmur.learned.network import FRAMES_PER_STEP, NetworkWeights


class DilatedNetwork(nn.Module):
    """Causal dilated residual blocks over steps of two frames.

    Parameters
    ----------
    inputs, outputs : int
        Numbers per frame, in and out.
    channels : int
        Width of every block.
    dilations : sequence of int
        One block each, in steps.
    lookahead : int
        Frames after the one that is scored which the network takes; a whole number of steps.
    dropout : float
        Share of a block's channels that are set to zero during training.
    """

    def __init__(
        self, inputs: int, outputs: int, channels: int, dilations: Sequence[int], lookahead: int, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.dilations, self.lookahead = tuple(dilations), lookahead
        #: Frames before the one that is scored which the network takes.
        self.memory = FRAMES_PER_STEP * (2 + 2 * sum(dilations))
        self.stem = nn.Conv1d(FRAMES_PER_STEP * inputs, channels, 3)
        self.convs = nn.ModuleList(nn.Conv1d(channels, channels, 3, dilation=d) for d in dilations)
        self.mixes = nn.ModuleList(nn.Conv1d(channels, channels, 1) for _ in dilations)
        self.head = nn.Conv1d(channels, FRAMES_PER_STEP * outputs, 1)
        self.dropout = nn.Dropout(dropout)

    def surrounded_crop(
        self, frames: NDArray[Any], start: int, length: int, silence: Sequence[float]
    ) -> NDArray[np.float32]:
        """Return what the network takes to score `length` frames from `start` on, with silence around the recording.

        Parameters
        ----------
        frames : ndarray, shape (n, inputs)
            The whole recording.
        start, length : int
            The frames to be scored.
        silence : sequence of float, length inputs
            What surrounds the recording.

        Returns
        -------
        ndarray, shape (inputs, memory + length + lookahead)
        """
        crop = np.tile(np.array(silence, dtype=np.float32)[:, None], self.memory + length + self.lookahead)
        before = min(start, self.memory)
        piece = frames[start - before : start + length + self.lookahead]
        crop[:, self.memory - before : self.memory - before + piece.shape[0]] = piece.T
        return crop

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Take frames (batch, inputs, memory + n + lookahead); return (batch, outputs, n)."""
        steps = frames.unflatten(2, (-1, FRAMES_PER_STEP)).permute(0, 3, 1, 2).flatten(1, 2)
        x = self.stem(nn.functional.pad(steps, (2, 0)))
        for dilation, conv, mix in zip(self.dilations, self.convs, self.mixes, strict=True):
            y = conv(nn.functional.pad(torch.relu(x), (2 * dilation, 0)))
            x = x + mix(self.dropout(torch.relu(y)))
        out = self.head(torch.relu(x[:, :, (self.memory + self.lookahead) // FRAMES_PER_STEP :]))
        return out.unflatten(1, (FRAMES_PER_STEP, -1)).permute(0, 2, 3, 1).flatten(2, 3)


def optimise(
    network: DilatedNetwork,
    loss_of: Callable[[], torch.Tensor],
    steps: int,
    rate: float,
    decay: float,
    warm_up: float,
    log: Path | None,
) -> DilatedNetwork:
    """Take `steps` of AdamW on what `loss_of` draws; the rate rises to `rate` over the share `warm_up`, then falls.

    `log` is written anew, line by line.
    """
    optimiser = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=rate, total_steps=steps, pct_start=warm_up)
    began, losses = time.perf_counter(), []
    with Path(log or os.devnull).open("w", buffering=1) as lines:
        for step in range(1, steps + 1):
            loss = loss_of()
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            losses.append(float(loss.detach()))
            if step % 100 == 0:
                print(f"step {step} loss {np.mean(losses[-100:]):.4f} {time.perf_counter() - began:.0f} s", file=lines)
    return network.eval()


def export(network: DilatedNetwork) -> NetworkWeights:
    """Return the parameters in the layout of the kernel."""

    def weight(layer: Any) -> NDArray[np.float32]:
        w = layer.weight.detach().numpy()  # (out, in, taps)
        return np.ascontiguousarray(w.transpose(2, 1, 0), dtype=np.float32)

    def bias(layer: Any) -> NDArray[np.float32]:
        return np.ascontiguousarray(layer.bias.detach().numpy(), dtype=np.float32)

    layers = NetworkLayers(
        stem_weight=weight(network.stem),
        stem_bias=bias(network.stem),
        block_weight=np.stack([weight(layer) for layer in network.convs]),
        block_bias=np.stack([bias(layer) for layer in network.convs]),
        mix_weight=np.stack([weight(layer)[0] for layer in network.mixes]),
        mix_bias=np.stack([bias(layer) for layer in network.mixes]),
        dilations=np.array(network.dilations, dtype=np.int64),
        head_weight=weight(network.head)[0],
        head_bias=bias(network.head),
    )
    return NetworkWeights(layers, network.lookahead)
