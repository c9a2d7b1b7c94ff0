"""Names that are loaded when they are first used (PEP 562), so that importing a package costs next to nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from typing import Any

__all__ = ["lazily"]


def lazily(package: str, home: Mapping[str, str], packages: Collection[str] = ()) -> Callable[[str], Any]:
    """Make a package's ``__getattr__``.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    home : mapping of str to str
        Public names to the modules that they come from, named from the package on.
    packages : collection of str, optional
        Packages below it that are used by their own name.

    Returns
    -------
    callable
        Gives a name's value, which the package then has.
    """

    def get(name: str) -> Any:
        if name in packages:  # whose import makes it an attribute
            return import_module(f"{package}.{name}")
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(f"{package}.{home[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return get
