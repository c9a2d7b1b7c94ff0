"""One person's visits: what is measured at each, and whether it has changed by more than noise.

No two visits give the same figures: the chest piece lies elsewhere, the heart beats faster, the child breathes. How far
apart they are when nothing has changed is known from children who were recorded twice (`REPEATABILITY`); with four visits or
more, how far they scatter about a straight line tells it of this person.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from murmur.errors import ParameterError
from murmur.patients.patient import PatientAnalysis, SiteFigures, checked_sites, join_patient
from murmur.records import Record

if TYPE_CHECKING:
    from murmur.pipeline.analysis import Analysis
    from murmur.pipeline.models import Models
    from murmur.settings import Settings

__all__ = [
    "FIGURES",
    "REPEATABILITY",
    "Change",
    "Figure",
    "Noise",
    "Trend",
    "Visit",
    "VisitHistory",
    "compare_visits",
    "scale_of",
]

Array = NDArray[np.float64]

#: All intervals about one comparison hold together with this probability.
COVERAGE = 0.95
#: From so many visits on, their own scatter tells the noise.
VISITS_OF_THEIR_OWN = 4
#: Probabilities this close to 0 or 1 are not told from one another.
LEAST_PROBABILITY = 1e-3
#: Days of a month, as trends by date are told.
MONTH_DAYS = 365.25 / 12


@dataclass(frozen=True, slots=True)
class Noise:
    """How far a figure is from one visit to another when nothing has changed.

    Attributes
    ----------
    visit_sd : float
        What all sites of a visit have in common.
    site_sd : float
        What each recording has of its own.
    least_sd : float
        No visit is known better than this, however little a person's visits scatter: the figure's own steps.
    """

    visit_sd: float
    site_sd: float
    least_sd: float

    def variance(self, sites: int) -> float:
        """Of a visit at which so many sites were recorded."""
        return self.visit_sd**2 + self.site_sd**2 / sites


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the figures that are followed over visits.

    Attributes
    ----------
    name, title, unit : str
        Its column, what people call it, and the unit of its changes.
    noise : Noise
        From children recorded twice.
    """

    name: str
    title: str
    unit: str
    noise: Noise


#: Standard deviations between two visits of one child, by ``python -m benchmarks.repeatability``: 35 children of CirCor who
#: were recorded in both of its campaigns, with a murmur and without.
REPEATABILITY: dict[str, Noise] = {
    "murmur_probability": Noise(1.11, 0.0, 0.05),
    "expected_grade": Noise(0.25, 0.0, 0.02),
    "murmur_extent": Noise(0.14, 0.14, 0.03),
    "above_quiet_db": Noise(1.85, 1.76, 0.1),
    "s1_s2_level_db": Noise(1.66, 3.6, 0.1),
    "heart_rate_bpm": Noise(10.95, 3.0, 0.5),
}
_TITLES = {
    "murmur_probability": ("murmur probability", "log odds"),
    "expected_grade": ("grade", "grades"),
    "murmur_extent": ("extent in systole", "% of systole"),
    "above_quiet_db": ("murmur above late diastole", "dB"),
    "s1_s2_level_db": ("S1 against S2", "dB"),
    "heart_rate_bpm": ("heart rate", "/min"),
}
FIGURES = tuple(Figure(name, *_TITLES[name], noise) for name, noise in REPEATABILITY.items())
"""What is followed, in the order in which it is told."""


