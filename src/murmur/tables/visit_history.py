"""Rows of the tables about patients over their visits: visits, changes, trends."""

from __future__ import annotations

from collections.abc import Iterator

from murmur.patients.visits import FIGURES, VisitHistory
from murmur.tables.rows import Row

__all__ = [
    "CHANGE_COLUMNS",
    "TREND_COLUMNS",
    "VISIT_COLUMNS",
    "change_rows",
    "kind_of_course",
    "trend_rows",
    "visit_rows",
]

_UNITS = {figure.name: figure.unit for figure in FIGURES}
VISIT_COLUMNS = ("patient", "visit", "when", "recordings", "readable", "murmur", "grade", *(f.name for f in FIGURES))
CHANGE_COLUMNS = ("patient", "figure", "unit", "since", "until", "change", "low", "high", "more_than_noise")
TREND_COLUMNS = (
    *("patient", "figure", "unit", "per", "visits", "slope", "low", "high", "noise_sd", "noise_from", "more_than_noise"),
)
_KINDS: dict[str, type] = (
    dict.fromkeys(("patient", "visit", "murmur", "grade", "figure", "unit", "since", "until", "per", "noise_from"), str)
    | dict.fromkeys(("recordings", "readable", "visits"), int)
    | {"more_than_noise": bool}
)


def kind_of_course(column: str) -> type:
    """What the cells of a column of these tables are: str, int, bool or float."""
    return _KINDS.get(column, float)


def visit_rows(course: VisitHistory) -> Iterator[Row]:
    """Give the rows of ``visits.csv`` for one patient."""
    for visit in course.visits:
        joined = visit.patient
        yield {
            "patient": course.patient,
            "visit": visit.visit,
            "when": visit.when,
            "recordings": joined.recordings,
            "readable": joined.readable,
            "murmur": joined.murmur,
            "grade": joined.grade,
            **visit.figures,
        }


def change_rows(course: VisitHistory) -> Iterator[Row]:
    """Give the rows of ``changes.csv`` for one patient."""
    for change in course.changes:
        yield {"patient": course.patient, "unit": _UNITS[change.figure], **change.to_dict()}


def trend_rows(course: VisitHistory) -> Iterator[Row]:
    """Give the rows of ``trends.csv`` for one patient."""
    for trend in course.trends:
        yield {"patient": course.patient, "unit": _UNITS[trend.figure], **trend.to_dict()}
