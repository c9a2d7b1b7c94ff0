"""Rows of the tables and how they are written: recordings, cycles, patients."""

from __future__ import annotations

import csv
import io
import math
import os
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from murmur.errors import OutputError
from murmur.records import Record

if TYPE_CHECKING:
    from murmur.analysis import Analysis
    from murmur.findings import Finding
    from murmur.models import Models
    from murmur.patient import PatientAnalysis, SiteFigures
    from murmur.settings import Settings

__all__ = [
    "CYCLE_COLUMNS",
    "PATIENT_COLUMNS",
    "RECORDING_COLUMNS",
    "Cell",
    "Failure",
    "Row",
    "TableWriter",
    "cycle_rows",
    "patient_row",
    "patients_of",
    "recording_columns",
    "recording_row",
    "site_figures_from_row",
    "table_text",
]

Cell = str | float | int | bool | None
Row = dict[str, Cell]

#: The first ones, as far as `mitral_regurgitation_score`, are promised in this order.
RECORDING_COLUMNS = (
    "path",
    "status",
    "error",
    "duration_s",
    "sample_rate_hz",
    "patient",
    "site",
    "position",
    "visit",
    "quality",
    "heart_rate_bpm",
    "rhythm_irregularity",
    "cycles",
    "murmur",
    "murmur_probability",
    "unknown_probability",
    "murmur_level_db",
    "systolic_timing",
    "holosystolic_probability",
    "systolic_shape",
    "systolic_pitch",
    "systolic_quality",
    "blowing_probability",
    "grade",
    "diastolic_murmur_probability",
    "s1_s2_level_db",
    "s1_intensity",
    "s2_split_ms",
    "s3_probability",
    "s4_probability",
    "click_probability",
    "mitral_regurgitation_score",
    "absent_probability",
    "above_quiet_db",
    "murmur_extent",
    "murmur_onset",
    "murmur_end",
    "timing_probability",
    "shape_probability",
    "pitch_probability",
    "character_probability",
    "grade_probability",
    "centroid_hz",
    "late_diastole_quiet",
    "s1_departure_db",
    "quiet_s1_probability",
    "wide_s2_split_probability",
    "systole_s",
    "diastole_s",
    "rmssd_ms",
    "pnn50",
    "sample_entropy",
    "irregular_rhythm_probability",
    "premature_beats",
    "pauses",
    "trusted_cycles",
    "quality_reasons",
    "clipped_fraction",
    "spiked_fraction",
    "lost_fraction",
    "notes",
    "version",
    "settings",
)

CYCLE_COLUMNS = (
    "path",
    "patient",
    "site",
    "cycle",
    "s1_onset_s",
    "systole_onset_s",
    "s2_onset_s",
    "diastole_onset_s",
    "end_s",
    "confidence",
    "trusted",
    "s1_s2_level_db",
    "murmur_above_late_diastole_db",
)

#: Parts of the patient's score, as `PatientAnalysis.score_parts` names them.
SCORE_PARTS = ("pansystolic_murmur", "quiet_s1", "loudest_at_the_apex")

PATIENT_COLUMNS = (
    "patient",
    "recordings",
    "murmur",
    "murmur_probability",
    "unknown_probability",
    "grade",
    "loudest_site",
    "murmur_sites",
    "radiates_to_axilla",
    "readable",
    "holosystolic_probability",
    "blowing_probability",
    "s1_intensity",
    "quiet_s1_probability",
    "apex_over_base_db",
    *(f"score_{part}" for part in SCORE_PARTS),
    "mitral_regurgitation_score",
)

#: Decimals by the end of a column's name; what has none of these endings is a probability or a share.
_DECIMALS = {"_db": 2, "_ms": 1, "_hz": 1, "_bpm": 1, "_s": 4}
#: The classes' probabilities enter a patient's figures as log odds, which need more of a small one.
_FINE = ("murmur_probability", "unknown_probability", "absent_probability")


@dataclass(frozen=True, slots=True)
class Failure(Record):
    """A recording that could not be analyzed, and why."""

    path: str
    patient: str
    site: str
    position: str
    visit: str
    status: str
    error: str


# --- rows -------------------------------------------------------------------------------


