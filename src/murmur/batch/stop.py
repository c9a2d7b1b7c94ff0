"""Ctrl-C and SIGTERM as requests to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any, TypeVar

_T = TypeVar("_T")


class _Interrupted(BaseException):
    """A signal came while `Stop.until` waited."""


class Stop:
    """Whether a signal requested a stop: after the first, work in hand is finished; the second raises KeyboardInterrupt.

    Handlers of a host program are left in place, and threads other than the main one can't have any.

    Attributes
    ----------
    signal : int or None
        The signal that requested the stop; None until then.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self._waiting = False
        self._before: dict[int, Any] = {}

    @property
    def requested(self) -> bool:
        """Whether to stop."""
        return self.signal is not None

    def until(self, items: Iterator[_T]) -> Iterator[_T]:
        """Yield items until a stop is requested, even while the next one is awaited."""
        while not self.requested:
            try:
                self._waiting = True
                item = next(items, None)
                self._waiting = False
            except _Interrupted:
                return
            if item is None:
                return
            yield item

    def __enter__(self) -> Stop:
        if threading.current_thread() is threading.main_thread():
            defaults = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
            for number, default in defaults.items():
                if signal.getsignal(number) is default:
                    self._before[number] = signal.signal(number, self._request)
        return self

    def _request(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.signal = number
        if self._waiting:
            raise _Interrupted

    def __exit__(self, *ending: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
