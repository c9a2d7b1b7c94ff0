"""What has changed over one person's visits, in plain sentences."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from murmur.patients.figures import FIGURES
from murmur.wording.story import Line, Sentence, Story, Tone, capitalized, count, decibels, percent, share

if TYPE_CHECKING:
    from murmur.patients.changes import Change, Trend
    from murmur.patients.figures import Figure
    from murmur.patients.visits import Visit, VisitHistory

#: How the value of a figure is spelled; all others are levels.
_SPELL: dict[str, Callable[[float], str]] = {
    "murmur_probability": percent,
    "murmur_extent": share,
    "heart_rate_bpm": "{:.0f}/min".format,
    "expected_grade": "{:.1f}".format,
}


def tell_visit_history(history: VisitHistory) -> Story:
    """Tell what has changed from the first visit to the last, and what has a trend."""
    names = [visit.visit or "no name" for visit in history.visits]
    title = f"Patient {history.patient}"
    if len(names) < 2:
        return Story(title, "1 visit", ("There is nothing to compare it with.",), failed=True)
    context = f"{count(len(names), 'visit')}: {', '.join(names) if len(names) <= 6 else f'{names[0]} to {names[-1]}'}"
    measured = [visit for visit in history.visits if any(value is not None for value in visit.figures.values())]
    ends = (measured[0].visit, measured[-1].visit) if measured else ("", "")
    changes = {change.figure: change for change in history.changes if (change.since, change.until) == ends}
    trends = {trend.figure: trend for trend in history.trends}
    lines = []
    if len(measured) > 1:
        both = measured[0], measured[-1]
        lines = [_line(*both, f, changes.get(f.name), trends.get(f.name)) for f in FIGURES.values()]
    missing = ", ".join(figure.title for figure in FIGURES.values() if figure.name not in changes)
    why = f"{missing} (not measured at the same sites, or at all, at the first and the last visit)"
    return Story(
        title,
        context,
        warnings=tuple(_warnings(history, measured)),
        sentences=tuple(_sentences(history, changes, trends)),
        lines=tuple(lines),
        missing=(why,) if missing else (),
    )


def _warnings(history: VisitHistory, measured: list[Visit]) -> list[str]:
    left_out = history.left_out
    warnings = [f"{count(left_out, 'recording')} without a visit left out."] if left_out else []
    unread = [visit.visit for visit in history.visits if visit not in measured]
    return warnings + ([f"Nothing could be measured at visit {', '.join(unread)}."] if unread else [])


def _sentences(history: VisitHistory, changes: dict[str, Change], trends: dict[str, Trend]) -> list[Sentence]:
    """What has changed overall, then what has changed only in between."""
    sentences: list[Sentence] = []
    for figure in FIGURES.values():
        trend, change = trends.get(figure.name), changes.get(figure.name)
        if trend is not None and trend.more_than_noise:
            sentences.append((_trend_sentence(figure, trend), Tone.ABNORMAL))
        elif change is not None and change.more_than_noise:
            sentences.append((_change_sentence(change), Tone.ABNORMAL))
    others = [c for c in history.changes if c.more_than_noise and c not in changes.values()]
    sentences += [(_change_sentence(change), Tone.DOUBTFUL) for change in others]
    return sentences or [("Nothing has changed by more than noise.", Tone.NORMAL)]


def spell_figure(name: str, value: float | None) -> str:
    """Spell the value of a figure at a visit."""
    return "–" if value is None else _SPELL.get(name, decibels)(value)


def _spell_change(figure: Figure, change: float) -> str:
    if figure.name == "murmur_extent":
        return f"{round(100 * change) + 0:+.0f}"
    decimals = 0 if figure.name == "heart_rate_bpm" else 1
    return f"{round(change, decimals) + 0.0:+.{decimals}f}"  # no "-0"


def _interval(figure: Figure, found: Change | Trend, value: float) -> str:
    unit = figure.unit if figure.unit.startswith("/") else f" {figure.unit}"
    return f"{_spell_change(figure, value)}{unit} [{_spell_change(figure, found.low)}, {_spell_change(figure, found.high)}]"


def _trend_sentence(figure: Figure, trend: Trend) -> str:
    way = "rises" if trend.slope > 0 else "falls"
    slope = _interval(figure, trend, trend.slope)
    return f"{capitalized(figure.title)} {way}: {slope} per {trend.per} over {count(trend.visits, 'visit')}."


def _change_sentence(found: Change) -> str:
    figure = FIGURES[found.figure]
    way = "has risen" if found.change > 0 else "has fallen"
    change = _interval(figure, found, found.change)
    return f"{capitalized(figure.title)} {way} from visit {found.since} to {found.until}: {change}."


def _line(first: Visit, last: Visit, figure: Figure, change: Change | None, trend: Trend | None) -> Line:
    rests_on = [] if change is None else [f"change {_interval(figure, change, change.change)}"]
    rests_on += [] if trend is None else [f"trend {_interval(figure, trend, trend.slope)} per {trend.per}"]
    clear = any(found is not None and found.more_than_noise for found in (change, trend))
    finding = " → ".join(spell_figure(figure.name, visit.figures[figure.name]) for visit in (first, last))
    return Line(figure.title, finding, None, "; ".join(rests_on), Tone.ABNORMAL if clear else Tone.NORMAL)
