"""Made-up data sets in the form in which CirCor, CinC 2016 and BMD-HS are published, from phantoms."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import soundfile

from murmur.formats.circor import write_segments
from murmur.synthesis import Phantom, synthesize

_TRAITS = ("timing", "shape", "grading", "pitch", "quality")
CIRCOR_COLUMNS = [
    *("Patient ID", "Recording locations:", "Age", "Sex", "Height", "Weight", "Pregnancy status"),
    *("Murmur", "Murmur locations", "Most audible location"),
    *(f"{phase} murmur {trait}" for phase in ("Systolic", "Diastolic") for trait in _TRAITS),
    *("Outcome", "Campaign", "Additional ID"),
]


def sound(seed: int, duration_s: float = 3.0, rate_hz: int = 4000):
    return synthesize(Phantom(), duration_s, rate_hz, seed)


def write_sound(place: Path, seed: int, rate_hz: int = 4000):
    heard = sound(seed, rate_hz=rate_hz)
    place.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(place, heard.samples, rate_hz, subtype="PCM_16")
    return heard


def write_table(place: Path, columns, rows) -> None:
    with place.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="nan")
        writer.writeheader()
        writer.writerows(rows)


def circor_row(id_: str, sites: str, murmur: str = "Absent", where: str = "nan", **more):
    return {"Patient ID": id_, "Recording locations:": sites, "Murmur": murmur, "Murmur locations": where, **more}


def make_circor(folder: Path, suffix: str = ".wav") -> Path:
    """Two ids of one child, one with a murmur at MV, and another child."""
    rows = [
        circor_row(
            "101",
            "AV+MV",
            "Present",
            "MV",
            **{"Systolic murmur timing": "Holosystolic", "Additional ID": "102", "Age": "Child"},
        ),
        circor_row("102", "MV", **{"Additional ID": "101"}),
        circor_row("103", "PV+Phc", "Unknown"),
    ]
    published = suffix == ".wav"
    home = folder / ("training_data" if published else "recordings")
    for seed, name in enumerate(["101_AV", "101_MV_1", "101_MV_2", "102_MV", "103_PV", "103_Phc"]):
        heard = write_sound(home / f"{name}{suffix}", seed)
        write_segments(home / f"{name}.tsv", heard.intervals)
    write_table(folder / ("training_data.csv" if published else "patients.csv"), CIRCOR_COLUMNS, rows)
    (folder / "LICENSE.txt").write_text("ODC-By\n")
    return folder


def make_cinc2016(folder: Path) -> Path:
    """Subsets a and b, the validation set's copy, and a header that names an ECG."""
    for name, reference, quality in (("a0001", 1, 1), ("a0002", -1, 1), ("b0001", -1, 0)):
        home = folder / f"training-{name[0]}"
        heard = write_sound(home / f"{name}.wav", int(name[1:]), rate_hz=2000)
        lines = [f"{name} {1 + (name == 'a0001')} 2000 {heard.samples.size}", f"{name}.wav 16+44 1 16 0 0 0 0 PCG"]
        if name == "a0001":
            lines.append(f"{name}.dat 16 1000 16 0 0 0 0 ECG")
            ecg = (1000 * np.sin(np.arange(heard.samples.size) / 50)).astype("<i2")
            (home / f"{name}.dat").write_bytes(ecg.tobytes())
        (home / f"{name}.hea").write_text("\n".join([*lines, "# Abnormal"]) + "\n")
        for table, cells in (("REFERENCE.csv", (name, reference)), ("REFERENCE-SQI.csv", (name, reference, quality))):
            with (home / table).open("a") as file:
                file.write(",".join(map(str, cells)) + "\n")
    write_sound(folder / "validation" / "a0002.wav", 2, rate_hz=2000)
    (folder / "validation" / "REFERENCE.csv").write_text("a0002,1\n")
    (folder / "LICENSE.txt").write_text("ODC-By\n")
    return folder


def make_bmdhs(folder: Path) -> Path:
    """One with two diseases, a normal one, and one whose diagnoses are not stated."""
    rows = []
    for number, (kind, flags) in enumerate(
        [("MD", "1,0,1,0,0"), ("N", "0,0,0,0,1"), ("MD", "N/A,N/A,N/A,N/A,N/A")], start=1
    ):
        names = [f"{kind}_{number:03d}_{place}" for place in ("sup_Mit", "sit_Aor")]
        for seed, name in enumerate(names):
            write_sound(folder / "train" / f"{name}.wav", 10 * number + seed)
        values = dict(zip(("AS", "AR", "MR", "MS", "N"), flags.split(","), strict=True))
        rows.append({"patient_id": f"patient_{number:03d}", **values, "recording_1": names[0], "recording_2": names[1]})
    write_table(folder / "train.csv", list(rows[0]), rows)
    (folder / "additional_metadata.csv").write_text(
        "patient_id,Age,Gender,Smoker,Lives\npatient_001,30-39,M,1,U\npatient_002,20-29,F,0,R\n"
    )
    return folder
