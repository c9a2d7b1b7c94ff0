"""Damaged and absurd inputs: a result or a named error, never a traceback of another kind, never a hang."""

import csv
import io
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile

import murmur
from murmur.batch import run
from murmur.errors import MurmurError
from murmur.synthesis import Phantom, synthesize

CASES = 400


@pytest.fixture(scope="module")
def originals():
    samples = synthesize(Phantom(), duration_s=4.0).samples
    files = {}
    for name, form, subtype in (
        ("pcm16", "WAV", "PCM_16"),
        ("pcm8", "WAV", "PCM_U8"),
        ("float", "WAV", "FLOAT"),
        ("flac", "FLAC", "PCM_16"),
    ):
        buffer = io.BytesIO()
        soundfile.write(buffer, samples, 4000, format=form, subtype=subtype)
        files[name] = buffer.getvalue()
    return files


def damage(data: bytes, rng: np.random.Generator) -> bytes:
    raw = bytearray(data)
    kind = rng.integers(5)
    if kind == 0:  # bits flipped anywhere
        for at in rng.integers(len(raw), size=int(rng.integers(1, 60))):
            raw[at] ^= 1 << int(rng.integers(8))
    elif kind == 1:  # cut short
        raw = raw[: int(rng.integers(len(raw)))]
    elif kind == 2:  # header overwritten
        for at in rng.integers(60, size=int(rng.integers(1, 8))):
            raw[at] = int(rng.integers(256))
    elif kind == 3:  # an absurd rate
        raw[24:28] = int(rng.choice([0, 1, 7, 999, 192001, 2**31 - 1, 2**32 - 1])).to_bytes(4, "little")
    else:  # a hole of one value
        start = int(rng.integers(len(raw)))
        raw[start : start + 4000] = bytes([int(rng.choice([0, 127, 255]))]) * len(raw[start : start + 4000])
    return bytes(raw)


@pytest.mark.parametrize("batch", range(8))
def test_damaged_files_give_a_result_or_a_named_error(originals, batch):
    for case in range(CASES // 8):
        rng = np.random.default_rng([batch, case])
        name = list(originals)[case % len(originals)]
        damaged = io.BytesIO(damage(originals[name], rng))
        try:
            analysis = murmur.analyze(damaged)
        except MurmurError as error:
            assert str(error)
        else:
            assert analysis.status in ("ok", "unreadable")
            assert (analysis.error is None) == (analysis.status == "ok")
            analysis.to_json()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_no_number_is_named(value):
    samples = synthesize(Phantom(), duration_s=4.0).samples.copy()
    samples[5000] = value
    with pytest.raises(MurmurError, match=r"5000|1\.25"):
        murmur.analyze(samples, sample_rate_hz=4000)


@pytest.mark.parametrize("amplitude", [1e-9, 1e-4, 1e4, 1e9])
def test_scale_does_not_matter(amplitude):
    samples = synthesize(Phantom(), duration_s=6.0).samples
    usual = murmur.analyze(samples, sample_rate_hz=4000)
    scaled = murmur.analyze(samples * np.float32(amplitude), sample_rate_hz=4000)
    assert scaled.findings.murmur.value == usual.findings.murmur.value
    assert scaled.rhythm.heart_rate_bpm == pytest.approx(usual.rhythm.heart_rate_bpm, rel=1e-3)


def test_noise_alone_is_unreadable():
    noise = np.random.default_rng(0).standard_normal(40000).astype(np.float32) * 0.1
    assert murmur.analyze(noise, sample_rate_hz=4000).status == "unreadable"


def test_one_click_in_silence():
    samples = np.zeros(40000, dtype=np.float32)
    samples[20000] = 1.0
    analysis = murmur.analyze(samples, sample_rate_hz=4000)
    assert analysis.status == "unreadable"


def test_wave_module_file(tmp_path):
    path = tmp_path / "plain.wav"
    with wave.open(str(path), "wb") as f:
        f.setnchannels(1)
        f.setsampwidth(2)
        f.setframerate(4000)
        f.writeframes((synthesize(Phantom(), duration_s=5.0).samples * 32767).astype("<i2").tobytes())
    assert murmur.analyze(path).status == "ok"


def rows_of(out):
    with (out / "recordings.csv").open(encoding="utf-8", newline="") as file:
        rows = {Path(row["path"]).name: row for row in csv.DictReader(file)}
    with (out / "cycles.csv").open(encoding="utf-8", newline="") as file:
        cycles = [{**row, "path": Path(row["path"]).name} for row in csv.DictReader(file)]
    return {name: {**row, "path": ""} for name, row in rows.items()}, cycles


@pytest.mark.parametrize("count", [40, pytest.param(1000, marks=pytest.mark.slow)])
def test_damaged_files_among_good_ones_cost_only_themselves(originals, tmp_path, count):
    good, both = tmp_path / "good", tmp_path / "both"
    good.mkdir()
    both.mkdir()
    names = list(originals)
    for number in range(count):
        name = names[number % len(names)]
        for folder in (good, both):
            (folder / f"{number:04}_good.wav").write_bytes(originals[name])
        rng = np.random.default_rng([77, number])
        (both / f"{number:04}_fuzzed.wav").write_bytes(damage(originals[name], rng))
    run([good], tmp_path / "out_good", jobs=2)
    summary = run([both], tmp_path / "out_both", jobs=2)
    assert summary.total == summary.done == 2 * count
    alone, cycles_alone = rows_of(tmp_path / "out_good")
    among, cycles_among = rows_of(tmp_path / "out_both")
    assert len(among) == 2 * count
    assert {name: row for name, row in among.items() if name.endswith("_good.wav")} == alone
    assert [row for row in cycles_among if row["path"].endswith("_good.wav")] == cycles_alone
    assert all(row["error"] for row in among.values() if row["status"] == "failed")
