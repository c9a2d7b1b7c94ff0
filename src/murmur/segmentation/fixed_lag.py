"""Heart sounds told early: what is the likeliest so far, a fixed time back, without waiting until it is certain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from murmur.segmentation.decoding import Decoder, Spans
from murmur.segmentation.reading import refine_onsets

__all__ = ["FixedLagDecoder"]


class FixedLagDecoder:
    """Reads a decoder's likeliest path a fixed lag behind the newest frame.

    Viterbi decoding with survivors cut short (Forney 1973, doi:10.1109/PROC.1973.9030). What was told is not taken back, so
    where another path overtakes, one state may follow another out of turn; from the next S1 on all is right again.
    """

    def __init__(self, lag_frames: int) -> None:
        self._lag = lag_frames
        self._frames = 0
        self._state = -1
        self._onset_s = 0.0

    def read(
        self, decoder: Decoder, log_posteriors: NDArray[np.float32], first_frame: int
    ) -> tuple[Spans, NDArray[np.float64]]:
        """Return the spans that begin since this was last asked, and their onsets in seconds.

        `log_posteriors[0]` is of frame `first_frame`; those around what is read must be held.
        """
        states = decoder.likeliest(self._lag)
        begins = np.flatnonzero(np.diff(states, prepend=self._state))
        start = self._frames + begins
        spans = Spans(start, states[begins], start + self._lag)
        onsets_s = refine_onsets(spans, log_posteriors, first_frame, self._onset_s)
        self._frames += states.shape[0]
        if begins.size:
            self._state, self._onset_s = int(states[-1]), float(onsets_s[-1])
        return spans, onsets_s
