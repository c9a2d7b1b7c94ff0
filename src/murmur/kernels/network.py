"""The forward pass of the segmentation network, step by step with carried history."""

from __future__ import annotations

import numpy as np

from murmur.kernels import SUMS, kernel


@kernel(fastmath=SUMS)
def dilated_network(
    frames: np.ndarray,
    first_step: int,
    stem_weight: np.ndarray,
    stem_bias: np.ndarray,
    block_weight: np.ndarray,
    block_bias: np.ndarray,
    mix_weight: np.ndarray,
    mix_bias: np.ndarray,
    dilations: np.ndarray,
    head_weight: np.ndarray,
    head_bias: np.ndarray,
    history: np.ndarray,
    out: np.ndarray,
) -> None:
    """Causal residual network, one step for every frame.

    `frames` has shape (2 + steps, bands): two frames of history, then the new ones. `stem_weight` is (3·bands, channels),
    `block_weight` (blocks, 3·channels, channels), `mix_weight` (blocks, channels, channels), `head_weight` (channels,
    outputs). `history` is (blocks, period, channels), a ring of each block's past inputs. A block is
    x + mix(relu(conv(relu(x)))), its three taps at 2d, d and 0 steps back.
    """
    steps = out.shape[0]
    blocks, period, channels = history.shape
    stem_inputs = stem_weight.shape[0]
    bands = frames.shape[1]
    outputs = out.shape[1]
    x = np.empty(channels, dtype=np.float32)
    y = np.empty(channels, dtype=np.float32)
    zero = np.float32(0.0)
    flat = frames.reshape(frames.shape[0] * bands)
    for step in range(steps):
        base = step * bands
        for c in range(channels):
            x[c] = stem_bias[c]
        for i in range(stem_inputs):
            value = flat[base + i]
            for c in range(channels):
                x[c] += value * stem_weight[i, c]
        now = (first_step + step) % period
        for block in range(blocks):
            past = history[block]
            for c in range(channels):
                past[now, c] = max(x[c], zero)
                y[c] = block_bias[block, c]
            for tap in range(3):
                row = past[(now + period - (2 - tap) * dilations[block]) % period]
                weight = block_weight[block, tap * channels : (tap + 1) * channels]
                for i in range(channels):
                    value = row[i]
                    for c in range(channels):
                        y[c] += value * weight[i, c]
            for c in range(channels):
                x[c] += mix_bias[block, c]
            for i in range(channels):
                value = max(y[i], zero)
                for c in range(channels):
                    x[c] += value * mix_weight[block, i, c]
        for o in range(outputs):
            out[step, o] = head_bias[o]
        for i in range(channels):
            value = max(x[i], zero)
            for o in range(outputs):
                out[step, o] += value * head_weight[i, o]


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
