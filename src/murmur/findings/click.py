"""Whether a click is heard in systole."""

from __future__ import annotations

from murmur.findings.context import Context
from murmur.findings.extra_sound import ExtraSoundRule
from murmur.findings.features import Features
from murmur.findings.finding import Finding
from murmur.findings.sign import Sign
from murmur.measure.heart_sounds import ExtraSound

__all__ = ["RULE", "SIGN", "conclude", "place"]

RULE = ExtraSoundRule(share=0.84, level_db=-8.0, prominence_db=22.0)


def place(click: ExtraSound) -> float | None:
    """Return where in systole a click lies, as a share of it; None where it does not count as a click.

    The murmur's profile leaves a click out: `murmur.measure.murmur.describe_murmur`.
    """
    return click.place if RULE.probability(click) > 0.5 else None


def conclude(features: Features, context: Context) -> Finding:
    """Conclude by `RULE`."""
    return RULE.conclude(features.heart_sounds.click, features.heart_sounds.cycles)


SIGN = Sign(
    name="click",
    title="Click",
    full_title="Systolic click",
    meaning="A short, sharp sound in systole, as in mitral valve prolapse.",
    conclude=conclude,
    choices=("present", "absent"),
    probability_of="present",
    abnormal=frozenset({"present"}),
    unremarkable=frozenset({"absent"}),
)
