"""How often is each sign found, and how often invented, over heart rates, noise and sensors?

    python -m benchmarks.signs [--count N] [--seed S] [--models DIR] [-o FILE]

Phantoms of every condition at rates from 40 to 180 per minute, in three levels of noise, through every sensor, each factor
drawn for itself; some with a quiet S1, a wide split or a murmur of any shape, timing and quality beside their own signs.
Truth is what is certain of the phantom (`murmur.synthesis.Synthetic.signs`): a sign that noise covers counts neither way. A
sign that is not given (None), as in an unreadable recording, was not called. Intervals are Wilson's, 95 %.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import murmur
from benchmarks.accuracy.figures import share
from benchmarks.accuracy.output import plain, show
from murmur.findings.finding import Finding
from murmur.findings.findings import Findings
from murmur.synthesis import CONDITIONS, SENSORS, Murmur, Phantom, Synthetic, random_phantom, synthesize

SEED = 1903
DURATION_S = 15.0
RATES_BPM = ((40, 60), (60, 90), (90, 120), (120, 150), (150, 180))
#: Noise against a normal S2; no sensor is without any.
NOISES_DB = {"clean": -40.0, "20 dB": -20.0, "10 dB": -10.0}
#: Conditions that are not a rate, a noise or a fault: those are factors here.
PATIENTS = tuple(c for c in CONDITIONS if c not in ("tachycardia", "noisy", "clipped"))
TIMINGS = {"holosystolic": (0.0, 1.0), "early": (0.0, 0.5), "mid": (0.14, 0.85), "late": (0.45, 1.0)}
SHAPES = ("plateau", "diamond", "decrescendo", "crescendo")
QUALITIES = ("blowing", "harsh", "musical")
#: Share of phantoms with an extra sign, and of murmurs of any character.
EXTRA, ANY_CHARACTER = 0.15, 0.5
#: Splits that are wide, and that are not; between them either word would do.
WIDE_MS, NARROW_MS = 50.0, 35.0


@dataclass(frozen=True)
class Sign:
    """One sign: whether it is there (None where that is not certain), and whether it was called."""

    name: str
    truth: Callable[[Synthetic], bool | None]
    called: Callable[[Findings], bool]


@dataclass(frozen=True)
class Trial:
    """One phantom: its factors, and of each sign whether it was there and whether it was called."""

    factors: dict[str, str]
    readable: bool
    results: dict[str, tuple[bool | None, bool]]


def _systolic(sound: Synthetic) -> bool | None:
    if "systolic_shape" in sound.signs:
        return True
    return False if sound.signs.get("murmur") == "absent" else None


def _word(key: str, word: str) -> Sign:
    """One word of a systolic murmur's character against the others, where such a murmur is certain."""

    def truth(sound: Synthetic) -> bool | None:
        return sound.signs[key] == word if key in sound.signs else None

    return Sign(word, truth, lambda found: bool(getattr(found, key).value == word))


def _flag(name: str, key: str) -> Sign:
    def truth(sound: Synthetic) -> bool | None:
        return bool(sound.signs[key]) if key in sound.signs else None

    def called(found: Findings) -> bool:
        finding: Finding = getattr(found, key)
        return finding.value == "present"

    return Sign(name, truth, called)


def _quiet(sound: Synthetic) -> bool | None:
    return sound.signs["s1_intensity"] == "quiet" if "s1_intensity" in sound.signs else None


def _wide(sound: Synthetic) -> bool | None:
    split_ms = sound.phantom.s2_split_ms or 0.0
    return None if NARROW_MS < split_ms < WIDE_MS else split_ms >= WIDE_MS


SIGNS = (
    Sign("systolic murmur", _systolic, lambda found: found.murmur.value == "present"),
    _flag("diastolic murmur", "diastolic_murmur"),
    Sign("quiet S1", _quiet, lambda found: found.s1_intensity.value == "quiet"),
    Sign("wide split of S2", _wide, lambda found: (found.s2_split.probability or 0.0) > 0.5),
    _flag("S3", "s3"),
    _flag("S4", "s4"),
    _flag("click", "click"),
    _flag("premature beats", "premature_beats"),
    _flag("irregular rhythm", "irregular_rhythm"),
    *(_word("systolic_timing", word) for word in TIMINGS),
    *(_word("systolic_shape", word) for word in SHAPES),
    *(_word("systolic_quality", word) for word in QUALITIES),
)


