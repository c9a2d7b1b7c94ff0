"""EDF+ and BDF+ files, written by edfio: the sound as signal PCG, its states as annotations with durations.

References
----------
https://www.edfplus.info/specs/edfplus.html
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from murmur.errors import ParameterError
from murmur.formats.labels import NAMES, Intervals, checked
from murmur.formats.sound import as_pcm, whole_rate
from murmur.io.access import require
from murmur.io.recording import Recording
from murmur.io.writing import write_whole
from murmur.segmentation.result import State

#: Lengths of a data record in seconds, the best first; a file is a whole number of records.
_RECORDS_S = (1.0, 0.5, 0.25, 0.2, 0.125, 0.1)


def write_edf(path: str | os.PathLike[str], recording: Recording, intervals: Intervals = ()) -> None:
    """Write a recording as EDF+ with 16 bits, full scale at ±1, and its states as annotations.

    An EDF file is a whole number of data records; if none of the usual lengths divides the recording, up to 0.1 s of silence
    is appended. The patient's id is written; name, date of birth and recording date are not.

    Raises
    ------
    ParameterError
        If the sample rate is not a multiple of 10 Hz, an interval is malformed, or edfio is not installed.
    OutputError
        If it can't be written.
    """
    _write(path, recording, intervals, bits=16)


def write_bdf(path: str | os.PathLike[str], recording: Recording, intervals: Intervals = ()) -> None:
    """Write a recording as BDF+, which is EDF+ with 24 bits; arguments and errors as in `write_edf`."""
    _write(path, recording, intervals, bits=24)


def _write(path: str | os.PathLike[str], recording: Recording, intervals: Intervals, *, bits: int) -> None:
    label = os.fspath(path)
    edfio = require("edfio", label, "writing EDF and BDF")
    rate = whole_rate(path, recording, "EDF")
    digital = as_pcm(recording.samples, bits)
    lengths = [second for second in _RECORDS_S if rate * second == int(rate * second)]
    record_s = next((second for second in lengths if len(digital) % int(rate * second) == 0), lengths[-1])
    if (missing := -len(digital) % int(rate * record_s)) != 0:
        if record_s > _RECORDS_S[-1]:
            raise ParameterError(
                f"{label}: EDF at {rate} Hz would need more than 0.1 s of added silence: resample to 4000 Hz"
            )
        digital = np.append(digital, np.zeros(missing, dtype=np.int64))
    full = 2 ** (bits - 1)
    notes = [
        edfio.EdfAnnotation(round(start_s, 6), round(end_s - start_s, 6), NAMES[state])
        for start_s, end_s, state in checked(intervals)
        if state != State.UNLABELLED
    ]
    kinds = (edfio.EdfSignal, edfio.Edf) if bits == 16 else (edfio.BdfSignal, edfio.Bdf)
    try:
        signal = kinds[0].from_digital(
            digital.astype(np.int16 if bits == 16 else np.int32),
            rate,
            label="PCG",
            transducer_type="heart sound",
            physical_range=(-1.0, 1.0),
            digital_range=(-full, full - 1),
        )
        patient = edfio.Patient(code=_code(recording.info.patient))
        whole = kinds[1]([signal], patient=patient, annotations=notes, data_record_duration=record_s)
    except ValueError as error:
        raise ParameterError(f"{label}: edfio can't write it: {error}") from error
    write_whole(Path(path), whole.write)


def _code(patient: str) -> str:
    """Return a patient's id as EDF+ allows it: ASCII without spaces."""
    return "_".join(patient.encode("ascii", "replace").decode("ascii").split()) or "X"
