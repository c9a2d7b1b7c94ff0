"""What the tests of whole runs share: a folder of recordings, and how to compare what was made of it."""

import csv
from pathlib import Path

import soundfile

SAMPLES = Path(__file__).parent.parent / "samples"
TABLES = ("recordings.csv", "cycles.csv", "patients.csv")


def sixty_recordings(home):
    """Make a folder of sixty short recordings of twelve patients, and one that is none."""
    samples, rate = soundfile.read(SAMPLES / "MR1_MV.wav", dtype="int16")
    for number in range(60):
        site = ("AV", "PV", "TV", "MV", "Ax")[number % 5]
        place = home / f"{number % 3}" / f"P{100 + number // 5}_{site}.wav"
        place.parent.mkdir(exist_ok=True)
        soundfile.write(place, samples[200 * number : 200 * number + 3 * rate], rate)
    (home / "0" / "none.wav").write_bytes(b"RIFF")
    return home


def contents(out):
    """Tables and segments of a folder, byte for byte."""
    files = [out / name for name in TABLES] + sorted((out / "segments").rglob("*.tsv"))
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
