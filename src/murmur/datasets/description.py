"""The description of a data set: its contents, source and licence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: Licence of the data sets from PhysioNet.
ODC_BY = "the Open Data Commons Attribution License 1.0 (ODC-By 1.0)"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the files of a data set are, and the list of their checksums.

    Attributes
    ----------
    files : str
        URL of their folder, with a slash at its end.
    listing : str
        URL of the list.
    kind : str
        Format of the list: "sha256", a ``SHA256SUMS.txt``, or "git", a tree from GitHub's API.
    left_out : tuple of str
        Patterns of files that are only downloaded on request.
    tables : tuple of str
        Patterns of files that are needed to read the recordings in and below their folder.
    """

    files: str
    listing: str
    kind: Literal["sha256", "git"] = "sha256"
    left_out: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class About:
    """Description of a data set.

    Attributes
    ----------
    name : str
        Its name in `open`.
    title, holds : str
        Its full name, and its contents in a few words.
    recordings : int
        Number of recordings as published.
    size_gb : float
        Approximate size of the download.
    url, licence, citation : str
        Its web page, its licence, and what to cite.
    origin : Origin
        Where its files are.
    """

    name: str
    title: str
    holds: str
    recordings: int
    size_gb: float
    url: str
    licence: str
    citation: str
    origin: Origin

    @property
    def where(self) -> str:
        """Source and licence, in one sentence."""
        return f"Download it with `murmur datasets get {self.name} DIR`, or from {self.url} ({self.title}, {self.licence})."


def physionet(project: str, **patterns: tuple[str, ...]) -> Origin:
    """Return the origin of a project on PhysioNet, such as ``challenge-2016/1.0.0``."""
    files = f"https://physionet.org/files/{project}/"
    return Origin(files, f"{files}SHA256SUMS.txt", "sha256", **patterns)
