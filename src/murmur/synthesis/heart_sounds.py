"""S1, S2, S3, S4 and clicks as sums of decaying narrow-band bursts."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from murmur.synthesis.cycles import Cycles
from murmur.synthesis.levels import YARDSTICK_S, gain
from murmur.synthesis.phantom import Phantom


class _Burst(NamedTuple):
    """One decaying narrow-band burst of a valve sound; the level is that of its energy."""

    frequency_hz: float
    level_db: float
    decay_s: float


# Levels are the net band levels of S1 and S2 in recordings of children without a murmur; S2 as a whole is at 0 dB.
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
_ONSET_LAG_S = 0.005  # experts set an onset just before the sound, as do the intervals
_SOUND_SPREAD_DB = 1.5  # half of that in real hearts, as phantoms should be clear cases
_S1_BAND_HZ = (60.0, 100.0)
_S1_RISE_S = 0.007
_T1_DELAY_S = 0.028
_T1_PITCH = 1.12
_P2_LEVEL_DB = -3.0
_P2_PITCH = 0.9
_S3_DELAY_S = 0.14  # after A2
_S4_LEAD_S = 0.13  # before S1

_Sound = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def _bursts(
    time_s: NDArray[np.float64],
    bursts: tuple[_Burst, ...],
    phases: NDArray[np.float64],
    *,
    pitch: float = 1.0,
    rise_s: float = _RISE_S,
) -> NDArray[np.float64]:
    """Return the sum of decaying bursts that start at time 0; levels are energies, against 0.1 s at RMS 1."""
    t = np.maximum(time_s, 0.0)
    out = np.zeros(t.size)
    for burst, phase in zip(bursts, phases, strict=True):
        # The squared envelope, integrated in closed form, so the level is exact for any rise and decay.
        d, r = 2.0 / burst.decay_s, 1.0 / rise_s
        energy = 1.0 / d - 4.0 / (d + r) + 6.0 / (d + 2 * r) - 4.0 / (d + 3 * r) + 1.0 / (d + 4 * r)
        amplitude = gain(burst.level_db) * math.sqrt(2.0 * YARDSTICK_S / energy)
        envelope = np.exp(-t / burst.decay_s) * (1.0 - np.exp(-t / rise_s)) ** 2
        out += amplitude * envelope * np.sin(2.0 * math.pi * burst.frequency_hz * pitch * t + phase)
    return out


def _energy(sound: _Sound, low_hz: float = 0.0, high_hz: float = math.inf) -> float:
    """Return the energy of a sound within a band: its square integrated over seconds."""
    rate, n = 16000, 8192
    spectrum = np.abs(np.fft.rfft(sound(np.arange(n) / rate))) ** 2
    frequency = np.fft.rfftfreq(n, 1.0 / rate)
    return 2.0 * float(spectrum[(frequency >= low_hz) & (frequency <= high_hz)].sum()) / n / rate


def _recoloured(bursts: tuple[_Burst, ...], rng: np.random.Generator) -> tuple[_Burst, ...]:
    """Give every burst a level of the patient's own, as no two hearts have the same balance of low and high."""
    shifts_db = _SOUND_SPREAD_DB * np.clip(rng.standard_normal(len(bursts)), -2.0, 2.0)
    # Less from 50 to 110 Hz, where a quiet S1 shows and `s1_level_db` should decide.
    shifts_db *= [0.4 if 50.0 < burst.frequency_hz < 110.0 else 1.0 for burst in bursts]
    return tuple(
        burst._replace(level_db=burst.level_db + float(shift_db)) for burst, shift_db in zip(bursts, shifts_db, strict=True)
    )


