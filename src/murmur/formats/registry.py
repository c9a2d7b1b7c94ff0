"""Every format that murmur writes, by name and suffix."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from murmur.errors import ParameterError
from murmur.formats.audacity import read_audacity, write_audacity
from murmur.formats.circor import read_segments, write_segments
from murmur.formats.dicom import write_dicom
from murmur.formats.edf import write_bdf, write_edf
from murmur.formats.fhir import write_fhir
from murmur.formats.labels import Intervals, checked
from murmur.formats.sound import write_flac, write_wav
from murmur.formats.textgrid import read_textgrid, write_textgrid
from murmur.formats.wfdb import read_annotations, write_annotations

if TYPE_CHECKING:
    from murmur.io.recording import Recording
    from murmur.pipeline.analysis import Analysis
    from murmur.segmentation.result import Interval


@dataclass(frozen=True, slots=True)
class Format:
    """A format that murmur writes.

    Attributes
    ----------
    name : str
        Its name, also on the command line.
    suffix : str
        Suffix of its files.
    holds : str
        "labels" of states, "sound" or a "report".
    description : str
        A few words for lists.
    write : callable
        Writer, which `write_labels`, `write_sound` or `write_report` calls.
    read : callable or None
        Reader, if it holds labels.
    annotated : bool
        Whether a format that holds sound also stores the states.
    sampled : bool
        Whether a format that holds labels stores times as sample numbers; its writer takes ``sample_rate_hz``.
    """

    name: str
    suffix: str
    holds: str
    description: str
    write: Callable[..., None]
    read: Callable[[str | os.PathLike[str]], Intervals] | None = None
    annotated: bool = False
    sampled: bool = False


FORMATS = {
    item.name: item
    for item in (
        Format("circor", ".tsv", "labels", "labels as in CirCor DigiScope", write_segments, read_segments),
        Format("audacity", ".txt", "labels", "an Audacity label track", write_audacity, read_audacity),
        Format("textgrid", ".TextGrid", "labels", "a Praat TextGrid", write_textgrid, read_textgrid),
        Format("wfdb", ".atr", "labels", "WFDB annotations (PhysioNet)", write_annotations, read_annotations, sampled=True),
        Format("wav", ".wav", "sound", "the sound alone", write_wav),
        Format("flac", ".flac", "sound", "the sound alone", write_flac),
        Format("dicom", ".dcm", "sound", "a DICOM General Audio Waveform with annotations", write_dicom, annotated=True),
        Format("edf", ".edf", "sound", "EDF+ with annotations, 16 bits", write_edf, annotated=True),
        Format("bdf", ".bdf", "sound", "BDF+ with annotations, 24 bits", write_bdf, annotated=True),
        Format("fhir", ".json", "report", "a FHIR R4 DiagnosticReport with its Observations", write_fhir),
    )
}
"""All formats by name."""

_BY_SUFFIX = {item.suffix.lower(): item for item in FORMATS.values()}


def format_of(path: str | os.PathLike[str], name: str | None = None) -> Format:
    """Return a format by its name, or by the suffix of a path.

    Raises
    ------
    ParameterError
        If there is no such format, or the suffix is unknown.
    """
    if name is not None:
        if name not in FORMATS:
            raise ParameterError(f"the format must be one of {', '.join(FORMATS)}, not {name!r}")
        return FORMATS[name]
    suffix = os.path.splitext(os.fspath(path))[1]  # noqa: PTH122  (a path may be any string)
    if suffix.lower() not in _BY_SUFFIX:
        known = ", ".join(item.suffix for item in FORMATS.values())
        raise ParameterError(
            f"{os.fspath(path)}: no format has the suffix {suffix!r} ({known}); choose one of {', '.join(FORMATS)}"
        )
    return _BY_SUFFIX[suffix.lower()]


def _holding(what: str, path: str | os.PathLike[str], name: str | None) -> Format:
    found = format_of(path, name)
    if found.holds != what:
        fitting = ", ".join(item.name for item in FORMATS.values() if item.holds == what)
        raise ParameterError(f"{os.fspath(path)}: {found.name} ({found.description}) holds no {what}; {fitting} do")
    return found


def read_labels(path: str | os.PathLike[str], format: str | None = None) -> list[Interval]:
    """Read labels of states.

    Parameters
    ----------
    path : str or os.PathLike
        The file.
    format : str, optional
        The name of one of `FORMATS` that holds labels. Default: by the suffix.

    Returns
    -------
    list of Interval
        ``start_s``, ``end_s`` and ``state``, in the order of the file.

    Raises
    ------
    MurmurError
        If the file is missing, damaged or of an unknown format, or a library is not installed.

    See Also
    --------
    write_labels : Writes labels.

    Examples
    --------
    >>> import murmur
    >>> write_labels("labels.tsv", murmur.segment("13918_MV.wav").intervals[:2])
    >>> [interval.state.name for interval in read_labels("labels.tsv")]
    ['S2', 'DIASTOLE']
    """
    found = _holding("labels", path, format)
    assert found.read is not None
    return checked(found.read(path))


def write_labels(
    path: str | os.PathLike[str],
    intervals: Intervals,
    format: str | None = None,
    *,
    sample_rate_hz: float | None = None,
) -> None:
    """Write labels of states; the file appears complete or not at all, and replaces one of its name.

    Parameters
    ----------
    path : str or os.PathLike
        The file to write; its folder must exist.
    intervals : iterable of (float, float, int)
        Start and end in seconds, and the state, such as ``segmentation.intervals``.
    format : str, optional
        The name of one of `FORMATS` that holds labels. Default: by the suffix.
    sample_rate_hz : float, optional
        For WFDB, which stores times as sample numbers: the rate of the recording. Default: 10 kHz.

    Raises
    ------
    MurmurError
        If the format is unknown or can't hold an interval, a library is not installed, or the file can't be written.

    See Also
    --------
    read_labels : Reads labels.
    convert : Segments a recording and writes its labels.

    Examples
    --------
    >>> import murmur
    >>> write_labels("labels.TextGrid", murmur.segment("13918_MV.wav").intervals)
    """
    found = _holding("labels", path, format)
    more: dict[str, Any] = {"sample_rate_hz": sample_rate_hz} if found.sampled else {}
    found.write(path, intervals, **more)


def write_sound(
    path: str | os.PathLike[str],
    recording: Recording,
    intervals: Intervals = (),
    format: str | None = None,
) -> None:
    """Write a recording, with its states if the format stores them.

    Parameters
    ----------
    path : str or os.PathLike
        The file to write; its folder must exist.
    recording : Recording
        As `murmur.load` returns it.
    intervals : iterable of (float, float, int), optional
        Its states; DICOM, EDF and BDF store them as annotations.
    format : str, optional
        "wav", "flac", "dicom", "edf" or "bdf". Default: by the suffix.

    Raises
    ------
    MurmurError
        If the format is unknown or can't hold the recording, a library is not installed, or the file can't be written.

    See Also
    --------
    convert : Reads, segments and writes a file.

    Examples
    --------
    >>> import murmur
    >>> write_sound("13918_MV.flac", murmur.load("13918_MV.wav"))
    """
    found = _holding("sound", path, format)
    found.write(path, recording, *([intervals] if found.annotated else []))


def write_report(path: str | os.PathLike[str], analysis: Analysis, format: str | None = None, **options: Any) -> None:
    """Write the findings of an analysis as a report; options as in `murmur.formats.fhir.write_fhir`.

    Raises
    ------
    MurmurError
        If the format or an option is unknown, a library is not installed, or the file can't be written.

    See Also
    --------
    convert : Analyzes a recording and writes its report.

    Examples
    --------
    >>> import murmur
    >>> write_report("report.json", murmur.analyze("13918_MV.wav"), "fhir")
    """
    _holding("report", path, format).write(path, analysis, **options)