@dataclass(frozen=True, slots=True)
class Visit(Record):
    """One visit.

    Attributes
    ----------
    visit : str
        As the manifest names it.
    when : float
        Days since the first visit where all are named by date (``2026-05-02``), else its number, from 0.
    patient : PatientAnalysis
        What its recordings say together.
    figures : dict of str to float or None
        By the names of `FIGURES`; levels, extent and rate as if the same sites had been recorded at every visit.
    noise_sd : dict of str to float or None
        How far each may be off when nothing has changed, by `REPEATABILITY`, in the unit of its changes.
    """

    visit: str
    when: float
    patient: PatientAnalysis
    figures: dict[str, float | None]
    noise_sd: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Change(Record):
    """A figure's change between two visits.

    Attributes
    ----------
    figure : str
    since, until : str
        Those visits.
    change, low, high : float
        In the figure's unit, and its interval: 95 % over all figures of the two visits together.
    more_than_noise : bool
        Whether the interval leaves out 0.
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
    """A figure's course over three visits or more, as a straight line.

    Attributes
    ----------
    figure : str
    visits : int
        How many have it.
    slope, low, high : float
        In the figure's unit, per visit or, where visits are named by date, per month; and its interval: 95 % over all
        figures together.
    per : str
        "visit" or "month".
    noise_sd : float
        Standard deviation of a visit that the interval rests on.
    noise_from : str
        "scatter": these visits' about the line; "repeatability": of children recorded twice.
    more_than_noise : bool
        Whether the interval leaves out 0.
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


@dataclass(frozen=True, slots=True)
class VisitHistory(Record):
    """One person over time.

    Attributes
    ----------
    patient : str
    visits : tuple of Visit
        In their order.
    changes : tuple of Change
        Of each visit against the one before, and, of three or more, of the last against the first; of those at which
        anything could be measured.
    trends : tuple of Trend
        Of three visits or more.
    left_out : int
        Recordings that name no visit.
    """

    patient: str
    visits: tuple[Visit, ...]
    changes: tuple[Change, ...]
    trends: tuple[Trend, ...]
    left_out: int = 0

    @property
    def more_than_noise(self) -> bool:
        """Whether anything has changed by more than noise."""
        found: tuple[Change | Trend, ...] = (*self.changes, *self.trends)
        return any(one.more_than_noise for one in found)


def compare_visits(
    patient: str,
    sites: Iterable[SiteFigures | Analysis],
    settings: Settings | None = None,
    models: Models | None = None,
) -> VisitHistory:
    """Follow one person over visits.

    Visits are in the order of their dates (ISO 8601: ``2026-05-02``), or of the one number in their names ("2", "visit 10").
    Other names tell no order and are refused. Recordings that name no visit are left out where others do.

    Parameters
    ----------
    patient : str
        Who.
    sites : iterable of Analysis or SiteFigures
        All their recordings, of any site, in any order; what is unreadable counts for nothing.
    settings : Settings, optional
    models : Models, optional

    Returns
    -------
    VisitHistory
        Without changes where there is one visit.

    Raises
    ------
    ParameterError
        If `sites` is anything else, or empty, of different people, or the order of the visits can't be told.

    Notes
    -----
    Only what was recorded at the same sites is compared. Of figures that are measured at each site, a visit's value is what
    an additive model of sites and visits leaves to it, so that a site left out once does not pass for a change; probability
    and grade are those of the sites that all visits have. Changes are held against `REPEATABILITY`; a trend over four visits
    or more against their own scatter about the line (ordinary least squares, Student's t), over three against
    `REPEATABILITY`. Intervals are Bonferroni's over the figures of a comparison.
    """
    figures = checked_sites(sites)
    if not figures:
        raise ParameterError(f"patient {patient}: there are no recordings to compare")
    named = [figure for figure in figures if figure.info.visit] or figures
    by_visit: dict[str, list[SiteFigures]] = {}
    for figure in named:
        by_visit.setdefault(figure.info.visit, []).append(figure)
    when, dated = _order(patient, by_visit)
    names = list(when)
    alike = _at_common_sites(names, by_visit)
    compared = {name: join_patient(patient, alike[name], settings, models) for name in names if alike[name]}
    values = {f.name: _values(f.name, by_visit, compared) for f in FIGURES}
    joined = {name: join_patient(patient, by_visit[name], settings, models) for name in names}
    visits = tuple(_visit(name, when[name], joined[name], values) for name in names)
    told = [name for name in names if any(name in values[f.name] for f in FIGURES)]
    pairs = list(pairwise(told)) + ([(told[0], told[-1])] if len(told) > 2 else [])
    changes = [change for pair in pairs for change in _changes(pair, values)]
    return VisitHistory(patient, visits, tuple(changes), tuple(_trends(when, dated, values)), len(figures) - len(named))


