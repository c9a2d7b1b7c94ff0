"""Memory layouts that let one instruction serve many frames: deinterleaved samples and transposed frames.

Frames `hop` samples apart read, for each place in the frame, every hop-th sample. Deinterleaved into `hop` phases, those
samples are neighbours, so loops over frames vectorize, and each frame's sum keeps its order: the bits do not depend on how
the frames are grouped.
"""

from __future__ import annotations

import numpy as np

from murmur.kernels import kernel

#: Frames computed together: few enough for the fastest cache, and a multiple of `MULTIPLE`.
CHUNK = 240
#: Chunks are a multiple of this many frames: the three vectors of eight of `murmur.kernels.products`, twice.
MULTIPLE = 48


@kernel(inner=True)
def chunk_size(frames: int) -> int:
    """Frames to allocate for: at most `CHUNK`, and no more than the few frames of a live block need."""
    return min(CHUNK, max(1, -(-frames // MULTIPLE)) * MULTIPLE)


@kernel(inner=True)
def deinterleave(samples: np.ndarray, first: int, phases: np.ndarray) -> None:
    """Copy sample `first + i` to ``phases[i % hop, i // hop]``.

    Elements past the end of the samples are left as they are; they belong to no frame.

    Parameters
    ----------
    samples : float32, shape (samples,)
    first : int
    phases : float32, shape (hop, columns), output
    """
    hop, columns = phases.shape
    for phase in range(hop):
        start = first + phase
        available = min(columns, max(0, (samples.shape[0] - start + hop - 1) // hop))
        row = phases[phase]
        for k in range(available):
            row[k] = samples[start + k * hop]


@kernel(inner=True)
def transpose(rows: np.ndarray, columns: np.ndarray) -> None:
    """``columns[j, i] = rows[i, j]``; `columns` may be larger than needed."""
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            columns[j, i] = rows[i, j]
