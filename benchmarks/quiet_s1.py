"""Is an S1 that was lowered by 6 dB found?

    python -m benchmarks.quiet_s1 [--count 400]

Normal phantoms of many rates, sensors and noise levels, each as it is and with S1 lowered by 6 dB. Prints sensitivity and
false alarms at the shipped threshold, and the sensitivity where 5 % of the normal ones are called quiet.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

import murmur
from murmur.synthesis import random_phantom, synthesize

SEED = 815


def main() -> None:
    """Draw, analyze, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quiet_s1", description=__doc__)
    parser.add_argument("--count", type=int, default=400)
    arguments = parser.parse_args()
    called: dict[float, list[bool]] = {0.0: [], -6.0: []}
    score: dict[float, list[float]] = {0.0: [], -6.0: []}
    for index in range(arguments.count):
        phantom = random_phantom("normal", np.random.default_rng([SEED, index]))
        for change_db, quiet in called.items():
            lowered = replace(phantom, s1_level_db=phantom.s1_level_db + change_db)
            sound = synthesize(lowered, duration_s=12.0, seed=index)
            s1 = murmur.analyze(sound.samples, sample_rate_hz=sound.sample_rate_hz).findings.s1_intensity
            quiet.append(s1.value == "quiet")
            score[change_db].append(s1.probability or 0.0)
    threshold = np.quantile(score[0.0], 0.95)
    print(f"shipped threshold: sensitivity {np.mean(called[-6.0]):.3f}, false alarms {np.mean(called[0.0]):.3f}")
    print(f"at 5 % false alarms: sensitivity {np.mean(np.array(score[-6.0]) > threshold):.3f} (n = {arguments.count} pairs)")


if __name__ == "__main__":
    main()
