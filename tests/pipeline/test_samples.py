"""Every sample gets its own signs and no others."""

import json
from pathlib import Path

import pytest
from benchmarks.phantoms import wrong_signs

import murmur

SAMPLES = Path(__file__).parents[2] / "samples"
TRUTH = json.loads((SAMPLES / "truth.json").read_text())


@pytest.mark.parametrize("name", sorted(TRUTH["recordings"]))
def test_sample_gets_its_own_signs(name):
    analysis = murmur.analyze(SAMPLES / f"{name}.wav")
    assert wrong_signs(TRUTH["recordings"][name]["signs"], analysis) == []


def test_severe_regurgitation_is_pansystolic_with_a_quiet_s1():
    found = murmur.analyze(SAMPLES / "mitral_regurgitation_severe.wav").findings
    assert found.murmur.value == "present"
    assert found.systolic_timing.value == "holosystolic"
    assert found.systolic_quality.value == "blowing"
    assert found.s1_intensity.value == "quiet"


def test_score_orders_the_samples_as_a_doctor_would():
    def score(name):
        return murmur.analyze(SAMPLES / f"{name}.wav").findings.mitral_regurgitation.value

    severe = score("mitral_regurgitation_severe")
    assert severe > 0.7
    assert max(score("normal"), score("aortic_stenosis"), score("aortic_regurgitation")) < 0.4


def test_noisy_sample_says_so():
    analysis = murmur.analyze(SAMPLES / "noisy.wav")
    assert analysis.status == "unreadable"
    assert "noisy" in analysis.quality.reasons
    assert "noisy" in analysis.error


def test_patient_is_loudest_at_the_apex_and_heard_in_the_axilla():
    analyses = [murmur.analyze(path) for path in sorted(SAMPLES.glob("MR1_*.wav"))]
    joined = murmur.join_patient("MR1", analyses)
    assert joined.murmur == "present"
    assert joined.loudest_site == "MV"
    assert joined.radiates_to_axilla is True
    assert joined.s1_intensity == "quiet"
    assert joined.apex_over_base_db > 3
    assert joined.mitral_regurgitation_score > 0.7
