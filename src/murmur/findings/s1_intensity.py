"""Whether S1 is quiet or loud for its site."""

from __future__ import annotations

from typing import NamedTuple

from murmur.findings.context import Context, Features
from murmur.findings.finding import EVEN, Finding
from murmur.findings.sign import Sign
from murmur.learned.linear import sigmoid


class S1Rule(NamedTuple):
    """When S1 is quiet or loud, by how far its level departs from the norm of its site.

    The norms are those of CirCor's recordings without a murmur. The thresholds were chosen on phantoms and on false alarms
    among those children; at the one for a patient about a tenth of them would be called quiet.

    Attributes
    ----------
    quiet_db, loud_db : float
        Departure with even odds of a quiet S1, and of a loud one.
    patient_quiet_db : float
        The same as `quiet_db`, of the median over a patient's sites.
    doubt : float
        Change of the departure for each unit of log odds, as a share of the norm's standard deviation: the wider the norm,
        the wider the doubt.
    """

    quiet_db: float = -5.2
    loud_db: float = 7.0
    patient_quiet_db: float = -5.75
    doubt: float = 0.3


RULE = S1Rule()


def quiet_probability(departure_db: float, deviation_db: float, threshold_db: float = RULE.quiet_db) -> float:
    """Return the probability that S1 is quiet.

    Parameters
    ----------
    departure_db : float
        S1's level less the norm.
    deviation_db : float
        Standard deviation of the norm.
    threshold_db : float
        Departure with even odds.
    """
    return sigmoid((threshold_db - departure_db) / (RULE.doubt * deviation_db))


def intensity(departure_db: float, quiet: float) -> str:
    """Return "quiet", "normal" or "loud", from the departure and the probability that S1 is quiet."""
    return "quiet" if quiet > EVEN else "loud" if departure_db > RULE.loud_db else "normal"


def conclude(features: Features, context: Context) -> Finding:
    """Conclude on S1's intensity at its site; at an unknown site the norm is wider."""
    level_db = features.heart_sounds.s1_s2_level_db
    norm_db, deviation_db = context.models.s1_norm(context.site)
    departure_db = level_db - norm_db
    quiet = quiet_probability(departure_db, deviation_db)
    evidence = {"s1_s2_level_db": level_db, "norm_at_site_db": norm_db, "departure_db": departure_db}
    return Finding(intensity(departure_db, quiet), quiet, evidence)


SIGN = Sign(
    name="s1_intensity",
    title="S1",
    full_title="Intensity of the first heart sound",
    meaning="S1 against S2 between 60 and 100 Hz, judged by the norm of the site.",
    conclude=conclude,
    choices=("quiet", "normal", "loud"),
    probability_of="quiet",
    abnormal=frozenset({"quiet"}),
)
