"""Every format that murmur writes, by name and suffix, and the one way to each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from murmur.errors import ParameterError
from murmur.formats.audacity import read_audacity, write_audacity
from murmur.formats.circor import read_segments, write_segments
from murmur.formats.dicom import write_dicom
from murmur.formats.edf import write_bdf, write_edf
from murmur.formats.fhir import write_fhir
from murmur.formats.labels import checked
from murmur.formats.sound import write_flac, write_wav
from murmur.formats.textgrid import read_textgrid, write_textgrid
from murmur.formats.wfdb import read_annotations, write_annotations

if TYPE_CHECKING:
    from murmur.io.recording import Recording
    from murmur.pipeline.analysis import Analysis
    from murmur.segmentation.result import Interval

__all__ = ["FORMATS", "Format", "format_of", "read_labels", "write_labels", "write_report", "write_sound"]


@dataclass(frozen=True, slots=True)
class Format:
    """A format that murmur writes.

    Attributes
    ----------
    name : str
        What it is called, on the command line too.
    suffix : str
        Of its files.
    holds : str
        "labels" of states, "sound" (with labels where the format has room for them) or a "report".
    description : str
        In a few words.
    write : callable
        Its writer: `write_labels`, `write_sound` and `write_report` call it.
    read : callable or None
        Of labels, their reader.
    """

    name: str
    suffix: str
    holds: str
    description: str
    write: Callable[..., None]
    read: Callable[[str | os.PathLike[str]], Iterable[tuple[float, float, int]]] | None = None


FORMATS = {
    item.name: item
    for item in (
        Format("circor", ".tsv", "labels", "beat labels of CirCor DigiScope", write_segments, read_segments),
        Format("audacity", ".txt", "labels", "an Audacity label track", write_audacity, read_audacity),
        Format("textgrid", ".TextGrid", "labels", "a Praat TextGrid", write_textgrid, read_textgrid),
        Format("wfdb", ".atr", "labels", "WFDB annotations (PhysioNet)", write_annotations, read_annotations),
        Format("wav", ".wav", "sound", "the sound alone", lambda path, recording, _: write_wav(path, recording)),
        Format("flac", ".flac", "sound", "the sound alone", lambda path, recording, _: write_flac(path, recording)),
        Format("dicom", ".dcm", "sound", "a DICOM General Audio Waveform with annotations", write_dicom),
        Format("edf", ".edf", "sound", "EDF+ with annotations, 16 bits", write_edf),
        Format("bdf", ".bdf", "sound", "BDF+ with annotations, 24 bits", write_bdf),
        Format("fhir", ".json", "report", "a FHIR R4 DiagnosticReport with its Observations", write_fhir),
    )
}
"""All formats by name."""

_BY_SUFFIX = {item.suffix.lower(): item for item in FORMATS.values()}


def format_of(path: str | os.PathLike[str], name: str | None = None) -> Format:
    """Return a format by its name, or without one by a path's suffix.

    Raises
    ------
    ParameterError
        If there is no such format, or the suffix tells none.
    """
    if name is not None:
        if name not in FORMATS:
            raise ParameterError(f"the format must be one of {', '.join(FORMATS)}, not {name!r}")
        return FORMATS[name]
    suffix = os.path.splitext(os.fspath(path))[1]  # noqa: PTH122  (a path may be any string)
    if suffix.lower() not in _BY_SUFFIX:
        known = ", ".join(item.suffix for item in FORMATS.values())
        raise ParameterError(
            f"{os.fspath(path)}: the suffix {suffix!r} tells no format ({known}); name one of {', '.join(FORMATS)}"
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
        "circor", "audacity", "textgrid" or "wfdb"; the suffix tells without it.

    Returns
    -------
    list of Interval
        ``start_s``, ``end_s`` and ``state``, in the file's order.

    Raises
    ------
    MurmurError
        One of its kinds, naming the file: it is not there, damaged, of an unknown format, or a library is missing.
    """
    found = _holding("labels", path, format)
    assert found.read is not None
    return checked(found.read(path))


def write_labels(
    path: str | os.PathLike[str],
    intervals: Iterable[tuple[float, float, int]],
    format: str | None = None,
    *,
    sample_rate_hz: float | None = None,
) -> None:
    """Write labels of states; the file appears whole or not at all, in place of one of its name.

    Parameters
    ----------
    path : str or os.PathLike
        Where to; the folder must exist.
    intervals : iterable of (float, float, int)
        Start and end in seconds, and the state: such as ``segmentation.intervals``.
    format : str, optional
        "circor", "audacity", "textgrid" or "wfdb"; the suffix tells without it.
    sample_rate_hz : float, optional
        For WFDB, to whose samples times are rounded: that of the recording; 10 kHz without it.

    Raises
    ------
    MurmurError
        One of its kinds: an interval that the format can't hold, an unknown format, a missing library or folder.

    Examples
    --------
    >>> import murmur
    >>> write_labels("beats.TextGrid", murmur.segment("13918_MV.wav").intervals)
    """
    found = _holding("labels", path, format)
    more: dict[str, Any] = {"sample_rate_hz": sample_rate_hz} if found.name == "wfdb" else {}
    found.write(path, intervals, **more)


def write_sound(
    path: str | os.PathLike[str],
    recording: Recording,
    intervals: Iterable[tuple[float, float, int]] = (),
    format: str | None = None,
) -> None:
    """Write a recording, and its states where the format has room for them.

    Parameters
    ----------
    path : str or os.PathLike
        Where to; the folder must exist.
    recording : Recording
        What `murmur.load` gives.
    intervals : iterable of (float, float, int), optional
        Its states; DICOM, EDF and BDF hold them as annotations.
    format : str, optional
        "wav", "flac", "dicom", "edf" or "bdf"; the suffix tells without it.

    Raises
    ------
    MurmurError
        One of its kinds: what the format can't hold, an unknown format, a missing library or folder.
    """
    _holding("sound", path, format).write(path, recording, intervals)


def write_report(path: str | os.PathLike[str], analysis: Analysis, format: str | None = None, **options: Any) -> None:
    """Write what an analysis found as a report; options as `murmur.formats.fhir.write_fhir` takes them.

    Raises
    ------
    MurmurError
        One of its kinds: an unknown format or option, a missing library or folder.
    """
    _holding("report", path, format).write(path, analysis, **options)
