"""Products of small matrices with frames that lie side by side."""

from __future__ import annotations

import numpy as np

from murmur.kernels import kernel
from murmur.kernels.vectors import WIDTH, broadcast, load, multiply_add, store

#: Columns computed together: three vectors.
BLOCK = 3 * WIDTH
#: A spacing of the type for which the product is compiled; a literal 1 would compile it a second time.
ONE = np.int64(1)


@kernel(inner=True)
def add_products(inputs: np.ndarray, spacing: int, weight: np.ndarray, out: np.ndarray, steps: int) -> None:
    """``out[o, t] += Σ_j Σ_i weight[j, i, o] · inputs[i, j·spacing + t]`` for t below `steps`.

    Four rows of three vectors each fill the registers, as in the matrix products of Goto and van de Geijn (2008,
    doi:10.1145/1356052.1356053). Each sum keeps its order, so any division into blocks gives the same bits.

    Parameters
    ----------
    inputs : float32, shape (inputs, at least (taps − 1)·spacing + steps, rounded up to whole blocks)
    spacing : int
        Steps between taps.
    weight : float32, shape (taps, inputs, outputs)
        The number of outputs is a multiple of four.
    out : float32, shape (outputs, at least steps rounded up to whole blocks)
        What lies past `steps` is undefined afterwards.
    steps : int
    """
    room = -(-steps // BLOCK) * BLOCK
    if out.shape[0] % 4 or out.shape[1] < room or inputs.shape[1] < (weight.shape[0] - 1) * spacing + room:
        raise ValueError("outputs are not a multiple of four, or an array has no room for whole blocks")
    for t in range(0, steps, BLOCK):
        for o in range(0, out.shape[0], 4):
            _add_block(inputs, spacing, weight, out, o, t)


@kernel(inner=True)
def _add_block(inputs: np.ndarray, spacing: int, weight: np.ndarray, out: np.ndarray, o: int, t: int) -> None:
    """Four outputs from `o` on, at three vectors of steps from `t` on."""
    u, v = t + WIDTH, t + 2 * WIDTH
    pt, pu, pv = load(out, o, t), load(out, o, u), load(out, o, v)
    qt, qu, qv = load(out, o + 1, t), load(out, o + 1, u), load(out, o + 1, v)
    rt, ru, rv = load(out, o + 2, t), load(out, o + 2, u), load(out, o + 2, v)
    st, su, sv = load(out, o + 3, t), load(out, o + 3, u), load(out, o + 3, v)
    for j in range(weight.shape[0]):
        a = t + j * spacing
        b, c = a + WIDTH, a + 2 * WIDTH
        for i in range(inputs.shape[0]):
            xt, xu, xv = load(inputs, i, a), load(inputs, i, b), load(inputs, i, c)
            p, q = broadcast(weight[j, i, o]), broadcast(weight[j, i, o + 1])
            r, s = broadcast(weight[j, i, o + 2]), broadcast(weight[j, i, o + 3])
            pt, pu, pv = multiply_add(p, xt, pt), multiply_add(p, xu, pu), multiply_add(p, xv, pv)
            qt, qu, qv = multiply_add(q, xt, qt), multiply_add(q, xu, qu), multiply_add(q, xv, qv)
            rt, ru, rv = multiply_add(r, xt, rt), multiply_add(r, xu, ru), multiply_add(r, xv, rv)
            st, su, sv = multiply_add(s, xt, st), multiply_add(s, xu, su), multiply_add(s, xv, sv)
    store(out, o, t, pt)
    store(out, o, u, pu)
    store(out, o, v, pv)
    store(out, o + 1, t, qt)
    store(out, o + 1, u, qu)
    store(out, o + 1, v, qv)
    store(out, o + 2, t, rt)
    store(out, o + 2, u, ru)
    store(out, o + 2, v, rv)
    store(out, o + 3, t, st)
    store(out, o + 3, u, su)
    store(out, o + 3, v, sv)
