"""Sources of live sound: raw PCM from a pipe, a microphone, or a file played back in real time."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from murmur.errors import AudioFormatError, ParameterError
from murmur.io.recording import AudioInput, open_source
from murmur.io.source import Source

Samples = npt.NDArray[Any]

#: Sample formats by the names that ffmpeg and arecord use.
PCM_FORMATS = {"u8": "u1", "s16le": "<i2", "s32le": "<i4", "f32le": "<f4"}
#: Length of the blocks of a microphone and of a file.
BLOCK_S = 0.05


def blocks_of_pipe(pipe: BinaryIO, format: str, channels: int, channel: int) -> Iterator[Samples]:
    """Yield samples as they come, until the pipe is closed.

    Raises
    ------
    AudioFormatError
        If it ends in the middle of a frame: the format or the number of channels is wrong.
    """
    kind = np.dtype(PCM_FORMATS[format])
    size = channels * kind.itemsize
    rest = b""
    read = getattr(pipe, "read1", pipe.read)  # does not wait until a buffer is full
    while piece := read(2**16):
        piece = rest + piece
        whole = len(piece) - len(piece) % size
        rest = piece[whole:]
        if whole:
            yield np.frombuffer(piece[:whole], dtype=kind)[channel::channels].copy()
    if rest:
        raise AudioFormatError(
            f"stdin: ends after {len(rest)} of the {size} bytes of a frame ({channels} × {format}): "
            "check --format and --channels"
        )


def blocks_of_file(source: AudioInput, channel: int | None, speed: float) -> tuple[Source, Iterator[Samples]]:
    """A recording, and its blocks at `speed` times real time; 0 is as fast as they are taken."""
    opened = open_source(source, channel=channel)

    def blocks() -> Iterator[Samples]:
        with opened:
            began, taken = time.monotonic(), 0
            for block in opened.blocks(BLOCK_S):
                taken += block.shape[0]
                if speed:
                    time.sleep(max(began + taken / opened.sample_rate_hz / speed - time.monotonic(), 0.0))
                yield block

    return opened, blocks()


def blocks_of_device(
    device: str | int, sample_rate_hz: float | None, channels: int, channel: int
) -> tuple[float, Iterator[Samples]]:
    """Sample rate (the device's own if none is requested) and blocks of a microphone, without end.

    Raises
    ------
    ParameterError
        If python-sounddevice is missing, or the device does not support that.
    """
    try:
        import sounddevice
    except ImportError as error:
        raise ParameterError('a microphone needs python-sounddevice: pip install "murmur-pcg[live]"') from error
    except OSError as error:
        raise ParameterError(f"a microphone needs PortAudio: {error}; on Debian: apt install libportaudio2") from error
    arrived: queue.SimpleQueue[Samples] = queue.SimpleQueue()

    try:
        rate = sample_rate_hz or float(sounddevice.query_devices(device, "input")["default_samplerate"])
        stream = sounddevice.InputStream(
            samplerate=rate,
            blocksize=round(BLOCK_S * rate),
            device=device,
            channels=channels,
            dtype="float32",
            callback=lambda frames, *_: arrived.put(frames[:, channel].copy()),
        )
    except (sounddevice.PortAudioError, ValueError) as error:
        raise ParameterError(f"device {device!r}: {error}; python -m sounddevice lists the devices") from error

    def blocks() -> Iterator[Samples]:
        with stream:
            while True:
                yield arrived.get()

    return rate, blocks()
