"""CirCor DigiScope: children, with labels of every beat and of the murmur.

As published: ``training_data.csv``, and in ``training_data`` a recording ``13918_MV.wav`` with its beats in
``13918_MV.tsv``. ``patients.csv`` for the table, FLAC for WAV and other folders will do.

References
----------
Oliveira et al., The CirCor DigiScope dataset: from murmur detection to murmur classification, IEEE J. Biomed.
Health Inform. 26(6), 2022. https://doi.org/10.1109/JBHI.2021.3137048
"""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from murmur.datasets.dataset import Dataset, PublishedRecording, checked_folder, find_audio
from murmur.datasets.description import ODC_BY, About, Origin
from murmur.errors import MissingFileError
from murmur.formats.circor import Patient, child_groups, read_patients, read_segments
from murmur.io.info import RecordingInfo

__all__ = ["CIRCOR", "Circor", "CircorRecording"]

CIRCOR = About(
    name="circor",
    title="CirCor DigiScope (1.0.3)",
    holds="children at four sites, with beats, murmurs and their character labelled by experts",
    recordings=3163,
    size_gb=0.6,
    url="https://physionet.org/content/circor-heart-sound/1.0.3/",
    licence=ODC_BY,
    citation="Oliveira J et al. (2022). The CirCor DigiScope dataset: from murmur detection to murmur classification. IEEE "
    "Journal of Biomedical and Health Informatics 26(6). doi:10.1109/JBHI.2021.3137048. Data: PhysioNet, "
    "doi:10.13026/tshs-mw03",
    origin=Origin(
        files="https://physionet.org/files/circor-heart-sound/1.0.3/",
        listing="https://physionet.org/files/circor-heart-sound/1.0.3/SHA256SUMS.txt",
        tables=("LICENSE*", "training_data.csv"),
    ),
)

_TABLES = ("patients.csv", "training_data.csv")
#: Labels of a patient that go into a manifest.
_LABELS = (
    "murmur",
    "timing",
    "shape",
    "grading",
    "pitch",
    "quality",
    "diastolic_timing",
    "outcome",
    "age",
    "sex",
    "campaign",
)


@dataclass(frozen=True, slots=True)
class CircorRecording(PublishedRecording):
    """A recording of CirCor.

    Attributes
    ----------
    record : Patient
        The patient's row.
    child : str
        What all patient ids of one child have in common, who may have been seen twice: split by it.
    segments : Path or None
        The beat labels (``.tsv``); None where there are none.
    """

    record: Patient
    child: str
    segments: Path | None

    @property
    def murmur(self) -> str | None:
        """Present, unknown or absent; None at a site where a patient's murmur is not heard: neither present nor absent."""
        return self.record.murmur_at(self.info.site)

    def intervals(self) -> list[tuple[float, float, int]]:
        """Read the beat labels.

        Returns
        -------
        list of (float, float, int)
            Start and end in seconds, and the state: 1 S1, 2 systole, 3 S2, 4 diastole, 0 not labelled. Human, so some
            overlap or jump back. Empty where there are none.

        Raises
        ------
        AudioFormatError
            If the file is damaged; it names the file and the line.
        """
        return [] if self.segments is None else read_segments(self.segments)

    @property
    def labels(self) -> dict[str, str]:
        """The patient's labels, whether the murmur is heard at this site, and the child."""
        told = {f"label_{name}": getattr(self.record, name) or "" for name in _LABELS}
        heard = {"label_murmur_here": self.murmur or "", "label_murmur_sites": "+".join(self.record.murmur_locations)}
        return told | heard | {"label_child": self.child}


@dataclass(frozen=True, slots=True)
class Circor(Dataset[CircorRecording]):
    """CirCor in a folder.

    Attributes
    ----------
    patients : dict of str to Patient
        By id, in the table's order.
    children : dict of str to str
        Each patient id to its child's.
    """

    patients: dict[str, Patient]
    children: dict[str, str]

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Circor:
        """Open the data set; `murmur.datasets.open` tells what is raised."""
        home = checked_folder(folder, CIRCOR)
        table = next((home / name for name in _TABLES if (home / name).is_file()), None)
        if table is None:
            raise MissingFileError(f"{home}: no {' or '.join(_TABLES)}; name CirCor's own folder. {CIRCOR.where}")
        patients = {p.id: p for p in read_patients(table)}
        children = child_groups(patients.values())
        recordings, unlabelled = [], []
        for path in find_audio(home):
            info = RecordingInfo.from_path(path)
            if info.patient not in patients:
                unlabelled.append(f"{path}: {table.name} has no patient {info.patient or path.stem}")
                continue
            segments: Path | None = path.with_suffix(".tsv")
            if segments is not None and not segments.is_file():
                unlabelled.append(f"{path}: no beat labels, {path.stem}.tsv, beside it")
                segments = None
            recordings.append(CircorRecording(info, patients[info.patient], children[info.patient], segments))
        if not recordings:
            raise MissingFileError(f"{home}: no recording of a patient in {table.name} (13918_MV.wav …). {CIRCOR.where}")
        missing = _missing(patients, recordings, table)
        return cls(CIRCOR, home, tuple(recordings), tuple(missing), tuple(unlabelled), patients, children)


def _missing(patients: dict[str, Patient], recordings: list[CircorRecording], table: Path) -> list[str]:
    """Tell which recordings are not there, by the sites that the table names."""
    there = defaultdict(set)
    for recording in recordings:
        there[recording.info.patient].add(recording.info.site)
    return [
        f"patient {p.id}: no recording at {', '.join(lost)}, where {table.name} names one"
        for p in patients.values()
        if (lost := [site for site in p.locations if site not in there[p.id]])
    ]
