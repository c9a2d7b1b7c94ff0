"""Recordings: the one door through which sound comes in, and is checked.

A source is a path, a file object, a file's bytes, an array or a `Recording`. `open_source` streams it in
blocks, so that a day-long file is never wholly in memory; `load` is the same, gathered into a `Recording`.
What comes out is mono, finite and scaled so that integer PCM lies in ±1; everything else is refused with an
error that names the input, the value and the remedy.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from murmur.errors import ParameterError, TooLongError
from murmur.io.arrays import ArraySource, checked_array, open_array, to_float
from murmur.io.audio_file import FileSource
from murmur.io.byte_reader import ByteReader, adopt, open_path
from murmur.io.info import RecordingInfo
from murmur.io.kinds import kind_of
from murmur.io.limits import Watch, checked_rate, choose_channel
from murmur.io.remote import is_remote, open_remote
from murmur.io.source import Source

__all__ = ["AudioInput", "Recording", "load", "open_source"]

_MAX_LOADED_SAMPLES = 2**31  # 8 GiB


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One heart-sound recording.

    Building one converts the samples and refuses a rate out of range and samples that are not finite; whether
    the whole can be a heart sound (long enough, not silent) is checked where it is used, or by `load`.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Mono; full scale of integer PCM is ±1. Kept as a read-only view; integer PCM is converted.
    sample_rate_hz : float
        From 1 kHz to 192 kHz.
    info : RecordingInfo
        What is known of it besides its samples.
    notes : tuple of str
        What a reader should know: which of several channels was taken, a body cut short.
    """

    samples: npt.NDArray[np.float32]
    sample_rate_hz: float
    info: RecordingInfo = field(default_factory=RecordingInfo)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.info, RecordingInfo):
            raise ParameterError(f"info must be a RecordingInfo, not {self.info!r:.80}")
        label = self.info.path or "the recording"
        values = checked_array(self.samples, label)
        if values.ndim != 1:
            raise ParameterError(f"{label}: samples must be one channel, 1-D, not of shape {values.shape}")
        rate = checked_rate(self.sample_rate_hz, label, ParameterError)
        floats = to_float(values)
        if len(floats):
            floats = Watch(label, rate).passed(floats)
        samples = np.ascontiguousarray(floats, dtype=np.float32).view()
        samples.flags.writeable = False
        # A frozen dataclass leaves no other way to set a field.
        object.__setattr__(self, "samples", samples)
        object.__setattr__(self, "sample_rate_hz", rate)
        object.__setattr__(self, "notes", tuple(self.notes))

    @property
    def duration_s(self) -> float:
        """Duration in seconds."""
        return len(self.samples) / self.sample_rate_hz


AudioInput: TypeAlias = (
    str
    | os.PathLike[str]
    | IO[bytes]
    | bytes
    | bytearray
    | memoryview
    | npt.NDArray[Any]
    | Sequence[float]
    | Recording
    | RecordingInfo
)
"""What `load` and `open_source` take."""


def open_source(
    source: AudioInput,
    *,
    channel: int | None = None,
    site: str | None = None,
    patient: str | None = None,
    position: str | None = None,
    visit: str | None = None,
    sample_rate_hz: float | None = None,
) -> Source:
    """Open a recording to be read block by block.

    Parameters
    ----------
    source : str, os.PathLike, binary file object, bytes, array, Recording or RecordingInfo
        A file in WAV, FLAC or another format that libsndfile reads, EDF, BDF or DICOM (extra: formats): by its path, its
        URL (``s3://``, ``https://`` and what else fsspec knows), as an open file, read from where it stands (a pipe is
        read to its end), or as its bytes. The path of a WFDB header (``.hea``, same extra). Or samples, of shape
        (n_samples,) or (n_samples, n_channels): float, taken as they are, or PCM of dtype int8, int16, int32 or uint8,
        scaled to ±1. Of a RecordingInfo, the file at its path, with what it says in place of the file's name and header.
    channel : int, optional
        Which of several channels, from 0; without it the first, of WFDB, EDF and DICOM the first that is described as a
        heart sound, with a note.
    site, patient, position, visit : str, optional
        What is known of the recording; "" states that it isn't. Without them, the recording's own or what the
        file name tells (see `RecordingInfo.from_path`); of a patient whom it doesn't name, the id in an EDF or DICOM
        header.
    sample_rate_hz : float, optional
        Of an array, which needs it, from 1 kHz to 192 kHz. A file or a Recording has its own, which it must
        equal.

    Returns
    -------
    Source
        A context manager.

    Raises
    ------
    ParameterError
        If an argument is out of range or of the wrong kind.
    MissingFileError
        If there is no file that can be read at the path.
    AudioFormatError
        If it is not audio, or its header is damaged or states an impossible rate.
    TooShortError, TooLongError
        If it is shorter than 2 s or longer than 25 h.
    """
    if isinstance(source, Recording):
        label = _printable(source.info.path) or "the recording"
        _check_same_rate(sample_rate_hz, source.sample_rate_hz, label)
        choose_channel(channel, 1, label)
        info = source.info.updated(patient, site, position, visit)
        return ArraySource(label, info, source.samples, source.sample_rate_hz, source.notes)
    known = isinstance(source, RecordingInfo)
    if isinstance(source, RecordingInfo):
        info, source = source, source.path
    elif isinstance(source, str | os.PathLike):
        info = RecordingInfo.from_path(source)
    else:
        name = getattr(source, "name", None) if hasattr(source, "read") else None
        info = RecordingInfo.from_path(name if isinstance(name, str) else "")
    info = info.updated(patient, site, position, visit)
    label, file = _printable(info.path), None
    if isinstance(source, str | os.PathLike):
        if is_remote(info.path):
            file = adopt(open_remote(info.path), label, owned=True)
    elif isinstance(source, bytes | bytearray | memoryview):
        label, file = "the bytes", ByteReader(io.BytesIO(source), owned=True)
    elif hasattr(source, "read"):
        label = label or "the file object"
        file = adopt(source, label)
    else:
        return open_array(source, channel, info, sample_rate_hz)
    opened = _open_file(label, info, file, channel)
    if patient is None and not known and not info.patient:
        opened.info = info.updated(patient=opened.named_patient)
    try:
        _check_same_rate(sample_rate_hz, opened.sample_rate_hz, label)
    except ParameterError:
        opened.close()
        raise
    return opened


