"""Sensors on the chest, and their effect on sound."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from murmur.synthesis.levels import gain


class _Sensor(NamedTuple):
    """Corner frequencies of a sensor's response (Butterworth), and a resonance."""

    high_pass_hz: float
    high_pass_order: int
    low_pass_hz: float
    low_pass_order: int
    resonance_hz: float = 0.0
    resonance_db: float = 0.0


_SENSORS = {
    "flat": _Sensor(10.0, 1, math.inf, 0),
    "electronic": _Sensor(20.0, 2, 1000.0, 4),
    "contact": _Sensor(20.0, 2, 400.0, 3),
    "air-coupled": _Sensor(35.0, 1, 600.0, 2, 120.0, 6.0),
}
SENSORS: tuple[str, ...] = tuple(_SENSORS)
"""The sensors of a `Phantom`."""


def through_sensor(sound: NDArray[np.float64], sensor: str, sample_rate_hz: int) -> NDArray[np.float64]:
    """Pass a sound through an analog sensor, shape (n,) to (n,)."""
    kind = _SENSORS[sensor]
    # The analog response is evaluated at each frequency: causal, exact at any sample rate, and without a filter design.
    # A quarter of a second of silence keeps its ringing from wrapping around.
    padded = 1 << (sound.size + sample_rate_hz // 4).bit_length()
    f = np.fft.rfftfreq(padded, 1.0 / sample_rate_hz)
    response = _butterworth(1.0 / (np.maximum(f, 1e-6) / kind.high_pass_hz), kind.high_pass_order, -1.0)
    response[0] = 0.0
    response *= _butterworth(f / kind.low_pass_hz, kind.low_pass_order, 1.0)
    if kind.resonance_db:
        s = 1j * f / kind.resonance_hz
        response *= (s**2 + s * gain(kind.resonance_db) + 1.0) / (s**2 + s + 1.0)
    return np.fft.irfft(np.fft.rfft(sound, padded) * response, padded)[: sound.size]


def _butterworth(ratio: NDArray[np.floating[Any]], order: int, direction: float) -> NDArray[np.complex128]:
    """Return a low-pass response at frequency/corner, or, with direction -1, a high-pass one at corner/frequency."""
    s = 1j * direction * ratio
    response = np.ones(s.size, dtype=np.complex128)
    for k in range(order):
        pole = np.exp(1j * math.pi * (2.0 * k + order + 1.0) / (2.0 * order))
        response = response / (1.0 - s / pole)
    return response
