"""The data sets and their readers; the module of each reader describes its data set."""

from __future__ import annotations

import os
from typing import Any, Literal, overload

from murmur.datasets.bmdhs import BmdHs
from murmur.datasets.cinc2016 import Cinc2016
from murmur.datasets.circor import Circor
from murmur.datasets.dataset import Dataset
from murmur.datasets.description import About
from murmur.errors import ParameterError

_READERS: dict[str, type[Dataset[Any]]] = {reader.about.name: reader for reader in (Circor, Cinc2016, BmdHs)}


def names() -> tuple[str, ...]:
    """Return the names of the data sets that `open` reads.

    Returns
    -------
    tuple of str

    See Also
    --------
    about : Describes a data set.

    Examples
    --------
    >>> names()
    ('circor', 'cinc2016', 'bmdhs')
    """
    return tuple(_READERS)


def about(name: str) -> About:
    """Return the description of a data set: its contents, source, licence and citation.

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
        If there is no data set of that name.

    See Also
    --------
    open : Opens a downloaded data set.
    get : Downloads a data set.

    Examples
    --------
    >>> about("circor").recordings
    3163
    """
    try:
        return _READERS[name].about
    except KeyError:
        raise ParameterError(f"unknown data set {name!r}: must be one of {', '.join(_READERS)}") from None


@overload
def open(name: Literal["circor"], folder: str | os.PathLike[str]) -> Circor: ...
@overload
def open(name: Literal["cinc2016"], folder: str | os.PathLike[str]) -> Cinc2016: ...
@overload
def open(name: Literal["bmdhs"], folder: str | os.PathLike[str]) -> BmdHs: ...
@overload
def open(name: str, folder: str | os.PathLike[str]) -> Dataset[Any]: ...
def open(name: str, folder: str | os.PathLike[str]) -> Dataset[Any]:
    """Open the folder of a data set.

    This reads the tables and lists the files; recordings and their labels are read on request.

    Parameters
    ----------
    name : str
        One of `names`.
    folder : str or os.PathLike
        The data set as published, or a part of it. FLAC instead of WAV is accepted, as is ``patients.csv`` for the table of
        patients.

    Returns
    -------
    Dataset
        `Circor`, `Cinc2016` or `BmdHs`.

    Raises
    ------
    ParameterError
        If there is no such data set.
    MissingFileError
        If the folder, its table or all recordings are missing; the message says where to get them.
    AudioFormatError
        If a table is damaged; the message names the file and the line.

    See Also
    --------
    get : Downloads a data set.

    Examples
    --------
    >>> import murmur
    >>> for recording in murmur.datasets.open("circor", "circor"):  # doctest: +SKIP
    ...     print(recording.info.patient, recording.info.site, recording.murmur)
    """
    about(name)  # raises for an unknown name
    return _READERS[name].open(folder)
