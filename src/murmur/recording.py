"""Recordings: the one door through which sound comes in, and is checked.

A source is a path, a file object, a file's bytes, an array or a `Recording`. `open_source` streams it in
blocks, so that a day-long file is never wholly in memory; `load` is the same, gathered into a `Recording`.
What comes out is mono, finite and scaled so that integer PCM lies in ±1; everything else is refused with an
error that names the input, the value and the remedy.
"""

from __future__ import annotations

import array
import functools
import io
import math
import operator
import os
import re
import stat
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from murmur.errors import (
    AudioFormatError,
    BadSamplesError,
    MissingFileError,
    MurmurError,
    ParameterError,
    TooLongError,
    TooShortError,
)
from murmur.naming import canonical_position, canonical_site, parse_name

__all__ = [
    "MAX_DURATION_S",
    "MAX_SAMPLE_RATE_HZ",
    "MIN_DURATION_S",
    "MIN_SAMPLE_RATE_HZ",
    "AudioInput",
    "Recording",
    "Source",
    "load",
    "open_source",
]

MIN_SAMPLE_RATE_HZ = 1000.0
"""Murmurs reach up to 450 Hz and more: less than 1 kHz can't hold them."""
MAX_SAMPLE_RATE_HZ = 192_000.0
MIN_DURATION_S = 2.0
"""Two cycles of a slow heart."""
MAX_DURATION_S = 25 * 3600.0
"""A day, and the hour by which recorders overrun it."""

_LARGEST_SAMPLE = 1e12  # a day of samples this large can be squared and summed in float32
_SMALLEST_PEAK = 1e-12  # and the square of one below this is lost in it
_MAX_LOADED_SAMPLES = 2**31  # 8 GiB
_MAX_PIPED_BYTES = 2**32  # the most that a WAV header can state
_PIPE_IN_MEMORY_BYTES = 2**26
_MAX_BLOCK_SAMPLES = 2**24
_MAX_VALUES_PER_READ = 2**18  # of all channels: a header may claim a thousand of them
_UNKNOWN_FRAMES = 2**62  # libsndfile's word for "the header doesn't say" is 2**63 - 1
_PLACEHOLDER_BYTES = 0x7FFF0000  # what streaming writers put for a length they don't know yet

