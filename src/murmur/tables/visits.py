"""The tables about patients over their visits: visits, changes and trends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from murmur.patients.figures import FIGURES
from murmur.tables.column import Column, Row, row_of

if TYPE_CHECKING:
    from murmur.patients.visits import VisitHistory


class Entry(NamedTuple):
    """What a row is about, a visit, change or trend, and whose it is."""

    patient: str
    of: Any


def _figure(name: str, meaning: str, unit: str, decimals: int = -1) -> Column[Entry]:
    return Column(name, float, lambda entry: entry.of.figures[name], meaning, unit, decimals=decimals)


def _joined(name: str, kind: type, meaning: str, sign: str = "") -> Column[Entry]:
    """Make a column of a field of the visit's recordings joined."""
    return Column(name, kind, lambda entry: getattr(entry.of.patient, name), meaning, sign=sign)


def _field(name: str, kind: type, meaning: str, **parts: Any) -> Column[Entry]:
    """Make a column of a field of the visit, change or trend; `parts` are others of `Column`."""
    return Column(name, kind, lambda entry: getattr(entry.of, name), meaning, **parts)


_PATIENT: Column[Entry] = Column("patient", str, lambda entry: entry.patient, "The patient.", key=True)
_AT_ALL_SITES = "as if the same sites had been recorded at every visit"

VISITS: tuple[Column[Entry], ...] = (
    _PATIENT,
    _field("visit", str, "The visit, as the manifest names it.", key=True),
    _field("when", float, "Days since the first visit if all are named by date, else the number of the visit, from 0."),
    _joined("recordings", int, "Recordings of that visit."),
    _joined("readable", int, "How many of them are readable."),
    _joined("murmur", str, "The class of lowest expected cost, from the recordings of that visit.", sign="murmur"),
    _joined("grade", str, "As in patients, from the recordings of that visit.", sign="grade"),
    _figure("murmur_probability", "Probability of a murmur.", "probability", decimals=6),
    _figure("expected_grade", "Expected grade, 0 to 3: given a murmur, times the probability of one.", "grade"),
    _figure("murmur_extent", f"Share of systole that the murmur spans, {_AT_ALL_SITES}.", "share"),
    _figure("above_quiet_db", f"Mid-systole above late diastole, {_AT_ALL_SITES}.", "dB"),
    _figure("s1_s2_level_db", f"S1 relative to S2, {_AT_ALL_SITES}.", "dB"),
    _figure("heart_rate_bpm", f"Heart rate, {_AT_ALL_SITES}.", "1/min"),
)  # fmt: skip

_FIGURE: tuple[Column[Entry], ...] = (
    _PATIENT,
    _field("figure", str, "The column of visits that this row is about.", key=True),
    Column("unit", str, lambda entry: FIGURES[entry.of.figure].unit,
           "Unit of change, slope and noise; a probability changes in log odds."),
)  # fmt: skip
_HIGH = _field("high", float, "Upper end of that interval.")
_MORE_THAN_NOISE = _field("more_than_noise", bool, "Whether the interval excludes 0.")

CHANGES: tuple[Column[Entry], ...] = (
    *_FIGURE,
    _field("since", str, "The earlier visit.", key=True),
    _field("until", str, "The later visit.", key=True),
    _field("change", float, "From the one to the other, in `unit`."),
    _field("low", float, "Lower end of its interval: 95 % over all figures of the two visits together."),
    _HIGH,
    _MORE_THAN_NOISE,
)

TRENDS: tuple[Column[Entry], ...] = (
    *_FIGURE,
    _field("per", str, "Unit of time of the slope: the month if visits are named by date.", words=("visit", "month")),
    _field("visits", int, "How many visits have the figure."),
    _field("slope", float, "Of a straight line over the visits, in `unit` per visit or month."),
    _field("low", float, "Lower end of its interval: 95 % over all figures together."),
    _HIGH,
    _field("noise_sd", float, "Standard deviation of one visit, on which the interval rests, in `unit`."),
    _field("noise_from", str,
              "scatter: of these visits about the line; repeatability: of children who were recorded twice.",
              words=("scatter", "repeatability")),
    _MORE_THAN_NOISE,
)  # fmt: skip


VISIT_TABLES: dict[str, tuple[Column[Any], ...]] = {"visits": VISITS, "changes": CHANGES, "trends": TRENDS}
"""The columns of each table, by the field of `VisitHistory` whose records are its rows."""


def visit_rows(table: str, history: VisitHistory) -> Iterator[Row]:
    """Yield the rows about one patient in one of `VISIT_TABLES`."""
    for of in getattr(history, table):
        yield row_of(VISIT_TABLES[table], Entry(history.patient, of))
