"""Columns that grow part by part are what they would be if all parts were put together at the end."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from murmur.signal.columns import ColumnBuffer, Columns


@dataclass(frozen=True, slots=True, eq=False)
class Pair(Columns):
    number: NDArray[np.int64]
    place: NDArray[np.float32]

    @classmethod
    def none(cls):
        return cls(np.empty(0, dtype=np.int64), np.empty((0, 2), dtype=np.float32))


def pairs(start, stop):
    number = np.arange(start, stop)
    return Pair(number, np.stack([number, -number], axis=1).astype(np.float32))


def assert_same(one, other):
    for a, b in zip(one.arrays(), other.arrays(), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("edges", [[0], [0, 5], [0, 0, 4], [0, 3, 3, 4, 50, 51], range(200)])
def test_parts_come_one_after_another(edges):
    growing = ColumnBuffer(Pair)
    for start, stop in itertools.pairwise(edges):
        growing.append(pairs(start, stop))
    assert len(growing.whole()) == edges[-1]
    assert_same(growing.whole(), pairs(0, edges[-1]))


def test_parts_stay_what_they_are():
    parts = [pairs(0, 3), pairs(3, 7), pairs(7, 9)]
    joined = Pair.joined(parts)
    joined.place[:] = 0.0
    assert_same(parts[0], pairs(0, 3))
    assert_same(parts[2], pairs(7, 9))


def test_rows_are_taken_by_stretch_or_by_number():
    assert_same(pairs(0, 9)[2:5], pairs(2, 5))
    assert_same(pairs(0, 9)[np.array([2, 3, 4])], pairs(2, 5))