def recording_row(result: Analysis | Failure) -> Row:
    """Give the row of ``recordings.csv`` for one recording, failed or not, shape {column: cell}.

    Of an unreadable recording the figures are left empty: nothing should rest on them.
    """
    row: Row = dict.fromkeys(RECORDING_COLUMNS)
    row |= {
        "path": result.path,
        "status": result.status,
        "error": result.error,
        "patient": result.patient,
        "site": result.site,
        "position": result.position,
        "visit": result.visit,
    }
    if isinstance(result, Failure):
        return row
    quality = result.quality
    row |= {
        "duration_s": result.duration_s,
        "sample_rate_hz": result.sample_rate_hz,
        "quality": quality.index,
        "cycles": len(result.segmentation.beats),
        "trusted_cycles": quality.trusted_beats,
        "quality_reasons": "; ".join(quality.reasons),
        "clipped_fraction": quality.clipped_fraction,
        "spiked_fraction": quality.spiked_fraction,
        "lost_fraction": quality.lost_fraction,
        "murmur": result.findings.murmur.value,
        "notes": "; ".join(result.notes),
        "version": result.version,
        "settings": result.settings,
    }
    if result.status == "ok":
        row |= _figures(result)
    return _rounded(row)


def _figures(analysis: Analysis) -> Row:
    found, rhythm, sounds, murmur = analysis.findings, analysis.rhythm, analysis.heart_sounds, analysis.murmur
    row: Row = {
        "heart_rate_bpm": rhythm.heart_rate_bpm,
        "rhythm_irregularity": rhythm.irregularity,
        "systole_s": rhythm.systole_s,
        "diastole_s": rhythm.diastole_s,
        "rmssd_ms": rhythm.rmssd_ms,
        "pnn50": rhythm.pnn50,
        "sample_entropy": rhythm.sample_entropy,
        "irregular_rhythm_probability": found.irregular_rhythm.probability,
        "premature_beats": None if found.premature_beats.value is None else rhythm.premature_beats,
        "pauses": len(rhythm.pauses),
        "murmur_probability": found.murmur.present_probability,
        "unknown_probability": found.murmur.unknown_probability,
        "absent_probability": found.murmur.absent_probability,
        "systolic_timing": found.systolic_timing.value,
        "timing_probability": found.systolic_timing.probability,
        "holosystolic_probability": _given(found.systolic_timing, "p_holosystolic"),
        "systolic_shape": found.systolic_shape.value,
        "shape_probability": found.systolic_shape.probability,
        "systolic_pitch": found.systolic_pitch.value,
        "pitch_probability": found.systolic_pitch.probability,
        "systolic_quality": found.systolic_quality.value,
        "character_probability": found.systolic_quality.probability,
        "blowing_probability": _given(found.systolic_quality, "p_blowing"),
        "grade": found.grade.value,
        "grade_probability": found.grade.probability,
        "diastolic_murmur_probability": found.diastolic_murmur.probability,
        "s1_intensity": found.s1_intensity.value,
        "s1_departure_db": _given(found.s1_intensity, "departure_db"),
        "quiet_s1_probability": found.s1_intensity.probability,
        "s2_split_ms": found.s2_split.value,
        "wide_s2_split_probability": found.s2_split.probability,
        "s3_probability": found.s3.probability,
        "s4_probability": found.s4.probability,
        "click_probability": found.click.probability,
        "mitral_regurgitation_score": found.mitral_regurgitation.value,
    }
    if sounds is not None:
        row["s1_s2_level_db"] = sounds.s1_s2_level_db
    if murmur is not None:
        row |= {
            "murmur_level_db": murmur.level_db,
            "above_quiet_db": murmur.above_quiet_db,
            "murmur_extent": murmur.extent,
            "murmur_onset": murmur.onset,
            "murmur_end": murmur.end,
            "late_diastole_quiet": murmur.late_diastole_quiet,
            "centroid_hz": murmur.spectrum.centroid_hz if murmur.spectrum else None,
        }
    return row


def _given(finding: Finding, name: str) -> float | None:
    return None if finding.value is None else finding.evidence.get(name)


def cycle_rows(analysis: Analysis) -> Iterator[Row]:
    """Give the rows of ``cycles.csv`` for one recording, beat by beat."""
    beats, figures = analysis.segmentation.beats, analysis.cycles
    columns = {
        **{name: getattr(beats, name).tolist() for name in CYCLE_COLUMNS[4:10]},
        **{name: getattr(figures, name).tolist() for name in CYCLE_COLUMNS[10:]},
    }
    for number, values in enumerate(zip(*columns.values(), strict=True), start=1):
        row: Row = {"path": analysis.path, "patient": analysis.patient, "site": analysis.site, "cycle": number}
        row |= zip(columns, values, strict=True)
        yield _rounded(row)


