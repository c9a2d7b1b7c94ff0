"""Figures of hand-made cycles, whose every level is known."""

from __future__ import annotations

import dataclasses

import librosa
import numpy as np
import pytest

from murmur.measure import comparison
from murmur.measure import murmur as features
from murmur.measure.comparison import COLUMNS, MURMUR_BANDS, PROFILE_BANDS, Comparison
from murmur.measure.cycles import BANDS_HZ, N_PARTS, CycleLevels, measure_cycles
from murmur.measure.heart_sounds import S1_BAND_HZ, describe_heart_sounds
from murmur.measure.murmur import VECTOR_NAMES
from murmur.measure.sounds import CycleSounds, measure_sounds
from murmur.measure.spectrum import HIGH_HZ, LOW_HZ, describe_spectrum
from murmur.settings import FRAME_RATE_HZ
from murmur.signal.spectrogram import BIN_HZ, N_BINS

CYCLES = 6
ALL = np.ones(CYCLES, dtype=bool)
QUIET_DB = -70.0
N_BANDS = len(BANDS_HZ)


def levels_of(systole_db=0.0, diastole_db=0.0, s1_db=0.0, cycles=CYCLES, gain_db=0.0, spectrum_db=None):
    """Cycles with S2 at −30 dB, and systole and diastole this far above a quiet of −70 dB in every band."""

    def parts(profile_db):
        profile = np.broadcast_to(np.asarray(profile_db, dtype=float).reshape(-1, 1), (N_PARTS, N_BANDS))
        return np.tile(QUIET_DB + profile, (cycles, 1, 1))

    spectra = np.full((2, cycles, N_BINS), QUIET_DB)
    if spectrum_db is not None:
        spectra[0] += spectrum_db
    arrays = (np.full((cycles, N_BANDS), -30.0 + s1_db), np.full((cycles, N_BANDS), -30.0), parts(systole_db))
    return CycleLevels(*((a + gain_db).astype(np.float32) for a in (*arrays, parts(diastole_db), *spectra)))


def bounds_of(cycles=CYCLES, cycle_s=0.8):
    return 0.4 + cycle_s * (np.arange(cycles)[:, None] + np.array([0.0, 0.15, 0.4, 0.52, 1.0]))


def describe_murmur(levels, trusted, click=None):
    return features.describe_murmur(Comparison(levels).summary(trusted), click)


def murmur_vector(levels, bounds_s, trusted):
    return features.murmur_vector(Comparison(levels).summary(trusted), bounds_s[trusted])


# what is compared within each cycle


def comparison_twin(levels):
    """Every column by its own formula, over all cycles at once."""

    def power(level_db):
        return 10.0 ** (np.asarray(level_db, dtype=float) / 10.0)

    def decibels(ratio):
        return 10.0 * np.log10(np.maximum(ratio, 1e-15))

    inner, late, early, middle = slice(2, 8), slice(6, 9), slice(1, 3), slice(3, 6)
    systole_power, diastole_power = power(levels.systole[:, :, MURMUR_BANDS]), power(levels.diastole[:, :, MURMUR_BANDS])
    systole, diastole = systole_power.sum(axis=2), diastole_power.sum(axis=2)
    s2_power = power(levels.s2[:, MURMUR_BANDS]).sum(axis=1)
    floor = np.maximum(diastole[:, late].mean(axis=1), 1e-6 * s2_power)
    mid = systole[:, inner].mean(axis=1)
    bands = list(PROFILE_BANDS)
    s, d = levels.systole[:, :, bands].astype(float), levels.diastole[:, :, bands].astype(float)
    s1, s2 = levels.s1[:, bands], levels.s2[:, bands]
    mid_db, late_db = s[:, inner].mean(axis=1), d[:, late].mean(axis=1)
    low_db = levels.systole[:, inner, 3].mean(axis=1, dtype=float)
    between = 0.5 * (levels.systole.mean(axis=1) + levels.diastole.mean(axis=1))[:, [1, 3]]
    mid_by_band = decibels(systole_power[:, inner].mean(axis=1))
    return {
        "profile": decibels(systole / floor[:, None]),
        "diastole_profile": decibels(diastole / floor[:, None]),
        "mid_systole": decibels(mid / floor),
        "excess": (mid - floor) / s2_power,
        "late_diastole": decibels(floor / s2_power),
        "low_against_s1": low_db - levels.s1[:, 3],
        "low_against_s2": low_db - levels.s2[:, 3],
        "above_late_by_band": mid_by_band - decibels(diastole_power[:, late].mean(axis=1)),
        "against_s2_by_band": mid_by_band - levels.s2[:, MURMUR_BANDS],
        "pairs_above_late": s.reshape(s.shape[0], 5, 2, len(bands)).mean(axis=2) - late_db[:, None],
        "mid_against_s2": mid_db - s2,
        "mid_against_s1": mid_db - s1,
        "early_above_late": d[:, early].mean(axis=1) - late_db,
        "middle_above_late": d[:, middle].mean(axis=1) - late_db,
        "late_against_s2": late_db - s2,
        "mid_above_diastole": mid_db - d.mean(axis=1),
        "mid_above_late": mid_db - late_db,
        "s1_against_s2": levels.s1.astype(float) - levels.s2,
        "sounds_stand_out": np.column_stack([(sound[:, [1, 3]] - between).mean(axis=1) for sound in (levels.s1, levels.s2)]),
        "systole_spectrum": levels.systole_spectrum,
        "late_spectrum": levels.late_diastole_spectrum,
    }


