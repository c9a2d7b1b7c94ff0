"""What is analyzed: files, folders, globs and manifests, each file once, and where its segments go."""

from pathlib import Path

import pytest

from murmur.batch import Input, find_inputs
from murmur.errors import MissingFileError, ParameterError
from murmur.io.info import RecordingInfo


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Give a folder with recordings, and with what is none; current folder for relative paths."""
    for name in (
        "13918_AV.wav",
        "13918_AV.tsv",
        ".hidden.wav",
        "._13918_AV.wav",
        "notes.txt",
        "a/x.WAV",
        "a/deep er/ü 心.flac",
        "b/x.wav",
        "b/x.flac",
        ".cache/y.wav",
        "b/MR_002_sit_Mit.Aiff",
    ):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"not looked at here")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "in"


def manifest_of(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "manifest.csv"
    path.write_text(text, encoding=encoding)
    return path


def paths(inputs):
    return [item.info.path for item in inputs]


def test_folder_is_searched_in_order_without_hidden_ones(tree):
    found = find_inputs(["in"])
    assert paths(found) == [
        "in/13918_AV.wav",
        "in/a/deep er/ü 心.flac",
        "in/a/x.WAV",
        "in/b/MR_002_sit_Mit.Aiff",
        "in/b/x.flac",
        "in/b/x.wav",
    ]
    assert [item.relative for item in found] == [
        "13918_AV.tsv",
        "a/deep er/ü 心.tsv",
        "a/x.tsv",
        "b/MR_002_sit_Mit.tsv",
        "b/x.flac.tsv",  # two of one name in one folder
        "b/x.wav.tsv",
    ]


def test_every_suffix_is_known(tmp_path):
    names = ["a.wav", "b.flac", "c.aif", "d.aiff", "e.au", "f.ogg", "g.w64", "h.W64"]
    for name in names:
        (tmp_path / name).touch()
    assert [Path(path).name for path in paths(find_inputs([tmp_path]))] == names


def test_names_tell_patient_site_and_position(tree):
    found = {item.info.path: item for item in find_inputs(["in"])}
    av, mit, other = found["in/13918_AV.wav"], found["in/b/MR_002_sit_Mit.Aiff"], found["in/b/x.wav"]
    assert (av.info.patient, av.info.site, av.info.position, av.info.visit) == ("13918", "AV", "", "")
    assert (mit.info.patient, mit.info.site, mit.info.position) == ("MR_002", "MV", "sit")
    assert (other.info.patient, other.info.site) == ("", "")


def test_the_command_line_wins_over_names(tree):
    item = find_inputs(["in/13918_AV.wav"], patient=" 7 ", site="apex")[0]
    assert (item.info.patient, item.info.site) == ("7", "MV")
    with pytest.raises(ParameterError, match="unknown site 'knee'"):
        find_inputs(["in"], site="knee")


def test_same_file_twice_is_one_input(tree):
    found = find_inputs(["in/b/x.wav", "in", tree / "b" / "x.wav", "./in/a/../b/x.wav"])
    assert sum(path.endswith("x.wav") for path in paths(found)) == 1
    assert paths(found)[0] == "in/b/x.wav"


def test_links_are_inputs_of_their_own(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.wav").touch()
    for i in range(3):
        (tmp_path / "in" / f"link{i}.wav").symlink_to("a.wav")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    found = find_inputs([tmp_path / "in"])
    assert [item.relative for item in found] == ["a.tsv", "link0.tsv", "link1.tsv", "link2.tsv"]


def test_several_folders_are_mirrored_below_what_holds_them(tree):
    found = find_inputs(["in/a", "in/b"])
    places = [item.relative for item in found]
    assert places[:2] == ["a/deep er/ü 心.tsv", "a/x.tsv"]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("in/*.wav", ["in/13918_AV.wav"]),
        ("in/*", ["in/13918_AV.wav", "in/a/deep er/ü 心.flac", "in/a/x.WAV"]),
        ("in/**/x.*", ["in/a/x.WAV", "in/b/x.flac", "in/b/x.wav"]),
        ("in/*.txt", ["in/notes.txt"]),
        ("in/[ab]/x.wav", ["in/b/x.wav"]),
    ],
)
def test_globs(tree, pattern, expected):
    found = paths(find_inputs([pattern]))
    assert found[: len(expected)] == expected
    assert not any(path.endswith(".tsv") for path in found)


def test_a_name_with_signs_of_a_glob_is_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "take[1].wav").touch()
    assert paths(find_inputs(["take[1].wav"])) == ["take[1].wav"]


def test_what_is_missing_stays_among_the_inputs(tree, tmp_path):
    (tmp_path / "empty").mkdir()
    missing, nothing, empty, there = find_inputs(["nope.wav", "in/*.mp3", "empty", "in/a/x.WAV"])
    assert missing.info.path == "nope.wav"
    assert "no file matches" in nothing.problem
    assert "without recordings" in empty.problem
    assert (there.problem, there.relative) == ("", "x.tsv")
    assert not any(".." in item.relative or item.relative.startswith("/") for item in (missing, nothing, empty))


def test_nothing_named_is_an_error():
    with pytest.raises(ParameterError, match="nothing to analyze"):
        find_inputs([])


# --- manifests --------------------------------------------------------------------------


def test_manifest_alone_names_the_inputs(tree, tmp_path):
    manifest = manifest_of(
        tmp_path,
        "Path,patient,SITE,visit,position,age,\n"
        "in/b/x.wav,17,mitral,2024-05-02,Sitting,63,\n"
        f"{tree}/13918_AV.wav,,,,,,\n"
        "\n"
        'in/gone.wav,"a, b",,,,,\n',
        encoding="utf-8-sig",
    )
    found = find_inputs(manifest=manifest)
    assert found[0] == Input(
        RecordingInfo(f"{tmp_path}/in/b/x.wav", "17", "MV", "sit", "2024-05-02"), "in/b/x.tsv", extra=(("age", "63"),)
    )
    # what the manifest leaves empty, the name tells
    assert (found[1].info.patient, found[1].info.site) == ("13918", "AV")
    assert found[2].info.patient == "a, b"
    assert len(found) == 3


def test_relative_paths_are_the_manifests_not_ours(tree, tmp_path, monkeypatch):
    (tmp_path / "in" / "m.csv").write_text("path\na/x.WAV\n", encoding="utf-8")
    assert paths(find_inputs(manifest="in/m.csv")) == ["in/a/x.WAV"]
    monkeypatch.chdir(tmp_path / "in")
    assert paths(find_inputs(manifest="m.csv")) == ["a/x.WAV"]


def test_manifest_beside_paths_only_tells_more(tree, tmp_path):
    manifest = manifest_of(tmp_path, "path;patient;device\nin/b/x.wav;17;CORE\nin/a/x.WAV;18;Littmann\n")
    found = find_inputs(["in/b"], manifest)
    assert {item.info.path: (item.info.patient, item.extra) for item in found} == {
        "in/b/MR_002_sit_Mit.Aiff": ("MR_002", ()),
        "in/b/x.flac": ("", ()),
        "in/b/x.wav": ("17", (("device", "CORE"),)),
    }


def test_a_row_twice_is_one_input(tree, tmp_path):
    manifest = manifest_of(tmp_path, "path,patient\nin/b/x.wav,17\n./in/b/x.wav,17\n")
    assert len(find_inputs(manifest=manifest)) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,site\nin/b/x.wav,knee\n", "row 2: unknown site 'knee'"),
        ("path,position\nin/b/x.wav,MV\nin/a/x.WAV,upright\n", "row 2: unknown position"),
        ("file,site\nin/b/x.wav,MV\n", "needs a column 'path'; it has file, site"),
        ("", "needs a column 'path'; it has none"),
        ("path,site\n,MV\n", "row 2 has no path"),
        ("path\nin/b/x.wav,MV\n", "row 2 has 2 cells for 1 columns"),
        ("path,site,Site\n", "two columns are named 'site'"),
        ("path,patient\nin/b/x.wav,17\nin/b/x.wav,18\n", "rows 2 and 3 .* contradict"),
    ],
)
def test_wrong_manifests_are_refused_by_row(tree, tmp_path, text, message):
    with pytest.raises(ParameterError, match=message):
        find_inputs(manifest=manifest_of(tmp_path, text))


def test_a_manifest_that_cant_be_read(tmp_path):
    with pytest.raises(MissingFileError, match="can't be read: No such file"):
        find_inputs(manifest=tmp_path / "none.csv")
    with pytest.raises(ParameterError, match="not UTF-8"):
        find_inputs(manifest=manifest_of(tmp_path, "path\nü.wav\n", encoding="latin-1"))
