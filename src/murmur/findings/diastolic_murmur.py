"""Whether a murmur is heard early in diastole."""

from __future__ import annotations

from typing import NamedTuple

from murmur.findings.context import Context, Features
from murmur.findings.finding import Finding, presence
from murmur.findings.sign import sign_of_presence
from murmur.learned.linear import sigmoid


class DiastolicRule(NamedTuple):
    """When early diastole holds a murmur.

    CirCor has four children with one, so the thresholds were chosen on phantoms, and on the false alarms among the others.

    Attributes
    ----------
    above_late_db, slope_db : float
        Early above late diastole with even odds of a murmur, and its change for each unit of log odds.
    first, last : int
        First part of diastole that counts as early, and one past the last, of ten.
    """

    above_late_db: float = 4.0
    slope_db: float = 0.7
    first: int = 1
    last: int = 5


RULE = DiastolicRule()


def conclude(features: Features, context: Context) -> Finding:
    """Conclude from early against late diastole; where late diastole is not quiet itself, the evidence says so."""
    parts = features.murmur.diastole_profile_db[RULE.first : RULE.last]
    early_db = sum(parts) / len(parts)
    evidence = {"early_above_late_db": early_db, "late_diastole_quiet": float(features.murmur.late_diastole_quiet)}
    return presence(sigmoid((early_db - RULE.above_late_db) / RULE.slope_db), evidence)


SIGN = sign_of_presence(
    "diastolic_murmur", "Diastolic murmur", "A murmur early in diastole, as in aortic regurgitation.", conclude
)