def test_every_column_of_the_comparison_agrees_with_its_twin():
    levels = random_levels(7)
    levels.diastole[2] = -150.0  # late diastole silent: S2's share takes its place
    compared, expected = Comparison(levels), comparison_twin(levels)
    assert set(expected) == set(COLUMNS)
    for name, column in expected.items():
        np.testing.assert_allclose(compared[name], column.reshape(CYCLES, -1), atol=1e-4, err_msg=name)


@pytest.mark.parametrize("most", [1, 1000, 5000])
def test_many_cycles_are_compared_like_few(monkeypatch, most):
    levels = CycleLevels.joined([random_levels(seed) for seed in range(20)])
    few = Comparison(levels)
    monkeypatch.setattr(comparison, "MOST_NUMBERS", most)
    monkeypatch.setattr(comparison, "CHUNK", 16)
    many = Comparison(levels)
    for name in COLUMNS:
        np.testing.assert_array_equal(many[name], few[name], err_msg=name)
    for chosen in (np.arange(len(levels)) % 7 > 0, np.zeros(len(levels), dtype=bool)):
        one, other = few.summary(chosen), many.summary(chosen)
        assert one.cycles == other.cycles == chosen.sum()
        np.testing.assert_array_equal(one.medians, other.medians)
        np.testing.assert_array_equal(list(one.quantiles.values()), list(other.quantiles.values()))


def test_cycles_are_summed_up_by_medians_and_quantiles():
    levels = random_levels(3)
    compared, chosen = Comparison(levels), np.arange(CYCLES) != 2
    ordered, rows = compared.summary(chosen), np.concatenate([compared[name][chosen] for name in COLUMNS], axis=1)
    np.testing.assert_allclose(ordered.medians, np.median(rows, axis=0))
    for share, values in ordered.quantiles.items():
        np.testing.assert_allclose(values, np.quantile(rows, share, axis=0))


# the murmur's shape


def test_silence_in_systole_is_no_murmur():
    murmur = describe_murmur(levels_of(), ALL)
    assert murmur.extent == 0
    assert murmur.onset is murmur.end is None
    assert murmur.above_quiet_db == pytest.approx(0, abs=1e-4)
    assert murmur.late_diastole_quiet


def test_a_plateau_fills_systole_evenly():
    murmur = describe_murmur(levels_of(20.0), ALL)
    assert (murmur.extent, murmur.onset, murmur.end) == (1.0, 0.0, 1.0)
    assert murmur.profile_db == pytest.approx([20.0] * N_PARTS, abs=1e-4)
    assert murmur.above_quiet_db == pytest.approx(20.0, abs=1e-4)
    assert murmur.above_late_diastole_by_band_db == pytest.approx([20.0] * 4, abs=1e-4)
    assert (murmur.evenness_db, murmur.rise_db, murmur.fall_db) == pytest.approx((0, 0, 0), abs=1e-4)


def test_a_diamond_bulges_in_the_middle():
    murmur = describe_murmur(levels_of(20.0 - 3.0 * np.abs(np.arange(N_PARTS) - 4.5)), ALL)
    # the outermost parts lie 12 dB below the top
    assert murmur.rise_db == pytest.approx(12.0, abs=0.1)
    assert murmur.fall_db == pytest.approx(murmur.rise_db, abs=1e-4)
    assert murmur.peak == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize(("sign", "peak"), [(-1, 0.05), (1, 0.95)])
