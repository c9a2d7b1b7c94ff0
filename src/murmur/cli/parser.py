"""The list of commands and their parser. Loads nothing but argparse and the command in use, so that help appears at once."""

from __future__ import annotations

import argparse
from importlib import import_module

from murmur import __version__

DISCLAIMER = "For research and education, not a medical device."

#: Every command with its summary. The module of its name has ``add_arguments(parser)`` and ``run(options)``, which returns
#: the exit code, or None if all is done.
COMMANDS = {
    "analyze": "find every cardiac cycle and every sign in recordings",
    "export": "write the tables of a run in another format or to another folder",
    "trend": "compare the visits of a run's patients",
    "segment": "find only where the heart sounds are",
    "plot": "draw a recording and its findings, as PNG, SVG or PDF",
    "report": "write an HTML page per patient, with plots and sound, and an index",
    "convert": "write recordings, their cycles or labels in another format",
    "live": "analyze sound as it comes in",
    "serve": "run a local server: recordings and live sound in, JSON out, and a page that shows it",
    "datasets": "list and download public data sets, and write manifests for them",
    "warm-up": "compile all kernels, so that later starts are fast",
    "schema": "print the JSON Schema of analyze --json or live, or describe the tables",
    "version": "print the versions of murmur and of the packages that it needs",
}


class _Parser(argparse.ArgumentParser):
    """Begins every help text with what murmur is not."""

    def format_help(self) -> str:
        return f"{DISCLAIMER}\n\n{super().format_help()}"


def make_parser(command: str | None = None) -> argparse.ArgumentParser:
    """Build the parser, with the arguments of one command or, by default, of all; ``run`` is set where one is given."""
    parser = _Parser(
        prog="murmur",
        description="Heart-sound analysis: finds every S1, systole, S2 and diastole, and measures murmurs.",
        epilog="murmur COMMAND --help describes a command. Exit codes: 0 all done, 1 some inputs failed, 2 wrong usage, "
        "130 or 143 stopped by Ctrl-C or SIGTERM.",
    )
    parser.add_argument("--version", action="version", version=f"murmur {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND")
    for name, summary in COMMANDS.items():
        added = commands.add_parser(name, help=summary)
        if command in {None, name}:
            module = import_module(f"murmur.cli.{name.replace('-', '_')}")
            module.add_arguments(added)
            added.set_defaults(run=module.run)
    return parser
