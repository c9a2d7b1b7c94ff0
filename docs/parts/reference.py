"""Lists the names of each module at the top of its page of the reference."""

from __future__ import annotations

import inspect
from typing import Any

from sphinx.application import Sphinx


def list_names(app: Sphinx, what: str, name: str, module: Any, options: Any, lines: list[str]) -> None:
    """Add a module's public names to its docstring."""
    if what != "module":
        return
    public = [one for one in getattr(module, "__all__", []) if one in vars(module) or hasattr(module, one)]
    listed = [one for one in public if inspect.isclass(getattr(module, one)) or inspect.isroutine(getattr(module, one))]
    if listed:
        lines += ["", ".. autosummary::", "   :nosignatures:", "", *(f"   {one}" for one in listed), ""]


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect, after numpydoc has read the docstring."""
    app.connect("autodoc-process-docstring", list_names, priority=900)
    return {"parallel_read_safe": True}
