"""Every n-th sample side by side: what turns frames a few samples apart into whole vectors.

Frames that lie `hop` samples apart read, for each place in the frame, every hop-th sample. Dealt out to `hop` lanes those
lie next to each other, so that one instruction serves many frames at once, and each frame's sum keeps its order: the bits
do not depend on how the frames are grouped.
"""

from __future__ import annotations

import numpy as np

from murmur.kernels import kernel
from murmur.kernels.vectors import WIDTH, interleave_high, interleave_low, load, store

#: Frames that are computed together: few enough for what they need to stay in the fastest cache, and whole vectors.
CHUNK = 240


@kernel(inner=True)
def room_for(frames: int) -> int:
    """How many frames to make room for: a live stream's few need no more than whole vectors, in twos and in threes."""
    return min(CHUNK, max(1, -(-frames // (6 * WIDTH))) * 6 * WIDTH)


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


@kernel(inner=True)
def turn(rows: np.ndarray, columns: np.ndarray) -> None:
    """Rows become columns, `columns[j, i] = rows[i, j]`, of float32, eight by eight in registers."""
    height, width = rows.shape[0] // WIDTH * WIDTH, rows.shape[1] // WIDTH * WIDTH
    for j in range(0, width, WIDTH):
        for i in range(0, height, WIDTH):
            _turn_eight(rows, columns, i, j)
        for i in range(height, rows.shape[0]):
            for k in range(j, j + WIDTH):
                columns[k, i] = rows[i, k]
    for j in range(width, rows.shape[1]):
        for i in range(rows.shape[0]):
            columns[j, i] = rows[i, j]


@kernel(inner=True)
def _turn_eight(rows: np.ndarray, columns: np.ndarray, i: int, j: int) -> None:
    """Number k of vector i comes to place i of vector k when the six bits of (i, k) go round by one three times."""
    a, b, c, d = load(rows, i, j), load(rows, i + 1, j), load(rows, i + 2, j), load(rows, i + 3, j)
    e, f, g, h = load(rows, i + 4, j), load(rows, i + 5, j), load(rows, i + 6, j), load(rows, i + 7, j)
    for _ in range(3):
        p, q, r, s = interleave_low(a, e), interleave_high(a, e), interleave_low(b, f), interleave_high(b, f)
        t, u, v, w = interleave_low(c, g), interleave_high(c, g), interleave_low(d, h), interleave_high(d, h)
        a, b, c, d, e, f, g, h = p, q, r, s, t, u, v, w
    store(columns, j, i, a)
    store(columns, j + 1, i, b)
    store(columns, j + 2, i, c)
    store(columns, j + 3, i, d)
    store(columns, j + 4, i, e)
    store(columns, j + 5, i, f)
    store(columns, j + 6, i, g)
    store(columns, j + 7, i, h)
