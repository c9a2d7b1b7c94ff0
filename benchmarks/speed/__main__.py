"""``python -m benchmarks.speed``: seconds of audio per second of one core, and ratios to the alternatives, in one run.

Run it with one thread (``OMP_NUM_THREADS=1``) on a machine that does little else; ratios hold where absolute times drift.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

import murmur
from benchmarks.speed.alternatives import alternatives
from murmur.conditioning import Conditioner
from murmur.envelopes import Envelopes
from murmur.features.listening import Listener
from murmur.models import shipped_models
from murmur.segmentation.decoding import Decoder
from murmur.segmentation.emissions import Emitter, Normaliser
from murmur.settings import Settings
from murmur.spectrogram import Spectrogram
from murmur.synthesis import Murmur, Phantom, synthesize


def seconds(call: Callable[[], object], repeats: int) -> list[float]:
    """Time `repeats` calls after one that does not count."""
    call()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return times


def stages(samples: np.ndarray, rate: int) -> dict[str, Callable[[], object]]:
    """Each stage of the engine on the whole recording."""
    segmentation = shipped_models().segmentation

    def whole(stage: object, rows: np.ndarray) -> np.ndarray:
        return np.concatenate([stage.push(rows), stage.finish()])  # type: ignore[attr-defined]

    def condition() -> np.ndarray:
        stage = Conditioner(float(rate), Settings())
        return np.concatenate([stage.push(samples).samples, stage.finish().samples])

    clean = condition()
    power = whole(Spectrogram(), clean)
    bands = whole(Normaliser(), power)
    posteriors = whole(Emitter(segmentation.network), bands)

    def listen() -> object:
        listener = Listener(shipped_models().murmur_network)
        return listener.push(bands, posteriors), listener.finish()

    def decode() -> object:
        decoder = Decoder(segmentation.tables)
        return decoder.push(posteriors), decoder.finish()

    return {
        "conditioning": condition,
        "spectrogram": lambda: whole(Spectrogram(), clean),
        "envelopes": lambda: whole(Envelopes(), clean),
        "log bands, normalised": lambda: whole(Normaliser(), power),
        "network": lambda: whole(Emitter(segmentation.network), bands),
        "murmur network": listen,
        "decoding": decode,
    }


def main() -> None:
    """Time, print, save."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("-o", "--output", type=Path, help="write the figures as JSON")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")  # the alternatives' own
    murmur_ = Murmur(level_db=-6.0, onset=0.0, end=1.0, shape="plateau", quality="blowing")
    sound = synthesize(Phantom(systolic_murmur=murmur_), duration_s=30.0)
    samples, rate = sound.samples, sound.sample_rate_hz
    ours = {"murmur, everything": lambda: murmur.analyze(samples, sample_rate_hz=rate)}
    ours |= {f"  {name}": call for name, call in stages(samples, rate).items()}
    others, missing = alternatives()
    calls = ours | {name: lambda run=run: run(samples, rate) for name, run in others.items()}
    times = {name: seconds(call, arguments.repeats) for name, call in calls.items()}
    base = float(np.median(times["murmur, everything"]))
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}, murmur {murmur.__version__}")
    print("one recording of 30 s at 4 kHz, one core, steady state; medians\n")
    print("| what | ms | seconds of audio per second | times murmur's |")
    print("|---|---|---|---|")
    for name, values in times.items():
        t = float(np.median(values))
        print(f"| {name} | {1e3 * t:.1f} | {30.0 / t:.0f} | {t / base:.2f} |")
    for line in missing:
        print(line)
    if arguments.output:
        arguments.output.write_text(json.dumps(times, indent=1) + "\n")


if __name__ == "__main__":
    main()
