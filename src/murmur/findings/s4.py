"""Whether a fourth heart sound precedes S1."""

from __future__ import annotations

from murmur.findings.context import Context
from murmur.findings.extra_sound import ExtraSoundRule
from murmur.findings.features import Features
from murmur.findings.finding import Finding
from murmur.findings.sign import Sign

__all__ = ["RULE", "SIGN", "conclude"]

RULE = ExtraSoundRule(share=0.76, level_db=-15.0, prominence_db=15.0)


def conclude(features: Features, context: Context) -> Finding:
    """Conclude by `RULE`."""
    return RULE.conclude(features.heart_sounds.s4, features.heart_sounds.cycles)


SIGN = Sign(
    name="s4",
    title="S4",
    full_title="Fourth heart sound",
    meaning="A low sound before S1, the fourth heart sound.",
    conclude=conclude,
    choices=("present", "absent"),
    probability_of="present",
    abnormal=frozenset({"present"}),
    unremarkable=frozenset({"absent"}),
)
