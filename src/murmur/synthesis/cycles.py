"""The cardiac cycles of a phantom: their lengths, systoles and splits, with breath and rhythm."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from murmur.synthesis.phantom import Phantom

_S1_DURATION_S = 0.12
_S2_DURATION_S = 0.08  # of A2 alone; P2 adds its delay
_GAP_AFTER_S2_S = 0.05  # the shortest diastole

Array = NDArray[np.float64]


class Cycles(NamedTuple):
    """Times in s and gains of the cardiac cycles, each of shape (cycles,); the recording may begin within the first."""

    s1: Array
    s1_end: Array
    s2: Array
    s2_end: Array
    end: Array  # onset of the next S1
    split: Array
    s1_gain: Array
    s2_gain: Array
    premature: NDArray[np.bool_]


def _systole_s(heart_rate_bpm: float) -> float:
    """Return the time from the onset of S1 to the onset of S2, in seconds, at a steady rate.

    Weissler's QS2 for adults, less the 50 ms from Q to S1. That line would reach zero, so at the rates of small children the
    slope found in CirCor's children takes over.
    """
    cycle_s = 60.0 / heart_rate_bpm
    systole_s = 0.546 - 0.0021 * heart_rate_bpm - 0.05
    if heart_rate_bpm > 120.0:
        systole_s = max(systole_s, 0.121 + 0.227 * cycle_s)
    return min(systole_s, 0.55 * cycle_s)


def _lengths(phantom: Phantom, total_s: float, rng: np.random.Generator) -> list[tuple[float, bool]]:
    """Return cycle lengths in s that together exceed total_s, and whether each cycle begins with a premature beat."""
    mean_s = 60.0 / phantom.heart_rate_bpm
    # Even the shortest cycle must hold S1, systole, S2 and a trace of diastole.
    shortest_s = min(0.9 * mean_s, _systole_s(phantom.heart_rate_bpm) + 0.17)
    breath_phase = rng.uniform(0.0, 2.0 * math.pi)
    until_early = int(rng.integers(3, 6))
    cycles: list[tuple[float, bool]] = []
    now_s = 0.0
    while now_s < total_s:
        breath = math.sin(2.0 * math.pi * phantom.respiration_rate_per_min / 60.0 * now_s + breath_phase)
        cycle_s = mean_s * (1.0 + phantom.rate_variability * breath + 0.005 * rng.standard_normal())
        if phantom.rhythm == "atrial fibrillation":
            # Gamma with a coefficient of variation of 0.24, before the short end is cut off.
            cycles.append((float(np.clip(mean_s * rng.gamma(17.0, 1.0 / 17.0), shortest_s, 2.2 * mean_s)), False))
        elif phantom.rhythm == "premature beats" and until_early == 0:
            coupling_s = max(rng.normal(0.62, 0.02) * mean_s, min(shortest_s, 0.8 * mean_s))
            cycles += [(coupling_s, False), (2.0 * mean_s - coupling_s, True)]
            until_early = int(rng.integers(4, 8))
        else:
            cycles.append((max(cycle_s, shortest_s), False))
            until_early -= 1
        now_s = sum(length_s for length_s, _ in cycles)
    return cycles


def draw_cycles(phantom: Phantom, duration_s: float, rng: np.random.Generator) -> Cycles:
    """Draw every cardiac cycle that overlaps the recording."""
    mean_s = 60.0 / phantom.heart_rate_bpm
    lengths = _lengths(phantom, duration_s + 3.0 * mean_s, rng)
    cycle, premature = (np.array(column) for column in zip(*lengths, strict=True))
    # A recording starts anywhere in a cycle.
    s1 = np.concatenate(([0.0], np.cumsum(cycle)[:-1])) - rng.uniform(0.0, 1.0) * cycle[0]
    filling = np.concatenate(([mean_s], cycle[:-1])) / mean_s - 1.0  # by how much the cycle before was longer than the mean
    breath = np.sin(2.0 * math.pi * phantom.respiration_rate_per_min / 60.0 * s1)
    split_s = (phantom.s2_split_ms or 0.0) / 1000.0
    split = split_s + min(phantom.s2_split_swing_ms / 1000.0, split_s) * breath

    systole = _systole_s(phantom.heart_rate_bpm) * (1.0 + 0.15 * filling) + 0.003 * rng.standard_normal(cycle.size)
    s2_length = np.minimum(_S2_DURATION_S + split, 0.5 * (cycle - np.minimum(systole, 0.55 * cycle)))
    systole = np.minimum(systole, np.maximum(cycle - s2_length - _GAP_AFTER_S2_S, 0.5 * cycle))
    s1_length = np.minimum(_S1_DURATION_S, 0.5 * systole)
    s1_db, s2_db = _levels_db(phantom, breath, filling, premature, rng)
    s2 = s1 + systole
    gains = 10.0 ** (s1_db / 20.0), 10.0 ** (s2_db / 20.0)
    cycles = Cycles(s1, s1 + s1_length, s2, s2 + s2_length, s1 + cycle, split, *gains, premature)
    overlapping = (cycles.end > 0.0) & (cycles.s1 < duration_s)
    return Cycles._make(column[overlapping] for column in cycles)


def _levels_db(
    phantom: Phantom, breath: Array, filling: Array, premature: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[Array, Array]:
    """Return the levels of S1 and S2 in each cycle, in dB."""
    # About a dB from cycle to cycle, and as much with the breath.
    s1_db = 0.9 * rng.standard_normal(breath.size) - 0.8 * breath
    s2_db = 0.8 * rng.standard_normal(breath.size) + 0.6 * breath
    if phantom.rhythm == "atrial fibrillation":
        # After a long pause the mitral leaflets have floated together and S1 is softer.
        s1_db += np.clip(-6.0 * filling, -3.0, 3.0)
        s2_db += np.clip(4.0 * filling, -2.0, 2.0)
    s1_db += np.where(premature, 1.5, 0.0)
    s2_db -= np.where(premature, 3.0, 0.0)  # little was ejected
    return s1_db, s2_db


def state_intervals(cycles: Cycles, n: int, sample_rate_hz: int) -> tuple[tuple[float, float, int], ...]:
    """Return the contiguous states of a recording of n samples, with edges on the sample grid."""
    onsets_s = np.stack(cycles[:4], axis=1).ravel().tolist()
    edges = [min(max(round(onset_s * sample_rate_hz), 0), n) for onset_s in onsets_s] + [n]
    states = [1, 2, 3, 4] * cycles.s1.size  # S1, systole, S2, diastole
    return tuple(
        (first / sample_rate_hz, last / sample_rate_hz, state)
        for first, last, state in zip(edges[:-1], edges[1:], states, strict=True)
        if last > first
    )
