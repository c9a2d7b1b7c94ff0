"""WFDB records (PhysioNet): a header (``.hea``) that names signal files beside it, read by the wfdb package.

Digital values are scaled so that the full scale of the converter (the header's ADC resolution, else what the format holds)
is ±1, about its ADC zero: as a WAV of the same samples would be. What WFDB calls a missing sample is the lowest value that
a format can hold, which in sound is as a rule a clipped one; it is taken for that, with a note.

References
----------
WFDB header files: https://physionet.org/physiotools/wag/header-5.htm
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from murmur.errors import AudioFormatError, MissingFileError, ParameterError
from murmur.io.byte_reader import open_path
from murmur.io.info import RecordingInfo
from murmur.io.limits import check_length, checked_rate
from murmur.io.signals import choose_signal, regrouped, scaled
from murmur.io.source import Source

__all__ = ["WfdbSource"]

_LONGEST_HEADER = 2**16
_FRAMES_PER_READ = 2**18
#: Of each format: bytes and bits of a sample.
_FORMATS: dict[str, tuple[float, int]] = {
    "8": (1, 8),
    "16": (2, 16),
    "24": (3, 24),
    "32": (4, 32),
    "61": (2, 16),
    "80": (1, 8),
    "160": (2, 16),
    "212": (1.5, 12),
    "310": (4 / 3, 10),
    "311": (4 / 3, 10),
}
#: The same, compressed as FLAC.
_COMPRESSED = {"508": 8, "516": 16, "524": 24}


class WfdbSource(Source):
    """One signal of a WFDB record."""

    def __init__(self, label: str, info: RecordingInfo, channel: int | None) -> None:
        path = info.path
        self._record = path[: -len(".hea")]
        header = _read_header(label, path, self._record)
        names = [_described(header, index) for index in range(header.n_sig)]
        self._channel, notes = choose_signal(channel, names, label)
        self._frame = header.samps_per_frame[self._channel] or 1
        self._format = str(header.fmt[self._channel])
        rate = checked_rate(float(header.fs) * self._frame, label, AudioFormatError)
        held = _frames_held(label, path, header, self._channel)
        promised = header.sig_len or None
        self._n_frames = held if promised is None else min(held, promised)
        super().__init__(label, info, rate, self._n_frames * self._frame, notes)
        self._promised_samples = None if promised is None else promised * self._frame
        bits = _COMPRESSED.get(self._format) or _FORMATS[self._format][1]
        resolution = header.adc_res[self._channel] or 0
        self._full_scale = 2.0 ** ((resolution if 1 < resolution <= 32 else bits) - 1)
        self._zero = float(header.adc_zero[self._channel] or 0)
        self._lowest = -(2 ** (bits - 1))
        check_length(label, self._n_frames * self._frame, rate, self._promised_samples)

    def _raw_blocks(self, n_block: int) -> Iterator[npt.NDArray[np.floating[Any]]]:
        for digital in regrouped(self._digital(), n_block):
            yield scaled(digital, self._zero, self._full_scale)

    def _digital(self) -> Iterator[npt.NDArray[Any]]:
        # a value of format 8 is the difference to the one before
        step = self._n_frames if self._format == "8" else max(1, _FRAMES_PER_READ // self._frame)
        n_lowest = 0
        for start in range(0, self._n_frames, step):
            digital = self._read(start, min(start + step, self._n_frames))
            n_lowest += int((digital == self._lowest).sum())
            yield digital
        if n_lowest:
            self._notes.append(f"{n_lowest} samples at the lowest value, which in WFDB can mean missing: taken as clipped")

    def _read(self, start: int, stop: int) -> npt.NDArray[Any]:
        import wfdb

        try:
            record = wfdb.rdrecord(
                self._record,
                sampfrom=start,
                sampto=stop,
                channels=[self._channel],
                physical=False,
                smooth_frames=False,
                ignore_skew=True,
            )
            values = np.asarray(record.e_d_signal[0])
        except Exception as error:  # the library tells what is damaged by many kinds
            at = f"{start * self._frame / self.sample_rate_hz:.6g} s"
            raise AudioFormatError(f"{self.label}: damaged: its signal can't be decoded from {at} on ({error})") from error
        if values.shape != ((stop - start) * self._frame,):
            raise AudioFormatError(f"{self.label}: damaged: its header and its signal file contradict each other")
        return values


def _read_header(label: str, path: str, record: str) -> Any:
    with_problem = "its WFDB header is damaged"
    file = open_path(path, label)
    try:
        start = file.read(_LONGEST_HEADER + 1)
    finally:
        file.close()
    if file.error is not None:
        raise AudioFormatError(f"{label}: reading failed: {file.error}") from file.error
    if not start.strip():
        raise AudioFormatError(f"{label}: empty: a WFDB header begins with its record's name and number of signals")
    if len(start) > _LONGEST_HEADER:
        raise AudioFormatError(f"{label}: {with_problem}: it is longer than {_LONGEST_HEADER} bytes")
    try:
        import wfdb
    except ImportError as error:
        raise ParameterError(f"{label}: reading WFDB needs wfdb: pip install 'murmur-pcg[formats]'") from error
    try:
        header = wfdb.rdheader(record)
    except Exception as error:  # the library tells what is damaged by many kinds
        raise AudioFormatError(f"{label}: {with_problem} ({error})") from error
    if getattr(header, "n_seg", None) is not None:
        raise AudioFormatError(f"{label}: a record of several segments; name the header of one of them")
    if not header.n_sig or not header.file_name:
        raise AudioFormatError(f"{label}: it names no signals")
    if not header.n_sig == len(header.file_name) == len(header.fmt):
        raise AudioFormatError(f"{label}: {with_problem}: it promises {header.n_sig} signals and names {len(header.fmt)}")
    return header


def _described(header: Any, index: int) -> str:
    return str((header.sig_name or [""] * header.n_sig)[index] or "")


def _frames_held(label: str, path: str, header: Any, channel: int) -> int:
    """Count the frames that a signal's file holds, whatever the header promises."""
    name, kind = str(header.file_name[channel]), str(header.fmt[channel])
    if kind not in _FORMATS and kind not in _COMPRESSED:
        raise AudioFormatError(f"{label}: WFDB format {kind!r} of signal {channel} is not known")
    if name in {"~", "-", ".", ".."} or Path(name).name != name or "\\" in name:
        raise AudioFormatError(f"{label}: signal {channel} must be in a file beside it, not in {name!r}")
    place = os.path.join(os.path.dirname(path), name)  # noqa: PTH118, PTH120  (spelled as it was given)
    try:
        size = Path(place).stat().st_size
    except OSError as error:
        raise MissingFileError(f"{label}: it names {name}, which is not there; put it beside the header") from error
    in_file = [index for index, other in enumerate(header.file_name) if other == name]
    per_frame = sum(header.samps_per_frame[index] or 1 for index in in_file)
    if kind in _COMPRESSED:
        return _flac_frames(label, name, place) // (header.samps_per_frame[channel] or 1)
    return int(max(0, size - (header.byte_offset[in_file[0]] or 0)) / (_FORMATS[kind][0] * per_frame))


def _flac_frames(label: str, name: str, place: str) -> int:
    import soundfile

    try:
        return int(soundfile.info(place).frames)
    except (soundfile.SoundFileError, RuntimeError) as error:
        raise AudioFormatError(f"{label}: {name} is not FLAC that can be decoded ({error})") from error
