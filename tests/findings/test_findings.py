"""Every sign from measurements made by hand, and why a sign is missing."""

from dataclasses import fields, replace

import numpy as np
import pytest

from murmur.findings import click, s1_intensity, s3, systolic_quality, systolic_shape, systolic_timing
from murmur.findings.context import Context, Features
from murmur.findings.finding import Finding
from murmur.findings.findings import Findings
from murmur.findings.models import joint_probabilities
from murmur.findings.murmur import decide_murmur, limit_inaudible
from murmur.findings.registry import SIGNS, conclude_all, no_findings
from murmur.learned.forest import Forest
from murmur.measure.heart_sounds import ExtraSound, HeartSounds
from murmur.measure.murmur import VECTOR_NAMES, MurmurFeatures
from murmur.measure.rhythm import Rhythm
from murmur.measure.spectrum import SpectralShape
from murmur.pipeline.models import Models, shipped_models
from murmur.settings import Settings

NOTHING = ExtraSound(0.0, None, None, None)
BLOWING = SpectralShape(centroid_hz=320, bandwidth_hz=150, rolloff_hz=480, flatness=0.7, entropy=0.95, harmonicity=0.0)
HARSH = SpectralShape(centroid_hz=170, bandwidth_hz=70, rolloff_hz=230, flatness=0.05, entropy=0.7, harmonicity=0.0)


def murmur_with(profile, **changes):
    profile = tuple(float(v) for v in profile)
    filled = np.array(profile) >= 3
    features = MurmurFeatures(
        profile_db=profile,
        diastole_profile_db=(0.0,) * 10,
        profile_low_db=profile,
        profile_high_db=profile,
        diastole_profile_low_db=(0.0,) * 10,
        diastole_profile_high_db=(0.0,) * 10,
        level_db=-8.0,
        above_quiet_db=max(profile),
        extent=float(filled.mean()),
        onset=0.0,
        end=1.0,
        peak=0.5,
        evenness_db=float(np.ptp(profile)),
        rise_db=float(max(profile) - np.mean(profile[:2])),
        fall_db=float(max(profile) - np.mean(profile[-2:])),
        above_late_diastole_by_band_db=(15.0,) * 4,
        against_s2_by_band_db=(-14.0,) * 4,
        low_against_s1_db=-14.0,
        low_against_s2_db=-14.0,
        late_diastole_db=-30.0,
        late_diastole_quiet=True,
        spectrum=BLOWING,
    )
    return replace(features, **changes)


PLATEAU = [15] * 10
DIAMOND = [2, 8, 13, 17, 19, 19, 17, 13, 8, 2]
DECRESCENDO = [16, 15, 13, 11, 8, 6, 3, 1, 0, 0]
CRESCENDO = [0, 0, 1, 2, 4, 7, 10, 13, 15, 16]


@pytest.mark.parametrize(
    ("profile", "timing", "shape"),
    [
        (PLATEAU, "holosystolic", "plateau"),
        (DIAMOND, "mid", "diamond"),
        (DECRESCENDO, "early", "decrescendo"),
        (CRESCENDO, "late", "crescendo"),
    ],
)
def test_timing_and_shape(profile, timing, shape):
    murmur, models = murmur_with(profile), shipped_models().findings
    timings, shapes = systolic_timing.probabilities(murmur, models), systolic_shape.probabilities(murmur, models)
    assert max(timings, key=timings.get) == timing
    assert max(shapes, key=shapes.get) == shape
    assert sum(timings.values()) == pytest.approx(1)
    assert sum(shapes.values()) == pytest.approx(1)


def blowing(low_db, **changes):
    murmur = murmur_with(PLATEAU, low_against_s1_db=low_db, low_against_s2_db=low_db, **changes)
    return systolic_quality.blowing_probability(murmur, shipped_models().findings)