def test_decrescendo_falls_and_crescendo_rises(sign, peak):
    place = np.arange(N_PARTS) if sign < 0 else np.arange(N_PARTS)[::-1]
    murmur = describe_murmur(levels_of(20.0 - 1.5 * place), ALL)
    change, none = (murmur.fall_db, murmur.rise_db) if sign < 0 else (murmur.rise_db, murmur.fall_db)
    assert change == pytest.approx(1.5 * 8, abs=1.6)
    assert none == pytest.approx(0, abs=1.6)
    assert abs(murmur.peak - peak) <= 0.11  # the outermost part speaks no louder than its neighbour


@pytest.mark.parametrize(("first", "last"), [(0, 4), (3, 7), (6, 10)])
def test_a_partial_murmur_has_an_onset_and_an_end(first, last):
    place = np.arange(N_PARTS)
    murmur = describe_murmur(levels_of(np.where((place >= first) & (place < last), 15.0, 0.0)), ALL)
    assert murmur.extent == pytest.approx((last - first) / N_PARTS)
    assert (murmur.onset, murmur.end) == pytest.approx((first / N_PARTS, last / N_PARTS))


def test_the_tails_of_s1_and_s2_are_no_murmur():
    profile = np.zeros(N_PARTS)
    profile[[0, -1]] = 25.0
    assert describe_murmur(levels_of(profile), ALL).extent == 0


def test_a_click_is_no_murmur():
    profile = np.where(np.arange(N_PARTS) == 5, 25.0, 0.0)
    assert describe_murmur(levels_of(profile), ALL).extent == pytest.approx(0.1)
    assert describe_murmur(levels_of(profile), ALL, click=0.55).extent == 0
    murmur = describe_murmur(levels_of(np.maximum(profile, 12.0)), ALL, click=0.55)
    assert murmur.profile_db == pytest.approx([12.0] * N_PARTS, abs=1e-4)


def test_a_murmurs_level_is_against_s2():
    murmur = describe_murmur(levels_of(20.0), ALL)
    assert murmur.level_db == pytest.approx(10 * np.log10(10**-2.0 - 10**-4.0), abs=0.01)
    assert murmur.late_diastole_db == pytest.approx(-40.0, abs=0.01)


def test_late_diastole_is_not_quiet_when_a_murmur_fills_it():
    profile = np.where(np.arange(N_PARTS) >= 5, 12.0, 0.0)
    assert not describe_murmur(levels_of(diastole_db=profile), ALL).late_diastole_quiet


def test_a_minority_of_spoilt_cycles_does_not_count():
    loud, quiet = levels_of(30.0), levels_of()
    mixed = CycleLevels.joined([quiet, loud, quiet])
    trusted = np.ones(3 * CYCLES, dtype=bool)
    assert describe_murmur(mixed, trusted).profile_db == pytest.approx([0.0] * N_PARTS, abs=1e-3)


def test_cycles_that_are_not_trusted_do_not_count():
    mixed = CycleLevels.joined([levels_of(), levels_of(30.0)])
    murmur = describe_murmur(mixed, np.repeat([False, True], CYCLES))
    assert murmur.above_quiet_db == pytest.approx(30.0, abs=1e-3)


def test_mid_systole_is_measured_cycle_by_cycle():
    got = Comparison(CycleLevels.joined([levels_of(12.0, cycles=1), levels_of(5.0, cycles=1)]))["mid_systole"][:, 0]
    np.testing.assert_allclose(got, [12.0, 5.0], atol=1e-3)


def test_a_murmurs_extent_is_measured_cycle_by_cycle():
    half = np.where(np.arange(N_PARTS) < 5, 12.0, 0.0)
    cycles = [levels_of(profile, cycles=1) for profile in (12.0, half, 0.0, 2.0)]
    extents = features.cycle_extents(Comparison(CycleLevels.joined(cycles))["profile"])
    np.testing.assert_allclose(extents, [1.0, 0.5, 0.0, 0.0])
    for cycle, extent in zip(cycles, extents, strict=True):  # a recording of one cycle is as long as that cycle
        assert describe_murmur(cycle, np.ones(1, dtype=bool)).extent == extent


