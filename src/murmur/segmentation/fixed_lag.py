"""The likeliest states so far, a fixed lag behind the newest frame, before they are certain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from murmur.segmentation.decoding import Decoder, Spans
from murmur.segmentation.onsets import refine_onsets
from murmur.segmentation.result import State


class FixedLagDecoder:
    """Reads a decoder's likeliest path a fixed lag behind the newest frame.

    Viterbi decoding with truncated survivors (Forney 1973, doi:10.1109/PROC.1973.9030). What was reported is not taken back:
    where another path overtakes, one state may follow another out of order, and from the next S1 on all is right again.
    """

    def __init__(self, lag_frames: int) -> None:
        self._lag = lag_frames
        self._frames = 0
        self._state = int(State.UNLABELLED)
        self._onset_s = 0.0

    def read(
        self, decoder: Decoder, log_posteriors: NDArray[np.float32], first_frame: int
    ) -> tuple[Spans, NDArray[np.float64]]:
        """Return the spans that have begun since the last call, and their onsets (s).

        `log_posteriors[0]` is frame `first_frame`; the frames around these spans must be held.
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
