"""From a phantom to its recording, with the truth about it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from murmur.errors import ParameterError
from murmur.synthesis.checks import check
from murmur.synthesis.cycles import Cycles, draw_cycles, state_intervals
from murmur.synthesis.disturbances import floor_density, knocks, respiration
from murmur.synthesis.heart_sounds import heart_sounds
from murmur.synthesis.levels import YARDSTICK_S, gain
from murmur.synthesis.murmurs import add_murmur
from murmur.synthesis.noise import shaped_noise, slow_db
from murmur.synthesis.phantom import Phantom
from murmur.synthesis.sensors import through_sensor
from murmur.synthesis.signs import Sign, certain_signs


@dataclass(frozen=True, slots=True, eq=False)
class Synthetic:
    """A synthesized recording and the truth about it.

    Attributes
    ----------
    samples : ndarray of float32, shape (n,)
        The recording, within ±1.
    sample_rate_hz : int
        Samples per second.
    intervals : tuple of (start_s, end_s, state)
        States 1 S1, 2 systole, 3 S2, 4 diastole; contiguous from 0 to the end of the recording.
    signs : dict
        What is certainly true of the patient and the recording; signs at the limit of hearing are left out.
        Keys: `murmur` ("present", "absent"), `systolic_timing` ("holosystolic", "early", "mid", "late"),
        `systolic_shape`, `systolic_quality`, `diastolic_murmur`, `s1_intensity` ("quiet", "normal", "loud"), `s2_split_ms`,
        `s3`, `s4`, `click`, `irregular_rhythm`, `premature_beats`, `heart_rate_bpm` (of this recording), `readable`,
        `clipped`. If `readable` is False, the others hold for the patient but can't be heard.
    phantom : Phantom
        The patient and the sensor.
    """

    samples: NDArray[np.float32] = field(repr=False)
    sample_rate_hz: int
    intervals: tuple[tuple[float, float, int], ...] = field(repr=False)
    signs: dict[str, Sign]
    phantom: Phantom


def synthesize(phantom: Phantom, duration_s: float = 15.0, sample_rate_hz: int = 4000, seed: int = 0) -> Synthetic:
    """Record a phantom.

    Each part (rhythm, sounds, murmurs, noise …) has a random generator of its own, so two phantoms that differ in one level
    differ in nothing else with the same seed.

    Parameters
    ----------
    phantom : Phantom
        The patient and the sensor.
    duration_s : float
        Length of the recording, 1 to 3600 s.
    sample_rate_hz : int
        2000 to 192000.
    seed : int
        0 or more; the same seed gives the same samples.

    Returns
    -------
    Synthetic
        Samples, states and signs.

    Raises
    ------
    ParameterError
        If an argument is out of range.

    See Also
    --------
    random_phantom : Draws a patient with a condition.
    at_site : Moves the sensor to another site.

    Examples
    --------
    >>> from murmur.synthesis import Murmur, Phantom, synthesize
    >>> sound = synthesize(Phantom(heart_rate_bpm=60.0, systolic_murmur=Murmur(level_db=-6.0)), duration_s=10.0)
    >>> sound.samples.shape, sound.signs["murmur"], sound.signs["systolic_timing"]
    ((40000,), 'present', 'holosystolic')
    """
    if not isinstance(phantom, Phantom):
        raise ParameterError(f"phantom must be a Phantom, not {phantom!r}")
    check("duration_s", duration_s, 1.0, 3600.0)
    for name, value, low, high in (
        ("sample_rate_hz", sample_rate_hz, 2000, 192000),
        ("seed", seed, 0, 2**63),
    ):
        check(name, value, low, high)
        if value != int(value):
            raise ParameterError(f"{name} must be a whole number, not {value!r}")
    rate = int(sample_rate_hz)
    n = round(duration_s * rate)
    parts = ("rhythm", "sounds", "systolic", "diastolic", "respiration", "knocks", "noise", "floor", "hum")
    seeds = np.random.SeedSequence(int(seed)).spawn(len(parts))
    rngs = {part: np.random.default_rng(child) for part, child in zip(parts, seeds, strict=True)}
    cycles = draw_cycles(phantom, duration_s, rngs["rhythm"])
    recorded = through_sensor(_chest(phantom, cycles, n, rate, rngs), phantom.sensor, rate)
    _add_noise(recorded, phantom, rate, _recorded_s2_rms(phantom, rate, int(seed)), rngs)
    if phantom.clip_fraction > 0.0:
        ceiling = float(np.quantile(np.abs(recorded), 1.0 - phantom.clip_fraction))
        samples = np.clip(recorded / ceiling, -1.0, 1.0)
    else:
        samples = recorded * (gain(phantom.peak_level_dbfs) / float(np.max(np.abs(recorded))))
    states, signs = state_intervals(cycles, n, rate), certain_signs(phantom, cycles, duration_s)
    return Synthetic(samples.astype(np.float32), rate, states, signs, phantom)


def _chest(phantom: Phantom, cycles: Cycles, n: int, rate: int, rngs: dict[str, np.random.Generator]) -> NDArray[np.float64]:
    """Return the sound that reaches the sensor, shape (n,)."""
    chest = heart_sounds(phantom, cycles, n, rate, rngs["sounds"])
    for part, murmur, sound, sound_end, end in (
        ("systolic", phantom.systolic_murmur, cycles.s1, cycles.s1_end, cycles.s2),
        ("diastolic", phantom.diastolic_murmur, cycles.s2, cycles.s2_end, cycles.end),
    ):
        if murmur is not None:
            # A heart sound is over before its label ends, and a regurgitation starts as the valve closes.
            lead_s = 0.5 * float(np.median(sound_end - sound))
            add_murmur(chest, murmur, list(zip(sound_end, end, strict=True)), lead_s, rate, rngs[part])
    if phantom.respiration_level_db is not None:
        chest += respiration(phantom, n, rate, rngs["respiration"])
    if phantom.knocks_per_minute:
        chest += knocks(phantom, n, rate, rngs["knocks"])
    return chest


def _add_noise(
    recorded: NDArray[np.float64], phantom: Phantom, rate: int, s2_rms: float, rngs: dict[str, np.random.Generator]
) -> None:
    """Add ambient noise, the sensor's own hiss and hum; levels are against `s2_rms`."""
    n = recorded.size
    if phantom.noise_level_db is not None:
        noise = through_sensor(shaped_noise(n, rate, floor_density, rngs["noise"], (25.0, 800.0)), phantom.sensor, rate)
        spectrum = np.abs(np.fft.rfft(noise)) ** 2
        f = np.fft.rfftfreq(n, 1.0 / rate)
        noise /= math.sqrt(2.0 * float(spectrum[(f >= 25.0) & (f <= 800.0)].sum())) / n
        noise *= 10.0 ** (phantom.noise_unrest_db * slow_db(n, rate, 0.4, rngs["noise"]) / 20.0)
        # The electronics of a sensor hiss at all frequencies, even where its response has fallen off.
        noise += 0.03 * rngs["floor"].standard_normal(n)
        recorded += gain(phantom.noise_level_db) * s2_rms * noise
    if phantom.hum_level_db is not None:
        turn = 2.0 * math.pi * phantom.hum_hz * np.arange(n) / rate + rngs["hum"].uniform(0.0, 6.28)
        wave = np.sin(turn) + 0.3 * np.sin(3.0 * turn)
        recorded += gain(phantom.hum_level_db) * s2_rms * wave / math.sqrt(0.5 * 1.09)


def _recorded_s2_rms(phantom: Phantom, sample_rate_hz: int, seed: int) -> float:
    """Return the RMS of a normal S2 after the sensor, the reference for noise."""
    bare = Phantom(sensor=phantom.sensor, heart_sound_pitch=phantom.heart_sound_pitch, s2_split_swing_ms=0.0)
    zero, one = np.zeros(1), np.ones(1)
    # S1 long before the recording, S2 at its start.
    cycle = Cycles(zero - 9, zero - 8.9, zero, zero + 0.1, one, zero + 0.025, one, one, zero > 0)
    rng = np.random.default_rng(np.random.SeedSequence(seed).spawn(2)[1])
    chest = heart_sounds(bare, cycle, sample_rate_hz // 2, sample_rate_hz, rng)
    sound = through_sensor(chest, phantom.sensor, sample_rate_hz)
    return math.sqrt(float(np.sum(sound**2)) / sample_rate_hz / YARDSTICK_S)
