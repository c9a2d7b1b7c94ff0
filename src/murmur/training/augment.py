"""Disturbances as in recordings from other devices and wards: filtering, noise, knocks, lost contact, gain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from murmur.settings import FRAME_RATE_HZ

Samples = NDArray[np.float32]
States = NDArray[np.int8]
Intervals = tuple[tuple[float, float, int], ...]

SOUNDS, DIASTOLE = (1, 3), 4
SHORTEST_DIASTOLE_S = 0.06


def coloured_noise(
    n: int, slope_db_per_octave: float, sample_rate_hz: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Gaussian noise of unit RMS whose power falls by the slope above 20 Hz."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    frequency = np.maximum(np.fft.rfftfreq(n, 1.0 / sample_rate_hz), 20.0)
    spectrum *= (frequency / 20.0) ** (-slope_db_per_octave / 6.02)
    spectrum[0] = 0.0
    noise = np.fft.irfft(spectrum, n)
    return noise / max(_rms(noise), 1e-12)


def _rms(x: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(x**2)))


def disturb(samples: Samples, states: States, sample_rate_hz: float, rng: np.random.Generator) -> tuple[Samples, States]:
    """Return disturbed samples, and the frame states that still hold (0 where the disturbance hides them)."""
    x = samples.astype(np.float64)
    states = states.copy()
    n = x.shape[0]
    if rng.random() < 0.8:
        x = _equalise(x, sample_rate_hz, rng)
    rms = _rms(x) + 1e-9
    if rng.random() < 0.6:
        snr_db = rng.uniform(0.0, 25.0)
        noise = coloured_noise(n, rng.uniform(0.0, 9.0), sample_rate_hz, rng)
        if rng.random() < 0.4:  # comes and goes, like voices
            knots = rng.uniform(0.0, 2.0, size=max(int(n / sample_rate_hz * 3), 2))
            noise *= np.interp(np.arange(n), np.linspace(0, n, knots.size), knots)
        x += noise * rms * 10 ** (-snr_db / 20)
    if rng.random() < 0.3:
        _knock(x, sample_rate_hz, rng)
    if rng.random() < 0.25:
        at = rng.integers(n)
        x[at:] *= 10 ** (rng.uniform(-20, 20) / 20)
    if rng.random() < 0.25:
        _lose_contact(x, states, rms, sample_rate_hz, rng)
    peak = float(np.abs(x).max()) + 1e-12
    if rng.random() < 0.1:
        x = np.clip(x, -peak * 0.5, peak * 0.5)
    return (x / peak).astype(np.float32), states


def drown(samples: Samples, sample_rate_hz: float, rng: np.random.Generator) -> Samples:
    """Return the recording in steady noise of 3 to 20 dB below it, half of the time through another sensor.

    Noise hides murmurs: a model must have met it often to know what can still be heard.
    """
    x = samples.astype(np.float64)
    if rng.random() < 0.5:
        x = _equalise(x, sample_rate_hz, rng)
    rms = _rms(x) + 1e-9
    noise = coloured_noise(x.shape[0], rng.uniform(0.0, 7.0), sample_rate_hz, rng)
    x += noise * rms * 10 ** (-rng.uniform(3.0, 20.0) / 20)
    return (x / (float(np.abs(x).max()) + 1e-12)).astype(np.float32)


def vary_rhythm(
    samples: Samples, intervals: Intervals, sample_rate_hz: float, rng: np.random.Generator
) -> tuple[Samples, Intervals]:
    """Cut and lengthen labelled diastoles of a real recording: slow, irregular and premature beats of varying loudness.

    Children's recordings hold little of the rhythms of adult and diseased hearts, in which diastole varies most.
    """
    mode = rng.choice(["irregular", "slow", "premature"], p=[0.3, 0.2, 0.5])
    steady = rng.uniform(1.0, 3.0) if mode == "slow" or rng.random() < 0.5 else 1.0
    loudness_spread = 0.0 if mode == "slow" else 0.3
    pieces: list[Samples] = []
    moved: list[tuple[float, float, int]] = []
    copied_s, shift_s, longer_next = 0.0, 0.0, False
    for start_s, end_s, state in intervals:
        if start_s < copied_s - 1e-6:  # labels that jump back: leave the rest as it is
            break
        length_s, factor = end_s - start_s, 1.0
        if state == DIASTOLE and length_s >= 0.12:
            factor, longer_next = _diastole_factor(mode, steady, length_s, longer_next, rng)
        first, last = round(start_s * sample_rate_hz), round(end_s * sample_rate_hz)
        pieces.append(samples[round(copied_s * sample_rate_hz) : first])
        piece = samples[first:last]
        if factor != 1.0:
            piece = _resize(piece, round(factor * piece.shape[0]), int(0.008 * sample_rate_hz))
        elif state in SOUNDS and loudness_spread:
            change = np.exp(rng.normal(0.0, loudness_spread)) - 1.0
            piece = piece * (1.0 + change * np.hanning(piece.shape[0])).astype(np.float32)
        pieces.append(piece)
        new_s = piece.shape[0] / sample_rate_hz
        moved.append((start_s + shift_s, start_s + shift_s + new_s, state))
        shift_s += new_s - length_s
        copied_s = end_s
    pieces.append(samples[round(copied_s * sample_rate_hz) :])
    return np.concatenate(pieces), tuple(moved)


def _diastole_factor(
    mode: str, steady: float, length_s: float, longer_next: bool, rng: np.random.Generator
) -> tuple[float, bool]:
    """Return by how much a diastole is lengthened, and whether the next one compensates for a premature beat."""
    factor = steady * rng.uniform(0.95, 1.05)
    if mode == "irregular":
        factor *= float(np.exp(rng.normal(0.1, 0.45)))
    elif mode == "premature" and longer_next:
        factor, longer_next = factor * rng.uniform(1.3, 1.8), False
    elif mode == "premature" and rng.random() < 0.2:  # however soon after S2
        factor, longer_next = rng.uniform(SHORTEST_DIASTOLE_S / length_s, 0.6 * factor), True
    return float(np.clip(factor * length_s, SHORTEST_DIASTOLE_S, 2.2) / length_s), longer_next


def _resize(piece: Samples, length: int, fade: int) -> Samples:
    """Shorten by cutting out the middle, lengthen by repeating it to and fro, with cross-fades."""
    n = piece.shape[0]
    if length < n:
        head = length // 2
        return _fade_join(piece[: head + fade], piece[n - (length - head) :], fade)
    end = int(0.85 * n)  # of what is repeated
    room = length - (n - end)
    out, middle = piece[:end], piece[int(0.45 * n) : end]
    while out.shape[0] < room:
        middle = middle[::-1]
        out = _fade_join(out, middle, fade)
    return _fade_join(out[: max(room, fade)], piece[end - fade :], fade)[:length]


def _fade_join(a: Samples, b: Samples, fade: int) -> Samples:
    fade = min(fade, a.shape[0], b.shape[0])
    if fade == 0:
        return np.concatenate([a, b])
    ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
    return np.concatenate([a[:-fade], a[-fade:] * (1 - ramp) + b[:fade] * ramp, b[fade:]])


def _equalise(x: NDArray[np.float64], sample_rate_hz: float, rng: np.random.Generator) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(x)
    octave = np.log2(np.maximum(np.fft.rfftfreq(x.shape[0], 1.0 / sample_rate_hz), 10.0))
    knots = np.log2(np.array([10.0, 40.0, 90.0, 200.0, 450.0, 1000.0]))
    gain_db = np.interp(octave, knots, rng.normal(0.0, 5.0, size=knots.size))
    if rng.random() < 0.4:  # a sensor or a driver that attenuates high frequencies
        cutoff = np.log2(rng.uniform(120.0, 700.0))
        gain_db -= rng.uniform(12.0, 48.0) * np.maximum(octave - cutoff, 0.0)
    if rng.random() < 0.3:
        cutoff = np.log2(rng.uniform(25.0, 70.0))
        gain_db -= rng.uniform(6.0, 24.0) * np.maximum(cutoff - octave, 0.0)
    return np.fft.irfft(spectrum * 10 ** (gain_db / 20), x.shape[0])


def _knock(x: NDArray[np.float64], sample_rate_hz: float, rng: np.random.Generator) -> None:
    loud = float(np.quantile(np.abs(x), 0.99)) + 1e-9
    duration_s = x.shape[0] / sample_rate_hz
    for _ in range(rng.poisson(rng.uniform(0.1, 0.8) * duration_s)):
        length = int(rng.uniform(0.005, 0.06) * sample_rate_hz)
        t = np.arange(length) / sample_rate_hz
        burst = np.exp(-t * rng.uniform(30, 200)) * np.cos(2 * np.pi * rng.uniform(30, 500) * t + rng.uniform(0, 6.3))
        burst += 0.3 * rng.standard_normal(length) * np.exp(-t * 80)
        at = int(rng.integers(max(x.shape[0] - length, 1)))
        x[at : at + length] += (burst * loud * rng.uniform(0.5, 6.0))[: x.shape[0] - at]


def _lose_contact(
    x: NDArray[np.float64], states: States, rms: float, sample_rate_hz: float, rng: np.random.Generator
) -> None:
    length = int(rng.uniform(0.5, 4.0) * sample_rate_hz)
    at = int(rng.integers(max(x.shape[0] - length, 1)))
    gap = x[at : at + length]
    silent = rng.random() < 0.5
    gap[:] = 0.0 if silent else rms * 10 ** (-rng.uniform(25, 60) / 20) * rng.standard_normal(gap.shape[0])
    first, last = (int(sample / sample_rate_hz * FRAME_RATE_HZ) for sample in (at, at + length))
    states[max(first - 3, 0) : last + 3] = 0
    states[first + 8 : max(last - 8, first + 8)] = DIASTOLE  # in silence the diastole goes on
