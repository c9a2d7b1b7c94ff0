"""The murmur network on a stream, and its scores cycle by cycle."""

import numpy as np
import pytest

from murmur.learned.network import NetworkWeights, StreamingNetwork
from murmur.measure.murmur_network import (
    CLASSES,
    INPUTS,
    OUTPUTS,
    CycleScores,
    MurmurNetwork,
    load_murmur_network,
    murmur_log_odds,
    score_cycles,
)
from murmur.segmentation.emissions import CLIP, N_BANDS, N_STATES

FRAMES = 400


@pytest.fixture(scope="module")
def heard():
    """Bands and log posteriors of noise: the network takes anything."""
    rng = np.random.default_rng(8)
    bands = rng.standard_normal((FRAMES, N_BANDS)).astype(np.float32)
    return bands, np.log(rng.dirichlet(np.ones(N_STATES), FRAMES)).astype(np.float32)


@pytest.fixture(scope="module")
def scores(heard, models):
    return MurmurNetwork(models.murmur_network).push(heard, last=True)


def test_the_network_takes_bands_and_posteriors(models):
    assert (models.murmur_network.inputs, models.murmur_network.outputs) == (INPUTS, OUTPUTS)


def test_every_frame_is_scored(scores):
    assert scores.shape == (FRAMES, OUTPUTS)


def test_blocks_change_nothing(heard, scores, models, cut):
    bands, log_posteriors = heard
    network, late = MurmurNetwork(models.murmur_network), 24
    bands_so_far, given, parts = 0, 0, []
    for block in cut(bands):  # posteriors come later than bands
        bands_so_far += block.shape[0]
        ready = max(bands_so_far - late, given)
        parts.append(network.push((block, log_posteriors[given:ready])))
        given = ready
    parts.append(network.push((bands[:0], log_posteriors[given:]), last=True))
    np.testing.assert_array_equal(np.concatenate(parts), scores)


@pytest.mark.parametrize("silent", [1, 2, 37])
def test_silence_before_changes_no_score(heard, scores, models, silent):
    bands, log_posteriors = heard
    network = MurmurNetwork(models.murmur_network)
    network.begin_at(silent)
    quiet = np.full((silent, N_BANDS), -CLIP, dtype=np.float32)
    none = np.full((silent, N_STATES), -np.inf, dtype=np.float32)
    parts = [network.push((quiet, none)), network.push((bands, log_posteriors), last=True)]
    np.testing.assert_array_equal(np.concatenate(parts)[silent:], scores)


def score_cycle_twin(scores, log_posteriors, bounds_s):
    weight, score = np.zeros(N_STATES), np.zeros((N_STATES, len(CLASSES)))
    for frame in range(round(bounds_s[0] * 100), round(bounds_s[4] * 100)):
        for state in range(N_STATES):
            p = np.exp(float(log_posteriors[frame, state]))
            weight[state] += p
            for k in range(len(CLASSES)):
                score[state, k] += p * scores[frame, state * len(CLASSES) + k]
    return weight, score


BOUNDS_S = np.array([[0.2, 0.3, 0.4, 0.5, 1.0], [1.0, 1.1, 1.3, 1.4, 1.804], [2.5, 2.6, 2.7, 2.8, 4.0]])


@pytest.mark.parametrize("first_frame", [0, 13])
def test_cycles_add_up_their_frames(heard, scores, first_frame):
    log_posteriors = heard[1]
    got = score_cycles(scores[first_frame:], log_posteriors[first_frame:], first_frame, BOUNDS_S)
    for i, bounds_s in enumerate(BOUNDS_S):
        weight, score = score_cycle_twin(scores, log_posteriors, bounds_s)
        np.testing.assert_allclose(got.weight[i], weight, rtol=1e-6)
        np.testing.assert_allclose(got.score[i], score, rtol=1e-6, atol=1e-9)


def test_only_trusted_cycles_count(heard, scores):
    cycles = score_cycles(scores, heard[1], 0, BOUNDS_S)
    one = score_cycles(scores, heard[1], 0, BOUNDS_S[1:2])
    np.testing.assert_allclose(
        murmur_log_odds(cycles, np.array([False, True, False])), murmur_log_odds(one, np.array([True]))
    )


def test_no_cycles_say_nothing():
    np.testing.assert_array_equal(murmur_log_odds(CycleScores.none(), np.zeros(0, dtype=bool)), [0.0, 0.0])


def test_a_network_is_stored_and_read(models, tmp_path):
    models.murmur_network.save(tmp_path / "murmur.npz")
    read = load_murmur_network(tmp_path / "murmur.npz")
    np.testing.assert_array_equal(read.layers.stem_weight, models.murmur_network.layers.stem_weight)
    assert read.lookahead == models.murmur_network.lookahead
    models.segmentation.network.save(tmp_path / "other.npz")
    with pytest.raises(ValueError, match="not 36 and 12"):
        load_murmur_network(tmp_path / "other.npz")


def test_a_network_must_look_ahead_whole_steps(models):
    arrays = models.murmur_network.arrays() | {"lookahead": np.array(31)}
    with pytest.raises(ValueError, match="whole number of steps"):
        NetworkWeights.of_arrays(arrays)


def test_nothing_comes_of_nothing(models):
    network = StreamingNetwork(models.murmur_network, (0.0,) * INPUTS)
    assert network.push(np.empty((0, INPUTS), dtype=np.float32), last=True).shape == (0, OUTPUTS)
