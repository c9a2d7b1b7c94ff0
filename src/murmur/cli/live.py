"""``murmur live``: sound in, a line of JSON for each event out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Any

from murmur.cli.arguments import ENGINE, add_shared, engine_of, number, whole_number
from murmur.cli.codes import DONE, SOME_FAILED, STOPPED
from murmur.errors import MurmurError, ParameterError, TooShortError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = (
        "Analyze sound as it comes in: raw PCM on stdin, a microphone, or a file played as if it were live. Writes a line "
        "of JSON for each event, and a last one with the whole analysis; `murmur schema live` describes them."
    )
    parser.epilog = "Example: arecord -t raw -f S16_LE -r 4000 | murmur live --rate 4000 --site MV"
    add, speed, seconds = parser.add_argument, number(or_zero=True), number("seconds")
    add("--rate", type=number("Hz"), metavar="HZ", help="sample rate of the sound")
    add("--format", choices=("u8", "s16le", "s32le", "f32le"), default="s16le", help="sample format on stdin (s16le)")
    add("--channels", type=whole_number(1), default=1, metavar="N", help="number of interleaved channels (1)")
    add("--device", metavar="NAME", help="read a microphone, by name or number, instead of stdin")
    add("--replay", metavar="FILE", help="read a recording instead of stdin")
    add("--speed", type=speed, default=1.0, metavar="X", help="speed of --replay (1); 0: as fast as possible")
    history = "how much of the newest sound the last analysis covers (300, at least 10)"
    add("--history", type=seconds, default=300.0, metavar="S", help=history)
    add_shared(parser, "patient", "site", *ENGINE)


def run(options: argparse.Namespace) -> int:
    """Print events until the sound ends or a signal comes, then the whole analysis; return the exit code."""
    from murmur.batch.stop import Stop
    from murmur.live.analyzer import LiveAnalyzer
    from murmur.live.events import Finished

    engine = engine_of(options)
    channel = engine.pop("channel")
    labels, rate, blocks = _sound(options, channel)
    analyzer = LiveAnalyzer(rate, **engine, **labels, history_s=options.history)
    failed = None
    with Stop() as stop:
        try:
            for block in stop.until(blocks):
                for event in analyzer.push(block):
                    print(event.to_json())
                sys.stdout.flush()
        except MurmurError as error:  # what came before it is still reported
            failed = error
        try:
            analysis = analyzer.finish()
            print(Finished(time_s=analyzer.time_s, analysis=analysis).to_json(), flush=True)
        except TooShortError as error:
            failed = failed or error
    if failed is not None:
        print(f"murmur: {failed}", file=sys.stderr)
    if stop.signal is not None:
        return STOPPED + stop.signal
    return DONE if failed is None else SOME_FAILED


def _sound(options: argparse.Namespace, channel: int | None) -> tuple[dict[str, Any], float, Iterator[Any]]:
    """Return labels of the sound, its sample rate, and its blocks."""
    from murmur.live.pcm import blocks_of_device, blocks_of_file, blocks_of_pipe

    labels = {name: value for name in ("patient", "site") if (value := getattr(options, name)) is not None}
    if options.replay is not None:
        if options.rate is not None or options.device is not None:
            raise ParameterError("--replay has its own sample rate and replaces a device: omit --rate and --device")
        source, blocks = blocks_of_file(options.replay, channel, options.speed)
        own = {name: getattr(source.info, name) for name in ("patient", "site", "position")}
        return own | labels, source.sample_rate_hz, blocks
    channel = channel or 0
    if channel >= options.channels:
        raise ParameterError(f"--channel {channel}: there are {options.channels}, counted from 0; see --channels")
    if options.device is not None:
        device = int(options.device) if options.device.isdigit() else options.device
        return labels, *blocks_of_device(device, options.rate, options.channels, channel)
    if options.rate is None:
        raise ParameterError("--rate is missing: raw PCM on stdin does not state its sample rate")
    if sys.stdin.isatty():
        raise ParameterError("stdin is a terminal: pipe raw PCM into it, or give --device or --replay")
    return labels, options.rate, blocks_of_pipe(sys.stdin.buffer, options.format, options.channels, channel)
