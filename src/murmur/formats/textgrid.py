"""Praat TextGrids: an interval tier ``state`` (S1, systole, S2, diastole; empty where not labelled) and one ``beat``.

A beat is a complete cycle, S1 to the end of its diastole, numbered from 1. Reading is by praatio, which knows Praat's long
and short form and its encodings.

References
----------
https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from murmur.errors import AudioFormatError, MissingFileError, ParameterError
from murmur.formats.labels import NAMES, checked, cycles, decimal, laid_out, state_of
from murmur.io.writing import write_text
from murmur.segmentation.result import Interval, State

__all__ = ["read_textgrid", "write_textgrid"]

_LONGEST_BYTES = 2**28
_TIER = "state"


def write_textgrid(path: str | os.PathLike[str], intervals: Iterable[tuple[float, float, int]]) -> None:
    """Write a TextGrid in Praat's long form, UTF-8, times to the microsecond.

    Raises
    ------
    ParameterError
        If there is no interval, one has no such state or times, or two overlap by more than 20 ms.
    OutputError
        If the file can't be written.
    """
    placed = laid_out(intervals, "textgrid")
    if not placed:
        raise ParameterError(f"{os.fspath(path)}: a TextGrid has no room for nothing: there is no interval to write")
    states = [(start_s, end_s, "" if state == State.UNLABELLED else NAMES[state]) for start_s, end_s, state in placed]
    end_s, beats, last_s = placed[-1].end_s, [], 0.0
    for number, (start_s, stop_s) in enumerate(cycles(placed), start=1):
        if start_s > last_s:
            beats.append((last_s, start_s, ""))
        beats.append((start_s, stop_s, str(number)))
        last_s = stop_s
    if last_s < end_s:
        beats.append((last_s, end_s, ""))
    head = f'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\nxmax = {decimal(end_s)}\n'
    tiers = f"tiers? <exists>\nsize = 2\nitem []:\n{_tier(1, _TIER, states)}{_tier(2, 'beat', beats)}"
    write_text(Path(path), head + tiers)


def _tier(number: int, name: str, rows: list[tuple[float, float, str]]) -> str:
    lines = [
        f"    item [{number}]:",
        '        class = "IntervalTier"',
        f'        name = "{name}"',
        "        xmin = 0",
        f"        xmax = {decimal(rows[-1][1])}",
        f"        intervals: size = {len(rows)}",
    ]
    for index, (start_s, end_s, text) in enumerate(rows, start=1):
        lines += [
            f"        intervals [{index}]:",
            f"            xmin = {decimal(start_s)}",
            f"            xmax = {decimal(end_s)}",
            f'            text = "{text}"',
        ]
    return "\n".join(lines) + "\n"


def read_textgrid(path: str | os.PathLike[str]) -> list[Interval]:
    """Read the interval tier ``state``, or the only interval tier there is.

    Raises
    ------
    MissingFileError
        If there is no readable file.
    AudioFormatError
        If it is no TextGrid, has no such tier, or a label names no state; it names the file.
    ParameterError
        Without praatio.
    """
    label = os.fspath(path)
    try:
        if Path(path).stat().st_size > _LONGEST_BYTES:
            raise AudioFormatError(f"{label}: longer than {_LONGEST_BYTES} bytes: not a TextGrid of one recording")
    except OSError as error:
        raise MissingFileError(f"{label}: can't be read: {error.strerror or error}") from error
    try:
        from praatio import textgrid
        from praatio.data_classes.interval_tier import IntervalTier
    except ImportError as error:
        raise ParameterError(f"{label}: reading TextGrid needs praatio: pip install 'murmur-pcg[formats]'") from error
    try:
        grid = textgrid.openTextgrid(label, includeEmptyIntervals=True, reportingMode="silence")
        tiers = {tier.name: tier for tier in grid.tiers if isinstance(tier, IntervalTier)}
    except Exception as error:  # the library tells what is damaged by many kinds
        raise AudioFormatError(f"{label}: not a TextGrid that can be read ({error or type(error).__name__})") from error
    tier = tiers.get(_TIER) or (next(iter(tiers.values())) if len(tiers) == 1 else None)
    if tier is None:
        raise AudioFormatError(f"{label}: no interval tier 'state'; it has {', '.join(map(repr, tiers)) or 'none'}")
    found = []
    for start_s, end_s, text in tier.entries:
        state = state_of(text)
        if state is None:
            raise AudioFormatError(f"{label}: {text!r} at {start_s:.6g} s is none of S1, systole, S2, diastole, or empty")
        try:
            found += checked([(start_s, end_s, state)])
        except ParameterError as error:
            raise AudioFormatError(f"{label}: {error}") from None
    return found
