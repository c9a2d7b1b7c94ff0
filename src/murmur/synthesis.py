"""Phantom heart sounds: seeded recordings of patients that never lived, with every sign known.

A phantom is what a test or a demonstration needs and no data set gives: a recording that anyone may copy,
with beats placed to the sample and a murmur, a quiet S1 or a gallop exactly as strong as was asked for.

The heart sounds are sums of decaying narrow-band bursts, as valve sounds have been modelled since Xu et al.
(2000) and Almasi et al. (2011); murmurs are coloured noise under an envelope; electromechanical systole
shortens with the rate as Weissler et al. (1968) measured it. Band levels of S1, systole, S2, diastole and
noise were set to the medians of the CirCor DigiScope recordings (Oliveira et al. 2022), and no
audio of theirs is in here.

Every level is in dB against one yardstick, the *normal S2*: the RMS of an unchanged S2 over 0.1 s, on the
chest before the sensor. Levels can therefore be compared with each other and with those the analysis reports.

References
----------
Weissler AM, Harris WS, Schoenfeld CD (1968). Systolic time intervals in heart failure in man. Circulation 37.
Xu J, Durand LG, Pibarot P (2000). Nonlinear transient chirp signal modeling of the aortic and pulmonary
components of the second heart sound. IEEE Transactions on Biomedical Engineering 47.
Almasi A, Shamsollahi MB, Senhadji L (2011). A dynamical model for generating synthetic phonocardiogram
signals. IEEE EMBC 2011.
Oliveira J et al. (2022). The CirCor DigiScope dataset: from murmur detection to murmur classification.
IEEE Journal of Biomedical and Health Informatics 26.
"""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from murmur.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

__all__ = [
    "CONDITIONS",
    "SENSORS",
    "SITES",
    "Murmur",
    "Phantom",
    "Synthetic",
    "at_site",
    "random_phantom",
    "synthesize",
]

Sign = str | float | bool

RHYTHMS = ("sinus", "atrial fibrillation", "premature beats")
SHAPES = ("plateau", "diamond", "decrescendo", "crescendo")
QUALITIES = ("blowing", "harsh", "musical")

S1, SYSTOLE, S2, DIASTOLE = 1, 2, 3, 4  # CirCor's codes

_S1_DURATION_S = 0.12
_S2_DURATION_S = 0.08  # of A2 alone; P2 adds its delay
_YARDSTICK_S = 0.10  # over which the normal S2 has its RMS of 1
_GAP_AFTER_S2_S = 0.05  # the least diastole that any beat has
_MAX_LEVEL_DB = 40.0


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


class _Sensor(NamedTuple):
    """Corners of a sensor's frequency response (Butterworth), and a resonance."""

    high_pass_hz: float
    high_pass_order: int
    low_pass_hz: float
    low_pass_order: int
    resonance_hz: float = 0.0
    resonance_db: float = 0.0


_SENSORS = {
    "flat": _Sensor(10.0, 1, 0.0, 0),
    "electronic": _Sensor(20.0, 2, 1000.0, 4),
    "contact": _Sensor(20.0, 2, 400.0, 3),
    "air-coupled": _Sensor(35.0, 1, 600.0, 2, 120.0, 6.0),
}
SENSORS: tuple[str, ...] = tuple(_SENSORS)
"""Names of the sensors that a `Phantom` can be recorded with."""

# S1 against S2 at a site; what is lost there of gallops, which are sounds of the apex; and what is lost of a
# murmur on the way from where it is loudest: the apex radiates to the axilla and hardly to the base, the
# aortic area along the outflow and to the apex.
_S1_AT_SITE_DB = {"AV": -1.0, "PV": -1.5, "TV": 1.5, "MV": 0.0, "Erb": 0.0, "Ax": 0.0}
_GALLOP_AT_SITE_DB = {"AV": -10.0, "PV": -8.0, "TV": -3.0, "MV": 0.0, "Erb": -4.0, "Ax": -5.0}
_MURMUR_AT_SITE_DB = {
    "MV": {"MV": 0.0, "Ax": -3.0, "TV": -6.0, "Erb": -7.0, "PV": -11.0, "AV": -13.0},
    "AV": {"AV": 0.0, "PV": -3.0, "Erb": -4.0, "TV": -7.0, "MV": -8.0, "Ax": -16.0},
    "PV": {"PV": 0.0, "AV": -4.0, "Erb": -4.0, "TV": -7.0, "MV": -10.0, "Ax": -14.0},
    "TV": {"TV": 0.0, "Erb": -4.0, "MV": -6.0, "PV": -7.0, "AV": -10.0, "Ax": -13.0},
    "Erb": {"Erb": 0.0, "AV": -4.0, "PV": -4.0, "TV": -4.0, "MV": -6.0, "Ax": -13.0},
}
SITES: tuple[str, ...] = tuple(_S1_AT_SITE_DB)
"""Auscultation sites that `at_site` knows."""


def _check(name: str, value: float | None, low: float, high: float, *, optional: bool = False) -> None:
    """Raise ParameterError unless the number lies in [low, high]."""
    if value is None and optional:
        return
    # NaN is in no range; True is an int to Python but no level to anyone.
    if not isinstance(value, numbers.Real) or isinstance(value, bool) or not low <= value <= high:
        raise ParameterError(f"{name} must be a number from {low:g} to {high:g}, not {value!r}")


