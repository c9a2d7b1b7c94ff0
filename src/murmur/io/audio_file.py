"""Audio files decoded by libsndfile: what the header promises, and what the body holds."""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from murmur.errors import AudioFormatError, ParameterError
from murmur.io.arrays import to_float
from murmur.io.byte_reader import ByteReader
from murmur.io.info import RecordingInfo
from murmur.io.limits import MAX_DURATION_S, checked_rate, choose_channel, seconds
from murmur.io.source import Source

_MAX_VALUES_PER_READ = 2**18  # over all channels: a header may claim a thousand
_UNKNOWN_FRAMES = 2**62  # libsndfile reports 2**63 - 1 if the header states no length
_PLACEHOLDER_BYTES = 0x7FFF0000  # streaming writers put this for a length that is not known yet


class FileSource(Source):
    """An audio file, read through libsndfile."""

    def __init__(self, label: str, info: RecordingInfo, file: ByteReader, channel: int | None) -> None:
        self._file = file
        self._sound: Any = None
        try:
            self._sound = _open_sound(label, file)
            rate = checked_rate(float(self._sound.samplerate), label, AudioFormatError)
            self._n_channels = int(self._sound.channels)
            self._channel, notes = choose_channel(channel, self._n_channels, label)
            n_frames = int(self._sound.frames)
            # A FLAC header's count is only a claim; libsndfile derives those of other formats from the body.
            plausible = n_frames < _UNKNOWN_FRAMES and (self._sound.format != "FLAC" or n_frames <= MAX_DURATION_S * rate)
            super().__init__(label, info, rate, n_frames if plausible else None, notes, self._promise(n_frames))
        except BaseException:
            self.close()
            raise

    def _promise(self, n_frames: int) -> int | None:
        """Return how many samples the header promises; None if it states no length.

        Where the body is shorter, libsndfile corrects the count silently, and mentions it only in its log.
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
        # float64 where the file has it, so that a value beyond float32 is reported and does not become infinite. 16 bits are
        # read as they are, which is faster than libsndfile's conversion to float.
        dtype = {"DOUBLE": np.float64, "PCM_16": np.int16}.get(self._sound.subtype, np.float32)
        n_step = max(1, _MAX_VALUES_PER_READ // self._n_channels)
        scratch = np.empty((n_step if self._n_channels > 1 else 0, self._n_channels), dtype)
        n_passed = 0
        at_end = False
        while not at_end:
            n_wanted = n_block if self.n_samples is None else min(n_block, max(self.n_samples - n_passed, 1))
            block = np.empty((n_wanted, 1), dtype)
            n_held = 0
            while n_held < n_wanted and not at_end:
                part = block[n_held : n_held + n_step]
                step = part if self._n_channels == 1 else scratch[: len(part)]
                n_read, at_end = self._read_frames(step, n_passed)
                if step is not part:
                    part[:n_read, 0] = step[:n_read, self._channel]
                n_held += n_read
                n_passed += n_read
            if n_held:
                yield to_float(block[:n_held, 0])

    def _read_frames(self, out: npt.NDArray[Any], n_passed: int) -> tuple[int, bool]:
        """Fill ``out``; return how many frames were read, and whether they were the last."""
        import soundfile

        if self._sound.closed:
            raise ParameterError(f"{self.label}: the source was closed; read it inside its with block")
        try:
            n_read = len(self._sound.read(out=out))
            self._file.check()
            return n_read, n_read < len(out)
        except soundfile.SoundFileError as error:
            self._file.check()
            n_decoded = 0
            with contextlib.suppress(soundfile.SoundFileError):  # libsndfile may not know
                n_decoded = int(self._sound.tell())
            n_read = max(0, min(n_decoded - n_passed, len(out)))
            reached = seconds(n_passed + n_read, self.sample_rate_hz)
            if self._file.at_end():
                if self._promised_samples is None:
                    self._notes.append(f"the body breaks off after {reached}")
                return n_read, True
            raise AudioFormatError(
                f"{self.label}: damaged: can't be decoded beyond {reached} ({_reason(error)}); "
                "get the file again from its source"
            ) from error

    def close(self) -> None:
        """Close the decoder, and the file if it was opened here."""
        import soundfile

        with contextlib.closing(self._file), contextlib.suppress(soundfile.SoundFileError):  # all that is needed is read
            if self._sound is not None:
                self._sound.close()


@functools.cache
def _sequential_soundfile() -> Any:
    """Return a SoundFile class that reads without seeking.

    After every read, soundfile seeks to where it already is. That fails on a FLAC without a stated length, and discards
    what was decoded before a file breaks off.
    """
    import soundfile

    class SequentialSoundFile(soundfile.SoundFile):  # type: ignore[misc]
        def seekable(self) -> bool:
            return False

    return SequentialSoundFile


def _open_sound(label: str, file: ByteReader) -> Any:
    import soundfile

    try:
        sound = _sequential_soundfile()(file.handle, closefd=False)
    except (soundfile.SoundFileError, ValueError, TypeError) as error:
        raise _refusal(label, file, error) from file.error or error
    try:
        file.check()
    except AudioFormatError:
        sound.close()
        raise
    return sound


def _refusal(label: str, file: ByteReader, error: Exception) -> AudioFormatError:
    """Say why libsndfile can't open a file, from its first bytes."""
    file.seek(0)
    start = file.read_checked(64)
    if start[:4] in {b"RIFF", b"RIFX", b"RF64", b"fLaC", b"FORM", b"OggS"}:
        return AudioFormatError(
            f"{label}: its {start[:4].decode()} header is damaged or cut short{_stated(start)} "
            f"({_reason(error)}); get the file again from its source"
        )
    return AudioFormatError(
        f"{label}: not audio that can be decoded ({_reason(error)}); it begins with {start[:8]!r}: convert it to WAV or FLAC"
    )


def _stated(start: bytes) -> str:
    """Spell the values in a WAV header."""
    if start[:4] == b"RIFF" and start[12:16] == b"fmt " and len(start) >= 36:
        n_channels, rate, bits = (int.from_bytes(start[a:b], "little") for a, b in ((22, 24), (24, 28), (34, 36)))
        return f": it states {n_channels} channel{'' if n_channels == 1 else 's'}, {rate} Hz, {bits} bits"
    return ""


def _reason(error: Exception) -> str:
    return str(getattr(error, "error_string", error)).rstrip(".")
