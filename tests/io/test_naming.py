"""What file names tell, and what they must not be made to tell."""

from pathlib import Path

import pytest

from murmur.errors import ParameterError
from murmur.io.info import RecordingInfo
from murmur.io.naming import POSITIONS, SITES, canonical_position, canonical_site


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("13918_AV.wav", ("13918", "AV", "")),
        ("50690_MV_2.wav", ("50690", "MV", "")),
        ("85119_Phc_1.wav", ("85119", "other", "")),
        ("MR_002_sit_Mit.wav", ("MR_002", "MV", "sit")),
        ("N_117_sup_Aor.flac", ("N_117", "AV", "sup")),
        ("AS_056_left_Tri.wav", ("AS_056", "TV", "left")),
        ("MR1_Ax.wav", ("MR1", "Ax", "")),
        ("17_apex.wav", ("17", "MV", "")),
        ("sub-01_erb.WAV", ("sub-01", "Erb", "")),
        ("17_SUPINE_pul.wav", ("17", "PV", "sup")),
        ("/data/set 1/13918_tv", ("13918", "TV", "")),
        (Path("deep") / "2530_PV.wav", ("2530", "PV", "")),
        (r"C:\recordings\2530_PV.wav", ("2530", "PV", "")),
    ],
)
def test_known_schemes(path, expected):
    assert RecordingInfo.from_path(path) == RecordingInfo(str(path), *expected)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "normal.wav",
        "mitral_regurgitation_mild.wav",
        "recording_2024.wav",
        "a0001.wav",
        "MV.wav",
        "MV_1.wav",
        "MV_1_AV.wav",
        "sit_1_MV.wav",
        "normal_MV.wav",
        "recording_1_apex.wav",
        "take2_AV.wav",
        "ch1_AV.wav",
        "20240115_AV.wav",
        "12_mitral.wav",
        "12_aortic_stenosis.wav",
        "13918_AV_filtered.wav",
        "13918_AV.4k.wav",
        "13918_AV_sit.wav",
        "13918AV.wav",
        "13918_AVX.wav",
        "13918 AV.wav",
        "13918_AV_.wav",
        "_AV.wav",
        "13918_/AV.wav",
        "١٢_AV.wav",
        "13918_AV/normal.wav",
        "MS_axial_12.wav",
    ],
)
def test_no_scheme_gives_nothing(path):
    assert RecordingInfo.from_path(path) == RecordingInfo(path)


@pytest.mark.parametrize(
    ("texts", "site"),
    [
        (["AV", "aor", "Aortic"], "AV"),
        (["pv", "PUL", "pulmonary", "Pulmonic"], "PV"),
        (["TV", "Tri", "tricuspid"], "TV"),
        (["MV", "mit", "Mitral", "APEX", "  apex "], "MV"),
        (["erb", "Erb"], "Erb"),
        (["AX", "axilla"], "Ax"),
        (["Phc", "other"], "other"),
        (["", "  "], ""),
    ],
)
def test_canonical_site(texts, site):
    assert [canonical_site(text) for text in texts] == [site] * len(texts)


def test_canonical_names_are_fixed_points():
    assert [canonical_site(site) for site in SITES] == list(SITES)
    assert [canonical_position(position) for position in POSITIONS] == list(POSITIONS)
    assert canonical_position("Supine") == "sup"


def test_unknown_site_lists_the_accepted():
    with pytest.raises(ParameterError, match="'heart'") as caught:
        canonical_site("heart")
    assert all(site in str(caught.value) for site in SITES)
    assert "mitral" in str(caught.value)
    with pytest.raises(ParameterError, match=r"site must be a string, not 3"):
        canonical_site(3)
    with pytest.raises(ParameterError, match=r"unknown position 'prone'.*sit.*sup.*left"):
        canonical_position("prone")
