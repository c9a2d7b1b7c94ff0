"""One path from a measurement to what signs are concluded from, for use and for training."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import murmur
from murmur.findings.describe import describe_recording
from murmur.pipeline.analysis import measure
from murmur.pipeline.models import shipped_models
from murmur.settings import Settings

SAMPLES = Path(__file__).parents[2] / "samples"


@pytest.fixture(scope="module")
def prolapse():
    """The measurement of the sample with a click and a late murmur, and what use concludes from it."""
    path = SAMPLES / "mitral_valve_prolapse.wav"
    with murmur.io.recording.open_source(path) as recording:
        return measure(recording, Settings(), shipped_models()), murmur.analyze(path)


def test_use_sees_the_very_features_that_are_described(prolapse):
    measurement, analysis = prolapse
    described = describe_recording(measurement, shipped_models().findings.beat, Settings())
    assert described.features.murmur == analysis.murmur
    assert described.features.heart_sounds == analysis.heart_sounds
    assert described.features.rhythm == described.rhythm == analysis.rhythm
    assert described.quality == analysis.quality
    np.testing.assert_array_equal(described.figures.trusted, analysis.cycles.trusted)


def test_without_a_trusted_cycle_there_is_nothing_to_conclude_from(prolapse):
    measurement, _ = prolapse
    doubtful = replace(shipped_models().findings.beat, bias=np.array([-50.0]))
    described = describe_recording(measurement, doubtful, Settings())
    assert described.features is None
    assert not described.quality.readable
    assert described.quality.trusted_cycles == 0
