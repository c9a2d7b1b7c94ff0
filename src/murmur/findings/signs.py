"""From measurements to named signs, each with its probability or value, its evidence, or the reason why it is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from murmur.findings.character import (
    grade_probabilities,
    left_at_ends_db,
    middle,
    pitch_probabilities,
    quality_probabilities,
    shape_probabilities,
    timing_probabilities,
)
from murmur.findings.models import FindingModels
from murmur.learned.linear import sigmoid
from murmur.measure.heart_sounds import ExtraSound, HeartSounds
from murmur.measure.murmur import MURMUR_BANDS_HZ, MurmurFeatures
from murmur.measure.rhythm import Rhythm
from murmur.records import Record
from murmur.settings import Settings

__all__ = [
    "Finding",
    "Findings",
    "MurmurFinding",
    "clear_click",
    "decide_murmur",
    "find_signs",
    "heed_level",
    "no_findings",
    "s1_quiet_probability",
]

Evidence = Mapping[str, float | None]

#: Why a systolic murmur is not described, by what is said of any murmur.
NOT_SYSTOLIC = {
    "present": "no murmur is heard in systole",
    "absent": "no murmur is heard",
    "unknown": "it can't be told whether there is a murmur",
}
#: S1 this far below or above what is usual at the site is quiet or loud.
QUIET_S1_DB, LOUD_S1_DB = -5.2, 7.0
#: Nobody hears a murmur this far below S2, and none is called: of 324 such recordings of CirCor experts heard one in 5.
INAUDIBLE_DB, INAUDIBLE_PROBABILITY = -35.0, 0.12
#: A physiological split of S2 seldom exceeds this at rest.
WIDE_SPLIT_MS = 45.0
#: An extra sound must come back in this many beats.
FEWEST_CYCLES = 6
#: Early diastole this far above late diastole is a murmur's.
DIASTOLIC_DB = 4.0
#: Median change from one cycle to the next, as a share of the cycle: sinus arrhythmia stays below (Task Force 1996).
IRREGULAR = 0.1


@dataclass(frozen=True, slots=True)
class Finding(Record):
    """One sign.

    Attributes
    ----------
    value : str, float or None
        What was found; None where it can't be told.
    probability : float or None
        Of what the sign is named after, whatever `value` says: that S1 is quiet, that the split of S2 is wide, that an S3,
        S4, click, diastolic murmur or irregular rhythm is there. Where `value` is one of several words (timing, shape,
        pitch, quality, grade), that this is the right one; the others' are in the evidence.
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


@dataclass(frozen=True, slots=True)
class ExtraSoundRule:
    """When an extra sound is one: how often, how loud and how prominent it must be together."""

    share: float
    level_db: float
    prominence_db: float

    def probability(self, sound: ExtraSound) -> float:
        """Weigh the three; neither level nor prominence alone can make up for a sound that comes only now and then."""
        if sound.level_db is None or sound.prominence_db is None:
            return 0.0
        often = (sound.share - self.share) / 0.04
        loud = min(max((sound.level_db - self.level_db) / 2.0, -8.0), 3.5)
        clear = min(max((sound.prominence_db - self.prominence_db) / 2.0, -6.0), 2.5)
        return sigmoid(often + loud + clear)


S3_RULE = ExtraSoundRule(share=0.74, level_db=-13.0, prominence_db=10.0)
S4_RULE = ExtraSoundRule(share=0.76, level_db=-15.0, prominence_db=15.0)
CLICK_RULE = ExtraSoundRule(share=0.84, level_db=-8.0, prominence_db=22.0)


def clear_click(click: ExtraSound) -> float | None:
    """Place of a click that counts as one, as a share of systole."""
    return click.place if CLICK_RULE.probability(click) > 0.5 else None


def heed_level(probabilities: NDArray[np.float64], murmur: MurmurFeatures) -> NDArray[np.float64]:
    """Limit the probability of a murmur, of present, unknown and absent, where nothing audible stands out of late diastole.

    In a very clean recording the tails of S1 and S2 stand out, too.
    """
    if murmur.level_db is not None and murmur.level_db > INAUDIBLE_DB:
        return probabilities
    present = min(float(probabilities[0]), INAUDIBLE_PROBABILITY)
    others = probabilities[1:] + 1e-9  # where both are nothing they share the rest
    return np.array([present, *((1.0 - present) * others / others.sum())])


def decide_murmur(probabilities: NDArray[np.float64], settings: Settings) -> str:
    """Class of largest expected worth, from the probabilities of present, unknown and absent."""
    worth = settings.murmur_cost_present, settings.murmur_cost_unknown, settings.murmur_cost_absent
    expected = [probability * cost for probability, cost in zip(probabilities.tolist(), worth, strict=True)]
    return ("present", "unknown", "absent")[expected.index(max(expected))]


