"""Conversion of a recording, or of a file of labels, to another format."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from murmur.errors import MissingFileError, OutputError, ParameterError
from murmur.formats.registry import FORMATS, Format, format_of, read_labels, write_labels, write_report, write_sound
from murmur.io.kinds import suffix_of
from murmur.io.naming import file_path
from murmur.io.remote import is_remote

if TYPE_CHECKING:
    from murmur.pipeline.models import Models
    from murmur.segmentation.result import Interval
    from murmur.settings import Settings

_LABELS = {item.suffix.lower(): item for item in FORMATS.values() if item.holds == "labels"}


def labels_of(source: str | os.PathLike[str], from_: str | None = None) -> Format | None:
    """Return the format of a file of labels, by name or suffix; None if the file is a recording.

    Raises
    ------
    ParameterError
        If `from_` is not a format of labels.
    """
    if from_ is None:
        return _LABELS.get(suffix_of(os.fspath(source)))
    found = format_of(source, from_)
    if found.holds != "labels":
        names = ", ".join(item.name for item in _LABELS.values())
        raise ParameterError(f"{from_} is not a format of labels ({names}); recordings are recognized by their suffix")
    return found


def target_in(folder: str | os.PathLike[str], source: str | os.PathLike[str], to: str) -> Path:
    """Return the path of a converted file in a folder: the name of the source with the suffix of the format."""
    path = file_path(os.fspath(source))
    return Path(folder, Path(path).stem + format_of(path, to).suffix)


def convert(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    to: str | None = None,
    *,
    from_: str | None = None,
    channel: int | None = None,
    patient: str | None = None,
    site: str | None = None,
    sample_rate_hz: float | None = None,
    settings: Settings | None = None,
    models: Models | None = None,
    replace: bool = False,
    **options: Any,
) -> tuple[str, ...]:
    """Convert a recording or a file of labels to another format.

    Parameters
    ----------
    source : str or os.PathLike
        Path or URL of a recording, as `murmur.load` takes it, or of labels (``.tsv``, ``.txt``, ``.TextGrid``, ``.atr``). A
        recording is segmented for labels, DICOM and EDF, and analyzed for a report.
    target : str or os.PathLike
        The file to write.
    to : str, optional
        One of `murmur.formats.FORMATS`. Default: by the suffix of the target.
    from_ : str, optional
        Format of labels in `source`. Default: by its suffix.
    channel, patient, site
        For a recording, as in `murmur.load`.
    sample_rate_hz : float, optional
        For labels that become WFDB annotations; a recording has its own rate.
    settings, models
        As in `murmur.analyze`.
    replace : bool, default False
        Whether an existing file is replaced. The source never is.
    **options
        For reports, as in `murmur.formats.fhir.write_fhir`: ``subject``, ``device``, ``effective``.

    Returns
    -------
    tuple of str
        Remarks on how the source was read.

    Raises
    ------
    MurmurError
        If the source can't be read or analyzed, the format can't hold it, or the target can't be written.

    See Also
    --------
    write_labels, write_sound, write_report : Write what is already in memory.

    Examples
    --------
    >>> notes = convert("13918_MV.wav", "13918_MV.TextGrid")
    """
    wanted = format_of(target, to)
    _check_target(source, Path(target), replace)
    if options and wanted.holds != "report":
        raise ParameterError(f"{', '.join(options)}: only for reports (fhir), not for {wanted.name}")
    found = labels_of(source, from_)
    if found is not None:
        if wanted.holds != "labels":
            raise ParameterError(f"{os.fspath(source)}: {wanted.name} can't be made from labels alone; pass the recording")
        write_labels(target, read_labels(source, found.name), wanted.name, sample_rate_hz=sample_rate_hz)
        return ()
    if sample_rate_hz is not None:
        raise ParameterError(f"{os.fspath(source)}: a recording has its own sample rate; leave {sample_rate_hz:g} Hz out")
    known = {"channel": channel, "patient": patient, "site": site}
    path = os.fspath(source)
    if wanted.holds == "report":
        from murmur.pipeline.analysis import analyze

        analysis = analyze(path, settings=settings, models=models, **known)  # type: ignore[arg-type]
        write_report(target, analysis, wanted.name, **options)
        return analysis.notes
    from murmur.io.recording import load
    from murmur.pipeline.analysis import segment

    recording = load(path, **known)  # type: ignore[arg-type]
    intervals: list[Interval] = []
    if wanted.holds == "labels" or wanted.annotated:
        # without its notes, which are returned below
        intervals = segment(dataclasses.replace(recording, notes=()), settings=settings, models=models).intervals
    if wanted.holds == "labels":
        write_labels(target, intervals, wanted.name, sample_rate_hz=recording.sample_rate_hz)
    else:
        write_sound(target, recording, intervals, wanted.name)
    return recording.notes


def _check_target(source: str | os.PathLike[str], target: Path, replace: bool) -> None:
    if target.is_dir():
        raise ParameterError(f"{target}: is a folder; name a file in it")
    if not target.parent.is_dir():
        raise MissingFileError(f"{target}: its folder does not exist; create it first")
    if not target.exists():
        return
    if not is_remote(os.fspath(source)) and Path(source).exists() and target.samefile(source):
        raise ParameterError(f"{target}: is the source itself, which is never overwritten; name another target")
    if not replace:
        raise OutputError(f"{target}: already exists; name another target, or replace it (--replace)")
