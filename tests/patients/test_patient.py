"""Several recordings of one person."""

from dataclasses import replace

import numpy as np
import pytest

import murmur
from murmur.errors import ParameterError
from murmur.findings.finding import median_class
from murmur.findings.grade import GRADES
from murmur.io.info import RecordingInfo
from murmur.patients.patient import SiteFigures, join_patient
from murmur.wording import tell_patient


def site(name, present=0.02, **changes):
    figures = SiteFigures(
        info=RecordingInfo(site=name),
        readable=True,
        present_probability=present,
        unknown_probability=0.02,
        absent_probability=0.98 - present,
        murmur_level_db=-8.0 if present > 0.5 else None,
        holosystolic_probability=0.9,
        blowing_probability=0.8,
        s1_departure_db=0.0,
        above_quiet_db=20.0,
        murmur_extent=1.0,
        s1_s2_level_db=0.0,
        heart_rate_bpm=70.0,
    )
    return replace(figures, **changes)


def unreadable(name):
    nothing = dict.fromkeys(
        (
            "present_probability",
            "unknown_probability",
            "absent_probability",
            "murmur_level_db",
            "holosystolic_probability",
            "blowing_probability",
            "s1_departure_db",
            "above_quiet_db",
            "murmur_extent",
            "s1_s2_level_db",
            "heart_rate_bpm",
        )
    )
    return replace(site(name), readable=False, **nothing)


def test_a_murmur_everywhere():
    sites = [
        site(name, 0.998, unknown_probability=0.001, absent_probability=0.001, murmur_level_db=level)
        for name, level in (("AV", -18.0), ("PV", -16.0), ("TV", -12.0), ("MV", -5.0), ("Ax", -14.0))
    ]
    joined = murmur.join_patient("7", sites)
    assert joined.murmur == "present"
    assert joined.loudest_site == "MV"
    assert joined.murmur_sites == ("AV", "Ax", "MV", "PV", "TV")
    assert joined.radiates_to_axilla is True
    assert joined.grade == "III/VI"
    assert joined.apex_over_base_db == pytest.approx(13.0)
    assert joined.score_parts["loudest_at_the_apex"] > 0.95


def test_a_murmur_at_one_of_four_sites_is_a_faint_one():
    sites = [site("AV", 0.95, murmur_level_db=-18.0), *(site(name) for name in ("PV", "TV", "MV"))]
    assert murmur.join_patient("7", sites).grade == "I/VI"


def test_what_is_no_murmur_is_not_loudest_at_the_apex():
    heard = site("AV", 0.95, murmur_level_db=-18.0)
    rest = [site("MV", murmur_level_db=-5.0)]
    assert murmur.join_patient("7", [heard, *rest]).score_parts["loudest_at_the_apex"] < 0.05
    none = murmur.join_patient("7", [site("AV", murmur_level_db=-18.0), *rest])
    assert none.apex_over_base_db is None
    assert none.score_parts["loudest_at_the_apex"] == 0.0


def test_none_anywhere():
    joined = murmur.join_patient("7", [site(name) for name in ("AV", "PV", "TV", "MV")])
    assert joined.murmur == "absent"
    assert (joined.murmur_sites, joined.loudest_site, joined.grade) == ((), None, None)
    assert joined.radiates_to_axilla is None


def test_a_quiet_s1_needs_most_sites():
    quiet = [site(name, s1_departure_db=-12.0) for name in ("AV", "PV", "MV")]
    once = [site("AV", s1_departure_db=-12.0), site("PV"), site("MV")]
    assert murmur.join_patient("7", quiet).s1_intensity == "quiet"
    assert murmur.join_patient("7", once).s1_intensity == "normal"
    assert murmur.join_patient("7", [site("MV", s1_departure_db=12.0)]).s1_intensity == "loud"


def test_nothing_readable_is_unknown():
    joined = murmur.join_patient("7", [unreadable("AV"), unreadable("MV")])
    assert (joined.murmur, joined.recordings, joined.readable) == ("unknown", 2, 0)
    assert joined.mitral_regurgitation_score is None


def test_an_unreadable_site_counts_among_the_recordings():
    joined = murmur.join_patient("7", [site("MV", 0.95), unreadable("AV")])
    assert (joined.recordings, joined.readable) == (2, 1)
    assert joined.apex_over_base_db is None
    assert joined.score_parts["loudest_at_the_apex"] is None


def test_score_rises_with_each_part():
    plain = murmur.join_patient("7", [site("AV", 0.9), site("MV", 0.9)])
    quiet = murmur.join_patient("7", [site("AV", 0.9, s1_departure_db=-12.0), site("MV", 0.9, s1_departure_db=-12.0)])
    apex = murmur.join_patient("7", [site("AV", 0.9, murmur_level_db=-20.0), site("MV", 0.9)])
    assert quiet.mitral_regurgitation_score > plain.mitral_regurgitation_score
    assert apex.mitral_regurgitation_score > plain.mitral_regurgitation_score


def test_a_murmur_at_some_of_the_four_sites_is_of_the_lowest_grade():
    loud = {"unknown_probability": 0.001, "absent_probability": 0.001}
    sites = [site(name, 0.998, **loud) for name in ("AV", "PV", "TV")]
    faint = site("MV", 0.01, unknown_probability=0.01, absent_probability=0.98)
    assert murmur.join_patient("7", [*sites, faint]).grade == "I/VI"
    assert murmur.join_patient("7", sites).grade == "I/VI"
    assert murmur.join_patient("7", [*sites, site("MV", 0.998, **loud)]).grade == "III/VI"


@pytest.mark.parametrize(
    ("probabilities", "grade"),
    [([0.5, 0.1, 0.4], "I/VI"), ([0.4, 0.15, 0.45], "II/VI"), ([0.2, 0.2, 0.6], "III/VI"), ([0.3, 0.3, 0.3], "II/VI")],
)
def test_the_middle_grade_is_the_median(probabilities, grade):
    assert GRADES[median_class(np.array(probabilities))] == grade


def test_nobody():
    assert murmur.join_patient("7", []).murmur == "unknown"


@pytest.mark.parametrize("sites", ["abc", None, [None], ["a.wav"], 3])
def test_what_is_no_recording_is_refused(sites):
    with pytest.raises(ParameterError, match="must be a list of results of analyze"):
        join_patient("1", sites)


def test_a_grade_from_fewer_than_four_sites_says_so():
    loud = {"unknown_probability": 0.001, "absent_probability": 0.001}
    for names, told in ((("AV", "MV"), "from 2 of the sites AV, PV, TV, MV"), (("AV", "PV", "TV", "MV"), "")):
        joined = murmur.join_patient("7", [site(name, 0.998, **loud) for name in names])
        assert joined.graded_sites == len(names)
        sentence = tell_patient(joined).sentences[0][0]
        assert f"grade {joined.grade}" in sentence
        assert told in sentence
        assert ("of the sites" in sentence) == bool(told)


def test_recordings_of_different_people_are_not_joined():
    with pytest.raises(ParameterError, match="MR1 and Other, not of one patient"):
        murmur.join_patient(
            "MR1", [murmur.analyze("samples/MR1_MV.wav"), murmur.analyze("samples/normal.wav", patient="Other")]
        )
