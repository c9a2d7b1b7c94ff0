"""Events of a live analysis, and their JSON Schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from murmur.pipeline.analysis import Analysis
from murmur.records import Record, json_schema_of_any

__all__ = [
    "BeatAveraged",
    "BeatClosed",
    "BeatFound",
    "Event",
    "Finished",
    "QualityChanged",
    "RateChanged",
    "SamplesLost",
    "SignChanged",
    "events_schema",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beat(Record):
    event: str
    time_s: float
    number: int
    s1_onset_s: float
    systole_onset_s: float
    s2_onset_s: float
    diastole_onset_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BeatFound(_Beat):
    """S1, systole and S2 of a beat, reported as soon as its S2 is over.

    Attributes
    ----------
    time_s : float
        Of every event: length of the stream when it was reported.
    number : int
        Number of the beat; its `BeatClosed` has the same.
    s1_onset_s, systole_onset_s, s2_onset_s, diastole_onset_s : float
        Where each state begins, from the start of the stream.
    confidence : float
        Probability that S1 and S2 are right.
    """

    event: Literal["beat_found"] = "beat_found"
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BeatClosed(_Beat):
    """A beat whose diastole is over, with its measurements; a beat may be found and never be closed.

    Attributes
    ----------
    end_s : float
        Where the next S1 begins.
    confidence : float
        Probability that S1 and S2 are right.
    s1_s2_level_db : float or None
        S1 against S2 between 60 and 100 Hz; None where the beat is not trusted.
    murmur_above_late_diastole_db : float or None
        Mid-systole above late diastole between 80 and 600 Hz; None where the beat is not trusted.
    """

    event: Literal["beat_closed"] = "beat_closed"
    end_s: float
    confidence: float
    s1_s2_level_db: float | None
    murmur_above_late_diastole_db: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RateChanged(Record):
    """The heart rate of the last beats, reported when it has changed by 2 per minute; None where it is unknown again."""

    event: Literal["rate_changed"] = "rate_changed"
    time_s: float
    heart_rate_bpm: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityChanged(Record):
    """Quality of the sound from `since_s` on: "good", "noisy" (no trusted beat) or "contact lost"."""

    event: Literal["quality_changed"] = "quality_changed"
    time_s: float
    quality: Literal["good", "noisy", "contact lost"]
    since_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SignChanged(Record):
    """One of `murmur.findings.findings.Findings`, reported when its value, or clearly its figure or probability, changes.

    Attributes
    ----------
    sign : str
        Its field there: murmur, systolic_timing, s1_intensity …
    value, probability, evidence, reason
        Of that finding; for `murmur` the probability that one is present.
    beats : int
        Number of trusted cycles it is based on.
    """

    event: Literal["sign_changed"] = "sign_changed"
    time_s: float
    sign: str
    value: str | float | None
    probability: float | None
    evidence: Mapping[str, float | None] = field(default_factory=dict)
    reason: str | None
    beats: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BeatAveraged(Record):
    """The average cycle so far: levels above late diastole in tenths, as in `murmur.measure.murmur.MurmurFeatures`.

    Attributes
    ----------
    systole_s, diastole_s : float
        Medians; systole from S1 to S2, diastole from S2 to the next S1.
    systole_profile_db, diastole_profile_db : tuple of float
        From the end of S1 to S2, and from the end of S2 to S1.
    beats : int
        Number of trusted cycles it is based on.
    """

    event: Literal["beat_averaged"] = "beat_averaged"
    time_s: float
    systole_s: float
    diastole_s: float
    systole_profile_db: tuple[float, ...]
    diastole_profile_db: tuple[float, ...]
    beats: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplesLost(Record):
    """An interval without samples (skipped, or not finite), reported when it is over."""

    event: Literal["samples_lost"] = "samples_lost"
    time_s: float
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished(Record):
    """The end of a stream, and its whole analysis."""

    event: Literal["finished"] = "finished"
    time_s: float
    analysis: Analysis


Event: TypeAlias = BeatFound | BeatClosed | RateChanged | QualityChanged | SignChanged | BeatAveraged | SamplesLost


def events_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a line of `murmur live`."""
    return json_schema_of_any("A line of murmur live", *Event.__args__, Finished)
