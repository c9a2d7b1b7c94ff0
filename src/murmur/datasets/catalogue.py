"""Which data sets there are, and what reads them; each reader's module describes its own."""

from __future__ import annotations

import os
from typing import Any, Literal, overload

from murmur.datasets.bmdhs import BMDHS, BmdHs
from murmur.datasets.cinc2016 import CINC2016, Cinc2016
from murmur.datasets.circor import CIRCOR, Circor
from murmur.datasets.dataset import Dataset
from murmur.datasets.description import About
from murmur.errors import ParameterError

__all__ = ["about", "names", "open"]

#: In the order in which they are listed.
_READERS = {
    data_set.name: (data_set, reader) for data_set, reader in ((CIRCOR, Circor), (CINC2016, Cinc2016), (BMDHS, BmdHs))
}


def names() -> tuple[str, ...]:
    """Name the data sets that `open` reads.

    Returns
    -------
    tuple of str
        "circor", "cinc2016", "bmdhs".
    """
    return tuple(_READERS)


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
        return _READERS[name][0]
    except KeyError:
        raise ParameterError(f"no data set is called {name!r}: it must be one of {', '.join(_READERS)}") from None


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
    about(name)  # which refuses what is none
    opened: Dataset[Any] = _READERS[name][1].open(folder)
    return opened
