"""Phantoms: what they are said to be is what is heard in them."""

from __future__ import annotations

import importlib.util
import itertools
import json
import subprocess
import sys
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import signal

from murmur.errors import ParameterError
from murmur.synthesis import (
    CONDITIONS,
    SENSORS,
    SITES,
    Murmur,
    Phantom,
    Synthetic,
    at_site,
    random_phantom,
    synthesize,
)

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
S1, SYSTOLE, S2, DIASTOLE = 1, 2, 3, 4
STILL = Phantom(noise_level_db=None, respiration_level_db=None, rate_variability=0.0)
PANSYSTOLIC = Murmur(level_db=-8.0)


def band(recording: Synthetic, low_hz: float, high_hz: float) -> np.ndarray:
    sos = signal.butter(4, [low_hz, high_hz], "bandpass", fs=recording.sample_rate_hz, output="sos")
    return signal.sosfiltfilt(sos, recording.samples.astype(np.float64))


def level_db(
    recording: Synthetic,
    state: int,
    low_hz: float = 25.0,
    high_hz: float = 800.0,
    part: tuple[float, float] = (0.0, 1.0),
) -> float:
    """Median over beats of a state's RMS in a band, in part of the state."""
    sound, rate = band(recording, low_hz, high_hz), recording.sample_rate_hz
    found = []
    for start_s, end_s, each in recording.intervals[1:-1]:
        if each == state:
            length_s = end_s - start_s
            a, b = round((start_s + part[0] * length_s) * rate), round((start_s + part[1] * length_s) * rate)
            found.append(10 * np.log10(np.mean(sound[a:b] ** 2)))
    return float(np.median(found))


def profile_db(recording: Synthetic, state: int, parts: int = 8, low_hz: float = 150.0) -> np.ndarray:
    """Level along a state."""
    edges = np.linspace(0, 1, parts + 1)
    return np.array([level_db(recording, state, low_hz, 600.0, (a, b)) for a, b in itertools.pairwise(edges)])


def onsets(recording: Synthetic, state: int) -> np.ndarray:
    return np.array([start for start, _, each in recording.intervals[1:] if each == state])


@pytest.mark.parametrize("rate_bpm", [40, 60, 75, 100, 130, 160, 200])
@pytest.mark.parametrize("rhythm", ["sinus", "atrial fibrillation", "premature beats"])
def test_intervals_cover_the_recording_in_order(rate_bpm: int, rhythm: str) -> None:
    recording = synthesize(Phantom(heart_rate_bpm=rate_bpm, rhythm=rhythm, rate_variability=0.05), 30.0, seed=3)
    intervals = recording.intervals
    assert intervals[0][0] == 0.0
    assert intervals[-1][1] == pytest.approx(30.0)
    for (_, end, state), (start, _, following) in itertools.pairwise(intervals):
        assert start == end
        assert following == state % 4 + 1
    lengths = {state: [e - s for s, e, k in intervals[1:-1] if k == state] for state in (1, 2, 3, 4)}
    assert min(lengths[S1]) > 0.04
    assert min(lengths[SYSTOLE]) > 0.04
    assert min(lengths[S2]) > 0.03
    assert min(lengths[DIASTOLE]) > 0.04
    assert np.mean(np.diff(onsets(recording, S1))) == pytest.approx(60 / rate_bpm, rel=0.08)
    assert recording.signs["heart_rate_bpm"] == pytest.approx(60 / np.mean(np.diff(onsets(recording, S1))), rel=0.02)


def test_systole_shortens_with_the_rate_but_less_than_the_cycle() -> None:
    spans = {}
    for rate_bpm in (40, 60, 75, 100, 130, 160, 200):
        recording = synthesize(replace(STILL, heart_rate_bpm=rate_bpm), 20.0)
        s1, s2 = onsets(recording, S1), onsets(recording, S2)
        s2 = s2[s2 > s1[0]]
        n = min(s1.size, s2.size)
        spans[rate_bpm] = np.median(s2[:n] - s1[:n])
    systole = np.array(list(spans.values()))
    share = systole * np.array(list(spans)) / 60
    assert np.all(np.diff(systole) < 0)
    assert np.all(np.diff(share) > -1e-3)
    assert np.all(share <= 0.56)
    # Weissler 1968: QS2 is 546 - 2.1·rate ms, of which about 50 lie before S1.
    assert spans[60] == pytest.approx(0.370, abs=0.01)


