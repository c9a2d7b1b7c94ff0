"""How far the two components of S2 lie apart."""

from __future__ import annotations

from typing import NamedTuple

from murmur.findings.context import Context, Features
from murmur.findings.finding import Finding
from murmur.findings.sign import Sign
from murmur.learned.linear import sigmoid


class SplitRule(NamedTuple):
    """When S2 is widely split: a physiological split seldom exceeds this at rest. Chosen on phantoms.

    Attributes
    ----------
    wide_ms, slope_ms : float
        Interval with even odds of a wide split, and its change for each unit of log odds.
    """

    wide_ms: float = 45.0
    slope_ms: float = 4.0


RULE = SplitRule()


def conclude(features: Features, context: Context) -> Finding:
    """Conclude on the interval, and on how probably it is wide."""
    sounds = features.heart_sounds
    evidence = {"share_of_cycles": sounds.s2_split_share}
    if sounds.s2_split_ms is None:
        return Finding(None, None, evidence, "S2 has one peak in most cycles")
    return Finding(sounds.s2_split_ms, sigmoid((sounds.s2_split_ms - RULE.wide_ms) / RULE.slope_ms), evidence)


SIGN = Sign(
    name="s2_split",
    title="S2 split",
    full_title="Split of the second heart sound",
    meaning="Interval between the two components of S2; none where S2 has one peak in most cycles.",
    conclude=conclude,
    unit="ms",
    probability_of="wide",
    abnormal_from=RULE.wide_ms,
    step=5.0,
)
