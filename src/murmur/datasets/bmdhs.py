"""BMD-HS: adults with echo-confirmed valve disease, at four sites, sitting and supine.

As published: ``train.csv`` (a patient's diagnoses and the names of eight recordings), the recordings in ``train``
(``MR_002_sit_Mit.wav``), and ``additional_metadata.csv``. ``patients.csv`` for the table, FLAC
for WAV and other folders are accepted. Each file was normalised to its peak, so levels compare only within a file.

References
----------
Ali SN et al. (2024). BUET Multi-disease Heart Sound Dataset: a comprehensive auscultation dataset for developing
computer-aided diagnostic systems. https://arxiv.org/abs/2409.00724
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Self

from murmur.datasets.dataset import Dataset, PublishedRecording, find_audio, read_rows
from murmur.datasets.description import About, Origin
from murmur.errors import AudioFormatError
from murmur.io.info import RecordingInfo

BMDHS = About(
    name="bmdhs",
    title="BMD-HS (BUET Multi-disease Heart Sound)",
    holds="adults at four sites, sitting and supine, with echo-confirmed AS, AR, MR, MS or none",
    recordings=872,
    size_gb=0.15,
    url="https://github.com/sani002/BMD-HS-Dataset",
    licence="Creative Commons Attribution-NonCommercial-NoDerivatives 4.0 (CC BY-NC-ND 4.0, as its file LICENSE says: "
    "not for commercial use, and not to be shared changed)",
    citation="Ali SN et al. (2024). BUET Multi-disease Heart Sound Dataset: a comprehensive auscultation dataset for "
    "developing computer-aided diagnostic systems. arXiv:2409.00724",
    origin=Origin(
        files="https://raw.githubusercontent.com/sani002/BMD-HS-Dataset/HEAD/",
        listing="https://api.github.com/repos/sani002/BMD-HS-Dataset/git/trees/HEAD?recursive=1",
        kind="git",
        tables=("LICENSE*", "train.csv", "additional_metadata.csv"),
    ),
)

DIAGNOSES = ("AS", "AR", "MR", "MS", "N")
"""Aortic stenosis and regurgitation, mitral regurgitation and stenosis, normal."""

_NOT_STATED = {"", "N/A", "NA", "nan"}


@dataclass(frozen=True, slots=True)
class BmdHsPatient:
    """One patient.

    Attributes
    ----------
    id : str
        Such as "patient_002".
    diagnoses : tuple of str or None
        One or more of `DIAGNOSES`; None if they are not stated.
    age : str
        A range of years, such as "30-39"; this and the fields below are empty if they are not known.
    sex : str
        "M" or "F".
    smoker : bool or None
    lives : str
        "U" (urban) or "R" (rural).
    """

    id: str
    diagnoses: tuple[str, ...] | None
    age: str = ""
    sex: str = ""
    smoker: bool | None = None
    lives: str = ""


@dataclass(frozen=True, slots=True)
class BmdHsRecording(PublishedRecording):
    """A recording of BMD-HS.

    Attributes
    ----------
    record : BmdHsPatient
        The patient.
    """

    record: BmdHsPatient

    @property
    def diagnoses(self) -> tuple[str, ...] | None:
        """Diagnoses of the patient; None if they are not stated."""
        return self.record.diagnoses

    @property
    def labels(self) -> dict[str, str]:
        """0 or 1 for each diagnosis; age and sex."""
        stated = self.record.diagnoses
        labels = {f"label_{d}": "" if stated is None else str(int(d in stated)) for d in DIAGNOSES}
        return labels | {"label_age": self.record.age, "label_sex": self.record.sex}


@dataclass(frozen=True, slots=True)
class BmdHs(Dataset[BmdHsRecording]):
    """BMD-HS in a folder.

    Attributes
    ----------
    patients : dict of str to BmdHsPatient
        By id, in the order of the table, with and without recordings.
    """

    about = BMDHS
    example = "MR_002_sit_Mit.wav"

    patients: dict[str, BmdHsPatient]

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Self:
        """Open the data set; see `murmur.datasets.open` for errors."""
        home = cls._checked(folder)
        table = cls._table(home, "patients.csv", "train.csv")
        metadata = home / "additional_metadata.csv"
        rows = read_rows(metadata, ("patient_id",), "BMD-HS's metadata") if metadata.is_file() else []
        more = {row["patient_id"]: row for _, row in rows}
        audio = {p.stem: p for p in find_audio(home)}
        patients: dict[str, BmdHsPatient] = {}
        recordings, missing, unlabelled, named = [], [], [], set()
        for line, row in read_rows(table, ("patient_id", *DIAGNOSES), "BMD-HS's table of patients"):
            patient = _patient(row, more.get(row["patient_id"], {}), f"{table}: line {line}")
            if patient.id in patients:
                raise AudioFormatError(f"{table}: line {line}: patient {patient.id} is listed twice")
            patients[patient.id] = patient
            if patient.diagnoses is None:
                unlabelled.append(f"{patient.id}: {table.name} states no diagnoses")
            for name in (cell for column, cell in row.items() if column.startswith("recording_")):
                if name in _NOT_STATED:
                    continue
                named.add(name)
                if name in audio:
                    info = RecordingInfo.from_path(audio[name]).updated(patient.id)
                    recordings.append(BmdHsRecording(info, patient))
                else:
                    missing.append(f"{patient.id}: no {name}.wav, which {table.name} lists")
        unlabelled += [f"{path}: {table.name} does not list it" for name, path in audio.items() if name not in named]
        return cls(home, tuple(recordings), tuple(missing), tuple(unlabelled), patients)


def _patient(row: dict[str, str], more: dict[str, str], where: str) -> BmdHsPatient:
    cells = [row[d] for d in DIAGNOSES]
    if not row["patient_id"]:
        raise AudioFormatError(f"{where}: no patient_id")
    stated = any(cell not in _NOT_STATED for cell in cells)
    if stated and any(cell not in {"0", "1"} for cell in cells):
        raise AudioFormatError(f"{where}: {', '.join(DIAGNOSES)} must be 0 or 1 each, not {', '.join(cells)}")
    return BmdHsPatient(
        row["patient_id"],
        tuple(d for d, cell in zip(DIAGNOSES, cells, strict=True) if cell == "1") if stated else None,
        more.get("Age", ""),
        more.get("Gender", ""),
        {"0": False, "1": True}.get(more.get("Smoker", "")),
        more.get("Lives", ""),
    )
