"""Products of small matrices with frames that lie side by side."""

from __future__ import annotations

import numpy as np

from murmur.kernels import kernel
from murmur.kernels.vectors import WIDTH, add_scaled, load, store

#: A spacing as numba takes it without compiling the product anew, as it does for a number that is written out.
ONE = np.int64(1)


@kernel(inner=True)
def add_products(inputs: np.ndarray, spacing: int, weight: np.ndarray, out: np.ndarray, steps: int) -> None:
    """``out[o, t] += Σ_j Σ_i weight[j, i, o] · inputs[i, j·spacing + t]``, for a multiple of four outputs.

    Both arrays have room for `steps` rounded up to whole vectors; what lies past `steps` has no meaning. Four rows of three
    vectors each fill the registers, as in matrix products by Goto and van de Geijn (2008, doi:10.1145/1356052.1356053). Each
    sum keeps its order, so that every cutting into blocks gives the same bits.
    """
    room = -(-steps // WIDTH) * WIDTH
    if out.shape[0] % 4 or out.shape[1] < room or inputs.shape[1] < (weight.shape[0] - 1) * spacing + room:
        raise ValueError("not whole fours of outputs, or no room for whole vectors")
    t = 0
    while t < steps - 2 * WIDTH:
        for o in range(0, out.shape[0], 4):
            _add_three(inputs, spacing, weight, out, o, t)
        t += 3 * WIDTH
    while t < steps:
        for o in range(0, out.shape[0], 4):
            _add_one(inputs, spacing, weight, out, o, t)
        t += WIDTH


@kernel(inner=True)
def _add_three(inputs: np.ndarray, spacing: int, weight: np.ndarray, out: np.ndarray, o: int, t: int) -> None:
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
            p, q, r, s = weight[j, i, o], weight[j, i, o + 1], weight[j, i, o + 2], weight[j, i, o + 3]
            pt, pu, pv = add_scaled(p, xt, pt), add_scaled(p, xu, pu), add_scaled(p, xv, pv)
            qt, qu, qv = add_scaled(q, xt, qt), add_scaled(q, xu, qu), add_scaled(q, xv, qv)
            rt, ru, rv = add_scaled(r, xt, rt), add_scaled(r, xu, ru), add_scaled(r, xv, rv)
            st, su, sv = add_scaled(s, xt, st), add_scaled(s, xu, su), add_scaled(s, xv, sv)
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


@kernel(inner=True)
def _add_one(inputs: np.ndarray, spacing: int, weight: np.ndarray, out: np.ndarray, o: int, t: int) -> None:
    p, q, r, s = load(out, o, t), load(out, o + 1, t), load(out, o + 2, t), load(out, o + 3, t)
    for j in range(weight.shape[0]):
        for i in range(inputs.shape[0]):
            x = load(inputs, i, t + j * spacing)
            p, q = add_scaled(weight[j, i, o], x, p), add_scaled(weight[j, i, o + 1], x, q)
            r, s = add_scaled(weight[j, i, o + 2], x, r), add_scaled(weight[j, i, o + 3], x, s)
    store(out, o, t, p)
    store(out, o + 1, t, q)
    store(out, o + 2, t, r)
    store(out, o + 3, t, s)
