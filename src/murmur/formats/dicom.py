"""DICOM General Audio Waveform objects, written by pydicom: the sound, and its states as waveform annotations.

One multiplex group of one channel, a phonocardiogram (DCM 109114), signed 16 bits; what is sampled above 44.1 kHz, the
most that the object may hold, is resampled to that. Each state is an annotation of type SEGMENT with its name as text.

References
----------
DICOM PS3.3 A.34.10 General Audio Waveform, C.10.9 Waveform, C.10.10 Waveform Annotation; PS3.16 CID 3000.
https://dicom.nema.org/medical/dicom/current/output/chtml/part03/sect_A.34.10.html
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from murmur import __version__
from murmur.errors import ParameterError
from murmur.formats.labels import NAMES, checked
from murmur.formats.sound import as_pcm
from murmur.io.recording import Recording
from murmur.io.writing import write_whole
from murmur.segmentation.result import State

__all__ = ["write_dicom"]

_MOST_RATE_HZ = 44_100.0
_SOP_CLASS = "1.2.840.10008.5.1.4.1.1.9.4.2"
#: A file's waveform data must fit a length of 32 bits.
_MOST_SAMPLES = 2**30


def write_dicom(
    path: str | os.PathLike[str],
    recording: Recording,
    intervals: Iterable[tuple[float, float, int]] = (),
    *,
    acquired: datetime.datetime | None = None,
) -> None:
    """Write a recording as a DICOM General Audio Waveform.

    Parameters
    ----------
    path : str or os.PathLike
        Such as ``13918_MV.dcm``.
    recording : Recording
        Its `patient` becomes the Patient ID; the name stays empty, study and series are new ones.
    intervals : iterable of (float, float, int), optional
        Start and end in seconds, and the state; those not labelled are left out.
    acquired : datetime, optional
        When it was recorded; now, as the object must state a time, where that is not known.

    Raises
    ------
    ParameterError
        If an interval has no such state or times, it is too long for one object, or without pydicom.
    OutputError
        If it can't be written.
    """
    label = os.fspath(path)
    try:
        import pydicom  # noqa: F401
    except ImportError as error:
        raise ParameterError(f"{label}: writing DICOM needs pydicom: pip install 'murmur-pcg[formats]'") from error
    samples, rate = recording.samples, recording.sample_rate_hz
    if rate > _MOST_RATE_HZ:
        samples, rate = _resampled(samples, rate), _MOST_RATE_HZ
    if len(samples) > _MOST_SAMPLES:
        raise ParameterError(f"{label}: {len(samples)} samples are too many for one DICOM object: split the recording")
    # little endian and 16 bits, as the file's transfer syntax has it
    body = as_pcm(samples, 16).astype("<i2").tobytes()
    dataset = _dataset(recording, acquired or datetime.datetime.now().astimezone())
    dataset.WaveformSequence = [_group(body, rate, recording.info.site)]
    if notes := [_annotation(i, rate, len(samples)) for i in checked(intervals) if i.state != State.UNLABELLED]:
        dataset.WaveformAnnotationSequence = notes
    write_whole(Path(path), lambda place: dataset.save_as(place, enforce_file_format=True))


def _resampled(samples: npt.NDArray[np.float32], rate: float) -> npt.NDArray[np.float32]:
    from scipy.signal import resample_poly

    ratio = Fraction(_MOST_RATE_HZ / rate).limit_denominator(10_000)
    resampled: npt.NDArray[np.float32] = resample_poly(samples, ratio.numerator, ratio.denominator).astype(np.float32)
    return resampled


def _dataset(recording: Recording, acquired: datetime.datetime) -> Any:
    """Make all but the waveform: the modules that the object must have, empty where nothing is known."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = UID(_SOP_CLASS)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientID = recording.info.patient[:64]
    for empty in (
        *("PatientName", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "ReferringPhysicianName"),
        *("StudyID", "AccessionNumber", "SeriesNumber"),
    ):
        setattr(dataset, empty, None)
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = generate_uid(), generate_uid()
    dataset.Modality = "AU"
    dataset.SynchronizationFrameOfReferenceUID = generate_uid()
    dataset.SynchronizationTrigger, dataset.AcquisitionTimeSynchronized = "NO TRIGGER", "N"
    dataset.Manufacturer, dataset.ManufacturerModelName = "murmur", "murmur convert"
    dataset.DeviceSerialNumber, dataset.SoftwareVersions = "0", __version__
    dataset.InstanceNumber = 1
    dataset.ContentDate, dataset.ContentTime = acquired.strftime("%Y%m%d"), acquired.strftime("%H%M%S")
    dataset.AcquisitionDateTime = acquired.strftime("%Y%m%d%H%M%S")
    dataset.AcquisitionContextSequence = []
    return dataset


def _group(body: bytes, rate: float, site: str) -> Any:
    from pydicom.dataset import Dataset

    channel = Dataset()
    channel.ChannelLabel = f"PCG {site}".strip()
    channel.ChannelSourceSequence = [_code("109114", "Phonocardiogram")]
    channel.ChannelSampleSkew = "0"
    channel.WaveformBitsStored = 16
    group = Dataset()
    group.MultiplexGroupLabel = "PCG"
    group.WaveformOriginality = "ORIGINAL"
    group.NumberOfWaveformChannels = 1
    group.NumberOfWaveformSamples = len(body) // 2
    group.SamplingFrequency = f"{rate:.10g}"
    group.ChannelDefinitionSequence = [channel]
    group.WaveformBitsAllocated = 16
    group.WaveformSampleInterpretation = "SS"
    group.add_new("WaveformData", "OW", body)
    return group


def _code(value: str, meaning: str) -> Any:
    from pydicom.dataset import Dataset

    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
    return code


def _annotation(interval: tuple[float, float, State], rate: float, n_samples: int) -> Any:
    from pydicom.dataset import Dataset

    start_s, end_s, state = interval
    note = Dataset()
    note.UnformattedTextValue = NAMES[state]
    note.ReferencedWaveformChannels = [1, 1]  # group, channel
    note.TemporalRangeType = "SEGMENT"
    # the first sample is 1; the last one belongs to the segment
    first = min(round(start_s * rate) + 1, n_samples)
    note.ReferencedSamplePositions = [first, min(max(round(end_s * rate), first), n_samples)]
    return note
