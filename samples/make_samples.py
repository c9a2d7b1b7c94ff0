"""Write the sample recordings: phantoms with known truth, the same on every machine.

    python samples/make_samples.py [FOLDER]

For each sample: NAME.wav (4 kHz, 16 bit), NAME.tsv (the beats, in CirCor's format: start, end, state, tabs
between, no header) and an entry in truth.json. A patient who is named here never lived.
"""

from __future__ import annotations

import json
import sys
import wave
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from murmur.synthesis import Murmur, Phantom, Synthetic, at_site, synthesize

SAMPLE_RATE_HZ = 4000


class Sample(NamedTuple):
    """What is to be recorded, and for how long."""

    phantom: Phantom
    seed: int
    duration_s: float = 13.0


def _pansystolic(level_db: float) -> Murmur:
    return Murmur(level_db=level_db, onset=0.0, end=1.0, shape="plateau", quality="blowing")


NORMAL = Phantom(heart_rate_bpm=72.0)
SEVERE = Phantom(
    heart_rate_bpm=84.0,
    s1_level_db=-8.0,
    s2_split_ms=55.0,
    s2_split_swing_ms=2.0,
    s3_level_db=-10.0,
    systolic_murmur=_pansystolic(-3.0),
)

SAMPLES: dict[str, Sample] = {
    "normal": Sample(NORMAL, 1),
    "mitral_regurgitation_mild": Sample(
        replace(NORMAL, heart_rate_bpm=76.0, s1_level_db=-2.0, systolic_murmur=_pansystolic(-12.0)), 2
    ),
    "mitral_regurgitation_moderate": Sample(
        replace(
            NORMAL,
            heart_rate_bpm=80.0,
            s1_level_db=-4.0,
            s2_split_ms=35.0,
            systolic_murmur=_pansystolic(-8.0),
        ),
        3,
    ),
    "mitral_regurgitation_severe": Sample(SEVERE, 4),
    "aortic_stenosis": Sample(
        replace(
            NORMAL,
            heart_rate_bpm=68.0,
            systolic_murmur=Murmur(level_db=-1.0, onset=0.1, end=0.86, shape="diamond", quality="harsh"),
        ),
        5,
    ),
    "aortic_regurgitation": Sample(
        replace(
            NORMAL,
            diastolic_murmur=Murmur(level_db=-5.0, onset=0.0, end=0.65, shape="decrescendo", low_hz=150.0),
        ),
        6,
    ),
    "mitral_valve_prolapse": Sample(
        replace(
            NORMAL,
            click_level_db=0.0,
            click_place=0.5,
            systolic_murmur=Murmur(level_db=-5.0, onset=0.55, end=1.0, shape="crescendo"),
        ),
        7,
    ),
    "s3_gallop": Sample(replace(NORMAL, heart_rate_bpm=82.0, s3_level_db=-9.0), 8),
    "s4_gallop": Sample(replace(NORMAL, heart_rate_bpm=70.0, s4_level_db=-9.0), 9),
    "atrial_fibrillation": Sample(replace(NORMAL, heart_rate_bpm=88.0, rhythm="atrial fibrillation"), 10, 20.0),
    "premature_beats": Sample(replace(NORMAL, heart_rate_bpm=70.0, rhythm="premature beats"), 11, 20.0),
    "tachycardia": Sample(
        replace(NORMAL, heart_rate_bpm=150.0, rate_variability=0.01, s2_split_ms=10.0, s2_split_swing_ms=2.0),
        12,
    ),
    "noisy": Sample(
        replace(NORMAL, noise_level_db=12.0, noise_unrest_db=6.0, knocks_per_minute=90.0, knock_level_db=16.0),
        13,
    ),
    "clipped": Sample(replace(NORMAL, heart_rate_bpm=78.0, clip_fraction=0.05), 14),
}
# One patient heard at five places: loudest at the apex, still there in the axilla, faint at the aortic area.
# Sensor pressure and room differ from place to place.
SAMPLES |= {
    f"MR1_{site}": Sample(
        replace(at_site(SEVERE, site, loudest="MV"), noise_level_db=noise_db, peak_level_dbfs=peak_dbfs), seed
    )
    for seed, (site, noise_db, peak_dbfs) in enumerate(
        (
            ("AV", -21.0, -8.0),
            ("PV", -20.0, -5.0),
            ("TV", -20.0, -7.0),
            ("MV", -22.0, -3.0),
            ("Ax", -19.0, -10.0),
        ),
        start=15,
    )
}
PATIENTS: dict[str, dict[str, Any]] = {"MR1": {"loudest_site": "MV", "radiates_to_axilla": True}}


def make(folder: Path) -> None:
    """Write all samples and truth.json into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    recordings: dict[str, dict[str, Any]] = {}
    for name, (phantom, seed, duration_s) in SAMPLES.items():
        recording = synthesize(phantom, duration_s, SAMPLE_RATE_HZ, seed)
        write_wav(folder / f"{name}.wav", recording)
        lines = [f"{start_s:.5f}\t{end_s:.5f}\t{state}\n" for start_s, end_s, state in recording.intervals]
        (folder / f"{name}.tsv").write_bytes("".join(lines).encode())
        recordings[name] = {
            "duration_s": duration_s,
            "sample_rate_hz": SAMPLE_RATE_HZ,
            "seed": seed,
            "signs": {
                sign: round(value, 3) if isinstance(value, float) else value for sign, value in recording.signs.items()
            },
            "phantom": asdict(phantom),
        }
    truth = {"patients": PATIENTS, "recordings": recordings}
    (folder / "truth.json").write_bytes((json.dumps(truth, indent=1) + "\n").encode())


def write_wav(path: Path, recording: Synthetic) -> None:
    """Write 16-bit PCM without dither, so that the same samples give the same file."""
    pcm = np.round(recording.samples.astype(np.float64) * 32767.0).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(recording.sample_rate_hz)
        file.writeframes(pcm.tobytes())


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)
