"""The command ``murmur``: parse, call, print. What a command needs is loaded when it runs."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments, without the program's name; those of the process by default.

    Returns
    -------
    int
        Exit code: 0 when all is done, 1 when some inputs failed, 2 for wrong usage, 130 or 143 when stopped by Ctrl-C
        or SIGTERM.
    """
    from murmur.cli.codes import WRONG_USAGE
    from murmur.cli.options import make_parser

    arguments = list(sys.argv[1:] if argv is None else argv)
    # a file name that is not text, or a terminal that can't show a sign, must not end the run
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    parser = make_parser()
    try:
        options = parser.parse_args(arguments)
    except SystemExit as ending:  # argparse has said what there is to say
        return ending.code if isinstance(ending.code, int) else WRONG_USAGE
    if options.command is None:
        parser.print_help(sys.stderr)
        return WRONG_USAGE
    return _guarded(options, arguments)


def _guarded(options: argparse.Namespace, arguments: list[str]) -> int:
    from murmur.cli import commands
    from murmur.cli.codes import SOME_FAILED, STOPPED, WRONG_USAGE
    from murmur.errors import MurmurError

    try:
        code = commands.execute(options, arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        commands.silence_stdout()
        return SOME_FAILED
    except MurmurError as error:
        print(f"murmur: {error}", file=sys.stderr)
        return WRONG_USAGE
    except OSError as error:  # stdout's disk is full, say
        print(f"murmur: can't write: {error.strerror or error}", file=sys.stderr)
        commands.silence_stdout()
        return SOME_FAILED
    except KeyboardInterrupt:
        print("murmur: stopped", file=sys.stderr)
        return STOPPED + signal.SIGINT
    return code
