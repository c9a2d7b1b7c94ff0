"""``python -m benchmarks.accuracy {circor,bmdhs} DIR``: print every figure with its interval, and save them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import murmur
from benchmarks.accuracy import bmdhs, circor
from benchmarks.accuracy.figures import Figure

FOLDS = Path(__file__).parent.parent / "folds"


def show(value: Any, indent: int = 0) -> None:
    """Print nested figures."""
    for name, item in value.items():
        if isinstance(item, dict):
            print(f"{'  ' * indent}{name}")
            show(item, indent + 1)
        else:
            text = ", ".join(f"{v:.3f}" for v in item) if isinstance(item, tuple) else item
            text = f"{text:.3f}" if isinstance(text, float) else text
            print(f"{'  ' * indent}{name}: {text}")


def plain(value: Any) -> Any:
    """Make figures fit for JSON."""
    if isinstance(value, Figure):
        return {"value": value.value, "low": value.low, "high": value.high, "n": value.n}
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    return value


def main() -> None:
    """Parse, score, print, save."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("set", choices=["circor", "bmdhs"])
    parser.add_argument("folder", type=Path, help="the data set as published")
    parser.add_argument("--models", type=Path, help="circor: the folds' models; bmdhs: a folder with other models")
    parser.add_argument("-o", "--output", type=Path, help="write the figures as JSON")
    arguments = parser.parse_args()
    if arguments.set == "circor":
        figures = circor.report(arguments.folder, arguments.models or FOLDS)
    else:
        figures = bmdhs.report(arguments.folder, murmur.Models.load(arguments.models) if arguments.models else None)
    show(figures)
    if arguments.output:
        arguments.output.write_text(json.dumps(plain(figures), indent=1) + "\n")


if __name__ == "__main__":
    main()
