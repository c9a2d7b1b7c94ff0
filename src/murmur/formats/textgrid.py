"""Praat TextGrids: an interval tier ``state`` (S1, systole, S2, diastole; empty where not labelled) and one ``cycle``.

The second tier numbers the complete cardiac cycles, S1 to diastole, from 1. Files are read by praatio, which knows Praat's
long and short form and its encodings.

References
----------
https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html
"""

from __future__ import annotations

import os
from pathlib import Path

from murmur.errors import AudioFormatError
from murmur.formats.labels import NAMES, Intervals, checked, complete_cycles, contiguous, decimal, require_state
from murmur.io.access import check_size, decoding, require
from murmur.io.writing import write_text
from murmur.segmentation.result import Interval, State

_TIER = "state"


def write_textgrid(path: str | os.PathLike[str], intervals: Intervals) -> None:
    """Write a TextGrid in Praat's long form, UTF-8, times to the microsecond.

    Raises
    ------
    ParameterError
        If there is no interval, one is malformed, or two overlap by more than 20 ms.
    OutputError
        If the file can't be written.
    """
    placed = contiguous(intervals, "textgrid", os.fspath(path))
    states = [(start_s, end_s, "" if state == State.UNLABELLED else NAMES[state]) for start_s, end_s, state in placed]
    cycles: list[tuple[float, float, str]] = []
    last_s, total_s = 0.0, placed[-1].end_s
    for number, (start_s, end_s) in enumerate([*complete_cycles(placed), (total_s, total_s)], start=1):
        cycles += [(last_s, start_s, "")] if start_s > last_s else []
        cycles += [(start_s, end_s, str(number))] if end_s > start_s else []
        last_s = end_s
    head = f'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\nxmax = {decimal(total_s)}\n'
    tiers = f"tiers? <exists>\nsize = 2\nitem []:\n{_tier(1, _TIER, states)}{_tier(2, 'cycle', cycles)}"
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
    """Read the interval tier ``state``, or the only interval tier.

    Raises
    ------
    MissingFileError
        If there is no readable file.
    AudioFormatError
        If it is not a TextGrid, has no such tier, or a label names no state.
    ParameterError
        If praatio is not installed.
    """
    label = os.fspath(path)
    check_size(label, 2**28, "a TextGrid")
    textgrid = require("praatio.textgrid", label, "reading TextGrid")
    tier_kind = require("praatio.data_classes.interval_tier", label, "reading TextGrid").IntervalTier
    with decoding(label, "not a TextGrid that can be read"):
        grid = textgrid.openTextgrid(label, includeEmptyIntervals=True, reportingMode="silence")
        tiers = {tier.name: tier for tier in grid.tiers if isinstance(tier, tier_kind)}
    tier = tiers.get(_TIER) or (next(iter(tiers.values())) if len(tiers) == 1 else None)
    if tier is None:
        raise AudioFormatError(f"{label}: no interval tier 'state'; it has {', '.join(map(repr, tiers)) or 'none'}")
    found = []
    for start_s, end_s, text in tier.entries:
        try:
            found += checked([(start_s, end_s, require_state(text))])
        except ValueError as error:
            raise AudioFormatError(f"{label}: at {start_s:.6g} s: {error}") from None
    return found
