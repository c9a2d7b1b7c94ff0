"""What is claimed of real recordings, where they are: out of fold, by child."""

from pathlib import Path

import pytest

DATA = Path(__file__).parents[2] / "shared" / "data"

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not (DATA / "circor").is_dir(), reason="the recordings are not here"),
]


@pytest.fixture(scope="module")
def circor():
    from benchmarks.accuracy.circor import report

    return report(DATA / "circor", Path(__file__).parents[1] / "benchmarks" / "folds")


def test_every_recording_gives_an_answer(circor):
    assert circor["data"] == {"patients": 424, "recordings": 1414}


def test_onsets(circor):
    figures = circor["segmentation"]
    assert figures["S1 onset F1, 60 ms"].value >= 0.965
    assert figures["S2 onset F1, 60 ms"].value >= 0.965
    assert figures["frame accuracy"].value >= 0.90
    assert figures["recordings under .6 frame accuracy"].value <= 0.035


def test_murmur(circor):
    figures = circor["murmur"]
    assert figures["AUROC, present against absent"].value >= 0.95
    assert figures["weighted accuracy"].value >= 0.80
    assert figures["sensitivity at specificity .90"].value >= 0.87
    calibration = circor["calibration"]["murmur_probability, per patient"]
    assert 0.8 <= calibration["slope"].value <= 1.2
    assert calibration["error"] <= 0.05


def test_quiet_s1_is_seldom_called_without_a_murmur(circor):
    figures = circor["heart sounds"]
    called = next(v for k, v in figures.items() if k.startswith("quiet S1"))
    assert called <= 0.10


def test_bmdhs_runs():
    from benchmarks.accuracy.bmdhs import report

    figures = report(DATA / "bmdhs")["mitral regurgitation"]
    assert sum(figures["recordings"].values()) == 432
    assert figures["score: MR against normal"].value >= 0.90
    assert figures["score: MR against the rest"].value >= 0.78


def test_live_sound_gets_the_same():
    import numpy as np
    from benchmarks.invariance import chosen
    from benchmarks.live import compare

    compared = compare(chosen(DATA / "circor", 20), blocks_ms=(100, 1000))
    assert compared.alike == compared.equal == compared.recordings == 20
    assert np.concatenate(compared.agree).mean() >= 0.99
    assert np.median(compared.late_s) <= 1.0
    assert np.quantile(compared.late_s, 0.99) <= 1.5
    assert np.median(compared.first_rate_s) <= 4.0
