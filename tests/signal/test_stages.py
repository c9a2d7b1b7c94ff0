"""The stages of the stream: the same whatever the blocks, in time, in level, and steady when the input is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import signal

from murmur.learned.network import FRAMES_PER_STEP
from murmur.segmentation.decoding import Decoder, Spans
from murmur.segmentation.durations import (
    LONGEST_S,
    SHORTEST_S,
    WITHIN_SHARE,
    DurationModel,
    fit_durations,
    tabulate,
)
from murmur.segmentation.emissions import CLIP, N_BANDS, Emitter, Normalizer, log_bands_filterbank
from murmur.segmentation.result import State
from murmur.settings import ANALYSIS_RATE_HZ, FRAME_RATE_HZ, HOP, Settings
from murmur.signal.conditioning import Conditioner
from murmur.signal.envelopes import ENVELOPE_HOP, Envelopes
from murmur.signal.framing import Framer
from murmur.signal.spectrogram import BIN_HZ, N_BINS, Spectrogram
from murmur.signal.stream_buffer import StreamBuffer

RATES_HZ = [1000, 2000, 4000, 4001, 4234.5, 8000, 11025, 44100, 48000, 192000]


def whole(stage, rows):
    """All that a stage gives for one block."""
    return stage.push(rows, last=True)


def pushed(stage, blocks):
    """What a stage gives for each block, and then for the end, of which it hears only afterwards."""
    return [*(stage.push(block) for block in blocks), stage.push(blocks[0][:0], last=True)]


def in_blocks(stage, blocks):
    return np.concatenate(pushed(stage, blocks))


def conditioned(blocks, sample_rate_hz=4000.0, **settings):
    """Conditioned samples and the flags of limited ones."""
    parts = pushed(Conditioner(sample_rate_hz, Settings(**settings)), blocks)
    return np.concatenate([p.samples for p in parts]), np.concatenate([p.limited for p in parts])


def tone(frequency_hz, sample_rate_hz, duration_s=1.5, amplitude=0.5):
    time_s = np.arange(round(duration_s * sample_rate_hz)) / sample_rate_hz
    return (amplitude * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.float32)


def burst(at_s, sample_rate_hz, duration_s=2.0, frequency_hz=150.0, deviation_s=0.01):
    time_s = np.arange(round(duration_s * sample_rate_hz)) / sample_rate_hz - at_s
    bell = np.exp(-0.5 * (time_s / deviation_s) ** 2)
    return (bell * np.cos(2 * np.pi * frequency_hz * time_s)).astype(np.float32)


@pytest.fixture(scope="module")
def clean(listen):
    """Conditioned samples of a phantom, 20 s."""
    return conditioned([listen(20.0).samples])[0]


@pytest.fixture(scope="module")
def bands(clean):
    return whole(Normalizer(), whole(Spectrogram(), clean))


@pytest.fixture(scope="module")
def posteriors(bands, models):
    return whole(Emitter(models.segmentation.network), bands)


# any cutting gives the same bits


@pytest.mark.parametrize("sample_rate_hz", [2000, 4000, 4234.5, 11025])
def test_conditioner_does_not_see_blocks(listen, cut, sample_rate_hz):
    samples = listen(10.0).samples[: int(3.1 * sample_rate_hz)].copy()
    samples[int(2.6 * sample_rate_hz) :][:40] = 5.0
    expected, expected_limited = conditioned([samples], sample_rate_hz)
    got, limited = conditioned(cut(samples), sample_rate_hz)
    assert limited.any()
    np.testing.assert_array_equal(got, expected)
    np.testing.assert_array_equal(limited, expected_limited)


def test_clipped_fraction_does_not_see_blocks(listen, cut):
    samples = np.clip(listen().samples[:8000], -0.1, 0.1)
    once, often = Conditioner(4000, Settings()), Conditioner(4000, Settings())
    once.push(samples)
    for block in cut(samples):
        often.push(block)
    assert once.clipped_fraction == often.clipped_fraction > 0.01


@pytest.mark.parametrize("stage", [Spectrogram, Envelopes])
@pytest.mark.parametrize("n", [1, 19, 20, 21, 5003])
def test_frames_do_not_see_blocks(clean, cut, stage, n):
    samples = clean[:n]
    np.testing.assert_array_equal(in_blocks(stage(), cut(samples)), whole(stage(), samples))


def test_normalizer_does_not_see_blocks(clean, cut):
    power = whole(Spectrogram(), clean[:10000])
    power[120:200] = 0.0
    np.testing.assert_array_equal(in_blocks(Normalizer(), cut(power)), whole(Normalizer(), power))


@pytest.mark.parametrize("frames", [1, 2, 700, 701])
def test_emitter_does_not_see_blocks(bands, models, cut, frames):
    network, rows = models.segmentation.network, bands[:frames]
    got = in_blocks(Emitter(network), cut(rows))
    assert got.shape == (frames, 4)
    np.testing.assert_array_equal(got, whole(Emitter(network), rows))


def decoded(tables, blocks):
    return Spans.joined(pushed(Decoder(tables), blocks))


def test_decoder_does_not_see_blocks(posteriors, models, cut):
    tables = models.segmentation.tables
    expected, got = decoded(tables, [posteriors]), decoded(tables, cut(posteriors))
    np.testing.assert_array_equal(got.start, expected.start)
    np.testing.assert_array_equal(got.state, expected.state)


# the sample clock and the pass band


@pytest.mark.parametrize("sample_rate_hz", RATES_HZ)
def test_a_sound_stays_where_it_is(sample_rate_hz):
    at_s = 1.23
    samples, _ = conditioned([burst(at_s, sample_rate_hz)], sample_rate_hz)
    energy = samples.astype(float) ** 2
    centre_s = np.average(np.arange(samples.size) / ANALYSIS_RATE_HZ, weights=energy)
    assert centre_s == pytest.approx(at_s, abs=0.0005)
    assert whole(Spectrogram(), samples).sum(axis=1).argmax() == round(at_s * FRAME_RATE_HZ)
    middle_band = whole(Envelopes(), samples)[:, 1]
    assert abs(middle_band.argmax() * ENVELOPE_HOP / ANALYSIS_RATE_HZ - at_s) <= ENVELOPE_HOP / ANALYSIS_RATE_HZ


@pytest.mark.parametrize("sample_rate_hz", [4001, 4234.5, 11025])
def test_the_clock_does_not_drift(sample_rate_hz):
    at_s = 119.2
    samples, _ = conditioned([burst(at_s, sample_rate_hz, duration_s=120.0)], sample_rate_hz)
    energy = samples.astype(float) ** 2
    assert np.average(np.arange(samples.size) / ANALYSIS_RATE_HZ, weights=energy) == pytest.approx(at_s, abs=0.0005)


@pytest.mark.parametrize("sample_rate_hz", RATES_HZ)
def test_the_length_is_that_of_the_recording(sample_rate_hz):
    n = round(1.7 * sample_rate_hz) + 1
    samples, limited = conditioned([np.zeros(n, dtype=np.float32)], sample_rate_hz)
    assert samples.size == limited.size == np.ceil(n * ANALYSIS_RATE_HZ / sample_rate_hz)


@pytest.mark.parametrize("sample_rate_hz", RATES_HZ)
def test_the_pass_band_is_flat_but_for_the_high_pass(sample_rate_hz):
    for frequency_hz in (40.0, 60.0, 150.0, 390.0, 700.0):
        if frequency_hz > 0.4 * sample_rate_hz:
            continue
        samples, _ = conditioned([tone(frequency_hz, sample_rate_hz)], sample_rate_hz)
        middle = samples[600:-600].astype(float)
        expected_db = -10 * np.log10(1 + (20.0 / frequency_hz) ** 4)
        assert 10 * np.log10(np.mean(middle**2) / 0.125) == pytest.approx(expected_db, abs=0.1)


def test_the_high_pass_is_butterworths():
    samples = np.random.default_rng(1).standard_normal(4000).astype(np.float32)
    sos = signal.butter(2, 20.0, "highpass", fs=ANALYSIS_RATE_HZ, output="sos")
    zi = signal.sosfilt_zi(sos)
    conditioner = Conditioner(2000, Settings(spike_factor=1e9))
    # at 2 kHz the resampler is a low-pass at the band's edge: take it off by using what it passes alone
    smooth = signal.sosfiltfilt(signal.butter(12, 600, fs=2000, output="sos"), samples).astype(np.float32)
    got = conditioner.push(smooth, last=True).samples
    expected, _ = signal.sosfilt(sos, smooth.astype(float), zi=zi * smooth[0])
    np.testing.assert_allclose(got[100:-100], expected[100:-100], atol=0.01)


@pytest.mark.parametrize("frequency_hz", [1300.0, 1500.0, 1900.0, 2600.0, 3700.0])
def test_what_lies_above_the_band_does_not_fold_into_it(frequency_hz):
    samples, _ = conditioned([tone(frequency_hz, 8000)], 8000)
    spectrum = np.abs(np.fft.rfft(samples[400:2400] * np.blackman(2000))) ** 2
    frequency = np.fft.rfftfreq(2000, 1 / ANALYSIS_RATE_HZ)
    loudest = np.abs(np.fft.rfft(tone(500.0, 2000)[400:2400] * np.blackman(2000))).max() ** 2
    assert 10 * np.log10(spectrum[frequency < 800].max() / loudest) < -50


def test_an_offset_is_no_sound():
    samples, _ = conditioned([np.full(8000, 0.5, dtype=np.float32)])
    assert np.abs(samples).max() < 1e-4


@pytest.mark.parametrize("frequency_hz", [125.0, 203.0, 610.0])
def test_the_spectrum_of_a_tone_adds_up_to_its_power(frequency_hz):
    power = whole(Spectrogram(), tone(frequency_hz, ANALYSIS_RATE_HZ, amplitude=0.2))
    np.testing.assert_allclose(power[10:-10].sum(axis=1), 0.2**2 / 2, rtol=0.02)
    assert abs(BIN_HZ[power[75].argmax()] - frequency_hz) < 8


def test_the_envelope_of_a_tone_is_a_quarter_of_its_amplitude_squared():
    """A real tone is two phasors of half its amplitude, and the filter takes one."""
    for band, frequency_hz in enumerate((32.0, 110.0, 320.0)):
        power = whole(Envelopes(), tone(frequency_hz, ANALYSIS_RATE_HZ, amplitude=0.2))
        assert np.median(power[:, band]) == pytest.approx(0.2**2 / 4, rel=0.05)


# friction spikes


@pytest.mark.parametrize("heart_rate_bpm", [45.0, 60.0, 75.0, 110.0, 150.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_normal_beats_are_no_spikes(listen, heart_rate_bpm, seed):
    _, limited = conditioned([listen(10.0, seed, heart_rate_bpm=heart_rate_bpm).samples])
    assert not limited.any()


def test_a_friction_spike_is_limited(listen):
    samples = listen().samples
    spiked = samples.copy()
    lobe = slice(24000, 24012)  # 3 ms at 6 s
    spiked[lobe] += 10 * np.abs(samples).max() * np.hanning(12).astype(np.float32)
    clean, _ = conditioned([samples])
    got, limited = conditioned([spiked])
    assert limited[12000:12008].any()
    assert not limited[:11990].any()
    assert not limited[12200:].any()
    assert np.abs(got[11900:12200]).max() < 3.1 * np.abs(clean).max()
    np.testing.assert_allclose(got[12400:], clean[12400:], atol=1e-3)


@pytest.mark.parametrize("level", [0.0, 0.01, 0.1])
def test_beats_after_lost_contact_are_no_spikes(listen, level):
    samples = listen(15.0).samples.copy()
    samples[24000:36000] = level * samples.std() * np.random.default_rng(0).standard_normal(12000)
    _, limited = conditioned([samples])
    assert not limited.any()


def test_a_step_in_gain_is_no_spike_for_long(listen):
    samples = listen(12.0).samples.copy()
    samples[24000:] *= 10.0
    _, limited = conditioned([samples])
    assert limited[12000:].any()
    assert not limited[12000 + 3 * ANALYSIS_RATE_HZ :].any()


def test_spike_factor_sets_what_a_spike_is(listen):
    samples = listen().samples
    _, limited = conditioned([samples], spike_factor=1.05)
    assert limited.any()


# the running normalisation


def normalized(samples):
    return whole(Normalizer(), whole(Spectrogram(), samples))


@pytest.mark.parametrize("gain", [0.01, 1000.0, -1.0])
def test_gain_and_polarity_are_normalized_away(clean, bands, gain):
    np.testing.assert_allclose(normalized(gain * clean), bands, atol=1e-4)


def test_posteriors_of_a_stretch_do_not_depend_on_what_was_long_before(bands, posteriors, models):
    network = models.segmentation.network
    before, memory = 350 * FRAMES_PER_STEP, network.memory * FRAMES_PER_STEP
    got = whole(Emitter(network), bands[before:])
    np.testing.assert_allclose(got[memory:], posteriors[before + memory :], atol=1e-5)


def test_normalized_bands_are_standardized(bands):
    late = bands[500:]
    assert np.abs(late.mean(axis=0)).max() < 0.4
    assert 0.6 < late.std() < 1.2


def test_digital_silence_is_the_lowest_there_is():
    silence = normalized(np.zeros(6000, dtype=np.float32))
    np.testing.assert_array_equal(silence, np.full((300, N_BANDS), -CLIP))


@pytest.mark.parametrize("level", [0.0, 0.01])
def test_lost_contact_leaves_no_trace(clean, level):
    """Three seconds of silence, or of noise 40 dB lower, change nothing of what comes after."""
    power = whole(Spectrogram(), clean)
    hiss = level * clean.std() * np.random.default_rng(0).standard_normal(3 * ANALYSIS_RATE_HZ)
    gap = whole(Spectrogram(), hiss.astype(np.float32))
    without, with_gap = Normalizer(), Normalizer()
    without.push(power[:1000])
    with_gap.push(np.concatenate([power[:1000], gap]))
    np.testing.assert_array_equal(with_gap.push(power[1000:]), without.push(power[1000:]))


@pytest.mark.parametrize("gain", [10.0, 0.1])
def test_normalisation_recovers_from_a_step_in_gain_within_3_s(clean, bands, gain):
    stepped = clean.copy()
    stepped[16000:] *= gain
    departure = np.abs(normalized(stepped) - bands).mean(axis=1)
    assert departure[800:850].mean() > 1.0
    assert departure[1100:1200].mean() < 0.65
    assert departure[1400:1600].mean() < 0.35


def test_statistics_start_when_the_first_second_is_complete(clean):
    power, normalizer = whole(Spectrogram(), clean), Normalizer()
    assert normalizer.push(power[:90]).shape == (0, N_BANDS)
    assert normalizer.push(power[90:150]).shape == (150, N_BANDS)


def test_a_recording_shorter_than_a_second_is_normalized_at_its_end(clean):
    power = whole(Spectrogram(), clean[:1000])
    assert whole(Normalizer(), power).shape == (50, N_BANDS)


def test_sound_in_scraps_does_not_hold_the_stream_up_for_ever(clean):
    power = np.zeros((700, N_BINS), dtype=np.float32)
    power[::10] = whole(Spectrogram(), clean)[:70]
    assert Normalizer().push(power).shape[0] == 700


def test_bands_are_means_of_bins():
    weights, starts, stops = log_bands_filterbank()
    np.testing.assert_allclose(weights.sum(axis=0), 1.0, rtol=1e-6)
    for eight, start, stop in zip(np.split(weights, N_BANDS // 8, axis=1), starts, stops, strict=True):
        assert eight[start].any()
        assert eight[stop - 1].any()
        assert not eight[:start].any()
        assert not eight[stop:].any()
    assert (np.diff(BIN_HZ @ weights) > 0).all()


# posteriors


def test_posteriors_are_probabilities(posteriors):
    np.testing.assert_allclose(np.exp(posteriors).sum(axis=1), 1.0, rtol=1e-5)


def test_posteriors_do_not_look_beyond_the_lookahead(bands, posteriors, models):
    """What changes from frame 600 on changes nothing before it by more than the lookahead."""
    network = models.segmentation.network
    changed = bands.copy()
    changed[600:] *= -1.0
    got = whole(Emitter(network), changed)
    unchanged = 600 - network.lookahead
    np.testing.assert_array_equal(got[:unchanged], posteriors[:unchanged])
    assert np.abs(got - posteriors)[unchanged : 600 + 50].max() > 0.1


@pytest.mark.parametrize("silent", [1, 2, 37])
def test_silence_before_changes_no_posterior(bands, posteriors, models, cut, silent):
    rows = np.concatenate([np.full((silent, N_BANDS), -CLIP, dtype=np.float32), bands])
    for blocks in ([rows], cut(rows), [rows[:silent], rows[silent:]]):
        emitter = Emitter(models.segmentation.network)
        emitter.begin_at(silent)
        np.testing.assert_array_equal(in_blocks(emitter, blocks)[silent:], posteriors)


def test_a_step_may_be_set_late_in_a_silence(bands, posteriors, models):
    emitter, silence = Emitter(models.segmentation.network), np.full((37, N_BANDS), -CLIP, dtype=np.float32)
    parts = [emitter.push(silence[:31])]
    emitter.begin_at(37)
    parts += [emitter.push(silence[31:]), emitter.push(bands, last=True)]
    np.testing.assert_array_equal(np.concatenate(parts)[37:], posteriors)


def test_posteriors_are_late_by_the_lookahead_alone(bands, models):
    emitter, network = Emitter(models.segmentation.network), models.segmentation.network
    assert emitter.push(bands[:400]).shape[0] == 400 - network.lookahead


# decoding


def check_order(spans, frames):
    assert spans.start[0] == 0
    assert spans.start[-1] < frames
    assert (np.diff(spans.start) > 0).all()
    np.testing.assert_array_equal(spans.state[1:], spans.state[:-1] % 4 + 1)


def check_durations(spans):
    """Within the tables but at the ends; a pause is a diastole of any length."""
    length_s, state = np.diff(spans.start)[1:] / FRAME_RATE_HZ, spans.state[1:-1] - State.S1
    assert (length_s >= np.array(SHORTEST_S)[state] - 1e-9).all()
    assert ((length_s <= np.array(LONGEST_S)[state] + 1e-9) | (state == State.DIASTOLE - State.S1)).all()


def test_a_decoded_path_is_a_heart(posteriors, models):
    spans = decoded(models.segmentation.tables, [posteriors])
    check_order(spans, posteriors.shape[0])
    check_durations(spans)


@pytest.mark.parametrize("first", [7, 8])
def test_silence_before_the_sound_moves_what_is_decoded(posteriors, models, first):
    """Steps begin with the sound, whether that is at an even or at an odd frame."""
    silence = np.tile(np.log(np.array([1e-4, 1e-4, 1e-4, 1 - 3e-4], dtype=np.float32)), (first, 1))
    late = Decoder(models.segmentation.tables)
    late.begin_at(first)
    moved = Spans.joined(pushed(late, np.array_split(np.concatenate([silence, posteriors]), 40)))
    still = decoded(models.segmentation.tables, [posteriors])
    check_order(moved, posteriors.shape[0] + first)
    np.testing.assert_array_equal(moved.start[-90:] - first, still.start[-90:])
    np.testing.assert_array_equal(moved.state[-90:], still.state[-90:])


def test_spans_come_before_the_end(posteriors, models):
    decoder = Decoder(models.segmentation.tables)
    early = decoder.push(posteriors)
    assert early.start[-1] > posteriors.shape[0] - 400


def uniform(seconds):
    return np.full((seconds * FRAME_RATE_HZ, 4), -np.log(4), dtype=np.float32)


def test_without_evidence_memory_stays_bounded(models):
    """Nothing tells one path from another for a minute: the decoder has to decide for itself."""
    tables = models.segmentation.tables
    spans = decoded(tables, [uniform(60)])
    check_order(spans, 6000)
    check_durations(spans)
    in_parts = decoded(tables, np.array_split(uniform(60), 7))
    np.testing.assert_array_equal(in_parts.start, spans.start)


def test_two_minutes_of_silence_are_one_pause(posteriors, models):
    silence = np.tile(np.log(np.array([1e-4, 1e-4, 1e-4, 1 - 3e-4], dtype=np.float32)), (12000, 1))
    stream = np.concatenate([posteriors, silence, posteriors])
    spans = decoded(models.segmentation.tables, np.array_split(stream, 50))
    check_order(spans, stream.shape[0])
    check_durations(spans)
    length = np.diff(spans.start)
    assert length.max() > 11900
    after = spans.start[length.argmax() + 1 :]
    usual = decoded(models.segmentation.tables, [posteriors]).start + posteriors.shape[0] + 12000
    assert np.isin(after[8:], usual).mean() > 0.95


def test_a_diastole_that_ends_the_recording_may_be_longer_than_any(posteriors, models):
    silence = np.tile(np.log(np.array([1e-4, 1e-4, 1e-4, 1 - 3e-4], dtype=np.float32)), (300, 1))
    spans = decoded(models.segmentation.tables, [posteriors, silence])
    check_order(spans, posteriors.shape[0] + 300)
    assert spans.state[-1] == State.DIASTOLE
    assert spans.start[-1] < posteriors.shape[0] + 30


def test_the_rate_may_change(models):
    """Beats of 1 s give way to beats of 0.5 s, both plain to hear."""

    def beats(seconds_each, count):
        edges = np.round(np.array([0.12, 0.3, 0.1]) * FRAME_RATE_HZ * min(seconds_each + 0.2, 1.0)).astype(int)
        lengths = [*edges, round(seconds_each * FRAME_RATE_HZ) - edges.sum()]
        return np.tile(np.repeat(np.arange(4), lengths), count)

    state = np.concatenate([beats(1.0, 12), beats(0.5, 24)])
    log_posteriors = np.where(np.arange(4) == state[:, None], np.log(0.94), np.log(0.02)).astype(np.float32)
    spans = decoded(models.segmentation.tables, [log_posteriors])
    onsets = spans.start[spans.state == State.S1]
    assert onsets.size == 36
    assert np.abs(np.diff(onsets)[:11] - 100).max() <= 2
    assert np.abs(np.diff(onsets)[13:] - 50).max() <= 2


# durations


@pytest.fixture(scope="module")
def durations():
    return DurationModel(np.array([0.10, 0.12, 0.09]), np.array([0.01, 0.12, 0.01]), np.full(3, 0.02), 0.09)


def test_duration_tables_are_distributions(durations):
    tables = tabulate(durations)
    total = np.exp(tables.log_p).sum(axis=1)
    total[3] += np.exp(tables.log_outlast)  # a pause
    np.testing.assert_allclose(total, 1.0)
    np.testing.assert_allclose(np.exp(tables.log_residual).sum(axis=2), 1.0)
    np.testing.assert_allclose(np.exp(tables.log_a).sum(axis=1), 1.0)
    assert np.exp(tables.log_stay) + np.exp(tables.log_end) == pytest.approx(1.0)


def test_survival_is_the_sum_of_what_is_as_long_or_longer(durations):
    tables = tabulate(durations)
    for s, c in np.ndindex(tables.longest.shape):
        first, last = tables.shortest[s, c], tables.longest[s, c]
        pause = np.exp(tables.log_outlast) if s == 3 else 0.0
        probability = np.exp(tables.log_p[s, : last - first + 1, c])
        for d in range(1, tables.longest[s].max() + 1):
            expected = probability[max(d - first, 0) :].sum() + pause if d <= last else 0.0
            assert np.exp(tables.log_survival[s, c, d]) == pytest.approx(expected, abs=1e-12)


def test_fit_durations_finds_what_made_the_durations(durations):
    rng = np.random.default_rng(4)
    cycle_s = rng.uniform(0.4, 1.4, 3000)
    first = durations.intercept_s + durations.slope * cycle_s[:, None] + 0.02 * rng.standard_normal((3000, 3))
    fitted = fit_durations(np.column_stack([first, cycle_s - first.sum(axis=1)]))
    np.testing.assert_allclose(fitted.mean_s(0.8), durations.mean_s(0.8), atol=0.004)
    np.testing.assert_allclose(fitted.deviation_s, 0.02 * WITHIN_SHARE, atol=0.003)


# frames and buffers


@pytest.mark.parametrize("n", [1, 19, 20, 21, 399])
def test_frames_are_those_whose_centre_lies_in_the_recording(n):
    samples = np.ones(n, dtype=np.float32)
    at_once, in_two = Framer(30, HOP), Framer(30, HOP)
    assert at_once.push(samples, last=True).frames == len(range(0, n, HOP))
    assert in_two.push(samples).frames + in_two.push(samples[:0], last=True).frames == len(range(0, n, HOP))


def test_a_buffer_keeps_its_numbers_when_it_forgets():
    buffer, rows = StreamBuffer(2), np.arange(200, dtype=np.float32).reshape(100, 2)
    for block in np.array_split(rows, 9):
        buffer.append(block)
        buffer.drop_before(buffer.end - 15)
    assert (buffer.first, buffer.end) == (85, 100)
    np.testing.assert_array_equal(buffer.rows(90, 95), rows[90:95])


def test_a_buffer_ends_where_it_ends():
    buffer = StreamBuffer()
    for size in (5, 3, 1):
        buffer.append(np.ones(size, dtype=np.float32))
    assert buffer.rows(7, 50).shape == (2,)


def test_a_buffer_forgets_no_more_than_it_holds():
    buffer = StreamBuffer()
    buffer.append(np.ones(5, dtype=np.float32))
    buffer.drop_before(50)
    assert (buffer.first, buffer.end) == (5, 5)


def test_a_lookahead_of_half_a_step_is_refused(models):
    network = models.segmentation.network
    with pytest.raises(ValueError, match="whole number of steps"):
        replace(network, lookahead=23)
