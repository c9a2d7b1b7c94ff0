"""PhysioNet/CinC Challenge 2016: normal and abnormal hearts from six sources, one of them with an ECG.

As published: folders ``training-a`` to ``training-f``, each with ``REFERENCE.csv`` (record, 1 abnormal or -1 normal),
``REFERENCE-SQI.csv`` (also 1 good or 0 unsure), the sound in ``a0001.wav``, and a WFDB header ``a0001.hea`` that names the
signals. All but four records of training-a have an ECG, in ``a0001.dat``. The patients are not published.

References
----------
Liu C et al. (2016). An open access database for the evaluation of heart sound algorithms. Physiological Measurement 37.
https://doi.org/10.1088/0967-3334/37/12/2181
"""

from __future__ import annotations

import csv
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from murmur.datasets.dataset import Dataset, PublishedRecording, find_audio, reading
from murmur.datasets.description import ODC_BY, About, physionet
from murmur.errors import AudioFormatError, MissingFileError, ParameterError
from murmur.io.access import require
from murmur.io.info import RecordingInfo

CINC2016 = About(
    name="cinc2016",
    title="PhysioNet/CinC Challenge 2016 (1.0.0)",
    holds="normal and abnormal hearts from six sources (training-a to f), those of training-a with an ECG",
    recordings=3240,
    size_gb=0.4,
    url="https://physionet.org/content/challenge-2016/1.0.0/",
    licence=ODC_BY,
    citation="Liu C et al. (2016). An open access database for the evaluation of heart sound algorithms. Physiological "
    "Measurement 37. doi:10.1088/0967-3334/37/12/2181",
    origin=physionet(
        "challenge-2016/1.0.0",
        # validation holds copies of training recordings, the archives hold all files again; the rest is not data
        left_out=("*.zip", "validation/*", "papers/*", "sources/*"),
        tables=("LICENSE*", "training-?/REFERENCE*.csv"),
    ),
)

_RECORD = re.compile(r"(?P<subset>[a-f])\d{4,5}")
_REFERENCES = {"-1": "normal", "1": "abnormal", "0": "unsure"}
_QUALITIES = {"1": "good", "0": "unsure"}


@dataclass(frozen=True, slots=True)
class Cinc2016Recording(PublishedRecording):
    """A recording of CinC 2016; patient and site are not published.

    Attributes
    ----------
    subset : str
        "a" to "f", by place and device.
    reference : str or None
        "normal", "abnormal" or "unsure", by the patient's diagnosis; None if no table lists it.
    quality : str or None
        "good", or "unsure" if it is too noisy to judge; None if no table lists it.
    header : Path or None
        The WFDB header; None if there is none.
    """

    subset: str
    reference: str | None
    quality: str | None
    header: Path | None

    @property
    def has_ecg(self) -> bool:
        """Whether the header names an ECG.

        Raises
        ------
        AudioFormatError
            If the header is damaged.
        """
        return self.header is not None and "ECG" in signal_names(self.header)

    def ecg(self) -> tuple[NDArray[np.float64], float]:
        """Read the ECG; needs wfdb (extra: bench).

        Returns
        -------
        ndarray of float64, shape (n_samples,)
            In mV; 0 where nothing was recorded.
        float
            Its sample rate in Hz.

        Raises
        ------
        ParameterError
            If there is none, or wfdb is not installed.
        MissingFileError
            If the header names an ECG but its file is missing.
        """
        if not self.has_ecg:
            raise ParameterError(f"{self.path}: no ECG was recorded; see has_ecg")
        assert self.header is not None
        wfdb = require("wfdb", str(self.path), "reading an ECG", extra="bench")
        try:
            record = wfdb.rdrecord(str(self.header.with_suffix("")), channel_names=["ECG"])
        except FileNotFoundError as error:
            raise MissingFileError(f"{self.header}: names an ECG, but {error.filename} is missing") from error
        return np.nan_to_num(np.asarray(record.p_signal[:, 0], dtype=np.float64)), float(record.fs)

    @property
    def labels(self) -> dict[str, str]:
        """Reference, quality and subset."""
        return {
            "label_reference": self.reference or "",
            "label_quality": self.quality or "",
            "label_subset": self.subset,
        }


@dataclass(frozen=True, slots=True)
class Cinc2016(Dataset[Cinc2016Recording]):
    """CinC 2016, or one of its folders."""

    about = CINC2016
    example = "a0001.wav"

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Self:
        """Open the data set; see `murmur.datasets.open` for errors."""
        home = cls._checked(folder)
        references = _read_tables(home, "REFERENCE.csv", _REFERENCES, column=1)
        qualities = _read_tables(home, "REFERENCE_withSQI.csv", _QUALITIES, column=2)  # in folders of their own
        qualities |= _read_tables(home, "REFERENCE-SQI.csv", _QUALITIES, column=2)  # next to REFERENCE.csv
        audio, headers = (
            {p.stem: p for p in paths if _is_original(p, home) and _RECORD.fullmatch(p.stem)}
            for paths in (find_audio(home), sorted(home.rglob("*.hea")))
        )
        missing = [f"{headers[name]}: no {name}.wav in its folder" for name in headers if name not in audio]
        recordings, unlabelled = [], []
        for name, path in audio.items():
            if name not in references:
                unlabelled.append(f"{path}: no REFERENCE.csv lists it")
            known = references.get(name), qualities.get(name), headers.get(name)
            recordings.append(Cinc2016Recording(RecordingInfo(str(path)), name[0], *known))
        lost = [name for name in references if name not in audio and name not in headers]
        missing += [f"{home}: no {name}.wav, which a REFERENCE.csv lists" for name in lost]
        return cls(home, tuple(recordings), tuple(missing), tuple(unlabelled))


def _is_original(path: Path, home: Path) -> bool:
    """Whether a file is not one of the copies of training recordings."""
    return "validation" not in path.relative_to(home).parts[:-1]


def _read_tables(home: Path, name: str, words: dict[str, str], column: int) -> dict[str, str]:
    """Read one column of all tables of a name, by record; they have no header row."""
    found: dict[str, str] = {}
    for table in sorted(p for p in home.rglob(name) if _is_original(p, home)):
        with reading(table, "a table of references"), table.open(newline="", encoding="utf-8-sig") as file:
            for number, row in enumerate(csv.reader(file), start=1):
                if not any(cell.strip() for cell in row):
                    continue
                cell = row[column].strip() if len(row) > column else ""
                if cell not in words:
                    where = f"{table}: line {number}: column {column + 1}"
                    raise AudioFormatError(f"{where} must be one of {', '.join(words)}, not {cell!r}")
                found[row[0].strip()] = words[cell]
    return found


def signal_names(header: Path) -> list[str]:
    """Read the names of the signals from a WFDB header: what follows eight fields in each signal's line.

    Raises
    ------
    MissingFileError
        If it can't be read.
    AudioFormatError
        If it is not the header of a record.
    """
    with reading(header, "a WFDB header"):
        text = header.read_text(encoding="utf-8", errors="replace")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    try:
        count = int(lines[0].split()[1])
    except (IndexError, ValueError):
        raise AudioFormatError(f"{header}: not a WFDB header: its first line states no number of signals") from None
    if len(lines) <= count:
        raise AudioFormatError(f"{header}: promises {count} signals but describes {len(lines) - 1}")
    return [" ".join(line.split()[8:]) for line in lines[1 : count + 1]]