#: Of a figure, by visit: its value, and how many sites that rests on.
Told = Mapping[str, tuple[float, int]]


# --- visits -----------------------------------------------------------------------------


def _order(patient: str, visits: Iterable[str]) -> tuple[dict[str, float], bool]:
    """Visits in their order and when each was, and whether that is in days."""
    names = list(visits)
    with contextlib.suppress(ValueError):
        days = {name: _day(name) for name in names}
        first = min(days.values())
        return {name: float(days[name] - first) for name in sorted(names, key=days.__getitem__)}, True
    numbers = {name: _number(name) for name in names}
    known = {name: number for name, (_, number) in numbers.items() if number is not None}
    alike = len({words for words, _ in numbers.values()}) == 1 and len(set(known.values())) == len(names)
    if len(names) > 1 and not alike:
        raise ParameterError(
            f"patient {patient}: the order of the visits {', '.join(map(repr, sorted(names)))} can't be told: name all by "
            "dates (2026-05-02), or all by numbers (1, 2, or visit 1, visit 2)"
        )
    return {name: float(place) for place, name in enumerate(sorted(names, key=lambda name: known.get(name, 0)))}, False


def _day(name: str) -> int:
    """Days since year 1, of a date or of a month's first day; ValueError for what is neither."""
    return date.fromisoformat(f"{name}-01" if re.fullmatch(r"\d{4}-\d\d", name) else name).toordinal()


def _number(name: str) -> tuple[tuple[str, str], int | None]:
    """The words around the one number of a visit's name, and that number; None where there is none, or several."""
    found = re.fullmatch(r"(\D*)(\d+)(\D*)", name)
    return (("", ""), None) if found is None else ((found[1].strip().lower(), found[3].strip().lower()), int(found[2]))


def _at_common_sites(names: Sequence[str], recorded: Mapping[str, Sequence[SiteFigures]]) -> dict[str, list[SiteFigures]]:
    """Of each visit the readable recordings at sites that all visits have; nothing where there are none."""
    read = {name: [figure for figure in recorded[name] if figure.readable] for name in names}
    sites = [{figure.info.site for figure in figures} for figures in read.values() if figures]
    common = set.intersection(*sites) if sites else set()
    return {name: [figure for figure in figures if figure.info.site in common] for name, figures in read.items()}


def _visit(name: str, when: float, patient: PatientAnalysis, values: Mapping[str, Told]) -> Visit:
    told = {f: values[f.name].get(name) for f in FIGURES}
    figures = {f.name: None if value is None else value[0] for f, value in told.items()}
    noise_sd = {f.name: None if value is None else math.sqrt(f.noise.variance(value[1])) for f, value in told.items()}
    return Visit(name, when, patient, figures, noise_sd)


def _values(name: str, recorded: Mapping[str, Sequence[SiteFigures]], compared: Mapping[str, PatientAnalysis]) -> Told:
    if name in {"murmur_probability", "expected_grade"}:  # of all sites together
        whole = {visit: getattr(patient, name) for visit, patient in compared.items()}
        return {visit: (value, 1) for visit, value in whole.items() if value is not None}
    cells: dict[tuple[str, str], list[float]] = {}
    for visit, recordings in recorded.items():
        for recording in recordings:
            value = getattr(recording, name)
            if recording.readable and value is not None:
                cells.setdefault((visit, recording.info.site), []).append(value)
    means = {place: sum(sorted(values)) / len(values) for place, values in sorted(cells.items())}
    return _visit_effects(_connected(means))


