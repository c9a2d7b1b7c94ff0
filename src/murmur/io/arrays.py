"""Arrays as sound: which types are accepted, how they are scaled, and how they are read in blocks."""

from __future__ import annotations

import array
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from murmur.errors import ParameterError
from murmur.io.info import RecordingInfo
from murmur.io.limits import checked_rate, choose_channel
from murmur.io.source import Source

#: The zero and the full scale of the types of integer PCM.
_PCM_SCALES = {"u1": (128.0, 2.0**7), "i1": (0.0, 2.0**7), "i2": (0.0, 2.0**15), "i4": (0.0, 2.0**31)}


class ArraySource(Source):
    """Integer or float samples in memory, converted block by block."""

    def __init__(
        self, label: str, info: RecordingInfo, values: npt.NDArray[Any], sample_rate_hz: float, notes: Sequence[str]
    ) -> None:
        super().__init__(label, info, sample_rate_hz, len(values), notes, len(values))
        self._values = values

    def _raw_blocks(self, n_block: int) -> Iterator[npt.NDArray[np.floating[Any]]]:
        for start in range(0, len(self._values), n_block):
            yield to_float(self._values[start : start + n_block].copy())


def open_array(source: Any, channel: int | None, info: RecordingInfo, sample_rate_hz: float | None) -> ArraySource:
    """Open an array of shape (n_samples,) or (n_samples, n_channels)."""
    label = "the array"
    values = checked_array(source, label)
    if sample_rate_hz is None:
        raise ParameterError(f"{label}: sample_rate_hz is missing; an array has no rate of its own")
    rate = checked_rate(sample_rate_hz, label, ParameterError)
    if values.ndim == 1:
        values = values[:, np.newaxis]
    if 0 < values.shape[0] < values.shape[1] or values.shape[1] == 0:
        raise ParameterError(
            f"{label}: shape {values.shape} would be (n_samples, n_channels): transpose it, or pass one channel"
        )
    chosen, notes = choose_channel(channel, values.shape[1], label)
    return ArraySource(label, info, values[:, chosen], rate, notes)


def checked_array(source: Any, label: str) -> npt.NDArray[Any]:
    """Return an array of any type that can stand for sound, 1-D or 2-D."""
    if not isinstance(source, np.ndarray | list | tuple | array.array) and not hasattr(source, "__array__"):
        raise ParameterError(
            f"can't read a recording from {type(source).__name__} {source!r:.60}: "
            "pass a path, a binary file object, an array with sample_rate_hz, or a Recording"
        )
    try:
        values = np.asarray(source)
    except (ValueError, TypeError) as error:
        raise ParameterError(f"{label}: can't be converted to an array of numbers: {error}") from error
    if np.ma.is_masked(source):
        raise ParameterError(f"{label}: some samples are masked; fill them or cut them out")
    if values.dtype.kind not in "iuf":
        raise ParameterError(f"{label}: samples must be real numbers, not {values.dtype}")
    if values.dtype.kind in "iu" and values.dtype.str[1:] not in _PCM_SCALES:
        raise ParameterError(
            f"{label}: {values.dtype} has no defined full scale: convert it to int8, int16, int32, uint8 or float"
        )
    if values.ndim not in {1, 2}:
        raise ParameterError(f"{label}: samples must be 1-D or (n_samples, n_channels), not of shape {values.shape}")
    return values


def to_float(values: npt.NDArray[Any]) -> npt.NDArray[np.floating[Any]]:
    """Scale integer PCM to ±1 in float32; leave floats as they are."""
    if values.dtype.kind == "f":
        return values
    zero, full_scale = _PCM_SCALES[values.dtype.str[1:]]
    floats = values.astype(np.float32)
    if zero:
        floats -= np.float32(zero)
    floats *= np.float32(1.0 / full_scale)
    return floats
