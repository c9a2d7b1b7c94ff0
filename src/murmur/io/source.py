"""A source of sound, read once, block by block, and checked as it is read."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from murmur.errors import MurmurError, ParameterError
from murmur.io.info import RecordingInfo
from murmur.io.limits import Watch, check_length, seconds


class Source(ABC):
    """A source of sound, read once, block by block, and checked as it is read. Made by `open_source`.

    Use it as a context manager, or `close` it, as it may hold a file open.

    Attributes
    ----------
    label : str
        Its name in messages.
    sample_rate_hz : float
    n_samples : int or None
        As the header states; None if it doesn't. A damaged file may hold fewer.
    info : RecordingInfo
    named_patient : str
        The patient's id in the file's header; "" if it states none.
    """

    named_patient = ""

    def __init__(
        self,
        label: str,
        info: RecordingInfo,
        sample_rate_hz: float,
        n_samples: int | None,
        notes: Sequence[str],
        promised_samples: int | None,
    ) -> None:
        if n_samples is not None:
            check_length(label, n_samples, sample_rate_hz, promised_samples)
        self.label = label
        self.info = info
        self.sample_rate_hz = sample_rate_hz
        self.n_samples = n_samples
        self._notes = list(notes)
        self._promised_samples = promised_samples
        self._started = False

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on how it was read; complete after the last block."""
        return tuple(self._notes)

    @property
    def duration_s(self) -> float | None:
        """Duration in seconds, as the header states; None if it doesn't."""
        return None if self.n_samples is None else self.n_samples / self.sample_rate_hz

    def blocks(self, block_s: float = 60.0) -> Iterator[npt.NDArray[np.float32]]:
        """Yield the samples block by block; can be called once.

        Parameters
        ----------
        block_s : float, default 60
            Length of each block but the last, in seconds; at least one sample, at most 2**24 samples.

        Yields
        ------
        ndarray of float32, shape (n,)
            In memory of their own, never a view of the source.

        Raises
        ------
        BadSamplesError
            At once on a NaN, infinite or impossibly large sample; after the last block if all were silent or constant.
        AudioFormatError
            If the body can't be decoded any further.
        TooShortError, TooLongError
            If the body is shorter than 2 s or longer than 25 h, whatever the header states.
        ParameterError
            If ``block_s`` is not positive, or `blocks` was called before.
        """
        if not (isinstance(block_s, int | float) and math.isfinite(block_s) and block_s > 0):
            raise ParameterError(f"block_s must be a positive number of seconds, not {block_s!r}")
        if self._started:
            raise ParameterError(f"{self.label}: blocks() can be called once; open the source again")
        self._started = True
        n_block = int(min(max(round(block_s * self.sample_rate_hz), 1), 2**24))
        return self._checked_blocks(n_block)

    def _checked_blocks(self, n_block: int) -> Iterator[npt.NDArray[np.float32]]:
        watch = Watch(self.label, self.sample_rate_hz, self.notes)
        try:
            for block in self._raw_blocks(n_block):
                yield watch.passed(block)
            if self._promised_samples is not None and 0 < watch.n_samples < self._promised_samples:
                self._notes.append(
                    f"header promises {seconds(self._promised_samples, self.sample_rate_hz)}, "
                    f"body holds {seconds(watch.n_samples, self.sample_rate_hz)}"
                )
            watch.finish(self._promised_samples)
        except MurmurError:
            self.close()
            raise

    @abstractmethod
    def _raw_blocks(self, n_block: int) -> Iterator[npt.NDArray[np.floating[Any]]]:
        """Yield new 1-D arrays of n_block values, the last one shorter, scaled but not yet checked."""

    def close(self) -> None:  # noqa: B027  (most sources have nothing to close)
        """Close what was opened here; a file object of the caller stays open."""

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()
