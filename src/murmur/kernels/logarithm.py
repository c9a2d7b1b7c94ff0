"""Natural logarithms of whole arrays, in single precision, at the full width of the vector unit."""

from __future__ import annotations

import numpy as np

from murmur.kernels import kernel

#: The bits of √½ as a float32: mantissas are brought to √½ … √2, where the series converges fastest.
SQRT_HALF = np.int32(0x3F3504F3)
MANTISSA = np.int32(0x7FFFFF)
EXPONENT = np.int32(23)
LN_2 = np.float32(np.log(2.0))
ONE, TWO = np.float32(1.0), np.float32(2.0)
THIRD, FIFTH, SEVENTH, NINTH = np.float32(1 / 3), np.float32(1 / 5), np.float32(1 / 7), np.float32(1 / 9)


@kernel(fastmath={"contract"})
def natural_log(values: np.ndarray, out: np.ndarray) -> None:
    """Natural log of positive, normal float32 `values` (n,) to `out` (n,), within two units of the last place.

    x = 2^e·m, and log m = 2·artanh((m − 1)/(m + 1)) by its series (Abramowitz and Stegun 1964, 4.1.27). The C library's
    logarithm takes one number at a time; this takes as many as the machine's vectors hold.
    """
    bits, mantissa = values.view(np.int32), out.view(np.int32)
    for i in range(values.shape[0]):
        mantissa[i] = np.int32(np.int32(bits[i] - SQRT_HALF) & MANTISSA) + SQRT_HALF
    for i in range(values.shape[0]):
        exponent = np.float32(np.int32(np.int32(bits[i] - SQRT_HALF) >> EXPONENT))
        s = (out[i] - ONE) / (out[i] + ONE)
        z = s * s
        out[i] = exponent * LN_2 + TWO * s * (ONE + z * (THIRD + z * (FIFTH + z * (SEVENTH + z * NINTH))))
