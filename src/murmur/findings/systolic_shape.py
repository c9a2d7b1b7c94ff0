"""How the murmur's loudness runs over systole."""

from __future__ import annotations

import math
from typing import NamedTuple

from murmur.findings.context import Context, Features
from murmur.findings.finding import Finding, most_probable
from murmur.findings.models import FindingModels
from murmur.findings.sign import Sign
from murmur.findings.systolic import MEANING_LIMIT, MEANING_SHARE, why_not_described
from murmur.findings.systolic_timing import begins_and_lasts
from murmur.learned.linear import sigmoid
from murmur.measure.murmur import MurmurFeatures

SHAPES = ("plateau", "diamond", "decrescendo", "crescendo")


class ShapeRule(NamedTuple):
    """What the names of the shapes mean.

    The source is the meaning of the words, beside what CirCor's experts call so. The thresholds were chosen on phantoms, and
    on the false alarms among CirCor's children without a murmur.

    Attributes
    ----------
    shaped_db : float
        A murmur whose profile rises or falls by less than this is a plateau.
    diamond_slope_db, fall_slope_db : float
        Change of rise and fall for each unit of log odds, of a diamond and of a decrescendo or crescendo.
    crescendo_db : float
        A murmur that begins late, lasts until S2 and rises by this much more than it falls has even odds of a crescendo.
    steep_db : float
        Upper limit of rise and fall.
    """

    shaped_db: float = 4.0
    diamond_slope_db: float = 0.8
    fall_slope_db: float = 1.2
    crescendo_db: float = 5.0
    steep_db: float = 25.0


RULE = ShapeRule()


def vector(murmur: MurmurFeatures) -> tuple[float, ...]:
    """Return what the shape model takes: rise, fall, the lesser of both, and the level between 80 and 150 Hz, all in dB."""
    rise, fall = min(murmur.rise_db, RULE.steep_db), min(murmur.fall_db, RULE.steep_db)
    return rise, fall, min(rise, fall), murmur.low_against_s2_db


def probabilities(murmur: MurmurFeatures, models: FindingModels) -> dict[str, float]:
    """Return the probability of each shape: what CirCor's experts call so and what the words mean, joined.

    A crescendo, too rare in CirCor to be learned, goes by its meaning alone.
    """
    rise, fall, both, _ = vector(murmur)
    learned = models.shape.probabilities_of(vector(murmur))
    meant = (
        0.0,
        (both - RULE.shaped_db) / RULE.diamond_slope_db,
        (fall - rise - RULE.shaped_db) / RULE.fall_slope_db,
    )
    joined = [
        max(probability, 1e-9) * math.exp(MEANING_SHARE * max(log_odds - max(meant), -MEANING_LIMIT))
        for probability, log_odds in zip(learned, meant, strict=True)
    ]
    begins, lasts = begins_and_lasts(murmur)
    crescendo = (1.0 - begins) * lasts * sigmoid((rise - fall - RULE.crescendo_db) / RULE.fall_slope_db)
    share = (1.0 - crescendo) / sum(joined)
    return dict(zip(SHAPES, [*(share * value for value in joined), crescendo], strict=True))


def conclude(features: Features, context: Context) -> Finding:
    """Conclude on the most probable shape."""
    if reason := why_not_described(features, context):
        return Finding(None, reason=reason)
    murmur = features.murmur
    evidence = {"rise_db": murmur.rise_db, "fall_db": murmur.fall_db, "low_against_s2_db": murmur.low_against_s2_db}
    return most_probable(probabilities(murmur, context.models), evidence)


SIGN = Sign(
    name="systolic_shape",
    title="Shape",
    full_title="Shape of the systolic murmur",
    meaning="How the murmur's loudness runs over systole; a diamond is a crescendo-decrescendo.",
    conclude=conclude,
    choices=SHAPES,
)
