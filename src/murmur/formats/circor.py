"""The formats of the CirCor DigiScope data set: labels of the heart sounds (``.tsv``), and the table of patients (``.csv``).

References
----------
Oliveira et al., The CirCor DigiScope dataset: from murmur detection to murmur classification, IEEE J. Biomed.
Health Inform. 26(6), 2022. https://doi.org/10.1109/JBHI.2021.3137048
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from murmur.errors import AudioFormatError, ParameterError
from murmur.formats.labels import Intervals, decimal, parse_lines, problem_with, read_text
from murmur.io.naming import canonical_site
from murmur.io.writing import write_text


def read_segments(path: str | os.PathLike[str]) -> list[tuple[float, float, int]]:
    """Read CirCor's labels: lines of ``start_s<TAB>end_s<TAB>state`` without a header.

    The labels are set by hand; intervals that overlap, jump back in time or have no length are kept as they are.

    Parameters
    ----------
    path : str or os.PathLike
        The ``.tsv`` file.

    Returns
    -------
    list of (float, float, int)
        Start and end in seconds, and the state: 1 S1, 2 systole, 3 S2, 4 diastole, 0 not labelled.

    Raises
    ------
    MissingFileError
        If there is no readable file.
    AudioFormatError
        If a line is not two times and a state; the message names the file and the line.
    """
    return parse_lines(path, _parse_interval)


def _parse_interval(line: str) -> tuple[float, float, int]:
    cells = line.split("\t")
    if len(cells) != 3:
        raise ValueError(f"expected start, end and state, separated by tabs, but found {len(cells)} field(s)")
    interval = float(cells[0]), float(cells[1]), int(cells[2])
    if problem := problem_with(*interval):
        raise ValueError(problem)
    return interval


def write_segments(path: str | os.PathLike[str], intervals: Intervals) -> None:
    """Write labels as CirCor does; the file appears complete or not at all.

    Parameters
    ----------
    path : str or os.PathLike
        The file to write, or to replace. Its folder must exist.
    intervals : iterable of (float, float, int)
        Start and end in seconds, written with up to 6 decimals, and the state, 0 to 4.

    Raises
    ------
    ParameterError
        If an interval is malformed.
    OutputError
        If the file can't be written.
    """
    write_text(Path(path), segments_text(intervals))


def segments_text(intervals: Intervals) -> str:
    """Return the text that `write_segments` writes; ParameterError if an interval is malformed."""
    lines = []
    for number, (start_s, end_s, state) in enumerate(intervals):
        if problem := problem_with(start_s, end_s, state):
            raise ParameterError(f"interval {number}, {(start_s, end_s, state)!r}: {problem}")
        lines.append(f"{decimal(start_s)}\t{decimal(end_s)}\t{int(state)}\n")
    return "".join(lines)


def _column(title: str) -> Any:
    """Return a field of `Patient`, with the title of its column in CirCor's table."""
    return field(metadata={"title": title})


@dataclass(frozen=True, slots=True)
class Patient:
    """A row of CirCor's table of patients; None where the table says ``nan``.

    ``id`` and ``additional_id`` are two ids of one child, seen in two campaigns. Sites are murmur's own
    (``Phc`` is ``"other"``), each once. ``timing`` to ``quality`` are of the systolic murmur.
    """

    id: str = _column("Patient ID")
    additional_id: str | None = _column("Additional ID")
    locations: tuple[str, ...] = _column("Recording locations:")
    age: str | None = _column("Age")
    sex: str | None = _column("Sex")
    height_cm: float | None = _column("Height")
    weight_kg: float | None = _column("Weight")
    pregnant: bool | None = _column("Pregnancy status")
    murmur: str = _column("Murmur")
    murmur_locations: tuple[str, ...] = _column("Murmur locations")
    most_audible: str | None = _column("Most audible location")
    timing: str | None = _column("Systolic murmur timing")
    shape: str | None = _column("Systolic murmur shape")
    grading: str | None = _column("Systolic murmur grading")
    pitch: str | None = _column("Systolic murmur pitch")
    quality: str | None = _column("Systolic murmur quality")
    diastolic_timing: str | None = _column("Diastolic murmur timing")
    diastolic_shape: str | None = _column("Diastolic murmur shape")
    diastolic_grading: str | None = _column("Diastolic murmur grading")
    diastolic_pitch: str | None = _column("Diastolic murmur pitch")
    diastolic_quality: str | None = _column("Diastolic murmur quality")
    outcome: str | None = _column("Outcome")
    campaign: str | None = _column("Campaign")

    def murmur_at(self, site: str) -> str | None:
        """Present, unknown or absent; None at a site where the patient's murmur is not heard."""
        if self.murmur == "Present":
            return "present" if site in self.murmur_locations else None
        return self.murmur.lower()


