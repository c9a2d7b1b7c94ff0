"""How well a recording fits the pattern of mitral regurgitation."""

from __future__ import annotations

from typing import NamedTuple

from murmur.findings.context import Context, Features
from murmur.findings.finding import Finding
from murmur.findings.sign import Sign


class ScoreRule(NamedTuple):
    """What a doctor puts together: a murmur that fills systole and a quiet S1, and beside that murmur a wide split or an S3.

    The form was fixed before it was ever scored.

    Attributes
    ----------
    pansystolic, quiet_s1, wide_split_or_s3 : float
        Weight of each part.
    abnormal : float
        The score from which on it is pointed out.
    """

    pansystolic: float = 0.45
    quiet_s1: float = 0.45
    wide_split_or_s3: float = 0.1
    abnormal: float = 0.5


RULE = ScoreRule()


def conclude(features: Features, context: Context) -> Finding:
    """Conclude from the signs before this one."""
    pansystolic = float(context.systolic[0]) * (context.concluded["systolic_timing"].evidence["p_holosystolic"] or 0.0)
    quiet = context.probability("s1_intensity")
    extra = max(context.probability("s2_split"), context.probability("s3"))
    score = RULE.pansystolic * pansystolic + RULE.quiet_s1 * quiet + RULE.wide_split_or_s3 * extra * pansystolic
    return Finding(score, None, {"pansystolic_murmur": pansystolic, "quiet_s1": quiet, "wide_split_or_s3": extra})


SIGN = Sign(
    name="mitral_regurgitation",
    title="Mitral-regurgitation score",
    full_title="Mitral-regurgitation score of the recording, 0 to 1",
    meaning="How well this recording alone fits the pattern of mitral regurgitation, 0 to 1: "
    f"{RULE.pansystolic} pansystolic murmur + {RULE.quiet_s1} quiet S1 "
    f"+ {RULE.wide_split_or_s3} wide split of S2, or S3, beside that murmur.",
    conclude=conclude,
    unit="0 to 1",
    abnormal_from=RULE.abnormal,
    step=0.05,
)
