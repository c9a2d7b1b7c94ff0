"""Products of a small matrix with frames that lie side by side."""

from __future__ import annotations

import numpy as np

from murmur.kernels import FUSED, kernel


@kernel(fastmath=FUSED)
def add_products(inputs: np.ndarray, first: int, weight: np.ndarray, out: np.ndarray, steps: int) -> None:
    """``out[o, t] += Σ_i weight[i, o] · inputs[i, first + t]``, four by four; both numbers are multiples of four.

    Time runs innermost, so that it fills whole vectors, and what is loaded serves four outputs; each sum keeps its order, so
    that every cutting into blocks gives the same bits.
    """
    # arrays that nothing else can reach: their loops become vector code
    p = np.empty(steps, dtype=np.float32)
    q = np.empty(steps, dtype=np.float32)
    r = np.empty(steps, dtype=np.float32)
    s = np.empty(steps, dtype=np.float32)
    for o in range(0, out.shape[0], 4):
        for t in range(steps):
            p[t], q[t], r[t], s[t] = out[o, t], out[o + 1, t], out[o + 2, t], out[o + 3, t]
        for i in range(0, inputs.shape[0], 4):
            a = inputs[i, first : first + steps]
            b = inputs[i + 1, first : first + steps]
            c = inputs[i + 2, first : first + steps]
            d = inputs[i + 3, first : first + steps]
            pa, pb, pc, pd = weight[i, o], weight[i + 1, o], weight[i + 2, o], weight[i + 3, o]
            qa, qb, qc, qd = weight[i, o + 1], weight[i + 1, o + 1], weight[i + 2, o + 1], weight[i + 3, o + 1]
            ra, rb, rc, rd = weight[i, o + 2], weight[i + 1, o + 2], weight[i + 2, o + 2], weight[i + 3, o + 2]
            sa, sb, sc, sd = weight[i, o + 3], weight[i + 1, o + 3], weight[i + 2, o + 3], weight[i + 3, o + 3]
            for t in range(steps):
                p[t] = pd * d[t] + (pc * c[t] + (pb * b[t] + (pa * a[t] + p[t])))
                q[t] = qd * d[t] + (qc * c[t] + (qb * b[t] + (qa * a[t] + q[t])))
                r[t] = rd * d[t] + (rc * c[t] + (rb * b[t] + (ra * a[t] + r[t])))
                s[t] = sd * d[t] + (sc * c[t] + (sb * b[t] + (sa * a[t] + s[t])))
        for t in range(steps):
            out[o, t], out[o + 1, t], out[o + 2, t], out[o + 3, t] = p[t], q[t], r[t], s[t]