FloatArray: TypeAlias = npt.NDArray[np.float32]
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
        "" when unknown. Site and position are the canonical ones of `murmur.naming`.
    notes : tuple of str
        What a reader should know: which of several channels was taken, a body cut short.
    """

    samples: FloatArray
    sample_rate_hz: float
    path: str = ""
    patient: str = ""
    site: str = ""
    position: str = ""
    visit: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        label = self.path or "the recording"
        values = _checked_array(self.samples, label)
        if values.ndim != 1:
            raise ParameterError(f"{label}: samples must be one channel, 1-D, not of shape {values.shape}")
        rate = _checked_rate(self.sample_rate_hz, label, ParameterError)
        floats = _to_float(values)
        if len(floats):
            floats = _Watch(label, rate).passed(floats)
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


@dataclass(frozen=True, slots=True)
class _Labels:
    """What is known of a recording beside its samples."""

    path: str
    patient: str
    site: str
    position: str
    visit: str


class Source(ABC):
    """Sound to be read once, in blocks, each checked as it passes. Made by `open_source`.

    Use it as a context manager, or `close` it: it may hold a file open.

    Attributes
    ----------
    sample_rate_hz : float
    n_samples : int or None
        As the header tells; None if it doesn't. A damaged file may hold fewer.
    path, patient, site, position, visit : str
        "" when unknown.
    """

    def __init__(
        self, label: str, labels: _Labels, sample_rate_hz: float, n_samples: int | None, notes: Sequence[str]
    ) -> None:
        self.sample_rate_hz = sample_rate_hz
        self.n_samples = n_samples
        self.path = labels.path
        self.patient = labels.patient
        self.site = labels.site
        self.position = labels.position
        self.visit = labels.visit
        self._label = label
        self._notes = list(notes)
        self._promised_samples = n_samples
        self._started = False

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know; complete when the last block has passed."""
        return tuple(self._notes)

    @property
    def duration_s(self) -> float | None:
        """Duration in seconds, as the header tells; None if it doesn't."""
        return None if self.n_samples is None else self.n_samples / self.sample_rate_hz

    def blocks(self, block_s: float = 60.0) -> Iterator[FloatArray]:
        """Yield the samples, block by block; can be called once.

        Parameters
        ----------
        block_s : float, default 60
            Length of each block but the last, in seconds; at least one sample, at most 2**24 samples.

        Yields
        ------
        ndarray of float32, shape (n,)
            The caller's own, never a view of the source.

        Raises
        ------
        BadSamplesError
            On a NaN, infinite or impossibly large sample, at once. When all has passed: if the whole was
            silent or constant.
        AudioFormatError
            If the body can't be decoded any further.
        TooShortError, TooLongError
            If the body turns out shorter than 2 s or longer than 25 h, whatever the header says.
        ParameterError
            If ``block_s`` is not positive, or `blocks` was called before.
        """
        if not (isinstance(block_s, int | float) and math.isfinite(block_s) and block_s > 0):
            raise ParameterError(f"block_s must be a positive number of seconds, not {block_s!r}")
        if self._started:
            raise ParameterError(f"{self._label}: blocks() can be called once; open the source again")
        self._started = True
        n_block = int(min(max(round(block_s * self.sample_rate_hz), 1), _MAX_BLOCK_SAMPLES))
        return self._checked_blocks(n_block)

    def _checked_blocks(self, n_block: int) -> Iterator[FloatArray]:
        watch = _Watch(self._label, self.sample_rate_hz)
        try:
            for block in self._raw_blocks(n_block):
                yield watch.passed(block)
            if self._promised_samples is not None and 0 < watch.n_samples < self._promised_samples:
                self._notes.append(
                    f"header promises {_seconds(self._promised_samples, self.sample_rate_hz)}, "
                    f"body holds {_seconds(watch.n_samples, self.sample_rate_hz)}"
                )
            watch.finish(self._promised_samples)
        except MurmurError:
            self.close()
            raise

    def read(self) -> Recording:
        """Gather all blocks into a `Recording`.

        Returns
        -------
        Recording

        Raises
        ------
        MurmurError
            As `blocks` does; TooLongError also if there is more than memory should hold at once.
        """
        if self.n_samples is not None and self.n_samples > _MAX_LOADED_SAMPLES:
            self._refuse_to_load()
        parts, n_samples = [], 0
        for block in self.blocks():
            parts.append(block)
            n_samples += len(block)
            if n_samples > _MAX_LOADED_SAMPLES:
                self._refuse_to_load()
        return Recording(
            samples=parts[0] if len(parts) == 1 else np.concatenate(parts),
            sample_rate_hz=self.sample_rate_hz,
            path=self.path,
            patient=self.patient,
            site=self.site,
            position=self.position,
            visit=self.visit,
            notes=self.notes,
        )

    def _refuse_to_load(self) -> None:
        self.close()
        raise TooLongError(
            f"{self._label}: more than {_MAX_LOADED_SAMPLES} samples are too many to hold in memory at once: "
            "take them in blocks from open_source(), or resample the file to 4 kHz"
        )

    @abstractmethod
    def _raw_blocks(self, n_block: int) -> Iterator[npt.NDArray[np.floating[Any]]]:
        """Yield fresh 1-D arrays of n_block values, the last one shorter, scaled but not yet checked."""

    def close(self) -> None:  # noqa: B027  (nothing to close is the common case)
        """Close what was opened; a file object given by the caller stays open."""

    def __enter__(self) -> Source:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class _Watch:
    """The checks on samples that pass by, and at the end on all of them."""

    def __init__(self, label: str, sample_rate_hz: float) -> None:
        self._label = label
        self._rate = sample_rate_hz
        self._lowest = math.inf
        self._highest = -math.inf
        self.n_samples = 0

    def passed(self, block: npt.NDArray[np.floating[Any]]) -> FloatArray:
        with np.errstate(invalid="ignore"):
            lowest, highest = float(block.min()), float(block.max())
        # Written so that a NaN, which min and max hand on, fails it.
        if not (lowest >= -_LARGEST_SAMPLE and highest <= _LARGEST_SAMPLE):
            self._refuse(block)
        self._lowest, self._highest = min(self._lowest, lowest), max(self._highest, highest)
        self.n_samples += len(block)
        if self.n_samples > MAX_DURATION_S * self._rate:
            raise _too_long(self._label, f"more than {MAX_DURATION_S / 3600:g} h")
        return block.astype(np.float32, copy=False)

    def _refuse(self, block: npt.NDArray[np.floating[Any]]) -> None:
        bad = np.flatnonzero(~(np.abs(block) <= _LARGEST_SAMPLE))
        first = self.n_samples + int(bad[0])
        value = block[bad[0]]
        where = f"{self._label}: sample {first} (at {first / self._rate:.3f} s) is"
        count = f"{len(bad)} such in the first {(self.n_samples + len(block)) / self._rate:.6g} s"
        if np.isnan(value):
            problem, remedy = "not a number (NaN)", "cut out or fill in the gap"
        elif np.isinf(value):
            problem, remedy = f"infinite ({value})", "cut it out, or mend the overflow that made it"
        else:
            problem, remedy = (
                f"{value:.6g}, beyond ±{_LARGEST_SAMPLE:g}",
                "scale the samples down to about ±1",
            )
        raise BadSamplesError(f"{where} {problem}; {count}: {remedy}")

    def finish(self, n_promised: int | None) -> None:
        if self.n_samples < _min_samples(self._rate):
            raise _too_short(self._label, self.n_samples, self._rate, n_promised)
        if max(-self._lowest, self._highest) < _SMALLEST_PEAK:
            peak = "0" if self._lowest == self._highest == 0 else f"below {_SMALLEST_PEAK:g}"
            raise BadSamplesError(
                f"{self._label}: silent: all {self.n_samples} samples are {peak}; check the microphone and the channel taken"
            )
        if self._lowest == self._highest:
            raise BadSamplesError(
                f"{self._label}: constant: all {self.n_samples} samples are {self._highest:.6g}; "
                "check the microphone and the channel taken"
            )


