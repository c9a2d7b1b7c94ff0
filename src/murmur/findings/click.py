"""Whether a click is heard in systole."""

from murmur.findings.extra_sound import ExtraSoundRule
from murmur.findings.finding import EVEN
from murmur.measure.heart_sounds import ExtraSound

RULE = ExtraSoundRule(share=0.84, level_db=-8.0, prominence_db=22.0)
SIGN = RULE.sign("click", "Click", "A short, sharp sound in systole, as in mitral valve prolapse.", "Systolic click")


def place(click: ExtraSound) -> float | None:
    """Return where in systole a click lies, as a share of it; None where it does not count as a click.

    The murmur's profile leaves a click out: `murmur.measure.murmur.describe_murmur`.
    """
    return click.place if RULE.probability(click) > EVEN else None
