"""What has changed over one person's visits, in plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from murmur.patients.visits import FIGURES
from murmur.wording.story import Line, Sentence, Story, Tone, count, decibels, percent, share

if TYPE_CHECKING:
    from murmur.patients.visits import Change, Figure, Trend, Visit, VisitHistory

__all__ = ["spell_figure", "tell_visit_history"]


def tell_visit_history(course: VisitHistory) -> Story:
    """Tell what has changed from the first visit to the last, and what has a trend."""
    names = [visit.visit or "no name" for visit in course.visits]
    title = f"Patient {course.patient}"
    if len(names) < 2:
        return Story(title, "1 visit", ("There is nothing to compare it with.",), failed=True)
    context = f"{count(len(names), 'visit')}: {', '.join(names) if len(names) <= 6 else f'{names[0]} to {names[-1]}'}"
    told = [visit for visit in course.visits if any(value is not None for value in visit.figures.values())]
    ends = {c.figure: c for c in course.changes if told and (c.since, c.until) == (told[0].visit, told[-1].visit)}
    trends = {trend.figure: trend for trend in course.trends}
    sentences: list[Sentence] = []
    for figure in FIGURES:
        trend, change = trends.get(figure.name), ends.get(figure.name)
        if trend is not None and trend.more_than_noise:
            sentences.append((_trend_sentence(figure, trend), Tone.ABNORMAL))
        elif change is not None and change.more_than_noise:
            sentences.append((_change_sentence(figure, change), Tone.ABNORMAL))
    others = [c for c in course.changes if c.more_than_noise and c not in ends.values()]
    sentences += [(_change_sentence(_by_name(c.figure), c), Tone.DOUBTFUL) for c in others]
    sentences = sentences or [("Nothing has changed by more than noise.", Tone.NORMAL)]
    warnings = [f"{count(course.left_out, 'recording')} without a visit left out."] if course.left_out else []
    unread = [visit.visit for visit in course.visits if visit not in told]
    warnings += [f"Nothing could be measured at visit {', '.join(unread)}."] if unread else []
    lines = []
    if len(told) > 1:
        lines = [_line(told[0], told[-1], f, ends.get(f.name), trends.get(f.name)) for f in FIGURES]
    missing = [figure.title for figure in FIGURES if figure.name not in ends]
    why = f"{', '.join(missing)} (not measured at the same sites, or at all, at the first and the last visit)"
    return Story(title, context, tuple(warnings), tuple(sentences), tuple(lines), (why,) if missing else ())


def spell_figure(name: str, value: float | None) -> str:
    """Spell a figure of a visit."""
    if value is None:
        return "–"
    if name == "murmur_probability":
        return percent(value)
    if name == "murmur_extent":
        return share(value)
    if name == "heart_rate_bpm":
        return f"{value:.0f}/min"
    return f"{value:.1f}" if name == "expected_grade" else decibels(value)


def _by_name(name: str) -> Figure:
    return next(figure for figure in FIGURES if figure.name == name)


def _spell_change(figure: Figure, change: float) -> str:
    if figure.name == "murmur_extent":
        return f"{round(100 * change) + 0:+.0f}"
    decimals = 0 if figure.name == "heart_rate_bpm" else 1
    return f"{round(change, decimals) + 0.0:+.{decimals}f}"  # no "-0"


def _interval(figure: Figure, found: Change | Trend, value: float) -> str:
    unit = "" if not figure.unit else figure.unit if figure.unit.startswith("/") else f" {figure.unit}"
    return f"{_spell_change(figure, value)}{unit} [{_spell_change(figure, found.low)}, {_spell_change(figure, found.high)}]"


def _title(figure: Figure) -> str:
    return f"{figure.title[0].upper()}{figure.title[1:]}"


def _trend_sentence(figure: Figure, trend: Trend) -> str:
    way = "rises" if trend.slope > 0 else "falls"
    return (
        f"{_title(figure)} {way}: {_interval(figure, trend, trend.slope)} a {trend.per} over {count(trend.visits, 'visit')}."
    )


def _change_sentence(figure: Figure, change: Change) -> str:
    way = "has risen" if change.change > 0 else "has fallen"
    return f"{_title(figure)} {way} from visit {change.since} to {change.until}: {_interval(figure, change, change.change)}."


def _line(first: Visit, last: Visit, figure: Figure, change: Change | None, trend: Trend | None) -> Line:
    rests_on = [] if change is None else [f"change {_interval(figure, change, change.change)}"]
    rests_on += [] if trend is None else [f"trend {_interval(figure, trend, trend.slope)} a {trend.per}"]
    clear = any(found is not None and found.more_than_noise for found in (change, trend))
    finding = " → ".join(spell_figure(figure.name, visit.figures[figure.name]) for visit in (first, last))
    return Line(figure.title, finding, None, "; ".join(rests_on), Tone.ABNORMAL if clear else Tone.NORMAL)
