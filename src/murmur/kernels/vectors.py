"""A few neighbouring numbers as one value that stays in a register, for sums that LLVM does not keep there by itself.

A loop that adds to an array loads and stores it at every step. A vector is a value of its own: sums build up in registers
and are stored once. A vector is 32 bytes wide, eight float32 or four float64, and LLVM makes of it what the machine has: one
instruction with AVX, two with SSE or NEON. With the JIT off the same functions work on slices.

Vectors are used only where they pay. ``python -m benchmarks.vectors`` compares each use with plain loops in the same order
of sums:

================================== ============ =============== =====
kernel                             vectors, µs  plain loops, µs ratio
================================== ============ =============== =====
matrix products (networks, spectra)        46.7           135.7   2.9
bands of a filterbank                       5.7            65.7  11.5
durations (decoder)                        20.8            49.9   2.4
================================== ============ =============== =====
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, config, types
from numba.extending import intrinsic, models, register_model

#: Numbers in a vector of float32, and of float64.
WIDTH, DOUBLES = 8, 4

_LLVM = {types.float32: ir.VectorType(ir.FloatType(), WIDTH), types.float64: ir.VectorType(ir.DoubleType(), DOUBLES)}
_Built = tuple[Any, Callable[..., Any]]


class VectorType(types.Type):
    """Numba's type of a vector of numbers of one type."""

    def __init__(self, number: Any) -> None:
        self.number = number
        super().__init__(name=f"Vector({number})")


@register_model(VectorType)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _LLVM[kind.number])


_TYPES = {number: VectorType(number) for number in _LLVM}


def _pointer(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    """Pointer to the vector that begins at an element; indices are never negative."""
    wrapped = context.make_array(kind)(context, builder, array)
    element = cgutils.get_item_pointer(context, builder, kind, wrapped, index)
    return builder.bitcast(element, _LLVM[kind.dtype].as_pointer())


@intrinsic
def _load(typing_context: Any, array: Any, row: Any, column: Any) -> _Built:
    alignment = array.dtype.bitwidth // 8

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.load(_pointer(context, builder, array, values[0], values[1:]), align=alignment)

    return _TYPES[array.dtype](array, types.intp, types.intp), build


@intrinsic
def _store(typing_context: Any, array: Any, row: Any, column: Any, vector: Any) -> _Built:
    alignment = array.dtype.bitwidth // 8

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        builder.store(values[3], _pointer(context, builder, array, values[0], values[1:3]), align=alignment)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, _TYPES[array.dtype]), build


@intrinsic
def _broadcast(typing_context: Any, value: Any) -> _Built:
    kind = _LLVM[value]

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        undefined = ir.Constant(kind, ir.Undefined)
        first = builder.insert_element(undefined, values[0], ir.Constant(ir.IntType(32), 0))
        mask = ir.Constant(ir.VectorType(ir.IntType(32), kind.count), [0] * kind.count)
        return builder.shuffle_vector(first, undefined, mask)

    return _TYPES[value](value), build


@intrinsic
def _add(typing_context: Any, one: Any, other: Any) -> _Built:
    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.fadd(*values)

    return one(one, one), build


@intrinsic
def _multiply_add(typing_context: Any, factor: Any, vector: Any, total: Any) -> _Built:
    kind = _LLVM[vector.number]

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        name = f"llvm.fmuladd.v{kind.count}f{vector.number.bitwidth}"
        return builder.call(cgutils.get_or_insert_function(builder.module, ir.FunctionType(kind, [kind] * 3), name), values)

    return vector(vector, vector, vector), build


@intrinsic
def _where_larger(typing_context: Any, one: Any, other: Any, then: Any, otherwise: Any) -> _Built:
    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", values[0], values[1]), values[2], values[3])

    return one(one, one, one, one), build


if config.DISABLE_JIT:  # type: ignore[attr-defined]

    def load(array: np.ndarray, row: int, column: int) -> np.ndarray:
        """The vector that begins at an element of an array (rows, columns)."""
        return array[row, column : column + 32 // array.itemsize].copy()

    def store(array: np.ndarray, row: int, column: int, vector: np.ndarray) -> None:
        """Write a vector to where it begins."""
        array[row, column : column + vector.shape[0]] = vector

    def broadcast(value: np.floating[Any]) -> np.ndarray:
        """A vector of one number."""
        return np.full(32 // np.asarray(value).itemsize, value)

    def add(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """``one + other``."""
        return one + other

    def multiply_add(one: np.ndarray, other: np.ndarray, total: np.ndarray) -> np.ndarray:
        """``one · other + total``, rounded once where the machine can."""
        return one * other + total

    def where_larger(one: np.ndarray, other: np.ndarray, then: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
        """Number by number, `then` where `one` is larger than `other`, else `otherwise`."""
        return np.where(one > other, then, otherwise)

else:
    load, store, broadcast, add, multiply_add, where_larger = _load, _store, _broadcast, _add, _multiply_add, _where_larger