def test_same_seed_same_samples_other_seed_other_samples() -> None:
    phantom = Phantom(systolic_murmur=PANSYSTOLIC, knocks_per_minute=20.0, hum_level_db=-30.0)
    first, again, other = (synthesize(phantom, 5.0, seed=seed) for seed in (4, 4, 5))
    np.testing.assert_array_equal(first.samples, again.samples)
    assert first.intervals == again.intervals
    assert np.max(np.abs(first.samples - other.samples)) > 0.1


def test_changing_one_part_leaves_the_others_as_they_were() -> None:
    plain = replace(STILL, clip_fraction=1e-9)
    base, more = synthesize(plain, 8.0), synthesize(replace(plain, systolic_murmur=PANSYSTOLIC), 8.0)
    assert base.intervals == more.intervals
    for start_s, end_s, state in base.intervals[4:-2]:
        if state == DIASTOLE:
            at = slice(round((start_s + 0.1) * 4000), round((end_s - 0.02) * 4000))
            a, b = base.samples[at].astype(float), more.samples[at].astype(float)
            assert np.corrcoef(a, b)[0, 1] > 0.99


@pytest.mark.parametrize("sample_rate_hz", [2000, 4000, 8000, 44100])
def test_sampling_rates_agree(sample_rate_hz: int) -> None:
    recording = synthesize(replace(STILL, sensor="electronic"), 4.0, sample_rate_hz)
    assert recording.samples.dtype == np.float32
    assert recording.samples.shape == (4 * sample_rate_hz,)
    assert recording.sample_rate_hz == sample_rate_hz
    reference = synthesize(STILL, 4.0, 4000)
    for low_hz, high_hz in ((25, 80), (80, 260), (260, 600)):
        a = level_db(recording, S1, low_hz, high_hz) - level_db(recording, S2, low_hz, high_hz)
        b = level_db(reference, S1, low_hz, high_hz) - level_db(reference, S2, low_hz, high_hz)
        assert a == pytest.approx(b, abs=0.7)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_samples_stay_within_full_scale(condition: str) -> None:
    rng = np.random.default_rng(8)
    for seed in range(3):
        recording = synthesize(random_phantom(condition, rng), 6.0, seed=seed)
        assert np.all(np.isfinite(recording.samples))
        assert np.max(np.abs(recording.samples)) <= 1.0
        assert np.max(np.abs(recording.samples)) > 0.1


def test_heart_sounds_lie_where_the_intervals_say() -> None:
    for seed in range(4):
        recording = synthesize(STILL, 10.0, seed=seed)
        for sound in (S1, S2):
            for silence in (SYSTOLE, DIASTOLE):
                assert level_db(recording, sound) > level_db(recording, silence, part=(0.3, 0.9)) + 20


def test_spectra_fall_as_those_of_real_heart_sounds() -> None:
    # Medians of 70 CirCor recordings without murmur, in dB against S2 as a whole.
    edges = (25, 45, 80, 150, 260, 400, 600, 800)
    real = {
        S1: (-9.3, -6.4, -10.2, -16.4, -20.0, -21.5, -23.5),
        SYSTOLE: (-21.7, -21.8, -22.1, -24.0, -26.0, -24.6, -25.5),
        S2: (-9.9, -6.2, -6.2, -9.8, -14.2, -17.7, -22.8),
        DIASTOLE: (-20.7, -21.2, -23.4, -24.1, -26.3, -24.8, -25.7),
    }
    rng = np.random.default_rng(11)
    rows: dict[int, list[list[float]]] = {state: [] for state in real}
    for seed in range(10):
        phantom = replace(random_phantom("normal", rng), noise_level_db=-14.0, sensor="electronic", heart_rate_bpm=100.0)
        recording = synthesize(phantom, 8.0, seed=seed)
        whole = level_db(recording, S2)
        for state, found in rows.items():
            part = {SYSTOLE: (0.2, 0.8), DIASTOLE: (0.4, 0.9)}.get(state, (0.0, 1.0))
            found.append([level_db(recording, state, a, b, part) - whole for a, b in itertools.pairwise(edges)])
    for state, expected in real.items():
        np.testing.assert_allclose(np.median(rows[state], axis=0), expected, atol=4.0)


