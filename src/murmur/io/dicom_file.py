"""DICOM waveforms, parsed by pydicom: General Audio and others that hold a heart sound.

Sample values are scaled so that the full scale of the bits stored is ±1; mu-law and A-law are expanded. The whole file is
held in memory, as pydicom needs it, its samples as they are stored.

References
----------
DICOM PS3.3 C.10.9, Waveform Module. https://dicom.nema.org/medical/dicom/current/output/chtml/part03/sect_C.10.9.html
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from murmur.errors import AudioFormatError, MurmurError, ParameterError, TooLongError
from murmur.io.byte_reader import ByteReader
from murmur.io.companding import a_law, mu_law
from murmur.io.info import RecordingInfo
from murmur.io.limits import check_length, checked_rate
from murmur.io.signals import choose_signal, is_heart_sound, known_id, scaled, spelled
from murmur.io.source import Source

__all__ = ["DicomSource", "dicom_patient"]

_MOST_BYTES = 2**31
_AUDIO = "1.2.840.10008.5.1.4.1.1.9.4."  # of the SOP classes for audio
_PATIENT_ID = 0x00100020
_DEFLATED = b"1.2.840.10008.1.2.1.99"
#: What a sample is, by Waveform Bits Allocated and Waveform Sample Interpretation.
_TYPES = {
    (8, "SB"): "i1",
    (8, "UB"): "u1",
    (8, "MB"): "u1",
    (8, "AB"): "u1",
    (16, "SS"): "<i2",
    (16, "US"): "<u2",
    (32, "SL"): "<i4",
    (32, "UL"): "<u4",
}


@dataclass(frozen=True, slots=True)
class _Channel:
    """One channel of one multiplex group."""

    group: Any
    definition: Any
    number: int
    description: str


class DicomSource(Source):
    """One channel of a DICOM waveform."""

    def __init__(self, label: str, info: RecordingInfo, file: ByteReader, channel: int | None) -> None:
        try:
            parsed = _parse(label, _whole(label, file))
        finally:
            file.close()
        try:
            self._open(label, info, parsed, channel)
        except MurmurError:
            raise
        except Exception as error:  # values are parsed only when they are asked for
            raise _damaged(label, error) from error

    def _open(self, label: str, info: RecordingInfo, parsed: Any, channel: int | None) -> None:
        channels = _channels(label, parsed)
        names = [item.description for item in channels]
        audio = str(parsed.get("SOPClassUID", "")).startswith(_AUDIO)
        if channel is None and not audio and not any(map(is_heart_sound, names)):
            raise AudioFormatError(
                f"{label}: no channel is described as a heart sound ({spelled(names)}); say which it is (channel)"
            )
        index, notes = choose_signal(channel, names, label)
        group, definition = channels[index].group, channels[index].definition
        self._number, self._n_channels = channels[index].number, int(group.NumberOfWaveformChannels)
        bits, meaning = int(group.WaveformBitsAllocated), str(group.WaveformSampleInterpretation)
        if (bits, meaning) not in _TYPES:
            raise AudioFormatError(f"{label}: samples of {bits} bits and interpretation {meaning!r} can't be read")
        if group.get("WaveformData") is None:
            raise AudioFormatError(f"{label}: its waveform has no data; get the file again from where it came")
        rate = checked_rate(float(group.SamplingFrequency), label, AudioFormatError)
        self._table = {"MB": mu_law(), "AB": a_law()}.get(meaning)
        stored = 16 if self._table is not None else int(definition.get("WaveformBitsStored") or bits)
        if not 2 <= stored <= 32:
            raise AudioFormatError(f"{label}: a sample can't have {stored} bits")
        self._full_scale = 2.0 ** (stored - 1)
        self._zero = self._full_scale if meaning in {"UB", "US", "UL"} else 0.0
        kind, data = np.dtype(_TYPES[bits, meaning]), group.WaveformData
        values = np.frombuffer(data, kind, len(data) // kind.itemsize)
        promised = int(group.NumberOfWaveformSamples)
        held = min(len(values) // self._n_channels, max(promised, 0))
        self._values = values[: held * self._n_channels]
        super().__init__(label, info, rate, held, notes)
        self._promised_samples = promised
        self.named_patient = known_id(parsed.get("PatientID"))
        check_length(label, held, rate, promised)

    def _raw_blocks(self, n_block: int) -> Iterator[npt.NDArray[np.floating[Any]]]:
        frames = self._values.reshape(-1, self._n_channels)
        for start in range(0, len(frames), n_block):
            digital = frames[start : start + n_block, self._number]
            yield scaled(digital if self._table is None else self._table[digital], self._zero, self._full_scale)


def dicom_patient(file: BinaryIO) -> str:
    """Return the patient's id of a DICOM file, never the name; empty where there is none, or no pydicom."""
    try:
        from pydicom.filereader import read_partial

        parsed = read_partial(file, stop_when=lambda tag, *_: tag > _PATIENT_ID, specific_tags=[_PATIENT_ID])
        return known_id(parsed.get("PatientID"))
    except Exception:  # what is wrong with the file is told when it is read
        return ""


def _whole(label: str, file: ByteReader) -> bytes:
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    if size > _MOST_BYTES:
        raise TooLongError(f"{label}: {size} bytes are too many for a DICOM file to hold in memory: split the recording")
    content = file.read(size)
    if file.error is not None:
        raise AudioFormatError(f"{label}: reading failed: {file.error}") from file.error
    if not content:
        raise AudioFormatError(f"{label}: empty: 0 bytes to read; get the file again from where it came")
    if _DEFLATED in content[:1024]:
        raise AudioFormatError(f"{label}: deflated; store it in an uncompressed transfer syntax (dcmconv +te)")
    return content


def _parse(label: str, content: bytes) -> Any:
    try:
        import pydicom
    except ImportError as error:
        raise ParameterError(f"{label}: reading DICOM needs pydicom: pip install 'murmur-pcg[formats]'") from error
    try:
        return pydicom.dcmread(io.BytesIO(content))
    except pydicom.errors.InvalidDicomError as error:
        raise AudioFormatError(f"{label}: not DICOM: it has no DICM mark; it begins with {content[:8]!r}") from error
    except Exception as error:  # the library tells what is damaged by many kinds
        raise _damaged(label, error) from error


def _channels(label: str, parsed: Any) -> list[_Channel]:
    channels = []
    for group in parsed.get("WaveformSequence") or ():
        n_channels = int(group.NumberOfWaveformChannels)
        definitions = list(group.get("ChannelDefinitionSequence") or ())
        if n_channels < 1 or len(definitions) != n_channels:
            raise AudioFormatError(f"{label}: damaged: it promises {n_channels} channels and defines {len(definitions)}")
        channels += [_Channel(group, item, number, _described(item)) for number, item in enumerate(definitions)]
    if not channels:
        raise AudioFormatError(f"{label}: it holds no waveform; murmur reads sound, no images or reports")
    return channels


def _described(definition: Any) -> str:
    source = (definition.get("ChannelSourceSequence") or [{}])[0]
    return f"{definition.get('ChannelLabel') or ''} {source.get('CodeMeaning') or ''}".strip()


def _damaged(label: str, error: Exception) -> AudioFormatError:
    return AudioFormatError(f"{label}: damaged: it can't be parsed as DICOM ({error or type(error).__name__})")
