"""The engine: blocks don't count, beats lie where they are, and neither gain, rate nor trouble elsewhere moves them."""

from __future__ import annotations

import dataclasses
import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import signal

from murmur.pipeline.analysis import segment
from murmur.pipeline.engine import Engine
from murmur.segmentation.result import State
from murmur.settings import Settings
from murmur.synthesis import Murmur

PHANTOMS = {
    "normal": {},
    "mitral regurgitation": {"systolic_murmur": Murmur(), "s1_level_db": -8.0, "s3_level_db": -8.0},
    "atrial fibrillation": {"rhythm": "atrial fibrillation", "heart_rate_bpm": 95.0, "noise_level_db": -12.0},
    "tachycardia, clipped": {"heart_rate_bpm": 150.0, "clip_fraction": 0.02},
    "premature beats and knocks": {"rhythm": "premature beats", "knocks_per_minute": 20.0, "knock_level_db": 15.0},
}


@pytest.fixture(scope="module")
def measure(models):
    """Run the engine over samples, or over blocks of them."""

    def run(samples, sample_rate_hz=4000, block=None):
        engine = Engine(sample_rate_hz, Settings(), models.segmentation, models.murmur_network)
        for start in range(0, samples.size, block or samples.size):
            engine.push(samples[start : start + (block or samples.size)])
        return engine.finish()

    return run


def assert_same(one, other):
    """Every array of two measurements, to the bit."""
    for field in dataclasses.fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if dataclasses.is_dataclass(a):
            assert_same(a, b)
        else:
            np.testing.assert_array_equal(a, b, err_msg=field.name)


def sounds(measurement):
    """Onsets of S1 and S2, and which of them is which."""
    heard = np.isin(measurement.states, (State.S1, State.S2))
    return measurement.onsets_s[heard], measurement.states[heard]


def found(wanted, got, within_s):
    """Which of the wanted sounds (onsets, states) have one of the same kind near them."""
    onset_s, state = (np.subtract.outer(w, g) for w, g in zip(wanted, got, strict=True))
    return ((np.abs(onset_s) <= within_s) & (state == 0)).any(axis=1)


def between(heard, start_s, end_s):
    inside = (heard[0] >= start_s) & (heard[0] < end_s)
    return heard[0][inside], heard[1][inside]


# blocks


@pytest.mark.parametrize("phantom", PHANTOMS.values(), ids=PHANTOMS)
def test_blocks_do_not_count(measure, listen, phantom):
    samples = listen(24.35, **phantom).samples
    whole = measure(samples)
    assert len(whole.cycles) > 15
    for block in (28, 400, 4000, 40_000):
        assert_same(measure(samples, block=block), whole)


def test_sample_by_sample_is_the_same_as_at_once(measure, listen):
    samples = listen(3.5).samples
    assert_same(measure(samples, block=1), measure(samples))


@pytest.mark.parametrize("sample_rate_hz", [4234.5, 11025])
def test_blocks_do_not_count_at_an_odd_rate(measure, listen, sample_rate_hz):
    samples = listen(20.0).samples[: int(6.2 * sample_rate_hz)]
    assert_same(measure(samples, sample_rate_hz, block=123), measure(samples, sample_rate_hz))


def test_blocks_do_not_count_where_contact_is_lost_for_a_minute(measure, listen):
    samples = listen(12.0).samples
    samples = np.concatenate([samples, np.zeros(60 * 4000, dtype=np.float32), samples])
    assert_same(measure(samples, block=3000), measure(samples))


def test_a_stream_keeps_a_bounded_past(models, listen):
    engine = Engine(4000, Settings(), models.segmentation, models.murmur_network)
    held = []
    for _ in range(15):
        engine.push(listen(12.0).samples)
        held.append(engine._frames.power.held.shape[0])
    assert max(held) <= 3000
    assert len(engine.finish().cycles) > 150


# where the beats are


@pytest.mark.parametrize("heart_rate_bpm", [45.0, 60.0, 75.0, 95.0, 120.0, 150.0])
def test_onsets_are_where_they_are(measure, listen, heart_rate_bpm):
    sensitivity, precision = [], []
    for seed in range(1, 5):
        recording = listen(12.0, seed, heart_rate_bpm=heart_rate_bpm)
        truth = np.array([(a, state) for a, _, state in recording.intervals if state in (1, 3) and a > 0]).T
        got = sounds(measure(recording.samples))
        sensitivity.append(found(between(truth, 0.3, 11.7), got, 0.06))
        precision.append(found(between(got, 0.3, 11.7), truth, 0.06))
    assert np.concatenate(sensitivity).mean() >= 0.95
    assert np.concatenate(precision).mean() >= 0.95


def test_cycles_are_made_of_the_spans(measure, listen):
    measurement = measure(listen(15.0).samples)
    bounds_s = measurement.cycles.bounds_s
    assert (np.diff(bounds_s, axis=1) > 0).all()
    assert np.isin(bounds_s, measurement.onsets_s).all()
    np.testing.assert_array_equal(bounds_s[1:, 0], bounds_s[:-1, 4])
    rows = {len(measurement.cycles), len(measurement.levels), len(measurement.sounds), len(measurement.spike_share)}
    assert rows == {len(bounds_s)}


