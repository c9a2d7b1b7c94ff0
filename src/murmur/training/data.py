"""CirCor DigiScope as published: recordings with their beat labels, patients, and folds by child."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from murmur.errors import MissingFileError
from murmur.formats.circor import Patient, child_groups, fold_of, read_patients, read_segments
from murmur.naming import parse_name

__all__ = ["N_FOLDS", "CircorSet", "LabelledRecording", "murmur_label", "read_circor"]

N_FOLDS = 5


@dataclass(frozen=True, slots=True)
class LabelledRecording:
    """One recording with its labelled states; `intervals` leaves out what is not labelled (state 0)."""

    path: Path
    patient: str
    site: str
    fold: int
    sample_rate_hz: float
    intervals: tuple[tuple[float, float, int], ...]

    @property
    def name(self) -> str:
        """File name without its ending."""
        return self.path.stem

    def samples(self) -> NDArray[np.float32]:
        """Read the audio."""
        return soundfile.read(self.path, dtype="float32")[0]  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class CircorSet:
    """The data set: patients by id, and recordings in the order of their names."""

    patients: dict[str, Patient]
    folds: dict[str, int]
    recordings: tuple[LabelledRecording, ...]


def read_circor(folder: str | Path) -> CircorSet:
    """Read CirCor as published, audio as WAV or FLAC: a patients' CSV, and a folder of recordings with ``.tsv`` labels.

    Folds come from a hash of the child: patient ids joined by ``Additional ID`` are one.
    """
    folder = Path(folder)
    tables = [folder / "patients.csv", folder / "training_data.csv"]
    table = next((t for t in tables if t.is_file()), None)
    if table is None:
        raise MissingFileError(f"{folder}: no patients.csv or training_data.csv; name CirCor's own folder")
    patients = {p.id: p for p in read_patients(table)}
    groups = child_groups(patients.values())
    folds = {id_: fold_of(groups[id_], N_FOLDS) for id_ in patients}
    audio = sorted(p for p in folder.rglob("*") if p.suffix in (".wav", ".flac") and p.with_suffix(".tsv").is_file())
    recordings = []
    for path in audio:
        name = parse_name(path)
        if name.patient not in patients:
            continue
        intervals = tuple(i for i in read_segments(path.with_suffix(".tsv")) if i[2] != 0)
        rate = float(soundfile.info(path).samplerate)
        recordings.append(LabelledRecording(path, name.patient, name.site, folds[name.patient], rate, intervals))
    return CircorSet(patients, folds, tuple(recordings))


def murmur_label(recording: LabelledRecording, patient: Patient) -> str | None:
    """Present, unknown or absent; None at a site where a patient's murmur is not heard: neither present nor absent."""
    if patient.murmur == "Present":
        return "present" if recording.site in patient.murmur_locations else None
    return patient.murmur.lower()
