"""A few neighbouring numbers as one value, which stays in a register: what LLVM can't be led to by loops over arrays.

A loop that adds to an array loads and stores it at every step. A vector is a value of its own: sums build up in registers
and are stored once. It is 32 bytes wide, eight float32 or four float64, and LLVM makes of it what the machine has: one
instruction with AVX, two with SSE or NEON. With the JIT off the same functions work on slices.
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

_LANES = {types.float32: ir.VectorType(ir.FloatType(), WIDTH), types.float64: ir.VectorType(ir.DoubleType(), DOUBLES)}


class VectorType(types.Type):
    """Numba's type of a vector of numbers of one type."""

    def __init__(self, number: Any) -> None:
        self.number = number
        super().__init__(name=f"Vector({number})")


@register_model(VectorType)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _LANES[kind.number])


_KINDS = {number: VectorType(number) for number in _LANES}


def _place(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    """Pointer to the vector that begins at an element; indices are never negative."""
    wrapped = context.make_array(kind)(context, builder, array)
    element = cgutils.get_item_pointer(context, builder, kind, wrapped, index)
    return builder.bitcast(element, _LANES[kind.dtype].as_pointer())


def _spread(builder: Any, lanes: Any, value: Any) -> Any:
    """A vector of one number."""
    nothing = ir.Constant(lanes, ir.Undefined)
    first = builder.insert_element(nothing, value, ir.Constant(ir.IntType(32), 0))
    mask = ir.Constant(ir.VectorType(ir.IntType(32), lanes.count), [0] * lanes.count)
    return builder.shuffle_vector(first, nothing, mask)


@intrinsic
def _load(typing_context: Any, array: Any, row: Any, column: Any) -> tuple[Any, Callable[..., Any]]:
    alignment = array.dtype.bitwidth // 8

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.load(_place(context, builder, array, values[0], values[1:]), align=alignment)

    return _KINDS[array.dtype](array, types.intp, types.intp), build


@intrinsic
def _store(typing_context: Any, array: Any, row: Any, column: Any, vector: Any) -> tuple[Any, Callable[..., Any]]:
    alignment = array.dtype.bitwidth // 8

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        builder.store(values[3], _place(context, builder, array, values[0], values[1:3]), align=alignment)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, _KINDS[array.dtype]), build


@intrinsic
def _same(typing_context: Any, value: Any) -> tuple[Any, Callable[..., Any]]:
    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return _spread(builder, _LANES[value], values[0])

    return _KINDS[value](value), build


@intrinsic
def _scale(typing_context: Any, factor: Any, vector: Any) -> tuple[Any, Callable[..., Any]]:
    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.fmul(_spread(builder, _LANES[vector.number], values[0]), values[1])

    return vector(vector.number, vector), build


@intrinsic
def _add_scaled(typing_context: Any, factor: Any, vector: Any, total: Any) -> tuple[Any, Callable[..., Any]]:
    lanes = _LANES[vector.number]

    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        name = f"llvm.fmuladd.v{lanes.count}f{vector.number.bitwidth}"
        fused = cgutils.get_or_insert_function(builder.module, ir.FunctionType(lanes, [lanes] * 3), name)
        return builder.call(fused, [_spread(builder, lanes, values[0]), values[1], values[2]])

    return vector(vector.number, vector, vector), build


def _two_by_two(operation: str) -> Any:
    @intrinsic
    def combine(typing_context: Any, one: Any, other: Any) -> tuple[Any, Callable[..., Any]]:
        def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            return getattr(builder, operation)(*values)

        return one(one, one), build

    return combine


@intrinsic
def _where_larger(typing_context: Any, one: Any, other: Any, then: Any, otherwise: Any) -> tuple[Any, Callable[..., Any]]:
    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", values[0], values[1]), values[2], values[3])

    return one(one, one, one, one), build


def _interleave(first: int) -> Any:
    """Take numbers of two vectors in turns, from a place on: half of each."""

    @intrinsic
    def interleave(typing_context: Any, one: Any, other: Any) -> tuple[Any, Callable[..., Any]]:
        lanes = _LANES[one.number]

        def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            begin = first * lanes.count // 2
            chosen = [place for k in range(begin, begin + lanes.count // 2) for place in (k, lanes.count + k)]
            return builder.shuffle_vector(*values, ir.Constant(ir.VectorType(ir.IntType(32), lanes.count), chosen))

        return one(one, one), build

    return interleave


if config.DISABLE_JIT:  # type: ignore[attr-defined]

    def load(array: np.ndarray, row: int, column: int) -> np.ndarray:
        """The vector that begins at an element of an array (rows, columns)."""
        return array[row, column : column + 32 // array.itemsize].copy()

    def store(array: np.ndarray, row: int, column: int, vector: np.ndarray) -> None:
        """Write a vector to where it begins."""
        array[row, column : column + vector.shape[0]] = vector

    def same(value: np.floating[Any]) -> np.ndarray:
        """A vector of one number."""
        return np.full(32 // np.asarray(value).itemsize, value)

    def scale(factor: np.floating[Any], vector: np.ndarray) -> np.ndarray:
        """``factor · vector``."""
        return factor * vector

    def add_scaled(factor: np.floating[Any], vector: np.ndarray, total: np.ndarray) -> np.ndarray:
        """``factor · vector + total``, in one go where the machine can."""
        return factor * vector + total

    def add(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """``one + other``."""
        return one + other

    def subtract(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """``one − other``."""
        return one - other

    def multiply(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """``one · other``."""
        return one * other

    def interleave_low(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """The first halves of two vectors, their numbers in turns."""
        return np.stack([one, other], axis=1).ravel()[: one.shape[0]]

    def interleave_high(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """The last halves of two vectors, their numbers in turns."""
        return np.stack([one, other], axis=1).ravel()[one.shape[0] :]

    def where_larger(one: np.ndarray, other: np.ndarray, then: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
        """Number by number, `then` where `one` is larger than `other`, else `otherwise`."""
        return np.where(one > other, then, otherwise)

else:
    load, store, same, scale, add_scaled, where_larger = _load, _store, _same, _scale, _add_scaled, _where_larger
    interleave_low, interleave_high = _interleave(0), _interleave(1)
    add, subtract, multiply = _two_by_two("fadd"), _two_by_two("fsub"), _two_by_two("fmul")
