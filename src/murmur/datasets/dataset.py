"""What all data sets share: labelled recordings, what is missing, and a manifest for `murmur analyze`."""

from __future__ import annotations

import csv
import io
import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Generic, Self, TypeVar

from murmur.batch.inputs import Input
from murmur.datasets.description import About
from murmur.errors import AudioFormatError, MissingFileError
from murmur.io.access import unreadable
from murmur.io.info import INFO_FIELDS, RecordingInfo
from murmur.io.recording import Recording, load
from murmur.io.writing import write_text

#: Columns of a manifest; no data set states the visit.
_KNOWN = INFO_FIELDS[:-1]


@dataclass(frozen=True, slots=True)
class PublishedRecording(ABC):
    """One recording of a data set; `load` reads the sound.

    Attributes
    ----------
    info : RecordingInfo
        Path of the sound, and patient, site and position if the data set states them.
    """

    info: RecordingInfo

    @property
    def path(self) -> Path:
        """Path of the sound."""
        return Path(self.info.path)

    @property
    def name(self) -> str:
        """File name without its suffix."""
        return self.path.stem

    @property
    @abstractmethod
    def labels(self) -> dict[str, str]:
        """Labels as columns of a manifest, ``label_…``; "" if a label is not known."""

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
        Description, source and citation.
    folder : Path
        Where it is.
    recordings : tuple
        The recordings found, in the order of the data set.
    missing, unlabelled : tuple of str
        What was not found: recordings that a table or header lists, and labels of recordings.
    """

    about: ClassVar[About]
    #: Name of a recording, for messages.
    example: ClassVar[str]

    folder: Path
    recordings: tuple[R, ...]
    missing: tuple[str, ...]
    unlabelled: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.recordings:
            lacks = f"no recordings of the data set ({self.example} …); pass its folder"
            raise MissingFileError(f"{self.folder}: {lacks}. {self.about.where}")

    @classmethod
    @abstractmethod
    def open(cls, folder: str | os.PathLike[str]) -> Self:
        """Open the data set; see `murmur.datasets.open` for errors."""

    @classmethod
    def _checked(cls, folder: str | os.PathLike[str]) -> Path:
        """Return the folder; MissingFileError, which says where to get the data set, if there is none."""
        path = Path(folder)
        if not path.is_dir():
            raise MissingFileError(f"{path}: no such folder. {cls.about.where}")
        return path

    @classmethod
    def _table(cls, folder: Path, *names: str) -> Path:
        """Return the first of these tables that is in the folder; MissingFileError if none is."""
        for name in names:
            if (folder / name).is_file():
                return folder / name
        raise MissingFileError(f"{folder}: no {' or '.join(names)}; pass the folder of the data set. {cls.about.where}")

    def __iter__(self) -> Iterator[R]:
        return iter(self.recordings)

    def __len__(self) -> int:
        return len(self.recordings)

    def inputs(self) -> list[Input]:
        """Return the recordings for `murmur.batch.run`; their labels become columns of the table of recordings."""
        return [self._input(recording) for recording in self]

    def _input(self, recording: R) -> Input:
        status = recording.path.stat()
        return Input(
            recording.info,
            recording.path.relative_to(self.folder).with_suffix(".tsv").as_posix(),
            extra=tuple(recording.labels.items()),
            size=status.st_size,
            modified_ns=status.st_mtime_ns,
        )

    def manifest(self, beside: str | os.PathLike[str] | None = None) -> str:
        """Return the text of a manifest for ``murmur analyze --manifest``.

        Parameters
        ----------
        beside : str or os.PathLike, optional
            Folder of the manifest: paths below it become relative to it, others absolute.

        Returns
        -------
        str
            CSV with columns path, patient, site, position and those of `PublishedRecording.labels`.
        """
        home = None if beside is None else Path(os.path.abspath(beside))  # noqa: PTH100 (links are not resolved)
        text = io.StringIO(newline="")
        columns = [*_KNOWN, *self.recordings[0].labels]
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        for recording in self:
            path = Path(os.path.abspath(recording.path))  # noqa: PTH100
            if home is not None and path.is_relative_to(home):
                path = path.relative_to(home)
            known = {name: getattr(recording.info, name) for name in _KNOWN}
            writer.writerow(known | {"path": str(path)} | recording.labels)
        return text.getvalue()

    def write_manifest(self, path: str | os.PathLike[str]) -> None:
        """Write a manifest for ``murmur analyze --manifest``; the file appears complete or not at all.

        Raises
        ------
        OutputError
            If it can't be written.
        """
        target = Path(path)
        write_text(target, self.manifest(target.parent))


# --- for the readers --------------------------------------------------------------------


@contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """Turn errors in reading a table into AudioFormatError and MissingFileError."""
    try:
        yield
    except (UnicodeDecodeError, csv.Error) as error:
        raise AudioFormatError(f"{path}: not {what}: {error}") from error
    except OSError as error:
        raise unreadable(str(path), error) from error


def find_audio(folder: Path) -> list[Path]:
    """List the recordings below a folder by path; of copies in two formats, one is listed."""
    found = sorted(p for p in folder.rglob("*") if p.suffix in {".wav", ".flac"} and not p.name.startswith("."))
    return list({p.with_suffix(""): p for p in reversed(found)}.values())[::-1]


def read_rows(path: Path, columns: Iterable[str], what: str) -> list[tuple[int, dict[str, str]]]:
    """Read a table with a header row.

    Returns
    -------
    list of (int, dict)
        The line of each row, and its cells by title, stripped.

    Raises
    ------
    AudioFormatError
        If it is not text, or a column is missing.
    MissingFileError
        If it can't be read.
    """
    with reading(path, what), path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise AudioFormatError(f"{path}: not {what}: no column {', '.join(map(repr, missing))}")
        return [(reader.line_num, {k: (v or "").strip() for k, v in row.items() if k}) for row in reader]