def _open_file(label: str, info: RecordingInfo, file: ByteReader | None, channel: int | None) -> Source:
    """Open a file with what reads its kind; optional libraries are loaded only when they are needed."""
    if kind_of(info.path) == "wfdb":
        if file is not None:
            file.close()
            raise ParameterError(f"{label}: a WFDB header is of no use without the files that it names: give its path here")
        from murmur.io.wfdb_record import WfdbSource

        return WfdbSource(label, info, channel)
    file = file or open_path(info.path, label)
    kind = kind_of(info.path, file)
    if kind == "edf":
        from murmur.io.edf_file import EdfSource

        return EdfSource(label, info, file, channel)
    if kind == "dicom":
        from murmur.io.dicom_file import DicomSource

        return DicomSource(label, info, file, channel)
    return FileSource(label, info, file, channel)


def load(
    source: AudioInput,
    *,
    channel: int | None = None,
    site: str | None = None,
    patient: str | None = None,
    position: str | None = None,
    visit: str | None = None,
    sample_rate_hz: float | None = None,
) -> Recording:
    """Read a whole recording into memory.

    Parameters
    ----------
    source, channel, site, patient, position, visit, sample_rate_hz
        As `open_source` takes them. Of a Recording, the fields given are replaced.

    Returns
    -------
    Recording
        Its samples are finite, neither silent nor constant, at least 2 s long, and shared with nobody.

    Raises
    ------
    MurmurError
        One of its kinds, as `open_source` and `Source.blocks` raise them; TooLongError also if there is more
        than memory should hold at once. The message names the input, the value and the remedy.

    Examples
    --------
    >>> recording = load("13918_MV.wav", visit="2024-05-02")
    >>> recording.info.patient, recording.info.site, recording.duration_s
    ('13918', 'MV', 13.0)
    """
    with open_source(
        source,
        channel=channel,
        site=site,
        patient=patient,
        position=position,
        visit=visit,
        sample_rate_hz=sample_rate_hz,
    ) as opened:
        return _gathered(opened)


def _gathered(source: Source) -> Recording:
    """Gather all blocks of a source."""
    if source.n_samples is not None and source.n_samples > _MAX_LOADED_SAMPLES:
        raise _too_many(source)
    parts, n_samples = [], 0
    for block in source.blocks():
        parts.append(block)
        n_samples += len(block)
        if n_samples > _MAX_LOADED_SAMPLES:
            raise _too_many(source)
    return Recording(
        samples=parts[0] if len(parts) == 1 else np.concatenate(parts),
        sample_rate_hz=source.sample_rate_hz,
        info=source.info,
        notes=source.notes,
    )


def _too_many(source: Source) -> TooLongError:
    return TooLongError(
        f"{source.label}: more than {_MAX_LOADED_SAMPLES} samples are too many to hold in memory at once: "
        "take them in blocks from open_source(), or resample the file to 4 kHz"
    )


def _printable(path: str) -> str:
    """Spell a path for a message; a name that is not UTF-8 would break whoever prints it."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def _check_same_rate(given: float | None, own: float, label: str) -> None:
    if given is not None and checked_rate(given, label, ParameterError) != own:
        raise ParameterError(f"{label}: has its own sample rate, {own:g} Hz, not {given:g} Hz; leave sample_rate_hz out")
