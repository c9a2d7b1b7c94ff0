"""Recordings: the one place where sound enters murmur and is checked.

A source is a path, a file object, the bytes of a file, an array, a `Recording` or a `RecordingInfo`. `open_source` streams
it in blocks, so a day-long file is never in memory as a whole; `load` gathers the blocks into a `Recording`. The samples are
mono, finite and scaled so that integer PCM lies within ±1. Anything else is refused with an error that names the input, the
value and the remedy.
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

_MAX_LOADED_SAMPLES = 2**31  # 8 GiB


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One heart-sound recording.

    The constructor converts the samples, and refuses a rate out of range and samples that are not finite. Whether the whole
    can be a heart sound (long enough, not silent) is checked by `load`, and by functions that use a recording.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Mono; integer PCM is scaled to ±1. Kept as a read-only view.
    sample_rate_hz : float
        1 kHz to 192 kHz.
    info : RecordingInfo
        What is known of it besides its samples; it has no path if it does not come from a file.
    notes : tuple of str
        Remarks on how it was read: which of several channels was taken, that the file was cut short.
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
            raise ParameterError(f"{label}: samples must be 1-D (one channel), not of shape {values.shape}")
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
    patient: str | None = None,
    site: str | None = None,
    position: str | None = None,
    visit: str | None = None,
    sample_rate_hz: float | None = None,
) -> Source:
    """Open a recording to read it block by block.

    Parameters
    ----------
    source : str, os.PathLike, binary file object, bytes, array, Recording or RecordingInfo
        A file that libsndfile reads (WAV, FLAC and others), or EDF, BDF or DICOM (extra: formats): its path, its URL
        (``s3://``, ``https://`` and others that fsspec knows), an open file, read from its current position (a pipe is read
        to its end), or its bytes. Or the path of a WFDB header (``.hea``, same extra). Or samples of shape (n_samples,) or
        (n_samples, n_channels): float, used as they are, or PCM of dtype int8, int16, int32 or uint8, scaled to ±1. A
        RecordingInfo stands for the file at its path; nothing is then taken from the file's name or header.
    channel : int, optional
        Channel, counted from 0. Default: the first; in WFDB, EDF and DICOM the first described as a heart sound. A note says
        which.
    patient, site, position, visit : str, optional
        What is known of the recording; "" if it is not known. Default: the recording's own, or what the file name says (see
        `RecordingInfo.from_path`); if that names no patient, the id in an EDF or DICOM header.
    sample_rate_hz : float, optional
        Required for an array, 1 kHz to 192 kHz. If given for anything else, it must equal the source's own rate.

    Returns
    -------
    Source
        A context manager.

    Raises
    ------
    ParameterError
        If an argument is out of range or of the wrong kind, or a library is missing.
    MissingFileError
        If there is no readable file at the path.
    AudioFormatError
        If the source is not audio, or its header is damaged or states an impossible rate.
    TooShortError, TooLongError
        If it is shorter than 2 s or longer than 25 h.

    See Also
    --------
    load : Reads all blocks into memory.

    Examples
    --------
    >>> with open_source("13918_MV.wav") as source:
    ...     source.info.site, sum(len(block) for block in source.blocks(block_s=1.0))
    ('MV', 52000)
    """
    info = _info_of(source).updated(patient, site, position, visit)
    label = info.path.encode("utf-8", "backslashreplace").decode("utf-8")  # can be printed even if it is not UTF-8
    opened: Source
    if isinstance(source, Recording):
        choose_channel(channel, 1, label or "the recording")
        opened = ArraySource(label or "the recording", info, source.samples, source.sample_rate_hz, source.notes)
    elif isinstance(source, str | os.PathLike | RecordingInfo):
        file = adopt(open_remote(info.path), label, owned=True) if is_remote(info.path) else None
        opened = _open_file(label, info, file, channel)
    elif isinstance(source, bytes | bytearray | memoryview):
        label = "the bytes"
        opened = _open_file(label, info, ByteReader(io.BytesIO(source), label, owned=True), channel)
    elif hasattr(source, "read"):
        label = label or "the file object"
        opened = _open_file(label, info, adopt(source, label), channel)
    else:
        return open_array(source, channel, info, sample_rate_hz)
    if patient is None and not info.patient and not isinstance(source, RecordingInfo):
        opened.info = info.updated(patient=opened.named_patient)
    try:
        rate = opened.sample_rate_hz
        if sample_rate_hz is not None and checked_rate(sample_rate_hz, opened.label, ParameterError) != rate:
            own = f"{rate:g} Hz, not {sample_rate_hz:g} Hz"
            raise ParameterError(f"{opened.label}: has its own sample rate, {own}; leave sample_rate_hz out")
    except ParameterError:
        opened.close()
        raise
    return opened


def _info_of(source: AudioInput) -> RecordingInfo:
    if isinstance(source, RecordingInfo):
        return source
    if isinstance(source, Recording):
        return source.info
    path = getattr(source, "name", "") if hasattr(source, "read") else source
    return RecordingInfo.from_path(path) if isinstance(path, str | os.PathLike) else RecordingInfo()


def _open_file(label: str, info: RecordingInfo, file: ByteReader | None, channel: int | None) -> Source:
    """Open a file with the reader of its kind; optional libraries are imported only when they are needed."""
    if kind_of(info.path) == "wfdb":
        if file is not None:
            file.close()
            raise ParameterError(
                f"{label}: a WFDB header can't be read without the files that it names: pass its local path"
            )
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
    patient: str | None = None,
    site: str | None = None,
    position: str | None = None,
    visit: str | None = None,
    sample_rate_hz: float | None = None,
) -> Recording:
    """Read a whole recording into memory.

    Parameters
    ----------
    source, channel, patient, site, position, visit, sample_rate_hz
        As in `open_source`.

    Returns
    -------
    Recording
        At least 2 s of finite samples, neither silent nor constant, in memory of its own.

    Raises
    ------
    MurmurError
        As `open_source` and `Source.blocks` raise it; TooLongError also for more samples than memory should hold.

    See Also
    --------
    murmur.analyze : Takes the same sources.

    Examples
    --------
    >>> recording = load("13918_MV.wav", visit="2024-05-02")
    >>> recording.info.patient, recording.info.site, recording.duration_s
    ('13918', 'MV', 13.0)
    """
    labels = {"patient": patient, "site": site, "position": position, "visit": visit}
    parts: list[npt.NDArray[np.float32]] = []
    n_samples = 0
    with open_source(source, channel=channel, sample_rate_hz=sample_rate_hz, **labels) as opened:
        for block in opened.blocks():
            parts.append(block)
            n_samples += len(block)
            if max(n_samples, opened.n_samples or 0) > _MAX_LOADED_SAMPLES:
                raise TooLongError(
                    f"{opened.label}: too long to hold in memory (maximum {_MAX_LOADED_SAMPLES} samples): read blocks with "
                    "open_source(), or resample the file to 4 kHz"
                )
    samples = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return Recording(samples, opened.sample_rate_hz, opened.info, opened.notes)
