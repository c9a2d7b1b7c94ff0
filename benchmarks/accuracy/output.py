"""Nested figures as text, tables where rows are alike, and as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from benchmarks.accuracy.figures import Figure

__all__ = ["plain", "show"]


def show(value: Mapping[str, Any], indent: int = 0) -> None:
    """Print nested figures."""
    pad = "  " * indent
    if _is_table(value):
        for line in _table(value):
            print(pad + line)
        return
    for name, item in value.items():
        if isinstance(item, Mapping):
            print(f"{pad}{name}")
            show(item, indent + 1)
        else:
            print(f"{pad}{name}: {_text(item)}")


def _is_table(value: Mapping[str, Any]) -> bool:
    """Whether every entry is a row with entries of its own that hold no more rows."""
    rows = list(value.values())
    return bool(rows) and all(
        isinstance(row, Mapping) and row and not any(isinstance(cell, Mapping) for cell in row.values()) for row in rows
    )


def _table(value: Mapping[str, Mapping[str, Any]]) -> list[str]:
    columns = list(dict.fromkeys(name for row in value.values() for name in row))
    cells = [["", *columns]]
    cells += [[name, *(_text(row[c], short=True) if c in row else "" for c in columns)] for name, row in value.items()]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]


def _text(item: Any, *, short: bool = False) -> str:
    if isinstance(item, Figure):
        if math.isnan(item.value):
            return "-"
        return f"{item.value:.3f} [{item.low:.3f}, {item.high:.3f}]" if short else str(item)
    if isinstance(item, tuple):
        return ", ".join(f"{v:.3f}" for v in item)
    if isinstance(item, float):
        return "-" if math.isnan(item) else f"{item:.3f}"
    return str(item)


def plain(value: Any) -> Any:
    """Make figures fit for JSON; what could not be computed is null."""
    if isinstance(value, Figure):
        return {name: plain(getattr(value, name)) for name in ("value", "low", "high", "n")}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list):
        return [plain(v) for v in value]
    return None if isinstance(value, float) and math.isnan(value) else value
