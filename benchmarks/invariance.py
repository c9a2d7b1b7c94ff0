"""Does the same sound give the same answer, however it comes?

    python -m benchmarks.invariance blocks DIR [--count 200]     whole, and in blocks of 1 sample to 10 s: identical
    python -m benchmarks.invariance changes DIR [--count 200]    other rates, a gain, inverted, silence put before

DIR holds recordings (WAV or FLAC, searched recursively); `--count` of them are taken evenly.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import resample_poly

import murmur
from murmur.measure.measurement import Measurement
from murmur.pipeline.engine import Engine
from murmur.pipeline.models import shipped_models
from murmur.settings import Settings
from murmur.training.scores import match_onsets

BLOCKS_S = (0.1, 1.0, 10.0)
TOLERANCE_S = 0.015
#: A finding may change where it stood this near to its threshold.
NEAR = 0.02


def chosen(folder: Path, count: int) -> list[Path]:
    """Take `count` recordings evenly."""
    paths = sorted(p for p in folder.rglob("*") if p.suffix in (".wav", ".flac"))
    return [paths[i] for i in np.linspace(0, len(paths) - 1, min(count, len(paths))).astype(int)]


def arrays(value: Any) -> list[Any]:
    """Every array and number in a record, in order."""
    if is_dataclass(value):
        return [a for f in fields(value) for a in arrays(getattr(value, f.name))]
    return [np.asarray(value)]


def measure(recording: murmur.Recording, block: int) -> Measurement:
    """Run the engine in blocks of so many samples."""
    engine = Engine(recording.sample_rate_hz, Settings(), shipped_models().segmentation, shipped_models().murmur_network)
    for start in range(0, recording.samples.shape[0], block):
        engine.push(recording.samples[start : start + block])
    return engine.finish()


def blocks(paths: list[Path]) -> None:
    """Count recordings whose measurement is the same to the last bit in every cutting."""
    same: Counter[str] = Counter()
    for path in paths:
        recording = murmur.load(path)
        whole = arrays(measure(recording, recording.samples.shape[0]))
        rng = np.random.default_rng(len(path.name))
        sizes = {"1 sample": 1, "random": int(rng.integers(2, 4000))}
        sizes |= {f"{s:g} s": int(s * recording.sample_rate_hz) for s in BLOCKS_S}
        for name, size in sizes.items():
            cut = arrays(measure(recording, size))
            same[name] += all(np.array_equal(a, b, equal_nan=True) for a, b in zip(whole, cut, strict=True))
    for name, n in same.items():
        print(f"blocks of {name:10s}: {n} of {len(paths)} identical")


def decisions(analysis: murmur.Analysis) -> dict[str, tuple[Any, float]]:
    """Each sign's value, and how far its probability stands from its threshold."""
    found = {"status": (analysis.status, abs(analysis.quality.index - Settings().least_quality))}
    f = analysis.findings
    if f.murmur.present_probability is not None and f.murmur.absent_probability is not None:
        worth = sorted(
            np.array([f.murmur.present_probability, f.murmur.unknown_probability or 0.0, f.murmur.absent_probability])
            * np.array([5.0, 3.0, 1.0])
        )
        # moving a probability of d from absent to present moves their worths 6 d towards each other
        found["murmur"] = (f.murmur.value, float(worth[-1] - worth[-2]) / 6.0)
    for name in ("s1_intensity", "s3", "s4", "click", "diastolic_murmur", "irregular_rhythm"):
        sign = getattr(f, name)
        if sign.probability is not None:
            found[name] = (sign.value, abs(sign.probability - 0.5))
    return found


def changes(paths: list[Path]) -> None:
    """Share of beats that stay where they were, and findings that change away from their thresholds."""
    kinds = {
        "2 kHz": lambda x, fs: (resample_poly(x, 1, 2), fs / 2, 0.0),
        "8 kHz": lambda x, fs: (resample_poly(x, 2, 1), fs * 2, 0.0),
        "44.1 kHz": lambda x, fs: (resample_poly(x, 441, 40), 44100.0, 0.0),
        "times 0.01": lambda x, fs: (x * np.float32(0.01), fs, 0.0),
        "inverted": lambda x, fs: (-x, fs, 0.0),
        "0.37 s of silence before": lambda x, fs: (np.concatenate([np.zeros(int(0.37 * fs), np.float32), x]), fs, 0.37),
        "its first 10 ms left out": lambda x, fs: (x[int(0.01 * fs) :], fs, -0.01),
    }
    kept: dict[str, list[int]] = {name: [0, 0] for name in kinds}
    moved: dict[str, Counter[str]] = {name: Counter() for name in kinds}
    worst: dict[str, list[tuple[float, str]]] = {name: [] for name in kinds}
    for path in paths:
        recording = murmur.load(path)
        before = murmur.analyze(recording)
        onsets = np.concatenate([before.segmentation.cycles.s1_onset_s, before.segmentation.cycles.s2_onset_s])
        for name, change in kinds.items():
            samples, rate, shift_s = change(recording.samples, recording.sample_rate_hz)
            after = murmur.analyze(
                np.ascontiguousarray(samples, dtype=np.float32), sample_rate_hz=rate, site=recording.info.site
            )
            beats = after.segmentation.cycles
            found = np.concatenate([beats.s1_onset_s, beats.s2_onset_s]) - shift_s
            matched = len(match_onsets(np.sort(found), np.sort(onsets), TOLERANCE_S))
            kept[name][0] += matched
            kept[name][1] += max(onsets.size, found.size)
            worst[name].append((matched / max(onsets.size, found.size, 1), path.stem))
            now = decisions(after)
            for sign, (value, margin) in decisions(before).items():
                if sign in now and now[sign][0] != value and min(margin, now[sign][1]) > NEAR:
                    moved[name][sign] += 1
    for name in kinds:
        share = kept[name][0] / max(kept[name][1], 1)
        print(f"{name:26s} {100 * share:6.2f} % of onsets within 15 ms; findings changed: {dict(moved[name])}")
        print(f"{'':26s} least: {sorted(worst[name])[:3]}")


def main() -> None:
    """Parse and run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.invariance", description=__doc__)
    parser.add_argument("what", choices=["blocks", "changes"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=200)
    arguments = parser.parse_args()
    paths = chosen(arguments.folder, arguments.count)
    (blocks if arguments.what == "blocks" else changes)(paths)


if __name__ == "__main__":
    main()