def no_findings(reason: str) -> Findings:
    """Give every sign as missing, for one reason: an unreadable recording is "unknown"."""
    missing = Finding(None, reason=reason)
    names = [name for name in Findings.__dataclass_fields__ if name != "murmur"]
    return Findings(murmur=MurmurFinding("unknown", None, None, None, reason=reason), **dict.fromkeys(names, missing))


def find_signs(
    systolic: NDArray[np.float64],
    murmur: MurmurFeatures,
    sounds: HeartSounds,
    rhythm: Rhythm,
    site: str,
    models: FindingModels,
    settings: Settings,
) -> Findings:
    """Conclude on every sign of one readable recording.

    `systolic` are the probabilities that a systolic murmur is present, unknown and absent.
    """
    diastolic = _diastolic_murmur(murmur)
    heard = _murmur(systolic, diastolic, murmur, settings)
    timing = timing_probabilities(murmur, models)
    s1, split = _s1_intensity(sounds, site, models), _s2_split(sounds)
    s3, s4, click = (
        _extra_sound(sound, rule, sounds.cycles)
        for sound, rule in ((sounds.s3, S3_RULE), (sounds.s4, S4_RULE), (sounds.click, CLICK_RULE))
    )
    if decide_murmur(systolic, settings) != "present":
        character = _no_character(NOT_SYSTOLIC[heard.value], timing)
    elif murmur.extent == 0:
        character = _no_character("the murmur does not stand out of late diastole", timing)
    else:
        character = _character(murmur, timing, models)
    return Findings(
        murmur=heard,
        **character,
        s1_intensity=s1,
        s2_split=split,
        s3=s3,
        s4=s4,
        click=click,
        diastolic_murmur=diastolic,
        irregular_rhythm=_irregular_rhythm(rhythm),
        premature_beats=_premature_beats(rhythm),
        mitral_regurgitation=_mitral_regurgitation(float(systolic[0]) * timing["holosystolic"], s1, split, s3),
    )


def _murmur(systolic: NDArray[np.float64], diastolic: Finding, murmur: MurmurFeatures, settings: Settings) -> MurmurFinding:
    """Any murmur, systolic or diastolic; the model knows systolic ones, the only ones that CirCor holds enough of."""
    neither = 1.0 - (diastolic.probability or 0.0)
    present, unknown, absent = 1.0 - neither * (1.0 - systolic[0]), neither * systolic[1], neither * systolic[2]
    return MurmurFinding(
        value=decide_murmur(np.array([present, unknown, absent]), settings),
        present_probability=float(present),
        unknown_probability=float(unknown),
        absent_probability=float(absent),
        evidence={
            "systolic_probability": float(systolic[0]),
            "above_late_diastole_db": murmur.above_quiet_db,
            "against_s2_db": murmur.level_db,
            "extent": murmur.extent,
        },
    )


def _likeliest(probabilities: dict[str, float], evidence: Evidence) -> Finding:
    value = max(probabilities, key=lambda name: probabilities[name])
    return Finding(value, probabilities[value], {**evidence, **{f"p_{k}": p for k, p in probabilities.items()}})


def _middle(probabilities: dict[str, float], evidence: Evidence) -> Finding:
    """Choose among words that have an order."""
    value = list(probabilities)[middle(list(probabilities.values()))]
    return Finding(value, probabilities[value], {**evidence, **{f"p_{k}": p for k, p in probabilities.items()}})


def _character(murmur: MurmurFeatures, timing: dict[str, float], models: FindingModels) -> dict[str, Finding]:
    start_db, stop_db = left_at_ends_db(murmur)
    spectrum = murmur.spectrum
    centroid_hz = spectrum.centroid_hz if spectrum else None
    loud = {"above_late_diastole_db": murmur.above_quiet_db, "against_s2_db": murmur.level_db}
    bands = {
        f"{band[0]}_to_{band[1]}_hz_above_late_diastole_db": db
        for band, db in zip(MURMUR_BANDS_HZ, murmur.above_late_diastole_by_band_db, strict=True)
    }
    low = {"low_against_s1_db": murmur.low_against_s1_db, "low_against_s2_db": murmur.low_against_s2_db}
    shape = {"rise_db": murmur.rise_db, "fall_db": murmur.fall_db, "low_against_s2_db": murmur.low_against_s2_db}
    if spectrum is None:
        quality = Finding(None, reason="the murmur does not stand out of the noise floor")
    else:
        width = {"centroid_hz": centroid_hz, "bandwidth_hz": spectrum.bandwidth_hz}
        quality = _likeliest(quality_probabilities(murmur, models), {**width, **low})
    return {
        "systolic_timing": _likeliest(timing, {"left_at_s1_db": start_db, "left_at_s2_db": stop_db}),
        "systolic_shape": _likeliest(shape_probabilities(murmur, models), shape),
        "systolic_pitch": _middle(pitch_probabilities(murmur, models), {"centroid_hz": centroid_hz, **bands}),
        "systolic_quality": quality,
        "grade": _middle(grade_probabilities(murmur, models), loud),
    }


