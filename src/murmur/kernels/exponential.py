"""Natural logarithms and exponentials of whole arrays, in single precision, at the full width of the vector unit.

The C library's take one number at a time; these as many as the machine's vectors hold.
"""

from __future__ import annotations

import numpy as np

from murmur.kernels import kernel

#: The bits of √½ as a float32: mantissas are brought to √½ … √2, where the series converges fastest.
SQRT_HALF = np.int32(0x3F3504F3)
MANTISSA = np.int32(0x7FFFFF)
EXPONENT = np.int32(23)
LN_2 = np.float32(np.log(2.0))
ONE, TWO = np.float32(1.0), np.float32(2.0)
#: ln 2 in two parts, the first with few enough bits for its product with an exponent to be exact.
LN_2_HIGH = np.float32(0.693359375)
LN_2_LOW = np.float32(np.log(2.0) - 0.693359375)
LOG2_E = np.float32(np.log2(np.e))
#: Below it an exponential is no normal number: it becomes the least one.
LEAST, MOST = np.float32(-87.3), np.float32(88.3)
HALF, SIXTH, TWENTY_FOURTH = np.float32(1 / 2), np.float32(1 / 6), np.float32(1 / 24)
HUNDRED_TWENTIETH, SEVEN_HUNDRED_TWENTIETH = np.float32(1 / 120), np.float32(1 / 720)
BIAS = np.int32(127)
THIRD, FIFTH, SEVENTH, NINTH = np.float32(1 / 3), np.float32(1 / 5), np.float32(1 / 7), np.float32(1 / 9)


@kernel(fastmath={"contract"}, inner=True)
def natural_log(values: np.ndarray, out: np.ndarray) -> None:
    """Natural log of positive, normal float32 `values` (n,) to another array, within two units of the last place.

    x = 2^e·m, and log m = 2·artanh((m − 1)/(m + 1)) by its series (Abramowitz and Stegun 1964, 4.1.27).
    """
    bits, mantissa = values.view(np.int32), out.view(np.int32)
    for i in range(values.shape[0]):
        mantissa[i] = np.int32(np.int32(bits[i] - SQRT_HALF) & MANTISSA) + SQRT_HALF
    for i in range(values.shape[0]):
        exponent = np.float32(np.int32(np.int32(bits[i] - SQRT_HALF) >> EXPONENT))
        s = (out[i] - ONE) / (out[i] + ONE)
        z = s * s
        out[i] = exponent * LN_2 + TWO * s * (ONE + z * (THIRD + z * (FIFTH + z * (SEVENTH + z * NINTH))))


@kernel(fastmath={"contract"}, inner=True)
def exponential(values: np.ndarray, out: np.ndarray) -> None:
    """Exponential of float32 `values` (n,), held between −87.3 and 88.3, to another array, to two last places.

    e^x = 2^n·e^r with |r| ≤ ½ ln 2, and e^r by its series (Abramowitz and Stegun 1964, 4.2.1; the reduction in two parts by
    Cody and Waite 1980).
    """
    scale = out.view(np.int32)
    power = np.empty(values.shape[0], dtype=np.float32)
    for i in range(values.shape[0]):
        x = min(max(values[i], LEAST), MOST)
        n = np.floor(x * LOG2_E + HALF)
        r = (x - n * LN_2_HIGH) - n * LN_2_LOW
        tail = HALF + r * (SIXTH + r * (TWENTY_FOURTH + r * (HUNDRED_TWENTIETH + r * SEVEN_HUNDRED_TWENTIETH)))
        power[i] = ONE + r * (ONE + r * tail)
        scale[i] = (np.int32(n) + BIAS) << EXPONENT
    for i in range(values.shape[0]):
        out[i] *= power[i]
