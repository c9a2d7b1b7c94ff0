"""Every compiled kernel against an obvious slow twin.

The whole file also runs with NUMBA_DISABLE_JIT=1, so sizes are small and nothing here needs the compiler.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from fractions import Fraction
from types import SimpleNamespace

import numba
import numpy as np
import pytest
import scipy.signal
import scipy.special

from murmur.kernels import (
    cycles,
    events,
    exponential,
    filtering,
    kernel,
    layout,
    network,
    onsets,
    products,
    resampling,
    seconds,
    semi_markov,
    spectra,
    vectors,
)
from murmur.measure.comparison import COMPARISON
from murmur.segmentation.cycles import EVIDENCE_ROW
from murmur.segmentation.durations import DurationModel, DurationTables, from_shortest, tabulate

compiled_only = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="too slow uncompiled")


@pytest.fixture
def rng():
    return np.random.default_rng(20)


def noise(rng, *shape):
    return rng.standard_normal(shape).astype(np.float32)


def in_pieces(n, sizes):
    """Cut 0…n into (start, stop) of the given sizes, over and over."""
    start = 0
    for size in itertools.cycle(sizes):
        if start >= n:
            return
        yield start, min(start + size, n)
        start += size


# compiling


def test_kernels_compile_where_their_cache_can_not_be_written(monkeypatch):
    def without_cache(cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return numba.njit(**options)

    monkeypatch.setattr("murmur.kernels.numba", SimpleNamespace(njit=without_cache))
    double = kernel()(lambda x: 2 * x)
    assert double(21) == 42


# layout and products


def test_there_is_room_for_whole_blocks():
    for frames in (0, 1, 48, 49, 200, 10_000):
        size = layout.chunk_size(frames)
        assert size % products.BLOCK == 0
        assert min(max(frames, 1), layout.CHUNK) <= size <= layout.CHUNK


def test_deinterleave_puts_every_nth_sample_side_by_side(rng):
    samples, phases = noise(rng, 23), np.zeros((4, 7), dtype=np.float32)
    layout.deinterleave(samples, 3, phases)
    for i in range(4 * 7):
        assert phases[i % 4, i // 4] == (samples[3 + i] if 3 + i < 23 else 0.0)


@pytest.mark.parametrize("shape", [(8, 8), (20, 35), (3, 40), (17, 5)])
def test_transpose(rng, shape):
    rows, columns = noise(rng, *shape), np.empty(shape[::-1], dtype=np.float32)
    layout.transpose(rows, columns)
    np.testing.assert_array_equal(columns, rows.T)


@pytest.mark.parametrize("steps", [1, 8, 17, 24, 50])
def test_add_products_are_matrix_products(rng, steps):
    inputs, weight, out = noise(rng, 7, 80), noise(rng, 3, 7, 12), noise(rng, 12, 72)
    expected = out[:, :steps] + sum(weight[j].T @ inputs[:, 2 * j :][:, :steps] for j in range(3))
    products.add_products(inputs, 2, weight, out, steps)
    np.testing.assert_allclose(out[:, :steps], expected, atol=1e-5)


@pytest.mark.parametrize(("outputs", "columns", "inputs"), [(10, 24, 30), (12, 20, 30), (12, 24, 22)])
def test_add_products_needs_room_for_whole_blocks(rng, outputs, columns, inputs):
    weight = noise(rng, 1, 7, outputs)
    with pytest.raises(ValueError, match="room"):
        products.add_products(noise(rng, 7, inputs), 1, weight, noise(rng, outputs, columns), 20)


# vectors


@kernel()
def combine(array, factor, out):
    """Every operation on vectors, on those of the first two rows."""
    one, other = vectors.load(array, 0, 1), vectors.load(array, 1, 2)
    vectors.store(out, 0, 3, vectors.add(one, other))
    vectors.store(out, 1, 3, vectors.multiply_add(vectors.broadcast(factor), one, other))
    vectors.store(out, 2, 3, vectors.where_larger(one, other, vectors.broadcast(factor), one))


@pytest.mark.parametrize(("kind", "width"), [(np.float32, vectors.WIDTH), (np.float64, vectors.DOUBLES)])
def test_vectors_are_neighbouring_numbers(rng, kind, width):
    array, factor, out = rng.standard_normal((2, 11)).astype(kind), kind(0.7), np.zeros((3, 13), dtype=kind)
    combine(array, factor, out)
    one, other = array[0, 1 : 1 + width], array[1, 2 : 2 + width]
    expected = [one + other, factor * one + other, np.where(one > other, factor, one)]
    np.testing.assert_allclose(out[:, 3 : 3 + width], expected, atol=1e-6)
    assert not out[:, :3].any()
    assert not out[:, 3 + width :].any()


# resampling


@pytest.mark.parametrize(("phases", "step"), [(1, 2), (2, 3), (5, 3), (4, 1)])
def test_resample_is_a_polyphase_filter(rng, phases, step):
    half = 4
    taps, samples = noise(rng, phases + 1, 2 * half), noise(rng, 60)
    prototype = np.zeros(2 * half * phases + 1)
    for row, j in np.ndindex(phases, 2 * half):
        prototype[half * phases + row - phases * (j - half + 1)] = taps[row, j]
    expected = scipy.signal.resample_poly(samples.astype(float), phases, step, window=prototype / phases)
    out = np.empty(-(-60 * phases // step), dtype=np.float32)
    silence = np.zeros(2 * half, dtype=np.float32)
    resampling.resample(
        np.concatenate([silence, samples, silence]), -2 * half, resampling.Polyphase(taps, phases, step), 0, out
    )
    np.testing.assert_allclose(out, expected, atol=1e-5)


def test_resample_blends_rows_where_a_place_falls_between_them(rng):
    rows, half, phases, step = 4, 3, 2000, 4001
    taps, samples = noise(rng, rows + 1, 2 * half), noise(rng, 80)
    out_first, out = 7, np.empty(20, dtype=np.float32)
    resampling.resample(samples, 2, resampling.Polyphase(taps, phases, step), out_first, out)
    for i, got in enumerate(out):
        position = Fraction((out_first + i) * step, phases)
        whole = int(position)
        place = float(position - whole) * rows
        row = [np.interp(place, np.arange(rows + 1), taps[:, j]) for j in range(2 * half)]
        start = whole - half + 1 - 2  # samples[0] is sample number 2
        assert got == pytest.approx(np.dot(row, samples[start : start + 2 * half]), abs=1e-4)


# filtering


def test_biquad_is_a_second_order_section(rng):
    b, a = scipy.signal.butter(2, 0.05, "highpass")
    section = np.array([(*b, *a[1:], 0.0, 0.0, 0.0, 0.0)], dtype=filtering.SECTION)
    samples = noise(rng, 500)
    expected = scipy.signal.sosfilt([[*b, *a]], samples.astype(float))
    for start, stop in in_pieces(500, [1, 17, 130]):
        filtering.biquad(samples[start:stop], section)
    np.testing.assert_allclose(samples, expected, atol=1e-6)


def limit_spikes_twin(samples, window, longest_lobe, factor, count):
    """Whole recording at once: cut it into lobes, and compare each with the windows that ended before it did."""
    begin = np.flatnonzero(samples)[0]
    tops = []  # of each window: where it ends, and the peaks known from there on
    known, usual, quiet = [], 0.0, 0
    for stop in range(begin + window, samples.size + 1, window):
        peak = np.abs(samples[stop - window : stop]).max()
        if peak > 0:
            quiet = quiet + 1 if peak < 0.1 * usual else 0
            if not 0 < quiet <= 20:
                known = [*known, peak][-count:]
            rank = int(0.75 * (count - 1) + 0.5) if len(known) == count else -1
            usual = sorted(known)[rank] if len(known) >= 3 else 0.0
        tops.append((stop, usual))
    starts = [0]
    for i in range(1, samples.size):
        if (samples[i] >= 0) != (samples[i - 1] >= 0) or i - starts[-1] >= longest_lobe:
            starts.append(i)
    out, limited = samples.copy(), np.zeros(samples.size, dtype=np.uint8)
    for start, stop in itertools.pairwise(starts):  # the last lobe is still under way
        usual = next((usual for end, usual in reversed(tops) if end <= stop), 0.0)
        peak = np.abs(samples[start:stop]).max()
        if usual > 0 and peak > factor * usual:
            out[start:stop] *= np.float32(usual / peak)
            limited[start:stop] = 1
    return out, limited, starts[-1]


@pytest.mark.parametrize("sizes", [[10_000], [1], [3, 50, 211]])
def test_limit_spikes_agrees_with_its_twin_in_any_pieces(rng, sizes):
    window, longest_lobe, factor, count = 40, 25, 3.0, 8
    samples = np.convolve(noise(rng, 2400), np.ones(3) / 3, "same").astype(np.float32)
    samples[[160, 333, 334, 335, 620]] *= 30.0
    samples[:15] = 0.0
    samples[400:500] = 0.0  # silent windows
    samples[900:1000] *= 0.01  # a few quiet ones
    samples[1200:2200] *= 0.01  # so many that it is the gain
    samples[700:790] = np.abs(samples[700:790])  # a lobe longer than the longest
    samples[730] = 20.0
    expected, expected_limited, expected_settled = limit_spikes_twin(samples, window, longest_lobe, factor, count)
    assert 0 < expected_limited[:1200].sum() < 200
    assert expected_limited[2200:].any()

    rule, peaks, state = filtering.SpikeRule(window, longest_lobe, factor), np.zeros(count), np.zeros(1, filtering.SPIKES)
    state["first_sound"] = -1
    held, limited, first, out, flags = samples[:0], np.zeros(0, np.uint8), 0, [], []
    for start, stop in in_pieces(samples.size, sizes):
        begin = held.size
        held = np.concatenate([held, samples[start:stop]])
        limited = np.concatenate([limited, np.zeros(stop - start, np.uint8)])
        settled = filtering.limit_spikes(held, begin, first, rule, peaks, state, limited)
        out.append(held[:settled])
        flags.append(limited[:settled])
        held, limited, first = held[settled:], limited[settled:], first + settled
        state["lobe_start"] -= settled
    assert first == expected_settled
    np.testing.assert_array_equal(np.concatenate([*out, held]), expected)
    np.testing.assert_array_equal(np.concatenate([*flags, limited]), expected_limited)


def clipped(samples, run=3, sizes=(10_000,)):
    state = np.zeros(1, dtype=filtering.CLIPPING)
    for start, stop in in_pieces(samples.size, sizes):
        filtering.count_clipped(samples[start:stop], run, state)
    return state["clipped"][0]


@pytest.mark.parametrize("sizes", [(10_000,), (1,), (2, 3, 7)])
def test_count_clipped_counts_flat_tops(rng, sizes):
    samples = np.clip(np.convolve(noise(rng, 600), np.ones(9) / 3, "same"), -0.8, 0.8).astype(np.float32)
    groups = [(value, len(list(group))) for value, group in itertools.groupby(samples)]
    expected = sum(length for value, length in groups if abs(value) == np.float32(0.8) and length >= 3)
    assert expected > 20
    assert clipped(samples, sizes=sizes) == expected


def test_count_clipped_sees_no_clipping_in_silence_or_in_flat_stretches_below_the_top(rng):
    samples = noise(rng, 400)
    samples[50:100] = 0.0
    samples[200:240] = 0.5 * np.abs(samples).max()
    assert clipped(samples) == 0


def test_count_clipped_forgets_a_flat_top_when_a_clearly_higher_one_comes():
    low, high = [0.5] * 5 + [0.1], [0.9] * 4 + [0.1]
    assert clipped(np.array(low, dtype=np.float32)) == 5
    assert clipped(np.array(low + high, dtype=np.float32)) == 4


# spectra


def test_power_frames_are_a_windowed_fourier_transform(rng):
    half, bins, hop, first_centre = 16, 10, 5, 20
    window = np.hanning(2 * half + 1)[half:].astype(np.float32)
    cosines, sines = np.zeros((2, 2, 9, 8), dtype=np.float32)
    for odd in range(2):
        phase = 2 * np.pi * np.outer(np.arange(half // 2 + 1), np.arange(2 - odd, bins + 1, 2)) / (2 * half)
        cosines[odd, :, : bins // 2], sines[odd, :, : bins // 2] = np.cos(phase), np.sin(phase)
    window.flags.writeable = cosines.flags.writeable = sines.flags.writeable = False
    samples, power = noise(rng, 120), np.empty((12, bins), dtype=np.float32)
    spectra.power_frames(samples, first_centre, hop, spectra.FourierBasis(window, cosines, sines), power)
    for k, frame in enumerate(power):
        centre = first_centre + k * hop
        windowed = samples[centre - half : centre + half] * np.hanning(2 * half + 1)[:-1]
        np.testing.assert_allclose(frame, np.abs(np.fft.rfft(windowed)[1 : bins + 1]) ** 2, rtol=1e-3, atol=1e-5)


def test_band_power_is_a_matrix_product(rng):
    weights = np.zeros((10, 16), dtype=np.float32)
    starts, stops = np.array([0, 2]), np.array([5, 10])
    weights[:5, :8], weights[2:, 8:] = rng.random((5, 8)), rng.random((8, 8))
    for frames in (0, 1, 4, 7):
        power, out = noise(rng, frames, 10) ** 2, np.empty((frames, 16), dtype=np.float32)
        spectra.band_power(power, spectra.Filterbank(weights, starts, stops), out)
        np.testing.assert_allclose(out, power @ weights, rtol=1e-5)
    with pytest.raises(ValueError, match="multiple of eight"):
        spectra.band_power(power, spectra.Filterbank(weights[:, :12], starts, stops), out)


def test_frame_levels_are_logs_of_sums(rng):
    bands, levels = noise(rng, 6, 5) ** 2, np.empty(6)
    bands[2] = 0.0
    spectra.frame_levels(bands, levels)
    assert levels[2] == -np.inf
    kept = np.arange(6) != 2
    np.testing.assert_allclose(levels[kept], np.log(bands[kept].sum(axis=1)), rtol=1e-5)


def test_natural_log_is_the_librarys(rng):
    values = np.exp(rng.uniform(-80.0, 80.0, size=997)).astype(np.float32)
    values[:4] = 1.0, np.nextafter(np.float32(1), 0), 2.0, np.finfo(np.float32).tiny
    out = np.empty_like(values)
    exponential.natural_log(values, out)
    exact = np.log(values.astype(np.float64))
    np.testing.assert_allclose(out, exact, rtol=2.5e-7, atol=1e-7)
    assert out[0] == 0.0


def test_exponential_is_the_librarys(rng):
    values = np.concatenate([[0.0, 88.2, -87.2], rng.uniform(-87.0, 88.0, size=994)]).astype(np.float32)
    out = np.empty_like(values)
    exponential.exponential(values, out)
    np.testing.assert_allclose(out, np.exp(values.astype(np.float64)), rtol=2.5e-7)
    exponential.exponential(np.array([-np.inf, -1e4, 1e4], dtype=np.float32), out[:3])
    np.testing.assert_allclose(out[:3], np.exp([-87.3, -87.3, 88.3]), rtol=1e-5)


def normalize_twin(bands, levels, mean, variance, level, rules):
    level_mean, level_variance, count, frozen, recent = level
    mean, variance, out = mean.copy(), variance.copy(), []
    for band, now in zip(bands.astype(float), levels, strict=True):
        if np.isinf(now):
            out.append(np.full(band.size, -rules["clip"]))
            continue
        logs = np.log(band + np.exp(level_mean - rules["floor"]))
        deviation = np.sqrt(level_variance)
        quiet = now < level_mean - max(rules["gate_deviations"] * deviation, rules["least_gate"])
        frozen = frozen + 1 if quiet else 0
        if not quiet or frozen > rules["longest_freeze"]:
            recent = (1 - rules["recent_rate"]) * recent + rules["recent_rate"] * now
            if abs(recent - level_mean) > max(rules["jump_deviations"] * deviation, rules["least_gate"]):
                count = min(count, rules["restart"])
            count = min(count + 1, rules["memory"])
            keep = 1 - 1 / count
            level_variance = keep * (level_variance + (now - level_mean) ** 2 / count)
            level_mean += (now - level_mean) / count
            variance = keep * (variance + (logs - mean) ** 2 / count)
            mean = mean + (logs - mean) / count
        out.append(np.clip((logs - mean) / np.sqrt(variance + rules["least_variance"]), -rules["clip"], rules["clip"]))
    return np.array(out), mean, variance, np.array([level_mean, level_variance, count, frozen, recent])


def test_normalize_agrees_with_its_twin(rng):
    values = (40.0, 8.0, 2.0, 1.5, 20.0, 8.0, 1.0, 0.1, 4.0, 0.25)
    rules = np.array([values], dtype=spectra.NORMALIZER_RULES)
    bands = (noise(rng, 400, 5) ** 2 + 0.1).astype(np.float32)
    bands[100:140] *= 1e-5  # longer than the longest freeze
    bands[200:210] = 0.0
    bands[250:] *= 300.0  # a jump
    levels = np.empty(400)
    spectra.frame_levels(bands, levels)
    level = np.array([(0.5, 1.0, 10.0, 0.0, 0.5)], dtype=spectra.LEVELS)
    statistics = spectra.RunningStatistics(np.zeros(5), np.ones(5), level)
    expected = normalize_twin(bands, levels, statistics.mean, statistics.variance, level[0], rules[0])
    out = np.empty(bands.shape, dtype=np.float32)
    for start, stop in in_pieces(400, [1, 30, 100]):
        spectra.normalize(bands[start:stop], levels[start:stop], statistics, rules, out[start:stop])
    got = (out, statistics.mean, statistics.variance, level.view(float))
    for one, wanted in zip(got, expected, strict=True):
        np.testing.assert_allclose(one, wanted, rtol=1e-4, atol=1e-4)


# network


def network_weights(rng, bands=8, channels=4, dilations=(1, 2, 4), outputs=4):
    blocks = len(dilations)
    body = [(3, bands, channels), (channels,), (blocks, 3, channels, channels), (blocks, channels)]
    body += [(blocks, channels, channels), (blocks, channels)]
    head = [(channels, outputs), (outputs,)]
    draw = [0.3 * noise(rng, *shape) for shape in body + head]
    return network.NetworkLayers(*draw[:6], np.array(dilations), *draw[6:])


def convolved(x, weight, dilation):
    """Three causal taps, at 2d, d and 0 steps back, over x (steps, inputs), with zeros before it."""
    steps = x.shape[0]
    padded = np.concatenate([np.zeros((2 * dilation, x.shape[1])), x])
    return sum(padded[tap * dilation : tap * dilation + steps] @ weight[tap] for tap in range(3))


def dilated_network_twin(bands, weights):
    w = weights
    x = convolved(bands, w.stem_weight, 1) + w.stem_bias
    for b, d in enumerate(w.dilations):
        y = convolved(np.maximum(x, 0), w.block_weight[b], d) + w.block_bias[b]
        x = x + np.maximum(y, 0) @ w.mix_weight[b] + w.mix_bias[b]
    return np.maximum(x, 0) @ w.head_weight + w.head_bias


@pytest.mark.parametrize("share", [1, 2, 1000])
@pytest.mark.parametrize("sizes", [[300], [1], [2, 7, 40]])
def test_dilated_network_is_a_stack_of_causal_convolutions(rng, sizes, share):
    weights = network_weights(rng)
    steps = 300 if len(sizes) > 1 or sizes[0] > 1 else 30
    bands, out = noise(rng, steps, 8), np.empty((steps, 4), dtype=np.float32)
    history = network.NetworkHistory(np.zeros((8, 2), dtype=np.float32), np.zeros((3, 4, 2 * 4), dtype=np.float32))
    for start, stop in in_pieces(steps, sizes):
        middle = start + (stop - start) // share
        network.dilated_network(bands[start:middle], bands[middle:stop], weights, history, out[start:stop])
    np.testing.assert_allclose(out, dilated_network_twin(bands, weights), atol=1e-4)


def test_log_softmax(rng):
    logits = 30 * noise(rng, 20, 4)
    out = np.empty_like(logits)
    network.log_softmax(logits, out)
    np.testing.assert_allclose(out, scipy.special.log_softmax(logits.astype(float), axis=1), atol=1e-5)


# events


@pytest.mark.parametrize("count", [1, 2, 11, 130])
def test_nth_smallest_is_one_of_those_in_order(rng, count):
    values = (noise(rng, count) ** 2).astype(np.float32)
    values[: count // 3] = values[0]  # some alike
    values[-1] = 0.0
    for n in {0, count // 2, count - 1}:
        assert events.nth_smallest(values, n) == np.sort(values)[n]


def test_gabor_envelopes_are_convolutions_with_complex_filters(rng):
    halves, hop, first_centre = np.array([9, 4]), 3, 12
    cosines, sines = noise(rng, 2, 10), noise(rng, 2, 10)
    sines[:, 0] = 0.0
    samples, out = noise(rng, 90), np.empty((20, 2), dtype=np.float32)
    events.gabor_envelopes(samples, first_centre, hop, events.GaborFilters(cosines, sines, halves), out)
    for f, half in enumerate(halves):
        right = cosines[f, : half + 1] + 1j * sines[f, : half + 1]
        taps = np.concatenate([right[:0:-1].conj(), right])[::-1]  # convolution turns it round
        full = np.convolve(samples, taps, mode="same")
        expected = np.abs(full[first_centre : first_centre + 20 * hop : hop]) ** 2
        np.testing.assert_allclose(out[:, f], expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_find_peak_takes_the_highest(seed):
    envelope = np.exp(np.random.default_rng(seed).standard_normal(60).cumsum()).astype(np.float32)
    first, last = 8, 50
    levels = np.log(envelope[first:last].astype(float))
    peaks, _ = scipy.signal.find_peaks(levels)
    highest = peaks[levels[peaks].argmax()]
    prominence = scipy.signal.peak_prominences(levels, [highest])[0][0]
    where, ratio = events.find_peak(envelope, first, last)
    assert where == first + highest
    assert np.log(ratio) == pytest.approx(prominence, rel=1e-5)


def test_find_peak_finds_none_in_a_slope():
    assert events.find_peak(np.arange(1, 30, dtype=np.float32), 0, 29) == (-1, 1.0)


ENVELOPE_RATE = 500.0
CYCLE = np.array([[100.0, 150.0, 260.0, 310.0, 550.0]])  # S1, systole, S2, diastole and the next S1, in frames


def envelope(*sounds, floor_db=-60.0, n=600):
    """Give the sum of bell-shaped sounds (frame, level in dB, width in frames) over a floor."""
    k = np.arange(n)
    bells = sum(10 ** (level_db / 10) * np.exp(-0.5 * ((k - at) / width) ** 2) for at, level_db, width in sounds)
    return (bells + 10 ** (floor_db / 10)).astype(np.float32)


def cycle_events(low=(), middle=(), high=(), first_frame=0):
    s1, s2 = (110, 0.0, 8), (270, 0.0, 8)
    bands = [envelope(s1, s2, *low), envelope(s1, *(middle or [s2])), envelope(s1, s2, *high)]
    out = np.empty(1, dtype=events.SOUNDS)
    events.cycle_events(*bands, first_frame, CYCLE + first_frame, ENVELOPE_RATE, out)
    return out.view(float)


def test_s2_with_two_components_gives_their_interval_and_the_dip_between():
    middle = [(265, 0.0, 4), (285, -3.0, 4)]
    split_s, dip_db = cycle_events(middle=middle)[:2]
    bells = envelope((110, 0.0, 8), *middle)
    assert split_s == pytest.approx(20 / ENVELOPE_RATE, abs=0.002)
    assert dip_db == pytest.approx(10 * np.log10(bells[285] / bells[265:286].min()), abs=0.1)


def test_components_of_two_humps_are_as_far_apart_as_their_centres():
    """A2's second hump is the highest peak and P2's first the deepest parted from it: they are not what is split."""
    middle = [(262, -3.0, 3), (272, 0.0, 3), (290, -5.0, 3), (300, -7.0, 3)]
    split_s, _ = cycle_events(middle=middle)[:2]
    bells = envelope((110, 0.0, 8), *middle)
    dip = 272 + int(bells[272:291].argmin())
    reach = int(1.25 * (290 - 272))
    frames = np.arange(bells.size)
    above = np.maximum(bells - bells[dip], 0.0)
    sides = [slice(dip - reach, dip), slice(dip + 1, dip + reach + 1)]
    before, after = (np.average(frames[side], weights=above[side]) for side in sides)
    assert split_s == pytest.approx((after - before) / ENVELOPE_RATE, abs=1e-6)
    assert split_s > 1.25 * (290 - 272) / ENVELOPE_RATE


def test_s2_with_one_component_gives_no_split():
    assert np.isnan(cycle_events()[:2]).all()


def test_an_s3_is_placed_after_s2_and_measured_against_s1():
    level_db, prominence_db, lag_s = cycle_events(low=[(340, -12.0, 6)])[2:5]
    assert level_db == pytest.approx(-12.0, abs=0.1)
    assert prominence_db > 20
    assert lag_s == pytest.approx((340 - 260) / ENVELOPE_RATE)


def test_an_s4_is_placed_before_the_next_s1():
    level_db, prominence_db, lead_s = cycle_events(low=[(490, -9.0, 6)])[5:8]
    assert level_db == pytest.approx(-9.0, abs=0.1)
    assert prominence_db > 20
    assert lead_s == pytest.approx((550 - 490) / ENVELOPE_RATE)


def test_a_click_is_measured_against_s2_and_the_systole_around_it():
    level_db, prominence_db, place, systole_db = cycle_events(high=[(205, -6.0, 3)])[8:]
    bells = envelope((205, -6.0, 3), (270, 0.0, 8))
    assert level_db == pytest.approx(-6.0, abs=0.1)
    assert systole_db == pytest.approx(10 * np.log10(np.sort(bells[160:250])[45]), abs=0.1)
    assert prominence_db == pytest.approx(level_db - systole_db, abs=0.1)
    assert place == pytest.approx((205 - 150) / (260 - 150))


def test_cycle_events_do_not_depend_on_where_the_envelopes_begin():
    sounds = {"low": [(340, -12.0, 6)], "high": [(205, -6.0, 3)]}
    np.testing.assert_array_equal(cycle_events(**sounds), cycle_events(**sounds, first_frame=1234))


# cycles


def test_decibels_have_a_floor():
    power = np.array([1.0, 0.01, 0.0], dtype=np.float32)
    out = np.empty_like(power)
    cycles.decibels(power, 1e-15, out)
    np.testing.assert_allclose(out, [0.0, -20.0, -150.0], atol=1e-4)
    power = np.exp(np.random.default_rng(1).uniform(-20, 5, 3000)).astype(np.float32)
    out = np.empty_like(power)
    cycles.decibels(power, 1e-15, out)
    np.testing.assert_allclose(out, 10 * np.log10(power), atol=1e-4)


def test_peak_levels_are_maxima(rng):
    levels, out = noise(rng, 50, 3), np.empty(3, dtype=np.float32)
    for start, stop, inside in ((-3.0, 4.2, (0, 5)), (9.5, 29.1, (10, 30)), (48.5, 60.0, (49, 50)), (20.2, 20.4, (21, 22))):
        cycles.peak_level(levels, 100, 100 + start, 100 + stop, out)
        np.testing.assert_array_equal(out, levels[slice(*inside)].max(axis=0))


def test_profiles_are_means_over_equal_parts(rng):
    levels, first_frame, parts = noise(rng, 80, 2), 1000, 4
    frame = first_frame + np.arange(80)
    for start, stop in ((1003.3, 1023.9), (1030.0, 1071.5)):
        out = np.empty((parts, 2), dtype=np.float32)
        cycles.profile(levels, first_frame, start, stop, out)
        edges = np.linspace(start, stop, parts + 1)
        for p in range(parts):
            inside = (frame >= edges[p]) & (frame < edges[p + 1])
            np.testing.assert_allclose(out[p], levels[inside].mean(axis=0), atol=1e-5)


def test_a_part_shorter_than_a_frame_takes_the_nearest_one(rng):
    levels = noise(rng, 20, 1)
    out = np.empty((10, 1), dtype=np.float32)
    cycles.profile(levels, 0, 5.1, 8.1, out)
    middles = 5.1 + 0.3 * (np.arange(10) + 0.5)
    for p, middle in enumerate(middles):
        covered = [k for k in range(20) if middle - 0.15 <= k < middle + 0.15]
        k = covered[0] if covered else int(np.floor(middle + 0.5))
        assert out[p, 0] == levels[k, 0]


def test_levels_of_cycles_are_means_and_peaks_of_decibels(rng):
    power, first_frame = np.exp(2 * noise(rng, 300, 12)), 500
    weights, starts, stops = rng.random((12, 8)).astype(np.float32), np.array([0]), np.array([12])
    bounds = first_frame + np.array([[3.2, 12.6, 40.1, 51.0, 103.7], [103.7, 115.0, 139.9, 150.2, 299.4]])
    s1, s2 = np.empty((2, 2, 8), dtype=np.float32)
    systole, diastole = np.empty((2, 2, 5, 8), dtype=np.float32)
    spectra_of = np.empty((2, 2, 12), dtype=np.float32)
    rules = cycles.LevelRules(1e-30, (0.2, 0.8), (0.5, 0.9))
    out = cycles.Levels(s1, s2, systole, diastole, *spectra_of)
    cycles.measure_levels(power, first_frame, bounds, spectra.Filterbank(weights, starts, stops), rules, out)
    levels, fine, frame = 10 * np.log10(power @ weights), 10 * np.log10(power), first_frame + np.arange(300)
    for i, (a, b, c, d, e) in enumerate(bounds):
        np.testing.assert_allclose(s1[i], levels[(frame >= a) & (frame < b)].max(axis=0), atol=1e-4)
        np.testing.assert_allclose(s2[i], levels[(frame >= c) & (frame < d)].max(axis=0), atol=1e-4)
        for got, start, stop in ((systole[i], b, c), (diastole[i], d, e)):
            edges = np.linspace(start, stop, 6)
            expected = [levels[(frame >= edges[p]) & (frame < edges[p + 1])].mean(axis=0) for p in range(5)]
            np.testing.assert_allclose(got, expected, atol=1e-3)
        for got, start, stop, share in (
            (spectra_of[0, i], b, c, rules.mid_systole),
            (spectra_of[1, i], d, e, rules.late_diastole),
        ):
            first, last = start + np.array(share) * (stop - start)
            np.testing.assert_allclose(got, fine[(frame >= first) & (frame < last)].mean(axis=0), atol=1e-3)


def test_comparisons_are_differences_of_mean_levels_and_of_mean_powers(rng):
    s1, s2 = 10 * noise(rng, 2, 3, 8)
    systole, diastole = 10 * noise(rng, 2, 3, 10, 8)
    bands, sounds = np.array([0, 1, 3, 4, 5, 6, 7]), np.array([1, 3])
    rules = cycles.ComparisonRules((3, 7), bands, sounds, (2, 8), (6, 9), (1, 3), (3, 6), 1e-6)
    out = np.empty(3, dtype=COMPARISON)
    cycles.compare_levels(cycles.Levels(s1, s2, systole, diastole, s1, s1), rules, out)

    def power(levels):
        return 10 ** (levels[..., 3:7].astype(float) / 10)

    def db(ratio):
        return 10 * np.log10(ratio)

    reference = power(s2).sum(axis=1)
    floor = np.maximum(power(diastole)[:, 6:9].sum(axis=2).mean(axis=1), 1e-6 * reference)
    mid_power = power(systole)[:, 2:8].sum(axis=2).mean(axis=1)
    mid, late, low = systole[:, 2:8].mean(axis=1), diastole[:, 6:9].mean(axis=1), systole[:, 2:8, 3].mean(axis=1)
    band_power = power(systole)[:, 2:8].mean(axis=1)
    between = (systole.mean(axis=1) + diastole.mean(axis=1)) / 2
    expected = {
        "profile": db(power(systole).sum(axis=2) / floor[:, None]),
        "diastole_profile": db(power(diastole).sum(axis=2) / floor[:, None]),
        "mid_systole": db(mid_power / floor),
        "excess": (mid_power - floor) / reference,
        "late_diastole": db(floor / reference),
        "low_against_s1": low - s1[:, 3],
        "low_against_s2": low - s2[:, 3],
        "above_late_by_band": db(band_power / power(diastole)[:, 6:9].mean(axis=1)),
        "against_s2_by_band": db(band_power) - s2[:, 3:7],
        "pairs_above_late": systole.reshape(3, 5, 2, 8).mean(axis=2)[..., bands] - late[:, None, bands],
        "mid_against_s2": (mid - s2)[:, bands],
        "mid_against_s1": (mid - s1)[:, bands],
        "early_above_late": (diastole[:, 1:3].mean(axis=1) - late)[:, bands],
        "middle_above_late": (diastole[:, 3:6].mean(axis=1) - late)[:, bands],
        "late_against_s2": (late - s2)[:, bands],
        "mid_above_diastole": (mid - diastole.mean(axis=1))[:, bands],
        "mid_above_late": (mid - late)[:, bands],
        "s1_against_s2": s1 - s2,
        "sounds_stand_out": np.stack([(s - between)[:, sounds].mean(axis=1) for s in (s1, s2)], axis=1),
    }
    assert set(expected) == set(COMPARISON.names) - {"systole_spectrum", "late_spectrum"}
    for name, wanted in expected.items():
        np.testing.assert_allclose(out[name], wanted, rtol=1e-4, atol=1e-4, err_msg=name)


def test_scores_are_summed_over_each_cycle(rng):
    starts, stops = np.array([0, 7]), np.array([7, 20])
    scores, log_posteriors = noise(rng, 20, 12), np.log(rng.dirichlet(np.ones(4), 20)).astype(np.float32)
    weight, score = np.empty((2, 4)), np.empty((2, 4, 3))
    cycles.sum_scores(scores, log_posteriors, np.array([starts, stops]), weight, score)
    posteriors = np.exp(log_posteriors.astype(float))
    for i, (a, b) in enumerate(zip(starts, stops, strict=True)):
        np.testing.assert_allclose(weight[i], posteriors[a:b].sum(axis=0), rtol=1e-6)
        expected = (posteriors[a:b, :, None] * scores[a:b].reshape(-1, 4, 3)).sum(axis=0)
        np.testing.assert_allclose(score[i], expected, atol=1e-5)


# seconds


def test_seconds_are_means_of_their_frames(rng):
    power, log_posteriors = noise(rng, 25, 6) ** 2, np.log(rng.dirichlet(np.ones(4), 25)).astype(np.float32)
    power[[3, 4, *range(10, 20)]] = 0.0
    limited, out = (rng.random(25 * 4 - 3) < 0.2).astype(np.uint8), np.empty((4, 2))
    seconds.summarize_seconds(power, log_posteriors, limited, 10, 4, out)
    heard = [k for k in range(10) if k not in (3, 4)]
    assert out[0, 0] == pytest.approx(10 * np.log10(power[heard].sum(axis=1)).mean(), abs=1e-4)
    assert out[0, 1] == -np.inf
    np.testing.assert_allclose(out[1], np.exp(log_posteriors.max(axis=1))[:20].reshape(2, 10).mean(axis=1), rtol=1e-5)
    np.testing.assert_allclose(out[2], limited[:80].reshape(2, 40).mean(axis=1))
    np.testing.assert_allclose(out[3], [0.2, 1.0])
    rest = np.empty((4, 1))
    seconds.summarize_seconds(power[20:], log_posteriors[20:], limited[80:], 5, 4, rest)
    assert rest[2, 0] == pytest.approx(limited[80:].sum() / 20)  # what is missing at the end counts as unmarked


# onsets


def test_crossings_lie_where_the_two_posteriors_are_equal():
    """A posterior that falls and one that rises, as straight lines that meet at 7.25."""
    k = np.arange(15.0)
    log_posteriors = np.full((15, 4), -9.0, dtype=np.float32)
    log_posteriors[:, 0], log_posteriors[:, 1] = -(k - 7.25), k - 7.25
    out = np.empty(2)
    onsets.crossings(log_posteriors, 100, np.array([0, 108]), np.array([1, 2]), np.zeros(2, dtype=bool), 0.0, out)
    np.testing.assert_allclose(out, [0.0, 107.25])


@pytest.mark.parametrize("start", [4, 14])
def test_a_boundary_without_a_crossing_near_it_is_the_middle(start):
    k = np.arange(18.0)
    log_posteriors = np.zeros((18, 4), dtype=np.float32)
    log_posteriors[:, 1] = k - 8.5
    out = np.empty(1)
    onsets.crossings(log_posteriors, 0, np.array([start]), np.array([2]), np.zeros(1, dtype=bool), 0.0, out)
    assert out[0] == start - 0.5


def test_the_nearest_of_several_crossings_counts():
    log_posteriors = np.zeros((10, 4), dtype=np.float32)
    log_posteriors[:, 2] = [-1, -1, -1, 3, -1, 1, -2, 1, 1, 1]  # crosses at 2.25, 4.5 and 6 2/3
    out = np.empty(1)
    start, state, held = np.array([5]), np.array([3]), np.array([False])
    onsets.crossings(log_posteriors, 0, start, state, held, 0.0, out)
    assert out[0] == 4.5
    onsets.crossings(log_posteriors, 0, start, state, held, 4.2, out)  # no earlier than what came before
    assert out[0] == pytest.approx(6 + 2 / 3)


def test_a_boundary_whose_posteriors_are_forgotten_is_the_middle():
    log_posteriors = np.zeros((10, 4), dtype=np.float32)
    log_posteriors[:, 2] = np.arange(10) - 4.25
    out = np.empty(1)
    for forgotten, place in ((False, 4.25), (True, 4.5)):
        onsets.crossings(log_posteriors, 0, np.array([5]), np.array([3]), np.array([forgotten]), 0.0, out)
        assert out[0] == place


def test_cycle_evidence_agrees_with_its_twin(rng):
    log_posteriors = scipy.special.log_softmax(2 * noise(rng, 90, 4), axis=1).astype(np.float32)
    starts, first_frame = np.array([[503, 510, 525, 531, 560], [560, 566, 571, 580, 589]]), 500
    out = np.empty(2, dtype=EVIDENCE_ROW)
    onsets.cycle_evidence(log_posteriors, first_frame, starts, out)
    for row, edges in zip(out.view(float).reshape(2, -1)[:, :4], starts - first_frame, strict=True):
        state = np.repeat(np.arange(4), np.diff(edges))
        frames = log_posteriors[edges[0] : edges[4]].astype(float)
        own = frames[np.arange(state.size), state]
        swapped = frames[np.arange(state.size), (state + 2) % 4]
        sound = np.exp(frames[:, 0]) + np.exp(frames[:, 2])
        inner = np.concatenate([np.arange(edges[s] + 4, edges[s + 1] - 4) for s in (1, 3)]) - edges[0]
        weaker = min(np.exp(own[state == 0]).mean(), np.exp(own[state == 2]).mean())
        np.testing.assert_allclose(row, [own.mean(), (own - swapped).mean(), weaker, sound[inner].max()], rtol=1e-5)


# the semi-Markov decoder


@dataclass
class Path:
    """Segments as (start, state), and how many were given before the end."""

    segments: list[tuple[int, int]]
    early: int


def small_tables(rng, classes=4, longest=(3, 4, 3, 5), pause=0.05):
    """Random duration tables of the decoder's form, small enough to enumerate."""
    n = max(longest) + 1
    first, last = np.empty((2, 4, classes), dtype=np.int64)
    probability = np.zeros((4, classes, n))
    for s, c in np.ndindex(4, classes):
        first[s, c] = rng.integers(1, 3)
        last[s, c] = rng.integers(max(longest[s] - 1, 2), longest[s] + 1)
        probability[s, c, first[s, c] : last[s, c] + 1] = rng.dirichlet(np.ones(last[s, c] + 1 - first[s, c]))
    probability[3] *= 1 - pause
    survival = probability[:, :, ::-1].cumsum(axis=2)[:, :, ::-1]
    for c in range(classes):
        survival[3, c, : last[3, c] + 1] += pause
    residual = rng.random((4, classes, n))
    residual[:, :, 0] = 0.0
    with np.errstate(divide="ignore"):
        return DurationTables(
            log_p=from_shortest(np.log(probability), first, last),
            log_survival=np.log(survival),
            log_residual=np.log(residual),
            log_outlast=np.log(pause),
            log_stay=np.log(0.8),
            log_end=np.log(0.2),
            shortest=first,
            longest=last,
            log_a=np.log(rng.dirichlet(np.ones(classes), classes)),
            log_pi=np.full((4, classes), -np.log(4 * classes)),
        )