def test_blowing_is_high_and_even_harsh_is_low_and_rough():
    assert blowing(-14.0, spectrum=BLOWING) > 0.8
    assert blowing(-3.0, spectrum=HARSH) < 0.2
    assert blowing(-10.0, spectrum=BLOWING) > blowing(-10.0, spectrum=HARSH)  # the meaning of the word
    assert blowing(-20.0) > blowing(-12.0) > blowing(-4.0)  # and what experts call so
    assert 0.0 < blowing(-14.0, spectrum=None) < 1.0


@pytest.mark.parametrize(
    ("probabilities", "decision"),
    [([0.2, 0.05, 0.75], "present"), ([0.1, 0.05, 0.85], "absent"), ([0.1, 0.5, 0.4], "unknown")],
)
def test_murmur_is_decided_by_expected_cost(probabilities, decision):
    assert decide_murmur(np.array(probabilities), Settings()) == decision


@pytest.mark.parametrize("level_db", [None, -36.0])
def test_what_nobody_can_hear_is_no_murmur(level_db):
    limited = limit_inaudible(np.array([0.9, 0.04, 0.06]), murmur_with(PLATEAU, level_db=level_db))
    assert limited[0] < 1 / 6  # of which "present" would be said
    assert limited.sum() == pytest.approx(1)
    assert limited[1] / limited[2] == pytest.approx(4 / 6)
    assert limit_inaudible(np.array([1.0, 0.0, 0.0]), murmur_with(PLATEAU, level_db=level_db)).sum() == pytest.approx(1)
    sure = np.array([0.001, 0.2, 0.799])
    np.testing.assert_allclose(limit_inaudible(sure, murmur_with(PLATEAU, level_db=level_db)), sure)
    heard = np.array([0.9, 0.04, 0.06])
    np.testing.assert_array_equal(limit_inaudible(heard, murmur_with(PLATEAU, level_db=-20.0)), heard)


def test_costs_can_be_set():
    equal = Settings(murmur_cost_present=1, murmur_cost_unknown=1, murmur_cost_absent=1)
    assert decide_murmur(np.array([0.4, 0.0, 0.6]), equal) == "absent"
    assert decide_murmur(np.array([0.4, 0.0, 0.6]), Settings()) == "present"


def test_the_wider_the_norm_the_wider_the_doubt():
    assert s1_intensity.quiet_probability(-12, 4) > s1_intensity.quiet_probability(-12, 8) > 0.5
    assert s1_intensity.quiet_probability(2, 4) < s1_intensity.quiet_probability(2, 8) < 0.5


def test_an_extra_sound_must_come_often_loud_and_clear():
    clear = ExtraSound(share=1.0, level_db=-5.0, prominence_db=20.0, place=0.15)
    assert s3.RULE.probability(clear) > 0.95
    assert s3.RULE.probability(replace(clear, share=0.4)) < 0.5
    assert s3.RULE.probability(replace(clear, level_db=-40.0, prominence_db=5.0)) < 0.5
    assert s3.RULE.probability(NOTHING) == 0


def test_a_click_has_a_place_only_where_it_is_one():
    assert click.place(ExtraSound(1.0, 3.0, 28.0, 0.55)) == 0.55
    assert click.place(ExtraSound(0.5, -20.0, 7.0, 0.55)) is None
    assert click.RULE.probability(ExtraSound(0.5, -20.0, 7.0, 0.55)) < 0.01


def regular(**changes):
    rhythm = Rhythm(
        heart_rate_bpm=72.0, cycle_s=0.83, systole_s=0.33, diastole_s=0.5, rmssd_ms=20.0, pnn50=0.0, variation=0.02,
        sample_entropy=None, irregularity=0.02, premature_beats=0, pauses=(), cycles=14,
    )  # fmt: skip
    return replace(rhythm, **changes)


def sounds_with(**changes):
    sounds = HeartSounds(
        s1_s2_level_db=0.0, s1_s2_spread_db=1.0, s1_s2_by_band_db=(0.0,) * 8, s2_split_ms=None, s2_split_share=0.1,
        s3=NOTHING, s4=NOTHING, click=NOTHING, cycles=14,
    )  # fmt: skip
    return replace(sounds, **changes)