def test_quiet_s1_lowers_the_band_where_it_shows() -> None:
    def s1_against_s2(phantom: Phantom) -> float:
        recording = synthesize(phantom, 12.0, seed=2)
        return level_db(recording, S1, 60, 100) - level_db(recording, S2, 60, 100)

    assert s1_against_s2(replace(STILL, s1_level_db=-6.0)) == pytest.approx(s1_against_s2(STILL) - 6.0, abs=0.3)


def test_normal_s1_is_as_loud_as_s2_in_that_band_whoever_it_is() -> None:
    found = []
    for seed in range(10):
        recording = synthesize(STILL, 8.0, seed=seed)
        found.append(level_db(recording, S1, 60, 100) - level_db(recording, S2, 60, 100))
    assert np.median(found) == pytest.approx(-0.5, abs=1.0)
    assert np.ptp(found) < 6.0


@pytest.mark.parametrize("quality", ["blowing", "harsh", "musical"])
def test_murmur_level_is_against_the_normal_s2(quality: str) -> None:
    for wanted_db in (-12.0, -3.0):
        found = []
        for seed in range(4):
            phantom = replace(STILL, sensor="flat", systolic_murmur=Murmur(level_db=wanted_db, quality=quality))
            recording = synthesize(phantom, 10.0, seed=seed)
            # S2 lasts 0.105 s here, the yardstick 0.1 s.
            found.append(level_db(recording, SYSTOLE, 25, 1000, (0.2, 0.8)) - level_db(recording, S2, 25, 1000))
        assert np.median(found) == pytest.approx(wanted_db, abs=1.5)


def filled(recording: Synthetic, parts: int = 10) -> np.ndarray:
    """Parts of systole more than 6 dB above the same band in late diastole."""
    return profile_db(recording, SYSTOLE, parts) > level_db(recording, DIASTOLE, 150, 600, (0.5, 0.9)) + 6.0


@pytest.mark.parametrize("grade", ["mild", "moderate", "severe"])
def test_regurgitation_fills_systole(grade: str) -> None:
    rng = np.random.default_rng(1)
    for seed in range(3):
        phantom = random_phantom(f"mitral regurgitation {grade}", rng)
        recording = synthesize(replace(phantom, knocks_per_minute=0.0), 10.0, seed=seed)
        assert recording.signs["systolic_timing"] == "holosystolic"
        assert filled(recording).all()
        assert np.ptp(profile_db(recording, SYSTOLE)[1:]) < 4.0


def test_stenosis_leaves_gaps_and_has_a_crest() -> None:
    rng = np.random.default_rng(2)
    for seed in range(3):
        phantom = replace(random_phantom("aortic stenosis", rng), knocks_per_minute=0.0, sensor="electronic")
        recording = synthesize(phantom, 10.0, seed=seed)
        profile = profile_db(recording, SYSTOLE, low_hz=80.0)
        assert recording.signs["systolic_timing"] == "mid"
        assert recording.signs["systolic_shape"] == "diamond"
        assert profile[3:5].mean() > profile[-1] + 8.0
        assert not filled(recording)[-1]
        assert filled(recording)[3:6].all()


def test_aortic_regurgitation_is_diastolic_and_dies_away() -> None:
    phantom = replace(random_phantom("aortic regurgitation", np.random.default_rng(3)), knocks_per_minute=0.0)
    recording = synthesize(phantom, 12.0)
    profile = profile_db(recording, DIASTOLE, 10)
    assert recording.signs["diastolic_murmur"] is True
    assert recording.signs["murmur"] == "present"
    assert "systolic_timing" not in recording.signs
    assert profile[0] > profile[4] + 3.0 > profile[8] + 6.0
    assert profile[0] > level_db(recording, SYSTOLE, 150, 600, (0.3, 0.9)) + 6.0


def test_prolapse_has_a_click_and_a_late_murmur() -> None:
    phantom = Phantom(
        click_level_db=0.0,
        click_place=0.5,
        systolic_murmur=Murmur(-5.0, onset=0.6, end=1.0, shape="crescendo"),
    )
    recording = synthesize(phantom, 12.0)
    profile = profile_db(recording, SYSTOLE, 10)
    assert recording.signs["click"] is True
    assert recording.signs["systolic_timing"] == "late"
    assert profile[5] == max(profile[:9])
    assert profile[9] > profile[7] > profile[2] + 3.0


