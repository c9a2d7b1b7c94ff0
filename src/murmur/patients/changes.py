"""Whether figures have changed by more than noise: from one visit to another, and as a trend over several."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from murmur.patients.figures import FIGURES, Figure
from murmur.records import Record

#: Days of a month, in trends by date.
MONTH_DAYS = 365.25 / 12


@dataclass(frozen=True, slots=True)
class Change(Record):
    """The change of a figure between two visits.

    Attributes
    ----------
    figure : str
    since, until : str
        The two visits.
    change, low, high : float
        In the figure's unit, and its interval: 95 % over all figures of the two visits together.
    more_than_noise : bool
        Whether the interval excludes 0.
    """

    figure: str
    since: str
    until: str
    change: float
    low: float
    high: float
    more_than_noise: bool


@dataclass(frozen=True, slots=True)
class Trend(Record):
    """The trend of a figure over three visits or more, as a straight line.

    Attributes
    ----------
    figure : str
    visits : int
        How many have it.
    slope, low, high : float
        In the figure's unit, per visit or, if visits are named by date, per month; and its interval: 95 % over all
        figures together.
    per : str
        "visit" or "month".
    noise_sd : float
        Standard deviation of a visit, on which the interval rests.
    noise_from : str
        "scatter": of these visits about the line; "repeatability": of children recorded twice.
    more_than_noise : bool
        Whether the interval excludes 0.
    """

    figure: str
    visits: int
    slope: float
    low: float
    high: float
    per: str
    noise_sd: float
    noise_from: str
    more_than_noise: bool


class VisitValue(NamedTuple):
    """The value of a figure at a visit, and how many sites it rests on."""

    value: float
    sites: int


#: Of each figure, by name, its value at each visit that has it.
Values = Mapping[str, Mapping[str, VisitValue]]


def find_changes(visits: list[str], values: Values) -> Iterator[Change]:
    """Compare each visit with the one before and, of three or more, the last with the first."""
    pairs = list(pairwise(visits)) + ([(visits[0], visits[-1])] if len(visits) > 2 else [])
    for since, until in pairs:
        both = [f for f in FIGURES.values() if since in values[f.name] and until in values[f.name]]
        for figure in both:
            before, after = values[figure.name][since], values[figure.name][until]
            change = figure.scale(after.value) - figure.scale(before.value)
            error = math.sqrt(figure.noise.variance(before.sites) + figure.noise.variance(after.sites))
            reach = NormalDist().inv_cdf(_quantile(len(both))) * error
            low, high = change - reach, change + reach
            yield Change(figure.name, since, until, change, low, high, not low <= 0.0 <= high)


def _quantile(together: int) -> float:
    """Quantile at the upper end of each of so many intervals that together hold with a probability of 95 % (Bonferroni)."""
    return 1.0 - (1.0 - 0.95) / (2.0 * together)


def find_trends(when: Mapping[str, float], dated: bool, values: Values) -> Iterator[Trend]:
    """Fit a line to each figure that three visits or more have, by when they were, in days or in visits."""
    followed = [f for f in FIGURES.values() if len(values[f.name]) >= 3]
    for figure in followed:
        yield _trend(figure, when, dated, values[figure.name], len(followed))


def _trend(figure: Figure, when: Mapping[str, float], dated: bool, values: Mapping[str, VisitValue], together: int) -> Trend:
    times = np.array([when[visit] for visit in values]) / (MONTH_DAYS if dated else 1.0)
    order = np.argsort(times)
    levels = np.array([figure.scale(value) for value, _ in values.values()])[order]
    centred = times[order] - times[order].mean()
    spread = float(centred @ centred)
    slope = float(centred @ levels) / spread
    scatter = len(values) >= 4  # from so many visits on, their own scatter gives the noise
    if scatter:
        from scipy.stats import t as student

        residuals, freedom = levels - levels.mean() - slope * centred, len(values) - 2
        noise_sd = max(math.sqrt(float(residuals @ residuals) / freedom), figure.noise.least_sd)
        reach = float(student.ppf(_quantile(together), freedom))
    else:
        noise_sd = math.sqrt(sum(figure.noise.variance(sites) for _, sites in values.values()) / len(values))
        reach = NormalDist().inv_cdf(_quantile(together))
    error = reach * noise_sd / math.sqrt(spread)
    low, high = slope - error, slope + error
    return Trend(
        figure=figure.name,
        visits=len(values),
        slope=slope,
        low=low,
        high=high,
        per="month" if dated else "visit",
        noise_sd=noise_sd,
        noise_from="scatter" if scatter else "repeatability",
        more_than_noise=not low <= 0.0 <= high,
    )
