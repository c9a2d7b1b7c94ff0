"""``python -m murmur``: the same as the command ``murmur``, in a process of its own, which is to begin and end quickly."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import sys
from typing import NoReturn

#: Objects that may be made before Python looks for cycles among them. Loading numba makes some hundred thousand that stay.
RARELY = 100_000


def run() -> NoReturn:
    """Run the command line and end the process.

    What is registered for the end is done, and what was written is flushed; then the process is left as it is: to take
    the compiled core apart piece by piece would take longer than an analysis.
    """
    gc.set_threshold(RARELY)
    from murmur.cli import main

    code = main()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # closed, or nobody reads: `main` has said so
            stream.flush()
    os._exit(code)


if __name__ == "__main__":
    run()