def draw(index: int, seed: int) -> tuple[Phantom, dict[str, str]]:
    """Draw a phantom, and name its factors."""
    rng = np.random.default_rng([seed, index])
    phantom = random_phantom(PATIENTS[index % len(PATIENTS)], rng)
    low, high = RATES_BPM[rng.integers(len(RATES_BPM))]
    noise = str(rng.choice(list(NOISES_DB)))
    phantom = replace(
        phantom,
        heart_rate_bpm=rng.uniform(low, high),
        noise_level_db=NOISES_DB[noise],
        knocks_per_minute=0.0 if noise == "clean" else phantom.knocks_per_minute,
        respiration_level_db=None if noise == "clean" else phantom.respiration_level_db,
        sensor=str(rng.choice(SENSORS)),
    )
    if rng.random() < EXTRA:
        phantom = replace(phantom, s1_level_db=rng.uniform(-9.0, -6.5))
    if rng.random() < EXTRA:
        phantom = replace(phantom, s2_split_ms=rng.uniform(WIDE_MS, 60.0), s2_split_swing_ms=2.0)
    if phantom.systolic_murmur is not None and rng.random() < ANY_CHARACTER:
        phantom = replace(phantom, systolic_murmur=_any_murmur(phantom.systolic_murmur.level_db, rng))
    factors = {"heart rate per minute": f"{low} to {high}", "noise": noise, "sensor": phantom.sensor}
    return phantom, factors


def _any_murmur(level_db: float, rng: np.random.Generator) -> Murmur:
    onset, end = TIMINGS[str(rng.choice(list(TIMINGS)))]
    return Murmur(level_db, onset, end, shape=str(rng.choice(SHAPES)), quality=str(rng.choice(QUALITIES)))


def trial(index: int, seed: int, models: murmur.Models | None) -> Trial:
    """Draw, record, analyze, compare."""
    phantom, factors = draw(index, seed)
    sound = synthesize(phantom, duration_s=DURATION_S, seed=seed + index)
    analysis = murmur.analyze(sound.samples, sample_rate_hz=sound.sample_rate_hz, models=models)
    results = {sign.name: (sign.truth(sound), sign.called(analysis.findings)) for sign in SIGNS}
    return Trial(factors, analysis.status == "ok", results)


def tables(trials: Sequence[Trial]) -> dict[str, Any]:
    """Sensitivity and false alarms of each sign: over everything, then by factor."""
    report: dict[str, Any] = {
        "data": {"phantoms": len(trials), "readable": share([t.readable for t in trials])},
        "all": {sign.name: _rates(trials, sign.name) for sign in SIGNS},
    }
    for factor, order in (
        ("heart rate per minute", [f"{low} to {high}" for low, high in RATES_BPM]),
        ("noise", list(NOISES_DB)),
        ("sensor", list(SENSORS)),
    ):
        parts = {level: [t for t in trials if t.factors[factor] == level] for level in order}
        for kind in ("sensitivity", "false alarms"):
            report[f"{kind} by {factor}"] = {
                sign.name: {level: _rates(part, sign.name)[kind] for level, part in parts.items()} for sign in SIGNS
            }
        report[f"readable by {factor}"] = {level: share([t.readable for t in part]) for level, part in parts.items()}
    return report


def _rates(trials: Iterable[Trial], name: str) -> dict[str, Any]:
    results = [t.results[name] for t in trials]
    there = [called for truth, called in results if truth is True]
    missing = [called for truth, called in results if truth is False]
    return {"sensitivity": share(there), "of": len(there), "false alarms": share(missing), "among": len(missing)}


def main(arguments: list[str] | None = None) -> None:
    """Draw, analyze, compare, print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.signs", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--models", type=Path, help="folder with other models than those that ship")
    parser.add_argument("-o", "--output", type=Path, help="write the figures as JSON")
    given = parser.parse_args(arguments)
    models = murmur.Models.load(given.models) if given.models else None
    report = tables([trial(index, given.seed, models) for index in range(given.count)])
    show(report)
    if given.output:
        given.output.write_text(json.dumps(plain(report), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
