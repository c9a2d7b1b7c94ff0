"""S1, S2, S3, S4 and clicks as sums of decaying narrow-band bursts."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from murmur.synthesis.cycles import Beats
from murmur.synthesis.levels import YARDSTICK_S, gain
from murmur.synthesis.phantom import Phantom

__all__ = ["heart_sounds"]


class _Burst(NamedTuple):
    """One decaying narrow-band burst of a valve sound; the level is that of its energy."""

    frequency_hz: float
    level_db: float
    decay_s: float


# Levels are the net band levels of S1 and S2 in recordings of children without murmur, S2 as a whole at 0 dB.
# The tails above 150 Hz are weak but real: without them a phantom sounds like a drum.
_M1_BURSTS = (
    _Burst(35.0, -10.5, 0.022),
    _Burst(55.0, -6.0, 0.019),
    _Burst(98.0, -12.5, 0.015),
    _Burst(185.0, -19.0, 0.010),
    _Burst(310.0, -23.0, 0.007),
    _Burst(480.0, -26.5, 0.005),
)
_A2_BURSTS = (
    _Burst(36.0, -9.0, 0.022),
    _Burst(63.0, -6.0, 0.018),
    _Burst(106.0, -8.0, 0.014),
    _Burst(190.0, -11.5, 0.009),
    _Burst(315.0, -16.0, 0.006),
    _Burst(480.0, -20.0, 0.005),
    _Burst(680.0, -25.5, 0.003),
)
_S3_BURSTS = (_Burst(30.0, -2.0, 0.022), _Burst(46.0, -5.0, 0.018))
_S4_BURSTS = (_Burst(28.0, -2.0, 0.020), _Burst(42.0, -5.0, 0.016))
_CLICK_BURSTS = (_Burst(120.0, -6.0, 0.006), _Burst(210.0, -3.0, 0.005), _Burst(330.0, -6.0, 0.004))
_RISE_S = 0.005
_LOW_RISE_S = 0.012  # S3 and S4 are thuds without an edge
_ONSET_LAG_S = 0.005  # experts set an onset just before the sound, and so do the intervals
_SOUND_SPREAD_DB = 1.5  # half of what real hearts show: phantoms are to be clear cases
_S1_BAND_HZ = (60.0, 100.0)
_S1_NORMAL_DB = 0.0  # energy of S1 against S2 in that band
_S1_RISE_S = 0.007
_T1_DELAY_S = 0.028
_T1_LEVEL_DB = 0.0
_T1_PITCH = 1.12
_P2_LEVEL_DB = -3.0
_P2_PITCH = 0.9
_S3_DELAY_S = 0.14  # after A2
_S4_LEAD_S = 0.13  # before S1

_Shape = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def _bursts(
    time_s: NDArray[np.float64],
    bursts: tuple[_Burst, ...],
    phases: NDArray[np.float64],
    *,
    pitch: float = 1.0,
    rise_s: float = _RISE_S,
) -> NDArray[np.float64]:
    """Sum of decaying bursts that start at time 0; each has its level in energy (unit: 0.1 s at RMS 1)."""
    t = np.maximum(time_s, 0.0)
    out = np.zeros(t.size)
    for burst, phase in zip(bursts, phases, strict=True):
        # The envelope's square, integrated in closed form: the level is exact whatever rise and decay are.
        d, r = 2.0 / burst.decay_s, 1.0 / rise_s
        energy = 1.0 / d - 4.0 / (d + r) + 6.0 / (d + 2 * r) - 4.0 / (d + 3 * r) + 1.0 / (d + 4 * r)
        amplitude = gain(burst.level_db) * math.sqrt(2.0 * YARDSTICK_S / energy)
        envelope = np.exp(-t / burst.decay_s) * (1.0 - np.exp(-t / rise_s)) ** 2
        out += amplitude * envelope * np.sin(2.0 * math.pi * burst.frequency_hz * pitch * t + phase)
    return out


def _window(n: int, at_s: float, sample_rate_hz: int, length_s: float) -> tuple[slice, NDArray[np.float64]]:
    """Return the part of a recording from at_s on, as far as there is one, and its times since at_s."""
    first = max(math.ceil(at_s * sample_rate_hz), 0)
    last = max(min(math.ceil((at_s + length_s) * sample_rate_hz), n), first)
    return slice(first, last), np.arange(first, last) / sample_rate_hz - at_s


def _energy(shape: _Shape, low_hz: float = 0.0, high_hz: float = math.inf) -> float:
    """Energy of a sound within a band: its square integrated over seconds."""
    rate, n = 16000, 8192
    spectrum = np.abs(np.fft.rfft(shape(np.arange(n) / rate))) ** 2
    frequency = np.fft.rfftfreq(n, 1.0 / rate)
    return 2.0 * float(spectrum[(frequency >= low_hz) & (frequency <= high_hz)].sum()) / n / rate


def _phases(rng: np.random.Generator, bursts: tuple[_Burst, ...]) -> NDArray[np.float64]:
    return rng.uniform(-math.pi, math.pi, len(bursts))


def _recoloured(bursts: tuple[_Burst, ...], rng: np.random.Generator) -> tuple[_Burst, ...]:
    """Give every burst a level of the patient's own."""
    shifts_db = _SOUND_SPREAD_DB * np.clip(rng.standard_normal(len(bursts)), -2.0, 2.0)
    # Little of it at 50 to 110 Hz, where a quiet S1 shows: there `s1_level_db` is to decide.
    shifts_db *= [0.4 if 50.0 < burst.frequency_hz < 110.0 else 1.0 for burst in bursts]
    return tuple(
        burst._replace(level_db=burst.level_db + float(shift_db)) for burst, shift_db in zip(bursts, shifts_db, strict=True)
    )


