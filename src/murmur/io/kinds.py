"""The kind of a file, by its name or its first bytes."""

from __future__ import annotations

import os

from murmur.io.byte_reader import ByteReader
from murmur.io.naming import file_path

SOUND_SUFFIXES = (".wav", ".flac", ".aif", ".aiff", ".au", ".ogg", ".w64")
"""Suffixes of files that libsndfile reads."""

_KINDS = {".hea": "wfdb", ".edf": "edf", ".bdf": "edf", ".dcm": "dicom"}
SIGNAL_SUFFIXES = tuple(_KINDS)
"""Suffixes of files that other libraries read (extra: formats)."""

_PREAMBLE_BYTES = 128  # of a DICOM file, before DICM


def suffix_of(path: str) -> str:
    """Return the suffix of a path or URL in lower case; of chained URLs, that of the innermost file."""
    return os.path.splitext(file_path(path))[1].lower()  # noqa: PTH122  (a path may be any string)


def kind_of(path: str, file: ByteReader | None = None) -> str:
    """Return "wfdb", "edf", "dicom", or "sound" for all that libsndfile may read.

    The suffix decides; if it is unknown, as for bytes and pipes, the first bytes of `file` do.
    """
    suffix = suffix_of(path)
    if suffix in _KINDS or suffix in SOUND_SUFFIXES or file is None:
        return _KINDS.get(suffix, "sound")
    start = file.read(_PREAMBLE_BYTES + 4)
    file.seek(0)
    if start[_PREAMBLE_BYTES:] == b"DICM":
        return "dicom"
    return "edf" if start[:8] in {b"0       ", b"\xffBIOSEMI"} else "sound"
