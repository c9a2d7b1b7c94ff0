"""Draw what murmur finds in a sample (extra ``plot``): python samples/picture.py [NAME] [-o FILE.png]."""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

import murmur

HERE = Path(__file__).parent
COLOURS = {murmur.State.S1: "#c0392b", murmur.State.S2: "#2c6fbb"}


def draw(name: str, out: Path) -> None:
    """Phonocardiogram with S1 and S2, and the averaged murmur profile over systole and diastole."""
    recording = murmur.load(HERE / f"{name}.wav")
    analysis = murmur.analyze(recording)
    figure, (wave, beat) = plt.subplots(1, 2, figsize=(11, 3.2), width_ratios=(3, 1.3), layout="constrained")
    time_s = np.arange(recording.samples.shape[0]) / recording.sample_rate_hz
    wave.plot(time_s, recording.samples, color="0.25", linewidth=0.5)
    for start_s, end_s, state in analysis.segmentation.intervals:
        if state in COLOURS:
            wave.axvspan(start_s, end_s, color=COLOURS[state], alpha=0.25, linewidth=0)
            if end_s < 4.0:
                wave.text(0.5 * (start_s + end_s), 0.97, state.name, ha="center", va="top", fontsize=8,
                          color=COLOURS[state], transform=wave.get_xaxis_transform())  # fmt: skip
    wave.set(xlim=(0, 4), xlabel="time (s)", yticks=[])
    found = analysis.findings
    wave.set_title(
        f"{found.systolic_timing.value} murmur, {found.systolic_quality.value}, S1 {found.s1_intensity.value}, "
        f"{analysis.rhythm.heart_rate_bpm:.0f} per minute",
        loc="left", fontsize=10,
    )  # fmt: skip
    profile = (*analysis.murmur.profile_db, *analysis.murmur.diastole_profile_db)
    beat.bar(np.arange(20) + 0.5, profile, width=0.9, color=["#c0392b"] * 10 + ["0.7"] * 10)
    beat.axhline(0, color="0.3", linewidth=0.8)
    beat.set(xticks=[5, 15], xticklabels=["systole", "diastole"], ylabel="above late diastole (dB)")
    beat.set_title("80 to 600 Hz, median beat", loc="left", fontsize=10)
    figure.savefig(out, dpi=110)


def main() -> None:
    """Parse and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", nargs="?", default="mitral_regurgitation_severe")
    parser.add_argument("-o", "--output", type=Path, default=HERE / "picture.png")
    arguments = parser.parse_args()
    draw(arguments.name, arguments.output)


if __name__ == "__main__":
    main()
