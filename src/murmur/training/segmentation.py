"""Train the segmentation network and fit the state durations."""

from __future__ import annotations

import math
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from murmur.segmentation.durations import DurationModel, fit_durations
from murmur.segmentation.emissions import CLIP, N_BANDS, N_STATES, Normalizer
from murmur.settings import FRAME_RATE_HZ, Settings
from murmur.signal.conditioning import Conditioner
from murmur.signal.spectrogram import Spectrogram
from murmur.training.augment import Intervals, disturb, drown, vary_rhythm
from murmur.training.data import LabelledRecording
from murmur.training.networks import DilatedNetwork, optimise

CHANNELS = 32
DILATIONS = (1, 2, 4, 8, 16, 32, 64)
LOOKAHEAD = 24
#: Slowest and fastest speed at which a disturbed version is played.
SPEEDS = (0.75, 1.25)
#: Bands of silence.
SILENCE = (-CLIP,) * N_BANDS
CROP_FRAMES = 1200
BATCH = 16
#: Probability that a crop's labels have S1 and S2 swapped: at fast rates experts confuse them, too, and the child's other
#: recordings then contradict the labels.
SWAPPED = 0.03
#: A crop counts as so many independent frames when its labels are tested for being swapped: neighbours are alike.
INDEPENDENT_FRAMES = 10.0


#: A recording's versions, each as (bands, states), the network's input and target: the clean one first, then disturbed ones,
#: then some in noise, without labels, for the murmur network alone.
Versions = Sequence[tuple[NDArray[np.float16], NDArray[np.int8]]]
Prepared = Sequence[Versions]


def new_network() -> DilatedNetwork:
    """Return an untrained one."""
    return DilatedNetwork(N_BANDS, N_STATES, CHANNELS, DILATIONS, LOOKAHEAD)


def normalised_bands(samples: NDArray[np.float32], sample_rate_hz: float) -> NDArray[np.float32]:
    """Return the network's input for a whole recording, made by the same stages as in `murmur.pipeline.engine`."""
    conditioner, spectrogram, normaliser = Conditioner(sample_rate_hz, Settings()), Spectrogram(), Normalizer()
    conditioned = conditioner.push(samples, last=True).samples
    return normaliser.push(spectrogram.push(conditioned, last=True), last=True)


def frame_states(intervals: Intervals, speed: float, frames: int) -> NDArray[np.int8]:
    """Return CirCor's state (0 to 4) at each frame of a recording played `speed` times as fast."""
    states = np.zeros(frames, dtype=np.int8)
    for start_s, end_s, state in intervals:
        states[round(start_s / speed * FRAME_RATE_HZ) : round(end_s / speed * FRAME_RATE_HZ)] = state
    return states


def _versions(recording: LabelledRecording, variants: int, noisy: int, seed: Sequence[int]) -> Versions:
    """Return one recording's clean version, then disturbed ones, then versions in noise."""
    versions = []
    for version in range(1 + variants + noisy):
        rng = np.random.default_rng([*seed, version])
        samples, intervals, rate, speed = recording.samples(), recording.intervals, recording.sample_rate_hz, 1.0
        disturbed = 0 < version <= variants
        if version > variants:
            samples, intervals = drown(samples, rate, rng), ()
        elif disturbed:
            speed = float(np.exp(rng.uniform(*np.log(SPEEDS))))
            if rng.random() < 0.5:
                samples, intervals = vary_rhythm(samples, intervals, rate, rng)
        states = frame_states(intervals, speed, int(samples.shape[0] / rate / speed * FRAME_RATE_HZ) + 2)
        if disturbed:
            samples, states = disturb(samples, states, rate * speed, rng)
        bands = normalised_bands(samples, rate * speed)
        versions.append((bands.astype(np.float16), states[: bands.shape[0]]))
    return versions


def prepare(recordings: Sequence[LabelledRecording], variants: int, noisy: int, seed: int, jobs: int) -> Prepared:
    """Make the clean, disturbed and noisy versions of every recording, in `jobs` processes."""
    seeds = [(seed, index) for index in range(len(recordings))]
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(_versions, recordings, repeat(variants), repeat(noisy), seeds, chunksize=8))


def swap_tolerant_loss(logits: torch.Tensor, states: torch.Tensor) -> torch.Tensor:
    """Cross-entropy over labelled frames under labels whose S1 and S2 may be swapped throughout a crop.

    A crop's likelihood is the mixture of its labels as they stand and swapped (S1 with S2, systole with diastole), after
    label-noise mixtures (Bootkrajang and Kabán 2012), but for all frames of a crop at once.

    Parameters
    ----------
    logits : Tensor, shape (batch, N_STATES, frames)
    states : Tensor of int, shape (batch, frames)
        0 to 3; −1 where nothing is labelled.
    """
    labelled = states >= 0
    count = labelled.sum(dim=1)
    log_p = torch.log_softmax(logits, dim=1)
    states = states.clamp(min=0)

    def mean_log_p(wanted: torch.Tensor) -> torch.Tensor:
        return (log_p.gather(1, wanted[:, None])[:, 0] * labelled).sum(dim=1) / count.clamp(min=1)

    as_they_stand = math.log(1.0 - SWAPPED) + INDEPENDENT_FRAMES * mean_log_p(states)
    swapped = math.log(SWAPPED) + INDEPENDENT_FRAMES * mean_log_p((states + 2) % N_STATES)
    per_crop = -torch.logaddexp(as_they_stand, swapped) / INDEPENDENT_FRAMES
    return (per_crop * count).sum() / count.sum()


def train_network(prepared: Prepared, steps: int, seed: int, log: Path | None = None) -> DilatedNetwork:
    """Train on crops of labelled spans; deterministic for a seed and a number of threads."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = new_network()
    labelled_frames = np.array([np.count_nonzero(versions[0][1]) for versions in prepared], dtype=np.float64)
    share = labelled_frames / labelled_frames.sum()

    def loss_of_crops() -> torch.Tensor:
        crops, states = [], np.zeros((BATCH, CROP_FRAMES), dtype=np.int64)
        for row, index in enumerate(rng.choice(len(prepared), size=BATCH, p=share)):
            versions = prepared[int(index)]
            x, y = versions[int(rng.integers(len(versions)))]
            labelled = np.flatnonzero(y)
            middle = int(rng.choice(labelled)) if labelled.size else 0
            start = int(np.clip(middle - rng.integers(CROP_FRAMES), 0, max(x.shape[0] - CROP_FRAMES, 0)))
            crops.append(network.surrounded_crop(x, start, CROP_FRAMES, SILENCE))
            target = y[start : start + CROP_FRAMES]
            states[row, : target.shape[0]] = target
        return swap_tolerant_loss(network(torch.from_numpy(np.stack(crops))), torch.from_numpy(states - 1))

    return optimise(network, loss_of_crops, steps, rate=4e-3, decay=1e-2, warm_up=0.15, log=log)


def durations_of(recordings: Sequence[LabelledRecording]) -> DurationModel:
    """Fit the durations of the states against the length of the cycle, from labelled cycles."""
    rows = []
    for recording in recordings:
        spans = recording.intervals
        for i in range(len(spans) - 4):
            five = spans[i : i + 5]
            if [s for _, _, s in five] == [1, 2, 3, 4, 1] and all(abs(five[j][1] - five[j + 1][0]) < 1e-3 for j in range(4)):
                rows.append([end - start for start, end, _ in five[:4]])
    return fit_durations(np.array(rows))
