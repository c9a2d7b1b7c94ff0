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

CHANNELS = 16
DILATIONS = (1, 2, 4, 8, 16)
LOOKAHEAD = 32
CROP_FRAMES = 800
BATCH = 32
DROPOUT = 0.2

#: The network's input for every version of a recording: bands and posteriors side by side, shape (frames, INPUTS).
Inputs = Sequence[NDArray[np.float16]]


def network_inputs(versions: Versions, model: SegmentationModel) -> Inputs:
    """Put the posteriors of a model that never saw the child beside the bands of each version."""
    inputs = []
    for bands, _ in versions:
        log_posteriors = Emitter(model.network).push(bands.astype(np.float32), last=True)
        inputs.append(np.concatenate([bands, np.exp(log_posteriors).astype(np.float16)], axis=1))
    return inputs


def new_network() -> DilatedNetwork:
    """Return an untrained one."""
    return DilatedNetwork(INPUTS, OUTPUTS, CHANNELS, DILATIONS, LOOKAHEAD, DROPOUT)


def pooled_scores(outputs: torch.Tensor, posteriors: torch.Tensor) -> torch.Tensor:
    """Average each state's outputs over its frames, weighted by its posterior, and sum over the states.

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
    recordings: Sequence[Inputs], labels: Sequence[str], seed: int, steps: int, log: Path | None = None
) -> DilatedNetwork:
    """Train on crops, each with its recording's label; deterministic for a seed and a number of threads."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = new_network()
    classes = np.array([CLASSES.index(label) for label in labels])

    def loss_of_crops() -> torch.Tensor:
        chosen, crops = rng.choice(len(recordings), size=BATCH), []
        for index in chosen:
            versions = recordings[int(index)]
            version = versions[int(rng.integers(len(versions)))]
            start = int(rng.integers(max(version.shape[0] - CROP_FRAMES, 0) + 1))
            crops.append(network.surrounded_crop(version, start, CROP_FRAMES, SILENCE))
        inputs = torch.from_numpy(np.stack(crops))
        scored = slice(network.memory, network.memory + CROP_FRAMES)
        scores = pooled_scores(network(inputs), inputs[:, N_BANDS:, scored])
        return nn.functional.cross_entropy(scores, torch.from_numpy(classes[chosen]))

    return optimise(network, loss_of_crops, steps, rate=3e-3, decay=3e-2, warm_up=0.3, log=log)