#: Titles of the table's columns, by field.
_COLUMNS = {item.name: str(item.metadata["title"]) for item in fields(Patient)}


def read_patients(path: str | os.PathLike[str]) -> list[Patient]:
    """Read CirCor's table of patients.

    Parameters
    ----------
    path : str or os.PathLike
        The data set's ``training_data.csv``, or a part of it. Columns that CirCor does not have are ignored.

    Returns
    -------
    list of Patient
        In the order of the table.

    Raises
    ------
    MissingFileError
        If there is no readable file.
    AudioFormatError
        If a column is missing, a patient is listed twice, or a field can't be read; the message names the file and the line.
    """
    label = os.fspath(path)
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""))
    missing = [column for column in _COLUMNS.values() if column not in (reader.fieldnames or ())]
    if missing:
        raise AudioFormatError(f"{label}: not CirCor's table of patients: no column {', '.join(map(repr, missing))}")
    patients: dict[str, Patient] = {}
    try:
        for row in reader:
            patient = _parse_patient(row)
            if patient.id in patients:
                raise ValueError(f"patient {patient.id} is listed twice")
            patients[patient.id] = patient
    except (csv.Error, ValueError) as error:
        raise AudioFormatError(f"{label}: line {reader.line_num}: {error}") from None
    return list(patients.values())


def _parse_patient(row: dict[str, str | None]) -> Patient:
    cells = {name: (row[title] or "").strip() for name, title in _COLUMNS.items()}
    texts = {name: None if cell.lower() in {"", "nan"} else cell for name, cell in cells.items()}
    if texts["id"] is None:
        raise ValueError("no patient id")
    if texts["murmur"] not in {"Present", "Unknown", "Absent"}:
        raise ValueError(f"murmur must be Present, Unknown or Absent, not {texts['murmur']!r}")
    if texts["pregnant"] not in {None, "True", "False"}:
        raise ValueError(f"pregnancy status must be True or False, not {texts['pregnant']!r}")
    parsed: dict[str, Any] = {
        "locations": _sites(texts["locations"]),
        "murmur_locations": _sites(texts["murmur_locations"]),
        "most_audible": next(iter(_sites(texts["most_audible"])), None),
        "pregnant": texts["pregnant"] and texts["pregnant"] == "True",
        "height_cm": texts["height_cm"] and float(texts["height_cm"]),
        "weight_kg": texts["weight_kg"] and float(texts["weight_kg"]),
    }
    return Patient(**(texts | parsed))


def _sites(text: str | None) -> tuple[str, ...]:
    # A site recorded twice is listed twice: "AV+MV+MV".
    return tuple(dict.fromkeys(canonical_site(part) for part in text.split("+"))) if text else ()


def child_groups(patients: Iterable[Patient]) -> dict[str, str]:
    """Join the patient ids of each child, who may have been seen in more than one campaign.

    Ids linked by ``additional_id`` belong together, directly or through others, even through ids without a row.

    Parameters
    ----------
    patients : iterable of Patient

    Returns
    -------
    dict of str to str
        The group of each patient id: the lowest id of the child, with or without a row, so that most groups keep their id
        in a part of the table.
    """
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    ids = []
    for patient in patients:
        ids.append(patient.id)
        one, other = root(patient.id), root(patient.additional_id or patient.id)
        # The lower id becomes the root, so the order of the rows does not matter.
        low, high = sorted((one, other), key=_id_order)
        parent[high] = low
    return {patient_id: root(patient_id) for patient_id in ids}


def _id_order(patient_id: str) -> tuple[int, int, str]:
    if patient_id.isascii() and patient_id.isdigit():
        return 0, int(patient_id), patient_id
    return 1, 0, patient_id


def fold_of(group_id: str, n_folds: int = 5) -> int:
    """Return a child's fold, which depends on its id alone: the same in every run and on every machine.

    Parameters
    ----------
    group_id : str
        From `child_groups`.
    n_folds : int, default 5

    Returns
    -------
    int
        From 0 to ``n_folds - 1``, from a hash of the id.

    Raises
    ------
    ParameterError
        If ``n_folds`` is less than 1.
    """
    if n_folds < 1:
        raise ParameterError(f"n_folds must be 1 or more, not {n_folds!r}")
    digest = hashlib.sha256(group_id.encode("utf-8")).digest()
    return int.from_bytes(digest, "big") % n_folds
