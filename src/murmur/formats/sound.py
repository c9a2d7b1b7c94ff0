"""WAV and FLAC files, and samples as the integers that other formats store."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from murmur.errors import AudioFormatError, ParameterError
from murmur.io.recording import Recording
from murmur.io.writing import write_whole


def fits(samples: npt.NDArray[np.float32], bits: int) -> bool:
    """Whether integers of `bits` bits represent the samples exactly, with full scale at ±1."""
    digital = samples.astype(np.float64) * 2.0 ** (bits - 1)
    return bool(samples.min() >= -1.0 and samples.max() < 1.0 and (digital == np.rint(digital)).all())


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
    _write(path, recording, "WAV", next((bits for bits in (16, 24) if fits(recording.samples, bits)), None))


def write_flac(path: str | os.PathLike[str], recording: Recording) -> None:
    """Write a FLAC file with 16 bits if they represent the samples exactly, else rounded to 24; errors as in `write_wav`."""
    _write(path, recording, "FLAC", 16 if fits(recording.samples, 16) else 24)


def _write(path: str | os.PathLike[str], recording: Recording, format_: str, bits: int | None) -> None:
    """Write integers of `bits` bits, or float if None."""
    import soundfile

    rate = whole_rate(path, recording, format_)
    subtype, values = "FLOAT", recording.samples
    if bits is not None:  # soundfile takes them left-aligned
        subtype, values = f"PCM_{bits}", (as_pcm(recording.samples, bits) << (32 - bits)).astype(np.int32)

    def write(target: Path) -> None:
        with target.open("xb") as file:
            soundfile.write(file, values, rate, format=format_, subtype=subtype)

    try:
        write_whole(Path(path), write)
    except soundfile.SoundFileError as error:
        raise AudioFormatError(f"{os.fspath(path)}: can't be written as {format_}: {error}") from error