def test_harsh_is_lower_than_blowing_and_musical_is_tonal() -> None:
    def spectrum(quality: str) -> tuple[np.ndarray, np.ndarray]:
        murmur = Murmur(level_db=0.0, quality=quality)
        recording = synthesize(replace(STILL, systolic_murmur=murmur), 15.0)
        pieces = [
            signal.welch(recording.samples[round(s * 4000) : round(e * 4000)], 4000, nperseg=512)[1]
            for s, e, state in recording.intervals[1:-1]
            if state == SYSTOLE
        ]
        frequency = np.fft.rfftfreq(512, 1 / 4000)
        keep = (frequency > 50) & (frequency < 800)
        return frequency[keep], np.mean(pieces, axis=0)[keep]

    centre, flat = {}, {}
    for quality in ("blowing", "harsh", "musical"):
        f, p = spectrum(quality)
        centre[quality] = np.sum(f * p) / np.sum(p)
        inside = (f > 110) & (f < 330)
        flat[quality] = np.exp(np.mean(np.log(p[inside]))) / np.mean(p[inside])
    assert centre["harsh"] + 60 < centre["blowing"]
    assert flat["musical"] < 0.5 * min(flat["blowing"], flat["harsh"])


def test_split_second_sound_has_two_peaks() -> None:
    def mean_s2(split_ms: float | None) -> np.ndarray:
        recording = synthesize(replace(STILL, s2_split_ms=split_ms, s2_split_swing_ms=0.0, sensor="flat"), 10.0)
        envelope = np.abs(signal.hilbert(band(recording, 100, 400)))
        starts = [round(s * 4000) for s in onsets(recording, S2)[:-1]]
        return np.mean([envelope[i : i + 480] for i in starts], axis=0)

    wide, single = mean_s2(55.0), mean_s2(None)
    peaks, _ = signal.find_peaks(wide, height=0.3 * wide.max(), distance=80, prominence=0.2 * wide.max())
    assert len(peaks) == 2
    assert np.diff(peaks)[0] / 4.0 == pytest.approx(55.0, abs=6.0)
    assert single[240:].max() < 0.15 * single.max()


@pytest.mark.parametrize(("name", "part", "empty"), [("s3", (0.0, 0.4), (0.5, 0.7)), ("s4", (0.7, 1.0), (0.3, 0.5))])
def test_gallops_are_low_and_in_their_place(name: str, part: tuple, empty: tuple) -> None:
    phantom = Phantom(heart_rate_bpm=72.0, noise_level_db=-24.0)
    gallop = synthesize(replace(phantom, **{f"{name}_level_db": -9.0}), 12.0)
    plain = synthesize(phantom, 12.0)
    assert gallop.signs[name] is True
    assert plain.signs[name] is False

    def rise_db(low_hz: float, high_hz: float) -> float:
        here, there = (level_db(gallop, DIASTOLE, low_hz, high_hz, where) for where in (part, empty))
        before, beside = (level_db(plain, DIASTOLE, low_hz, high_hz, where) for where in (part, empty))
        return here - there - (before - beside)

    assert rise_db(25, 60) > 8.0
    assert abs(rise_db(150, 400)) < 3.0


def test_rhythms() -> None:
    def cycles(rhythm: str) -> np.ndarray:
        recording = synthesize(Phantom(rhythm=rhythm), 60.0, seed=6)
        return np.diff(onsets(recording, S1))

    sinus, fibrillation, early = (cycles(r) for r in ("sinus", "atrial fibrillation", "premature beats"))
    assert np.std(sinus) / np.mean(sinus) < 0.05
    assert 0.15 < np.std(fibrillation) / np.mean(fibrillation) < 0.32
    # Neighbours in fibrillation know nothing of each other.
    assert abs(np.corrcoef(fibrillation[:-1], fibrillation[1:])[0, 1]) < 0.3
    short = np.flatnonzero(early < 0.75 * np.median(early))
    assert 5 <= short.size <= 20
    pause = early[short[:-1] + 1]
    np.testing.assert_allclose(early[short[:-1]] + pause, 1.6, rtol=0.03)


def test_noise_level_is_against_the_recorded_s2() -> None:
    for sensor in SENSORS:
        phantom = Phantom(sensor=sensor, noise_level_db=-10.0, noise_unrest_db=0.0, respiration_level_db=None)
        recording = synthesize(phantom, 12.0)
        clean = synthesize(replace(phantom, noise_level_db=None, clip_fraction=1e-9), 12.0)
        floor = level_db(recording, DIASTOLE, part=(0.4, 0.9))
        s2 = level_db(recording, S2)
        assert floor - 10 * np.log10(10 ** (s2 / 10) - 10 ** (floor / 10)) == pytest.approx(-10.0, abs=2.0)
        assert level_db(clean, DIASTOLE, part=(0.5, 0.9)) < level_db(clean, S2) - 25


