"""When in systole the murmur is heard."""

from __future__ import annotations

import math
from typing import NamedTuple

from murmur.findings.context import Context, Features
from murmur.findings.finding import Finding, most_probable
from murmur.findings.models import FindingModels
from murmur.findings.sign import Sign
from murmur.findings.systolic import why_not_described
from murmur.learned.linear import sigmoid
from murmur.measure.murmur import MurmurFeatures


class TimingRule(NamedTuple):
    """When a murmur reaches S1 and S2.

    The source is the meaning of the words. The thresholds were chosen on phantoms, and on the false alarms among CirCor's
    children without a murmur. The rule is overconfident, so a regression calibrates its log odds by CirCor's labels.

    Attributes
    ----------
    reaches_db, slope_db : float
        Level at an end of systole, against the loudest part, with even odds that the murmur reaches that end, and its change
        for each unit of log odds.
    least_excess : float
        Least power of the loudest part above late diastole, as a share of late diastole's.
    least_left, most_left : float
        Limits of the power at an end, as a share of the loudest part.
    """

    reaches_db: float = -6.5
    slope_db: float = 1.5
    least_excess: float = 0.3
    least_left: float = 0.02
    most_left: float = 2.0


RULE = TimingRule()


def left_at_ends_db(murmur: MurmurFeatures) -> tuple[float, float]:
    """Return the level of the murmur at the beginning and at the end of systole, in dB below its loudest part.

    These are powers less late diastole's. Of the two outermost parts the quieter one counts: the other may hold the tail of
    S1, or the beginning of S2.
    """
    excess = [10.0 ** (level_db / 10.0) - 1.0 for level_db in murmur.profile_db]
    peak = max(*excess[2:8], RULE.least_excess)
    ends = min(excess[:2]), min(excess[8:])
    start_db, end_db = (10.0 * math.log10(min(max(end / peak, RULE.least_left), RULE.most_left)) for end in ends)
    return start_db, end_db


def begins_and_lasts(murmur: MurmurFeatures) -> tuple[float, float]:
    """Return the probabilities that the murmur begins with S1, and that it lasts until S2."""
    start_db, end_db = left_at_ends_db(murmur)
    return sigmoid((start_db - RULE.reaches_db) / RULE.slope_db), sigmoid((end_db - RULE.reaches_db) / RULE.slope_db)


def vector(murmur: MurmurFeatures) -> tuple[float]:
    """Return what the holosystolic model takes: the rule's log odds that the murmur fills systole, compressed."""
    begins, lasts = begins_and_lasts(murmur)
    both = min(max(begins * lasts, 1e-12), 1.0 - 1e-12)
    return (math.asinh(math.log(both / (1.0 - both))),)


def probabilities(murmur: MurmurFeatures, models: FindingModels) -> dict[str, float]:
    """Return the probability of each timing, given a murmur."""
    begins, lasts = begins_and_lasts(murmur)
    holosystolic = models.holosystolic.probabilities_of(vector(murmur))[0]
    early, mid, late = begins * (1.0 - lasts), (1.0 - begins) * (1.0 - lasts), (1.0 - begins) * lasts
    share = (1.0 - holosystolic) / (early + mid + late)
    return {"holosystolic": holosystolic, "early": share * early, "mid": share * mid, "late": share * late}


def conclude(features: Features, context: Context) -> Finding:
    """Conclude on the most probable timing; without a murmur the evidence holds what one would have."""
    timing = probabilities(features.murmur, context.models)
    if reason := why_not_described(features, context):
        return Finding(None, None, {f"p_{name}": p for name, p in timing.items()}, reason)
    start_db, end_db = left_at_ends_db(features.murmur)
    return most_probable(timing, {"left_at_s1_db": start_db, "left_at_s2_db": end_db})


SIGN = Sign(
    name="systolic_timing",
    title="Timing",
    full_title="Timing of the systolic murmur",
    meaning="When in systole the murmur is heard; holosystolic is pansystolic.",
    conclude=conclude,
    choices=("holosystolic", "early", "mid", "late"),
    phrases={"holosystolic": "pansystolic"},
    abnormal=frozenset({"holosystolic"}),
)
