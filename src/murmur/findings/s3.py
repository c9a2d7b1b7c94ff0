"""Whether a third heart sound follows S2."""

from __future__ import annotations

from murmur.findings.context import Context
from murmur.findings.extra_sound import ExtraSoundRule
from murmur.findings.features import Features
from murmur.findings.finding import Finding
from murmur.findings.sign import Sign

__all__ = ["RULE", "SIGN", "conclude"]

RULE = ExtraSoundRule(share=0.74, level_db=-13.0, prominence_db=10.0)


def conclude(features: Features, context: Context) -> Finding:
    """Conclude by `RULE`."""
    return RULE.conclude(features.heart_sounds.s3, features.heart_sounds.cycles)


SIGN = Sign(
    name="s3",
    title="S3",
    full_title="Third heart sound",
    meaning="A low sound after S2, the third heart sound.",
    conclude=conclude,
    choices=("present", "absent"),
    probability_of="present",
    abnormal=frozenset({"present"}),
    unremarkable=frozenset({"absent"}),
)