def _check_name(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ParameterError(f"{name} must be one of {', '.join(map(repr, allowed))}, not {value!r}")


# Low edge, high edge, tilt of the density within them.
_COLOURS = {
    "blowing": (120.0, 600.0, -2.0),
    "harsh": (60.0, 320.0, -3.0),
    "musical": (150.0, 700.0, -8.0),
}


@dataclass(frozen=True, slots=True)
class Murmur:
    """A murmur, systolic or diastolic by where the `Phantom` holds it.

    Parameters
    ----------
    level_db : float
        RMS of the murmur where its envelope is greatest (all along, in a plateau), in dB against the RMS of a
        normal S2. In CirCor, systole as a whole lies at about -10 dB in grade I and II, -2 dB in grade III.
    onset, end : float
        Where it begins and ends as a share (0 to 1) of systole, from the end of S1 to the onset of S2, or of
        diastole, from the end of S2 to the next S1. A systolic murmur with onset 0 starts within S1, and one
        with end 1 runs into S2, as pansystolic murmurs do.
    shape : {"plateau", "diamond", "decrescendo", "crescendo"}
        Envelope between onset and end.
    quality : {"blowing", "harsh", "musical"}
        Blowing is even, high noise; harsh is low, broad and rough; musical is tonal, on `low_hz`
        as its fundamental.
    low_hz, high_hz : float or None
        Edges of the noise; None takes those of the quality.
    tilt_db_per_octave : float or None
        Slope of the power density between the edges, for musical murmurs of the harmonics; None as above.

    Raises
    ------
    ParameterError
        If a value is out of its range.
    """

    level_db: float = -8.0
    onset: float = 0.0
    end: float = 1.0
    shape: str = "plateau"
    quality: str = "blowing"
    low_hz: float | None = None
    high_hz: float | None = None
    tilt_db_per_octave: float | None = None

    def __post_init__(self) -> None:
        """Check every field."""
        _check("level_db", self.level_db, -_MAX_LEVEL_DB, _MAX_LEVEL_DB)
        _check("onset", self.onset, 0.0, 1.0)
        _check("end", self.end, 0.0, 1.0)
        if not self.end - self.onset >= 0.05:
            raise ParameterError(f"end must be at least 0.05 after onset, not {self.onset} to {self.end}")
        _check_name("shape", self.shape, SHAPES)
        _check_name("quality", self.quality, QUALITIES)
        _check("low_hz", self.low_hz, 20.0, 900.0, optional=True)
        _check("high_hz", self.high_hz, 30.0, 1000.0, optional=True)
        _check("tilt_db_per_octave", self.tilt_db_per_octave, -24.0, 24.0, optional=True)
        low_hz, high_hz, _ = self.colour
        if not high_hz > low_hz:
            raise ParameterError(f"high_hz must lie above low_hz, not {low_hz} to {high_hz}")

    @property
    def colour(self) -> tuple[float, float, float]:
        """Lower edge (Hz), upper edge (Hz) and tilt (dB per octave), the quality's own where not given."""
        low, high, tilt = _COLOURS[self.quality]
        return (
            low if self.low_hz is None else self.low_hz,
            high if self.high_hz is None else self.high_hz,
            tilt if self.tilt_db_per_octave is None else self.tilt_db_per_octave,
        )


@dataclass(frozen=True, slots=True)
class Phantom:
    """A patient at one auscultation site, and the sensor on the chest.

    Levels are in dB against the RMS of a normal S2; None means absent.

    Parameters
    ----------
    heart_rate_bpm : float
        Mean rate, 40 to 200 per minute.
    rate_variability : float
        Depth of the respiratory sinus arrhythmia as a share of the cycle, 0 to 0.3.
    rhythm : {"sinus", "atrial fibrillation", "premature beats"}
        In atrial fibrillation every cycle differs (coefficient of variation about 0.22), S1 varies and there
        is no S4; premature beats come at about 0.62 of a cycle and are followed by a full compensatory pause.
    s1_level_db : float
        Change of the whole S1, at all frequencies, from what is normal at the site; negative is quiet.
    s1_over_s2_db : float
        What is normal at the site: S1 against S2, from the mean of all sites.
    s2_split_ms : float or None
        Mean interval from A2 to P2, at most 90; None or 0 is a single S2.
    s2_split_swing_ms : float
        By how much the split widens at the height of inspiration, and narrows in expiration.
    heart_sound_pitch : float
        Factor on all frequencies of S1 and S2; above 1 for thin chests.
    s3_level_db, s4_level_db : float or None
        RMS of S3 and S4 over 60 ms.
    click_level_db : float or None
        RMS of a systolic click over 20 ms.
    click_place : float
        Where the click lies, as a share of systole.
    systolic_murmur, diastolic_murmur : Murmur or None
        The murmurs.
    sensor : str
        One of `SENSORS`: "flat", "electronic" (20 Hz to 1 kHz), "contact" (low-passed at 400 Hz),
        "air-coupled" (tubing that resonates).
    noise_level_db : float or None
        RMS of the ambient and sensor noise within 25 to 800 Hz in the recording, against a normal S2 in the
        recording. CirCor's median is -14.
    noise_unrest_db : float
        Standard deviation of the noise's level over time.
    respiration_level_db : float or None
        RMS of breath sounds at the height of inspiration.
    respiration_rate_per_min : float
        Breaths per minute.
    hum_level_db : float or None
        RMS of mains hum with its third harmonic.
    hum_hz : float
        Frequency of the hum.
    knocks_per_minute : float
        Bursts of friction and knocks against the sensor.
    knock_level_db : float
        Typical RMS of a knock.
    peak_level_dbfs : float
        Greatest sample, against full scale. Not used when `clip_fraction` is above 0.
    clip_fraction : float
        Share of samples cut off at full scale, 0 to 0.5.

    Raises
    ------
    ParameterError
        If a value is out of its range.
    """

    heart_rate_bpm: float = 75.0
    rate_variability: float = 0.03
    rhythm: str = "sinus"
    s1_level_db: float = 0.0
    s1_over_s2_db: float = 0.0
    s2_split_ms: float | None = 25.0
    s2_split_swing_ms: float = 5.0
    heart_sound_pitch: float = 1.0
    s3_level_db: float | None = None
    s4_level_db: float | None = None
    click_level_db: float | None = None
    click_place: float = 0.5
    systolic_murmur: Murmur | None = None
    diastolic_murmur: Murmur | None = None
    sensor: str = "electronic"
    noise_level_db: float | None = -20.0
    noise_unrest_db: float = 2.0
    respiration_level_db: float | None = -24.0
    respiration_rate_per_min: float = 18.0
    hum_level_db: float | None = None
    hum_hz: float = 50.0
    knocks_per_minute: float = 0.0
    knock_level_db: float = 3.0
    peak_level_dbfs: float = -6.0
    clip_fraction: float = 0.0

    def __post_init__(self) -> None:
        """Check every field."""
        _check("heart_rate_bpm", self.heart_rate_bpm, 40.0, 200.0)
        _check("rate_variability", self.rate_variability, 0.0, 0.3)
        _check_name("rhythm", self.rhythm, RHYTHMS)
        _check("s1_level_db", self.s1_level_db, -_MAX_LEVEL_DB, _MAX_LEVEL_DB)
        _check("s1_over_s2_db", self.s1_over_s2_db, -_MAX_LEVEL_DB, _MAX_LEVEL_DB)
        _check("s2_split_ms", self.s2_split_ms, 0.0, 90.0, optional=True)
        _check("s2_split_swing_ms", self.s2_split_swing_ms, 0.0, 30.0)
        _check("heart_sound_pitch", self.heart_sound_pitch, 0.5, 2.0)
        for name in (
            "s3_level_db",
            "s4_level_db",
            "click_level_db",
            "noise_level_db",
            "respiration_level_db",
            "hum_level_db",
        ):
            _check(name, getattr(self, name), -80.0, _MAX_LEVEL_DB, optional=True)
        _check("click_place", self.click_place, 0.0, 1.0)
        for name in ("systolic_murmur", "diastolic_murmur"):
            if not isinstance(getattr(self, name), Murmur | None):
                raise ParameterError(f"{name} must be a Murmur or None, not {getattr(self, name)!r}")
        _check_name("sensor", self.sensor, SENSORS)
        _check("noise_unrest_db", self.noise_unrest_db, 0.0, 20.0)
        _check("respiration_rate_per_min", self.respiration_rate_per_min, 4.0, 90.0)
        _check("hum_hz", self.hum_hz, 20.0, 400.0)
        _check("knocks_per_minute", self.knocks_per_minute, 0.0, 600.0)
        _check("knock_level_db", self.knock_level_db, -_MAX_LEVEL_DB, _MAX_LEVEL_DB)
        _check("peak_level_dbfs", self.peak_level_dbfs, -80.0, 0.0)
        _check("clip_fraction", self.clip_fraction, 0.0, 0.5)
        if self.rhythm == "atrial fibrillation" and self.s4_level_db is not None:
            raise ParameterError("s4_level_db must be None in atrial fibrillation: no atrial beat, no S4")


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
        What is certainly true of the patient and the recording; a sign on the edge of hearing is left out.
        Keys: `murmur` ("present", "absent"), `systolic_timing` ("holosystolic", "early", "mid", "late"),
        `systolic_shape`, `systolic_quality`, `diastolic_murmur`, `s1_intensity` ("quiet", "normal", "loud"),
        `s2_split_ms`, `s3`, `s4`, `click`, `irregular_rhythm`, `premature_beats`, `heart_rate_bpm` (as it
        came out), `readable`, `clipped`. Where `readable` is False the rest holds for the patient but can't
        be heard.
    phantom : Phantom
        What was asked for.
    """

    samples: NDArray[np.float32] = field(repr=False)
    sample_rate_hz: int
    intervals: tuple[tuple[float, float, int], ...] = field(repr=False)
    signs: dict[str, Sign]
    phantom: Phantom


class _Beats(NamedTuple):
    """Times in s and per-beat factors, one element per beat; the recording may begin within the first."""

    s1: NDArray[np.float64]
    s1_end: NDArray[np.float64]
    s2: NDArray[np.float64]
    s2_end: NDArray[np.float64]
    following: NDArray[np.float64]  # onset of the next S1
    split: NDArray[np.float64]
    s1_gain: NDArray[np.float64]
    s2_gain: NDArray[np.float64]
    premature: NDArray[np.bool_]


def _gain(level_db: float) -> float:
    return float(10.0 ** (level_db / 20.0))


def _systole_s(heart_rate_bpm: float) -> float:
    """Seconds from the onset of S1 to the onset of S2 at a steady rate.

    Weissler's QS2 for adults less the 50 ms from Q to S1. Its line would reach zero, so at the rates of
    small children the slope that CirCor's children show takes over.
    """
    cycle_s = 60.0 / heart_rate_bpm
    systole_s = 0.546 - 0.0021 * heart_rate_bpm - 0.05
    if heart_rate_bpm > 120.0:
        systole_s = max(systole_s, 0.121 + 0.227 * cycle_s)
    return min(systole_s, 0.55 * cycle_s)


def _cycles(phantom: Phantom, total_s: float, rng: np.random.Generator) -> tuple[list[float], list[bool]]:
    """Cycle lengths (s) that together exceed total_s, and whether each cycle's first beat was premature."""
    mean_s = 60.0 / phantom.heart_rate_bpm
    # Even the shortest cycle must hold S1, systole, S2 and a trace of diastole.
    shortest_s = min(0.9 * mean_s, _systole_s(phantom.heart_rate_bpm) + 0.17)
    breath_phase = rng.uniform(0.0, 2.0 * math.pi)
    until_early = int(rng.integers(3, 6))
    cycles: list[float] = []
    early: list[bool] = []
    now_s = 0.0
    while now_s < total_s:
        breath = math.sin(2.0 * math.pi * phantom.respiration_rate_per_min / 60.0 * now_s + breath_phase)
        cycle_s = mean_s * (1.0 + phantom.rate_variability * breath + 0.005 * rng.standard_normal())
        if phantom.rhythm == "atrial fibrillation":
            # Gamma with a coefficient of variation of 0.24, before the short end is cut off.
            cycles.append(float(np.clip(mean_s * rng.gamma(17.0, 1.0 / 17.0), shortest_s, 2.2 * mean_s)))
            early.append(False)
        elif phantom.rhythm == "premature beats" and until_early == 0:
            coupling_s = max(rng.normal(0.62, 0.02) * mean_s, min(shortest_s, 0.8 * mean_s))
            cycles += [coupling_s, 2.0 * mean_s - coupling_s]
            early += [False, True]
            until_early = int(rng.integers(4, 8))
        else:
            cycles.append(max(cycle_s, shortest_s))
            early.append(False)
            until_early -= 1
        now_s = sum(cycles)
    return cycles, early


def _lay_out_beats(phantom: Phantom, duration_s: float, rng: np.random.Generator) -> _Beats:
    """Place every beat that touches the recording."""
    mean_s = 60.0 / phantom.heart_rate_bpm
    lengths, early = _cycles(phantom, duration_s + 3.0 * mean_s, rng)
    cycle = np.asarray(lengths)
    premature = np.asarray(early)
    # A recording starts anywhere in a cycle.
    s1 = np.concatenate(([0.0], np.cumsum(cycle)[:-1])) - rng.uniform(0.0, 1.0) * cycle[0]
    following = s1 + cycle
    before = np.concatenate(([mean_s], cycle[:-1]))  # the cycle that filled the ventricle

    split_s = (phantom.s2_split_ms or 0.0) / 1000.0
    breath = np.sin(2.0 * math.pi * phantom.respiration_rate_per_min / 60.0 * s1)
    swing_s = min(phantom.s2_split_swing_ms / 1000.0, split_s)
    split = split_s + swing_s * breath

    systole_mean_s = _systole_s(phantom.heart_rate_bpm)
    systole = systole_mean_s * (1.0 + 0.15 * (before / mean_s - 1.0)) + 0.003 * rng.standard_normal(cycle.size)
    s2_length = np.minimum(_S2_DURATION_S + split, 0.5 * (cycle - np.minimum(systole, 0.55 * cycle)))
    systole = np.minimum(systole, np.maximum(cycle - s2_length - _GAP_AFTER_S2_S, 0.5 * cycle))
    s1_length = np.minimum(_S1_DURATION_S, 0.5 * systole)

    # About a dB from beat to beat, and as much with the breath.
    s1_db = 0.9 * rng.standard_normal(cycle.size) - 0.8 * breath
    s2_db = 0.8 * rng.standard_normal(cycle.size) + 0.6 * breath
    if phantom.rhythm == "atrial fibrillation":
        # After a long pause the mitral leaflets have floated together and S1 is softer.
        s1_db += np.clip(-6.0 * (before / mean_s - 1.0), -3.0, 3.0)
        s2_db += np.clip(4.0 * (before / mean_s - 1.0), -2.0, 2.0)
    s1_db += np.where(premature, 1.5, 0.0)
    s2_db -= np.where(premature, 3.0, 0.0)  # little was ejected
    beats = _Beats(
        s1,
        s1 + s1_length,
        s1 + systole,
        s1 + systole + s2_length,
        following,
        split,
        10.0 ** (s1_db / 20.0),
        10.0 ** (s2_db / 20.0),
        premature,
    )
    touching = (beats.following > 0.0) & (beats.s1 < duration_s)
    return _Beats._make(column[touching] for column in beats)


def _intervals(beats: _Beats, n: int, sample_rate_hz: int) -> tuple[tuple[float, float, int], ...]:
    """Contiguous states over the recording, with edges on the sample grid."""
    edges: list[tuple[int, int]] = []
    for s1, s1_end, s2, s2_end in zip(beats.s1, beats.s1_end, beats.s2, beats.s2_end, strict=True):
        for at_s, state in ((s1, S1), (s1_end, SYSTOLE), (s2, S2), (s2_end, DIASTOLE)):
            edges.append((round(at_s * sample_rate_hz), state))
    ends = [start for start, _ in edges[1:]] + [n]
    found = []
    for (start, state), end in zip(edges, ends, strict=True):
        first, last = max(start, 0), min(end, n)
        if last > first:
            found.append((first / sample_rate_hz, last / sample_rate_hz, state))
    return tuple(found)


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
        amplitude = _gain(burst.level_db) * math.sqrt(2.0 * _YARDSTICK_S / energy)
        envelope = np.exp(-t / burst.decay_s) * (1.0 - np.exp(-t / rise_s)) ** 2
        out += amplitude * envelope * np.sin(2.0 * math.pi * burst.frequency_hz * pitch * t + phase)
    return out


def _window(n: int, at_s: float, sample_rate_hz: int, length_s: float) -> tuple[slice, NDArray[np.float64]]:
    """Return the part of a recording from at_s on, as far as there is one, and its times since at_s."""
    first = max(math.ceil(at_s * sample_rate_hz), 0)
    last = max(min(math.ceil((at_s + length_s) * sample_rate_hz), n), first)
    return slice(first, last), np.arange(first, last) / sample_rate_hz - at_s


if TYPE_CHECKING:
    _Shape = Callable[[NDArray[np.float64]], NDArray[np.float64]]


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


def _heart_sounds(
    phantom: Phantom, beats: _Beats, n: int, sample_rate_hz: int, rng: np.random.Generator
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
        return mitral + _gain(_T1_LEVEL_DB) * np.where(later > 0.0, tricuspid, 0.0)

    def second(t: NDArray[np.float64], split_s: float, pitch: float = pitch) -> NDArray[np.float64]:
        aortic = _bursts(t, a2, phases["a2"], pitch=pitch)
        later = t - split_s
        pulmonary = _bursts(later, a2, phases["a2"], pitch=pitch * _P2_PITCH)
        return aortic + _gain(_P2_LEVEL_DB) * np.where(later > 0.0, pulmonary, 0.0)

    def third(t: NDArray[np.float64]) -> NDArray[np.float64]:
        return _bursts(t, _S3_BURSTS, phases["s3"], rise_s=_LOW_RISE_S)

    def fourth(t: NDArray[np.float64]) -> NDArray[np.float64]:
        return _bursts(t, _S4_BURSTS, phases["s4"], rise_s=_LOW_RISE_S)

    def click(t: NDArray[np.float64]) -> NDArray[np.float64]:
        return _bursts(t, _CLICK_BURSTS, phases["click"], rise_s=0.001)

    def yardstick(t: NDArray[np.float64]) -> NDArray[np.float64]:
        # A split in the middle of the normal range, whatever this patient's is.
        return second(t, 0.025)

    s2_factor = math.sqrt(_YARDSTICK_S / _energy(yardstick))
    # S1 is set against S2 where a quiet S1 shows; how the two differ elsewhere is the patient's own.
    s1_factor = s2_factor * math.sqrt(_energy(yardstick, *_S1_BAND_HZ) / _energy(first, *_S1_BAND_HZ))
    s1_factor *= _gain(_S1_NORMAL_DB + phantom.s1_level_db + phantom.s1_over_s2_db)
    extra = {
        name: 0.0 if level_db is None else _gain(level_db) * math.sqrt(over_s / _energy(shape))
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
        s3, s4, snap = (extra[name] * _gain(0.7 * unrest_db[k]) for k, name in enumerate(extra))
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


def _shaped_noise(
    n: int,
    sample_rate_hz: int,
    density: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    rng: np.random.Generator,
    band_hz: tuple[float, float] = (0.0, math.inf),
) -> NDArray[np.float64]:
    """Gaussian noise with a power density over Hz and an expected RMS of 1 within band_hz, shape (n,)."""
    padded = 1 << max(n - 1, 1).bit_length()
    frequency = np.fft.rfftfreq(padded, 1.0 / sample_rate_hz)
    power = density(np.maximum(frequency, 1.0))
    power[0] = 0.0
    inside = (frequency >= band_hz[0]) & (frequency <= band_hz[1])
    power = power / (2.0 * power[inside].sum() / padded)
    spectrum = np.fft.rfft(rng.standard_normal(padded)) * np.sqrt(power)
    return np.fft.irfft(spectrum, padded)[:n]


def _band_density(
    low_hz: float, high_hz: float, tilt_db_per_octave: float
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Power density of a tilted band with soft skirts."""

    def density(f: NDArray[np.float64]) -> NDArray[np.float64]:
        tilt = (f / low_hz) ** (tilt_db_per_octave / (10.0 * math.log10(2.0)))
        return tilt / ((1.0 + (low_hz / f) ** 6) * (1.0 + (f / high_hz) ** 8))

    return density


def _slow_db(n: int, sample_rate_hz: int, step_s: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Wander with standard deviation of about 1 that changes over step_s, shape (n,)."""
    knots = np.arange(0.0, n / sample_rate_hz + 2.0 * step_s, step_s)
    values = rng.standard_normal(knots.size) * 1.2  # interpolation takes the rest
    return np.interp(np.arange(n) / sample_rate_hz, knots, values)


def _murmur_carrier(murmur: Murmur, n: int, sample_rate_hz: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Murmur without its envelope, at an RMS of 1, shape (n,)."""
    low_hz, high_hz, tilt = murmur.colour
    if murmur.quality == "musical":
        t = np.arange(n) / sample_rate_hz
        pitch_hz = low_hz * (1.0 + 0.01 * _slow_db(n, sample_rate_hz, 0.08, rng))
        phase = 2.0 * math.pi * np.cumsum(pitch_hz) / sample_rate_hz
        tone = np.zeros(t.size)
        power = 0.0
        for harmonic in range(1, max(int(high_hz / low_hz), 1) + 1):
            level_db = tilt * math.log2(harmonic)
            tone += _gain(level_db) * math.sqrt(2.0) * np.sin(harmonic * phase + rng.uniform(0, 2 * math.pi))
            power += _gain(level_db) ** 2
        breathy = _shaped_noise(n, sample_rate_hz, _band_density(low_hz, high_hz, -2.0), rng)
        return (tone / math.sqrt(power) + 0.2 * breathy) / math.sqrt(1.04)
    noise = _shaped_noise(n, sample_rate_hz, _band_density(low_hz, high_hz, tilt), rng)
    if murmur.quality == "harsh":
        # The rasp is a flutter of the level, a few tens of times per second.
        flutter = _shaped_noise(n, sample_rate_hz, _band_density(12.0, 40.0, 0.0), rng)
        rough = np.exp(0.45 * np.clip(flutter, -2.5, 2.5))
        noise = noise * rough / math.sqrt(float(np.mean(rough**2)))
    return noise


def _envelope(shape: str, place: NDArray[np.float64]) -> NDArray[np.float64]:
    """Envelope of a murmur over its own length, 0 to 1, with a maximum of 1."""
    if shape == "diamond":
        return np.asarray(np.sin(math.pi * np.clip(place, 0.0, 1.0)) ** 0.8)
    if shape == "decrescendo":
        return np.asarray(np.exp(-1.9 * np.clip(place, 0.0, 1.0)))
    if shape == "crescendo":
        return np.asarray(np.exp(-1.9 * (1.0 - np.clip(place, 0.0, 1.0))))
    return np.ones(place.size)


def _add_murmur(
    out: NDArray[np.float64],
    murmur: Murmur,
    spans: list[tuple[float, float]],
    lead_s: float,
    sample_rate_hz: int,
    rng: np.random.Generator,
) -> None:
    """Add a murmur in every span, (start, end) in s; lead_s is how far it may reach into the sound before."""
    carrier = _murmur_carrier(murmur, out.size, sample_rate_hz, rng)
    beat_db = 0.6 * rng.standard_normal(len(spans))
    for (start_s, end_s), level_db in zip(spans, beat_db, strict=True):
        from_s = start_s + murmur.onset * (end_s - start_s)
        until_s = start_s + murmur.end * (end_s - start_s)
        ramp_s = min(0.015, 0.2 * (until_s - from_s))
        if murmur.onset == 0.0:
            from_s -= lead_s
        if murmur.end == 1.0:
            until_s += ramp_s
        first = max(math.ceil(from_s * sample_rate_hz), 0)
        last = min(math.ceil(until_s * sample_rate_hz), out.size)
        if last <= first:
            continue
        t = np.arange(first, last) / sample_rate_hz
        edge = np.clip(np.minimum(t - from_s, until_s - t) / ramp_s, 0.0, 1.0)
        envelope = np.sin(0.5 * math.pi * edge) * _envelope(murmur.shape, (t - from_s) / (until_s - from_s))
        out[first:last] += _gain(murmur.level_db + level_db) * envelope * carrier[first:last]


def _respiration(phantom: Phantom, n: int, sample_rate_hz: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Breath sounds: inspiration louder and higher than expiration."""
    phase = (np.arange(n) / sample_rate_hz * phantom.respiration_rate_per_min / 60.0) % 1.0
    into = np.where(phase < 0.4, np.sin(math.pi * phase / 0.4), 0.0)
    out_of = np.where((phase > 0.45) & (phase < 0.85), np.sin(math.pi * (phase - 0.45) / 0.4), 0.0)
    noise = _shaped_noise(n, sample_rate_hz, _band_density(90.0, 450.0, -6.0), rng)
    return _gain(phantom.respiration_level_db or 0.0) * (into + 0.35 * out_of) * noise


def _knocks(phantom: Phantom, n: int, sample_rate_hz: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Knocks (short, broad) and rubs (longer, rough) against the sensor."""
    out = np.zeros(n)
    carrier = _shaped_noise(n, sample_rate_hz, _band_density(30.0, 350.0, -5.0), rng)
    duration_s = n / sample_rate_hz
    for _ in range(round(phantom.knocks_per_minute * duration_s / 60.0)):
        at_s = rng.uniform(0.0, duration_s)
        decay_s = rng.uniform(0.008, 0.02) if rng.uniform() < 0.5 else rng.uniform(0.05, 0.15)
        level = _gain(phantom.knock_level_db + 3.0 * rng.standard_normal())
        first = int(at_s * sample_rate_hz)
        last = min(first + int(6 * decay_s * sample_rate_hz), n)
        t = np.arange(last - first) / sample_rate_hz
        out[first:last] += level * (1 - np.exp(-t / 0.002)) * np.exp(-t / decay_s) * carrier[first:last]
    return out


def _through_sensor(sound: NDArray[np.float64], sensor: str, sample_rate_hz: int) -> NDArray[np.float64]:
    """Pass a sound through an analog sensor, shape (n,) to (n,)."""
    kind = _SENSORS[sensor]
    # The response is evaluated as a complex function of frequency: causal, exact at any sampling rate, and no
    # filter design. A quarter of a second of silence keeps its ringing from wrapping around.
    padded = 1 << (sound.size + sample_rate_hz // 4).bit_length()
    f = np.fft.rfftfreq(padded, 1.0 / sample_rate_hz)
    response = np.ones(f.size, dtype=np.complex128)
    if kind.high_pass_order:
        corner = np.maximum(f, 1e-6) / kind.high_pass_hz
        response *= _butterworth(1.0 / corner, kind.high_pass_order, -1.0)
        response[0] = 0.0
    if kind.low_pass_order:
        response *= _butterworth(f / kind.low_pass_hz, kind.low_pass_order, 1.0)
    if kind.resonance_db:
        s = 1j * f / kind.resonance_hz
        response *= (s**2 + s * _gain(kind.resonance_db) + 1.0) / (s**2 + s + 1.0)
    return np.fft.irfft(np.fft.rfft(sound, padded) * response, padded)[: sound.size]


def _butterworth(ratio: NDArray[np.floating[Any]], order: int, direction: float) -> NDArray[np.complex128]:
    """Butterworth response at frequency over corner; direction -1 with corner over frequency: high-pass."""
    s = 1j * direction * ratio
    response = np.ones(s.size, dtype=np.complex128)
    for k in range(order):
        pole = np.exp(1j * math.pi * (2.0 * k + order + 1.0) / (2.0 * order))
        response = response / (1.0 - s / pole)
    return response


def _noise_density(f: NDArray[np.float64]) -> NDArray[np.float64]:
    """Floor between the sounds in CirCor: falls 5 dB per octave and levels off at about 250 Hz."""
    return np.asarray((50.0 / f) ** 1.7 + 10.0**-1.35)


def synthesize(phantom: Phantom, duration_s: float = 15.0, sample_rate_hz: int = 4000, seed: int = 0) -> Synthetic:
    """Record a phantom.

    Each part (rhythm, sounds, murmurs, noise …) draws from a generator of its own, so two phantoms that
    differ in one level differ in nothing else under the same seed.

    Parameters
    ----------
    phantom : Phantom
        The patient and the sensor.
    duration_s : float
        Length of the recording, 1 to 3600 s.
    sample_rate_hz : int
        2000 to 192000.
    seed : int
        Not negative; the same seed gives the same samples.

    Returns
    -------
    Synthetic
        Samples, beats and signs.

    Raises
    ------
    ParameterError
        If an argument is out of its range.
    """
    if not isinstance(phantom, Phantom):
        raise ParameterError(f"phantom must be a Phantom, not {phantom!r}")
    _check("duration_s", duration_s, 1.0, 3600.0)
    for name, value, low, high in (
        ("sample_rate_hz", sample_rate_hz, 2000, 192000),
        ("seed", seed, 0, 2**63),
    ):
        _check(name, value, low, high)
        if value != int(value):
            raise ParameterError(f"{name} must be a whole number, not {value!r}")
    rate = int(sample_rate_hz)
    n = round(duration_s * rate)
    parts = ("rhythm", "sounds", "systolic", "diastolic", "respiration", "knocks", "noise", "floor", "hum")
    seeds = np.random.SeedSequence(int(seed)).spawn(len(parts))
    rngs = {part: np.random.default_rng(child) for part, child in zip(parts, seeds, strict=True)}

    beats = _lay_out_beats(phantom, duration_s, rngs["rhythm"])
    chest = _heart_sounds(phantom, beats, n, rate, rngs["sounds"])
    if phantom.systolic_murmur is not None:
        spans = list(zip(beats.s1_end, beats.s2, strict=True))
        # S1 is over before its label ends; a regurgitation starts with the closing of the valve.
        lead_s = 0.5 * float(np.median(beats.s1_end - beats.s1))
        _add_murmur(chest, phantom.systolic_murmur, spans, lead_s, rate, rngs["systolic"])
    if phantom.diastolic_murmur is not None:
        spans = list(zip(beats.s2_end, beats.following, strict=True))
        lead_s = 0.5 * float(np.median(beats.s2_end - beats.s2))
        _add_murmur(chest, phantom.diastolic_murmur, spans, lead_s, rate, rngs["diastolic"])
    if phantom.respiration_level_db is not None:
        chest += _respiration(phantom, n, rate, rngs["respiration"])
    if phantom.knocks_per_minute:
        chest += _knocks(phantom, n, rate, rngs["knocks"])
    recorded = _through_sensor(chest, phantom.sensor, rate)

    yardstick = _recorded_s2_rms(phantom, rate, int(seed))
    if phantom.noise_level_db is not None:
        noise = _shaped_noise(n, rate, _noise_density, rngs["noise"], (25.0, 800.0))
        noise = _through_sensor(noise, phantom.sensor, rate)
        spectrum = np.abs(np.fft.rfft(noise)) ** 2
        f = np.fft.rfftfreq(n, 1.0 / rate)
        noise /= math.sqrt(2.0 * float(spectrum[(f >= 25.0) & (f <= 800.0)].sum())) / n
        noise *= 10.0 ** (phantom.noise_unrest_db * _slow_db(n, rate, 0.4, rngs["noise"]) / 20.0)
        # A sensor's own electronics hiss evenly, also where its response has died away.
        noise += 0.03 * rngs["floor"].standard_normal(n)
        recorded += _gain(phantom.noise_level_db) * yardstick * noise
    if phantom.hum_level_db is not None:
        turn = 2.0 * math.pi * phantom.hum_hz * np.arange(n) / rate + rngs["hum"].uniform(0.0, 6.28)
        wave = np.sin(turn) + 0.3 * np.sin(3.0 * turn)
        recorded += _gain(phantom.hum_level_db) * yardstick * wave / math.sqrt(0.5 * 1.09)

    if phantom.clip_fraction > 0.0:
        ceiling = float(np.quantile(np.abs(recorded), 1.0 - phantom.clip_fraction))
        samples = np.clip(recorded / ceiling, -1.0, 1.0)
    else:
        samples = recorded * (_gain(phantom.peak_level_dbfs) / float(np.max(np.abs(recorded))))
    return Synthetic(
        samples.astype(np.float32),
        rate,
        _intervals(beats, n, rate),
        _signs(phantom, beats, duration_s),
        phantom,
    )


def _recorded_s2_rms(phantom: Phantom, sample_rate_hz: int, seed: int) -> float:
    """RMS of a normal S2 after the sensor: what the noise is measured against."""
    bare = Phantom(sensor=phantom.sensor, heart_sound_pitch=phantom.heart_sound_pitch, s2_split_swing_ms=0.0)
    none = np.zeros(1)
    one = np.ones(1)
    # S1 long before the window, S2 at its start.
    beats = _Beats(none - 9, none - 8.9, none, none + 0.1, one, none + 0.025, one, one, none > 0)
    rng = np.random.default_rng(np.random.SeedSequence(seed).spawn(2)[1])
    sound = _through_sensor(
        _heart_sounds(bare, beats, sample_rate_hz // 2, sample_rate_hz, rng), phantom.sensor, sample_rate_hz
    )
    return math.sqrt(float(np.sum(sound**2)) / sample_rate_hz / _YARDSTICK_S)


def _systolic_timing(murmur: Murmur) -> str | None:
    """CirCor's word for where a murmur lies in systole; None where two words would do."""
    if murmur.onset <= 0.05 and murmur.end >= 0.95:
        return "holosystolic"
    if murmur.onset <= 0.1 and murmur.end <= 0.6:
        return "early"
    if murmur.onset >= 0.35 and murmur.end >= 0.9:
        return "late"
    if 0.06 < murmur.onset <= 0.4 and 0.6 <= murmur.end <= 0.9:
        return "mid"
    return None


def _signs(phantom: Phantom, beats: _Beats, duration_s: float) -> dict[str, Sign]:
    """Collect the signs that are beyond doubt; see `Synthetic`."""
    signs: dict[str, Sign] = {}
    systolic, diastolic = phantom.systolic_murmur, phantom.diastolic_murmur
    floor_db = -80.0 if phantom.noise_level_db is None else phantom.noise_level_db
    # The floor's energy lies low: in a murmur's own bands 5 dB above the floor's whole is well heard.
    heard_db = max(floor_db + 5.0, -15.0)
    levels = [murmur.level_db for murmur in (systolic, diastolic) if murmur is not None]
    if not levels:
        signs["murmur"] = "absent"
    elif max(levels) >= heard_db:
        signs["murmur"] = "present"
    if systolic is not None and systolic.level_db >= heard_db:
        timing = _systolic_timing(systolic)
        if timing is not None:
            signs["systolic_timing"] = timing
        signs["systolic_shape"] = systolic.shape
        signs["systolic_quality"] = systolic.quality
    if diastolic is None:
        signs["diastolic_murmur"] = False
    elif diastolic.level_db >= heard_db:
        signs["diastolic_murmur"] = True

    # Healthy S1 differ by 4 dB from child to child, so what lies within that is not beyond doubt.
    if phantom.s1_level_db <= -6.0:
        signs["s1_intensity"] = "quiet"
    elif phantom.s1_level_db >= 6.0:
        signs["s1_intensity"] = "loud"
    elif abs(phantom.s1_level_db) <= 1.5:
        signs["s1_intensity"] = "normal"
    signs["s2_split_ms"] = float(phantom.s2_split_ms or 0.0)
    for name, level_db in (
        ("s3", phantom.s3_level_db),
        ("s4", phantom.s4_level_db),
        ("click", phantom.click_level_db),
    ):
        if level_db is None:
            signs[name] = False
        elif level_db >= floor_db + 6.0:
            signs[name] = True

    if phantom.rhythm == "atrial fibrillation":
        signs["irregular_rhythm"] = True
    elif phantom.rhythm == "premature beats":
        signs["premature_beats"] = bool(np.any(beats.premature & (beats.s1 > 0.0)))
    else:
        signs["premature_beats"] = False
        if phantom.rate_variability <= 0.08:
            signs["irregular_rhythm"] = False
    inside = beats.s1[(beats.s1 >= 0.0) & (beats.s1 < duration_s)]
    if inside.size > 1:
        signs["heart_rate_bpm"] = 60.0 * (inside.size - 1) / float(inside[-1] - inside[0])

    if floor_db >= 3.0:
        signs["readable"] = False
    elif floor_db <= -8.0 and phantom.knocks_per_minute <= 12.0 and phantom.clip_fraction <= 0.01:
        signs["readable"] = True
    if phantom.clip_fraction >= 0.002:
        signs["clipped"] = True
    elif phantom.clip_fraction == 0.0:
        signs["clipped"] = False
    return signs


def at_site(phantom: Phantom, site: str, loudest: str = "MV") -> Phantom:
    """Move the sensor: the same patient at another auscultation site.

    Changes S1 against S2 to what is normal there, takes from the murmurs what is lost on the way from where
    they are loudest, and from S3 and S4 what is lost away from the apex.

    Parameters
    ----------
    phantom : Phantom
        The patient where the murmur is loudest and, for S3 and S4, at the apex.
    site : str
        Where to listen: one of `SITES`.
    loudest : str
        Where the murmur is loudest: "AV", "PV", "TV", "MV" or "Erb".

    Returns
    -------
    Phantom
        The patient there.

    Raises
    ------
    ParameterError
        If a site is not known.
    """
    _check_name("site", site, SITES)
    _check_name("loudest", loudest, tuple(_MURMUR_AT_SITE_DB))
    lost_db = _MURMUR_AT_SITE_DB[loudest][site]

    def moved(murmur: Murmur | None) -> Murmur | None:
        return None if murmur is None else replace(murmur, level_db=murmur.level_db + lost_db)

    def fainter(level_db: float | None) -> float | None:
        return None if level_db is None else level_db + _GALLOP_AT_SITE_DB[site]

    return replace(
        phantom,
        s1_over_s2_db=_S1_AT_SITE_DB[site],
        s3_level_db=fainter(phantom.s3_level_db),
        s4_level_db=fainter(phantom.s4_level_db),
        systolic_murmur=moved(phantom.systolic_murmur),
        diastolic_murmur=moved(phantom.diastolic_murmur),
    )


def _ordinary(rng: np.random.Generator) -> dict[str, Any]:
    """Draw what all conditions share: a healthy heart in an ordinary examination room."""
    return {
        "heart_rate_bpm": rng.uniform(60.0, 105.0),
        "rate_variability": rng.uniform(0.01, 0.05),
        "s1_level_db": rng.uniform(-1.0, 1.0),
        "s2_split_ms": rng.uniform(15.0, 32.0),
        "s2_split_swing_ms": rng.uniform(2.0, 8.0),
        "heart_sound_pitch": rng.uniform(0.9, 1.12),
        "sensor": str(rng.choice(["electronic", "electronic", "flat", "contact", "air-coupled"])),
        "noise_level_db": rng.uniform(-24.0, -18.0),
        "noise_unrest_db": rng.uniform(1.0, 3.0),
        "respiration_level_db": rng.uniform(-30.0, -22.0),
        "respiration_rate_per_min": rng.uniform(12.0, 26.0),
        "knocks_per_minute": rng.uniform(0.0, 4.0),
        "knock_level_db": rng.uniform(-4.0, 3.0),
        "peak_level_dbfs": rng.uniform(-14.0, -0.5),
    }


def _pansystolic(level_db: float) -> Murmur:
    return Murmur(level_db=level_db, onset=0.0, end=1.0, shape="plateau", quality="blowing")


def _regurgitation_mild(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "s1_level_db": rng.uniform(-2.5, -1.5),
        "systolic_murmur": _pansystolic(rng.uniform(-14.0, -11.0)),
    }


def _regurgitation_moderate(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "s1_level_db": rng.uniform(-5.0, -4.0),
        "s2_split_ms": rng.uniform(25.0, 40.0),
        "systolic_murmur": _pansystolic(rng.uniform(-9.5, -6.5)),
    }


def _regurgitation_severe(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "heart_rate_bpm": rng.uniform(70.0, 100.0),
        "s1_level_db": rng.uniform(-9.0, -7.0),
        "s2_split_ms": rng.uniform(50.0, 60.0),
        "s2_split_swing_ms": rng.uniform(0.0, 4.0),
        "s3_level_db": rng.uniform(-12.0, -9.0),
        "systolic_murmur": _pansystolic(rng.uniform(-5.0, -2.5)),
    }


def _aortic_stenosis(rng: np.random.Generator) -> dict[str, Any]:
    murmur = Murmur(
        level_db=rng.uniform(-4.0, 1.0),
        onset=rng.uniform(0.08, 0.14),
        end=rng.uniform(0.82, 0.90),
        shape="diamond",
        quality="harsh",
    )
    return {"heart_rate_bpm": rng.uniform(58.0, 90.0), "systolic_murmur": murmur}


def _aortic_regurgitation(rng: np.random.Generator) -> dict[str, Any]:
    murmur = Murmur(
        level_db=rng.uniform(-8.0, -4.0),
        onset=0.0,
        end=rng.uniform(0.55, 0.75),
        shape="decrescendo",
        quality="blowing",
        low_hz=150.0,
    )
    return {"heart_rate_bpm": rng.uniform(58.0, 90.0), "diastolic_murmur": murmur}


def _mitral_valve_prolapse(rng: np.random.Generator) -> dict[str, Any]:
    place = rng.uniform(0.45, 0.6)
    murmur = Murmur(level_db=rng.uniform(-7.0, -4.0), onset=place + 0.05, end=1.0, shape="crescendo")
    return {
        "heart_rate_bpm": rng.uniform(60.0, 90.0),
        "click_level_db": rng.uniform(-3.0, 1.0),
        "click_place": place,
        "systolic_murmur": murmur,
    }


def _s3(rng: np.random.Generator) -> dict[str, Any]:
    return {"heart_rate_bpm": rng.uniform(65.0, 95.0), "s3_level_db": rng.uniform(-12.0, -8.0)}


def _s4(rng: np.random.Generator) -> dict[str, Any]:
    return {"heart_rate_bpm": rng.uniform(58.0, 85.0), "s4_level_db": rng.uniform(-12.0, -8.0)}


def _atrial_fibrillation(rng: np.random.Generator) -> dict[str, Any]:
    return {"heart_rate_bpm": rng.uniform(70.0, 105.0), "rhythm": "atrial fibrillation"}


def _premature_beats(rng: np.random.Generator) -> dict[str, Any]:
    return {"heart_rate_bpm": rng.uniform(58.0, 85.0), "rhythm": "premature beats"}


def _tachycardia(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "heart_rate_bpm": rng.uniform(130.0, 170.0),
        "rate_variability": rng.uniform(0.005, 0.02),
        "s2_split_ms": rng.uniform(5.0, 15.0),
        "s2_split_swing_ms": 2.0,
    }


def _noisy(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "noise_level_db": rng.uniform(8.0, 14.0),
        "noise_unrest_db": rng.uniform(4.0, 7.0),
        "knocks_per_minute": rng.uniform(60.0, 120.0),
        "knock_level_db": rng.uniform(12.0, 18.0),
    }


def _clipped(rng: np.random.Generator) -> dict[str, Any]:
    return {"clip_fraction": rng.uniform(0.03, 0.07)}


_CONDITIONS: dict[str, Callable[[np.random.Generator], dict[str, Any]]] = {
    "normal": lambda rng: {},
    "mitral regurgitation mild": _regurgitation_mild,
    "mitral regurgitation moderate": _regurgitation_moderate,
    "mitral regurgitation severe": _regurgitation_severe,
    "aortic stenosis": _aortic_stenosis,
    "aortic regurgitation": _aortic_regurgitation,
    "mitral valve prolapse": _mitral_valve_prolapse,
    "S3": _s3,
    "S4": _s4,
    "atrial fibrillation": _atrial_fibrillation,
    "premature beats": _premature_beats,
    "tachycardia": _tachycardia,
    "noisy": _noisy,
    "clipped": _clipped,
}
CONDITIONS: tuple[str, ...] = tuple(_CONDITIONS)
"""Names that `random_phantom` knows."""


def random_phantom(condition: str, rng: np.random.Generator) -> Phantom:
    """Draw a patient with a condition, with signs strong enough for a careful listener.

    Parameters
    ----------
    condition : str
        One of `CONDITIONS`.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    Phantom
        The patient; `synthesize` records it.

    Raises
    ------
    ParameterError
        If the condition is not known.
    """
    _check_name("condition", condition, CONDITIONS)
    return Phantom(**(_ordinary(rng) | _CONDITIONS[condition](rng)))
