"""From measurements to named signs, each with its probability or value, its evidence, or the reason why it is missing."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from murmur.features.heart_sounds import ExtraSound, HeartSounds
from murmur.features.murmur import MurmurFeatures
from murmur.finding_models import FindingModels
from murmur.records import Record
from murmur.rhythm import Rhythm
from murmur.settings import Settings

__all__ = ["Finding", "Findings", "MurmurFinding", "decide_murmur", "find_signs", "no_findings"]

Evidence = dict[str, float | None]

HOLOSYSTOLIC, EARLY, MID, LATE = "holosystolic", "early", "mid", "late"


@dataclass(frozen=True, slots=True)
class Finding(Record):
    """One sign.

    Attributes
    ----------
    value : str, float or None
        What was found; None where it can't be told.
    probability : float or None
        Probability of the sign, where it has one.
    evidence : dict of str to float or None
        The measurements that it rests on.
    reason : str or None
        Why `value` is missing.
    """

    value: str | float | None
    probability: float | None = None
    evidence: Evidence = field(default_factory=dict)
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class MurmurFinding(Record):
    """Whether a murmur is heard: the three classes of the PhysioNet Challenge 2022.

    Attributes
    ----------
    value : str
        "present", "absent" or "unknown".
    present_probability, unknown_probability, absent_probability : float or None
        They add up to one.
    evidence, reason
        As in `Finding`.
    """

    value: str
    present_probability: float | None
    unknown_probability: float | None
    absent_probability: float | None
    evidence: Evidence = field(default_factory=dict)
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Findings(Record):
    """Every sign of one recording, in the order in which a doctor would tell them."""

    murmur: MurmurFinding
    systolic_timing: Finding
    systolic_shape: Finding
    systolic_pitch: Finding
    systolic_quality: Finding
    grade: Finding
    s1_intensity: Finding
    s2_split: Finding
    s3: Finding
    s4: Finding
    click: Finding
    diastolic_murmur: Finding
    irregular_rhythm: Finding
    premature_beats: Finding
    mitral_regurgitation: Finding


def decide_murmur(probabilities: NDArray[np.float64], settings: Settings) -> str:
    """Class of largest expected worth, from the probabilities of present, unknown and absent."""
    worth = np.array([settings.murmur_cost_present, settings.murmur_cost_unknown, settings.murmur_cost_absent])
    return ("present", "unknown", "absent")[int(np.argmax(probabilities * worth))]


def no_findings(reason: str) -> Findings:
    """Give every sign as missing, for one reason: an unreadable recording is "unknown"."""
    missing = Finding(None, reason=reason)
    names = [name for name in Findings.__dataclass_fields__ if name != "murmur"]
    return Findings(murmur=MurmurFinding("unknown", None, None, None, reason=reason), **dict.fromkeys(names, missing))


def find_signs(
    vector: NDArray[np.float64],
    murmur: MurmurFeatures,
    sounds: HeartSounds,
    rhythm: Rhythm,
    site: str,
    models: FindingModels,
    settings: Settings,
) -> Findings:
    """Conclude on every sign of one readable recording."""
    heard = _murmur(vector, murmur, models, settings)
    systolic = heard.value == "present"
    described = _character(murmur, models) if systolic else _no_character(heard.value)
    s1 = _s1_intensity(sounds, site, models)
    split, s3 = _s2_split(sounds), _extra_sound(sounds.s3, _S3)
    return Findings(
        murmur=heard,
        systolic_timing=described["timing"],
        systolic_shape=described["shape"],
        systolic_pitch=described["pitch"],
        systolic_quality=described["quality"],
        grade=described["grade"],
        s1_intensity=s1,
        s2_split=split,
        s3=s3,
        s4=_extra_sound(sounds.s4, _S4),
        click=_extra_sound(sounds.click, _CLICK),
        diastolic_murmur=_diastolic_murmur(murmur),
        irregular_rhythm=_irregular_rhythm(rhythm),
        premature_beats=_premature_beats(rhythm),
        mitral_regurgitation=_mitral_regurgitation(heard, murmur, s1, split, s3, models),
    )


def _sigmoid(x: float) -> float:
    return float(1.0 / (1.0 + np.exp(-x)))


def _murmur(
    vector: NDArray[np.float64], murmur: MurmurFeatures, models: FindingModels, settings: Settings
) -> MurmurFinding:
    probabilities = models.murmur.probabilities(vector)
    present, unknown, absent = (float(p) for p in probabilities)
    return MurmurFinding(
        value=decide_murmur(probabilities, settings),
        present_probability=present,
        unknown_probability=unknown,
        absent_probability=absent,
        evidence={"above_quiet_db": murmur.above_quiet_db, "level_db": murmur.level_db, "extent": murmur.extent},
    )


def _holosystolic(murmur: MurmurFeatures, models: FindingModels) -> float:
    return float(models.holosystolic.probabilities(models.character_vector(murmur))[0])
