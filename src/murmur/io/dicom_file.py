"""DICOM waveforms, parsed by pydicom: General Audio and others that hold a heart sound.

Samples are scaled so that the full scale of the stored bits is ±1; mu-law and A-law are expanded. The whole file is held in
memory, because pydicom needs it.

References
----------
DICOM PS3.3 C.10.9, Waveform Module. https://dicom.nema.org/medical/dicom/current/output/chtml/part03/sect_C.10.9.html
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from murmur.errors import AudioFormatError, TooLongError
from murmur.io.access import decoding, require
from murmur.io.byte_reader import ByteReader
from murmur.io.info import RecordingInfo
from murmur.io.limits import checked_rate
from murmur.io.signals import choose_signal, is_heart_sound, known_id, scaled, spelled
from murmur.io.source import Source

_MOST_BYTES = 2**31
_AUDIO = "1.2.840.10008.5.1.4.1.1.9.4."  # beginning of the SOP classes for audio
_PATIENT_ID = 0x00100020
_DEFLATED = b"1.2.840.10008.1.2.1.99"
#: Type of a sample, by Waveform Sample Interpretation; its size must be that of Waveform Bits Allocated.
_TYPES = {"SB": "i1", "UB": "u1", "MB": "u1", "AB": "u1", "SS": "<i2", "US": "<u2", "SL": "<i4", "UL": "<u4"}


class DicomSource(Source):
    """One channel of a DICOM waveform."""

    def __init__(self, label: str, info: RecordingInfo, file: ByteReader, channel: int | None) -> None:
        with closing(file):
            content = _content(label, file)
        with decoding(label, "damaged: it can't be parsed as DICOM"):  # pydicom parses values only when they are used
            self._open(label, info, _parse(label, content), channel)

    def _open(self, label: str, info: RecordingInfo, parsed: Any, channel: int | None) -> None:
        channels = _channels(label, parsed)
        names = [_described(definition) for _, _, definition in channels]
        audio = str(parsed.get("SOPClassUID", "")).startswith(_AUDIO)
        if channel is None and not audio and not any(map(is_heart_sound, names)):
            raise AudioFormatError(
                f"{label}: no channel is described as a heart sound ({spelled(names)}); choose one (channel)"
            )
        index, notes = choose_signal(channel, names, label)
        group, self._number, definition = channels[index]
        self._n_channels = int(group.NumberOfWaveformChannels)
        bits, meaning = int(group.WaveformBitsAllocated), str(group.WaveformSampleInterpretation)
        kind = np.dtype(_TYPES.get(meaning, "V"))
        if kind.itemsize * 8 != bits:
            raise AudioFormatError(f"{label}: samples of {bits} bits and interpretation {meaning!r} can't be read")
        if group.get("WaveformData") is None:
            raise AudioFormatError(f"{label}: its waveform has no data; get the file again from its source")
        rate = checked_rate(float(group.SamplingFrequency), label, AudioFormatError)
        self._table = {"MB": mu_law, "AB": a_law}[meaning]() if meaning in {"MB", "AB"} else None
        stored = 16 if self._table is not None else int(definition.get("WaveformBitsStored") or bits)
        if not 2 <= stored <= 32:
            raise AudioFormatError(f"{label}: {stored} bits per sample can't be read (2 to 32)")
        self._full_scale = 2.0 ** (stored - 1)
        self._zero = self._full_scale if meaning in {"UB", "US", "UL"} else 0.0
        values = np.frombuffer(group.WaveformData, kind, len(group.WaveformData) // kind.itemsize)
        promised = int(group.NumberOfWaveformSamples)
        held = min(len(values) // self._n_channels, max(promised, 0))
        self._values = values[: held * self._n_channels]
        super().__init__(label, info, rate, held, notes, promised)
        self.named_patient = known_id(parsed.get("PatientID"))

    def _raw_blocks(self, n_block: int) -> Iterator[npt.NDArray[np.floating[Any]]]:
        frames = self._values.reshape(-1, self._n_channels)
        for start in range(0, len(frames), n_block):
            digital = frames[start : start + n_block, self._number]
            yield scaled(digital if self._table is None else self._table[digital], self._zero, self._full_scale)


@cache
def mu_law() -> npt.NDArray[np.int16]:
    """Return the 16-bit value of each of the 256 mu-law codes (ITU-T G.711)."""
    codes = ~np.arange(256, dtype=np.int64) & 0xFF
    sign, exponent, mantissa = codes & 0x80, (codes >> 4) & 7, codes & 15
    magnitude = (((mantissa << 3) + 0x84) << exponent) - 0x84
    return np.where(sign, -magnitude, magnitude).astype(np.int16)


@cache
def a_law() -> npt.NDArray[np.int16]:
    """Return the 16-bit value of each of the 256 A-law codes (ITU-T G.711)."""
    codes = np.arange(256, dtype=np.int64) ^ 0x55
    sign, exponent, mantissa = codes & 0x80, (codes >> 4) & 7, codes & 15
    magnitude = np.where(exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 0x108) << np.maximum(exponent - 1, 0))
    return np.where(sign, magnitude, -magnitude).astype(np.int16)


def dicom_patient(file: BinaryIO) -> str:
    """Return the Patient ID of a DICOM file, never the name; "" without one, or without pydicom."""
    try:
        from pydicom.filereader import read_partial

        parsed = read_partial(file, stop_when=lambda tag, *_: tag > _PATIENT_ID, specific_tags=[_PATIENT_ID])
        return known_id(parsed.get("PatientID"))
    except Exception:  # what is wrong is reported when the file is read
        return ""


def _content(label: str, file: ByteReader) -> bytes:
    size = file.size()
    if size > _MOST_BYTES:
        raise TooLongError(
            f"{label}: {size} bytes are too many to hold in memory (maximum {_MOST_BYTES}): split the recording"
        )
    content = file.read_checked(size)
    if _DEFLATED in content[:1024]:
        raise AudioFormatError(f"{label}: deflated; store it in an uncompressed transfer syntax (dcmconv +te)")
    return content


def _parse(label: str, content: bytes) -> Any:
    pydicom = require("pydicom", label, "reading DICOM")
    try:
        return pydicom.dcmread(io.BytesIO(content))
    except pydicom.errors.InvalidDicomError as error:
        raise AudioFormatError(f"{label}: not DICOM: it has no DICM mark; it begins with {content[:8]!r}") from error


def _channels(label: str, parsed: Any) -> list[tuple[Any, int, Any]]:
    """Return each channel as its multiplex group, its number there, and its definition."""
    channels = []
    for group in parsed.get("WaveformSequence") or ():
        n_channels = int(group.NumberOfWaveformChannels)
        definitions = list(group.get("ChannelDefinitionSequence") or ())
        if n_channels < 1 or len(definitions) != n_channels:
            raise AudioFormatError(f"{label}: damaged: it promises {n_channels} channels but defines {len(definitions)}")
        channels += [(group, number, definition) for number, definition in enumerate(definitions)]
    if not channels:
        raise AudioFormatError(f"{label}: it holds no waveform; murmur reads sound, not images or reports")
    return channels


def _described(definition: Any) -> str:
    source = (definition.get("ChannelSourceSequence") or [{}])[0]
    return f"{definition.get('ChannelLabel') or ''} {source.get('CodeMeaning') or ''}".strip()
