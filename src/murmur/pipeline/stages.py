"""The stages of the stream, from samples to spans, and what each block gives."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from murmur.learned.network import NetworkWeights
from murmur.measure.murmur_network import MurmurNetwork
from murmur.segmentation.decoding import Decoder, Spans
from murmur.segmentation.emissions import Emitter, Normalizer
from murmur.segmentation.model import SegmentationModel
from murmur.settings import HOP, Settings
from murmur.signal.conditioning import Conditioner, Samples
from murmur.signal.envelopes import Envelopes
from murmur.signal.spectrogram import Spectrogram

Frames = NDArray[np.float32]
#: A sound that begins this soon after silence was under way before.
UNDER_WAY_FRAMES = 5


class Produced(NamedTuple):
    """What is settled after a block; later stages lag behind earlier ones.

    Attributes
    ----------
    limited : ndarray of uint8, shape (samples,)
        Whether each conditioned sample lies in a friction spike.
    envelope : ndarray of float32, shape (envelope frames, 3)
    power : ndarray of float32, shape (frames, bins)
    log_posteriors : ndarray of float32, shape (frames, 4)
    scores : ndarray of float32, shape (frames, outputs of the murmur network)
    spans : Spans
    """

    limited: NDArray[np.uint8]
    envelope: Frames
    power: Frames
    log_posteriors: Frames
    scores: Frames
    spans: Spans


class Stages:
    """All stages in turn. Conditioning, spectra, emissions, decoding; beside them envelopes and the murmur network.

    The `push` of each takes the next rows and returns what is settled, after the last rows all that is left, with identical
    results for any block size. Row numbers lie on an absolute grid, and every result has a bounded context in time. Whatever
    a stage needs of earlier blocks it holds itself.
    """

    def __init__(
        self, sample_rate_hz: float, settings: Settings, model: SegmentationModel, murmur_network: NetworkWeights
    ) -> None:
        self._rate_hz = sample_rate_hz
        self._conditioner = Conditioner(sample_rate_hz, settings)
        self._envelopes = Envelopes()
        self._spectrogram = Spectrogram()
        self._normalizer = Normalizer()
        self._emitter = Emitter(model.network)
        self._murmur_network = MurmurNetwork(murmur_network)
        self.decoder = Decoder(model.tables)
        self._sounding = False

    @property
    def duration_s(self) -> float:
        """Length of the input so far."""
        return self._conditioner.samples_taken / self._rate_hz

    @property
    def clipped_fraction(self) -> float:
        """Share of the input in flat tops."""
        return self._conditioner.clipped_fraction

    @property
    def first_onset_frame(self) -> int:
        """A sound that begins up to here was under way when the recording, or the sound in it, began."""
        return self._conditioner.first_sound // HOP + UNDER_WAY_FRAMES

    def push(self, block: Samples, last: bool = False) -> Produced:
        """Take the next samples of the input; return what is settled."""
        conditioned = self._conditioner.push(block, last)
        envelope = self._envelopes.push(conditioned.samples, last)
        power = self._spectrogram.push(conditioned.samples, last)
        bands = self._normalizer.push(power, last)
        if not self._sounding and self._conditioner.first_sound >= 0:
            self._sounding = True
            first_frame = round(self._conditioner.first_sound / HOP)
            for stage in (self._emitter, self._murmur_network, self.decoder):
                stage.begin_at(first_frame)
        log_posteriors = self._emitter.push(bands, last)
        scores = self._murmur_network.push((bands, log_posteriors), last)
        return Produced(
            conditioned.limited, envelope, power, log_posteriors, scores, self.decoder.push(log_posteriors, last)
        )  # fmt: skip