def find(murmur=None, sounds=None, rhythm=None, site="MV", loud=False):
    models = shipped_models().findings
    systolic = np.array([0.98, 0.01, 0.01]) if loud else np.array([0.001, 0.009, 0.99])
    vector, log_odds = np.zeros(len(VECTOR_NAMES)), np.zeros(2)
    features = Features(murmur or murmur_with([0] * 10), sounds or sounds_with(), rhythm or regular(), vector, log_odds)
    return conclude_all(features, Context(site, models, Settings(), systolic))


#: Hears a murmur where the first feature is above 0.
STUMP = Forest(
    roots=np.array([0], dtype=np.int32),
    tested=np.array([0, 0, 0], dtype=np.int32),
    left=np.array([1, -1, -1], dtype=np.int32),
    right=np.array([2, -1, -1], dtype=np.int32),
    threshold=np.zeros(3, dtype=np.float32),
    share=np.array([[0.2, 0.1, 0.7], [0.001, 0.009, 0.99], [0.98, 0.01, 0.01]], dtype=np.float32),
)


def test_the_model_takes_the_vector():
    assert shipped_models().findings.murmur.features <= len(VECTOR_NAMES)
    shares = shipped_models().findings.murmur.probabilities(np.zeros(len(VECTOR_NAMES)))
    assert joint_probabilities(shares, np.zeros(2)).sum() == pytest.approx(1)


def test_trees_and_network_both_count():
    def present(feature, log_odds):
        return joint_probabilities(STUMP.probabilities(np.full(len(VECTOR_NAMES), feature)), np.array([log_odds, -2.0]))[0]

    assert present(1.0, 2.0) > present(-1.0, 2.0)
    assert present(-1.0, 2.0) > present(-1.0, -4.0)


def test_the_registry_holds_the_fields_of_findings_in_order():
    assert [sign.name for sign in SIGNS] == [field.name for field in fields(Findings)]


@pytest.mark.parametrize("sign", SIGNS, ids=lambda sign: sign.name)
def test_what_people_read_is_said_of_values_that_there_are(sign):
    assert sign.title
    assert sign.meaning.endswith(".")
    assert {*sign.phrases, *sign.abnormal, *sign.unremarkable} <= {*sign.choices}
    assert bool(sign.choices) != bool(sign.unit)
    assert not (sign.abnormal & sign.unremarkable)


def test_every_missing_sign_says_why():
    for found in (no_findings("unreadable: noisy"), find(), find(murmur_with(PLATEAU), loud=True)):
        for field in fields(found):
            sign = getattr(found, field.name)
            if isinstance(sign, Finding) and sign.value is None:
                assert sign.reason


def test_a_loud_plateau_is_described():
    found = find(murmur_with(PLATEAU), loud=True)
    assert found.murmur.value == "present"
    assert (found.systolic_timing.value, found.systolic_quality.value) == ("holosystolic", "blowing")
    assert found.grade.value in ("I/VI", "II/VI", "III/VI")
    total = found.murmur.present_probability + found.murmur.unknown_probability + found.murmur.absent_probability
    assert total == pytest.approx(1)


def test_a_murmur_of_diastole_alone_is_a_murmur_and_has_no_systolic_timing():
    found = find(murmur_with([0] * 10, diastole_profile_db=(14, 12, 10, 9, 7, 4, 0, 0, 0, 0)))
    assert found.diastolic_murmur.value == "present"
    assert found.murmur.value == "present"
    assert found.systolic_timing.value is None
    assert "systole" in found.systolic_timing.reason


def test_a_murmur_that_does_not_stand_out_is_not_described():
    found = find(murmur_with([1] * 10), loud=True)
    assert found.systolic_timing.value is None
    assert "stand out" in found.systolic_timing.reason


