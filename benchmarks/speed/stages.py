"""Each stage of the engine by itself, on a whole recording."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from murmur.measure.murmur_network import MurmurNetwork
from murmur.pipeline.models import shipped_models
from murmur.segmentation.decoding import Decoder
from murmur.segmentation.emissions import Emitter, Normalizer
from murmur.settings import Settings
from murmur.signal.conditioning import Conditioner
from murmur.signal.envelopes import Envelopes
from murmur.signal.spectrogram import Spectrogram

__all__ = ["stages"]


def stages(samples: NDArray[np.float32], sample_rate_hz: int) -> dict[str, Callable[[], object]]:
    """Return the stages' calls by name, each with what the one before it gives."""
    models = shipped_models()

    def condition() -> NDArray[np.float32]:
        return Conditioner(float(sample_rate_hz), Settings()).push(samples, last=True).samples

    clean = condition()
    power = Spectrogram().push(clean, last=True)
    bands = Normalizer().push(power, last=True)
    posteriors = Emitter(models.segmentation.network).push(bands, last=True)

    def score() -> object:
        return MurmurNetwork(models.murmur_network).push((bands, posteriors), last=True)

    def decode() -> object:
        return Decoder(models.segmentation.tables).push(posteriors, last=True)

    return {
        "conditioning": condition,
        "spectrogram": lambda: Spectrogram().push(clean, last=True),
        "envelopes": lambda: Envelopes().push(clean, last=True),
        "log bands, normalized": lambda: Normalizer().push(power, last=True),
        "network": lambda: Emitter(models.segmentation.network).push(bands, last=True),
        "murmur network": score,
        "decoding": decode,
    }
