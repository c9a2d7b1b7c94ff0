"""Seeded disturbances of real recordings, as loud as asked for against the recording itself.

The signal-to-noise ratio is the RMS of the whole recording, with whatever noise it has, against the RMS of the whole
disturbance: knocks are few, hence each is far louder than noise at the same ratio.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from murmur.synthesis import Phantom
from murmur.synthesis.disturbances import knocks
from murmur.training.augment import coloured_noise

__all__ = ["CLEAN", "CONDITIONS", "NOISES", "SNRS_DB", "Condition", "Labels", "babble", "disturbed", "without_gap"]

Samples = NDArray[np.float64]
Labels = tuple[tuple[float, float, int], ...]

SOUNDS = (1, 3)
SNRS_DB = (20, 15, 10, 5, 0)
PINK_DB_PER_OCTAVE = 3.01
KNOCKS_PER_MINUTE = 40.0
LOST_S = 3.0
#: What a sensor in the air still hears.
LOST_DB = -50.0
STEP_DB = 20.0

VOICES = 8
BABBLE_S = 60.0
SYLLABLES_PER_S = 4.5
#: Means and spreads of the first three formants over the vowels of men, women and children, and their bandwidths.
FORMANTS_HZ = ((520.0, 150.0, 80.0), (1450.0, 350.0, 110.0), (2600.0, 250.0, 160.0))


@dataclass(frozen=True)
class Condition:
    """A kind of disturbance, and its level where it has one."""

    kind: str
    snr_db: int | None = None

    @property
    def name(self) -> str:
        return self.kind if self.snr_db is None else f"{self.kind}, {self.snr_db} dB"


CLEAN = Condition("clean")


def _pink(n: int, sample_rate_hz: float, rng: np.random.Generator) -> Samples:
    return coloured_noise(n, PINK_DB_PER_OCTAVE, sample_rate_hz, rng)


def _knocks(n: int, sample_rate_hz: float, rng: np.random.Generator) -> Samples:
    return knocks(Phantom(knocks_per_minute=KNOCKS_PER_MINUTE), n, round(sample_rate_hz), rng)


def _babble(n: int, sample_rate_hz: float, rng: np.random.Generator) -> Samples:
    """Some other minute of the same eight voices for each recording: two places of the track at once."""
    track = babble(round(sample_rate_hz))
    first, second = rng.integers(track.size, size=2)
    index = np.arange(n)
    mixed: Samples = track[(first + index) % track.size] + rng.choice([-1.0, 1.0]) * track[(second + index) % track.size]
    return mixed


NOISES: dict[str, Callable[[int, float, np.random.Generator], Samples]] = {
    "coloured noise": _pink,
    "babble": _babble,
    "knocks": _knocks,
}
CONDITIONS = (
    CLEAN,
    *(Condition(kind, snr_db) for kind in NOISES for snr_db in SNRS_DB),
    Condition("3 s of lost contact"),
    Condition("gain step of 20 dB"),
)


def disturbed(
    samples: NDArray[np.float32], labels: Labels, sample_rate_hz: float, condition: Condition, name: str, seed: int = 0
) -> tuple[NDArray[np.float32], Labels]:
    """Disturb one recording.

    Parameters
    ----------
    samples : ndarray, shape (n,)
    labels : tuple of (start_s, end_s, state)
    sample_rate_hz : float
    condition : Condition
    name : str
        Of the recording; with the seed and the kind it fixes the chance, whatever else is disturbed. All levels of a kind
        have the same noise.
    seed : int

    Returns
    -------
    ndarray of float32, shape (n,)
        Within ±1.
    tuple of (start_s, end_s, state)
        The labels that can still be heard.
    """
    rng = np.random.default_rng([seed, zlib.crc32(name.encode()), zlib.crc32(condition.kind.encode())])
    x = samples.astype(np.float64)
    rms = float(np.sqrt(np.mean(x**2)))
    if condition.kind in NOISES and condition.snr_db is not None:
        noise = NOISES[condition.kind](x.size, sample_rate_hz, rng)
        x += noise * (rms * 10 ** (-condition.snr_db / 20) / max(float(np.sqrt(np.mean(noise**2))), 1e-12))
    elif condition.kind == "3 s of lost contact":
        x, labels = _lose_contact(x, labels, rms, sample_rate_hz, rng)
    elif condition.kind == "gain step of 20 dB":
        step = int(rng.uniform(0.2, 0.8) * x.size)
        x[step:] *= 10 ** (rng.choice([-1.0, 1.0]) * STEP_DB / 20)
    peak = float(np.abs(x).max(initial=0.0))
    return (x / max(peak, 1.0)).astype(np.float32), labels


def _lose_contact(
    x: Samples, labels: Labels, rms: float, sample_rate_hz: float, rng: np.random.Generator
) -> tuple[Samples, Labels]:
    length = min(round(LOST_S * sample_rate_hz), x.size // 2)
    start = int(rng.integers(x.size - length + 1))
    x[start : start + length] = rms * 10 ** (LOST_DB / 20) * rng.standard_normal(length)
    return x, without_gap(labels, start / sample_rate_hz, (start + length) / sample_rate_hz)


def without_gap(labels: Labels, start_s: float, end_s: float) -> Labels:
    """Labels outside a gap: a sound that it touches is not labelled at all, systole and diastole are cut at its edges."""
    kept: list[tuple[float, float, int]] = []
    for begin_s, stop_s, state in labels:
        if stop_s <= start_s or begin_s >= end_s:
            kept.append((begin_s, stop_s, state))
        elif state not in SOUNDS:
            kept += [(a, b, state) for a, b in ((begin_s, start_s), (end_s, stop_s)) if a < b]
    return tuple(kept)


@lru_cache(maxsize=4)
def babble(sample_rate_hz: int, seed: int = 0) -> Samples:
    """A minute of several voices at once, speech-like: harmonics through wandering formants, in syllables and pauses."""
    n = round(BABBLE_S * sample_rate_hz)
    total = np.zeros(n)
    for child in np.random.SeedSequence(seed).spawn(VOICES):
        voice = _voice(n, sample_rate_hz, np.random.default_rng(child))
        total += voice / np.sqrt(np.mean(voice**2))
    total.flags.writeable = False
    return total


def _voice(n: int, sample_rate_hz: int, rng: np.random.Generator) -> Samples:
    """One voice: a buzz that falls by 12 dB per octave, each harmonic as loud as the formants let it be."""
    t = np.arange(n) / sample_rate_hz
    ends = np.cumsum(rng.gamma(8.0, 1.0 / (8.0 * SYLLABLES_PER_S), size=round(2 * SYLLABLES_PER_S * BABBLE_S)))
    middles = np.r_[0.0, ends[:-1]] + 0.5 * np.diff(np.r_[0.0, ends])

    def contour(values: Samples) -> Samples:
        """Run smoothly through one value for each syllable."""
        return np.interp(t, middles, values)

    pitch = contour(rng.uniform(95.0, 260.0) * 2 ** rng.normal(0.0, 0.15, size=ends.size))
    turn = 2 * np.pi * np.cumsum(pitch) / sample_rate_hz
    formants = [(contour(rng.normal(mean, spread, size=ends.size)), width) for mean, spread, width in FORMANTS_HZ]
    voice = np.zeros(n)
    for k in range(1, int(0.45 * sample_rate_hz / pitch.min()) + 1):
        frequency = k * pitch
        loud = sum(1.0 / (1.0 + ((frequency - f) / width) ** 2) for f, width in formants)
        voice += np.where(frequency < 0.45 * sample_rate_hz, loud / k, 0.0) * np.sin(k * turn)
    said = rng.random(ends.size) < 0.8  # the others are pauses
    return voice * _syllables(t, ends, said * 10 ** (rng.normal(0.0, 4.0, size=ends.size) / 20))


def _syllables(t: Samples, ends: Samples, loudness: Samples) -> Samples:
    """Envelope: each syllable swells and fades."""
    index = np.minimum(np.searchsorted(ends, t), ends.size - 1)
    starts = np.r_[0.0, ends[:-1]]
    phase = (t - starts[index]) / (ends[index] - starts[index])
    envelope: Samples = loudness[index] * np.sin(np.pi * np.clip(phase, 0.0, 1.0)) ** 0.7
    return envelope
