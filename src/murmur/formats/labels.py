"""Labels of heart sounds: what states are called in other formats, and how intervals are laid out for them."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from pathlib import Path

from murmur.errors import AudioFormatError, MissingFileError, ParameterError
from murmur.segmentation.result import Interval, State

__all__ = ["NAMES", "checked", "cycles", "decimal", "laid_out", "read_text", "state_of"]

NAMES = {
    State.UNLABELLED: "unlabelled",
    State.S1: "S1",
    State.SYSTOLE: "systole",
    State.S2: "S2",
    State.DIASTOLE: "diastole",
}
"""What a state is called in every format that has words for labels."""

_STATES = {name.lower(): state for state, name in NAMES.items()}
_STATES |= {"sys": State.SYSTOLE, "dia": State.DIASTOLE, "": State.UNLABELLED}
_STATES |= {str(int(state)): state for state in State}

#: People's labels overlap by less than this, which is rounding; what overlaps by more contradicts itself.
_ROUNDING_S = 0.02
#: Nothing shorter can be told in six decimals.
_SHORTEST_S = 1e-6


def state_of(text: str) -> State | None:
    """Return the state that a label names: S1, systole or sys, S2, diastole or dia, 0 to 4, or nothing; else None."""
    return _STATES.get(text.strip().lower())


def checked(intervals: Iterable[tuple[float, float, int]]) -> list[Interval]:
    """Return intervals with states; ParameterError where one can't be."""
    found = []
    for number, given in enumerate(intervals):
        try:
            start_s, end_s, state = given
            interval = Interval(float(start_s), float(end_s), State(state))
        except (TypeError, ValueError) as error:
            raise ParameterError(f"interval {number}, {given!r}: must be start_s, end_s and a state, 0 to 4") from error
        if not (math.isfinite(interval.start_s) and math.isfinite(interval.end_s)) or interval.start_s < 0:
            raise ParameterError(f"interval {number}, {given!r}: a time is negative or not finite")
        if interval.end_s < interval.start_s:
            raise ParameterError(f"interval {number}, {given!r}: the end comes before the start")
        found.append(interval)
    return found


def laid_out(intervals: Iterable[tuple[float, float, int]], format_: str) -> list[Interval]:
    """Return intervals one after another from 0 on, for a format in which they can't overlap.

    What is between them is unlabelled; those without length are left out; an overlap of up to 20 ms, as people's labels
    have it by rounding, is cut off the earlier one.

    Raises
    ------
    ParameterError
        If two overlap by more.
    """
    placed: list[Interval] = []
    for interval in sorted(checked(intervals)):
        if placed and interval.start_s < placed[-1].end_s:
            before = placed.pop()
            if before.end_s - interval.start_s > _ROUNDING_S:
                raise ParameterError(
                    f"{format_} can't hold labels that overlap, as at {before.start_s:.6g} and {interval.start_s:.6g} s: "
                    "mend them, or write circor or audacity"
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
    return placed


def cycles(intervals: list[Interval]) -> list[tuple[float, float]]:
    """Return where each complete heart cycle, S1 to diastole, begins and ends."""
    order = [State.S1, State.SYSTOLE, State.S2, State.DIASTOLE]
    return [
        (intervals[i].start_s, intervals[i + 3].end_s)
        for i in range(len(intervals) - 3)
        if [interval.state for interval in intervals[i : i + 4]] == order
    ]


def decimal(value: float) -> str:
    """Spell a time in seconds, to the microsecond."""
    return f"{abs(value):.6f}".rstrip("0").rstrip(".") or "0"  # abs: no "-0"


def read_text(path: str | os.PathLike[str]) -> str:
    """Return a file's text; MissingFileError or AudioFormatError, by name, where there is none."""
    label = os.fspath(path)
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise AudioFormatError(f"{label}: not a text file in UTF-8 ({error.reason} at byte {error.start})") from None
    except FileNotFoundError as error:
        raise MissingFileError(f"{label}: no such file") from error
    except OSError as error:
        raise MissingFileError(f"{label}: can't be read: {error.strerror or error}") from error
    except ValueError as error:  # a NUL in the path
        raise MissingFileError(f"{label!r}: not a path: {error}") from error
