"""Whether a murmur is heard."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from murmur.findings import diastolic_murmur
from murmur.findings.context import Context, Features
from murmur.findings.finding import MurmurFinding
from murmur.findings.models import joint_probabilities
from murmur.findings.sign import Sign
from murmur.learned.forest import Forest
from murmur.measure.murmur import MurmurFeatures
from murmur.measure.murmur_network import CLASSES
from murmur.settings import Settings

Probabilities = NDArray[np.float64]


class MurmurRule(NamedTuple):
    """When a murmur is too faint to be heard.

    In a very clean recording the tails of S1 and S2 stand out of late diastole, too. Of 324 recordings of CirCor whose
    systole lies this far below S2, experts heard a murmur in 5; the limits were set after that count.

    Attributes
    ----------
    inaudible_db : float
        A murmur at or below this level against S2 is inaudible.
    inaudible_probability : float
        A murmur that is inaudible is no more probable than this, which is below the odds for "present".
    """

    inaudible_db: float = -35.0
    inaudible_probability: float = 0.12


RULE = MurmurRule()


def systolic_probabilities(features: Features, trees: Forest) -> Probabilities:
    """Return the probabilities that a systolic murmur is present, unknown and absent, shape (3,)."""
    joint = joint_probabilities(trees.probabilities(features.murmur_vector), features.network_log_odds)
    return limit_inaudible(joint, features.murmur)


def limit_inaudible(probabilities: Probabilities, murmur: MurmurFeatures) -> Probabilities:
    """Limit the probability of a murmur where nothing audible stands out of late diastole.

    Parameters
    ----------
    probabilities : ndarray, shape (3,)
        Of present, unknown and absent.
    murmur : MurmurFeatures
        Its level is what counts.

    Returns
    -------
    ndarray, shape (3,)
    """
    if murmur.level_db is not None and murmur.level_db > RULE.inaudible_db:
        return probabilities
    present = min(float(probabilities[0]), RULE.inaudible_probability)
    others = probabilities[1:] + 1e-9  # two zeros share the rest equally
    return np.array([present, *((1.0 - present) * others / others.sum())])


def decide_murmur(probabilities: Probabilities, settings: Settings) -> str:
    """Return the class whose miss would have the largest expected cost.

    Parameters
    ----------
    probabilities : ndarray, shape (3,)
        Of present, unknown and absent.
    settings : Settings
        The cost of missing each class.
    """
    costs = settings.murmur_cost_present, settings.murmur_cost_unknown, settings.murmur_cost_absent
    expected = [probability * cost for probability, cost in zip(probabilities.tolist(), costs, strict=True)]
    return CLASSES[expected.index(max(expected))]


def conclude(features: Features, context: Context) -> MurmurFinding:
    """Conclude on any murmur, systolic or diastolic.

    The model knows systolic murmurs, the only ones that CirCor holds enough of; a diastolic one is as probable as its own
    sign says.
    """
    systolic = context.systolic
    no_diastolic = 1.0 - (diastolic_murmur.conclude(features, context).probability or 0.0)
    present = 1.0 - no_diastolic * (1.0 - systolic[0])
    unknown, absent = no_diastolic * systolic[1], no_diastolic * systolic[2]
    return MurmurFinding(
        value=decide_murmur(np.array([present, unknown, absent]), context.settings),
        present_probability=float(present),
        unknown_probability=float(unknown),
        absent_probability=float(absent),
        evidence={
            "systolic_probability": float(systolic[0]),
            "above_late_diastole_db": features.murmur.above_quiet_db,
            "against_s2_db": features.murmur.level_db,
            "extent": features.murmur.extent,
        },
    )


SIGN = Sign(
    name="murmur",
    title="Murmur",
    full_title="Heart murmur",
    meaning="Whether a murmur is heard, in systole or in diastole.",
    conclude=conclude,
    choices=("present", "absent", "unknown"),
    probability_of="present",
    phrases={"present": "heard", "absent": "none heard", "unknown": "uncertain"},
    abnormal=frozenset({"present"}),
)
