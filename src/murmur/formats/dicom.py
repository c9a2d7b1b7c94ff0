"""DICOM General Audio Waveform objects, written by pydicom: the sound, and its states as waveform annotations.

One multiplex group with one channel, a phonocardiogram (DCM 109114), signed 16 bits. Higher sample rates than 44.1 kHz, the
maximum of the object, are resampled to it. Each state is an annotation of type SEGMENT with its name as text.

References
----------
DICOM PS3.3 A.34.10 General Audio Waveform, C.10.9 Waveform, C.10.10 Waveform Annotation; PS3.16 CID 3000.
https://dicom.nema.org/medical/dicom/current/output/chtml/part03/sect_A.34.10.html
"""

from __future__ import annotations

import datetime
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from murmur import __version__
from murmur.errors import ParameterError
from murmur.formats.labels import NAMES, Intervals, checked
from murmur.formats.sound import as_pcm
from murmur.io.access import require
from murmur.io.recording import Recording
from murmur.io.writing import write_whole
from murmur.segmentation.result import State

_MOST_RATE_HZ = 44_100.0


def write_dicom(
    path: str | os.PathLike[str],
    recording: Recording,
    intervals: Intervals = (),
    *,
    acquired: datetime.datetime | None = None,
) -> None:
    """Write a recording as a DICOM General Audio Waveform.

    Parameters
    ----------
    path : str or os.PathLike
        Such as ``13918_MV.dcm``.
    recording : Recording
        `recording.info.patient` becomes the Patient ID; the name stays empty, study and series are new.
    intervals : iterable of (float, float, int), optional
        Start and end in seconds, and the state; unlabelled ones are left out.
    acquired : datetime, optional
        Time of the recording. Default: now, because the object must state a time.

    Raises
    ------
    ParameterError
        If an interval is malformed, the recording is too long for one object, or pydicom is not installed.
    OutputError
        If it can't be written.
    """
    label = os.fspath(path)
    require("pydicom", label, "writing DICOM")
    samples, rate = recording.samples, recording.sample_rate_hz
    if rate > _MOST_RATE_HZ:
        from scipy.signal import resample_poly

        ratio = Fraction(_MOST_RATE_HZ / rate).limit_denominator(10_000)
        samples = resample_poly(samples, ratio.numerator, ratio.denominator).astype(np.float32)
        rate = _MOST_RATE_HZ
    if len(samples) > 2**30:  # the length of the waveform data must fit 32 bits
        raise ParameterError(f"{label}: {len(samples)} samples are too many for one DICOM object: split the recording")
    # little endian and 16 bits, as the file's transfer syntax has it
    body = as_pcm(samples, 16).astype("<i2").tobytes()
    dataset = _document(recording, acquired or datetime.datetime.now().astimezone())
    dataset.WaveformSequence = [_group(body, rate, recording.info.site)]
    if notes := [_annotation(i, rate, len(samples)) for i in checked(intervals) if i.state != State.UNLABELLED]:
        dataset.WaveformAnnotationSequence = notes
    write_whole(Path(path), lambda target: dataset.save_as(target, enforce_file_format=True))


def _document(recording: Recording, acquired: datetime.datetime) -> Any:
    """Return the required modules except the waveform, empty where nothing is known."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

    unknown = (
        *("PatientName", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "ReferringPhysicianName"),
        *("StudyID", "AccessionNumber", "SeriesNumber"),
    )
    dataset = _dataset(
        **dict.fromkeys(unknown),
        SOPClassUID=UID("1.2.840.10008.5.1.4.1.1.9.4.2"),
        SOPInstanceUID=generate_uid(),
        SpecificCharacterSet="ISO_IR 192",
        PatientID=recording.info.patient[:64],
        StudyInstanceUID=generate_uid(),
        SeriesInstanceUID=generate_uid(),
        Modality="AU",
        SynchronizationFrameOfReferenceUID=generate_uid(),
        SynchronizationTrigger="NO TRIGGER",
        AcquisitionTimeSynchronized="N",
        Manufacturer="murmur",
        ManufacturerModelName="murmur convert",
        DeviceSerialNumber="0",
        SoftwareVersions=__version__,
        InstanceNumber=1,
        ContentDate=acquired.strftime("%Y%m%d"),
        ContentTime=acquired.strftime("%H%M%S"),
        AcquisitionDateTime=acquired.strftime("%Y%m%d%H%M%S"),
        AcquisitionContextSequence=[],
    )
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    return dataset


def _dataset(**elements: Any) -> Any:
    from pydicom.dataset import Dataset

    dataset = Dataset()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


def _group(body: bytes, rate: float, site: str) -> Any:
    channel = _dataset(
        ChannelLabel=f"PCG {site}".strip(),
        ChannelSourceSequence=[_dataset(CodeValue="109114", CodingSchemeDesignator="DCM", CodeMeaning="Phonocardiogram")],
        ChannelSampleSkew="0",
        WaveformBitsStored=16,
    )
    group = _dataset(
        MultiplexGroupLabel="PCG",
        WaveformOriginality="ORIGINAL",
        NumberOfWaveformChannels=1,
        NumberOfWaveformSamples=len(body) // 2,
        SamplingFrequency=f"{rate:.10g}",
        ChannelDefinitionSequence=[channel],
        WaveformBitsAllocated=16,
        WaveformSampleInterpretation="SS",
    )
    group.add_new("WaveformData", "OW", body)
    return group


def _annotation(interval: tuple[float, float, State], rate: float, n_samples: int) -> Any:
    start_s, end_s, state = interval
    # samples count from 1; the last one belongs to the segment
    first = min(round(start_s * rate) + 1, n_samples)
    return _dataset(
        UnformattedTextValue=NAMES[state],
        ReferencedWaveformChannels=[1, 1],  # group, channel
        TemporalRangeType="SEGMENT",
        ReferencedSamplePositions=[first, min(max(round(end_s * rate), first), n_samples)],
    )
