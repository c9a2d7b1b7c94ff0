"""WFDB records (PhysioNet): a header (``.hea``) and the signal files that it names, read by the wfdb package.

Digital values are scaled as in a WAV of the same samples: the ADC zero becomes 0, and the full scale of the converter (the
header's ADC resolution, or what the format holds) becomes ±1. WFDB marks missing samples by the lowest value of a format. In
sound, those are usually clipped samples, so they are kept, with a note.

References
----------
WFDB header files: https://physionet.org/physiotools/wag/header-5.htm
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from murmur.errors import AudioFormatError, MissingFileError
from murmur.io.access import decoding, require
from murmur.io.byte_reader import open_path
from murmur.io.info import RecordingInfo
from murmur.io.limits import checked_rate, seconds
from murmur.io.signals import choose_signal, regrouped, scaled
from murmur.io.source import Source

_LONGEST_HEADER = 2**16
_FRAMES_PER_READ = 2**18
#: Bits of a sample in formats that are compressed as FLAC, and in all.
_COMPRESSED = {"508": 8, "516": 16, "524": 24}
_BITS = {"8": 8, "16": 16, "24": 24, "32": 32, "61": 16, "80": 8, "160": 16, "212": 12, "310": 10, "311": 10} | _COMPRESSED


class WfdbSource(Source):
    """One signal of a WFDB record."""

    def __init__(self, label: str, info: RecordingInfo, channel: int | None) -> None:
        path = info.path
        self._record = path[: -len(".hea")]
        header = _read_header(label, path, self._record)
        names = [str(name or "") for name in header.sig_name or [""] * header.n_sig]
        self._channel, notes = choose_signal(channel, names, label)
        self._frame = header.samps_per_frame[self._channel] or 1
        self._format = str(header.fmt[self._channel])
        rate = checked_rate(float(header.fs) * self._frame, label, AudioFormatError)
        held = _frames_held(label, path, header, self._channel)
        promised = header.sig_len or None
        self._n_frames = min(held, promised or held)
        super().__init__(label, info, rate, self._n_frames * self._frame, notes, promised and promised * self._frame)
        bits = _BITS[self._format]
        resolution = header.adc_res[self._channel] or 0
        self._full_scale = 2.0 ** ((resolution if 1 < resolution <= 32 else bits) - 1)
        self._zero = float(header.adc_zero[self._channel] or 0)
        self._lowest = -(2 ** (bits - 1))

    def _raw_blocks(self, n_block: int) -> Iterator[npt.NDArray[np.floating[Any]]]:
        for digital in regrouped(self._digital(), n_block):
            yield scaled(digital, self._zero, self._full_scale)

    def _digital(self) -> Iterator[npt.NDArray[Any]]:
        # values in format 8 are differences, so decoding begins at the first
        step = self._n_frames if self._format == "8" else max(1, _FRAMES_PER_READ // self._frame)
        n_lowest = 0
        for start in range(0, self._n_frames, step):
            digital = self._read(start, min(start + step, self._n_frames))
            n_lowest += int((digital == self._lowest).sum())
            yield digital
        if n_lowest:
            self._notes.append(f"{n_lowest} samples have the lowest value, which can mean missing in WFDB: taken as clipped")

    def _read(self, start: int, stop: int) -> npt.NDArray[Any]:
        import wfdb

        options = {"physical": False, "smooth_frames": False, "ignore_skew": True}
        at = seconds(start * self._frame, self.sample_rate_hz)
        with decoding(self.label, f"damaged: its signal can't be decoded from {at} on"):
            record = wfdb.rdrecord(self._record, sampfrom=start, sampto=stop, channels=[self._channel], **options)
            values = np.asarray(record.e_d_signal[0])
        if values.shape != ((stop - start) * self._frame,):
            raise AudioFormatError(f"{self.label}: damaged: its header and its signal file contradict each other")
        return values


def _read_header(label: str, path: str, record: str) -> Any:
    problem = "its WFDB header is damaged"
    with contextlib.closing(open_path(path, label)) as file:
        start = file.read(_LONGEST_HEADER + 1)
        file.check()
    if not start.strip():
        raise AudioFormatError(f"{label}: empty: a WFDB header begins with its record's name and number of signals")
    if len(start) > _LONGEST_HEADER:
        raise AudioFormatError(f"{label}: {problem}: it is longer than {_LONGEST_HEADER} bytes")
    wfdb = require("wfdb", label, "reading WFDB")
    with decoding(label, problem):
        header = wfdb.rdheader(record)
    if getattr(header, "n_seg", None) is not None:
        raise AudioFormatError(f"{label}: a record of several segments; choose the header of one of them")
    if not header.n_sig or not header.file_name:
        raise AudioFormatError(f"{label}: it names no signals")
    if not header.n_sig == len(header.file_name) == len(header.fmt):
        raise AudioFormatError(f"{label}: {problem}: it promises {header.n_sig} signals but names {len(header.fmt)}")
    return header


def _frames_held(label: str, path: str, header: Any, channel: int) -> int:
    """Return how many frames a signal's file holds, whatever the header promises."""
    name, kind = str(header.file_name[channel]), str(header.fmt[channel])
    if kind not in _BITS:
        raise AudioFormatError(f"{label}: signal {channel} is in WFDB format {kind!r}, which murmur does not read")
    if name in {"~", "-", ".", ".."} or Path(name).name != name or "\\" in name:
        raise AudioFormatError(f"{label}: signal {channel} must be in a file in the same folder, not in {name!r}")
    place = os.path.join(os.path.dirname(path), name)  # noqa: PTH118, PTH120  (spelled as it was given)
    try:
        size = Path(place).stat().st_size
    except OSError as error:
        raise MissingFileError(f"{label}: its signal file {name} is missing; put it in the same folder") from error
    in_file = [index for index, other in enumerate(header.file_name) if other == name]
    per_frame = sum(header.samps_per_frame[index] or 1 for index in in_file)
    if kind in _COMPRESSED:
        import soundfile

        with decoding(label, f"{name} is not FLAC that can be decoded"):
            return int(soundfile.info(place).frames) // (header.samps_per_frame[channel] or 1)
    bytes_per_sample = 4 / 3 if _BITS[kind] == 10 else _BITS[kind] / 8  # formats 310 and 311: 3 samples in 4 bytes
    return int(max(0, size - (header.byte_offset[in_file[0]] or 0)) / (bytes_per_sample * per_frame))
