"""Exit codes."""

from __future__ import annotations

__all__ = ["DONE", "SOME_FAILED", "STOPPED", "WRONG_USAGE"]

#: All done; some inputs failed; wrong usage; stopped by a signal, whose number is added.
DONE, SOME_FAILED, WRONG_USAGE, STOPPED = 0, 1, 2, 128
