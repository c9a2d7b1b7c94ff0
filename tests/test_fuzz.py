"""Damaged and absurd inputs: a result or a named error, never a traceback of another kind, never a hang."""

import io
import wave

import numpy as np
import pytest
import soundfile

import murmur
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
