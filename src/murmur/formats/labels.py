"""Labels of heart sounds: the names of states in other formats, and intervals without overlaps or gaps."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeAlias, TypeVar

from murmur.errors import AudioFormatError, ParameterError
from murmur.io.access import unreadable
from murmur.segmentation.result import Interval, State

T = TypeVar("T")

Intervals: TypeAlias = Iterable[tuple[float, float, int]]
"""Start and end in seconds, and the state: 1 S1, 2 systole, 3 S2, 4 diastole, 0 not labelled."""

NAMES = dict(zip(State, ("unlabelled", "S1", "systole", "S2", "diastole"), strict=True))
"""Names of the states in formats whose labels are text."""

_STATES = {name.lower(): state for state, name in NAMES.items()}
_STATES |= {"sys": State.SYSTOLE, "dia": State.DIASTOLE, "": State.UNLABELLED}
_STATES |= {str(int(state)): state for state in State}

#: Labels set by hand overlap by less than this through rounding; a longer overlap is a contradiction.
_ROUNDING_S = 0.02
#: The shortest interval that six decimals can represent.
_SHORTEST_S = 1e-6


def state_of(text: str) -> State | None:
    """Return the state that a label names: S1, systole or sys, S2, diastole or dia, 0 to 4, or ""; None for other text."""
    return _STATES.get(text.strip().lower())


def require_state(text: str) -> State:
    """Return the state that a label names; ValueError if it names none."""
    state = state_of(text)
    if state is None:
        raise ValueError(f"{text!r} is not one of S1, systole, S2, diastole, unlabelled")
    return state


def problem_with(start_s: float, end_s: float, state: int) -> str:
    """Say what is wrong with an interval; "" if nothing is."""
    if not (math.isfinite(start_s) and math.isfinite(end_s)):
        return "a time is not finite"
    if start_s < 0:
        return "the start is negative"
    if end_s < start_s:
        return "the end comes before the start"
    return "" if 0 <= state <= 4 else "the state is not one of 0 to 4"


def checked(intervals: Intervals) -> list[Interval]:
    """Return intervals as `Interval`; ParameterError if one is malformed."""
    found = []
    for number, given in enumerate(intervals):
        try:
            start_s, end_s, state = given
            interval = Interval(float(start_s), float(end_s), State(state))
        except (TypeError, ValueError) as error:
            raise ParameterError(f"interval {number}, {given!r}: must be start_s, end_s and a state from 0 to 4") from error
        if problem := problem_with(*interval):
            raise ParameterError(f"interval {number}, {given!r}: {problem}")
        found.append(interval)
    return found


def contiguous(intervals: Intervals, format_: str, label: str) -> list[Interval]:
    """Return intervals that follow one another from 0 s on, for a format that allows neither overlaps nor gaps.

    Gaps become unlabelled intervals; intervals without length are left out. An overlap of up to 20 ms, which labels
    set by hand have through rounding, is cut off the earlier interval.

    Raises
    ------
    ParameterError
        If two intervals overlap by more, or there is none.
    """
    placed: list[Interval] = []
    for interval in sorted(checked(intervals)):
        if placed and interval.start_s < placed[-1].end_s:
            before = placed.pop()
            if before.end_s - interval.start_s > _ROUNDING_S:
                raise ParameterError(
                    f"{label}: {format_} can't hold labels that overlap, as at {before.start_s:.6g} and "
                    f"{interval.start_s:.6g} s: correct them, or write circor or audacity"
                )
            if interval.start_s > before.start_s:
                placed.append(Interval(before.start_s, interval.start_s, before.state))
        last_s = placed[-1].end_s if placed else 0.0
        start_s = interval.start_s
        if start_s - last_s < _SHORTEST_S:
            start_s = last_s
        else:
            placed.append(Interval(last_s, start_s, State.UNLABELLED))
        if interval.end_s - start_s >= _SHORTEST_S:
            placed.append(Interval(start_s, interval.end_s, interval.state))
    if not placed:
        raise ParameterError(f"{label}: there is no interval to write")
    return placed


def complete_cycles(intervals: list[Interval]) -> list[tuple[float, float]]:
    """Return start and end of each complete cardiac cycle, S1 to diastole, in seconds."""
    order = [State.S1, State.SYSTOLE, State.S2, State.DIASTOLE]
    return [
        (intervals[i].start_s, intervals[i + 3].end_s)
        for i in range(len(intervals) - 3)
        if [interval.state for interval in intervals[i : i + 4]] == order
    ]


def decimal(value: float) -> str:
    """Spell a time in seconds, to the microsecond."""
    return f"{abs(value):.6f}".rstrip("0").rstrip(".") or "0"  # abs: never "-0"


def parse_lines(path: str | os.PathLike[str], parse: Callable[[str], T], comment: str | None = None) -> list[T]:
    """Parse the lines of a text file that are not empty or comments; a ValueError becomes an AudioFormatError.

    The message names the file, the line and what is wrong.
    """
    parsed = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if not line.strip() or (comment is not None and line.startswith(comment)):
            continue
        try:
            parsed.append(parse(line))
        except ValueError as error:
            raise AudioFormatError(f"{os.fspath(path)}: line {number}: {error}: {line[:80]!r}") from None
    return parsed


def read_text(path: str | os.PathLike[str]) -> str:
    """Return the text of a file; MissingFileError if it can't be read, AudioFormatError if it is not UTF-8."""
    label = os.fspath(path)
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise AudioFormatError(f"{label}: not a text file in UTF-8 ({error.reason} at byte {error.start})") from None
    except (OSError, ValueError) as error:
        raise unreadable(label, error) from error
