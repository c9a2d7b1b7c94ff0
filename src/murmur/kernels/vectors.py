"""Eight neighbouring numbers as one value, which stays in a register: what LLVM can't be led to by loops over arrays.

A loop that adds to an array loads and stores it at every step. A `Vector` is a value of its own: sums build up in registers
and are stored once. LLVM makes of it what the machine has, one instruction with AVX, two with SSE or NEON. With the JIT off
the same functions work on slices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, config, types
from numba.extending import intrinsic, models, register_model

#: Numbers in a vector.
WIDTH = 8

_LANES = ir.VectorType(ir.FloatType(), WIDTH)


class VectorType(types.Type):
    """Numba's type of a vector of float32."""

    def __init__(self) -> None:
        super().__init__(name="Vector")


_vector = VectorType()


@register_model(VectorType)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _LANES)


def _place(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    """Pointer to the vector that begins at an element; indices are never negative."""
    wrapped = context.make_array(kind)(context, builder, array)
    return builder.bitcast(cgutils.get_item_pointer(context, builder, kind, wrapped, index), _LANES.as_pointer())


def _broadcast(builder: Any, value: Any) -> Any:
    """A vector of one number."""
    nothing, lanes = ir.Constant(_LANES, ir.Undefined), ir.VectorType(ir.IntType(32), WIDTH)
    first = builder.insert_element(nothing, value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(lanes, [0] * WIDTH))


@intrinsic
def _load(typing_context: Any, array: Any, row: Any, column: Any) -> tuple[Any, Callable[..., Any]]:
    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.load(_place(context, builder, signature.args[0], values[0], values[1:]), align=4)

    return _vector(array, types.intp, types.intp), build


@intrinsic
def _store(typing_context: Any, array: Any, row: Any, column: Any, vector: Any) -> tuple[Any, Callable[..., Any]]:
    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        builder.store(values[3], _place(context, builder, signature.args[0], values[0], values[1:3]), align=4)
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp, _vector), build


@intrinsic
def _add_scaled(typing_context: Any, factor: Any, vector: Any, total: Any) -> tuple[Any, Callable[..., Any]]:
    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind = ir.FunctionType(_LANES, [_LANES] * 3)
        fused = cgutils.get_or_insert_function(builder.module, kind, f"llvm.fmuladd.v{WIDTH}f32")
        return builder.call(fused, [_broadcast(builder, values[0]), values[1], values[2]])

    return _vector(types.float32, _vector, _vector), build


@intrinsic
def _scale(typing_context: Any, factor: Any, vector: Any) -> tuple[Any, Callable[..., Any]]:
    def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.fmul(_broadcast(builder, values[0]), values[1])

    return _vector(types.float32, _vector), build


def _two_by_two(operation: str) -> Any:
    @intrinsic
    def combine(typing_context: Any, one: Any, other: Any) -> tuple[Any, Callable[..., Any]]:
        def build(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            return getattr(builder, operation)(*values)

        return _vector(_vector, _vector), build

    return combine


if config.DISABLE_JIT:  # type: ignore[attr-defined]

    def load(array: np.ndarray, row: int, column: int) -> np.ndarray:
        """The vector that begins at an element of a float32 array (rows, columns)."""
        return array[row, column : column + WIDTH].copy()

    def store(array: np.ndarray, row: int, column: int, vector: np.ndarray) -> None:
        """Write a vector to where it begins."""
        array[row, column : column + WIDTH] = vector

    def add_scaled(factor: float, vector: np.ndarray, total: np.ndarray) -> np.ndarray:
        """``factor · vector + total``, in one go where the machine can."""
        return np.float32(factor) * vector + total

    def scale(factor: float, vector: np.ndarray) -> np.ndarray:
        """``factor · vector``."""
        return np.float32(factor) * vector

    def add(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """``one + other``."""
        return one + other

    def subtract(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        """``one − other``."""
        return one - other

else:
    load, store, scale, add_scaled = _load, _store, _scale, _add_scaled
    add, subtract = _two_by_two("fadd"), _two_by_two("fsub")
