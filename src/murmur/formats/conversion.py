"""From any recording or file of labels to any format."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from murmur.errors import MissingFileError, OutputError, ParameterError
from murmur.formats.labels import laid_out
from murmur.formats.registry import FORMATS, Format, format_of, read_labels, write_labels, write_report, write_sound
from murmur.io.kinds import suffix_of
from murmur.io.remote import is_remote

if TYPE_CHECKING:
    from murmur.pipeline.models import Models
    from murmur.segmentation.result import Segmentation
    from murmur.settings import Settings

__all__ = ["convert", "labels_of", "target_in"]

_LABELS = {item.suffix.lower(): item for item in FORMATS.values() if item.holds == "labels"}


def labels_of(source: str | os.PathLike[str], from_: str | None = None) -> Format | None:
    """Return the format of a file of labels, by its name or suffix; None where it is a recording.

    Raises
    ------
    ParameterError
        If `from_` is no format of labels.
    """
    if from_ is None:
        return _LABELS.get(suffix_of(os.fspath(source)))
    found = format_of(source, from_)
    if found.holds != "labels":
        names = ", ".join(item.name for item in _LABELS.values())
        raise ParameterError(f"what is read as {from_} is a recording, whose suffix tells; of labels there are {names}")
    return found


def target_in(folder: str | os.PathLike[str], source: str | os.PathLike[str], to: str) -> Path:
    """Return where a source goes in a folder: under its own name, with the format's suffix."""
    path = os.fspath(source)
    if is_remote(path):
        path = path.partition("::")[0].partition("?")[0]
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
    """Write a recording, what is found in it, or a file of labels in another format.

    Parameters
    ----------
    source : str or os.PathLike
        A recording, as `murmur.load` takes it by path or URL, or labels (``.tsv``, ``.txt``, ``.TextGrid``, ``.atr``). A
        recording is segmented for labels, for DICOM and for EDF, and analyzed for a report.
    target : str or os.PathLike
        The file to write.
    to : str, optional
        One of `murmur.formats.FORMATS`; the target's suffix tells without it.
    from_ : str, optional
        What format labels in `source` are, where its suffix doesn't tell.
    channel, patient, site
        Of a recording, as `murmur.load` takes them.
    sample_rate_hz : float, optional
        Of labels that become WFDB annotations; a recording has its own.
    settings, models
        As `murmur.analyze` takes them.
    replace : bool, default False
        Whether a file that is there already is replaced: it may be somebody's labels. The source never is.
    **options
        Of reports, as `murmur.formats.fhir.write_fhir` takes them: ``subject``, ``device``, ``effective``.

    Returns
    -------
    tuple of str
        What a user should know of how it was read.

    Raises
    ------
    MurmurError
        One of its kinds, naming the file: what can't be read, analyzed, held by the format or written.

    Examples
    --------
    >>> notes = convert("13918_MV.wav", "13918_MV.TextGrid")
    """
    wanted = format_of(target, to)
    _keep_apart(source, target)
    if not replace and Path(target).exists():
        raise OutputError(f"{os.fspath(target)}: is there already; name another target, or replace it (--replace)")
    if options and wanted.holds != "report":
        raise ParameterError(f"{', '.join(options)}: only of reports (fhir), not of {wanted.name}")
    found = labels_of(source, from_)
    if found is not None:
        if wanted.holds != "labels":
            raise ParameterError(f"{os.fspath(source)}: labels alone make no {wanted.name}; name the recording")
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

    recording = load(path, **known)  # type: ignore[arg-type]
    if wanted.name in {"wav", "flac"}:
        write_sound(target, recording, (), wanted.name)
    elif wanted.holds == "sound":
        write_sound(target, recording, laid_out(_segment(recording, settings, models).intervals, wanted.name), wanted.name)
    else:
        intervals = _segment(recording, settings, models).intervals
        write_labels(
            target, intervals, wanted.name, sample_rate_hz=recording.sample_rate_hz if wanted.name == "wfdb" else None
        )
    return recording.notes


def _segment(recording: Any, settings: Settings | None, models: Models | None) -> Segmentation:
    from murmur.pipeline.analysis import segment

    # its notes have been told
    return segment(replace(recording, notes=()), settings=settings, models=models)


def _keep_apart(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    place = Path(target)
    if place.is_dir():
        raise ParameterError(f"{place}: is a folder; name a file in it")
    if not place.parent.is_dir():
        raise MissingFileError(f"{place}: its folder does not exist; make it first")
    if not is_remote(os.fspath(source)) and place.exists() and Path(source).exists() and place.samefile(source):
        raise ParameterError(f"{place}: is the source itself, which is never overwritten; name another target")
