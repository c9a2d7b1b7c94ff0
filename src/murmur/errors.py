"""The one family of errors that murmur raises."""

from __future__ import annotations

__all__ = [
    "AudioFormatError",
    "BadSamplesError",
    "DownloadError",
    "MissingFileError",
    "MurmurError",
    "OutputError",
    "ParameterError",
    "TooLongError",
    "TooShortError",
]


class MurmurError(Exception):
    """Base of every error that murmur raises on purpose."""


class ParameterError(MurmurError, ValueError):
    """An argument is out of its range or of the wrong kind."""


class MissingFileError(MurmurError, FileNotFoundError):
    """There is no readable file at the path given."""


class AudioFormatError(MurmurError, ValueError):
    """The input is not audio that can be decoded, or its header or body is damaged."""


class BadSamplesError(MurmurError, ValueError):
    """The samples can't be a heart sound: NaN, infinite, silent or constant."""


class TooShortError(MurmurError, ValueError):
    """The recording is shorter than the shortest that can be analyzed."""


class TooLongError(MurmurError, ValueError):
    """The recording is longer than the longest that can be analyzed, or than memory should hold at once."""


class OutputError(MurmurError, OSError):
    """The results can't be written where they should go."""


class DownloadError(MurmurError, OSError):
    """Files can't be fetched, or what came is not what was published."""