class _ArraySource(Source):
    """Samples in memory, integer or float, converted block by block."""

    def __init__(
        self,
        label: str,
        labels: _Labels,
        values: npt.NDArray[Any],
        sample_rate_hz: float,
        notes: Sequence[str] = (),
    ) -> None:
        super().__init__(label, labels, sample_rate_hz, len(values), notes)
        self._values = values
        _check_length(label, len(values), sample_rate_hz)

    def _raw_blocks(self, n_block: int) -> Iterator[npt.NDArray[np.floating[Any]]]:
        for start in range(0, len(self._values), n_block):
            yield _to_float(self._values[start : start + n_block].copy())


class _FileSource(Source):
    """An audio file, read through libsndfile."""

    def __init__(self, label: str, labels: _Labels, file: _ByteReader, channel: int | None) -> None:
        self._file = file
        self._sound: Any = None
        try:
            self._sound = _open_sound(label, file)
            rate = _checked_rate(float(self._sound.samplerate), label, AudioFormatError)
            self._n_channels = int(self._sound.channels)
            self._channel, notes = _choose_channel(channel, self._n_channels, label)
            n_frames = int(self._sound.frames)
            # A FLAC header's count is a mere claim; of the other formats it is reckoned from the body.
            plausible = n_frames < _UNKNOWN_FRAMES and (self._sound.format != "FLAC" or n_frames <= MAX_DURATION_S * rate)
            super().__init__(label, labels, rate, n_frames if plausible else None, notes)
            self._promised_samples = self._promise(n_frames)
            if self.n_samples is not None:
                _check_length(label, self.n_samples, rate, self._promised_samples)
        except BaseException:
            self.close()
            raise

    def _promise(self, n_frames: int) -> int | None:
        """Count the samples the header promises; None if it makes no promise.

        Where the body is shorter, libsndfile corrects the count without a word but in its log.
        """
        log = self._sound.extra_info
        if match := re.search(r"^ *(?:data|Data Size) *: (\d+) \(should be (\d+)\)", log, re.M):  # WAV, AU
            promised_bytes, body_bytes = int(match[1]), int(match[2])
            if 0 < body_bytes < promised_bytes < _PLACEHOLDER_BYTES:
                return n_frames * promised_bytes // body_bytes
        if match := re.search(r"read from 'COMM' chunk \((\d+)\) not equal", log):  # AIFF
            return int(match[1])
        return n_frames if n_frames < _UNKNOWN_FRAMES else None

    def _raw_blocks(self, n_block: int) -> Iterator[npt.NDArray[np.floating[Any]]]:
        # float64 only where the file has it: a value beyond float32 must be seen, not turned into infinity.
        dtype = np.float64 if self._sound.subtype == "DOUBLE" else np.float32
        n_step = max(1, _MAX_VALUES_PER_READ // self._n_channels)
        scratch = np.empty((n_step, self._n_channels), dtype)
        n_passed = 0
        at_end = False
        while not at_end:
            n_wanted = n_block if self.n_samples is None else min(n_block, max(self.n_samples - n_passed, 1))
            parts = []
            while n_wanted > 0 and not at_end:
                step = scratch[: min(n_step, n_wanted)]
                n_read, at_end = self._read_frames(step, n_passed)
                parts.append(step[:n_read, self._channel].copy())
                n_wanted -= n_read
                n_passed += n_read
            block = parts[0] if len(parts) == 1 else np.concatenate(parts)
            if len(block):
                yield block

    def _read_frames(self, out: npt.NDArray[Any], n_passed: int) -> tuple[int, bool]:
        """Fill ``out``; return the frames read and whether they were the last."""
        import soundfile

        if self._sound.closed:
            raise ParameterError(f"{self._label}: the source was closed; read it inside its with block")
        try:
            n_read = len(self._sound.read(out=out))
            self._raise_read_error()
            return n_read, n_read < len(out)
        except soundfile.SoundFileError as error:
            self._raise_read_error()
            n_read = max(0, min(self._frames_decoded() - n_passed, len(out)))
            if self._file.at_end():
                if self._promised_samples is None:
                    seconds = _seconds(n_passed + n_read, self.sample_rate_hz)
                    self._notes.append(f"the body breaks off after {seconds}")
                return n_read, True
            raise AudioFormatError(
                f"{self._label}: damaged: it can be decoded up to "
                f"{_seconds(n_passed + n_read, self.sample_rate_hz)} and no further ({_reason(error)}); "
                "get the file again from where it came"
            ) from error

    def _frames_decoded(self) -> int:
        """Ask libsndfile how far it came; 0 if it doesn't know."""
        import soundfile

        try:
            return int(self._sound.tell())
        except soundfile.SoundFileError:
            return 0

    def _raise_read_error(self) -> None:
        if self._file.error is not None:
            raise AudioFormatError(f"{self._label}: reading failed: {self._file.error}") from self._file.error

    def close(self) -> None:
        """Close the decoder, and the file if it was opened here."""
        import soundfile

        try:
            if self._sound is not None:
                self._sound.close()
        except soundfile.SoundFileError:
            pass  # what was to be read has been read
        finally:
            self._file.close()


class _ByteReader:
    """A seekable byte stream as libsndfile wants it: no exception may cross the C library on its way up.

    Positions count from where the stream stood when it was handed over.
    """

    def __init__(self, file: Any, *, owned: bool) -> None:
        self._file = file
        self._owned = owned
        self._base = int(file.tell())
        self.error: Exception | None = None

    def tell(self) -> int:
        try:
            return int(self._file.tell()) - self._base
        except Exception as error:
            self.error = error
            return 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        try:
            if whence == io.SEEK_CUR:
                offset, whence = offset + self.tell(), io.SEEK_SET
            if whence == io.SEEK_SET:
                # A damaged header may ask for a place before the beginning.
                offset = max(offset, 0) + self._base
            self._file.seek(offset, whence)
        except Exception as error:
            self.error = error
        return self.tell()

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        n_read = 0
        try:
            while n_read < len(view):
                data = self._file.read(len(view) - n_read)
                if not data:
                    break
                view[n_read : n_read + len(data)] = data
                n_read += len(data)
        except Exception as error:
            self.error = error
        return n_read

    def read(self, n_bytes: int) -> bytes:
        buffer = bytearray(n_bytes)
        return bytes(buffer[: self.readinto(buffer)])

    def at_end(self) -> bool:
        """Say whether every byte has been read."""
        position = self.tell()
        at_end = not self.read(1)
        self.seek(position)
        return at_end

    def close(self) -> None:
        if self._owned:
            self._file.close()


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
        A file in WAV, FLAC or another format that libsndfile reads, by its path, as an open file, read from
        where it stands (a pipe is read to its end), or as its bytes. Or samples, of shape (n_samples,) or
        (n_samples, n_channels): float, taken as they are, or PCM of dtype int8, int16, int32 or uint8, scaled
        to ±1.
    channel : int, optional
        Which of several channels, from 0; without it the first, with a note.
    site, patient, position, visit : str, optional
        What is known of the recording; "" states that it isn't. Without them, the recording's own or what the
        file name tells (see `murmur.naming.parse_name`).
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
        _choose_channel(channel, 1, source.path or "the recording")
        labels = _labels(source, source.path, patient, site, position, visit)
        return _ArraySource(
            _printable(source.path) or "the recording",
            labels,
            source.samples,
            source.sample_rate_hz,
            source.notes,
        )
    if isinstance(source, str | os.PathLike):
        path = os.fsdecode(os.fspath(source))
        label, file = _printable(path), None
    elif isinstance(source, bytes | bytearray | memoryview):
        path, label, file = "", "the bytes", _ByteReader(io.BytesIO(source), owned=True)
    elif hasattr(source, "read"):
        name = getattr(source, "name", None)
        path = name if isinstance(name, str) else ""
        label = _printable(path) or "the file object"
        file = _adopt(source, label)
    else:
        return _open_array(source, channel, _labels(None, "", patient, site, position, visit), sample_rate_hz)
    try:
        labels = _labels(None, path, patient, site, position, visit)
        opened = _FileSource(label, labels, file or _open_path(path, label), channel)
    except BaseException:
        if file is not None:
            file.close()
        raise
    try:
        _check_same_rate(sample_rate_hz, opened.sample_rate_hz, label)
    except ParameterError:
        opened.close()
        raise
    return opened


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
        One of its kinds, as `open_source` and `Source.blocks` raise them; the message names the input, the
        value and the remedy.

    Examples
    --------
    >>> recording = load("13918_MV.wav", visit="2024-05-02")  # doctest: +SKIP
    >>> recording.patient, recording.site, recording.duration_s  # doctest: +SKIP
    ('13918', 'MV', 20.8)
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
        return opened.read()


def _labels(
    known: Recording | None,
    path: str,
    patient: str | None,
    site: str | None,
    position: str | None,
    visit: str | None,
) -> _Labels:
    own = parse_name(path) if known is None else known
    return _Labels(
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


# --- files ------------------------------------------------------------------------------


def _open_path(path: str, label: str) -> _ByteReader:
    if not path:
        raise MissingFileError("the path is empty")
    try:
        mode = Path(path).stat().st_mode
        if stat.S_ISDIR(mode):
            raise MissingFileError(f"{label}: is a folder, not a file; name a file in it")
        if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
            # A device may never end.
            raise MissingFileError(f"{label}: is a device, not a file; pipe the sound in or record it to a file")
        file = Path(path).open("rb", buffering=0)  # noqa: SIM115  (closed by the reader)
    except MissingFileError:
        raise
    except FileNotFoundError as error:
        raise MissingFileError(f"{label}: no such file") from error
    except PermissionError as error:
        raise MissingFileError(f"{label}: no permission to read it") from error
    except OSError as error:
        raise MissingFileError(f"{label}: can't be opened: {error.strerror or error}") from error
    except ValueError as error:  # a NUL inside
        raise MissingFileError(f"{label!r}: not a path: {error}") from error
    if stat.S_ISREG(mode):
        return _ByteReader(file, owned=True)
    with file:
        return _drained(file, label)


def _adopt(file: Any, label: str) -> _ByteReader:
    if isinstance(file, io.TextIOBase):
        raise ParameterError(f'{label}: opened as text; open it as bytes, with mode "rb"')
    if getattr(file, "closed", False):
        raise ParameterError(f"{label}: the file object is closed")
    try:
        seekable = bool(file.seekable()) if hasattr(file, "seekable") else hasattr(file, "seek")
        return _ByteReader(file, owned=False) if seekable else _drained(file, label)
    except MurmurError:
        raise
    except (OSError, ValueError, AttributeError) as error:
        raise AudioFormatError(f"{label}: reading failed: {error}") from error


def _drained(file: Any, label: str) -> _ByteReader:
    """Read a pipe to its end: libsndfile must seek."""
    spool = tempfile.SpooledTemporaryFile(max_size=_PIPE_IN_MEMORY_BYTES)  # noqa: SIM115
    try:
        while data := file.read(2**16):
            if not isinstance(data, bytes | bytearray):
                raise ParameterError(f'{label}: gives text; open it as bytes, with mode "rb"')
            spool.write(data)
            if spool.tell() > _MAX_PIPED_BYTES:
                raise TooLongError(f"{label}: the pipe gave more than {_MAX_PIPED_BYTES >> 30} GiB; record it to a file")
        spool.seek(0)
        return _ByteReader(spool, owned=True)
    except OSError as error:
        spool.close()
        raise AudioFormatError(f"{label}: reading failed: {error}") from error
    except BaseException:
        spool.close()
        raise


@functools.cache
def _sequential_soundfile() -> Any:
    """Make a SoundFile that reads straight on.

    soundfile seeks after every read to where it already is, which fails on a FLAC without a stated length and
    throws away what was decoded before a file breaks off.
    """
    import soundfile

    class SequentialSoundFile(soundfile.SoundFile):  # type: ignore[misc]
        def seekable(self) -> bool:
            return False

    return SequentialSoundFile


def _open_sound(label: str, file: _ByteReader) -> Any:
    start = file.read(64)
    file.seek(0)
    if not start and file.error is None:
        raise AudioFormatError(
            f"{label}: empty: 0 bytes to read; write the file anew, or seek the file object to its beginning"
        )
    import soundfile

    try:
        sound = _sequential_soundfile()(file)
    except (soundfile.SoundFileError, ValueError, TypeError) as error:
        if file.error is not None:
            raise AudioFormatError(f"{label}: reading failed: {file.error}") from file.error
        if start[:4] in {b"RIFF", b"RIFX", b"RF64", b"fLaC", b"FORM", b"OggS"}:
            raise AudioFormatError(
                f"{label}: its {start[:4].decode()} header is damaged or cut short{_stated(start)} "
                f"({_reason(error)}); get the file again from where it came"
            ) from error
        raise AudioFormatError(
            f"{label}: not audio that can be decoded ({_reason(error)}); it begins with {start[:8]!r}: "
            "convert it to WAV or FLAC"
        ) from error
    if file.error is not None:
        sound.close()
        raise AudioFormatError(f"{label}: reading failed: {file.error}") from file.error
    return sound


def _stated(start: bytes) -> str:
    """Name what a WAV header states, where a message should name a value."""
    if start[:4] == b"RIFF" and start[12:16] == b"fmt " and len(start) >= 36:
        n_channels = int.from_bytes(start[22:24], "little")
        rate = int.from_bytes(start[24:28], "little")
        bits = int.from_bytes(start[34:36], "little")
        return f": it states {n_channels} channels, {rate} Hz, {bits} bits"
    return ""


def _reason(error: Exception) -> str:
    return str(getattr(error, "error_string", error)).rstrip(".")


# --- arrays -----------------------------------------------------------------------------


def _open_array(source: Any, channel: int | None, labels: _Labels, sample_rate_hz: float | None) -> _ArraySource:
    label = "the array"
    values = _checked_array(source, label)
    if sample_rate_hz is None:
        raise ParameterError(f"{label}: sample_rate_hz is missing; an array has none of its own")
    rate = _checked_rate(sample_rate_hz, label, ParameterError)
    n_channels = 1
    if values.ndim == 2:
        if 0 < values.shape[0] < values.shape[1] or values.shape[1] == 0:
            raise ParameterError(
                f"{label}: shape {values.shape} is taken as (n_samples, n_channels): transpose it, or pass one channel"
            )
        n_channels = values.shape[1]
    chosen, notes = _choose_channel(channel, n_channels, label)
    return _ArraySource(label, labels, values[:, chosen] if values.ndim == 2 else values, rate, notes)


def _checked_array(source: Any, label: str) -> npt.NDArray[Any]:
    """Take anything array-like whose values have one meaning as sound."""
    if not isinstance(source, np.ndarray | list | tuple | array.array) and not hasattr(source, "__array__"):
        raise ParameterError(
            f"can't read a recording from {type(source).__name__} {source!r:.60}: "
            "pass a path, a binary file object, an array with sample_rate_hz, or a Recording"
        )
    try:
        values = np.asarray(source)
    except (ValueError, TypeError) as error:
        raise ParameterError(f"{label}: can't be made an array of numbers: {error}") from error
    if np.ma.is_masked(source):
        raise ParameterError(f"{label}: some samples are masked; fill them in or cut them out")
    if values.dtype.kind not in "iuf":
        raise ParameterError(f"{label}: samples must be real numbers, not {values.dtype}")
    if values.dtype.kind in "iu" and _pcm_scale(values.dtype) is None:
        raise ParameterError(
            f"{label}: {values.dtype} has no agreed full scale as sound: convert it to int8, int16, int32, uint8 or float"
        )
    if values.ndim not in {1, 2}:
        raise ParameterError(f"{label}: samples must be 1-D or (n_samples, n_channels), not of shape {values.shape}")
    return values


def _pcm_scale(dtype: np.dtype[Any]) -> tuple[float, float] | None:
    """Give the zero and the full scale of an integer PCM type; None if it is not one."""
    return {
        ("u", 1): (128.0, 2.0**7),
        ("i", 1): (0.0, 2.0**7),
        ("i", 2): (0.0, 2.0**15),
        ("i", 4): (0.0, 2.0**31),
    }.get((dtype.kind, dtype.itemsize))


def _to_float(values: npt.NDArray[Any]) -> npt.NDArray[np.floating[Any]]:
    """Scale integer PCM to ±1 in float32; leave floats as they are."""
    if values.dtype.kind == "f":
        return values
    zero, full_scale = _pcm_scale(values.dtype) or (0.0, 1.0)
    floats = values.astype(np.float32)
    floats -= np.float32(zero)
    floats *= np.float32(1.0 / full_scale)
    return floats


# --- checks -----------------------------------------------------------------------------


def _checked_rate(value: object, label: str, kind: type[MurmurError]) -> float:
    try:
        rate = math.nan if isinstance(value, str | bool) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        rate = math.nan
    if math.isnan(rate):
        raise kind(f"{label}: the sample rate must be a number in Hz, not {value!r}")
    if not MIN_SAMPLE_RATE_HZ <= rate <= MAX_SAMPLE_RATE_HZ:
        remedy = "give it in Hz, not kHz" if 0 < rate < 200 else "check the rate, or resample to 4000 Hz"
        raise kind(
            f"{label}: a sample rate of {rate:.10g} Hz is out of range ({MIN_SAMPLE_RATE_HZ:g} to "
            f"{MAX_SAMPLE_RATE_HZ:g} Hz); {remedy}"
        )
    return rate


def _check_same_rate(given: float | None, own: float, label: str) -> None:
    if given is not None and _checked_rate(given, label, ParameterError) != own:
        raise ParameterError(f"{label}: has its own sample rate, {own:g} Hz, not {given:g} Hz; leave sample_rate_hz out")


def _choose_channel(channel: int | None, n_channels: int, label: str) -> tuple[int, tuple[str, ...]]:
    if channel is None:
        return 0, (f"{n_channels} channels: took channel 0",) if n_channels > 1 else ()
    try:
        index = -1 if isinstance(channel, bool) else operator.index(channel)
    except TypeError:
        index = -1
    if not 0 <= index < n_channels:
        raise ParameterError(
            f"{label}: there is no channel {channel!r}: it has {n_channels} "
            f"channel{'s' if n_channels > 1 else ''}, counted from 0"
        )
    return index, ()


def _check_length(label: str, n_samples: int, rate: float, n_promised: int | None = None) -> None:
    if n_samples < _min_samples(rate):
        raise _too_short(label, n_samples, rate, n_promised)
    if n_samples > MAX_DURATION_S * rate:
        raise _too_long(label, f"{n_samples / rate / 3600:.4g} h")


def _min_samples(rate: float) -> int:
    return int(MIN_DURATION_S * rate)


def _too_short(label: str, n_samples: int, rate: float, n_promised: int | None) -> TooShortError:
    held = f"{_seconds(n_samples, rate)} of sound" if n_samples else "no samples"
    if n_promised is not None and n_promised > n_samples:
        held += f", though its header promises {_seconds(n_promised, rate)}: it was cut short"
    return TooShortError(f"{label}: it holds {held}; at least {MIN_DURATION_S:g} s are needed, 15 s are better")


def _too_long(label: str, held: str) -> TooLongError:
    return TooLongError(
        f"{label}: it holds {held}, and at most {MAX_DURATION_S / 3600:g} h are taken at once: split the recording"
    )


def _seconds(n_samples: int, rate: float) -> str:
    return f"{n_samples / rate:.6g} s"