def test_sensors_differ() -> None:
    murmur = Murmur(0.0, quality="blowing")
    tilt = {}
    for sensor in SENSORS:
        recording = synthesize(replace(STILL, sensor=sensor, systolic_murmur=murmur), 8.0)
        tilt[sensor] = level_db(recording, SYSTOLE, 450, 700) - level_db(recording, SYSTOLE, 120, 250)
    assert tilt["contact"] < tilt["electronic"] - 5.0
    assert tilt["air-coupled"] < tilt["electronic"] - 2.0
    assert tilt["electronic"] == pytest.approx(tilt["flat"], abs=1.0)


def test_clipping_and_level() -> None:
    clipped = synthesize(Phantom(clip_fraction=0.05), 10.0)
    assert np.mean(np.abs(clipped.samples) == 1.0) == pytest.approx(0.05, abs=0.002)
    assert clipped.signs["clipped"] is True
    quiet = synthesize(Phantom(peak_level_dbfs=-20.0), 10.0)
    assert np.max(np.abs(quiet.samples)) == pytest.approx(0.1, rel=1e-5)
    assert quiet.signs["clipped"] is False


def test_knocks_and_hum_are_heard() -> None:
    hum = synthesize(Phantom(hum_level_db=-10.0, hum_hz=60.0), 10.0)
    f, p = signal.welch(hum.samples, 4000, nperseg=4000)
    assert p[60] > 10 * np.median(p[50:70])
    base = replace(STILL, clip_fraction=1e-9)
    knocks, still = (synthesize(replace(base, knocks_per_minute=k), 20.0).samples for k in (60.0, 0.0))
    assert f.size == 2001
    assert np.corrcoef(knocks, still)[0, 1] < 0.95


def test_noisy_phantoms_are_unreadable() -> None:
    rng = np.random.default_rng(4)
    for seed in range(3):
        recording = synthesize(random_phantom("noisy", rng), 10.0, seed=seed)
        assert recording.signs["readable"] is False
        assert level_db(recording, DIASTOLE) > level_db(recording, S2) - 4.0


def test_signs_of_every_condition() -> None:
    expected: dict[str, dict[str, object]] = {
        "normal": {"murmur": "absent", "s1_intensity": "normal", "irregular_rhythm": False, "readable": True},
        "mitral regurgitation mild": {"systolic_timing": "holosystolic", "systolic_shape": "plateau"},
        "mitral regurgitation moderate": {"systolic_quality": "blowing", "murmur": "present"},
        "mitral regurgitation severe": {"s1_intensity": "quiet", "s3": True, "murmur": "present"},
        "aortic stenosis": {"systolic_timing": "mid", "systolic_quality": "harsh", "s1_intensity": "normal"},
        "aortic regurgitation": {"diastolic_murmur": True, "murmur": "present"},
        "mitral valve prolapse": {"click": True, "systolic_timing": "late", "systolic_shape": "crescendo"},
        "S3": {"s3": True, "s4": False, "murmur": "absent"},
        "S4": {"s4": True, "s3": False, "murmur": "absent"},
        "atrial fibrillation": {"irregular_rhythm": True, "s4": False},
        "premature beats": {"premature_beats": True},
        "tachycardia": {"irregular_rhythm": False, "murmur": "absent"},
        "noisy": {"readable": False},
        "clipped": {"clipped": True},
    }
    assert set(expected) == set(CONDITIONS)
    rng = np.random.default_rng(9)
    for condition, signs in expected.items():
        for seed in range(3):
            found = synthesize(random_phantom(condition, rng), 7.0, seed=seed).signs
            assert signs.items() <= found.items(), condition
            if condition == "tachycardia":
                assert float(found["heart_rate_bpm"]) > 120
            assert "readable" in found or condition == "clipped"


def test_signs_on_the_edge_are_left_out() -> None:
    faint = Murmur(level_db=-30.0)
    phantom = Phantom(systolic_murmur=faint, s1_level_db=-3.0, s3_level_db=-19.0, noise_level_db=-2.0, clip_fraction=0.001)
    signs = synthesize(phantom, 5.0).signs
    assert not {"murmur", "systolic_timing", "s1_intensity", "s3", "readable", "clipped"} & signs.keys()


