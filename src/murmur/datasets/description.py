"""What is told of a data set: what it holds, where its files are, under which licence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["ODC_BY", "About", "Origin"]

#: Licence of what PhysioNet publishes here.
ODC_BY = "the Open Data Commons Attribution License 1.0 (ODC-By 1.0)"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the files of a data set are, and the list that tells their checksums.

    Attributes
    ----------
    files : str
        URL below which they are, with a slash at its end.
    listing : str
        URL of the list.
    kind : str
        What the list is: "sha256", a ``SHA256SUMS.txt``, or "git", a tree as GitHub's API tells it.
    left_out : tuple of str
        Patterns of files that are not fetched unless they are asked for.
    tables : tuple of str
        Patterns of files without which the recordings beside and below them can't be read.
    """

    files: str
    listing: str
    kind: Literal["sha256", "git"] = "sha256"
    left_out: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class About:
    """A data set in a few words.

    Attributes
    ----------
    name : str
        As `open` takes it.
    title, holds : str
        What it is called, and what is in it.
    recordings : int
        As published.
    size_gb : float
        Of what is downloaded, roughly.
    url, licence, citation : str
        Its page, the licence there, and what to cite.
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
        """Where to get it and under which licence, in one sentence."""
        return f"{self.title} is at {self.url} under {self.licence}; `murmur datasets get {self.name} DIR` downloads it."