def test_seconds_cover_the_recording_and_are_shares(measure, listen):
    samples = listen(15.0).samples[: round(7.703 * 4000)].copy()
    samples[: 2 * 4000] = 0.0
    seconds = measure(samples).seconds
    assert seconds.level_db.shape == (8,)
    for share in (seconds.certainty, seconds.spike_share, seconds.silent):
        assert ((share >= 0) & (share <= 1)).all()
    assert seconds.silent[0] == 1
    assert seconds.level_db[0] == -np.inf
    assert seconds.silent[3:].max() == 0


# what does not move them


def assert_steady(reference, got, start_s=0.3, end_s=14.7):
    wanted = between(sounds(reference), start_s, end_s)
    assert wanted[0].size > 10
    assert found(wanted, got, 0.015).mean() >= 0.99


@pytest.mark.parametrize("phantom", [PHANTOMS["normal"], PHANTOMS["mitral regurgitation"]], ids=["normal", "murmur"])
class TestSteadiness:
    @pytest.mark.parametrize("gain", [0.01, 100.0, -1.0])
    def test_gain_and_polarity(self, measure, listen, phantom, gain):
        samples = listen(15.0, **phantom).samples
        assert_steady(measure(samples), sounds(measure(np.float32(gain) * samples)))

    def test_silence_before(self, measure, listen, phantom):
        samples = listen(15.0, **phantom).samples
        late = measure(np.concatenate([np.zeros(1480, dtype=np.float32), samples]))
        onset_s, state = sounds(late)
        assert_steady(measure(samples), (onset_s - 0.37, state), start_s=1.0)

    @pytest.mark.parametrize(("up", "down"), [(1, 2), (2, 1), (441, 40)])
    def test_sample_rate(self, measure, listen, phantom, up, down):
        samples = listen(15.0, **phantom).samples
        resampled = signal.resample_poly(samples, up, down).astype(np.float32)
        assert_steady(measure(samples), sounds(measure(resampled, 4000 * up / down)))

    @pytest.mark.parametrize("level", [0.0, 0.005])
    def test_lost_contact_elsewhere(self, measure, listen, phantom, level):
        samples = listen(15.0, **phantom).samples
        broken = samples.copy()
        hiss = np.random.default_rng(0).standard_normal(3 * 4000)
        broken[6 * 4000 : 9 * 4000] = level * samples.std() * hiss
        reference, got = measure(samples), sounds(measure(broken))
        assert_steady(reference, got, 0.3, 5.5)
        assert_steady(reference, got, 10.0, 14.7)


def test_an_offset_does_not_move_them(measure, listen):
    samples = listen(15.0).samples
    assert_steady(measure(samples), sounds(measure(samples + np.float32(0.3))))


# recordings at the edge


def check_intervals(intervals, duration_s):
    assert intervals[0].start_s == 0.0
    assert intervals[-1].end_s == pytest.approx(duration_s)
    for one, following in itertools.pairwise(intervals):
        assert one.end_s == following.start_s
        assert following.state == one.state % 4 + 1
    assert all(interval.end_s > interval.start_s for interval in intervals)
    assert all(isinstance(interval.state, State) for interval in intervals)


@pytest.mark.parametrize("seed", range(4))
def test_noise_is_cut_into_states_all_the_same(models, seed):
    samples = 0.1 * np.random.default_rng(seed).standard_normal(40_003).astype(np.float32)
    check_intervals(segment(samples, sample_rate_hz=4000, models=models).intervals, 40_003 / 4000)


@pytest.mark.parametrize("n", [8000, 8001, 8019, 8020, 8021, 8041])
def test_the_shortest_recording_is_covered(listen, models, n):
    check_intervals(segment(listen().samples[:n], sample_rate_hz=4000, models=models).intervals, n / 4000)


@pytest.mark.parametrize("state", [1, 2, 3, 4])
@pytest.mark.parametrize("edge", ["start", "end"])
def test_a_recording_may_start_and_end_in_the_middle_of_any_state(listen, models, state, edge):
    recording = listen(15.0)
    middles_s = [(a + b) / 2 for a, b, s in recording.intervals if s == state and a > 1]
    if edge == "start":
        samples = recording.samples[round(middles_s[0] * 4000) :]
    else:
        samples = recording.samples[: round(middles_s[-1] * 4000)]
    check_intervals(segment(samples, sample_rate_hz=4000, models=models).intervals, samples.size / 4000)


def test_a_recording_almost_all_silence_is_covered(listen, models):
    samples = np.zeros(5 * 4000, dtype=np.float32)
    samples[12_000:14_000] = listen().samples[:2000]
    check_intervals(segment(samples, sample_rate_hz=4000, models=models).intervals, 5.0)


# threads


def test_threads_do_not_disturb_each_other(measure, listen):
    recordings = [listen(5.0, seed).samples for seed in range(8)]
    alone = [measure(samples) for samples in recordings]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(measure, recordings * 3))
    for one, other in zip(alone * 3, together, strict=True):
        assert_same(one, other)


def test_nothing_begins_after_the_end(listen):
    """Between frames an onset may be refined past a recording that ends just there: some cut in a beat does that."""
    samples = listen(12.0, 1).samples
    for n in range(4 * 4000, 5 * 4000, 8):
        intervals = segment(samples[:n], sample_rate_hz=4000).intervals
        assert all(i.end_s > i.start_s for i in intervals)
        assert intervals[-1].end_s == n / 4000