def _connected(cells: Mapping[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    """The cells of most visits that are linked by common sites, over other visits too; the earliest of several such sets."""
    groups: list[set[tuple[str, str]]] = []
    for place in cells:
        touching = [group for group in groups if any(place[0] == visit or place[1] == site for visit, site in group)]
        groups = [group for group in groups if group not in touching] + [{place}.union(*touching)]
    order = {place: number for number, place in enumerate(cells)}
    largest = max(
        groups,
        key=lambda group: (len({visit for visit, _ in group}), -min(order[place] for place in group)),
        default=set(),
    )
    return {place: value for place, value in cells.items() if place in largest}


def _visit_effects(cells: Mapping[tuple[str, str], float]) -> Told:
    """Value of each visit, as if every site had been recorded at it: least squares of visit plus site."""
    if not cells:
        return {}
    visits, sites = (list(dict.fromkeys(place[axis] for place in cells)) for axis in (0, 1))
    design = np.zeros((len(cells), len(visits) + len(sites)))
    for row, (visit, site) in zip(design, cells, strict=True):
        row[visits.index(visit)] = row[len(visits) + sites.index(site)] = 1.0
    # visits and sites may share a level as they like: of all solutions the shortest, and what matters is their sum
    effects = np.linalg.lstsq(design, np.array(list(cells.values())), rcond=None)[0]
    levels = effects[: len(visits)] + effects[len(visits) :].mean()
    counts = design[:, : len(visits)].sum(axis=0).astype(int).tolist()
    return dict(zip(visits, zip(levels.tolist(), counts, strict=True), strict=True))


# --- whether they differ ----------------------------------------------------------------


def scale_of(name: str) -> Callable[[float], float]:
    """On which scale a figure's noise is the same everywhere."""
    return _log_odds if name == "murmur_probability" else float


def _log_odds(probability: float) -> float:
    p = min(max(probability, LEAST_PROBABILITY), 1.0 - LEAST_PROBABILITY)
    return math.log(p / (1.0 - p))


def _changes(pair: tuple[str, str], values: Mapping[str, Told]) -> list[Change]:
    since, until = pair
    both = [f for f in FIGURES if since in values[f.name] and until in values[f.name]]
    if not both:
        return []
    reach = NormalDist().inv_cdf(1.0 - (1.0 - COVERAGE) / (2.0 * len(both)))
    found = []
    for figure in both:
        (before, fewer), (after, more) = values[figure.name][since], values[figure.name][until]
        scale = scale_of(figure.name)
        change = scale(after) - scale(before)
        error = math.sqrt(figure.noise.variance(fewer) + figure.noise.variance(more))
        found.append(_change(figure, since, until, change, reach * error))
    return found


def _change(figure: Figure, since: str, until: str, change: float, reach: float) -> Change:
    low, high = change - reach, change + reach
    return Change(figure.name, since, until, change, low, high, not low <= 0.0 <= high)


def _trends(when: Mapping[str, float], dated: bool, values: Mapping[str, Told]) -> list[Trend]:
    followed = [f for f in FIGURES if len(values[f.name]) >= 3]
    return [_trend(figure, when, dated, values[figure.name], len(followed)) for figure in followed]


def _trend(figure: Figure, when: Mapping[str, float], dated: bool, told: Told, together: int) -> Trend:
    scale = scale_of(figure.name)
    times: Array = np.array([when[visit] for visit in told]) / (MONTH_DAYS if dated else 1.0)
    order = np.argsort(times)
    times, level = times[order], np.array([scale(value) for value, _ in told.values()])[order]
    centred = times - times.mean()
    spread = float(centred @ centred)
    slope = float(centred @ level) / spread
    own = len(told) >= VISITS_OF_THEIR_OWN
    error_share = (1.0 - COVERAGE) / (2.0 * together)
    if own:
        from scipy.stats import t as student

        rest = level - level.mean() - slope * centred
        freedom = len(told) - 2
        noise_sd = max(math.sqrt(float(rest @ rest) / freedom), figure.noise.least_sd)
        reach = float(student.ppf(1.0 - error_share, freedom))
    else:
        noise_sd = math.sqrt(sum(figure.noise.variance(sites) for _, sites in told.values()) / len(told))
        reach = NormalDist().inv_cdf(1.0 - error_share)
    low, high = slope - reach * noise_sd / math.sqrt(spread), slope + reach * noise_sd / math.sqrt(spread)
    return Trend(
        figure=figure.name,
        visits=len(told),
        slope=slope,
        low=low,
        high=high,
        per="month" if dated else "visit",
        noise_sd=noise_sd,
        noise_from="scatter" if own else "repeatability",
        more_than_noise=not low <= 0.0 <= high,
    )
