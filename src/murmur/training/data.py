"""What trains: CirCor's recordings with their beat labels, patients, and folds by child."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from murmur.datasets.circor import Circor
from murmur.formats.circor import Patient, fold_of
from murmur.io.info import RecordingInfo

N_FOLDS = 5


@dataclass(frozen=True, slots=True)
class LabelledRecording:
    """One recording with its labelled states; `intervals` leaves out what is not labelled (state 0)."""

    info: RecordingInfo
    fold: int
    sample_rate_hz: float
    intervals: tuple[tuple[float, float, int], ...]

    @property
    def name(self) -> str:
        """File name without its ending."""
        return Path(self.info.path).stem

    def samples(self) -> NDArray[np.float32]:
        """Read the audio."""
        return soundfile.read(self.info.path, dtype="float32")[0]  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class CircorSet:
    """The data set: patients by id, and recordings in the order of their names."""

    patients: dict[str, Patient]
    folds: dict[str, int]
    recordings: tuple[LabelledRecording, ...]


def read_circor(folder: str | Path) -> CircorSet:
    """Read CirCor as published, what of it has beat labels: what trains, and what judges.

    Folds come from a hash of the child: patient ids joined by ``Additional ID`` are one.
    """
    data = Circor.open(folder)
    folds = {id_: fold_of(child, N_FOLDS) for id_, child in data.children.items()}
    recordings = []
    for item in data:
        if item.segments is not None:
            intervals = tuple(i for i in item.intervals() if i[2] != 0)
            rate = float(soundfile.info(item.path).samplerate)
            recordings.append(LabelledRecording(item.info, folds[item.info.patient], rate, intervals))
    return CircorSet(data.patients, folds, tuple(recordings))
