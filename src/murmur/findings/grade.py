"""How loud the murmur is, from one recording alone."""

from __future__ import annotations

from typing import NamedTuple

from murmur.findings.context import Context, Features
from murmur.findings.finding import Finding, median_of
from murmur.findings.models import FindingModels
from murmur.findings.sign import Sign
from murmur.findings.systolic import log2_centroid, why_not_described
from murmur.measure.murmur import MurmurFeatures

GRADES = ("I/VI", "II/VI", "III/VI")


class GradeRule(NamedTuple):
    """How the grade model takes a very faint murmur; set before scoring, not tuned.

    Attributes
    ----------
    least_level_db : float
        Lower limit of the level against S2, and its value where none could be measured.
    """

    least_level_db: float = -40.0


RULE = GradeRule()


def vector(murmur: MurmurFeatures) -> tuple[float, ...]:
    """Return what the grade model takes: level above late diastole and against S2 (dB), extent, and log2 of the centroid."""
    level_db = RULE.least_level_db if murmur.level_db is None else max(murmur.level_db, RULE.least_level_db)
    return murmur.above_quiet_db, level_db, murmur.extent, log2_centroid(murmur)


def probabilities(murmur: MurmurFeatures, models: FindingModels) -> dict[str, float]:
    """Return the probability of each grade."""
    return dict(zip(GRADES, models.grade.probabilities_of(vector(murmur)), strict=True))


def conclude(features: Features, context: Context) -> Finding:
    """Conclude on the median grade."""
    if reason := why_not_described(features, context):
        return Finding(None, reason=reason)
    murmur = features.murmur
    evidence = {"above_late_diastole_db": murmur.above_quiet_db, "against_s2_db": murmur.level_db}
    return median_of(probabilities(murmur, context.models), evidence)


SIGN = Sign(
    name="grade",
    title="Grade",
    full_title="Grade of the systolic murmur (Levine)",
    meaning="How loud the murmur is in this recording alone; III/VI stands for III and louder.",
    conclude=conclude,
    choices=GRADES,
)
