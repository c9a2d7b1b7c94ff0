"""A phantom: a patient at one auscultation site, the murmurs, and the sensor on the chest."""

from __future__ import annotations

from dataclasses import dataclass

from murmur.errors import ParameterError
from murmur.synthesis.checks import check_fields, one_of, within
from murmur.synthesis.sensors import SENSORS

RHYTHMS = ("sinus", "atrial fibrillation", "premature beats")
SHAPES = ("plateau", "diamond", "decrescendo", "crescendo")
QUALITIES = ("blowing", "harsh", "musical")

_MAX_LEVEL_DB = 40.0

# Low edge, high edge, tilt of the density within them.
_COLOURS = {
    "blowing": (120.0, 600.0, -2.0),
    "harsh": (60.0, 320.0, -3.0),
    "musical": (150.0, 700.0, -8.0),
}


@dataclass(frozen=True, slots=True)
class Murmur:
    """A murmur, systolic or diastolic depending on the field of the `Phantom` that holds it.

    Parameters
    ----------
    level_db : float
        RMS of the murmur at the maximum of its envelope (throughout, in a plateau), in dB against the RMS of a normal S2. In
        CirCor, systole as a whole lies at about -10 dB in grade I and II, -2 dB in grade III.
    onset, end : float
        Start and end as a share (0 to 1) of systole, from the end of S1 to the onset of S2, or of diastole, from the end of
        S2 to the next S1. A systolic murmur with onset 0 starts within S1, and one with end 1 runs into S2, as pansystolic
        murmurs do.
    shape : {"plateau", "diamond", "decrescendo", "crescendo"}
        Envelope between onset and end.
    quality : {"blowing", "harsh", "musical"}
        Blowing is even, high noise; harsh is low, broad and rough; musical is tonal, with `low_hz` as its fundamental.
    low_hz, high_hz : float or None
        Edges of the noise band; None for those of the quality.
    tilt_db_per_octave : float or None
        Slope of the power density between the edges, or of the harmonics of a musical murmur; None as above.

    Raises
    ------
    ParameterError
        If a value is out of range.
    """

    level_db: float = within(-_MAX_LEVEL_DB, _MAX_LEVEL_DB, -8.0)
    onset: float = within(0.0, 1.0, 0.0)
    end: float = within(0.0, 1.0, 1.0)
    shape: str = one_of(SHAPES, "plateau")
    quality: str = one_of(QUALITIES, "blowing")
    low_hz: float | None = within(20.0, 900.0, None, optional=True)
    high_hz: float | None = within(30.0, 1000.0, None, optional=True)
    tilt_db_per_octave: float | None = within(-24.0, 24.0, None, optional=True)

    def __post_init__(self) -> None:
        """Check every field."""
        check_fields(self)
        if not self.end - self.onset >= 0.05:
            raise ParameterError(f"end must be at least 0.05 after onset, not {self.onset} to {self.end}")
        low_hz, high_hz, _ = self.colour
        if not high_hz > low_hz:
            raise ParameterError(f"high_hz must lie above low_hz, not {low_hz} to {high_hz}")

    @property
    def colour(self) -> tuple[float, float, float]:
        """Lower edge (Hz), upper edge (Hz) and tilt (dB per octave), by default those of the quality."""
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
        In atrial fibrillation every cycle differs (coefficient of variation about 0.22), S1 varies and there is no S4.
        Premature beats come after about 0.62 of a cycle, and are followed by a full compensatory pause.
    s1_level_db : float
        Change of S1, at all frequencies, from what is normal at the site; negative is quiet.
    s1_over_s2_db : float
        Normal level of S1 against S2 at the site, from the mean of all sites.
    s2_split_ms : float or None
        Mean interval from A2 to P2, at most 90; None or 0 is a single S2.
    s2_split_swing_ms : float
        How much the split widens in inspiration, and narrows in expiration.
    heart_sound_pitch : float
        Factor on all frequencies of S1 and S2; above 1 for thin chests.
    s3_level_db, s4_level_db : float or None
        RMS of S3 and S4 over 60 ms.
    click_level_db : float or None
        RMS of a systolic click over 20 ms.
    click_place : float
        Position of the click, as a share of systole.
    systolic_murmur, diastolic_murmur : Murmur or None
        The murmurs.
    sensor : str
        One of `SENSORS`: "flat", "electronic" (20 Hz to 1 kHz), "contact" (low-passed at 400 Hz),
        "air-coupled" (tubing that resonates).
    noise_level_db : float or None
        RMS of ambient and sensor noise from 25 to 800 Hz, against a normal S2, both as recorded. CirCor's median is -14.
    noise_unrest_db : float
        Standard deviation of the noise level over time.
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
        Largest sample against full scale; ignored if `clip_fraction` is above 0.
    clip_fraction : float
        Share of samples clipped at full scale, 0 to 0.5.

    Raises
    ------
    ParameterError
        If a value is out of range.
    """

    heart_rate_bpm: float = within(40.0, 200.0, 75.0)
    rate_variability: float = within(0.0, 0.3, 0.03)
    rhythm: str = one_of(RHYTHMS, "sinus")
    s1_level_db: float = within(-_MAX_LEVEL_DB, _MAX_LEVEL_DB, 0.0)
    s1_over_s2_db: float = within(-_MAX_LEVEL_DB, _MAX_LEVEL_DB, 0.0)
    s2_split_ms: float | None = within(0.0, 90.0, 25.0, optional=True)
    s2_split_swing_ms: float = within(0.0, 30.0, 5.0)
    heart_sound_pitch: float = within(0.5, 2.0, 1.0)
    s3_level_db: float | None = within(-80.0, _MAX_LEVEL_DB, None, optional=True)
    s4_level_db: float | None = within(-80.0, _MAX_LEVEL_DB, None, optional=True)
    click_level_db: float | None = within(-80.0, _MAX_LEVEL_DB, None, optional=True)
    click_place: float = within(0.0, 1.0, 0.5)
    systolic_murmur: Murmur | None = None
    diastolic_murmur: Murmur | None = None
    sensor: str = one_of(SENSORS, "electronic")
    noise_level_db: float | None = within(-80.0, _MAX_LEVEL_DB, -20.0, optional=True)
    noise_unrest_db: float = within(0.0, 20.0, 2.0)
    respiration_level_db: float | None = within(-80.0, _MAX_LEVEL_DB, -24.0, optional=True)
    respiration_rate_per_min: float = within(4.0, 90.0, 18.0)
    hum_level_db: float | None = within(-80.0, _MAX_LEVEL_DB, None, optional=True)
    hum_hz: float = within(20.0, 400.0, 50.0)
    knocks_per_minute: float = within(0.0, 600.0, 0.0)
    knock_level_db: float = within(-_MAX_LEVEL_DB, _MAX_LEVEL_DB, 3.0)
    peak_level_dbfs: float = within(-80.0, 0.0, -6.0)
    clip_fraction: float = within(0.0, 0.5, 0.0)

    def __post_init__(self) -> None:
        """Check every field."""
        check_fields(self)
        for name in ("systolic_murmur", "diastolic_murmur"):
            if not isinstance(getattr(self, name), Murmur | None):
                raise ParameterError(f"{name} must be a Murmur or None, not {getattr(self, name)!r}")
        if self.rhythm == "atrial fibrillation" and self.s4_level_db is not None:
            raise ParameterError(
                "s4_level_db must be None in atrial fibrillation: without an atrial contraction there is no S4"
            )
