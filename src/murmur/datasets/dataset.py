"""What all data sets have in common: recordings with labels, what is missing, and a manifest to analyze them by."""

from __future__ import annotations

import csv
import io
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from murmur.batch.inputs import Input
from murmur.datasets.description import About
from murmur.errors import AudioFormatError, MissingFileError
from murmur.io.info import INFO_FIELDS, RecordingInfo
from murmur.io.recording import Recording, load
from murmur.io.writing import write_text

__all__ = ["Dataset", "PublishedRecording", "checked_folder", "find_audio", "read_rows"]

_AUDIO = (".wav", ".flac")
#: Columns of a manifest; no data set tells the visit.
_KNOWN = INFO_FIELDS[:-1]


@dataclass(frozen=True, slots=True)
class PublishedRecording(ABC):
    """One recording of a data set; the sound is read by `load`.

    Attributes
    ----------
    info : RecordingInfo
        The path of the sound, and patient, site and position as far as the data set tells them.
    """

    info: RecordingInfo

    @property
    def path(self) -> Path:
        """Path of the sound."""
        return Path(self.info.path)

    @property
    def name(self) -> str:
        """File name without its ending."""
        return self.path.stem

    @property
    @abstractmethod
    def labels(self) -> dict[str, str]:
        """Its labels as the columns of a manifest, each beginning with ``label_``; empty cells are not known."""

    def load(self) -> Recording:
        """Read the sound.

        Raises
        ------
        MurmurError
            As `murmur.load` raises it.
        """
        return load(self.info)


R = TypeVar("R", bound=PublishedRecording)


@dataclass(frozen=True, slots=True)
class Dataset(ABC, Generic[R]):
    """A data set in a folder: iterate over it for its recordings.

    Attributes
    ----------
    about : About
        What it is, where it is from, and what to cite.
    folder : Path
        Where it lies.
    recordings : tuple
        Those that are there and labelled, in the data set's order.
    missing, unlabelled : tuple of str
        By name, what is not there: recordings that a table or a header names, and labels of recordings.
    """

    about: About
    folder: Path
    recordings: tuple[R, ...]
    missing: tuple[str, ...]
    unlabelled: tuple[str, ...]

    def __iter__(self) -> Iterator[R]:
        return iter(self.recordings)

    def __len__(self) -> int:
        return len(self.recordings)

    def inputs(self) -> list[Input]:
        """Return what `murmur.batch.run` takes: labels are carried through to the table of recordings.

        Returns
        -------
        list of Input
        """
        return [self._input(recording) for recording in self]

    def _input(self, recording: R) -> Input:
        told = recording.path.stat()
        return Input(
            recording.info,
            recording.path.relative_to(self.folder).with_suffix(".tsv").as_posix(),
            extra=tuple(recording.labels.items()),
            size=told.st_size,
            modified_ns=told.st_mtime_ns,
        )

    def manifest(self, beside: str | os.PathLike[str] | None = None) -> str:
        """Spell a manifest for ``murmur analyze --manifest``.

        Parameters
        ----------
        beside : str or os.PathLike, optional
            The folder that it will lie in: paths below it are relative to it. Others are absolute.

        Returns
        -------
        str
            CSV with the columns path, patient, site, position and those of `labels`.
        """
        home = None if beside is None else Path(os.path.abspath(beside))  # noqa: PTH100 (links are not resolved)
        text = io.StringIO(newline="")
        columns = [*_KNOWN, *(self.recordings[0].labels if self.recordings else ())]
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        for recording in self:
            path = Path(os.path.abspath(recording.path))  # noqa: PTH100
            place = path.relative_to(home) if home is not None and path.is_relative_to(home) else path
            known = {name: getattr(recording.info, name) for name in _KNOWN}
            writer.writerow(known | {"path": str(place)} | recording.labels)
        return text.getvalue()

    def write_manifest(self, path: str | os.PathLike[str]) -> None:
        """Write a manifest for ``murmur analyze --manifest``; the file appears whole or not at all.

        Raises
        ------
        OutputError
            If it can't be written.
        """
        place = Path(path)
        text = self.manifest(place.parent)
        write_text(place, text)


# --- for the readers --------------------------------------------------------------------


def checked_folder(folder: str | os.PathLike[str], about: About) -> Path:
    """Return the folder.

    Raises
    ------
    MissingFileError
        If there is none; it says where to get the data set.
    """
    place = Path(folder)
    if not place.is_dir():
        raise MissingFileError(f"{place}: no such folder. {about.where}")
    return place


def find_audio(folder: Path, suffixes: Iterable[str] = _AUDIO) -> list[Path]:
    """List the recordings below a folder by path, each once: a copy in another format beside it is left out."""
    found = sorted(p for p in folder.rglob("*") if p.suffix in suffixes and not p.name.startswith("."))
    return list({p.with_suffix(""): p for p in reversed(found)}.values())[::-1]


def read_rows(path: Path, columns: Iterable[str], what: str) -> list[tuple[int, dict[str, str]]]:
    """Read a table with a row of titles.

    Returns
    -------
    list of (int, dict)
        Each row's line, and its cells by title, without the space around them.

    Raises
    ------
    AudioFormatError
        If it is no text, or a column is missing.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [column for column in columns if column not in (reader.fieldnames or ())]
            if missing:
                raise AudioFormatError(f"{path}: not {what}: no column {', '.join(map(repr, missing))}")
            return [(reader.line_num, {k: (v or "").strip() for k, v in row.items() if k}) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise AudioFormatError(f"{path}: not {what}: {error}") from error
    except OSError as error:
        raise MissingFileError(f"{path}: can't be read: {error.strerror or error}") from error