def test_at_site_moves_the_murmur_and_s1() -> None:
    patient = Phantom(systolic_murmur=PANSYSTOLIC)
    heard = {site: at_site(patient, site).systolic_murmur.level_db for site in SITES}  # type: ignore[union-attr]
    assert heard["MV"] == PANSYSTOLIC.level_db == max(heard.values())
    assert heard["Ax"] > heard["TV"] > heard["AV"]
    assert at_site(patient, "AV", loudest="AV").systolic_murmur == PANSYSTOLIC
    assert at_site(patient, "PV").s1_over_s2_db < at_site(patient, "TV").s1_over_s2_db
    assert at_site(Phantom(), "AV").systolic_murmur is None
    with pytest.raises(ParameterError, match="site"):
        at_site(patient, "elbow")
    with pytest.raises(ParameterError, match="loudest"):
        at_site(patient, "MV", loudest="Ax")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("heart_rate_bpm", 39.0),
        ("heart_rate_bpm", 201.0),
        ("heart_rate_bpm", float("nan")),
        ("heart_rate_bpm", True),
        ("heart_rate_bpm", "75"),
        ("rate_variability", -0.1),
        ("rhythm", "flutter"),
        ("s1_level_db", None),
        ("s2_split_ms", 91.0),
        ("s3_level_db", float("inf")),
        ("click_place", 1.1),
        ("systolic_murmur", -8.0),
        ("sensor", "ear"),
        ("clip_fraction", 0.6),
        ("peak_level_dbfs", 1.0),
    ],
)
def test_bad_phantoms_are_refused(name: str, value: object) -> None:
    with pytest.raises(ParameterError, match=name):
        Phantom(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"level_db": float("nan")}, "level_db"),
        ({"onset": -0.1}, "onset"),
        ({"onset": 0.5, "end": 0.5}, "end"),
        ({"shape": "square"}, "shape"),
        ({"quality": "cooing"}, "quality"),
        ({"low_hz": 700.0}, "high_hz"),
        ({"tilt_db_per_octave": 99.0}, "tilt"),
    ],
)
def test_bad_murmurs_are_refused(fields: dict, named: str) -> None:
    with pytest.raises(ParameterError, match=named):
        Murmur(**fields)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"phantom": "normal"}, "phantom"),
        ({"duration_s": 0.5}, "duration_s"),
        ({"sample_rate_hz": 1000}, "sample_rate_hz"),
        ({"sample_rate_hz": 4000.5}, "sample_rate_hz"),
        ({"seed": -1}, "seed"),
        ({"seed": 0.5}, "seed"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict, named: str) -> None:
    with pytest.raises(ParameterError, match=named):
        synthesize(**({"phantom": Phantom()} | arguments))


def test_bad_combinations_are_refused() -> None:
    with pytest.raises(ParameterError, match="s4_level_db"):
        Phantom(rhythm="atrial fibrillation", s4_level_db=-6.0)
    with pytest.raises(ParameterError, match="condition"):
        random_phantom("hiccups", np.random.default_rng(0))


def test_import_loads_numpy_alone() -> None:
    code = "import murmur.synthesis; print(sorted({'scipy', 'numba', 'librosa', 'soundfile'} & set(sys.modules)))"
    source = Path(__file__).resolve().parents[2] / "src"
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(source)!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_committed_samples_are_what_the_script_makes(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("make_samples", SAMPLES / "make_samples.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.make(tmp_path)

    names = {path.name for path in SAMPLES.iterdir() if path.suffix in {".wav", ".tsv"}}
    assert names == {f"{name}.{kind}" for name in script.SAMPLES for kind in ("wav", "tsv")}
    truth = json.loads((SAMPLES / "truth.json").read_text(encoding="utf-8"))
    assert truth == json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    assert set(truth["recordings"]) == set(script.SAMPLES)
    for name in script.SAMPLES:
        assert (SAMPLES / f"{name}.tsv").read_text() == (tmp_path / f"{name}.tsv").read_text()
        committed, made = (read_pcm(folder / f"{name}.wav") for folder in (SAMPLES, tmp_path))
        # A different FFT may round differently.
        assert np.max(np.abs(committed - made)) <= 1
    assert sum(path.stat().st_size for path in SAMPLES.iterdir() if path.is_file()) < 3_000_000


def read_pcm(path: Path) -> np.ndarray:
    with wave.open(str(path), "rb") as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (4000, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(int)
