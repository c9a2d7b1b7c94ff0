"""One person's visits: what is measured at each, and whether it has changed by more than noise."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from murmur.errors import ParameterError
from murmur.patients.changes import Change, Trend, VisitValue, find_changes, find_trends
from murmur.patients.figures import FIGURES, Figure
from murmur.patients.patient import PatientAnalysis, SiteFigures, checked_sites, join_patient
from murmur.records import Record

if TYPE_CHECKING:
    from murmur.pipeline.analysis import Analysis
    from murmur.pipeline.models import Models
    from murmur.settings import Settings


@dataclass(frozen=True, slots=True)
class Visit(Record):
    """One visit.

    Attributes
    ----------
    visit : str
        As the manifest names it.
    when : float
        Days since the first visit if all are named by date (``2026-05-02``), else its number, from 0.
    patient : PatientAnalysis
        Its recordings joined.
    figures : dict of str to float or None
        By the names of `murmur.patients.figures.FIGURES`; levels, extent and rate as if the same sites had been recorded at
        every visit.
    noise_sd : dict of str to float or None
        Standard deviation of each when nothing has changed, in the unit of its changes.
    """

    visit: str
    when: float
    patient: PatientAnalysis
    figures: dict[str, float | None]
    noise_sd: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class VisitHistory(Record):
    """One person over time.

    Attributes
    ----------
    patient : str
    visits : tuple of Visit
        In chronological order.
    changes : tuple of Change
        Of each visit against the one before, and, of three or more, of the last against the first; only of visits at which
        anything could be measured.
    trends : tuple of Trend
        Over three visits or more.
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
        return any(change.more_than_noise for change in self.changes) or any(trend.more_than_noise for trend in self.trends)


def compare_visits(
    patient: str,
    sites: Iterable[SiteFigures | Analysis],
    settings: Settings | None = None,
    models: Models | None = None,
) -> VisitHistory:
    """Follow one person over visits.

    Visits are ordered by date (ISO 8601: ``2026-05-02``), or by the one number in their names ("2", "visit 10"). Other names
    give no order and are refused. Recordings that name no visit are left out if others do.

    Parameters
    ----------
    patient : str
        The person.
    sites : iterable of Analysis or SiteFigures
        All their recordings, of any site, in any order; unreadable ones are ignored.
    settings : Settings, optional
        Defaults to the shipped settings.
    models : Models, optional
        Defaults to the shipped models.

    Returns
    -------
    VisitHistory
        Without changes if there is a single visit.

    Raises
    ------
    ParameterError
        If `sites` is anything else, or empty, or of different people, or the order of the visits is unknown.

    See Also
    --------
    murmur.join_patient : Join one person's recordings, whatever the visit.
    murmur.plot.history : Draw what this returns.

    Notes
    -----
    Only what was recorded at the same sites is compared. Of figures that are measured at each site, a visit's value is its
    effect in an additive model of sites and visits, so that a site left out once does not pass for a change; probability
    and grade are those of the sites that all visits have. Changes are compared with the repeatability of each figure; a
    trend over four visits or more with their own scatter about the line (ordinary least squares, Student's t), over three
    with the repeatability. Intervals are Bonferroni's over the figures of a comparison.

    Examples
    --------
    >>> import murmur
    >>> recordings = [murmur.analyze("13918_MV.wav", visit=visit) for visit in ("2026-01-05", "2026-03-02")]
    >>> history = murmur.compare_visits("13918", recordings)
    >>> history.more_than_noise
    False
    >>> [visit.when for visit in history.visits]
    [0.0, 56.0]
    """
    recorded = checked_sites(sites)
    if not recorded:
        raise ParameterError(f"patient {patient}: there are no recordings to compare")
    named = [recording for recording in recorded if recording.info.visit] or recorded
    by_visit: dict[str, list[SiteFigures]] = {}
    for recording in named:
        by_visit.setdefault(recording.info.visit, []).append(recording)
    when, dated = _order(patient, by_visit)
    alike = _at_common_sites(list(when), by_visit)
    compared = {name: join_patient(patient, alike[name], settings, models) for name in when if alike[name]}
    values = {f.name: _site_values(f, by_visit) if f.per_site else _joint_values(f, compared) for f in FIGURES.values()}
    visits = tuple(_visit(n, when[n], join_patient(patient, by_visit[n], settings, models), values) for n in when)
    measured = [name for name in when if any(name in values[figure] for figure in FIGURES)]
    changes, trends = tuple(find_changes(measured, values)), tuple(find_trends(when, dated, values))
    return VisitHistory(patient, visits, changes, trends, len(recorded) - len(named))