def test_four_fifths_of_the_cycles_lie_between_low_and_high():
    levels = CycleLevels.joined([levels_of(float(db), float(db % 4), cycles=1) for db in range(21)])
    trusted = np.ones(21, dtype=bool)
    profiles = Comparison(levels)
    murmur = describe_murmur(levels, trusted)
    for name in ("profile", "diastole_profile"):
        for end, share in (("low", 0.1), ("high", 0.9)):
            told = getattr(murmur, f"{name}_{end}_db")
            np.testing.assert_allclose(told, np.quantile(profiles[name], share, axis=0), err_msg=f"{name} {end}")
    assert murmur.profile_low_db[5] < murmur.profile_db[5] < murmur.profile_high_db[5]


def test_gain_changes_no_figure_of_the_murmur():
    one, other = (describe_murmur(levels_of(12.0, gain_db=g), ALL).to_dict() for g in (0.0, -25.0))
    for name, value in one.items():
        if name != "spectrum":
            assert other[name] == pytest.approx(value, abs=1e-3), name


def random_levels(seed):
    rng = np.random.default_rng(seed)
    plain = levels_of()
    arrays = (getattr(plain, f.name) for f in dataclasses.fields(plain))
    return CycleLevels(*((a + 8 * rng.standard_normal(a.shape)).astype(np.float32) for a in arrays))


def test_the_murmur_vector_has_a_name_for_each_element():
    vector = murmur_vector(random_levels(0), bounds_of(), ALL)
    assert vector.shape == (len(VECTOR_NAMES),)
    assert len(set(VECTOR_NAMES)) == len(VECTOR_NAMES)
    assert np.isfinite(vector).all()


def test_the_murmur_vector_knows_no_gain():
    levels = random_levels(1)
    louder = CycleLevels(*(getattr(levels, f.name) + np.float32(17.0) for f in dataclasses.fields(levels)))
    vectors = (murmur_vector(each, bounds_of(), ALL) for each in (levels, louder))
    np.testing.assert_allclose(*vectors, atol=1e-4)


def test_the_murmur_vector_takes_trusted_cycles_alone():
    both = CycleLevels.joined([random_levels(2), random_levels(3)])
    bounds_s = np.concatenate([bounds_of(), bounds_of(cycle_s=1.1)])
    got = murmur_vector(both, bounds_s, np.repeat([False, True], CYCLES))
    np.testing.assert_array_equal(got, murmur_vector(random_levels(3), bounds_of(cycle_s=1.1), ALL))


def named(vector, name):
    return vector[VECTOR_NAMES.index(name)]


def test_elements_of_the_murmur_vector_are_what_their_names_say():
    vector = murmur_vector(levels_of(12.0, s1_db=-5.0), bounds_of(cycle_s=0.5), ALL)
    assert named(vector, "systole part 2 above late diastole, 150-260 Hz") == pytest.approx(12.0, abs=1e-3)
    assert named(vector, "mid-systole against S2, 80-150 Hz") == pytest.approx(-28.0, abs=1e-3)
    assert named(vector, "S1 against S2, 60-100 Hz") == pytest.approx(-5.0, abs=1e-3)
    assert named(vector, "late diastole against S2, 260-400 Hz") == pytest.approx(-40.0, abs=1e-3)
    assert named(vector, "log2 cycle") == pytest.approx(-1.0)
    assert named(vector, "systole share") == pytest.approx(0.4)


# levels of cycles, from the spectrogram


def test_measured_levels_are_those_of_the_frames():
    """Every state has a level of its own in a spectrogram made by hand."""
    bounds_s = np.array([[0.5, 0.6, 0.9, 1.0, 1.5]])
    power = np.full((200, N_BINS), 1e-6, dtype=np.float32)
    for (start_s, end_s), level in zip(((0.5, 0.6), (0.6, 0.9), (0.9, 1.0)), (1e-2, 1e-4, 1e-3), strict=True):
        power[round(start_s * FRAME_RATE_HZ) : round(end_s * FRAME_RATE_HZ)] = level
    levels = measure_cycles(power, 0, bounds_s)
    bins = np.array([high - low for low, high in BANDS_HZ]) / (BIN_HZ[1] - BIN_HZ[0])
    np.testing.assert_allclose(levels.s1[0], 10 * np.log10(1e-2 * bins), atol=0.01)
    np.testing.assert_allclose(levels.s2[0], 10 * np.log10(1e-3 * bins), atol=0.01)
    np.testing.assert_allclose(levels.systole[0], np.tile(10 * np.log10(1e-4 * bins), (N_PARTS, 1)), atol=0.01)
    np.testing.assert_allclose(levels.diastole[0], np.tile(10 * np.log10(1e-6 * bins), (N_PARTS, 1)), atol=0.01)
    np.testing.assert_allclose(levels.systole_spectrum, -40.0, atol=0.01)
    np.testing.assert_allclose(levels.late_diastole_spectrum, -60.0, atol=0.01)


