"""The tables about patients over their visits: visits, changes and trends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from murmur.patients.figures import FIGURES
from murmur.tables.column import Column, Row, row_of

if TYPE_CHECKING:
    from murmur.patients.changes import Change, Trend
    from murmur.patients.visits import Visit, VisitHistory

__all__ = ["CHANGES", "TRENDS", "VISITS", "VISIT_TABLES", "visit_rows"]

T_co = TypeVar("T_co", covariant=True)


class Entry(NamedTuple, Generic[T_co]):
    """What a row is about, and whose it is."""

    patient: str
    of: T_co


def _figure(name: str, meaning: str, unit: str = "", decimals: int = -1) -> Column[Entry[Visit]]:
    return Column(name, float, lambda entry: entry.of.figures[name], meaning, unit, decimals=decimals)


VISITS: tuple[Column[Entry[Visit]], ...] = (
    Column("patient", str, lambda e: e.patient, "The patient.", key=True),
    Column("visit", str, lambda e: e.of.visit, "The visit, as the manifest names it.", key=True),
    Column(
        "when", float, lambda e: e.of.when,
        "Days since the first visit if all are named by date, else the number of the visit, from 0.",
    ),
    Column("recordings", int, lambda e: e.of.patient.recordings, "Recordings of that visit."),
    Column("readable", int, lambda e: e.of.patient.readable, "How many of them are readable."),
    Column(
        "murmur", str, lambda e: e.of.patient.murmur,
        "The class of lowest expected cost, from the recordings of that visit.", sign="murmur",
    ),
    Column(
        "grade", str, lambda e: e.of.patient.grade, "As in patients, from the recordings of that visit.",
        sign="grade",
    ),
    _figure("murmur_probability", "Probability of a murmur.", "probability", decimals=6),
    _figure("expected_grade", "Expected grade, 0 to 3: given a murmur, times the probability of one.", "grade"),
    _figure(
        "murmur_extent", "Share of systole that the murmur spans, as if the same sites had been recorded at every visit.",
        "share",
    ),
    _figure(
        "above_quiet_db", "Mid-systole above late diastole, as if the same sites had been recorded at every visit.", "dB"
    ),
    _figure("s1_s2_level_db", "S1 relative to S2, as if the same sites had been recorded at every visit.", "dB"),
    _figure("heart_rate_bpm", "Heart rate, as if the same sites had been recorded at every visit.", "1/min"),
)  # fmt: skip

_FIGURE: tuple[Column[Entry[Change | Trend]], ...] = (
    Column("patient", str, lambda e: e.patient, "The patient.", key=True),
    Column("figure", str, lambda e: e.of.figure, "The column of visits that this row is about.", key=True),
    Column(
        "unit", str, lambda e: FIGURES[e.of.figure].unit,
        "Unit of change, slope and noise; a probability changes in log odds.",
    ),
)  # fmt: skip
_HIGH: Column[Entry[Change | Trend]] = Column("high", float, lambda e: e.of.high, "Upper end of that interval.")
_MORE_THAN_NOISE: Column[Entry[Change | Trend]] = Column(
    "more_than_noise", bool, lambda e: e.of.more_than_noise, "Whether the interval excludes 0."
)

CHANGES: tuple[Column[Entry[Change]], ...] = (
    *_FIGURE,
    Column("since", str, lambda e: e.of.since, "The earlier visit.", key=True),
    Column("until", str, lambda e: e.of.until, "The later visit.", key=True),
    Column("change", float, lambda e: e.of.change, "From the one to the other, in `unit`."),
    Column(
        "low", float, lambda e: e.of.low, "Lower end of its interval: 95 % over all figures of the two visits together."
    ),
    _HIGH,
    _MORE_THAN_NOISE,
)  # fmt: skip

TRENDS: tuple[Column[Entry[Trend]], ...] = (
    *_FIGURE,
    Column(
        "per", str, lambda e: e.of.per, "Unit of time of the slope: the month if visits are named by date.",
        words=("visit", "month"),
    ),
    Column("visits", int, lambda e: e.of.visits, "How many visits have the figure."),
    Column("slope", float, lambda e: e.of.slope, "Of a straight line over the visits, in `unit` per visit or month."),
    Column("low", float, lambda e: e.of.low, "Lower end of its interval: 95 % over all figures together."),
    _HIGH,
    Column(
        "noise_sd", float, lambda e: e.of.noise_sd,
        "Standard deviation of one visit, on which the interval rests, in `unit`.",
    ),
    Column(
        "noise_from", str, lambda e: e.of.noise_from,
        "scatter: of these visits about the line; repeatability: of children who were recorded twice.",
        words=("scatter", "repeatability"),
    ),
    _MORE_THAN_NOISE,
)  # fmt: skip


VISIT_TABLES: dict[str, tuple[Column[Any], ...]] = {"visits": VISITS, "changes": CHANGES, "trends": TRENDS}
"""The columns of each table, by the field of `VisitHistory` whose records are its rows."""


def visit_rows(table: str, history: VisitHistory) -> Iterator[Row]:
    """Yield the rows about one patient in one of `VISIT_TABLES`."""
    for of in getattr(history, table):
        yield row_of(VISIT_TABLES[table], Entry(history.patient, of))