class Trellis:
    """What the kernels carry, held as `murmur.segmentation.decoding.Decoder` does; states here are indices 0 to 3."""

    def __init__(self, tables, capacity=4096, rows=None):
        self.tables, self.capacity = tables, capacity
        least = int(tables.longest.max() + tables.shortest.max()) + 2
        rows = rows or 1 << (least - 1).bit_length()  # no more than are needed
        self.lattice = semi_markov.empty_lattice(tables.log_a.shape[0], rows, capacity)

    def advance(self, emissions, ended=False, backlog=2048):
        out = np.empty((3, emissions.shape[0] + self.capacity), dtype=np.int64)
        count = semi_markov.advance(emissions, ended, self.tables, self.lattice, backlog, 64, out)
        start, state, settled = (column[:count].tolist() for column in out)
        return list(zip(start, [code - semi_markov.S1_CODE for code in state], settled, strict=True))

    def likeliest(self, since, until):
        states = np.empty(until - since, dtype=np.int64)
        semi_markov.likeliest(self.tables, self.lattice, since, states)
        return states - semi_markov.S1_CODE


def decode(tables, emissions, sizes=(10**6,), backlog=2048, capacity=4096, rows=None):
    trellis = Trellis(tables, capacity, rows)
    segments = []
    for start, stop in in_pieces(emissions.shape[0], sizes):
        segments += trellis.advance(emissions[start:stop], backlog=backlog)
    early = len(segments)
    segments += trellis.advance(emissions[:0], ended=True, backlog=backlog)
    return Path([segment[:2] for segment in segments], early)


