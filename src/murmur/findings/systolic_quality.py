"""What the murmur sounds like: blowing, harsh or musical."""

from __future__ import annotations

from typing import NamedTuple

from murmur.findings.context import Context, Features
from murmur.findings.finding import Finding, most_probable
from murmur.findings.models import FindingModels
from murmur.findings.sign import Sign
from murmur.findings.systolic import MEANING_LIMIT, MEANING_SHARE, log2_centroid, why_not_described
from murmur.learned.linear import sigmoid
from murmur.measure.murmur import MurmurFeatures

#: The two classes of the trained model.
QUALITIES = ("harsh", "blowing")


class QualityRule(NamedTuple):
    """What the names of the qualities mean.

    Blowing is high and even, with a wide spectrum; harsh is low and rough. CirCor's experts call blowing mostly what is
    quiet at low frequencies, by which a loud regurgitation would be harsh: meaning and experts count together. The
    thresholds were chosen on phantoms, and on the false alarms among CirCor's children without a murmur.

    Attributes
    ----------
    blowing_width_hz, blowing_centroid_hz : float
        Bandwidth and centroid halfway between harsh and blowing murmurs.
    width_slope_hz, centroid_slope_hz : float
        Change of each for each unit of log odds.
    musical, musical_slope : float
        Share of the power in tones with even odds of a musical murmur, and its change for each unit of log odds. Noise
        seldom comes near: one in twenty has more than .09.
    """

    blowing_width_hz: float = 85.3
    blowing_centroid_hz: float = 185.0
    width_slope_hz: float = 3.0
    centroid_slope_hz: float = 30.0
    musical: float = 0.15
    musical_slope: float = 0.02


RULE = QualityRule()


def vector(murmur: MurmurFeatures) -> tuple[float, ...]:
    """Return what the blowing model takes: level between 80 and 150 Hz against S1 and S2 (dB), and log2 of the centroid."""
    return 0.5 * (murmur.low_against_s1_db + murmur.low_against_s2_db), log2_centroid(murmur)


def blowing_probability(murmur: MurmurFeatures, models: FindingModels) -> float:
    """Return the probability that a murmur without tones is blowing and not harsh."""
    learned = models.blowing.scores_of(vector(murmur))[0]
    if murmur.spectrum is None:
        return sigmoid(learned)
    width_hz = murmur.spectrum.bandwidth_hz - RULE.blowing_width_hz
    centroid_hz = murmur.spectrum.centroid_hz - RULE.blowing_centroid_hz
    meant = width_hz / RULE.width_slope_hz + centroid_hz / RULE.centroid_slope_hz
    return sigmoid(learned + MEANING_SHARE * min(max(meant, -MEANING_LIMIT), MEANING_LIMIT))


def probabilities(murmur: MurmurFeatures, models: FindingModels) -> dict[str, float]:
    """Return the probability of each quality; none where the murmur's spectrum could not be measured."""
    if murmur.spectrum is None:
        return {}
    blowing = blowing_probability(murmur, models)
    musical = sigmoid((murmur.spectrum.harmonicity - RULE.musical) / RULE.musical_slope)
    return {"blowing": blowing * (1 - musical), "harsh": (1 - blowing) * (1 - musical), "musical": musical}


def conclude(features: Features, context: Context) -> Finding:
    """Conclude on the most probable quality."""
    murmur = features.murmur
    if reason := why_not_described(features, context):
        return Finding(None, reason=reason)
    if murmur.spectrum is None:
        return Finding(None, reason="the murmur does not stand out of the noise floor")
    evidence = {
        "centroid_hz": murmur.spectrum.centroid_hz,
        "bandwidth_hz": murmur.spectrum.bandwidth_hz,
        "low_against_s1_db": murmur.low_against_s1_db,
        "low_against_s2_db": murmur.low_against_s2_db,
    }
    return most_probable(probabilities(murmur, context.models), evidence)


SIGN = Sign(
    name="systolic_quality",
    title="Character",
    full_title="Character of the systolic murmur",
    meaning="What the murmur sounds like.",
    conclude=conclude,
    choices=("blowing", "harsh", "musical"),
)
