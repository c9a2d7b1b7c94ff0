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
from dataclasses import dataclass
from typing import IO, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from murmur.errors import ParameterError, TooLongError
from murmur.io.arrays import ArraySource, checked_array, open_array, to_float
from murmur.io.audio_file import FileSource
from murmur.io.byte_reader import ByteReader, adopt, open_path
from murmur.io.kinds import kind_of
from murmur.io.limits import Watch, checked_rate, choose_channel
from murmur.io.naming import canonical_position, canonical_site, parse_name
from murmur.io.remote import is_remote, open_remote
from murmur.io.source import Labels, Source

__all__ = ["AudioInput", "Recording", "load", "open_source"]

_MAX_LOADED_SAMPLES = 2**31  # 8 GiB

AudioInput: TypeAlias = (
    "str | os.PathLike[str] | IO[bytes] | bytes | bytearray | memoryview | npt.NDArray[Any] | Sequence[float] | Recording"
)
"""What `load` and `open_source` take."""


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
    path : str
        Where it came from; "" if not from a file.
    patient, site, position, visit : str
        "" when unknown. Site and position are the canonical ones of `murmur.io.naming`.
    notes : tuple of str
        What a reader should know: which of several channels was taken, a body cut short.
    """

    samples: npt.NDArray[np.float32]
    sample_rate_hz: float
    path: str = ""
    patient: str = ""
    site: str = ""
    position: str = ""
    visit: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        label = self.path or "the recording"
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
        object.__setattr__(self, "site", canonical_site(self.site))
        object.__setattr__(self, "position", canonical_position(self.position))
        object.__setattr__(self, "notes", tuple(self.notes))

    @property
    def duration_s(self) -> float:
        """Duration in seconds."""
        return len(self.samples) / self.sample_rate_hz


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
    source : str, os.PathLike, binary file object, bytes, array or Recording
        A file in WAV, FLAC or another format that libsndfile reads, EDF, BDF or DICOM (extra: formats): by its path, its
        URL (``s3://``, ``https://`` and what else fsspec knows), as an open file, read from where it stands (a pipe is
        read to its end), or as its bytes. The path of a WFDB header (``.hea``, same extra). Or samples, of shape
        (n_samples,) or (n_samples, n_channels): float, taken as they are, or PCM of dtype int8, int16, int32 or uint8,
        scaled to ±1.
    channel : int, optional
        Which of several channels, from 0; without it the first, of WFDB, EDF and DICOM the first that is described as a
        heart sound, with a note.
    site, patient, position, visit : str, optional
        What is known of the recording; "" states that it isn't. Without them, the recording's own or what the
        file name tells (see `murmur.io.naming.parse_name`); of a patient whom it doesn't name, the id in an EDF or DICOM
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
        _check_same_rate(sample_rate_hz, source.sample_rate_hz, source.path or "the recording")
        choose_channel(channel, 1, source.path or "the recording")
        labels = _labels(source, source.path, patient, site, position, visit)
        return ArraySource(
            _printable(source.path) or "the recording",
            labels,
            source.samples,
            source.sample_rate_hz,
            source.notes,
        )
    if isinstance(source, str | os.PathLike):
        path = os.fsdecode(os.fspath(source))
        label, file = _printable(path), None
        if is_remote(path):
            file = adopt(open_remote(path), label, owned=True)
    elif isinstance(source, bytes | bytearray | memoryview):
        path, label, file = "", "the bytes", ByteReader(io.BytesIO(source), owned=True)
    elif hasattr(source, "read"):
        name = getattr(source, "name", None)
        path = name if isinstance(name, str) else ""
        label = _printable(path) or "the file object"
        file = adopt(source, label)
    else:
        return open_array(source, channel, _labels(None, "", patient, site, position, visit), sample_rate_hz)
    try:
        labels = _labels(None, path, patient, site, position, visit)
        opened = _open_file(label, labels, path, file, channel)
    except BaseException:
        if file is not None:
            file.close()
        raise
    if patient is None and not opened.patient:
        opened.patient = opened.named_patient
    try:
        _check_same_rate(sample_rate_hz, opened.sample_rate_hz, label)
    except ParameterError:
        opened.close()
        raise
    return opened


def _open_file(label: str, labels: Labels, path: str, file: ByteReader | None, channel: int | None) -> Source:
    """Open a file with what reads its kind; a library that is not always there is loaded only then."""
    if kind_of(path) == "wfdb":
        if file is not None:
            raise ParameterError(f"{label}: a WFDB header is of no use without the files that it names: give its path here")
        from murmur.io.wfdb_record import WfdbSource

        return WfdbSource(label, labels, path, channel)
    file = file or open_path(path, label)
    kind = kind_of(path, file)
    if kind == "edf":
        from murmur.io.edf_file import EdfSource

        return EdfSource(label, labels, file, channel)
    if kind == "dicom":
        from murmur.io.dicom_file import DicomSource

        return DicomSource(label, labels, file, channel)
    return FileSource(label, labels, file, channel)


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
    >>> recording.patient, recording.site, recording.duration_s
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
        path=source.path,
        patient=source.patient,
        site=source.site,
        position=source.position,
        visit=source.visit,
        notes=source.notes,
    )


def _too_many(source: Source) -> TooLongError:
    return TooLongError(
        f"{source.label}: more than {_MAX_LOADED_SAMPLES} samples are too many to hold in memory at once: "
        "take them in blocks from open_source(), or resample the file to 4 kHz"
    )


def _labels(
    known: Recording | None,
    path: str,
    patient: str | None,
    site: str | None,
    position: str | None,
    visit: str | None,
) -> Labels:
    own = parse_name(path) if known is None else known
    return Labels(
        path=path,
        patient=own.patient if patient is None else _text(patient, "patient"),
        site=own.site if site is None else canonical_site(site),
        position=own.position if position is None else canonical_position(position),
        visit=("" if known is None else known.visit) if visit is None else _text(visit, "visit"),
    )


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise ParameterError(f"{what} must be a string, not {value!r}")
    return value.strip()


def _printable(path: str) -> str:
    """Spell a path for a message; a name that is not UTF-8 would break whoever prints it."""
    return path.encode("utf-8", "backslashreplace").decode("utf-8")


def _check_same_rate(given: float | None, own: float, label: str) -> None:
    if given is not None and checked_rate(given, label, ParameterError) != own:
        raise ParameterError(f"{label}: has its own sample rate, {own:g} Hz, not {given:g} Hz; leave sample_rate_hz out")
