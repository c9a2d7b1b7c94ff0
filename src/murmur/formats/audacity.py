"""Audacity label tracks: lines of start, end and label, separated by tabs (File, Import, Labels).

References
----------
https://manual.audacityteam.org/man/importing_and_exporting_labels.html
"""

from __future__ import annotations

import os
from pathlib import Path

from murmur.formats.labels import NAMES, Intervals, checked, parse_lines, require_state
from murmur.io.writing import write_text
from murmur.segmentation.result import Interval


def write_audacity(path: str | os.PathLike[str], intervals: Intervals) -> None:
    """Write labels S1, systole, S2, diastole and unlabelled, to the microsecond, in the order given.

    Raises
    ------
    ParameterError
        If an interval is malformed.
    OutputError
        If the file can't be written.
    """
    text = "".join(f"{start_s:.6f}\t{end_s:.6f}\t{NAMES[state]}\n" for start_s, end_s, state in checked(intervals))
    write_text(Path(path), text)


def read_audacity(path: str | os.PathLike[str]) -> list[Interval]:
    r"""Read a label track whose labels name states; lines of frequencies (``\``) are skipped.

    Raises
    ------
    MissingFileError
        If there is no readable file.
    AudioFormatError
        If a line is not a label, or its label names no state; the message names the file and the line.
    """
    return parse_lines(path, _parse_label, comment="\\")


def _parse_label(line: str) -> Interval:
    start, end, label = [*line.split("\t", 2), "", ""][:3]
    try:
        return checked([(float(start), float(end), require_state(label))])[0]
    except ValueError as error:
        raise ValueError(f"not an Audacity label: {error}") from None
