"""What a murmur is like: the probability of each timing, shape, pitch, quality and grade, given that it is heard."""

from __future__ import annotations

import math
from collections.abc import Sequence

from murmur.findings.models import FindingModels
from murmur.learned.linear import sigmoid
from murmur.measure.murmur import MurmurFeatures

__all__ = [
    "GRADES",
    "PITCHES",
    "QUALITIES",
    "SHAPES",
    "blowing_probability",
    "extent_vector",
    "grade_probabilities",
    "left_at_ends_db",
    "loudness_vector",
    "middle",
    "pitch_probabilities",
    "pitch_vector",
    "quality_probabilities",
    "roughness_vector",
    "shape_probabilities",
    "shape_vector",
    "timing_probabilities",
]

Vector = tuple[float, ...]

SHAPES = ("plateau", "diamond", "decrescendo", "crescendo")
QUALITIES = ("harsh", "blowing")
PITCHES = ("low", "medium", "high")
GRADES = ("I/VI", "II/VI", "III/VI")
#: A murmur whose profile rises or falls by less than this is a plateau.
SHAPED_DB = 4.0
#: A murmur that begins late, lasts until S2 and rises by this much more than it falls is a crescendo as likely as not.
CRESCENDO_DB = 5.0
#: A rise or fall beyond this says no more.
STEEP_DB = 25.0
#: A murmur fainter than this against S2 is as faint as can be.
FAINTEST_DB = -40.0
#: A murmur that has fallen by more than this towards an end of systole does not reach it.
END_LEFT_DB = -6.5
#: A murmur of less power than this share of late diastole's has no shape.
LEAST_EXCESS = 0.3
#: Bandwidth and centroid between harsh and blowing murmurs.
BLOWING_WIDTH_HZ, BLOWING_HZ = 85.3, 185.0
#: Share of the power in tones from which a murmur is musical: noise seldom comes near (.09 in one of twenty).
MUSICAL = 0.15
#: How much the meaning of a word counts beside what experts call so, and the log odds beyond which it says no more.
MEANING_SHARE, MEANING_LIMIT = 0.3, 6.0


def middle(probabilities: Sequence[float]) -> int:
    """Class up to which half of the probability lies: of ordered classes the one with the least expected distance."""
    half, so_far = 0.5 * sum(probabilities), 0.0
    for number, probability in enumerate(probabilities):
        so_far += probability
        if so_far >= half:
            return number
    return len(probabilities) - 1


def left_at_ends_db(murmur: MurmurFeatures) -> tuple[float, float]:
    """What is left of the murmur at the beginning and at the end of systole, in dB of its loudest part.

    Powers less late diastole's. Of the two outermost parts the quieter one counts: the other may hold the tail of S1, or
    the beginning of S2.
    """
    excess = [10.0 ** (level_db / 10.0) - 1.0 for level_db in murmur.profile_db]
    peak = max(*excess[2:8], LEAST_EXCESS)

    def left(one: int, other: int) -> float:
        ratio = min(excess[one], excess[other]) / peak
        return 10.0 * math.log10(min(max(ratio, 0.02), 2.0))

    return left(0, 1), left(8, 9)


def _begins_and_lasts(murmur: MurmurFeatures) -> tuple[float, float]:
    """How surely the murmur begins with S1, and lasts until S2."""
    start_db, stop_db = left_at_ends_db(murmur)
    return sigmoid((start_db - END_LEFT_DB) / 1.5), sigmoid((stop_db - END_LEFT_DB) / 1.5)


def extent_vector(murmur: MurmurFeatures) -> Vector:
    """Log odds that the murmur fills systole from end to end, as far as the rule knows, drawn together; one number."""
    begins, lasts = _begins_and_lasts(murmur)
    both = min(max(begins * lasts, 1e-12), 1.0 - 1e-12)
    return (math.asinh(math.log(both / (1.0 - both))),)


def timing_probabilities(murmur: MurmurFeatures, models: FindingModels) -> dict[str, float]:
    """Probability of each timing, given a murmur: whether it begins with S1, and whether it lasts until S2.

    The rule overrates itself: its log odds are brought to what CirCor's experts say.
    """
    begins, lasts = _begins_and_lasts(murmur)
    holosystolic = models.holosystolic.probabilities_of(extent_vector(murmur))[0]
    early, mid, late = begins * (1.0 - lasts), (1.0 - begins) * (1.0 - lasts), (1.0 - begins) * lasts
    share = (1.0 - holosystolic) / (early + mid + late)
    return {"holosystolic": holosystolic, "early": share * early, "mid": share * mid, "late": share * late}