def heart_sounds(
    phantom: Phantom, beats: Beats, n: int, sample_rate_hz: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """S1, S2, S3, S4 and click of all beats, shape (n,)."""
    # Phases belong to the patient: from beat to beat the same valve makes nearly the same wave.
    phases = {
        name: _phases(rng, bursts)
        for name, bursts in (
            ("m1", _M1_BURSTS),
            ("a2", _A2_BURSTS),
            ("s3", _S3_BURSTS),
            ("s4", _S4_BURSTS),
            ("click", _CLICK_BURSTS),
        )
    }
    pitch = phantom.heart_sound_pitch
    # No two hearts have the same balance of low and high.
    m1 = _recoloured(_M1_BURSTS, rng)
    a2 = _recoloured(_A2_BURSTS, rng)

    def first(t: NDArray[np.float64], pitch: float = pitch) -> NDArray[np.float64]:
        mitral = _bursts(t, m1, phases["m1"], pitch=pitch, rise_s=_S1_RISE_S)
        later = t - _T1_DELAY_S
        tricuspid = _bursts(later, m1, phases["m1"], pitch=pitch * _T1_PITCH, rise_s=_S1_RISE_S)
        return mitral + gain(_T1_LEVEL_DB) * np.where(later > 0.0, tricuspid, 0.0)

    def second(t: NDArray[np.float64], split_s: float, pitch: float = pitch) -> NDArray[np.float64]:
        aortic = _bursts(t, a2, phases["a2"], pitch=pitch)
        later = t - split_s
        pulmonary = _bursts(later, a2, phases["a2"], pitch=pitch * _P2_PITCH)
        return aortic + gain(_P2_LEVEL_DB) * np.where(later > 0.0, pulmonary, 0.0)

    def third(t: NDArray[np.float64]) -> NDArray[np.float64]:
        return _bursts(t, _S3_BURSTS, phases["s3"], rise_s=_LOW_RISE_S)

    def fourth(t: NDArray[np.float64]) -> NDArray[np.float64]:
        return _bursts(t, _S4_BURSTS, phases["s4"], rise_s=_LOW_RISE_S)

    def click(t: NDArray[np.float64]) -> NDArray[np.float64]:
        return _bursts(t, _CLICK_BURSTS, phases["click"], rise_s=0.001)

    def yardstick(t: NDArray[np.float64]) -> NDArray[np.float64]:
        # A split in the middle of the normal range, whatever this patient's is.
        return second(t, 0.025)

    s2_factor = math.sqrt(YARDSTICK_S / _energy(yardstick))
    # S1 is set against S2 where a quiet S1 shows; how the two differ elsewhere is the patient's own.
    s1_factor = s2_factor * math.sqrt(_energy(yardstick, *_S1_BAND_HZ) / _energy(first, *_S1_BAND_HZ))
    s1_factor *= gain(_S1_NORMAL_DB + phantom.s1_level_db + phantom.s1_over_s2_db)
    extra = {
        name: 0.0 if level_db is None else gain(level_db) * math.sqrt(over_s / _energy(shape))
        for name, shape, level_db, over_s in (
            ("s3", third, phantom.s3_level_db, 0.06),
            ("s4", fourth, phantom.s4_level_db, 0.06),
            ("click", click, phantom.click_level_db, 0.02),
        )
    }
    out = np.zeros(n)
    for beat in range(beats.s1.size):
        bend = pitch * np.clip(1.0 + 0.015 * rng.standard_normal(2), 0.9, 1.1)
        unrest_db, place = rng.standard_normal(3), rng.standard_normal(3)
        s3, s4, snap = (extra[name] * gain(0.7 * unrest_db[k]) for k, name in enumerate(extra))
        start_s, end_s = float(beats.s1[beat]), float(beats.following[beat])
        s1_end_s, s2_s = float(beats.s1_end[beat]), float(beats.s2[beat])

        at, t = _window(n, start_s + _ONSET_LAG_S, sample_rate_hz, 0.4)
        out[at] += beats.s1_gain[beat] * s1_factor * first(t, bend[0])
        at, t = _window(n, s2_s + _ONSET_LAG_S, sample_rate_hz, 0.4)
        out[at] += beats.s2_gain[beat] * s2_factor * second(t, float(beats.split[beat]), bend[1])
        if s3 and s2_s + _S3_DELAY_S + 0.08 < end_s:
            at, t = _window(n, s2_s + _S3_DELAY_S + 0.003 * place[0], sample_rate_hz, 0.3)
            out[at] += s3 * third(t)
        early_next = beat + 1 < beats.s1.size and beats.premature[beat + 1]
        if s4 and not early_next and end_s - _S4_LEAD_S > beats.s2_end[beat]:
            at, t = _window(n, end_s - _S4_LEAD_S + 0.003 * place[1], sample_rate_hz, 0.3)
            out[at] += s4 * fourth(t)
        if snap:
            share = phantom.click_place + 0.02 * place[2]
            at, t = _window(n, s1_end_s + share * (s2_s - s1_end_s), sample_rate_hz, 0.1)
            out[at] += snap * click(t)
    return out
