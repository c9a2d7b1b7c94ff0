"""The forward pass of the segmentation network, step by step with carried history."""

from __future__ import annotations

import numpy as np

from murmur.kernels import kernel
from murmur.kernels.products import add_products

#: Steps that go through the layers together: small enough for the fastest cache.
CHUNK = 256


@kernel()
def dilated_network(
    bands: np.ndarray,
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
    """Causal residual network, one step for every frame of `bands` (frames, bands); logits to `out` (frames, outputs).

    The stem and each block convolve three taps, the blocks' 2d, d and 0 steps back; a block is x + mix(relu(conv(relu(x)))).
    `stem_weight` is (3, bands, channels), `block_weight` (blocks, 3, channels, channels), `mix_weight` (blocks, channels,
    channels), `head_weight` (channels, outputs). `stem_history` (bands, 2) and `history` (blocks, channels, longest) hold
    what each layer still has to look back on, newest last; they are moved on in place.
    """
    blocks, channels, longest = history.shape
    n_bands = bands.shape[1]
    zero = np.float32(0.0)
    heard = np.empty((n_bands, 2 + CHUNK), dtype=np.float32)
    heard[:, :2] = stem_history
    past = np.empty((channels, longest + CHUNK), dtype=np.float32)
    x = np.empty((channels, CHUNK), dtype=np.float32)
    y = np.empty((channels, CHUNK), dtype=np.float32)
    logits = np.empty((out.shape[1], CHUNK), dtype=np.float32)
    for begin in range(0, bands.shape[0], CHUNK):
        steps = min(CHUNK, bands.shape[0] - begin)
        for b in range(n_bands):
            for t in range(steps):
                heard[b, 2 + t] = bands[begin + t, b]
        for c in range(channels):
            x[c, :steps] = stem_bias[c]
        for tap in range(3):
            add_products(heard, tap, stem_weight[tap], x, steps)
        for b in range(n_bands):
            for k in range(2):
                heard[b, k] = heard[b, steps + k]
        for block in range(blocks):
            reach = 2 * dilations[block]
            for c in range(channels):
                for k in range(reach):
                    past[c, k] = history[block, c, longest - reach + k]
                for t in range(steps):
                    past[c, reach + t] = max(x[c, t], zero)
                y[c, :steps] = block_bias[block, c]
                x[c, :steps] += mix_bias[block, c]
            for tap in range(3):
                add_products(past, tap * dilations[block], block_weight[block, tap], y, steps)
            for c in range(channels):
                for k in range(reach):
                    history[block, c, longest - reach + k] = past[c, steps + k]
                for t in range(steps):
                    y[c, t] = max(y[c, t], zero)
            add_products(y, 0, mix_weight[block], x, steps)
        for c in range(channels):
            for t in range(steps):
                x[c, t] = max(x[c, t], zero)
        for o in range(out.shape[1]):
            logits[o, :steps] = head_bias[o]
        add_products(x, 0, head_weight, logits, steps)
        for o in range(out.shape[1]):
            for t in range(steps):
                out[begin + t, o] = logits[o, t]
    stem_history[:] = heard[:, :2]


@kernel()
def log_softmax(logits: np.ndarray, out: np.ndarray) -> None:
    """Row-wise log-softmax."""
    for k in range(logits.shape[0]):
        top = logits[k, 0]
        for s in range(1, logits.shape[1]):
            top = max(top, logits[k, s])
        total = 0.0
        for s in range(logits.shape[1]):
            total += np.exp(np.float64(logits[k, s] - top))
        norm = top + np.log(total)
        for s in range(logits.shape[1]):
            out[k, s] = logits[k, s] - norm
