"""``murmur live``: sound in, a line of JSON for each event out."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

from murmur.errors import MurmurError, ParameterError, TooShortError
from murmur.settings import Settings

__all__ = ["live"]


class _Stopped(BaseException):
    """Ctrl-C or SIGTERM, while it waited for more."""


class _Signals:
    """Ctrl-C and SIGTERM end the waiting for more sound, and nothing else: what is being told is told."""

    def __init__(self) -> None:
        self.number = 0
        self._waits = False

    def __enter__(self) -> _Signals:
        self._before = {number: signal.signal(number, self._stop) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.number = number
        if self._waits:
            raise _Stopped

    def until(self, blocks: Iterator[Any]) -> Iterator[Any]:
        """Yield blocks until a signal comes."""
        while not self.number:
            try:
                self._waits = True
                block = next(blocks, None)
                self._waits = False
            except _Stopped:
                return
            if block is None:
                return
            yield block


def live(options: argparse.Namespace, settings: Settings) -> int:
    """Tell events until the sound ends or a signal comes; then the whole analysis. Returns the exit code."""
    from murmur.batch.worker import load_models
    from murmur.live.analyzer import LiveAnalyzer
    from murmur.live.events import Finished

    labels, rate, blocks = _sound(options)
    analyzer = LiveAnalyzer(rate, settings, **labels, history_s=options.history, models=load_models(options.models))
    failed = None
    with _Signals() as signals:
        try:
            for block in signals.until(blocks):
                for event in analyzer.push(block):
                    print(event.to_json())
                sys.stdout.flush()
        except MurmurError as error:  # what came before it is told all the same
            failed = error
    try:
        analysis = analyzer.finish()
        print(Finished(time_s=analyzer.time_s, analysis=analysis).to_json(), flush=True)
    except TooShortError as error:
        failed = failed or error
    if failed is not None:
        print(f"murmur: {failed}", file=sys.stderr)
    return 128 + signals.number if signals.number else int(failed is not None)


def _sound(options: argparse.Namespace) -> tuple[dict[str, Any], float, Iterator[Any]]:
    """What is known of the sound, its sample rate, and its blocks."""
    from murmur.live.pcm import blocks_of_device, blocks_of_file, blocks_of_pipe

    labels = {name: value for name in ("patient", "site") if (value := getattr(options, name)) is not None}
    if options.replay is not None:
        if options.rate is not None or options.device is not None:
            raise ParameterError("--replay has a sample rate of its own, and is no --device: leave --rate and --device out")
        source, blocks = blocks_of_file(options.replay, options.channel, options.speed)
        own = {name: getattr(source.info, name) for name in ("patient", "site", "position")}
        return own | labels, source.sample_rate_hz, blocks
    channel = options.channel or 0
    if channel >= options.channels:
        raise ParameterError(f"--channel {channel}: there are {options.channels}, counted from 0; see --channels")
    if options.device is not None:
        device = int(options.device) if options.device.isdigit() else options.device
        return labels, *blocks_of_device(device, options.rate, options.channels, channel)
    if options.rate is None:
        raise ParameterError("--rate is missing: raw PCM on stdin has no sample rate of its own")
    if sys.stdin.isatty():
        raise ParameterError("stdin is a terminal: pipe raw PCM into it, or name a --device or a file to --replay")
    return labels, options.rate, blocks_of_pipe(sys.stdin.buffer, options.format, options.channels, channel)
