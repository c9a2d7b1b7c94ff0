"""Checks of arguments and fields, with errors that name them."""

from __future__ import annotations

import numbers
from dataclasses import field, fields
from functools import partial
from typing import Any

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


def within(low: float, high: float, default: float | None, *, optional: bool = False) -> Any:
    """Return a dataclass field that `check_fields` holds to [low, high]."""
    return field(default=default, metadata={"check": partial(check, low=low, high=high, optional=optional)})


def one_of(allowed: tuple[str, ...], default: str) -> Any:
    """Return a dataclass field that `check_fields` holds to the names allowed."""
    return field(default=default, metadata={"check": partial(check_name, allowed=allowed)})


def check_fields(record: Any) -> None:
    """Raise ParameterError unless all fields made by `within` and `one_of` hold what they may."""
    for item in fields(record):
        if "check" in item.metadata:
            item.metadata["check"](item.name, getattr(record, item.name))
