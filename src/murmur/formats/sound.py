"""WAV and FLAC files, and samples as the integers that other formats store."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from murmur.errors import AudioFormatError, ParameterError
from murmur.io.recording import Recording
from murmur.io.writing import write_whole


def fits(samples: npt.NDArray[np.float32], bits: int) -> bool:
    """Whether integers of `bits` bits represent the samples exactly, with full scale at ±1."""
    digital = samples.astype(np.float64) * 2.0 ** (bits - 1)
    return bool(
        digital.min() >= -(2 ** (bits - 1)) and digital.max() < 2 ** (bits - 1) and (digital == np.rint(digital)).all()
    )


def as_pcm(samples: npt.NDArray[np.float32], bits: int) -> npt.NDArray[np.int64]:
    """Return samples as integers of `bits` bits, full scale at ±1; a louder recording is scaled down as a whole."""
    peak = float(np.abs(samples).max(initial=0.0))
    scale = 2.0 ** (bits - 1)
    digital = np.rint(samples.astype(np.float64) * (scale / max(peak, 1.0)))
    return np.minimum(digital, scale - 1.0).astype(np.int64)


def whole_rate(path: str | os.PathLike[str], recording: Recording, format_: str) -> int:
    """Return the sample rate for a format that only stores integers; ParameterError if it is not one."""
    if recording.sample_rate_hz != int(recording.sample_rate_hz):
        raise ParameterError(f"{os.fspath(path)}: {format_} can't store a sample rate of {recording.sample_rate_hz:.10g} Hz")
    return int(recording.sample_rate_hz)


def write_wav(path: str | os.PathLike[str], recording: Recording) -> None:
    """Write a WAV file with 16 bits if they represent the samples exactly, else 24, else 32-bit float.

    Raises
    ------
    ParameterError
        If the sample rate is not an integer.
    OutputError
        If it can't be written.
    """
    exact = next((bits for bits in (16, 24) if fits(recording.samples, bits)), None)
    if exact is None:
        _write(path, recording, "WAV", "FLOAT", recording.samples)
    else:
        _write(path, recording, "WAV", f"PCM_{exact}", _left(as_pcm(recording.samples, exact), exact))


def write_flac(path: str | os.PathLike[str], recording: Recording) -> None:
    """Write a FLAC file with 16 bits if they represent the samples exactly, else rounded to 24; errors as in `write_wav`."""
    bits = 16 if fits(recording.samples, 16) else 24
    _write(path, recording, "FLAC", f"PCM_{bits}", _left(as_pcm(recording.samples, bits), bits))


def _left(digital: npt.NDArray[np.int64], bits: int) -> npt.NDArray[np.int32]:
    return (digital << (32 - bits)).astype(np.int32)


def _write(path: str | os.PathLike[str], recording: Recording, format_: str, subtype: str, values: npt.NDArray[Any]) -> None:
    import soundfile

    rate = whole_rate(path, recording, format_)

    def write(target: Path) -> None:
        with target.open("xb") as file:
            soundfile.write(file, values, rate, format=format_, subtype=subtype)

    try:
        write_whole(Path(path), write)
    except soundfile.SoundFileError as error:
        raise AudioFormatError(f"{os.fspath(path)}: can't be written as {format_}: {error}") from error
