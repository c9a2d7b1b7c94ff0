"""The CirCor DigiScope data set's own formats: beat labels (``.tsv``) and the table of patients (``.csv``).

References
----------
Oliveira et al., The CirCor DigiScope dataset: from murmur detection to murmur classification, IEEE J. Biomed.
Health Inform. 26(6), 2022. https://doi.org/10.1109/JBHI.2021.3137048
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from murmur.errors import AudioFormatError, MissingFileError, ParameterError
from murmur.formats.labels import decimal, read_text
from murmur.io.naming import canonical_site
from murmur.io.writing import replacing

__all__ = [
    "Patient",
    "child_groups",
    "fold_of",
    "read_patients",
    "read_segments",
    "segments_text",
    "write_segments",
]

_STATES = range(5)  # 0 not labelled, 1 S1, 2 systole, 3 S2, 4 diastole


def read_segments(path: str | os.PathLike[str]) -> list[tuple[float, float, int]]:
    """Read beat labels: headerless lines of ``start_s<TAB>end_s<TAB>state``.

    The labels are human, so intervals that overlap, jump back in time or have no length are kept as they
    stand.

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
        If a line is not two times and a state; it names the file and the line.
    """
    intervals = []
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            intervals.append(_parse_interval(line))
        except ValueError as error:
            raise AudioFormatError(f"{os.fspath(path)}: line {number}: {error}: {line[:80]!r}") from None
    return intervals


def _parse_interval(line: str) -> tuple[float, float, int]:
    fields = line.split("\t")
    if len(fields) != 3:
        raise ValueError(f"expected start, end and state, parted by tabs, but found {len(fields)} field(s)")
    start_s, end_s = float(fields[0]), float(fields[1])
    state = int(fields[2])
    reason = _wrong_interval(start_s, end_s, state)
    if reason:
        raise ValueError(reason)
    return start_s, end_s, state


def _wrong_interval(start_s: float, end_s: float, state: int) -> str:
    """Say what is wrong with an interval; the empty string if nothing is."""
    if not (math.isfinite(start_s) and math.isfinite(end_s)):
        return "a time is not finite"
    if start_s < 0:
        return "the start is negative"
    if end_s < start_s:
        return "the end comes before the start"
    if state not in _STATES:
        return "the state is not one of 0 to 4"
    return ""


def write_segments(path: str | os.PathLike[str], intervals: Iterable[tuple[float, float, int]]) -> None:
    """Write beat labels as CirCor does; the file appears whole or not at all.

    Parameters
    ----------
    path : str or os.PathLike
        Where to; a file already there is replaced. The folder must exist.
    intervals : iterable of (float, float, int)
        Start and end in seconds, written with up to 6 decimals, and the state, 0 to 4.

    Raises
    ------
    ParameterError
        If an interval is not finite, begins before 0, ends before it starts, or has no such state.
    MissingFileError
        If the folder does not exist.
    OSError
        If the file can't be written, as on a full disk.
    """
    text = segments_text(intervals)
    target = Path(path)
    try:
        with replacing(target) as temporary:
            temporary.write_text(text, "ascii", newline="\n")
    except FileNotFoundError as error:
        raise MissingFileError(f"{target}: its folder does not exist; make it first") from error


def segments_text(intervals: Iterable[tuple[float, float, int]]) -> str:
    """Return what `write_segments` writes.

    Raises
    ------
    ParameterError
        If an interval is not finite, begins before 0, ends before it starts, or has no such state.
    """
    lines = []
    for number, (start_s, end_s, state) in enumerate(intervals):
        reason = _wrong_interval(start_s, end_s, state)
        if reason:
            raise ParameterError(f"interval {number}, {(start_s, end_s, state)!r}: {reason}")
        lines.append(f"{decimal(start_s)}\t{decimal(end_s)}\t{int(state)}\n")
    return "".join(lines)


@dataclass(frozen=True, slots=True)
class Patient:
    """One row of CirCor's table of patients; what the table leaves open (``nan``) is None.

    ``id`` and ``additional_id`` are two ids of one child, seen in two campaigns. Sites are murmur's own
    (``Phc`` is ``"other"``), each once. ``timing`` to ``quality`` are of the systolic murmur.
    """

    id: str
    additional_id: str | None
    locations: tuple[str, ...]
    age: str | None
    sex: str | None
    height_cm: float | None
    weight_kg: float | None
    pregnant: bool | None
    murmur: str
    murmur_locations: tuple[str, ...]
    most_audible: str | None
    timing: str | None
    shape: str | None
    grading: str | None
    pitch: str | None
    quality: str | None
    diastolic_timing: str | None
    diastolic_shape: str | None
    diastolic_grading: str | None
    diastolic_pitch: str | None
    diastolic_quality: str | None
    outcome: str | None
    campaign: str | None

    def murmur_at(self, site: str) -> str | None:
        """Present, unknown or absent; None at a site where a patient's murmur is not heard: neither present nor absent."""
        if self.murmur == "Present":
            return "present" if site in self.murmur_locations else None
        return self.murmur.lower()


