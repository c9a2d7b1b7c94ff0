"""What explicit vectors save: each kernel that uses `murmur.kernels.vectors`, against the same sums as plain loops.

    python -m benchmarks.vectors [--repeats 200]

Shapes are those of the shipped models and of one chunk of frames; times are the least of all repeats, on one core.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from murmur.kernels import FUSED, kernel, products, semi_markov, spectra
from murmur.pipeline.models import shipped_models
from murmur.segmentation import emissions
from murmur.signal.spectrogram import N_BINS

Array = Any


@kernel(fastmath=FUSED)
def plain_products(inputs: Array, spacing: int, weight: Array, out: Array, steps: int) -> None:
    for o in range(out.shape[0]):
        row = out[o]
        for j in range(weight.shape[0]):
            for i in range(inputs.shape[0]):
                w, x = weight[j, i, o], inputs[i, j * spacing :]
                for t in range(steps):
                    row[t] += w * x[t]


@kernel(fastmath=FUSED)
def plain_bands(power: Array, filterbank: spectra.Filterbank, out: Array) -> None:
    weights, starts, stops = filterbank
    for k in range(power.shape[0]):
        for i in range(starts.shape[0]):
            row = out[k, 8 * i : 8 * i + 8]
            row[:] = np.float32(0.0)
            for j in range(starts[i], stops[i]):
                x, w = power[k, j], weights[j, 8 * i : 8 * i + 8]
                for b in range(8):
                    row[b] += x * w[b]


@kernel()
def vector_durations(entry: Array, log_p: Array, shortest: Array, count: Array, leave: Array, since: Array) -> None:
    for now in range(100, 200):
        for s in range(4):
            for v in range(2):
                semi_markov._best_duration(s, 4 * v, count[s, v], now, entry, log_p, shortest, leave, since)


@kernel()
def plain_durations(entry: Array, log_p: Array, shortest: Array, count: Array, leave: Array, since: Array) -> None:
    rows, durations = entry.shape[0] // 4, log_p.shape[0] // 4
    for now in range(100, 200):
        for s in range(4):
            best, when = leave[s], since[4 * (now & (since.shape[0] // 4 - 1)) + s]
            best[:] = -np.inf
            for v in range(2):
                for d in range(count[s, v]):
                    old, duration = entry[s * rows + ((now - d) & (rows - 1))], log_p[s * durations + d]
                    for c in range(4 * v, 4 * v + 4):
                        value = old[c] + duration[c]
                        better = value > best[c]
                        when[c] = now - d + shortest[s, c] if better else when[c]
                        best[c] = value if better else best[c]


def least_us(call: Callable[[], object], repeats: int) -> float:
    """Least time of one call, µs."""
    call()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        for _ in range(10):
            call()
        times.append(time.perf_counter() - began)
    return 1e5 * min(times)


def cases() -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
    """Each use of vectors, with them and without."""
    rng = np.random.default_rng(0)
    models = shipped_models()
    network, tables = models.segmentation.network.layers, models.segmentation.tables
    frames = rng.standard_normal((64, 512)).astype(np.float32)
    stem = (frames, 1, network.stem_weight, np.zeros((network.stem_weight.shape[2], 240), dtype=np.float32), 240)
    power = rng.random((240, N_BINS)).astype(np.float32)
    bands = (power, emissions.log_bands_filterbank(), np.empty((240, 32), dtype=np.float32))
    entry, log_p = rng.standard_normal((4 * 128, 8)), tables.log_p.reshape(-1, 8)
    count = semi_markov._candidates(tables)
    search = (entry, log_p, -tables.shortest.astype(float), count, np.empty((4, 8)), np.empty((1024, 8)))
    return {
        "matrix products (networks, spectra)": (lambda: products.add_products(*stem), lambda: plain_products(*stem)),
        "bands of a filterbank": (lambda: spectra.band_power(*bands), lambda: plain_bands(*bands)),
        "durations (decoder)": (lambda: vector_durations(*search), lambda: plain_durations(*search)),
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=200)
    repeats = parser.parse_args().repeats
    print("| kernel | vectors, µs | plain loops, µs | ratio |\n|---|---|---|---|")
    for name, (vectors, plain) in cases().items():
        with_us, without_us = least_us(vectors, repeats), least_us(plain, repeats)
        print(f"| {name} | {with_us:.1f} | {without_us:.1f} | {without_us / with_us:.1f} |")


if __name__ == "__main__":
    main()
