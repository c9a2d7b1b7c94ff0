"""Ctrl-C as a request to end in order."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

__all__ = ["Stop"]


class Stop:
    """Whether Ctrl-C was pressed: the first asks to end in order, the second ends at once."""

    def __init__(self) -> None:
        self.asked = False
        self._before: Any = None
        self._set = False

    def __enter__(self) -> Stop:
        # a host program's own handler stays, and other threads than the main one can't have any
        if (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        ):
            self._before = signal.signal(signal.SIGINT, self._ask)
            self._set = True
        return self

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._set:
            signal.signal(signal.SIGINT, self._before)