@dataclass
class Rules:
    """Log probability of every duration: of a segment whole, cut short by the end, under way at the start, and both."""

    whole: np.ndarray
    ending: np.ndarray
    starting: np.ndarray
    only: np.ndarray
    transition: np.ndarray
    initial: float


def rules(tables, frames):
    classes = tables.log_a.shape[0]
    whole, ending, starting, only = np.full((4, 4, classes, frames + 1), -np.inf)
    outlasts, goes_on, stops = tables.log_outlast, tables.log_stay, tables.log_end
    for s, c in np.ndindex(4, classes):
        shortest, longest = tables.shortest[s, c], tables.longest[s, c]
        for d in range(1, frames + 1):
            if shortest <= d <= longest:
                whole[s, c, d] = tables.log_p[s, d - shortest, c]
            if d <= tables.longest[s].max():
                ending[s, c, d] = tables.log_survival[s, c, d]
                starting[s, c, d] = tables.log_residual[s, c, d]
                only[s, c, d] = 0.0
            if s == 3 and d > longest:  # a pause
                so_far = outlasts + (d - longest - 1) * goes_on
                whole[s, c, d] = so_far + stops
                ending[s, c, d] = max(ending[s, c, d], so_far)
                starting[s, c, d] = max(starting[s, c, d], so_far + stops)
                only[s, c, d] = max(only[s, c, d], so_far)
    return Rules(whole, ending, starting, only, tables.log_a, tables.log_pi[0, 0])