# --- their order ------------------------------------------------------------------------


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
            f"patient {patient}: the order of the visits {', '.join(map(repr, sorted(names)))} is unknown: name all by "
            "dates (2026-05-02), or all by numbers (1, 2, or visit 1, visit 2)"
        )
    return {name: float(rank) for rank, name in enumerate(sorted(names, key=lambda name: known.get(name, 0)))}, False


def _day(name: str) -> int:
    """Days since year 1, of a date or of a month's first day; ValueError for what is neither."""
    return date.fromisoformat(f"{name}-01" if re.fullmatch(r"\d{4}-\d\d", name) else name).toordinal()


def _number(name: str) -> tuple[tuple[str, str], int | None]:
    """The words around the one number of a visit's name, and that number; None if there is none, or several."""
    found = re.fullmatch(r"(\D*)(\d+)(\D*)", name)
    return (("", ""), None) if found is None else ((found[1].strip().lower(), found[3].strip().lower()), int(found[2]))


# --- their figures ----------------------------------------------------------------------


def _at_common_sites(names: Sequence[str], recorded: Mapping[str, Sequence[SiteFigures]]) -> dict[str, list[SiteFigures]]:
    """Of each visit the readable recordings at sites that all visits have; nothing if there are none."""
    read = {name: [figure for figure in recorded[name] if figure.readable] for name in names}
    sites = [{figure.info.site for figure in figures} for figures in read.values() if figures]
    common = set.intersection(*sites) if sites else set()
    return {name: [figure for figure in figures if figure.info.site in common] for name, figures in read.items()}


def _visit(name: str, when: float, patient: PatientAnalysis, values: Mapping[str, Mapping[str, VisitValue]]) -> Visit:
    found = {figure: values[figure].get(name) for figure in FIGURES}
    figures = {f: None if at is None else at.value for f, at in found.items()}
    noise_sd = {f: None if at is None else math.sqrt(FIGURES[f].noise.variance(at.sites)) for f, at in found.items()}
    return Visit(name, when, patient, figures, noise_sd)


def _joint_values(figure: Figure, compared: Mapping[str, PatientAnalysis]) -> dict[str, VisitValue]:
    """Of each visit the value of all its recordings together."""
    values = {visit: getattr(patient, figure.name) for visit, patient in compared.items()}
    return {visit: VisitValue(value, 1) for visit, value in values.items() if value is not None}


def _site_values(figure: Figure, recorded: Mapping[str, Sequence[SiteFigures]]) -> dict[str, VisitValue]:
    """Of each visit the value as if every site had been recorded at it."""
    cells: dict[tuple[str, str], list[float]] = {}
    for visit, recordings in recorded.items():
        for recording in recordings:
            value = getattr(recording, figure.name)
            if recording.readable and value is not None:
                cells.setdefault((visit, recording.info.site), []).append(value)
    return _visit_effects(_connected({cell: sum(sorted(values)) / len(values) for cell, values in sorted(cells.items())}))


def _connected(cells: Mapping[tuple[str, str], float]) -> dict[tuple[str, str], float]:
    """The cells of most visits that are linked by common sites, over other visits too; the earliest of several such sets."""
    groups: list[set[tuple[str, str]]] = []
    for cell in cells:
        touching = [group for group in groups if any(cell[0] == visit or cell[1] == site for visit, site in group)]
        groups = [group for group in groups if group not in touching] + [{cell}.union(*touching)]
    largest = max(sorted(groups, key=min), key=lambda group: len({visit for visit, _ in group}), default=set())
    return {cell: value for cell, value in cells.items() if cell in largest}


def _visit_effects(cells: Mapping[tuple[str, str], float]) -> dict[str, VisitValue]:
    """Least squares of visit plus site."""
    if not cells:
        return {}
    visits, sites = (list(dict.fromkeys(cell[axis] for cell in cells)) for axis in (0, 1))
    design = np.zeros((len(cells), len(visits) + len(sites)))
    for row, (visit, site) in zip(design, cells, strict=True):
        row[visits.index(visit)] = row[len(visits) + sites.index(site)] = 1.0
    # the level is shared between visits and sites arbitrarily: of all solutions the shortest, and only their sum matters
    effects = np.linalg.lstsq(design, np.array(list(cells.values())), rcond=None)[0]
    levels = effects[: len(visits)] + effects[len(visits) :].mean()
    counts = design[:, : len(visits)].sum(axis=0).astype(int).tolist()
    return {visit: VisitValue(*pair) for visit, *pair in zip(visits, levels.tolist(), counts, strict=True)}
