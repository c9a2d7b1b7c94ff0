"""When every beat comes: cycles, systoles and splits, breath by breath and rhythm by rhythm."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from murmur.synthesis.phantom import Phantom

__all__ = ["Beats", "lay_out_beats", "state_intervals"]

S1, SYSTOLE, S2, DIASTOLE = 1, 2, 3, 4  # CirCor's codes

_S1_DURATION_S = 0.12
_S2_DURATION_S = 0.08  # of A2 alone; P2 adds its delay
_GAP_AFTER_S2_S = 0.05  # the least diastole that any beat has


class Beats(NamedTuple):
    """Times in s and per-beat factors, one element per beat; the recording may begin within the first."""

    s1: NDArray[np.float64]
    s1_end: NDArray[np.float64]
    s2: NDArray[np.float64]
    s2_end: NDArray[np.float64]
    following: NDArray[np.float64]  # onset of the next S1
    split: NDArray[np.float64]
    s1_gain: NDArray[np.float64]
    s2_gain: NDArray[np.float64]
    premature: NDArray[np.bool_]


def _systole_s(heart_rate_bpm: float) -> float:
    """Seconds from the onset of S1 to the onset of S2 at a steady rate.

    Weissler's QS2 for adults less the 50 ms from Q to S1. Its line would reach zero, so at the rates of
    small children the slope that CirCor's children show takes over.
    """
    cycle_s = 60.0 / heart_rate_bpm
    systole_s = 0.546 - 0.0021 * heart_rate_bpm - 0.05
    if heart_rate_bpm > 120.0:
        systole_s = max(systole_s, 0.121 + 0.227 * cycle_s)
    return min(systole_s, 0.55 * cycle_s)


def _cycles(phantom: Phantom, total_s: float, rng: np.random.Generator) -> tuple[list[float], list[bool]]:
    """Cycle lengths (s) that together exceed total_s, and whether each cycle's first beat was premature."""
    mean_s = 60.0 / phantom.heart_rate_bpm
    # Even the shortest cycle must hold S1, systole, S2 and a trace of diastole.
    shortest_s = min(0.9 * mean_s, _systole_s(phantom.heart_rate_bpm) + 0.17)
    breath_phase = rng.uniform(0.0, 2.0 * math.pi)
    until_early = int(rng.integers(3, 6))
    cycles: list[float] = []
    early: list[bool] = []
    now_s = 0.0
    while now_s < total_s:
        breath = math.sin(2.0 * math.pi * phantom.respiration_rate_per_min / 60.0 * now_s + breath_phase)
        cycle_s = mean_s * (1.0 + phantom.rate_variability * breath + 0.005 * rng.standard_normal())
        if phantom.rhythm == "atrial fibrillation":
            # Gamma with a coefficient of variation of 0.24, before the short end is cut off.
            cycles.append(float(np.clip(mean_s * rng.gamma(17.0, 1.0 / 17.0), shortest_s, 2.2 * mean_s)))
            early.append(False)
        elif phantom.rhythm == "premature beats" and until_early == 0:
            coupling_s = max(rng.normal(0.62, 0.02) * mean_s, min(shortest_s, 0.8 * mean_s))
            cycles += [coupling_s, 2.0 * mean_s - coupling_s]
            early += [False, True]
            until_early = int(rng.integers(4, 8))
        else:
            cycles.append(max(cycle_s, shortest_s))
            early.append(False)
            until_early -= 1
        now_s = sum(cycles)
    return cycles, early


def lay_out_beats(phantom: Phantom, duration_s: float, rng: np.random.Generator) -> Beats:
    """Place every beat that touches the recording."""
    mean_s = 60.0 / phantom.heart_rate_bpm
    lengths, early = _cycles(phantom, duration_s + 3.0 * mean_s, rng)
    cycle = np.asarray(lengths)
    premature = np.asarray(early)
    # A recording starts anywhere in a cycle.
    s1 = np.concatenate(([0.0], np.cumsum(cycle)[:-1])) - rng.uniform(0.0, 1.0) * cycle[0]
    following = s1 + cycle
    before = np.concatenate(([mean_s], cycle[:-1]))  # the cycle that filled the ventricle

    split_s = (phantom.s2_split_ms or 0.0) / 1000.0
    breath = np.sin(2.0 * math.pi * phantom.respiration_rate_per_min / 60.0 * s1)
    swing_s = min(phantom.s2_split_swing_ms / 1000.0, split_s)
    split = split_s + swing_s * breath

    systole_mean_s = _systole_s(phantom.heart_rate_bpm)
    systole = systole_mean_s * (1.0 + 0.15 * (before / mean_s - 1.0)) + 0.003 * rng.standard_normal(cycle.size)
    s2_length = np.minimum(_S2_DURATION_S + split, 0.5 * (cycle - np.minimum(systole, 0.55 * cycle)))
    systole = np.minimum(systole, np.maximum(cycle - s2_length - _GAP_AFTER_S2_S, 0.5 * cycle))
    s1_length = np.minimum(_S1_DURATION_S, 0.5 * systole)

    # About a dB from beat to beat, and as much with the breath.
    s1_db = 0.9 * rng.standard_normal(cycle.size) - 0.8 * breath
    s2_db = 0.8 * rng.standard_normal(cycle.size) + 0.6 * breath
    if phantom.rhythm == "atrial fibrillation":
        # After a long pause the mitral leaflets have floated together and S1 is softer.
        s1_db += np.clip(-6.0 * (before / mean_s - 1.0), -3.0, 3.0)
        s2_db += np.clip(4.0 * (before / mean_s - 1.0), -2.0, 2.0)
    s1_db += np.where(premature, 1.5, 0.0)
    s2_db -= np.where(premature, 3.0, 0.0)  # little was ejected
    beats = Beats(
        s1,
        s1 + s1_length,
        s1 + systole,
        s1 + systole + s2_length,
        following,
        split,
        10.0 ** (s1_db / 20.0),
        10.0 ** (s2_db / 20.0),
        premature,
    )
    touching = (beats.following > 0.0) & (beats.s1 < duration_s)
    return Beats._make(column[touching] for column in beats)


def state_intervals(beats: Beats, n: int, sample_rate_hz: int) -> tuple[tuple[float, float, int], ...]:
    """Contiguous states over the recording, with edges on the sample grid."""
    edges: list[tuple[int, int]] = []
    for s1, s1_end, s2, s2_end in zip(beats.s1, beats.s1_end, beats.s2, beats.s2_end, strict=True):
        for at_s, state in ((s1, S1), (s1_end, SYSTOLE), (s2, S2), (s2_end, DIASTOLE)):
            edges.append((round(at_s * sample_rate_hz), state))
    ends = [start for start, _ in edges[1:]] + [n]
    found = []
    for (start, state), end in zip(edges, ends, strict=True):
        first, last = max(start, 0), min(end, n)
        if last > first:
            found.append((first / sample_rate_hz, last / sample_rate_hz, state))
    return tuple(found)
