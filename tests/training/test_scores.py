"""The metrics against counting by hand and plain definitions."""

import numpy as np
import pytest

from murmur.training.scores import labelled_spans, match_onsets, right_cycles, score_onsets

#: Two cycles of 1 s, labelled from 1 s to 3 s.
LABELS = [
    (1.0, 1.1, 1),
    (1.1, 1.3, 2),
    (1.3, 1.4, 3),
    (1.4, 2.0, 4),
    (2.0, 2.1, 1),
    (2.1, 2.3, 2),
    (2.3, 2.4, 3),
    (2.4, 3.0, 4),
]


def test_matching_is_one_to_one_and_takes_the_nearest():
    assert sorted(match_onsets(np.array([1.0, 1.04]), np.array([1.03]), 0.06)) == [(1, 0)]
    assert sorted(match_onsets(np.array([1.0, 2.0]), np.array([1.01, 2.05]), 0.06)) == [(0, 0), (1, 1)]
    assert match_onsets(np.array([1.0]), np.array([1.07]), 0.06) == []


def test_hits_misses_and_false_alarms():
    score = score_onsets(np.array([1.02, 1.7]), LABELS, 1)
    assert (score.hits, score.misses, score.false_alarms) == (1, 1, 1)
    assert score.f1 == pytest.approx(0.5)
    assert score.errors_s == pytest.approx([0.02])


def test_what_lies_outside_or_at_the_edge_of_the_labels_is_not_judged():
    score = score_onsets(np.array([0.5, 1.0, 2.0, 2.96, 5.0]), LABELS, 1)
    assert (score.hits, score.misses, score.false_alarms) == (2, 0, 0)


def test_spans_end_where_labels_do():
    assert labelled_spans([(5.0, 6.0, 1), *LABELS]) == [(1.0, 3.0), (5.0, 6.0)]


def test_a_cycle_is_right_when_both_sounds_are():
    s1, s2, end = np.array([1.0, 2.0, 3.5]), np.array([1.3, 2.5, 3.8]), np.array([2.0, 3.0, 4.5])
    index, right = right_cycles(s1, s2, end, LABELS)
    assert index.tolist() == [0, 1]
    assert right.tolist() == [True, False]
