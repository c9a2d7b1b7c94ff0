"""EDF, EDF+ and BDF files, decoded by edfio, a few data records at a time.

Digital values are scaled so that the digital range in the header becomes ±1; an inverted physical range inverts the signal.
Files with gaps (EDF+D) are refused.

References
----------
Kemp B, Olivan J (2003). European data format 'plus' (EDF+). Clinical Neurophysiology 114.
https://doi.org/10.1016/S1388-2457(03)00123-8
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from murmur.errors import AudioFormatError
from murmur.io.access import decoding, require
from murmur.io.byte_reader import ByteReader
from murmur.io.info import RecordingInfo
from murmur.io.limits import checked_rate
from murmur.io.signals import choose_signal, known_id, regrouped, scaled
from murmur.io.source import Source

_EDF, _BDF = b"0       ", b"\xffBIOSEMI"
_BYTES_PER_READ = 2**24
#: Fields in the fixed part of a header, in bytes.
_PATIENT, _RESERVED, _COUNT, _N_SIGNALS = slice(8, 88), slice(192, 236), slice(236, 244), slice(252, 256)
_FIXED = 256
#: In the part on signals, bytes per signal before the samples per data record, and in all.
_SAMPLES_AT, _PER_SIGNAL = 216, 256


class EdfSource(Source):
    """One signal of an EDF or BDF file."""

    def __init__(self, label: str, info: RecordingInfo, file: ByteReader, channel: int | None) -> None:
        self._file = file
        try:
            size = file.size()
            self._header = _read_header(label, file, size)
            self._record_bytes = _record_bytes(label, self._header)
            parsed = self._decode(label, b"", 0)
            if not parsed.signals:
                raise AudioFormatError(f"{label}: it holds annotations but no signal")
            names = [f"{signal.label} {signal.transducer_type}".strip() for signal in parsed.signals]
            self._channel, notes = choose_signal(channel, names, label)
            signal = parsed.signals[self._channel]
            rate = checked_rate(float(signal.sampling_frequency), label, AudioFormatError)
            per_record = int(signal.samples_per_data_record)
            self._zero, self._full_scale = _scale(label, signal)
            held = (size - len(self._header)) // self._record_bytes
            stated = _number(label, self._header[_COUNT], "number of data records")
            self._n_records = min(held, stated) if stated > 0 else held  # -1: it was still being recorded
            promised = stated * per_record if stated > 0 else None
            super().__init__(label, info, rate, self._n_records * per_record, notes, promised)
            self.named_patient = edf_patient(self._header)
        except BaseException:
            self.close()
            raise

    def _raw_blocks(self, n_block: int) -> Iterator[npt.NDArray[np.floating[Any]]]:
        for digital in regrouped(self._digital(), n_block):
            yield scaled(digital, self._zero, self._full_scale)

    def _digital(self) -> Iterator[npt.NDArray[Any]]:
        step = max(1, _BYTES_PER_READ // self._record_bytes)
        self._file.seek(len(self._header))
        for start in range(0, self._n_records, step):
            count = min(step, self._n_records - start)
            body = self._file.read(count * self._record_bytes)
            self._file.check()
            count = len(body) // self._record_bytes
            yield self._decode(self.label, body[: count * self._record_bytes], count).signals[self._channel].digital

    def _decode(self, label: str, body: bytes, count: int) -> Any:
        """Let edfio decode some data records as if they were the whole file."""
        edfio = require("edfio", label, "reading EDF and BDF")
        header = bytearray(self._header)
        header[_COUNT] = str(count).ljust(8).encode("ascii")
        read = edfio.read_bdf if self._header.startswith(_BDF) else edfio.read_edf
        with decoding(label, "its EDF header is damaged"):
            return read(io.BytesIO(bytes(header) + body), header_encoding="latin-1")

    def close(self) -> None:
        """Close the file if it was opened here."""
        self._file.close()


def _read_header(label: str, file: ByteReader, size: int) -> bytes:
    fixed = file.read_checked(min(size, _FIXED))
    if not fixed.startswith((_EDF, _BDF)):
        raise AudioFormatError(f"{label}: not EDF or BDF: it begins with {fixed[:8]!r}")
    n_signals = _number(label, fixed[_N_SIGNALS], "number of signals")
    n_header = _FIXED + n_signals * _PER_SIGNAL
    if n_signals < 1 or size < n_header:
        raise AudioFormatError(
            f"{label}: its EDF header is damaged or cut short: {n_signals} signals need {n_header} bytes, it has {size}"
        )
    if fixed[_RESERVED][:5] in {b"EDF+D", b"BDF+D"}:
        raise AudioFormatError(f"{label}: interrupted (EDF+D): cycles can't be followed across gaps; export its parts")
    return fixed + file.read(n_header - _FIXED)


def _number(label: str, field: bytes, what: str) -> int:
    try:
        return int(field.decode("ascii"))
    except ValueError:
        raise AudioFormatError(f"{label}: its EDF header is damaged: its {what} is {field!r}") from None


def _record_bytes(label: str, header: bytes) -> int:
    n_signals = len(header) // _PER_SIGNAL - 1
    at = _FIXED + n_signals * _SAMPLES_AT
    counts = [_number(label, header[at + 8 * i : at + 8 * i + 8], "samples per data record") for i in range(n_signals)]
    if min(counts) < 1:
        raise AudioFormatError(f"{label}: its EDF header is damaged: {min(counts)} samples per data record")
    return sum(counts) * (3 if header.startswith(_BDF) else 2)


def _scale(label: str, signal: Any) -> tuple[float, float]:
    """Return the digital value of zero, and the distance from there to full scale."""
    with decoding(label, "its EDF header is damaged"):
        low, high = int(signal.digital_min), int(signal.digital_max)
        upright = float(signal.physical_min) <= float(signal.physical_max)
    if low >= high:
        raise AudioFormatError(f"{label}: its EDF header is damaged: the digital range is {low} to {high}")
    full_scale = (high - low + 1) / 2.0
    return float((low + high + 1) // 2), full_scale if upright else -full_scale


def edf_patient(start: bytes) -> str:
    """Return the hospital's code for the patient from the first bytes of an EDF+ header, never the name; "" without one.

    Plain EDF has free text there, which may begin with a name; in EDF+, sex and date of birth follow the code.
    """
    fields = start[_PATIENT].decode("latin-1").rstrip().split(" ")
    return known_id(fields[0]) if len(fields) >= 4 and fields[1] in {"X", "F", "M"} else ""
