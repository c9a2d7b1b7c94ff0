"""Each stage of the engine by itself, on a whole recording."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from murmur.conditioning import Conditioner
from murmur.envelopes import Envelopes
from murmur.features.listening import Listener
from murmur.models import shipped_models
from murmur.segmentation.decoding import Decoder
from murmur.segmentation.emissions import Emitter, Normaliser
from murmur.settings import Settings
from murmur.spectrogram import Spectrogram

__all__ = ["stages"]


def _whole(stage: Any, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate([stage.push(rows), stage.finish()])


def stages(samples: NDArray[np.float32], sample_rate_hz: int) -> dict[str, Callable[[], object]]:
    """Return the stages' calls by name, each with what the one before it gives."""
    models = shipped_models()

    def condition() -> NDArray[np.float32]:
        stage = Conditioner(float(sample_rate_hz), Settings())
        return np.concatenate([stage.push(samples).samples, stage.finish().samples])

    clean = condition()
    power = _whole(Spectrogram(), clean)
    bands = _whole(Normaliser(), power)
    posteriors = _whole(Emitter(models.segmentation.network), bands)

    def listen() -> object:
        listener = Listener(models.murmur_network)
        return listener.push(bands, posteriors), listener.finish()

    def decode() -> object:
        decoder = Decoder(models.segmentation.tables)
        return decoder.push(posteriors), decoder.finish()

    return {
        "conditioning": condition,
        "spectrogram": lambda: _whole(Spectrogram(), clean),
        "envelopes": lambda: _whole(Envelopes(), clean),
        "log bands, normalised": lambda: _whole(Normaliser(), power),
        "network": lambda: _whole(Emitter(models.segmentation.network), bands),
        "murmur network": listen,
        "decoding": decode,
    }
