"""Whether the rhythm is irregular throughout."""

from __future__ import annotations

from typing import NamedTuple

from murmur.findings.context import Context, Features
from murmur.findings.finding import Finding, presence
from murmur.findings.sign import sign_of_presence
from murmur.learned.linear import sigmoid
from murmur.measure.rhythm import Rhythm


class RhythmRule(NamedTuple):
    """When a rhythm is irregular throughout, as in atrial fibrillation: sinus arrhythmia stays below (Task Force 1996).

    The thresholds were chosen on phantoms, and on the false alarms among CirCor's children without a murmur.

    Attributes
    ----------
    irregular, slope : float
        Median change from one cycle to the next, as a share of the cycle, with even odds of an irregular rhythm, and its
        change for each unit of log odds.
    fewest_cycles : int
        Fewer cycles are not judged.
    """

    irregular: float = 0.1
    slope: float = 0.015
    fewest_cycles: int = 6


RULE = RhythmRule()


def why_not_judged(rhythm: Rhythm) -> str | None:
    """Return the reason why a rhythm is not judged; None where it is."""
    few = rhythm.irregularity is None or rhythm.cycles < RULE.fewest_cycles
    return f"fewer than {RULE.fewest_cycles} consecutive cycles" if few else None


def conclude(features: Features, context: Context) -> Finding:
    """Conclude from the median change from cycle to cycle."""
    rhythm = features.rhythm
    if reason := why_not_judged(rhythm):
        return Finding(None, reason=reason)
    irregularity = rhythm.irregularity or 0.0
    evidence = {"irregularity": irregularity, "rmssd_ms": rhythm.rmssd_ms, "variation": rhythm.variation}
    return presence(sigmoid((irregularity - RULE.irregular) / RULE.slope), evidence)


SIGN = sign_of_presence(
    name="irregular_rhythm",
    title="Rhythm",
    full_title="Irregular rhythm",
    meaning="Whether the rhythm is irregular throughout, as in atrial fibrillation.",
    conclude=conclude,
    unremarkable=frozenset(),
    phrases={"present": "irregular", "absent": "regular"},
)
