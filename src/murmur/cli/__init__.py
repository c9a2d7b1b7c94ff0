"""The command ``murmur``: each command is a module of its own, loaded when it is used."""

from __future__ import annotations

import os
import signal
import sys
from argparse import Namespace
from collections.abc import Sequence

__all__ = ["main", "silence_stdout"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments, without the program's name; those of the process by default.

    Returns
    -------
    int
        Exit code: 0 if all is done, 1 if some inputs failed, 2 for wrong usage, 130 or 143 if stopped by Ctrl-C or
        SIGTERM.
    """
    from murmur.cli.codes import WRONG_USAGE
    from murmur.cli.parser import make_parser

    arguments = list(sys.argv[1:] if argv is None else argv)
    # a file name that is not text, or a terminal that can't show a character, must not end the run
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    parser = make_parser(arguments[0] if arguments else "")
    try:
        options = parser.parse_args(arguments)
    except SystemExit as ending:  # argparse has printed the reason
        return ending.code if isinstance(ending.code, int) else WRONG_USAGE
    if "run" not in options:
        parser.print_help(sys.stderr)
        return WRONG_USAGE
    options.arguments = arguments
    return _run(options)


def silence_stdout() -> None:
    """Discard all further output, at exit too: whoever read it has stopped reading."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run(options: Namespace) -> int:
    from murmur.cli.codes import DONE, SOME_FAILED, STOPPED, WRONG_USAGE, InputFailed
    from murmur.errors import MurmurError

    try:
        code: int = options.run(options) or DONE
        sys.stdout.flush()
    except BrokenPipeError:
        silence_stdout()
        return SOME_FAILED
    except (MurmurError, InputFailed) as error:
        print(f"murmur: {error}", file=sys.stderr)
        return SOME_FAILED if isinstance(error, InputFailed) else WRONG_USAGE
    except OSError as error:  # stdout's disk is full, for one
        print(f"murmur: can't write: {error.strerror or error}", file=sys.stderr)
        silence_stdout()
        return SOME_FAILED
    except KeyboardInterrupt:
        print("murmur: stopped", file=sys.stderr)
        return STOPPED + signal.SIGINT
    return code
