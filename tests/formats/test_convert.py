"""``murmur convert``: as a function, and as the command that people run."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tests.libraries import needs

import murmur
from murmur.cli import main
from murmur.errors import MissingFileError, OutputError, ParameterError
from murmur.formats import FORMATS, convert, read_labels

pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")

SAMPLE = Path(__file__).parents[2] / "samples" / "MR1_MV.wav"


@pytest.fixture(scope="module")
def segmentation():
    return murmur.segment(SAMPLE)


@pytest.mark.parametrize("name", FORMATS)
def test_a_recording_becomes_every_format(tmp_path, segmentation, name):
    needs(name)
    target = tmp_path / f"MR1_MV{FORMATS[name].suffix}"
    assert convert(SAMPLE, target) == ()
    if FORMATS[name].holds == "labels":
        found = read_labels(target)
        assert [row.state for row in found] == [row.state for row in segmentation.intervals]
        np.testing.assert_allclose([row[:2] for row in found], [row[:2] for row in segmentation.intervals], atol=0.126e-3)
    elif FORMATS[name].holds == "sound":
        np.testing.assert_array_equal(murmur.load(target).samples, murmur.load(SAMPLE).samples)
        assert murmur.segment(target).intervals == segmentation.intervals
    else:
        assert json.loads(target.read_text(encoding="utf-8"))["resourceType"] == "DiagnosticReport"


@pytest.mark.parametrize("first", ["circor", "audacity", "textgrid", "wfdb"])
@pytest.mark.parametrize("second", ["circor", "audacity", "textgrid", "wfdb"])
def test_labels_become_other_labels(tmp_path, segmentation, first, second):
    needs(first, second)
    one, other = tmp_path / f"one{FORMATS[first].suffix}", tmp_path / f"other{FORMATS[second].suffix}"
    convert(SAMPLE, one)
    convert(one, other)
    found = read_labels(other)
    assert [row.state for row in found] == [row.state for row in segmentation.intervals]
    np.testing.assert_allclose([row[:2] for row in found], [row[:2] for row in segmentation.intervals], atol=0.2e-3)


def test_the_source_is_never_overwritten(tmp_path):
    source = tmp_path / "a.wav"
    source.write_bytes(SAMPLE.read_bytes())
    (tmp_path / "link.wav").symlink_to(source)
    for target in (source, tmp_path / "link.wav", tmp_path / "." / "a.wav"):
        with pytest.raises(ParameterError, match="is the source itself, which is never overwritten"):
            convert(source, target)
    assert source.read_bytes() == SAMPLE.read_bytes()


def test_what_can_not_be_is_refused(tmp_path):
    convert(SAMPLE, tmp_path / "a.tsv")
    for arguments, options, message in (
        ((tmp_path / "a.tsv", tmp_path / "a.json"), {}, "fhir can't be made from labels alone"),
        ((SAMPLE, tmp_path / "a.xyz"), {}, "no format has the suffix"),
        ((SAMPLE, tmp_path / "a.txt"), {"subject": "Patient/1"}, "subject: only for reports"),
        ((SAMPLE, tmp_path / "a.txt"), {"sample_rate_hz": 500.0}, "has its own sample rate"),
        ((SAMPLE, tmp_path / "a.txt"), {"from_": "wav"}, "wav is not a format of labels"),
        ((SAMPLE, tmp_path), {"to": "circor"}, "is a folder; name a file in it"),
    ):
        with pytest.raises(ParameterError, match=message):
            convert(*arguments, **options)
    with pytest.raises(MissingFileError, match="its folder does not exist"):
        convert(SAMPLE, tmp_path / "none" / "a.tsv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tsv"]


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "murmur", "convert", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_command_converts_a_recording(tmp_path, segmentation):
    done = command(SAMPLE, "-o", tmp_path / "a.txt")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [row.state for row in read_labels(tmp_path / "a.txt")] == [row.state for row in segmentation.intervals]
    done = command(SAMPLE, "-o", tmp_path / "a.what")
    assert done.returncode == 2
    assert "no format has the suffix" in done.stderr


def test_several_sources_go_to_a_folder(tmp_path, capsys):
    source = tmp_path / "in"
    source.mkdir()
    (source / "MR1_MV.wav").write_bytes(SAMPLE.read_bytes())
    (source / "bad.wav").write_bytes(b"nothing")
    stereo = np.stack([soundfile.read(SAMPLE)[0]] * 2, axis=1)
    soundfile.write(source / "two.wav", stereo, 4000)
    assert main(["convert", str(source), "-o", str(tmp_path / "out"), "--to", "audacity"]) == 1
    told = capsys.readouterr().err
    assert "bad.wav: not audio" in told
    assert "two.wav: 2 channels: took channel 0" in told
    assert "2 converted, 1 failed" in told
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["MR1_MV.txt", "two.txt"]


def test_a_folder_needs_a_format_and_names_that_differ(tmp_path, capsys):
    for name in ("a.wav", "a.flac"):
        (tmp_path / name).write_bytes(b"")
    both = [str(tmp_path / "a.wav"), str(tmp_path / "a.flac")]
    assert main(["convert", *both, "-o", str(tmp_path / "out")]) == 2
    assert "--to is missing" in capsys.readouterr().err
    assert main(["convert", *both, "-o", str(tmp_path / "out"), "--to", "circor"]) == 2
    assert "2 sources would be written to" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_command_passes_what_a_report_needs(tmp_path):
    pytest.importorskip("fhir.resources")
    target = tmp_path / "a.json"
    assert main(["convert", str(SAMPLE), "-o", str(target), "--subject", "Patient/9", "--effective", "2026-05-01"]) == 0
    report = json.loads(target.read_text(encoding="utf-8"))
    assert (report["subject"], report["effectiveDateTime"]) == ({"reference": "Patient/9"}, "2026-05-01")


def test_what_is_there_is_replaced_only_when_asked(tmp_path, capsys):
    """A folder of recordings with experts' labels beside them must not lose these."""
    (tmp_path / "MR1_MV.wav").write_bytes(SAMPLE.read_bytes())
    labels = tmp_path / "MR1_MV.tsv"
    labels.write_text("0\t1\t1\n", "ascii")
    with pytest.raises(OutputError, match="already exists"):
        convert(tmp_path / "MR1_MV.wav", labels)
    assert main(["convert", str(tmp_path), "-o", str(tmp_path), "--to", "circor"]) == 1
    assert "already exists; name another target, or replace it (--replace)" in capsys.readouterr().err
    assert labels.read_text("ascii") == "0\t1\t1\n"
    assert main(["convert", str(tmp_path), "-o", str(tmp_path), "--to", "circor", "--replace"]) == 0
    assert len(read_labels(labels)) > 10
