"""CirCor DigiScope: children, with labels of the heart sounds and of the murmur.

As published: ``training_data.csv``, and in ``training_data`` recordings (``13918_MV.wav``) with their labels
(``13918_MV.tsv``). ``patients.csv`` for the table, FLAC for WAV and other folders are accepted.

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
from typing import Self

from murmur.datasets.dataset import Dataset, PublishedRecording, find_audio
from murmur.datasets.description import ODC_BY, About, physionet
from murmur.formats.circor import Patient, child_groups, read_patients, read_segments
from murmur.io.info import RecordingInfo

CIRCOR = About(
    name="circor",
    title="CirCor DigiScope (1.0.3)",
    holds="children at four sites, with heart sounds, murmurs and their character labelled by experts",
    recordings=3163,
    size_gb=0.6,
    url="https://physionet.org/content/circor-heart-sound/1.0.3/",
    licence=ODC_BY,
    citation="Oliveira J et al. (2022). The CirCor DigiScope dataset: from murmur detection to murmur classification. IEEE "
    "Journal of Biomedical and Health Informatics 26(6). doi:10.1109/JBHI.2021.3137048. Data: PhysioNet, "
    "doi:10.13026/tshs-mw03",
    origin=physionet("circor-heart-sound/1.0.3", tables=("LICENSE*", "training_data.csv")),
)

#: Fields of a patient that become labels in a manifest.
_LABELS = (
    *("murmur", "timing", "shape", "grading", "pitch", "quality", "diastolic_timing"),
    *("outcome", "age", "sex", "campaign"),
)


@dataclass(frozen=True, slots=True)
class CircorRecording(PublishedRecording):
    """A recording of CirCor.

    Attributes
    ----------
    record : Patient
        The patient.
    child : str
        Id of the child, who may have been seen twice under two patient ids: split data by it.
    segments : Path or None
        Labels of the heart sounds (``.tsv``); None if there are none.
    """

    record: Patient
    child: str
    segments: Path | None

    @property
    def murmur(self) -> str | None:
        """Present, unknown or absent; None at a site where the patient's murmur is not heard."""
        return self.record.murmur_at(self.info.site)

    def intervals(self) -> list[tuple[float, float, int]]:
        """Read the labels of the heart sounds.

        Returns
        -------
        list of (float, float, int)
            Start and end in seconds, and the state: 1 S1, 2 systole, 3 S2, 4 diastole, 0 not labelled. They are set by hand;
            some overlap or jump back. Empty if there are no labels.

        Raises
        ------
        AudioFormatError
            If the file is damaged; the message names the file and the line.
        """
        return [] if self.segments is None else read_segments(self.segments)

    @property
    def labels(self) -> dict[str, str]:
        """Labels of the patient, whether the murmur is heard at this site, and the child."""
        labels = {f"label_{name}": getattr(self.record, name) or "" for name in _LABELS}
        labels |= {"label_murmur_here": self.murmur or "", "label_murmur_sites": "+".join(self.record.murmur_locations)}
        return labels | {"label_child": self.child}


@dataclass(frozen=True, slots=True)
class Circor(Dataset[CircorRecording]):
    """CirCor in a folder.

    Attributes
    ----------
    patients : dict of str to Patient
        By id, in the order of the table.
    children : dict of str to str
        The child of each patient id.
    """

    about = CIRCOR
    example = "13918_MV.wav"

    patients: dict[str, Patient]
    children: dict[str, str]

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Self:
        """Open the data set; see `murmur.datasets.open` for errors."""
        home = cls._checked(folder)
        table = cls._table(home, "patients.csv", "training_data.csv")
        patients = {p.id: p for p in read_patients(table)}
        children = child_groups(patients.values())
        recordings, unlabelled = [], []
        for path in find_audio(home):
            info = RecordingInfo.from_path(path)
            if info.patient not in patients:
                unlabelled.append(f"{path}: {table.name} has no patient {info.patient or path.stem}")
                continue
            segments = path.with_suffix(".tsv")
            labelled = segments.is_file()
            if not labelled:
                unlabelled.append(f"{path}: no labels, {segments.name}, in its folder")
            child = children[info.patient]
            recordings.append(CircorRecording(info, patients[info.patient], child, segments if labelled else None))
        missing = _missing(patients, recordings, table)
        return cls(home, tuple(recordings), tuple(missing), tuple(unlabelled), patients, children)


def _missing(patients: dict[str, Patient], recordings: list[CircorRecording], table: Path) -> list[str]:
    """List the recordings that the table names but the folder lacks."""
    found = defaultdict(set)
    for recording in recordings:
        found[recording.info.patient].add(recording.info.site)
    return [
        f"patient {p.id}: no recording at {', '.join(lost)}, where {table.name} lists one"
        for p in patients.values()
        if (lost := [site for site in p.locations if site not in found[p.id]])
    ]