def test_a_murmur_without_a_spectrum_has_no_character():
    found = find(murmur_with(PLATEAU, spectrum=None), loud=True)
    assert found.systolic_quality.value is None
    assert found.systolic_quality.reason


def test_tones_are_musical():
    tonal = replace(HARSH, harmonicity=0.7)
    assert find(murmur_with(PLATEAU, spectrum=tonal), loud=True).systolic_quality.value == "musical"


@pytest.mark.parametrize(("level_db", "value"), [(-15.0, "quiet"), (0.0, "normal"), (15.0, "loud")])
def test_s1_intensity(level_db, value):
    found = find(sounds=sounds_with(s1_s2_level_db=level_db)).s1_intensity
    assert found.value == value
    assert found.evidence["departure_db"] == pytest.approx(level_db - found.evidence["norm_at_site_db"])


@pytest.mark.parametrize("name", ["s3", "s4", "click"])
def test_an_extra_sound_needs_cycles_to_come_back_in(name):
    loud = ExtraSound(1.0, 5.0, 40.0, 0.15)
    assert getattr(find(sounds=sounds_with(**{name: loud})), name).value == "present"
    few = getattr(find(sounds=sounds_with(**{name: loud}, cycles=5)), name)
    assert few.value is None
    assert "fewer than 6 cycles" in few.reason


def test_split_is_a_value_and_its_width_a_probability():
    wide = find(sounds=sounds_with(s2_split_ms=60.0, s2_split_share=0.9)).s2_split
    narrow = find(sounds=sounds_with(s2_split_ms=25.0, s2_split_share=0.9)).s2_split
    assert wide.value == 60.0
    assert wide.probability > 0.9 > 0.1 > narrow.probability


def test_irregular_rhythm_hides_premature_beats():
    found = find(rhythm=regular(irregularity=0.2, premature_beats=2))
    assert found.irregular_rhythm.value == "present"
    assert found.premature_beats.value is None
    assert find(rhythm=regular(premature_beats=1)).premature_beats.value == "present"
    assert find(rhythm=regular(cycles=3)).irregular_rhythm.value is None


def test_score_shows_its_parts_and_rises_with_each():
    quiet = sounds_with(s1_s2_level_db=-15.0)
    both = find(murmur_with(PLATEAU), quiet, loud=True).mitral_regurgitation
    murmur_only = find(murmur_with(PLATEAU), loud=True).mitral_regurgitation
    neither = find().mitral_regurgitation
    assert both.value > murmur_only.value > neither.value
    assert set(both.evidence) == {"pansystolic_murmur", "quiet_s1", "wide_split_or_s3"}


def test_models_of_another_version_are_refused(tmp_path):
    from murmur.errors import MissingFileError, ParameterError

    with pytest.raises(MissingFileError, match=r"segmentation\.npz"):
        Models.load(tmp_path)
    shipped_models().segmentation.save(tmp_path / "segmentation.npz")
    shipped_models().murmur_network.save(tmp_path / "murmur.npz")
    shipped_models().findings.save(tmp_path / "findings.npz")
    Models.load(tmp_path)
    with np.load(tmp_path / "segmentation.npz") as stored:
        arrays = dict(stored)
    arrays["network.stem_weight"] = arrays["network.stem_weight"][:, :16]
    np.savez(tmp_path / "segmentation.npz", **arrays)
    with pytest.raises(ParameterError, match="another version"):
        Models.load(tmp_path)
    shipped_models().segmentation.save(tmp_path / "segmentation.npz")
    shipped_models().segmentation.network.save(tmp_path / "murmur.npz")
    with pytest.raises(ParameterError, match="32 inputs and 4 outputs a frame, not 36 and 12"):
        Models.load(tmp_path)
    (tmp_path / "segmentation.npz").write_bytes(b"no zip")
    with pytest.raises(ParameterError, match="damaged"):
        Models.load(tmp_path)
