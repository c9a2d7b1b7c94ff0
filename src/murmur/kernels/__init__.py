"""The compiled core: the only package that imports numba, and numba, its llvmlite and numpy are all it imports.

Every kernel is a plain function over contiguous arrays; what it carries from block to block is passed in and changed in
place, so that a stage's state is its owner's alone. Each has an obvious slow twin in ``tests/test_kernels.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])

#: Reassociation and contraction let LLVM vectorise sums; NaN and infinity keep their meaning.
SUMS = {"nsz", "arcp", "contract", "afn", "reassoc"}
#: A product and a sum in one go; the order of sums stays as written.
FUSED = {"nsz", "contract"}


def kernel(fastmath: bool | set[str] = False) -> Callable[[F], F]:
    """Compile a function to machine code without the GIL, and cache it on disk where that can be written."""

    def compile_(function: F) -> F:
        options: dict[str, Any] = {"nogil": True, "fastmath": fastmath, "error_model": "numpy"}
        try:
            return numba.njit(cache=True, **options)(function)
        except RuntimeError:  # numba finds no place that it may write its cache to: compile each time
            return numba.njit(**options)(function)

    return compile_