_COLUMNS = {
    "id": "Patient ID",
    "additional_id": "Additional ID",
    "locations": "Recording locations:",
    "age": "Age",
    "sex": "Sex",
    "height_cm": "Height",
    "weight_kg": "Weight",
    "pregnant": "Pregnancy status",
    "murmur": "Murmur",
    "murmur_locations": "Murmur locations",
    "most_audible": "Most audible location",
    "timing": "Systolic murmur timing",
    "shape": "Systolic murmur shape",
    "grading": "Systolic murmur grading",
    "pitch": "Systolic murmur pitch",
    "quality": "Systolic murmur quality",
    "diastolic_timing": "Diastolic murmur timing",
    "diastolic_shape": "Diastolic murmur shape",
    "diastolic_grading": "Diastolic murmur grading",
    "diastolic_pitch": "Diastolic murmur pitch",
    "diastolic_quality": "Diastolic murmur quality",
    "outcome": "Outcome",
    "campaign": "Campaign",
}


def read_patients(path: str | os.PathLike[str]) -> list[Patient]:
    """Read CirCor's table of patients.

    Parameters
    ----------
    path : str or os.PathLike
        The data set's ``training_data.csv``, or a part of it under another name. Columns beyond CirCor's are
        ignored.

    Returns
    -------
    list of Patient
        In the table's order.

    Raises
    ------
    MissingFileError
        If there is no readable file.
    AudioFormatError
        If a column is missing, a patient comes twice, or a field can't be read; it names the file and the
        line.
    """
    label = os.fspath(path)
    reader = csv.DictReader(io.StringIO(read_text(path), newline=""))
    missing = [column for column in _COLUMNS.values() if column not in (reader.fieldnames or ())]
    if missing:
        raise AudioFormatError(f"{label}: not CirCor's table of patients: no column {', '.join(map(repr, missing))}")
    patients = []
    seen: set[str] = set()
    try:
        for row in reader:
            try:
                patient = _parse_patient(row)
                if patient.id in seen:
                    raise ValueError(f"patient {patient.id} comes twice")
            except ValueError as error:
                raise AudioFormatError(f"{label}: line {reader.line_num}: {error}") from None
            seen.add(patient.id)
            patients.append(patient)
    except csv.Error as error:
        raise AudioFormatError(f"{label}: line {reader.line_num}: {error}") from None
    return patients


def _parse_patient(row: dict[str, str | None]) -> Patient:
    texts: dict[str, str | None] = {}
    for field, column in _COLUMNS.items():
        text = (row[column] or "").strip()
        texts[field] = None if text.lower() in {"", "nan"} else text
    patient_id, murmur, most_audible = texts.pop("id"), texts.pop("murmur"), texts.pop("most_audible")
    if patient_id is None:
        raise ValueError("no patient id")
    if murmur not in {"Present", "Unknown", "Absent"}:
        raise ValueError(f"murmur must be Present, Unknown or Absent, not {murmur!r}")
    pregnant = texts.pop("pregnant")
    if pregnant not in {None, "True", "False"}:
        raise ValueError(f"pregnancy status must be True or False, not {pregnant!r}")
    return Patient(
        id=patient_id,
        murmur=murmur,
        most_audible=canonical_site(most_audible) if most_audible else None,
        locations=_sites(texts.pop("locations")),
        murmur_locations=_sites(texts.pop("murmur_locations")),
        height_cm=_number(texts.pop("height_cm")),
        weight_kg=_number(texts.pop("weight_kg")),
        pregnant=None if pregnant is None else pregnant == "True",
        **texts,
    )


def _sites(text: str | None) -> tuple[str, ...]:
    # A site recorded twice is listed twice: "AV+MV+MV".
    return tuple(dict.fromkeys(canonical_site(part) for part in text.split("+"))) if text else ()


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)


def child_groups(patients: Iterable[Patient]) -> dict[str, str]:
    """Join the patient ids that are one child, seen in more than one campaign.

    Ids joined by ``additional_id`` belong together, also over several steps and through ids that have no row
    here.

    Parameters
    ----------
    patients : iterable of Patient

    Returns
    -------
    dict of str to str
        Each patient's id to its group's id: the lowest id of the child, with a row or without, so that most
        groups keep their id when the table is a part of a larger one.
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
        # The lower id becomes the root, hence a group's name does not depend on the rows' order.
        low, high = sorted((one, other), key=_id_order)
        parent[high] = low
    return {patient_id: root(patient_id) for patient_id in ids}


def _id_order(patient_id: str) -> tuple[int, int, str]:
    if patient_id.isascii() and patient_id.isdigit():
        return 0, int(patient_id), patient_id
    return 1, 0, patient_id


def fold_of(group_id: str, n_folds: int = 5) -> int:
    """Give a child's fold, the same in every run, on every machine and whoever else is in the data.

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