def test_measured_levels_do_not_depend_on_where_the_spectrogram_begins():
    rng = np.random.default_rng(5)
    power, bounds_s = rng.random((300, N_BINS)).astype(np.float32), bounds_of(2)
    whole, part = measure_cycles(power, 0, bounds_s), measure_cycles(power[30:], 30, bounds_s)
    for field in dataclasses.fields(whole):
        np.testing.assert_array_equal(getattr(whole, field.name), getattr(part, field.name))


# pitch and character


@pytest.fixture
def spectrum():
    rng = np.random.default_rng(9)
    return np.exp(-(((BIN_HZ - 300.0) / 150.0) ** 2)) * rng.uniform(0.5, 1.5, N_BINS)


def librosa_arguments(spectrum):
    inside = (BIN_HZ >= LOW_HZ) & (BIN_HZ <= HIGH_HZ)
    return spectrum[inside, None], BIN_HZ[inside]


def test_the_spectrums_shape_is_librosas(spectrum):
    shape = describe_spectrum(spectrum)
    power, frequency = librosa_arguments(spectrum)
    assert shape.centroid_hz == pytest.approx(librosa.feature.spectral_centroid(S=power, freq=frequency).item())
    assert shape.bandwidth_hz == pytest.approx(librosa.feature.spectral_bandwidth(S=power, freq=frequency).item())
    rolloff_hz = librosa.feature.spectral_rolloff(S=power, freq=frequency, roll_percent=0.85).item()
    assert shape.rolloff_hz == pytest.approx(rolloff_hz)
    flatness = librosa.feature.spectral_flatness(S=power, power=1.0, amin=1e-6 * power.max()).item()
    assert shape.flatness == pytest.approx(flatness)


def test_a_flat_spectrum_is_flat():
    shape = describe_spectrum(np.ones(N_BINS))
    assert shape.flatness == pytest.approx(1)
    assert shape.entropy == pytest.approx(1)
    assert shape.harmonicity == 0


def test_a_tone_is_anything_but_flat():
    tone = np.full(N_BINS, 1e-4)
    tone[20] = 1.0
    shape = describe_spectrum(tone)
    assert shape.centroid_hz == pytest.approx(BIN_HZ[20], rel=0.02)
    assert shape.flatness < 0.01
    assert shape.entropy < 0.1
    assert shape.harmonicity > 0.6


def test_what_lies_outside_the_murmur_band_does_not_count(spectrum):
    louder = spectrum + 1e3 * ((BIN_HZ < LOW_HZ) | (BIN_HZ > HIGH_HZ))
    assert describe_spectrum(louder) == describe_spectrum(spectrum)


def test_gain_changes_no_shape(spectrum):
    assert describe_spectrum(1e-9 * spectrum).to_dict() == pytest.approx(describe_spectrum(spectrum).to_dict(), rel=1e-5)


def test_nothing_has_no_shape():
    assert describe_spectrum(np.zeros(N_BINS)) is None


def test_the_murmurs_spectrum_is_that_above_late_diastole():
    peak_db = np.where(np.abs(BIN_HZ - 400.0) < 60.0, 30.0, 0.0)
    spectrum = describe_murmur(levels_of(10.0, spectrum_db=peak_db), ALL).spectrum
    assert spectrum.centroid_hz == pytest.approx(400.0, abs=10)
    assert spectrum.bandwidth_hz < 60


# S1, S2 and the sounds beside them


def sounds_of(cycles=CYCLES, **columns):
    """Short sounds with the columns given, and nothing else."""
    names = [f.name for f in dataclasses.fields(CycleSounds)]
    assert set(columns) <= set(names)
    return CycleSounds(*(np.broadcast_to(columns.get(n, np.nan), cycles).astype(float) for n in names))


def heart_sounds(levels=None, trusted=ALL, **columns):
    ordered = Comparison(levels or levels_of()).summary(trusted)
    return describe_heart_sounds(ordered, sounds_of(**columns), trusted)


def test_s1_is_measured_against_s2():
    sounds = heart_sounds(levels_of(s1_db=-7.0))
    assert sounds.s1_s2_level_db == pytest.approx(-7.0, abs=1e-4)
    assert sounds.s1_s2_spread_db == pytest.approx(0, abs=1e-4)
    assert sounds.s1_s2_by_band_db == pytest.approx([-7.0] * N_BANDS, abs=1e-4)


