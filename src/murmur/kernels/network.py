"""The forward pass of a dilated network, step by step with carried history."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from murmur.kernels import kernel
from murmur.kernels.exponential import exponential, natural_log
from murmur.kernels.layout import chunk_size, transpose
from murmur.kernels.products import ONE, add_products


class NetworkLayers(NamedTuple):
    """Parameters of a stem, residual blocks ``x + mix(relu(conv(relu(x))))``, and a head; all float32 but the dilations.

    Attributes
    ----------
    stem_weight : shape (3, inputs, channels)
        Taps 2, 1 and 0 steps back.
    stem_bias : shape (channels,)
    block_weight : shape (blocks, 3, channels, channels)
        Taps 2d, d and 0 steps back, where d is the block's dilation.
    block_bias : shape (blocks, channels)
    mix_weight : shape (blocks, channels, channels)
    mix_bias : shape (blocks, channels)
    dilations : int64, shape (blocks,)
    head_weight : shape (channels, outputs)
    head_bias : shape (outputs,)
    """

    stem_weight: np.ndarray
    stem_bias: np.ndarray
    block_weight: np.ndarray
    block_bias: np.ndarray
    mix_weight: np.ndarray
    mix_bias: np.ndarray
    dilations: np.ndarray
    head_weight: np.ndarray
    head_bias: np.ndarray


class NetworkHistory(NamedTuple):
    """The last inputs of the layers, newest last.

    Attributes
    ----------
    stem : float32, shape (inputs, 2)
    blocks : float32, shape (blocks, channels, twice the largest dilation)
    """

    stem: np.ndarray
    blocks: np.ndarray


@kernel()
def dilated_network(
    inputs: np.ndarray, after: np.ndarray, layers: NetworkLayers, history: NetworkHistory, out: np.ndarray
) -> None:
    """Causal residual network, one step for every row of `inputs` and then of `after`.

    Parameters
    ----------
    inputs, after : float32, shape (steps, inputs)
    layers : NetworkLayers
    history : NetworkHistory, changed
    out : float32, shape (steps of both, outputs), output
        Logits.
    """
    blocks, channels, longest = history.blocks.shape
    n_inputs, n_outputs = layers.stem_weight.shape[1], out.shape[1]
    total = inputs.shape[0] + after.shape[0]
    chunk = chunk_size(total)
    seen = np.zeros((n_inputs, 2 + chunk), dtype=np.float32)
    seen[:, :2] = history.stem
    past = np.zeros((channels, longest + chunk), dtype=np.float32)
    x, y = np.zeros((channels, chunk), dtype=np.float32), np.zeros((channels, chunk), dtype=np.float32)
    logits = np.zeros((n_outputs, chunk), dtype=np.float32)
    for begin in range(0, total, chunk):
        steps = min(chunk, total - begin)
        own = min(steps, max(inputs.shape[0] - begin, 0))
        transpose(inputs[begin : begin + own], seen[:, 2:])
        rest = begin + own - inputs.shape[0]  # negative only where nothing of `after` is taken
        transpose(after[rest : rest + steps - own], seen[:, 2 + own :])
        _fill(x, layers.stem_bias, steps)
        add_products(seen, ONE, layers.stem_weight, x, steps)
        for i in range(n_inputs):
            seen[i, 0], seen[i, 1] = seen[i, steps], seen[i, steps + 1]
        for block in range(blocks):
            _residual_block(x, y, past, layers, block, history.blocks[block], steps)
        _rectify(x, x, 0, steps)
        _fill(logits, layers.head_bias, steps)
        add_products(x, ONE, layers.head_weight.reshape(1, channels, n_outputs), logits, steps)
        transpose(logits[:, :steps], out[begin : begin + steps])
    history.stem[:] = seen[:, :2]


@kernel(inner=True)
def _residual_block(
    x: np.ndarray, y: np.ndarray, past: np.ndarray, layers: NetworkLayers, block: int, history: np.ndarray, steps: int
) -> None:
    """Apply one block to `x` (channels, steps) in place; `y` and `past` are working memory."""
    channels, longest = history.shape
    dilation = layers.dilations[block]
    reach = 2 * dilation
    for c in range(channels):
        for t in range(reach):
            past[c, t] = history[c, longest - reach + t]
    _rectify(x, past, reach, steps)
    _fill(y, layers.block_bias[block], steps)
    add_products(past, dilation, layers.block_weight[block], y, steps)
    for c in range(channels):
        for t in range(reach):
            history[c, longest - reach + t] = past[c, steps + t]
        bias, row = layers.mix_bias[block, c], x[c]
        for t in range(steps):
            row[t] += bias
    _rectify(y, y, 0, steps)
    # of the shape of the others, for which the product is compiled
    add_products(y, ONE, layers.mix_weight[block].reshape(1, channels, channels), x, steps)


@kernel(inner=True)
def _fill(rows: np.ndarray, bias: np.ndarray, steps: int) -> None:
    for c in range(rows.shape[0]):
        row, value = rows[c], bias[c]
        for t in range(steps):
            row[t] = value


@kernel(inner=True)
def _rectify(rows: np.ndarray, out: np.ndarray, first: int, steps: int) -> None:
    """``max(rows, 0)`` to `out`, from column `first` on."""
    for c in range(rows.shape[0]):
        row, rectified = rows[c], out[c, first : first + steps]
        for t in range(steps):
            rectified[t] = max(row[t], np.float32(0.0))


@kernel()
def log_softmax(logits: np.ndarray, out: np.ndarray) -> None:
    """Row-wise log-softmax.

    Parameters
    ----------
    logits : float32, shape (rows, columns)
    out : float32, shape (rows, columns), output
    """
    rows, columns = logits.shape
    below = np.empty((rows, columns), dtype=np.float32)
    total, logs = np.zeros(rows, dtype=np.float32), np.empty(rows, dtype=np.float32)
    for k in range(rows):
        top = logits[k, 0]
        for s in range(1, columns):
            top = max(top, logits[k, s])
        for s in range(columns):
            below[k, s] = logits[k, s] - top
    exponential(below.reshape(-1), out.reshape(-1))
    for k in range(rows):
        for s in range(columns):
            total[k] += out[k, s]
    natural_log(total, logs)
    for k in range(rows):
        for s in range(columns):
            out[k, s] = below[k, s] - logs[k]
