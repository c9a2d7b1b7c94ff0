"""``murmur version``: what is installed."""

from __future__ import annotations

import argparse
import sys

from murmur import __version__


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the description of the command."""
    parser.description = "Print the versions of murmur, of Python and of the packages that murmur needs."


def run(options: argparse.Namespace) -> None:
    """Print versions."""
    from murmur.batch.output import package_versions

    versions = {"murmur": __version__, "Python": sys.version.split()[0], **package_versions()}
    for name, version in versions.items():
        print(f"{name} {version}")
