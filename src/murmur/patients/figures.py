"""The figures that are followed over visits, and how far each varies when nothing has changed.

No two visits give the same figures: the chest piece lies elsewhere, the heart beats faster, the child breathes. How
much they differ when nothing has changed is known from children who were recorded twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Noise:
    """How far a figure varies from one visit to another when nothing has changed.

    Attributes
    ----------
    visit_sd : float
        Standard deviation of what all sites of a visit have in common.
    site_sd : float
        Standard deviation of what each recording adds.
    least_sd : float
        Resolution of the figure: no visit is known better than this, however little a person's visits scatter.
    """

    visit_sd: float
    site_sd: float
    least_sd: float

    def variance(self, sites: int) -> float:
        """Variance of a visit at which so many sites were recorded."""
        return self.visit_sd**2 + self.site_sd**2 / sites


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the figures that are followed over visits.

    Attributes
    ----------
    name, title, unit : str
        Its column, its name for people, and the unit of its changes.
    noise : Noise
        From children recorded twice.
    per_site : bool
        Whether each recording has it; otherwise only all recordings of a visit together.
    scale : callable
        To the scale on which its noise is the same everywhere.
    """

    name: str
    title: str
    unit: str
    noise: Noise
    per_site: bool = True
    scale: Callable[[float], float] = float


def _log_odds(probability: float) -> float:
    p = min(max(probability, 1e-3), 1.0 - 1e-3)  # closer to 0 or 1, probabilities are not distinguished
    return math.log(p / (1.0 - p))


FIGURES = {
    figure.name: figure
    for figure in (
        Figure("murmur_probability", "murmur probability", "log odds", Noise(1.11, 0.0, 0.05), False, _log_odds),
        Figure("expected_grade", "grade", "grades", Noise(0.25, 0.0, 0.02), False),
        Figure("murmur_extent", "extent in systole", "% of systole", Noise(0.14, 0.14, 0.03)),
        Figure("above_quiet_db", "murmur above late diastole", "dB", Noise(1.85, 1.76, 0.1)),
        Figure("s1_s2_level_db", "S1 against S2", "dB", Noise(1.66, 3.6, 0.1)),
        Figure("heart_rate_bpm", "heart rate", "/min", Noise(10.95, 3.0, 0.5)),
    )
}
"""By name, in the order in which they are reported.

The noise is that of ``python -m benchmarks.repeatability``, on the 35 children of CirCor who were recorded in both of its
campaigns, with a murmur and without.
"""