def shape_vector(murmur: MurmurFeatures) -> Vector:
    """Describe the murmur's shape: how far it rises from the beginning of systole, falls to its end, does both; how loud."""
    rise, fall = min(murmur.rise_db, STEEP_DB), min(murmur.fall_db, STEEP_DB)
    return rise, fall, min(rise, fall), murmur.low_against_s2_db


def shape_probabilities(murmur: MurmurFeatures, models: FindingModels) -> dict[str, float]:
    """Probability of each shape: what CirCor's experts call so, and what the words mean, together.

    A crescendo, too rare in CirCor to learn, goes by its meaning alone.
    """
    rise, fall, both, _ = shape_vector(murmur)
    heard = models.shape.probabilities_of(shape_vector(murmur))
    meant = 0.0, (both - SHAPED_DB) / 0.8, (fall - rise - SHAPED_DB) / 1.2
    likely = [
        max(probability, 1e-9) * math.exp(MEANING_SHARE * max(odds - max(meant), -MEANING_LIMIT))
        for probability, odds in zip(heard, meant, strict=True)
    ]
    begins, lasts = _begins_and_lasts(murmur)
    crescendo = (1.0 - begins) * lasts * sigmoid((rise - fall - CRESCENDO_DB) / 1.2)
    share = (1.0 - crescendo) / sum(likely)
    return dict(zip(SHAPES, [*(share * value for value in likely), crescendo], strict=True))


def roughness_vector(murmur: MurmurFeatures) -> Vector:
    """Describe the murmur's quality: how loud it is where rough ones are, against S1 and S2, and its log2 centroid."""
    centroid = math.log2(murmur.spectrum.centroid_hz) if murmur.spectrum else 7.0
    return 0.5 * (murmur.low_against_s1_db + murmur.low_against_s2_db), centroid


def blowing_probability(murmur: MurmurFeatures, models: FindingModels) -> float:
    """Probability that a murmur's sound is blowing, high and even, and not harsh, low and rough.

    What CirCor's experts call so, which is mostly what is quiet at low frequencies, and what the word means, a wide and high
    spectrum, together: a loud murmur can be blowing, too.
    """
    heard = models.blowing.scores_of(roughness_vector(murmur))[0]
    if murmur.spectrum is None:
        return sigmoid(heard)
    width, centre = murmur.spectrum.bandwidth_hz - BLOWING_WIDTH_HZ, murmur.spectrum.centroid_hz - BLOWING_HZ
    meant = min(max(width / 3.0 + centre / 30.0, -MEANING_LIMIT), MEANING_LIMIT)
    return sigmoid(heard + MEANING_SHARE * meant)


def loudness_vector(murmur: MurmurFeatures) -> Vector:
    """Describe how loud the murmur is, and where."""
    centroid = math.log2(murmur.spectrum.centroid_hz) if murmur.spectrum else 7.0
    level_db = FAINTEST_DB if murmur.level_db is None else max(murmur.level_db, FAINTEST_DB)
    return murmur.above_quiet_db, level_db, murmur.extent, centroid


def quality_probabilities(murmur: MurmurFeatures, models: FindingModels) -> dict[str, float]:
    """Probability of each quality; of none where the murmur's spectrum could not be measured."""
    if murmur.spectrum is None:
        return {}
    blowing = blowing_probability(murmur, models)
    musical = sigmoid((murmur.spectrum.harmonicity - MUSICAL) / 0.02)
    return {"blowing": blowing * (1 - musical), "harsh": (1 - blowing) * (1 - musical), "musical": musical}


def pitch_vector(murmur: MurmurFeatures) -> Vector:
    """Describe at which frequencies the murmur is: above late diastole, and against S2, in each of its four bands."""
    return *murmur.above_late_diastole_by_band_db, *murmur.against_s2_by_band_db


def pitch_probabilities(murmur: MurmurFeatures, models: FindingModels) -> dict[str, float]:
    """Probability of each pitch."""
    return dict(zip(PITCHES, models.pitch.probabilities_of(pitch_vector(murmur)), strict=True))


def grade_probabilities(murmur: MurmurFeatures, models: FindingModels) -> dict[str, float]:
    """Probability of each grade, from this recording alone."""
    return dict(zip(GRADES, models.grade.probabilities_of(loudness_vector(murmur)), strict=True))
