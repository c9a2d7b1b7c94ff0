"""The forward pass of the segmentation network, step by step with carried history."""

from __future__ import annotations

import numpy as np

from murmur.kernels import kernel
from murmur.kernels.exponential import exponential, natural_log
from murmur.kernels.lanes import room_for, turn
from murmur.kernels.products import ONE, add_products


@kernel()
def dilated_network(
    bands: np.ndarray,
    after: np.ndarray,
    stem_weight: np.ndarray,
    stem_bias: np.ndarray,
    block_weight: np.ndarray,
    block_bias: np.ndarray,
    mix_weight: np.ndarray,
    mix_bias: np.ndarray,
    dilations: np.ndarray,
    head_weight: np.ndarray,
    head_bias: np.ndarray,
    stem_history: np.ndarray,
    history: np.ndarray,
    out: np.ndarray,
) -> None:
    """Causal residual network, one step for every frame of `bands` and then of `after`, both (frames, bands).

    The logits go to `out` (frames of both, outputs).

    The stem and each block convolve three taps, the blocks' 2d, d and 0 steps back; a block is x + mix(relu(conv(relu(x)))).
    `stem_weight` is (3, bands, channels), `block_weight` (blocks, 3, channels, channels), `mix_weight` (blocks, channels,
    channels), `head_weight` (channels, outputs). `stem_history` (bands, 2) and `history` (blocks, channels, longest) hold
    what each layer still has to look back on, newest last; they are moved on in place.
    """
    blocks, channels, longest = history.shape
    n_bands, frames = bands.shape[1], bands.shape[0] + after.shape[0]
    chunk = room_for(frames)
    heard = np.zeros((n_bands, 2 + chunk), dtype=np.float32)
    heard[:, :2] = stem_history
    past = np.zeros((channels, longest + chunk), dtype=np.float32)
    x = np.zeros((channels, chunk), dtype=np.float32)
    y = np.zeros((channels, chunk), dtype=np.float32)
    logits = np.zeros((out.shape[1], chunk), dtype=np.float32)
    # of the same form as the others, for which the product is compiled
    mixes, head = mix_weight.reshape(blocks, 1, channels, channels), head_weight.reshape(1, channels, out.shape[1])
    for begin in range(0, frames, chunk):
        steps = min(chunk, frames - begin)
        own = min(steps, max(bands.shape[0] - begin, 0))
        turn(bands[begin : begin + own], heard[:, 2:])
        rest = begin + own - bands.shape[0]  # negative only where nothing is taken of it
        turn(after[rest : rest + steps - own], heard[:, 2 + own :])
        for c in range(channels):
            _fill(x[c, :steps], stem_bias[c])
        add_products(heard, ONE, stem_weight, x, steps)
        for b in range(n_bands):
            for k in range(2):
                heard[b, k] = heard[b, steps + k]
        for block in range(blocks):
            reach = 2 * dilations[block]
            for c in range(channels):
                _copy(history[block, c, longest - reach :], past[c, :reach])
                _rectify(x[c, :steps], past[c, reach : reach + steps])
                _fill(y[c, :steps], block_bias[block, c])
                _raise(x[c, :steps], mix_bias[block, c])
            add_products(past, dilations[block], block_weight[block], y, steps)
            for c in range(channels):
                _copy(past[c, steps : steps + reach], history[block, c, longest - reach :])
                _rectify(y[c, :steps], y[c, :steps])
            add_products(y, ONE, mixes[block], x, steps)
        for c in range(channels):
            _rectify(x[c, :steps], x[c, :steps])
        for o in range(out.shape[1]):
            _fill(logits[o, :steps], head_bias[o])
        add_products(x, ONE, head, logits, steps)
        turn(logits[:, :steps], out[begin : begin + steps])
    stem_history[:] = heard[:, :2]


@kernel(inner=True)
def _copy(values: np.ndarray, out: np.ndarray) -> None:
    for t in range(values.shape[0]):
        out[t] = values[t]


@kernel(inner=True)
def _fill(values: np.ndarray, value: float) -> None:
    for t in range(values.shape[0]):
        values[t] = value


@kernel(inner=True)
def _raise(values: np.ndarray, by: float) -> None:
    for t in range(values.shape[0]):
        values[t] += by


@kernel(inner=True)
def _rectify(values: np.ndarray, out: np.ndarray) -> None:
    for t in range(values.shape[0]):
        out[t] = max(values[t], np.float32(0.0))


@kernel()
def log_softmax(logits: np.ndarray, out: np.ndarray) -> None:
    """Row-wise log-softmax."""
    rows, columns = logits.shape
    top = np.empty(rows, dtype=np.float32)
    total = np.zeros(rows, dtype=np.float32)
    logs = np.empty(rows, dtype=np.float32)
    below = np.empty((rows, columns), dtype=np.float32)
    for k in range(rows):
        top[k] = logits[k, 0]
        for s in range(1, columns):
            top[k] = max(top[k], logits[k, s])
        for s in range(columns):
            below[k, s] = logits[k, s] - top[k]
    exponential(below.reshape(-1), out.reshape(-1))
    for k in range(rows):
        for s in range(columns):
            total[k] += out[k, s]
    natural_log(total, logs)
    for k in range(rows):
        for s in range(columns):
            out[k, s] = below[k, s] - logs[k]
