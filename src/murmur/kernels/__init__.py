"""The compiled core: the only package that imports numba, and numba, its llvmlite and numpy are all it imports.

Every kernel is a plain function over contiguous arrays; what it carries from block to block is passed in and changed in
place, so that a stage's state is its owner's alone. Each has an obvious slow twin in ``tests/kernels/test_kernels.py``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import numba


def _leave_blas_for_later() -> None:
    """Spare every process the import of SciPy's linear algebra, a fifth of a second.

    Numba asks for it, for `numpy.dot` in compiled code, when the first kernel is loaded, and again where that is compiled:
    the second time is soon enough. Where numba is built otherwise, nothing is spared.
    """
    if "numba.np.arraymath" in sys.modules:
        return
    try:
        from numba.np import linalg

        ensure_blas = linalg.ensure_blas
    except (ImportError, AttributeError):
        return
    linalg.ensure_blas = lambda: None
    try:
        from numba.np import arraymath
    finally:
        linalg.ensure_blas = ensure_blas
    arraymath.ensure_blas = ensure_blas  # type: ignore[attr-defined]


_leave_blas_for_later()

F = TypeVar("F", bound=Callable[..., Any])

#: Reassociation and contraction let LLVM vectorise sums; NaN and infinity keep their meaning.
SUMS = {"nsz", "arcp", "contract", "afn", "reassoc"}
#: A product and a sum in one go; the order of sums stays as written.
FUSED = {"nsz", "contract"}


def kernel(fastmath: bool | set[str] = False, inner: bool = False) -> Callable[[F], F]:
    """Compile a function to machine code without the GIL, and cache it on disk where that can be written.

    One that only other kernels call is `inner`: its code is cached as part of theirs, and a new process is spared the look
    for a place of its own.
    """

    def compile_(function: F) -> F:
        options: dict[str, Any] = {"nogil": True, "fastmath": fastmath, "error_model": "numpy"}
        if inner:
            return numba.njit(**options)(function)
        try:
            return numba.njit(cache=True, **options)(function)
        except RuntimeError:  # numba finds no place that it may write its cache to: compile each time
            return numba.njit(**options)(function)

    return compile_