def score(rule, emissions, boundaries):
    """Log probability of segments (start, state), term by term, in the rate classes that suit them best."""
    stops = [start for start, _ in boundaries[1:]] + [emissions.shape[0]]
    total = rule.initial
    for i, ((start, s), stop) in enumerate(zip(boundaries, stops, strict=True)):
        if i > 0 and s == 0:
            total = np.max(total[:, None] + rule.transition, axis=0)
        table = (rule.whole, rule.ending, rule.starting, rule.only)[2 * (i == 0) + (i == len(stops) - 1)]
        total = total + table[s, :, stop - start] + emissions[start:stop, s].sum(dtype=float)
    return np.max(total)


def every_path(frames):
    """All ways to cut the frames into segments."""
    for first_state in range(4):
        for cuts in itertools.product([False, True], repeat=frames - 1):
            starts = [0, *(i + 1 for i, cut in enumerate(cuts) if cut)]
            yield [(start, (first_state + i) % 4) for i, start in enumerate(starts)]


def viterbi_twin(rule, emissions):
    """Best score and segments by dynamic programming over every time, state, class and duration."""
    frames, classes = emissions.shape[0], rule.transition.shape[0]
    summed = np.concatenate([np.zeros((1, 4)), emissions.astype(float).cumsum(axis=0)])
    entry = np.full((frames, 4, classes), -np.inf)
    came = np.zeros((frames, 4, classes, 2), dtype=int)
    best, last = -np.inf, None
    for t in range(1, frames + 1):
        leave, since = np.empty((4, classes)), np.empty((4, classes), dtype=int)
        for s, c in np.ndindex(4, classes):
            table = (
                (rule.starting if t < frames else rule.only)[s, c, t],
                (rule.whole if t < frames else rule.ending)[s, c],
            )
            values = entry[:t, s, c] + table[1][t:0:-1] + summed[t, s] - summed[:t, s]
            values[0] = rule.initial + table[0] + summed[t, s]
            since[s, c] = values.argmax()
            leave[s, c] = values.max()
        if t == frames:
            best = leave.max()
            s, c = np.unravel_index(leave.argmax(), leave.shape)
            last = (int(since[s, c]), int(s), int(c))
            break
        for s, c in np.ndindex(4, classes):
            before = leave[s - 1, c] if s else (leave[3] + rule.transition[:, c])
            other = c if s else int(before.argmax())
            entry[t, s, c] = np.max(before)
            came[t, s, c] = since[s - 1, other], other
    path = [last]
    while path[0][0] > 0:
        start, s, c = path[0]
        path.insert(0, (int(came[start, s, c, 0]), (s - 1) % 4, int(came[start, s, c, 1])))
    return best, [segment[:2] for segment in path]


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5, 9])
@pytest.mark.parametrize("seed", range(3))
def test_no_segmentation_beats_the_decoded_one(seed, frames):
    rng = np.random.default_rng(seed)
    emissions = noise(rng, frames, 4)
    tables = small_tables(rng)
    rule = rules(tables, frames)
    assert decode(tables, emissions).segments == max(every_path(frames), key=lambda path: score(rule, emissions, path))


