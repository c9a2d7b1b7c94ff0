"""Whether beats come early in an otherwise regular rhythm."""

from __future__ import annotations

from murmur.findings.context import Context, Features
from murmur.findings.finding import Finding
from murmur.findings.irregular_rhythm import RULE, why_not_judged
from murmur.findings.sign import sign_of_presence


def conclude(features: Features, context: Context) -> Finding:
    """Conclude from the premature beats that were counted; a rhythm that is irregular throughout has none."""
    rhythm = features.rhythm
    if reason := why_not_judged(rhythm):
        return Finding(None, reason=reason)
    if (rhythm.irregularity or 0.0) > RULE.irregular:
        return Finding(None, reason="the rhythm is irregular throughout, so no beat can be called premature")
    return Finding("present" if rhythm.premature_beats else "absent", None, {"beats": float(rhythm.premature_beats)})


SIGN = sign_of_presence(
    "premature_beats",
    "Premature beats",
    "Early beats followed by a longer cycle; none where the rhythm is irregular throughout.",
    conclude,
)
