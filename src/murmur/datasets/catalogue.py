"""Which data sets there are: what each holds, where it is, under which licence, and what reads it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, overload

from murmur.errors import ParameterError

if TYPE_CHECKING:
    from murmur.datasets.bmdhs import BmdHs
    from murmur.datasets.cinc2016 import Cinc2016
    from murmur.datasets.circor import Circor
    from murmur.datasets.dataset import Dataset

__all__ = ["About", "Origin", "about", "names", "open"]

_ODC_BY = "the Open Data Commons Attribution License 1.0 (ODC-By 1.0)"
_CC_BY_NC_ND = (
    "Creative Commons Attribution-NonCommercial-NoDerivatives 4.0 (CC BY-NC-ND 4.0, as its file LICENSE says: "
    "not for commercial use, and not to be shared changed)"
)


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


CIRCOR = About(
    name="circor",
    title="CirCor DigiScope (1.0.3)",
    holds="children at four sites, with beats, murmurs and their character labelled by experts",
    recordings=3163,
    size_gb=0.6,
    url="https://physionet.org/content/circor-heart-sound/1.0.3/",
    licence=_ODC_BY,
    citation="Oliveira J et al. (2022). The CirCor DigiScope dataset: from murmur detection to murmur classification. IEEE "
    "Journal of Biomedical and Health Informatics 26(6). doi:10.1109/JBHI.2021.3137048. Data: PhysioNet, "
    "doi:10.13026/tshs-mw03",
    origin=Origin(
        files="https://physionet.org/files/circor-heart-sound/1.0.3/",
        listing="https://physionet.org/files/circor-heart-sound/1.0.3/SHA256SUMS.txt",
        tables=("LICENSE*", "training_data.csv"),
    ),
)

CINC2016 = About(
    name="cinc2016",
    title="PhysioNet/CinC Challenge 2016 (1.0.0)",
    holds="normal and abnormal hearts from six sources (training-a to f), those of training-a with an ECG",
    recordings=3240,
    size_gb=0.4,
    url="https://physionet.org/content/challenge-2016/1.0.0/",
    licence=_ODC_BY,
    citation="Liu C et al. (2016). An open access database for the evaluation of heart sound algorithms. Physiological "
    "Measurement 37. doi:10.1088/0967-3334/37/12/2181",
    origin=Origin(
        files="https://physionet.org/files/challenge-2016/1.0.0/",
        listing="https://physionet.org/files/challenge-2016/1.0.0/SHA256SUMS.txt",
        # validation holds copies of training recordings, the archives all of them once more; the rest is no data
        left_out=("*.zip", "validation/*", "papers/*", "sources/*"),
        tables=("LICENSE*", "training-?/REFERENCE*.csv"),
    ),
)

BMDHS = About(
    name="bmdhs",
    title="BMD-HS (BUET Multi-disease Heart Sound)",
    holds="adults at four sites, sitting and supine, with echo-confirmed AS, AR, MR, MS or none",
    recordings=872,
    size_gb=0.15,
    url="https://github.com/sani002/BMD-HS-Dataset",
    licence=_CC_BY_NC_ND,
    citation="Ali SN et al. (2024). BUET Multi-disease Heart Sound Dataset: a comprehensive auscultation dataset for "
    "developing computer-aided diagnostic systems. arXiv:2409.00724",
    origin=Origin(
        files="https://raw.githubusercontent.com/sani002/BMD-HS-Dataset/HEAD/",
        listing="https://api.github.com/repos/sani002/BMD-HS-Dataset/git/trees/HEAD?recursive=1",
        kind="git",
        tables=("LICENSE*", "train.csv", "additional_metadata.csv"),
    ),
)

_ALL = {a.name: a for a in (CIRCOR, CINC2016, BMDHS)}
_READERS = {"circor": "Circor", "cinc2016": "Cinc2016", "bmdhs": "BmdHs"}


def names() -> tuple[str, ...]:
    """Name the data sets that `open` reads.

    Returns
    -------
    tuple of str
        "circor", "cinc2016", "bmdhs".
    """
    return tuple(_ALL)


def about(name: str) -> About:
    """Tell what a data set is, where it is and under which licence.

    Parameters
    ----------
    name : str
        One of `names`.

    Returns
    -------
    About

    Raises
    ------
    ParameterError
        If there is none of that name.
    """
    try:
        return _ALL[name]
    except KeyError:
        raise ParameterError(f"no data set is called {name!r}: it must be one of {', '.join(_ALL)}") from None


@overload
def open(name: Literal["circor"], folder: str | os.PathLike[str]) -> Circor: ...
@overload
def open(name: Literal["cinc2016"], folder: str | os.PathLike[str]) -> Cinc2016: ...
@overload
def open(name: Literal["bmdhs"], folder: str | os.PathLike[str]) -> BmdHs: ...
@overload
def open(name: str, folder: str | os.PathLike[str]) -> Dataset[Any]: ...
def open(name: str, folder: str | os.PathLike[str]) -> Dataset[Any]:
    """Open a data set's folder.

    Its tables are read and its files listed; recordings and their beat labels are read when they are asked for.

    Parameters
    ----------
    name : str
        One of `names`.
    folder : str or os.PathLike
        As published, or a part of it; FLAC instead of WAV will do, and so will ``patients.csv`` for the table of patients.

    Returns
    -------
    Dataset
        `Circor`, `Cinc2016` or `BmdHs`.

    Raises
    ------
    ParameterError
        If there is no such data set.
    MissingFileError
        If the folder, its table or every recording is missing; it says where to get them.
    AudioFormatError
        If a table can't be read; it names the file and the line.
    """
    reader = getattr(import_module(f"murmur.datasets.{about(name).name}"), _READERS[name])
    opened: Dataset[Any] = reader.open(folder)
    return opened
