"""Rhythm from cycles whose intervals are known."""

from __future__ import annotations

import numpy as np
import pytest

from murmur.measure.rhythm import Pause, describe_rhythm, sample_entropy
from murmur.segmentation.result import CardiacCycles


def cycles_of(cycles_s, systole_s=0.3):
    """Beats that follow one another."""
    edges = np.concatenate([[0.5], 0.5 + np.cumsum(cycles_s)])
    start = edges[:-1]
    return CardiacCycles(start, start + 0.1, start + systole_s, start + systole_s + 0.1, edges[1:], np.ones(start.size))


def rhythm_of(cycles_s, trusted=None):
    cycles = cycles_of(cycles_s)
    return describe_rhythm(cycles, np.ones(len(cycles), dtype=bool) if trusted is None else trusted)


def test_a_regular_heart():
    rhythm = rhythm_of(np.full(20, 0.8))
    assert rhythm.heart_rate_bpm == pytest.approx(75)
    assert rhythm.cycle_s == pytest.approx(0.8)
    assert rhythm.systole_s == pytest.approx(0.3)
    assert rhythm.diastole_s == pytest.approx(0.5)
    assert rhythm.rmssd_ms == pytest.approx(0, abs=1e-6)
    assert rhythm.pnn50 == 0
    assert rhythm.irregularity == pytest.approx(0, abs=1e-9)
    assert rhythm.premature_beats == 0
    assert rhythm.pauses == ()
    assert rhythm.cycles == 20


def test_variability_is_by_the_task_forces_definitions():
    cycles_s = np.array([0.8, 0.9, 0.82, 0.8, 0.95])
    rhythm = rhythm_of(cycles_s)
    change = np.diff(cycles_s)
    assert rhythm.rmssd_ms == pytest.approx(1000 * np.sqrt(np.mean(change**2)))
    assert rhythm.pnn50 == pytest.approx(3 / 4)
    assert rhythm.variation == pytest.approx(np.std(cycles_s) / np.mean(cycles_s))
    assert rhythm.irregularity == pytest.approx(np.median(np.abs(change)) / 0.82)


def test_one_premature_beat_with_its_compensating_cycle_counts_once():
    rhythm = rhythm_of([0.8] * 6 + [0.5, 1.1] + [0.8] * 6)
    assert rhythm.premature_beats == 1
    assert rhythm.irregularity == pytest.approx(0, abs=1e-9)


def test_a_short_cycle_without_a_longer_one_after_it_is_not_premature():
    assert rhythm_of([0.8] * 6 + [0.5] + [0.8] * 6).premature_beats == 0


def test_pauses_are_long_against_the_median_and_in_seconds():
    rhythm = rhythm_of([0.8] * 5 + [2.0] + [0.8] * 5)
    (pause,) = rhythm.pauses
    assert pause == Pause(pytest.approx(0.5 + 5 * 0.8), pytest.approx(2.0))
    assert rhythm_of([0.4] * 5 + [0.9] + [0.4] * 5).pauses == ()


def test_cycles_that_are_not_trusted_count_nowhere():
    cycles_s = np.array([0.8] * 5 + [2.5] + [0.8] * 5)
    rhythm = rhythm_of(cycles_s, cycles_s < 1)
    assert rhythm.cycles == 10
    assert rhythm.rmssd_ms == pytest.approx(0, abs=1e-6)
    assert rhythm.pauses == ()


def test_cycles_on_either_side_of_a_gap_are_not_compared():
    one, other = cycles_of([0.8, 0.8, 0.8]), cycles_of([0.6, 0.6, 0.6])
    names = ("s1_onset_s", "systole_onset_s", "s2_onset_s", "diastole_onset_s", "end_s")
    joined = [np.concatenate([getattr(one, n), getattr(other, n) + 10]) for n in names]
    rhythm = describe_rhythm(CardiacCycles(*joined, np.ones(6)), np.ones(6, dtype=bool))
    assert rhythm.rmssd_ms == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_cycles_give_no_figures(count):
    rhythm = rhythm_of([0.8] * count)
    assert rhythm.cycles == count
    assert rhythm.heart_rate_bpm is None
    assert rhythm.irregularity is None


def test_two_cycles_have_a_rate_but_no_variability():
    rhythm = rhythm_of([0.8, 0.9])
    assert rhythm.heart_rate_bpm == pytest.approx(60 / 0.85)
    assert rhythm.rmssd_ms is None
    assert rhythm.irregularity is None


def sample_entropy_twin(values):
    """Count pairs of templates of one and of two cycles that stay within the tolerance."""
    n, radius = len(values), 0.2 * np.std(values)
    close = [
        (abs(values[i] - values[j]) <= radius, abs(values[i + 1] - values[j + 1]) <= radius)
        for i in range(n - 1)
        for j in range(i + 1, n - 1)
    ]
    short = sum(a for a, _ in close)
    return -np.log(sum(a and b for a, b in close) / short)


@pytest.mark.parametrize("seed", range(3))
def test_sample_entropy_agrees_with_its_twin(seed):
    values = 0.8 + 0.1 * np.random.default_rng(seed).standard_normal(60)
    assert sample_entropy(values) == pytest.approx(sample_entropy_twin(values))


@pytest.mark.parametrize("values", [np.full(30, 0.8), np.linspace(0.7, 0.9, 11)])
def test_sample_entropy_needs_twelve_cycles_that_differ(values):
    assert sample_entropy(values) is None


def test_fibrillation_is_less_predictable_than_breathing():
    breathing = 0.8 + 0.05 * np.sin(np.arange(60) / 3)
    fibrillation = 0.8 + 0.15 * np.random.default_rng(0).standard_normal(60)
    assert rhythm_of(fibrillation).sample_entropy > rhythm_of(breathing).sample_entropy
    assert rhythm_of(fibrillation).irregularity > 0.1 > rhythm_of(breathing).irregularity