def _no_character(reason: str, timing: dict[str, float]) -> dict[str, Finding]:
    """Say why there is nothing to describe; the timing's probabilities, given a murmur, stay for the patient's figures."""
    names = ("systolic_shape", "systolic_pitch", "systolic_quality", "grade")
    given: Evidence = {f"p_{name}": p for name, p in timing.items()}
    return {
        "systolic_timing": Finding(None, None, given, reason),
        **dict.fromkeys(names, Finding(None, reason=reason)),
    }


def _s1_intensity(sounds: HeartSounds, site: str, models: FindingModels) -> Finding:
    norm_db, deviation_db = models.s1_norm(site)
    departure = sounds.s1_s2_level_db - norm_db
    quiet = s1_quiet_probability(departure, deviation_db)
    loud = sigmoid((departure - LOUD_S1_DB) / (0.3 * deviation_db))
    value = "quiet" if quiet > 0.5 else "loud" if loud > 0.5 else "normal"
    evidence = {"s1_s2_level_db": sounds.s1_s2_level_db, "usual_at_site_db": norm_db, "departure_db": departure}
    return Finding(value, quiet, evidence)


def s1_quiet_probability(departure_db: float, deviation_db: float, threshold_db: float = QUIET_S1_DB) -> float:
    """Probability that S1 is quiet, from how far it lies from what is usual; the wider the usual, the wider the doubt."""
    return sigmoid((threshold_db - departure_db) / (0.3 * deviation_db))


def _s2_split(sounds: HeartSounds) -> Finding:
    evidence = {"share_of_cycles": sounds.s2_split_share}
    if sounds.s2_split_ms is None:
        return Finding(None, None, evidence, "S2 has one peak in most cycles")
    return Finding(sounds.s2_split_ms, sigmoid((sounds.s2_split_ms - WIDE_SPLIT_MS) / 4.0), evidence)


def _extra_sound(sound: ExtraSound, rule: ExtraSoundRule, cycles: int) -> Finding:
    if cycles < FEWEST_CYCLES:  # chance comes at the same place in a few beats, too
        return Finding(None, reason=f"fewer than {FEWEST_CYCLES} beats were measured")
    probability = rule.probability(sound)
    evidence: Evidence = {
        "share_of_cycles": sound.share,
        "level_db": sound.level_db,
        "prominence_db": sound.prominence_db,
        "place": sound.place,
    }
    return Finding("present" if probability > 0.5 else "absent", probability, evidence)


def _diastolic_murmur(murmur: MurmurFeatures) -> Finding:
    """Early: the first half of diastole above its late part. Late diastole that is not quiet itself is said, not guessed."""
    early = sum(murmur.diastole_profile_db[1:5]) / 4.0
    probability = sigmoid((early - DIASTOLIC_DB) / 0.7)
    evidence: Evidence = {"early_above_late_db": early, "late_diastole_quiet": float(murmur.late_diastole_quiet)}
    return Finding("present" if probability > 0.5 else "absent", probability, evidence)


def _irregular_rhythm(rhythm: Rhythm) -> Finding:
    if rhythm.irregularity is None or rhythm.cycles < 6:
        return Finding(None, reason="fewer than 6 consecutive beats")
    probability = sigmoid((rhythm.irregularity - IRREGULAR) / 0.015)
    evidence: Evidence = {"irregularity": rhythm.irregularity, "rmssd_ms": rhythm.rmssd_ms, "variation": rhythm.variation}
    return Finding("present" if probability > 0.5 else "absent", probability, evidence)


def _premature_beats(rhythm: Rhythm) -> Finding:
    if rhythm.irregularity is None or rhythm.cycles < 6:
        return Finding(None, reason="fewer than 6 consecutive beats")
    if rhythm.irregularity > IRREGULAR:
        return Finding(None, reason="the rhythm is irregular throughout: no beat is early against the others")
    return Finding("present" if rhythm.premature_beats else "absent", None, {"beats": float(rhythm.premature_beats)})


def _mitral_regurgitation(pansystolic: float, s1: Finding, split: Finding, s3: Finding) -> Finding:
    """Put together what a doctor puts together; the form was fixed before it was ever scored.

    Two parts of equal weight, a murmur that fills systole and a quiet S1; a wide split of S2 or an S3 adds up to a tenth
    where there is such a murmur.
    """
    quiet = s1.probability or 0.0
    extra = max(split.probability or 0.0, s3.probability or 0.0)
    score = 0.45 * pansystolic + 0.45 * quiet + 0.1 * extra * pansystolic
    parts: Evidence = {"pansystolic_murmur": pansystolic, "quiet_s1": quiet, "wide_split_or_s3": extra}
    return Finding(score, None, parts)
