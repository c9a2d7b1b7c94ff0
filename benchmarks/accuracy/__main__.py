"""``python -m benchmarks.accuracy {circor,bmdhs,cinc2016} DIR``: print every figure with its interval, and save them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import murmur
from benchmarks.accuracy import bmdhs, cinc2016, circor
from benchmarks.accuracy.output import plain, show
from benchmarks.accuracy.plots import Page, check_page, draw_page
from murmur.errors import MissingFileError

FOLDS = Path(__file__).parent.parent / "folds"


def evaluate(set_: str, folder: Path, models: Path | None, settings: murmur.Settings) -> tuple[dict[str, Any], Page]:
    """Figures and plots of one data set."""
    if set_ == "circor":
        return circor.report_and_page(folder, models or FOLDS, settings)
    chosen = murmur.Models.load(models) if models else None
    if set_ == "bmdhs":
        return bmdhs.report_and_page(folder, chosen)
    return cinc2016.report_and_page(folder, chosen)


def main(arguments: list[str] | None = None) -> None:
    """Parse, score, print, save."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("set", choices=["circor", "bmdhs", "cinc2016"])
    parser.add_argument("folder", type=Path, help="the data set as published")
    parser.add_argument("--models", type=Path, help="circor: the folds' models; else a folder with other models")
    parser.add_argument(
        "--least-quality",
        type=float,
        default=murmur.Settings().least_quality,
        help="circor: recordings of a lower quality index are unreadable (default: as shipped, %(default)s)",
    )
    parser.add_argument("-o", "--output", type=Path, help="write the figures as JSON")
    parser.add_argument("--plots", type=Path, help="draw a page of plots: PNG, SVG or PDF")
    given = parser.parse_args(arguments)
    try:
        if not given.folder.is_dir():
            raise MissingFileError(f"{given.folder}: no such folder")
        if given.plots:
            check_page(given.plots)
        settings = murmur.Settings(least_quality=given.least_quality)
        figures, page = evaluate(given.set, given.folder, given.models, settings)
        show(figures)
        if given.output:
            given.output.write_text(json.dumps(plain(figures), indent=1) + "\n", encoding="utf-8")
        if given.plots:
            draw_page(page, given.plots)
    except murmur.MurmurError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
