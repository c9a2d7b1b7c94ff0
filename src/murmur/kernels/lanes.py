"""Every n-th sample side by side: what turns frames a few samples apart into whole vectors.

Frames that lie `hop` samples apart read, for each place in the frame, every hop-th sample. Dealt out to `hop` lanes those
lie next to each other, so that one instruction serves many frames at once, and each frame's sum keeps its order: the bits
do not depend on how the frames are grouped.
"""

from __future__ import annotations

import numpy as np

from murmur.kernels import kernel

#: Frames that are computed together: few enough for what they need to stay in the fastest cache, and whole vectors.
CHUNK = 240


@kernel(inner=True)
def deal(samples: np.ndarray, first: int, lanes: np.ndarray, count: int) -> None:
    """Deal out `samples[first:]`: sample `first + i` becomes `lanes[i % hop, i // hop]`; `lanes` is (hop, at least `count`).

    What lies past the end of the samples is not read; it belongs to no frame.
    """
    hop = lanes.shape[0]
    for lane in range(hop):
        start = first + lane
        have = min(count, max(0, (samples.shape[0] - start + hop - 1) // hop))
        row = lanes[lane]
        for k in range(have):
            row[k] = samples[start + k * hop]
