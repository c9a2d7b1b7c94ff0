"""A day in one recording: it fits into memory, is quick, and its beats do not depend on how it is cut."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest
import soundfile

import murmur
from benchmarks import day

HOURS = 1.0


def test_the_file_is_one_and_the_same_however_it_is_read(monkeypatch):
    monkeypatch.setattr(day, "PHANTOMS", 2)
    monkeypatch.setattr(day, "LOST_EVERY", 2)
    file = day.Day(2.5 / 60)
    whole = file.read()
    file.seek(0)
    parts = [file.read(size) for size in itertools.islice(itertools.cycle((1, 50, 4096, 1_000_001)), 20)]
    assert b"".join(parts) == whole
    file.seek(100_001)
    assert file.read(9) == whole[100_001:100_010]
    samples, rate_hz = soundfile.read(io.BytesIO(whole))
    assert (rate_hz, samples.size) == (4000, 150 * 4000)
    first, lost, last = np.split(samples, [day.MINUTE, 2 * day.MINUTE])
    assert not lost.any()
    assert first.std() > 0.001
    assert last.std() > 0.001


@pytest.fixture(scope="module")
def hour():
    murmur.warm_up()  # compiling takes memory, once on a machine
    return day.hear(HOURS)


@pytest.mark.slow
@pytest.mark.parametrize("block_s", [1.0, 7.3, 601.0])
def test_blocks_do_not_count(hour, block_s):
    assert len(hour.beats) > 4000
    assert hour.same(day.hear(HOURS, block_s=block_s))


@pytest.mark.slow
def test_an_hour_takes_little_more_memory_than_ten_minutes(hour):
    ten_minutes = day.hear(1.0 / 6.0)
    assert not hour.same(ten_minutes)
    assert hour.memory_mb <= ten_minutes.memory_mb + 50


@pytest.mark.slow
def test_a_day_fits_into_half_a_gigabyte(hour):
    whole = day.hear(24.0)
    assert len(whole.beats) > 24 * 4000
    assert whole.memory_mb <= 500
    assert 24 * 3600 / whole.seconds >= 500