def patient_row(patient: PatientAnalysis) -> Row:
    """Give the row of ``patients.csv`` for one patient; sites are joined with ``+``, as CirCor does."""
    row: Row = {name: getattr(patient, name, None) for name in PATIENT_COLUMNS}
    row["murmur_sites"] = "+".join(patient.murmur_sites)
    row |= {f"score_{part}": patient.score_parts.get(part) for part in SCORE_PARTS}
    return _rounded(row)


def _rounded(row: Row) -> Row:
    return {name: _round(name, cell) for name, cell in row.items()}


def _round(name: str, cell: Cell) -> Cell:
    if not isinstance(cell, float):
        return cell
    if not math.isfinite(cell):
        return None
    decimals = 6 if name in _FINE else next((d for end, d in _DECIMALS.items() if name.endswith(end)), 4)
    return round(cell, decimals) + 0.0  # no "-0.0"


# --- from rows back to patients ---------------------------------------------------------


def site_figures_from_row(row: Mapping[str, Cell]) -> SiteFigures:
    """Take from a row of ``recordings.csv``, as made or as stored, what a patient's figures need."""
    from murmur.patient import SiteFigures

    return SiteFigures(
        site=str(row["site"] or ""),
        readable=row["status"] == "ok",
        present_probability=_number(row["murmur_probability"]),
        unknown_probability=_number(row["unknown_probability"]),
        absent_probability=_number(row["absent_probability"]),
        murmur_level_db=_number(row["murmur_level_db"]),
        holosystolic_probability=_number(row["holosystolic_probability"]),
        blowing_probability=_number(row["blowing_probability"]),
        s1_departure_db=_number(row["s1_departure_db"]),
        score=_number(row["mitral_regurgitation_score"]),
    )


def _number(cell: Cell) -> float | None:
    return None if cell is None or cell == "" else float(cell)


def patients_of(
    rows: Iterable[Mapping[str, Cell]], settings: Settings | None = None, models: Models | None = None
) -> Iterator[PatientAnalysis]:
    """Join the rows of ``recordings.csv`` to patients, in the order in which they are first named."""
    from murmur.patient import join_patient

    sites: dict[str, list[SiteFigures]] = {}
    for row in rows:
        if row["patient"]:
            sites.setdefault(str(row["patient"]), []).append(site_figures_from_row(row))
    for patient, figures in sites.items():
        yield join_patient(patient, figures, settings, models)


# --- CSV --------------------------------------------------------------------------------


def recording_columns(extra: Iterable[str]) -> dict[str, str]:
    """Columns of a manifest to their names in ``recordings.csv``: one of ours keeps its meaning."""
    return {name: f"manifest_{name}" if name in RECORDING_COLUMNS else name for name in extra}


def table_text(columns: Sequence[str], rows: Iterable[Mapping[str, Cell]]) -> str:
    """Write rows as CSV text, without the header; a missing cell is empty."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)
    return text.getvalue()


def _cell(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


class TableWriter:
    """A CSV file that appears whole or not at all: written beside its place, and moved there by `commit`.

    Raises
    ------
    OutputError
        From any method, when the file can't be written.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path, self.columns = path, tuple(columns)
        self._temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
        try:
            # a file name that is not text is still told, byte by byte
            self._file = self._temporary.open("x", encoding="utf-8", errors="backslashreplace", newline="")
        except OSError as error:
            raise OutputError(f"{path}: can't be written: {error.strerror or error}") from error
        self.write_text(",".join(_quoted(name) for name in self.columns) + "\n")

    def write(self, row: Mapping[str, Cell]) -> None:
        """Add a row; columns that it lacks stay empty."""
        self.write_text(table_text(self.columns, [row]))

    def write_text(self, text: str) -> None:
        """Add rows that `table_text` made."""
        try:
            self._file.write(text)
        except OSError as error:
            raise OutputError(f"{self.path}: writing failed: {error.strerror or error}") from error

    def rows(self) -> Iterator[dict[str, str]]:
        """Read back what has been written so far."""
        self._file.flush()
        with self._temporary.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)

    def commit(self) -> None:
        """Put the file in its place, on the disk and not only on its way there."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._temporary.replace(self.path)
        except OSError as error:
            raise OutputError(f"{self.path}: writing failed: {error.strerror or error}") from error

    def discard(self) -> None:
        """Leave nothing behind, unless `commit` was called."""
        try:
            self._file.close()
        except OSError:  # what it still held does not fit on a full disk; it is not wanted either
            pass
        finally:
            self._temporary.unlink(missing_ok=True)


def _quoted(name: str) -> str:
    return table_text(["name"], [{"name": name}]).rstrip("\n")