class _Patient:
    """The heart sounds of a patient, as functions of the time since their onset, and their gains."""

    def __init__(self, phantom: Phantom, rng: np.random.Generator) -> None:
        # Phases belong to the patient: in every cycle the same valve makes nearly the same wave.
        groups = (_M1_BURSTS, _A2_BURSTS, _S3_BURSTS, _S4_BURSTS, _CLICK_BURSTS)
        self._m1_phases, self._a2_phases, *phases = [rng.uniform(-math.pi, math.pi, len(bursts)) for bursts in groups]
        self._m1, self._a2 = _recoloured(_M1_BURSTS, rng), _recoloured(_A2_BURSTS, rng)
        self.pitch = phantom.heart_sound_pitch
        self.s3 = partial(_bursts, bursts=_S3_BURSTS, phases=phases[0], rise_s=_LOW_RISE_S)
        self.s4 = partial(_bursts, bursts=_S4_BURSTS, phases=phases[1], rise_s=_LOW_RISE_S)
        self.click = partial(_bursts, bursts=_CLICK_BURSTS, phases=phases[2], rise_s=0.001)
        # The normal S2 has a split in the middle of the normal range, whatever this patient's is.
        s1, normal_s2 = partial(self.s1, pitch=self.pitch), partial(self.s2, split_s=0.025, pitch=self.pitch)
        self.s2_gain = math.sqrt(YARDSTICK_S / _energy(normal_s2))
        # A normal S1 is as strong as S2 in the band where a quiet S1 shows; how they differ elsewhere is the patient's own.
        self.s1_gain = self.s2_gain * math.sqrt(_energy(normal_s2, *_S1_BAND_HZ) / _energy(s1, *_S1_BAND_HZ))
        self.s1_gain *= gain(phantom.s1_level_db + phantom.s1_over_s2_db)
        extra = (
            (self.s3, phantom.s3_level_db, 0.06),
            (self.s4, phantom.s4_level_db, 0.06),
            (self.click, phantom.click_level_db, 0.02),
        )
        self.extra_gains = [
            0.0 if level_db is None else gain(level_db) * math.sqrt(over_s / _energy(sound))
            for sound, level_db, over_s in extra
        ]

    def s1(self, t: NDArray[np.float64], pitch: float) -> NDArray[np.float64]:
        valve = partial(_bursts, bursts=self._m1, phases=self._m1_phases, rise_s=_S1_RISE_S)
        return valve(t, pitch=pitch) + valve(t - _T1_DELAY_S, pitch=pitch * _T1_PITCH)

    def s2(self, t: NDArray[np.float64], split_s: float, pitch: float) -> NDArray[np.float64]:
        valve = partial(_bursts, bursts=self._a2, phases=self._a2_phases)
        return valve(t, pitch=pitch) + gain(_P2_LEVEL_DB) * valve(t - split_s, pitch=pitch * _P2_PITCH)


def heart_sounds(
    phantom: Phantom, cycles: Cycles, n: int, sample_rate_hz: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Return S1, S2, S3, S4 and click of all cycles, shape (n,)."""
    patient = _Patient(phantom, rng)
    out = np.zeros(n)

    def add(at_s: float, length_s: float, level: float, sound: _Sound) -> None:
        first = max(math.ceil(at_s * sample_rate_hz), 0)
        last = max(min(math.ceil((at_s + length_s) * sample_rate_hz), n), first)
        out[first:last] += level * sound(np.arange(first, last) / sample_rate_hz - at_s)

    for index in range(cycles.s1.size):
        s1_s, s1_end_s, s2_s, s2_end_s, end_s, split_s, *gains = (float(column[index]) for column in cycles)
        pitch = patient.pitch * np.clip(1.0 + 0.015 * rng.standard_normal(2), 0.9, 1.1)
        unrest_db, shift = rng.standard_normal(3), rng.standard_normal(3)
        s3, s4, click = (level * gain(0.7 * unrest_db[k]) for k, level in enumerate(patient.extra_gains))
        add(s1_s + _ONSET_LAG_S, 0.4, gains[0] * patient.s1_gain, partial(patient.s1, pitch=pitch[0]))
        add(s2_s + _ONSET_LAG_S, 0.4, gains[1] * patient.s2_gain, partial(patient.s2, split_s=split_s, pitch=pitch[1]))
        if s3 and s2_s + _S3_DELAY_S + 0.08 < end_s:
            add(s2_s + _S3_DELAY_S + 0.003 * shift[0], 0.3, s3, patient.s3)
        next_is_premature = index + 1 < cycles.s1.size and cycles.premature[index + 1]
        if s4 and not next_is_premature and end_s - _S4_LEAD_S > s2_end_s:
            add(end_s - _S4_LEAD_S + 0.003 * shift[1], 0.3, s4, patient.s4)
        if click:
            share = phantom.click_place + 0.02 * shift[2]
            add(s1_end_s + share * (s2_s - s1_end_s), 0.1, click, patient.click)
    return out
