"""Do phantoms get their own signs and no others?

    python -m benchmarks.phantoms --count 1000 [--models DIR]

Draws phantoms of every condition (other seeds, rates, noise levels and sensors than any in `samples/`), analyzes each,
and compares every sign that is certain of it. Prints the share that passes by condition and what the others got wrong.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np

import murmur
from murmur.synthesis import CONDITIONS, random_phantom, synthesize

SEED = 4711
RATE_TOLERANCE = 0.05
#: The peaks of A2 and P2 lie where their bursts add up: not exactly where each begins.
SPLIT_TOLERANCE_MS = 10.0
WIDE_SPLIT_MS = 45.0


def wrong_signs(signs: dict[str, Any], analysis: murmur.Analysis) -> list[str]:
    """Name each sign that the analysis got wrong; `signs` as in `murmur.synthesis.Synthetic`."""
    if signs.get("readable") is False:
        said = analysis.status == "unreadable" or analysis.quality.reasons
        return [] if said else ["readable"]
    if analysis.status != "ok":
        return ["unreadable"] if signs.get("readable") else []
    found = analysis.findings
    wrong = []

    def expect(name: str, got: object) -> None:
        if name in signs and signs[name] != got:
            wrong.append(f"{name} {signs[name]} -> {got}")

    expect("murmur", found.murmur.value)
    if signs.get("murmur") == "present" and found.murmur.value == "present":
        for name in ("systolic_timing", "systolic_shape", "systolic_quality"):
            expect(name, getattr(found, name).value)
    for name in ("s3", "s4", "click", "diastolic_murmur", "irregular_rhythm", "premature_beats"):
        if getattr(found, name).value is not None:
            expect(name, getattr(found, name).value == "present")
    if "s1_intensity" in signs and (signs["s1_intensity"] == "quiet") != (found.s1_intensity.value == "quiet"):
        wrong.append(f"s1_intensity {signs['s1_intensity']} -> {found.s1_intensity.value}")
    if "clipped" in signs and signs["clipped"] != ("clipped" in analysis.quality.reasons):
        wrong.append(f"clipped {signs['clipped']}")
    rate = analysis.rhythm.heart_rate_bpm or 0.0
    if "heart_rate_bpm" in signs and abs(rate / signs["heart_rate_bpm"] - 1.0) > RATE_TOLERANCE:
        wrong.append("heart_rate_bpm")
    split = signs.get("s2_split_ms") or 0.0
    got = found.s2_split.value
    if split >= WIDE_SPLIT_MS and (not isinstance(got, float) or abs(got - split) > SPLIT_TOLERANCE_MS):
        wrong.append(f"s2_split_ms {split:.0f} -> {got}")
    return wrong


def main() -> None:
    """Draw, analyze, compare, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.phantoms", description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--models", type=Path, help="folder with other models than those that ship")
    arguments = parser.parse_args()
    models = murmur.Models.load(arguments.models) if arguments.models else None
    passed: dict[str, list[bool]] = defaultdict(list)
    errors: dict[str, Counter[str]] = defaultdict(Counter)
    for index in range(arguments.count):
        condition = CONDITIONS[index % len(CONDITIONS)]
        rng = np.random.default_rng([arguments.seed, index])
        phantom = random_phantom(condition, rng)
        sound = synthesize(phantom, duration_s=15.0, seed=arguments.seed + index)
        analysis = murmur.analyze(sound.samples, sample_rate_hz=sound.sample_rate_hz, models=models)
        wrong = wrong_signs(sound.signs, analysis)
        passed[condition].append(not wrong)
        errors[condition].update(wrong)
    for condition, results in passed.items():
        print(f"{condition:32s} {np.mean(results):.3f} of {len(results)}  {dict(errors[condition].most_common(6))}")
    print(f"{'all':32s} {np.mean([r for results in passed.values() for r in results]):.4f}")


if __name__ == "__main__":
    main()