def test_the_level_of_s1_is_that_between_60_and_100_hz():
    levels = levels_of()
    levels.s1[:, BANDS_HZ.index(S1_BAND_HZ)] -= 5.0
    assert heart_sounds(levels).s1_s2_level_db == pytest.approx(-5.0, abs=1e-4)


def test_s2_is_split_when_most_cycles_show_two_components():
    sounds = heart_sounds(s2_split_s=[0.048, 0.050, 0.052, 0.049, np.nan, 0.09], s2_dip_db=[5, 6, 4, 5, np.nan, 5])
    assert sounds.s2_split_ms == pytest.approx(50.0, abs=1.0)
    assert sounds.s2_split_share == pytest.approx(4 / 6)


@pytest.mark.parametrize(
    ("split_s", "dip_db"),
    [
        ([0.05, 0.05, np.nan, np.nan, np.nan, np.nan], 5.0),  # seldom
        (0.05, 1.0),  # the dip is shallow
        ([0.02, 0.05, 0.08, 0.03, 0.06, 0.09], 5.0),  # anywhere
    ],
)
def test_s2_is_single_otherwise(split_s, dip_db):
    assert heart_sounds(s2_split_s=split_s, s2_dip_db=dip_db).s2_split_ms is None


@pytest.mark.parametrize(
    ("sound", "place", "place_name"), [("s3", 0.15, "lag_s"), ("s4", 0.11, "lead_s"), ("click", 0.6, "place")]
)
class TestExtraSounds:
    def columns(self, sound, place, place_name, level_db=-8.0, prominence_db=12.0):
        values = (level_db, prominence_db, place)
        return dict(zip((f"{sound}_level_db", f"{sound}_prominence_db", f"{sound}_{place_name}"), values, strict=True))

    def test_one_that_comes_in_every_cycle(self, sound, place, place_name):
        extra = getattr(heart_sounds(**self.columns(sound, place, place_name)), sound)
        assert (extra.share, extra.level_db, extra.prominence_db, extra.place) == pytest.approx((1.0, -8.0, 12.0, place))

    def test_one_that_wanders_is_not_at_its_place(self, sound, place, place_name):
        wandering = place + np.array([-0.3, 0.0, 0.0, 0.0, 0.3, 0.3])
        extra = getattr(heart_sounds(**self.columns(sound, wandering, place_name)), sound)
        assert extra.share == pytest.approx(0.5)
        assert extra.place == pytest.approx(place)

    def test_two_places_are_no_place(self, sound, place, place_name):
        columns = self.columns(sound, place + np.repeat([-0.2, 0.2], CYCLES // 2), place_name)
        assert getattr(heart_sounds(**columns), sound).share == 0

    def test_one_without_prominence_is_none(self, sound, place, place_name):
        extra = getattr(heart_sounds(**self.columns(sound, place, place_name, prominence_db=2.0)), sound)
        assert (extra.share, extra.level_db, extra.prominence_db, extra.place) == (0.0, None, None, None)

    def test_none_at_all(self, sound, place, place_name):
        assert getattr(heart_sounds(), sound).share == 0

    def test_untrusted_cycles_do_not_count(self, sound, place, place_name):
        level_db = np.where(np.arange(CYCLES) < 3, -8.0, 20.0)
        columns = self.columns(sound, place, place_name, level_db=level_db)
        extra = getattr(heart_sounds(trusted=np.arange(CYCLES) < 3, **columns), sound)
        assert extra.share == 1
        assert extra.level_db == pytest.approx(-8.0)


def test_short_sounds_are_measured_in_seconds():
    k = np.arange(600)
    low = sum(np.exp(-0.5 * ((k - at) / 8) ** 2) * level for at, level in ((110, 1.0), (270, 1.0), (345, 0.05)))
    envelope = np.repeat((low + 1e-6).astype(np.float32)[:, None], 3, axis=1)
    sounds = measure_sounds(envelope, 0, np.array([[0.2, 0.3, 0.52, 0.62, 1.1]]))
    assert len(sounds) == 1
    assert sounds.s3_lag_s[0] == pytest.approx(345 / 500 - 0.52)
    assert sounds.s3_level_db[0] == pytest.approx(-13.0, abs=0.1)


@pytest.mark.parametrize("kind", [CycleLevels, CycleSounds])
def test_no_cycles_have_the_shape_of_cycles(kind):
    assert len(kind.none()) == 0
    assert len(kind.joined([])) == 0
