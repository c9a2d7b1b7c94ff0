"""Train the murmur network: present, unknown or absent, from bands and posteriors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from murmur.measure.murmur_network import CLASSES, INPUTS, OUTPUTS, SILENCE
from murmur.segmentation.emissions import N_BANDS, N_STATES, Emitter
from murmur.segmentation.model import SegmentationModel
from murmur.training.networks import DilatedNetwork, optimise
from murmur.training.segmentation import Versions

__all__ = ["Heard", "hear", "new_network", "pooled_scores", "train_murmur_network"]

CHANNELS = 16
DILATIONS = (1, 2, 4, 8, 16)
LOOKAHEAD = 32
CROP_FRAMES = 800
BATCH = 32
DROPOUT = 0.2

#: Every version of a recording as the network hears it: bands and posteriors side by side, shape (frames, INPUTS).
Heard = Sequence[NDArray[np.float16]]


def hear(versions: Versions, model: SegmentationModel) -> Heard:
    """Put the posteriors of a model that never saw the child beside the bands of each version."""
    heard = []
    for bands, _ in versions:
        emitter, frames = Emitter(model.network), bands.astype(np.float32)
        log_posteriors = emitter.push(frames, last=True)
        heard.append(np.concatenate([bands, np.exp(log_posteriors).astype(np.float16)], axis=1))
    return heard


def new_network() -> DilatedNetwork:
    """Return an untrained one."""
    return DilatedNetwork(INPUTS, OUTPUTS, CHANNELS, DILATIONS, LOOKAHEAD, DROPOUT)


def pooled_scores(outputs: torch.Tensor, posteriors: torch.Tensor) -> torch.Tensor:
    """Average each state's outputs over its frames, weighed by its posterior, and add the states up.

    Parameters
    ----------
    outputs : Tensor, shape (batch, OUTPUTS, frames)
    posteriors : Tensor, shape (batch, N_STATES, frames)

    Returns
    -------
    Tensor, shape (batch, len(CLASSES))
        Unnormalised log probabilities; the twin of `murmur.measure.murmur_network.murmur_log_odds`.
    """
    by_state = outputs.unflatten(1, (N_STATES, len(CLASSES)))
    weight = posteriors[:, :, None]
    return ((by_state * weight).sum(3) / (weight.sum(3) + 1.0)).sum(1)


def train_murmur_network(
    heard: Sequence[Heard], labels: Sequence[str], seed: int, steps: int, log: Path | None = None
) -> DilatedNetwork:
    """Train on crops, each with its recording's label; deterministic for a seed and a number of threads."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = new_network()
    classes = np.array([CLASSES.index(label) for label in labels])
    silence = np.array(SILENCE, dtype=np.float32)

    def loss_of_crops() -> torch.Tensor:
        chosen = rng.choice(len(heard), size=BATCH)
        frames = np.empty((BATCH, network.memory + CROP_FRAMES + LOOKAHEAD, INPUTS), dtype=np.float32)
        frames[:] = silence
        for row, index in enumerate(chosen):
            versions = heard[int(index)]
            version = versions[int(rng.integers(len(versions)))]
            start = int(rng.integers(max(version.shape[0] - CROP_FRAMES, 0) + 1))
            before = min(start, network.memory)
            piece = version[start - before : start + CROP_FRAMES + LOOKAHEAD]
            frames[row, network.memory - before : network.memory - before + piece.shape[0]] = piece
        inputs = torch.from_numpy(frames.transpose(0, 2, 1).copy())
        crop = slice(network.memory, network.memory + CROP_FRAMES)
        scores = pooled_scores(network(inputs), inputs[:, N_BANDS:, crop])
        return nn.functional.cross_entropy(scores, torch.from_numpy(classes[chosen]))

    return optimise(network, loss_of_crops, steps, rate=3e-3, decay=3e-2, warm_up=0.3, log=log)
