"""Onsets of decoded spans, finer than the frame grid."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from murmur.kernels.onsets import crossings
from murmur.segmentation.decoding import Spans
from murmur.settings import FRAME_RATE_HZ

#: Frames of posteriors, before the newest, that a stream must keep for `refine_onsets`.
KEPT_FRAMES = 3000


def refine_onsets(
    spans: Spans, log_posteriors: NDArray[np.float32], first_frame: int, previous_s: float
) -> NDArray[np.float64]:
    """Onset of each span (s), between frames where the posteriors cross; `log_posteriors[0]` is frame `first_frame`.

    `previous_s` is the onset of the span before. In training a state begins at the frame nearest to its label, so the
    posteriors cross half a frame earlier, which is added here. The onset of a span that took longer than `KEPT_FRAMES` to
    become certain stays on the grid, whether its posteriors are held or not: the size of the blocks must not matter.
    """
    onsets = np.empty(spans.start.shape[0])
    forgotten = spans.settled - spans.start > KEPT_FRAMES
    crossings(log_posteriors, first_frame, spans.start, spans.state, forgotten, previous_s * FRAME_RATE_HZ - 0.5, onsets)
    return np.where(spans.start > 0, onsets + 0.5, 0.0) / FRAME_RATE_HZ
