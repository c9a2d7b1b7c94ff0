"""Checks of arguments, with errors that name them."""

from __future__ import annotations

import numbers

from murmur.errors import ParameterError


def check(name: str, value: float | None, low: float, high: float, *, optional: bool = False) -> None:
    """Raise ParameterError unless the value is a number in [low, high]."""
    if value is None and optional:
        return
    # NaN is in no range; True is an int in Python, but not a level.
    if not isinstance(value, numbers.Real) or isinstance(value, bool) or not low <= value <= high:
        raise ParameterError(f"{name} must be a number from {low:g} to {high:g}, not {value!r}")


def check_name(name: str, value: str, allowed: tuple[str, ...]) -> None:
    """Raise ParameterError unless the value is one of those allowed."""
    if value not in allowed:
        raise ParameterError(f"{name} must be one of {', '.join(map(repr, allowed))}, not {value!r}")
