"""What kind of file a recording is, by its name, or by how it begins."""

from __future__ import annotations

import os

from murmur.io.byte_reader import ByteReader

__all__ = ["SIGNAL_SUFFIXES", "SOUND_SUFFIXES", "kind_of", "suffix_of"]

SOUND_SUFFIXES = (".wav", ".flac", ".aif", ".aiff", ".au", ".ogg", ".w64")
"""What libsndfile reads, as far as names tell."""

_KINDS = {".hea": "wfdb", ".edf": "edf", ".bdf": "edf", ".dcm": "dicom"}
SIGNAL_SUFFIXES = tuple(_KINDS)
"""What the libraries of other formats read (extra: formats)."""

_PREAMBLE_BYTES = 128  # of a DICOM file, before its mark


def suffix_of(path: str) -> str:
    """Return the suffix of a path or a URL, in small letters; of a chain of URLs, that of the innermost file."""
    if "://" in path:
        path = path.partition("::")[0].partition("?")[0]
    return os.path.splitext(path)[1].lower()  # noqa: PTH122  (a path may be any string)


def kind_of(path: str, file: ByteReader | None = None) -> str:
    """Return "wfdb", "edf", "dicom" or, for everything that libsndfile may know, "sound".

    The suffix tells; without one that is known, as of bytes and pipes, the first bytes of `file` do.
    """
    suffix = suffix_of(path)
    if suffix in _KINDS or suffix in SOUND_SUFFIXES or file is None:
        return _KINDS.get(suffix, "sound")
    start = file.read(_PREAMBLE_BYTES + 4)
    file.seek(0)
    if start[_PREAMBLE_BYTES:] == b"DICM":
        return "dicom"
    return "edf" if start[:8] in {b"0       ", b"\xffBIOSEMI"} else "sound"