@pytest.mark.parametrize("seed", range(4))
def test_the_decoder_is_an_exact_viterbi_search(seed):
    rng = np.random.default_rng(seed)
    frames = 400
    emissions = noise(rng, frames, 4)
    tables = small_tables(rng, classes=8, longest=(5, 7, 4, 9))
    rule = rules(tables, frames)
    best, path = viterbi_twin(rule, emissions)
    got = decode(tables, emissions)
    assert score(rule, emissions, got.segments) == pytest.approx(best, abs=1e-6)
    assert got.segments == path
    assert got.early > 0.5 * len(path)


@pytest.mark.parametrize("seed", range(3))
def test_any_cutting_gives_the_same_segments(seed):
    rng = np.random.default_rng(seed)
    emissions = noise(rng, 300, 4)
    tables = small_tables(rng)
    whole = decode(tables, emissions)
    for sizes in [(1,), (63, 1, 64, 65), tuple(rng.integers(1, 90, 20))]:
        assert decode(tables, emissions, sizes) == whole


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("pause", [1e-6, 0.02])
def test_the_likeliest_so_far_is_what_the_decoder_would_say_if_that_were_all(seed, pause):
    rng = np.random.default_rng(seed)
    emissions = noise(rng, 300, 4)
    tables = small_tables(rng, pause=pause)
    trellis, taken = Trellis(tables), 0
    for frames in [2, 9, 64, 65, 200, 300]:
        trellis.advance(emissions[taken:frames])
        taken = frames
        starts, states = np.array(decode(tables, emissions[:frames]).segments).T
        wanted = np.repeat(states, np.diff(starts, append=frames))
        for since, until in [
            (0, frames),
            (0, 1),
            (frames // 2, frames),
            (frames // 3, frames // 2),
            (frames - 1, frames - 1),
        ]:
            np.testing.assert_array_equal(trellis.likeliest(since, until), wanted[since:until])


@pytest.mark.parametrize("longest", [(5, 7, 4, 9), (5, 7, 4, 70)])
def test_a_recording_may_begin_with_a_pause(rng, longest):
    tables = small_tables(rng, pause=0.02, longest=longest)
    emissions = noise(rng, 400, 4)
    emissions[:200] = [-9.0, -9.0, -9.0, 0.0]
    _, path = viterbi_twin(rules(tables, 400), emissions)
    assert path[0] == (0, 3)
    assert path[1][0] >= 200
    assert decode(tables, emissions).segments == path


def test_classes_that_agree_on_every_boundary_do_not_hold_the_segments_back(rng):
    """Two sets of rate classes with the same durations and no way from one to the other never agree on the class."""
    one = small_tables(rng, longest=(5, 7, 4, 9))
    names = ("shortest", "longest", "log_survival", "log_residual")
    both = {name: np.repeat(getattr(one, name), 2, axis=1) for name in names}
    with np.errstate(divide="ignore"):
        apart = np.log(np.kron(np.exp(one.log_a), np.eye(2)))
    pi = np.repeat(one.log_pi, 2, axis=1)
    tables = one._replace(**both, log_p=np.repeat(one.log_p, 2, axis=2), log_a=apart, log_pi=pi)
    emissions = noise(rng, 400, 4)
    alone, together = decode(one, emissions), decode(tables, emissions)
    assert together.segments == alone.segments
    assert together.early == alone.early > 0


def test_rate_classes_come_in_whole_vectors(rng):
    with pytest.raises(ValueError, match="multiple of four"):
        decode(small_tables(rng, classes=6), noise(rng, 10, 4))


def test_the_longest_duration_must_fit(rng):
    with pytest.raises(ValueError, match="no room"):
        decode(small_tables(rng), noise(rng, 10, 4), rows=4)


def test_a_long_silence_is_one_pause():
    rng = np.random.default_rng(3)
    tables = small_tables(rng, pause=0.02)
    emissions = noise(rng, 700, 4)
    emissions[200:600] = [-9.0, -9.0, -9.0, 0.0]
    _, path = viterbi_twin(rules(tables, 700), emissions)
    got = decode(tables, emissions, backlog=10_000).segments
    assert got == path
    lengths = np.diff([start for start, _ in got])
    assert lengths.max() >= 399


def check_valid(tables, segments, frames):
    """In order from 0 on, and no segment but the first and last, or a pause, outside its table."""
    start, state = np.array(segments).T
    assert start[0] == 0
    assert start[-1] < frames
    assert (np.diff(start) > 0).all()
    assert ((state[:-1] + 1) % 4 == state[1:]).all()
    length, inner = np.diff(start)[1:], state[1:-1]
    assert (length >= tables.shortest.min(axis=1)[inner]).all()
    assert ((length <= tables.longest.max(axis=1)[inner]) | (inner == 3)).all()


@pytest.mark.parametrize("seed", range(6))
def test_without_evidence_the_backlog_is_bounded_by_force(seed):
    """Uniform emissions never agree on a path; the ring of 256 frames holds all that may be remembered."""
    rng = np.random.default_rng(seed)
    tables = small_tables(rng, classes=8, longest=(5, 12, 4, 15))
    emissions = np.full((1500, 4), -np.log(4), dtype=np.float32)
    emissions[900:] += 0.01 * noise(rng, 600, 4)
    got = decode(tables, emissions, backlog=128, capacity=256)
    check_valid(tables, got.segments, 1500)
    assert got.segments[got.early][0] > 1500 - 256
    assert decode(tables, emissions, (7, 150), backlog=128, capacity=256) == got


def test_a_pause_longer_than_the_memory_goes_on():
    rng = np.random.default_rng(5)
    tables = small_tables(rng, pause=0.02)
    emissions = noise(rng, 1500, 4)
    emissions[200:1300] = [-9.0, -9.0, -9.0, 0.0]
    got = decode(tables, emissions, backlog=128, capacity=256)
    check_valid(tables, got.segments, 1500)
    assert np.diff([start for start, _ in got.segments]).max() >= 1099
    assert decode(tables, emissions, (11, 90), backlog=128, capacity=256) == got


@pytest.mark.parametrize("seed", range(30))
def test_the_last_segment_is_under_way_where_the_recording_ends(seed):
    """Evidence that ends in a state of the longest length, and in a pause just begun."""
    rng = np.random.default_rng(seed)
    tables = small_tables(rng)
    state = int(rng.integers(4))
    frames = 60
    emissions = noise(rng, frames, 4)
    emissions[frames - tables.longest[state].max() :] = -4.0
    emissions[frames - tables.longest[state].max() :, state] = 4.0
    rule = rules(tables, frames)
    got = decode(tables, emissions).segments
    check_valid(tables, got, frames)
    assert score(rule, emissions, got) == pytest.approx(viterbi_twin(rule, emissions)[0], abs=1e-6)


@compiled_only
def test_the_decoder_is_exact_with_tables_of_the_true_size(rng):
    model = DurationModel(np.array([0.1, 0.13, 0.08]), np.array([0.01, 0.1, 0.02]), np.full(3, 0.02), 0.09)
    tables = tabulate(model)
    frames = 600
    emissions = noise(rng, frames, 4)
    rule = rules(tables, frames)
    best, path = viterbi_twin(rule, emissions)
    got = decode(tables, emissions).segments
    assert score(rule, emissions, got) == pytest.approx(best, abs=1e-6)
    assert got == path
