"""Live sound: the same beats, signs and end as the finished recording, whatever the blocks and whatever goes wrong."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import jsonschema
import numpy as np
import pytest

import murmur
from murmur import LiveAnalyzer
from murmur.errors import ParameterError, TooShortError
from murmur.findings.findings import Findings
from murmur.live.events import (
    BeatAveraged,
    BeatClosed,
    BeatFound,
    Finished,
    QualityChanged,
    RateChanged,
    SamplesLost,
    SignChanged,
    events_schema,
)
from murmur.synthesis import Murmur

RATE = 4000
MITRAL = {"systolic_murmur": Murmur(), "s1_level_db": -8.0}
PHANTOMS = {
    "normal": {},
    "mitral regurgitation": MITRAL,
    "atrial fibrillation": {"rhythm": "atrial fibrillation", "heart_rate_bpm": 95.0, "noise_level_db": -12.0},
    "tachycardia, clipped": {"heart_rate_bpm": 150.0, "clip_fraction": 0.02},
    "knocks": {"knocks_per_minute": 20.0, "knock_level_db": 15.0},
}


def heard(samples, block=400, sample_rate_hz=RATE, **options):
    """All events of a stream, and what is said at its end."""
    live = LiveAnalyzer(sample_rate_hz, **options)
    events = []
    for start in range(0, len(samples), block):
        events += live.push(samples[start : start + block])
    return events, live.finish()


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


# the same truth


@pytest.mark.parametrize("phantom", PHANTOMS.values(), ids=PHANTOMS)
def test_it_ends_with_what_is_said_of_the_finished_recording(listen, phantom):
    samples = listen(20.0, **phantom).samples
    _, analysis = heard(samples, site="MV")
    assert analysis.to_json() == murmur.analyze(samples, sample_rate_hz=RATE, site="MV").to_json()


@pytest.mark.parametrize("block", [1, 37, 4000, 10**6])
def test_blocks_do_not_count(listen, block):
    samples = listen(12.0, **MITRAL).samples
    expected, _ = heard(samples)
    events, _ = heard(samples, block)
    assert [event.to_json() for event in events] == [event.to_json() for event in expected]
    assert {type(event) for event in events} == {
        BeatFound,
        BeatClosed,
        RateChanged,
        QualityChanged,
        SignChanged,
        BeatAveraged,
    }


@pytest.mark.parametrize("sample_rate_hz", [2000, 4234.5, 44100])
def test_any_rate(listen, sample_rate_hz):
    samples = listen(12.0, sample_rate_hz=44100).samples if sample_rate_hz == 44100 else listen(20.0).samples
    samples = samples[: int(8.0 * sample_rate_hz)]
    events, analysis = heard(samples, 1001, sample_rate_hz)
    assert analysis.to_json() == murmur.analyze(samples, sample_rate_hz=sample_rate_hz).to_json()
    assert of(BeatFound, events)


@pytest.mark.parametrize("phantom", PHANTOMS.values(), ids=PHANTOMS)
def test_beats_are_told_soon_and_stay(listen, phantom):
    events, analysis = heard(listen(24.0, **phantom).samples)
    found, beats = of(BeatFound, events), analysis.segmentation.cycles
    late_s = [beat.time_s - beat.diastole_onset_s for beat in found]
    assert np.median(late_s) <= 0.9
    assert max(late_s) <= 1.5
    settled = [beat for beat in found if beat.s1_onset_s > 5.0]
    assert len(settled) > 10
    apart_s = [np.abs(beats.s1_onset_s - b.s1_onset_s) + np.abs(beats.s2_onset_s - b.s2_onset_s) for b in settled]
    assert np.mean([np.min(a) < 0.02 for a in apart_s]) >= 0.95
    said = [beats.confidence[np.argmin(a)] for a in apart_s]
    assert np.mean(np.abs(said - np.array([b.confidence for b in settled]))) < 0.1


def test_a_closed_beat_is_the_one_that_was_found_with_what_was_measured_of_it(listen):
    events, analysis = heard(listen(20.0, **MITRAL).samples)
    found = {beat.number: beat for beat in of(BeatFound, events)}
    closed = of(BeatClosed, events)
    assert len(closed) > 15
    for beat in closed:
        assert beat.s1_onset_s == found[beat.number].s1_onset_s
        assert beat.diastole_onset_s < beat.end_s <= beat.time_s
    figures, s1_s = analysis.cycles, analysis.segmentation.cycles.s1_onset_s
    for beat in closed[5:]:
        at = np.abs(s1_s - beat.s1_onset_s).argmin()
        assert beat.s1_s2_level_db == pytest.approx(figures.s1_s2_level_db[at], abs=0.5)
        assert beat.murmur_above_late_diastole_db == pytest.approx(figures.murmur_above_late_diastole_db[at], abs=0.5)


@pytest.mark.parametrize("heart_rate_bpm", [40.0, 60.0, 90.0, 120.0, 150.0, 165.0, 180.0, 200.0])
def test_the_rate_is_told_within_four_seconds_and_is_right(listen, heart_rate_bpm):
    events, _ = heard(listen(15.0, heart_rate_bpm=heart_rate_bpm, seed=3).samples)
    rates = of(RateChanged, events)
    assert rates[0].time_s <= 4.0
    assert rates[-1].heart_rate_bpm == pytest.approx(heart_rate_bpm, rel=0.04)


@pytest.mark.parametrize("phantom", [{}, MITRAL], ids=["normal", "mitral regurgitation"])
def test_signs_are_told_once_they_are_settled(listen, phantom):
    events, analysis = heard(listen(24.0, **phantom).samples, site="MV")
    last = {event.sign: event for event in of(SignChanged, events)}
    assert last["murmur"].time_s < 10.0
    for sign, event in last.items():
        final = getattr(analysis.findings, sign).value
        if isinstance(final, str):
            assert event.value == final
    assert last["murmur"].value == ("present" if phantom else "absent")
    assert last["s1_intensity"].value == ("quiet" if phantom else "normal")
    assert last.keys() <= set(Findings.__dataclass_fields__)
    averaged = of(BeatAveraged, events)[-1]
    assert averaged.systole_profile_db == pytest.approx(analysis.murmur.profile_db, abs=1.0)


# when something goes wrong


def quality(events):
    return [event.quality for event in of(QualityChanged, events)]


TROUBLE_S = 5


def troubles():
    noise = np.random.default_rng(1).standard_normal(TROUBLE_S * RATE).astype(np.float32)
    return {
        "lost samples": (np.full(TROUBLE_S * RATE, np.nan, dtype=np.float32), "contact lost"),
        "infinite samples": (np.full(TROUBLE_S * RATE, np.inf, dtype=np.float32), "contact lost"),
        "silence": (np.zeros(TROUBLE_S * RATE, dtype=np.float32), "contact lost"),
        "a constant": (np.full(TROUBLE_S * RATE, 0.3, dtype=np.float32), "contact lost"),
        "a chest piece in the air": (1e-3 * noise, "contact lost"),
        "loud noise": (0.5 * noise, "noisy"),
    }


@pytest.mark.parametrize("name", troubles())
def test_it_is_told_and_over_three_seconds_after(listen, name):
    trouble, kind = troubles()[name]
    before, after = (listen(15.0, seed).samples for seed in (1, 2))
    loudest = 1.0 if "sample" in name else np.abs(before).max()
    events, analysis = heard(np.concatenate([before, loudest * trouble, after]))
    kinds = [event for event in of(QualityChanged, events) if event.time_s > 10.0]
    assert [event.quality for event in kinds][-2:] == [kind, "good"]
    assert 15.0 < kinds[0].time_s < 15.0 + TROUBLE_S
    assert kinds[-1].time_s <= 15.0 + TROUBLE_S + 3.0
    rates = [event for event in of(RateChanged, events) if event.time_s > 15.0]
    assert rates[0].heart_rate_bpm is None
    assert 15.0 + TROUBLE_S < rates[1].time_s <= 15.0 + TROUBLE_S + 3.0
    onset_s = [beat.s1_onset_s for beat in of(BeatFound, events) if beat.confidence > 0.5]
    assert 0.0 < min(s for s in onset_s if s > 15.5) - (15.0 + TROUBLE_S) < 1.5
    if kind == "contact lost":
        assert analysis.rhythm.heart_rate_bpm == pytest.approx(75.0, rel=0.03)  # no beat reaches over the gap
        assert not analysis.rhythm.pauses


@pytest.mark.parametrize("gain", [0.1, 10.0])
def test_a_step_in_gain_is_no_loss(listen, gain):
    samples = np.concatenate([listen(15.0, 1).samples, gain * listen(15.0, 2).samples])
    events, _ = heard(samples)
    assert quality(events) == ["good"]
    beats = [beat for beat in of(BeatFound, events) if 15.5 < beat.s1_onset_s < 18.0 and beat.confidence > 0.5]
    assert beats


def test_clicks_cost_nothing(listen):
    samples = listen(15.0).samples.copy()
    clean, _ = heard(samples)
    samples[:: 2 * RATE] += 1.0
    events, _ = heard(samples)
    assert quality(events) == ["good"]
    assert len(of(BeatFound, events)) >= len(of(BeatFound, clean)) - 1


def test_noise_is_noise_and_silence_no_contact():
    noise = np.random.default_rng(2).standard_normal(10 * RATE).astype(np.float32)
    events, analysis = heard(noise)
    assert quality(events) == ["noisy"]
    assert not of(SignChanged, events)
    assert analysis.status == "unreadable"
    events, analysis = heard(np.zeros(10 * RATE, dtype=np.float32))
    assert quality(events) == ["contact lost"]
    assert not of(BeatFound, events)
    assert analysis.status == "unreadable"


def test_lost_samples_are_told_with_their_place(listen):
    samples = listen(12.0).samples.copy()
    samples[:100] = np.nan
    samples[20_000:21_000] = np.nan
    samples[30_000] = np.inf
    samples[47_900:] = np.nan
    events, analysis = heard(samples)
    lost = [(event.start_s, event.end_s) for event in of(SamplesLost, events)]
    assert lost == [(0.0, 0.025), (5.0, 5.25), (7.5, 7.50025)]
    assert analysis.duration_s == 12.0
    live = LiveAnalyzer(RATE)
    skipped = live.push(samples[:20_000]) + live.skip(1000) + live.push(samples[21_000:])
    assert [event.to_json() for event in skipped] == [event.to_json() for event in events]
    assert live.time_s == 12.0


def test_a_lost_second_is_lost_at_the_end_too(listen):
    samples = listen(12.0).samples.copy()
    samples[20_000:24_000] = np.nan
    _, analysis = heard(samples)
    assert analysis.quality.lost_fraction == pytest.approx(1 / 12)
    assert [s.kind for s in analysis.quality.intervals] == ["good", "contact lost", "good"]
    assert analysis.notes == ("1 s of it were lost",)
    beats = analysis.segmentation.cycles
    over = (beats.s1_onset_s < 5.0) & (beats.end_s > 6.0)
    assert not analysis.cycles.trusted[over].any()


def test_a_figure_is_told_again_when_it_has_changed(listen):
    samples = np.concatenate([listen(24.0, seed, **MITRAL).samples for seed in (1, 2)] + [listen(24.0, 3).samples] * 4)
    events, _ = heard(samples, site="MV")
    scores = [event.value for event in of(SignChanged, events) if event.sign == "mitral_regurgitation"]
    assert len(scores) > 2
    assert max(scores) > 0.5 > scores[-1]


def test_integers_are_as_good_as_floats(listen):
    samples = np.round(listen(8.0).samples * 2**15).clip(-(2**15), 2**15 - 1).astype(np.int16)
    events, analysis = heard(samples)
    again, same = heard(samples.astype(np.float32) / np.float32(2**15))
    assert [event.to_json() for event in events] == [event.to_json() for event in again]
    assert analysis.to_json() == same.to_json()


# for a long time


def test_a_long_stream_keeps_its_history_and_hands_on_the_rest(listen):
    samples = np.concatenate([listen(24.0, seed).samples for seed in range(1, 6)])
    gone = []
    live = LiveAnalyzer(RATE, history_s=20.0, on_cycles=lambda beats, figures: gone.append((beats, figures)))
    held = []
    for start in range(0, samples.size, RATE):
        live.push(samples[start : start + RATE])
        held.append(len(live._engine.measured().cycles))
    analysis = live.finish()
    assert max(held) <= 35
    assert analysis.notes == ("rests on 98 s to 120 s, all that is kept of the stream",) or "kept" in analysis.notes[0]
    assert analysis.duration_s == 120.0
    assert 20.0 <= 120.0 - analysis.segmentation.intervals[0].start_s <= 24.0
    assert analysis.quality.readable
    assert analysis.quality.intervals[-1].end_s == 120.0
    whole = murmur.analyze(samples, sample_rate_hz=RATE)
    parts = [*(beats for beats, _ in gone), analysis.segmentation.cycles]
    np.testing.assert_array_equal(
        np.concatenate([beats.s1_onset_s for beats in parts]), whole.segmentation.cycles.s1_onset_s
    )
    levels = np.concatenate([*(figures.s1_s2_level_db for _, figures in gone), analysis.cycles.s1_s2_level_db])
    close = np.isclose(levels, whole.cycles.s1_s2_level_db, equal_nan=True)
    assert close.mean() > 0.95  # trust in a beat rests on its neighbours, which may be gone


def test_several_at_once_share_nothing(listen):
    streams = [listen(12.0, seed, **MITRAL).samples for seed in range(1, 5)]
    alone = [heard(samples) for samples in streams]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(heard, streams))
    for one, other in zip(alone, together, strict=True):
        assert [event.to_json() for event in one[0]] == [event.to_json() for event in other[0]]
        assert one[1].to_json() == other[1].to_json()


# what it takes, and what it gives


def test_every_event_holds_to_the_schema(listen):
    samples = listen(15.0, **MITRAL).samples.copy()
    samples[30_000:31_000] = np.nan
    events, analysis = heard(samples)
    schema = events_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for event in [*events, Finished(time_s=15.0, analysis=analysis)]:
        validator.validate(json.loads(event.to_json()))
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({"event": "beat_lost", "time_s": 1.0})


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (np.zeros((10, 2)), r"must be 1-D, not of shape \(10, 2\): pass one channel"),
        (np.zeros(10, dtype=complex), "must be real numbers"),
        (np.zeros(10, dtype=np.uint16), "no defined full scale"),
        ("abc", "must be an array of samples, not str"),
        (b"\0\0", r'not bytes; of raw PCM, numpy.frombuffer\(block, dtype="<i2"\)'),
        (None, "must be an array of samples, not NoneType"),
    ],
)
def test_a_block_that_is_none_is_refused_and_nothing_of_it_taken(block, message):
    live = LiveAnalyzer(RATE)
    with pytest.raises(ParameterError, match=message):
        live.push(block)
    assert live.time_s == 0.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sample_rate_hz": 500}, "out of range"),
        ({"sample_rate_hz": RATE, "history_s": 5.0}, "history_s must be a number of seconds, 10 or more"),
        ({"sample_rate_hz": RATE, "site": "elbow"}, "elbow"),
    ],
)
def test_what_no_stream_can_be(options, message):
    with pytest.raises(ParameterError, match=message):
        LiveAnalyzer(**options)


def test_a_stream_ends_once(listen):
    live = LiveAnalyzer(RATE)
    live.push(listen(5.0).samples)
    for count in (-1, 1.5, True, None, 10**9):
        with pytest.raises(ParameterError, match="samples to skip must be a whole number from 0 to 2400000"):
            live.skip(count)
    live.finish()
    for more in (live.finish, lambda: live.push([0.0]), lambda: live.skip(1)):
        with pytest.raises(ParameterError, match="the stream is finished"):
            more()


def test_two_seconds_are_the_least(listen):
    live = LiveAnalyzer(RATE)
    live.push(listen(5.0).samples[:7999])
    with pytest.raises(TooShortError, match="the stream"):
        live.finish()
    live.push(listen(5.0).samples[7999:8000])  # it may go on
    assert live.finish().duration_s == 2.0
