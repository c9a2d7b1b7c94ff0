"""``murmur warm-up``: compile every kernel once."""

from __future__ import annotations

import argparse
import sys
import time


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the description of the command."""
    parser.description = (
        "Compile all kernels and keep them on disk, so that later starts are fast. Takes half a minute, once."
    )


def run(options: argparse.Namespace) -> None:
    """Compile."""
    from murmur.live.warmup import warm_up

    begin = time.monotonic()
    warm_up()
    print(f"warm after {time.monotonic() - begin:.1f} s", file=sys.stderr)
