"""``murmur schema``: what murmur writes, described for programs."""

from __future__ import annotations

import argparse
import json
from typing import Any


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Print the JSON Schema (draft 2020-12) of each line that analyze --json or live writes; or, as a Data Package "
        "(datapackage.json), every column of the tables with its unit and meaning."
    )
    parser.add_argument(
        "what", nargs="?", choices=("analyze", "live", "tables"), default="analyze", help="what to describe (analyze)"
    )


def run(options: argparse.Namespace) -> None:
    """Print the description."""
    print(json.dumps(_described(options.what), indent=2))


def _described(what: str) -> dict[str, Any]:
    if what == "live":
        from murmur.live.events import events_schema

        return events_schema()
    if what == "tables":
        from murmur.tables.dictionary import data_package

        return data_package()
    from murmur.pipeline.analysis import Analysis
    from murmur.records import json_schema_of_any
    from murmur.tables.recordings import Failure

    return json_schema_of_any("A line of murmur analyze --json", Analysis, Failure)
