"""Pages for people: what is on them, that they need nothing else, and how large they grow."""

# ruff: noqa: E402

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("jinja2")
pytest.importorskip("matplotlib").use("Agg")

import murmur
from murmur import __version__
from murmur.batch import gather, run
from murmur.cli import main
from murmur.errors import OutputError, ParameterError
from murmur.io.recording import Recording
from murmur.report import Subject, page, page_of, write_reports
from murmur.report.index import INDEX_ROWS
from murmur.report.page import MOST_BYTES
from murmur.report.sound import RATE_HZ, Span, best_span, data_url

SAMPLES = Path(__file__).parents[2] / "samples"
VOID = {"meta", "link", "input", "br", "img"}


class Page(HTMLParser):
    """A page as a browser would take it apart: text, attributes, and whether every tag is closed."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in {"style", "script"}:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def all(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]


def patient(names=("MR1_AV", "MR1_MV", "MR1_Ax")) -> Subject:
    return Subject("Patient MR1", "MR1", [SAMPLES / f"{name}.wav" for name in names])


def visit(name: str) -> murmur.RecordingInfo:
    return murmur.RecordingInfo.from_path(SAMPLES / "MR1_MV.wav").updated(visit=name)


@pytest.fixture(scope="module")
def html():
    return page_of(patient())


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run over a few samples, one of which is no sound."""
    folder = tmp_path_factory.mktemp("run")
    for name in ("MR1_AV", "MR1_MV", "normal", "noisy"):
        (folder / f"{name}.wav").write_bytes((SAMPLES / f"{name}.wav").read_bytes())
    (folder / "broken.wav").write_bytes(b"RIFF nothing")
    run(gather([folder]), folder / "out", jobs=1)
    return folder / "out"


# --- what is on a page ------------------------------------------------------------------


def test_a_page_says_what_murmur_says(html):
    text = Page(html).text
    for analysis in (murmur.analyze(SAMPLES / f"MR1_{site}.wav") for site in ("AV", "MV", "Ax")):
        from murmur.wording import tell

        story = tell(analysis)
        for sentence, _ in story.sentences:
            assert sentence in text
        for line in story.lines:
            assert line.rests_on in text
        assert all(missing in text for missing in story.missing)
    assert "loudest at MV (apex)" in text  # all recordings together
    assert "spans at least 80 % of systole in" in text
    assert text.count("For research and education, not a medical device.") == 2
    assert f"Made by murmur {__version__}" in text


def test_a_page_is_well_formed_and_its_ids_are_its_own(html):
    ids = Page(html).all("id")
    assert len(ids) == len(set(ids))
    hrefs = {value[1:] for value in Page(html).all("href") + Page(html).all("xlink:href") if value.startswith("#")}
    hrefs |= set(re.findall(r"url\(#([^)]*)\)", html))
    assert hrefs <= set(ids)


def test_a_page_needs_nothing_else(html):
    told = Page(html)
    sources = told.all("src") + [v for v in told.all("href") + told.all("xlink:href") if not v.startswith("#")]
    assert sources
    assert all(source.startswith("data:") for source in sources)
    assert "default-src 'none'" in html
    assert not re.search(r"url\((?!#|&quot;|\"#)", html)


def test_a_pages_pictures_are_told_in_words(html):
    told = Page(html)
    pictures = [value for tag, name, value in told.attributes if tag == "svg" and name == "aria-label"]
    assert len(pictures) == html.count("<svg") == 3 * 5 + 1  # strip, paper, beat, levels, rate of each; the chest
    assert all(pictures)


def test_a_single_recording_has_no_table_of_sites(tmp_path):
    text = Page(page_of(Subject("normal.wav", "", [SAMPLES / "normal.wav"]))).text
    assert "Findings" in text
    assert "All recordings together" not in text
    assert "No murmur heard" in text


def test_warnings_come_before_all_else():
    html = page_of(Subject("Patient 1", "1", [SAMPLES / "clipped.wav", SAMPLES / "normal.wav"]))
    text = Page(html).text
    assert text.index("Before you read on") < text.index("Clipped:") < text.index("All recordings together")


def test_what_can_not_be_read_is_told_on_the_page(tmp_path):
    (tmp_path / "broken.wav").write_bytes(b"RIFF nothing")
    subject = Subject("Patient 1", "1", [tmp_path / "broken.wav", tmp_path / "gone.wav", SAMPLES / "noisy.wav"])
    text = Page(page_of(subject)).text
    assert "gone.wav : Failed: no such file" in text
    assert text.count("Failed:") >= 2
    assert "Unreadable" in text


def test_names_are_no_markup(tmp_path):
    name = tmp_path / "<script>alert(1)<b>&.wav"
    name.write_bytes((SAMPLES / "normal.wav").read_bytes())
    html = page_of(Subject("Patient <i>1</i>", "<i>1</i>", [murmur.RecordingInfo(str(name), visit="<u>2</u>")]))
    assert "<script>alert(1)" not in html
    assert "<i>1</i>" not in html
    assert "Patient <i>1</i>" in Page(html).text
    assert "visit <u>2</u>" in Page(html).text


def test_visits_are_compared():
    recordings = [visit("1"), visit("2")]
    text = Page(page_of(Subject("Patient MR1", "MR1", recordings))).text
    assert "Over the visits" in text
    assert "Nothing has changed by more than noise." in text


def test_changed_settings_are_told():
    html = page_of(patient(("MR1_MV",)), settings=murmur.Settings(least_cycles=5))
    assert "least_cycles = 5" in Page(html).text
    assert "(as shipped)" not in html


def test_nothing_to_report_on_is_refused():
    with pytest.raises(ParameterError, match="no recordings"):
        page_of(Subject("Patient 1", "1", []))


# --- its sound --------------------------------------------------------------------------


def test_the_sound_is_the_stretch_that_is_shown():
    rate_hz, samples = 4000, np.zeros(40000, dtype=np.float32)
    time_s = np.arange(8000) / rate_hz
    samples[16000:24000] = 0.1 * np.sin(2 * np.pi * 200.0 * time_s)
    url = data_url(Recording(samples, rate_hz), Span(4.0, 6.0))
    head, _, body = url.partition(",")
    assert head == "data:audio/flac;base64"
    sound, rate = soundfile.read(io.BytesIO(base64.b64decode(body)))
    assert rate == RATE_HZ
    assert len(sound) == 2 * RATE_HZ
    spectrum = np.abs(np.fft.rfft(sound))
    assert np.argmax(spectrum) * rate / len(sound) == pytest.approx(200.0, abs=1.0)
    assert np.abs(sound).max() == pytest.approx(0.9, abs=0.05)  # as loud as it can be


def test_a_knock_does_not_drown_the_rest():
    samples = 0.01 * np.random.default_rng(1).standard_normal(40000).astype(np.float32)
    samples[20000] = 1.0
    sound, _ = soundfile.read(io.BytesIO(base64.b64decode(data_url(Recording(samples, 8000), Span(0.0, 5.0)).split(",")[1])))
    assert np.sqrt(np.mean(sound**2)) > 0.1


def test_the_best_span_has_most_trusted_beats():
    analysis = murmur.analyze(SAMPLES / "noisy.wav")
    for longest_s in (3.0, 5.0, 8.0):
        chosen = best_span(analysis, longest_s)
        assert chosen.duration_s == pytest.approx(longest_s)
        assert chosen.start_s >= 0.0
        assert chosen.end_s <= analysis.duration_s + 1e-9
        beats, trusted = analysis.segmentation.cycles, analysis.cycles.trusted

        def count(start_s, longest_s=longest_s, beats=beats, trusted=trusted):
            inside = (beats.s1_onset_s >= start_s) & (beats.end_s <= start_s + longest_s)
            return int((inside & trusted).sum())

        every = np.arange(0.0, analysis.duration_s - longest_s, 0.01)
        assert count(chosen.start_s) >= max(count(start) for start in every) - 1
    assert best_span(analysis, 1000.0) == Span(0.0, analysis.duration_s)


# --- how large --------------------------------------------------------------------------


@pytest.mark.slow
def test_a_page_keeps_to_its_size(monkeypatch):
    whole = len(page_of(patient()).encode())
    monkeypatch.setattr(page, "MOST_BYTES", 7 * whole // 10)
    smaller = page_of(patient())
    assert len(smaller.encode()) <= 7 * whole // 10
    assert "<audio" in smaller
    assert "the part with the most reliable cycles" in smaller
    monkeypatch.setattr(page, "MOST_BYTES", whole // 5)
    smallest = page_of(patient())
    assert len(smallest.encode()) <= whole // 5
    assert "<audio" not in smallest
    assert "Too long to show and play here" in smallest
    assert whole <= MOST_BYTES


def test_of_many_recordings_all_are_told(monkeypatch):
    monkeypatch.setattr(page, "MOST_DRAWN", 1)
    monkeypatch.setattr(page, "MOST_DESCRIBED", 2)
    html = page_of(patient())
    text = Page(html).text
    assert html.count("<audio") == 1
    assert html.count("<article") == 2
    assert "2 of 3 recordings are described without pictures, some in a single line" in text
    assert all(f"MR1_{site}.wav" in text for site in ("AV", "MV", "Ax"))


# --- of a run ---------------------------------------------------------------------------


def test_a_run_has_an_index_and_a_page_each(finished):
    written = write_reports(finished, jobs=1)
    assert (written.pages, written.kept, written.failed) == (4, 0, 0)
    folder = finished / "report"
    index = Page((folder / "index.html").read_text("utf-8"))
    links = [value for value in index.all("href") if value.endswith(".html")]
    assert sorted(links) == sorted(p.name for p in folder.glob("*.html") if p.name != "index.html")
    assert "patient-MR1.html" in links
    assert "1 failed" in index.text
    assert "1 unreadable" in index.text
    assert "I/VI" in index.text


@pytest.mark.slow
def test_pages_that_are_there_are_kept_until_a_file_changes(finished, tmp_path):
    first = write_reports(finished, tmp_path / "pages", jobs=2)
    again = write_reports(finished, tmp_path / "pages", jobs=1)
    assert (first.kept, again.kept) == (0, 4)
    (tmp_path / "pages" / "patient-MR1.html").write_text("cut off", "utf-8")
    assert write_reports(finished, tmp_path / "pages", jobs=1).kept == 3
    assert write_reports(finished, tmp_path / "pages", jobs=1, resume=False).kept == 0


def test_what_has_changed_since_the_run_is_told(tmp_path, capsys):
    for name in ("P1_AV", "P1_MV"):
        (tmp_path / f"{name}.wav").write_bytes((SAMPLES / "normal.wav").read_bytes())
    run([tmp_path], tmp_path / "out", jobs=1)
    assert write_reports(tmp_path / "out", jobs=1).problems == ()
    (tmp_path / "P1_MV.wav").write_bytes((SAMPLES / "MR1_MV.wav").read_bytes())
    (tmp_path / "P1_AV.wav").unlink()
    assert main(["report", str(tmp_path / "out"), "--jobs", "1"]) == 1
    assert "Changed or gone since the run: " in capsys.readouterr().err
    page_, index = (
        Page((tmp_path / "out" / "report" / name).read_text("utf-8")).text for name in ("patient-P1.html", "index.html")
    )
    assert page_.index("Changed or gone since the run") < page_.index("All recordings together")
    assert "Pansystolic" in page_
    assert "2 changed since the run" in index


def test_visits_in_no_order_are_told_and_not_compared():
    recordings = [visit("before"), visit("after")]
    text = Page(page_of(Subject("Patient MR1", "MR1", recordings))).text
    assert "Visits are not compared: patient MR1: the order of the visits 'after', 'before' is unknown" in text
    assert "Over the visits" not in text


@pytest.mark.slow
def test_workers_write_the_same_pages(finished, tmp_path):
    for jobs in (1, 2):
        write_reports(finished, tmp_path / str(jobs), jobs=jobs)
    for place in (tmp_path / "1").iterdir():
        one, other = (Page((tmp_path / jobs / place.name).read_text("utf-8")) for jobs in "12")
        assert one.text == other.text, place.name
        assert one.all("src") == other.all("src"), place.name  # the sounds


def test_only_those_asked_for(finished, tmp_path):
    assert write_reports(finished, tmp_path, patients=["MR1"], jobs=1).pages == 1
    assert {p.name for p in tmp_path.iterdir()} == {"index.html", "patient-MR1.html"}
    index = Page((tmp_path / "index.html").read_text("utf-8"))
    assert [link for link in index.all("href") if link.endswith(".html")] == ["patient-MR1.html"]
    assert all(name in index.text for name in ("MR1", "normal.wav", "noisy.wav", "broken.wav"))  # without a page yet
    with pytest.raises(ParameterError, match="holds no patient nobody"):
        write_reports(finished, tmp_path, patients=["nobody"])


def test_a_long_index_is_several_pages(monkeypatch, finished, tmp_path):
    from murmur.report import index as module

    monkeypatch.setattr(module, "INDEX_ROWS", 2)
    write_reports(finished, tmp_path, index_only=True)
    parts = [Page((tmp_path / name).read_text("utf-8")) for name in ("index.html", "index-2.html")]
    assert "part 2 of 2" in parts[1].text
    names = ("MR1", "normal.wav", "noisy.wav", "broken.wav")
    assert [sum(name in part.text for name in names) for part in parts] == [2, 2]
    assert all("index-2.html" in part.all("href") for part in parts)
    assert INDEX_ROWS > 1000


def test_a_run_of_other_models_is_refused(finished, tmp_path):
    import murmur.pipeline.models

    for model in Path(murmur.pipeline.models.__file__).parent.glob("*.npz"):
        (tmp_path / model.name).write_bytes(model.read_bytes())
    name = sorted(tmp_path.glob("*.npz"))[0]
    with np.load(name) as arrays:
        np.savez(name, **dict(arrays))
    with pytest.raises(OutputError, match="other models"):
        write_reports(finished, models_dir=tmp_path)


# --- the command ------------------------------------------------------------------------


def test_the_command_reports_on_a_run(finished, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "murmur", "report", finished, "-o", tmp_path / "pages", "--patient", "MR1", "--jobs", "1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert done.stderr.startswith("1 page in ")
    assert (tmp_path / "pages" / "patient-MR1.html").is_file()


def test_the_command_reports_on_recordings(tmp_path, capsys):
    files = [str(SAMPLES / f"MR1_{site}.wav") for site in ("AV", "MV")]
    assert main(["report", *files, "-o", str(tmp_path / "one.html"), "--jobs", "1"]) == 0
    assert "Patient MR1" in Page((tmp_path / "one.html").read_text("utf-8")).text
    assert main(["report", files[0], str(tmp_path / "gone.wav"), "-o", str(tmp_path / "pages"), "--jobs", "1"]) == 1
    assert "gone.wav: no such file" in capsys.readouterr().err
    assert len(list((tmp_path / "pages").glob("*.html"))) == 3


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["normal.wav"], "a report of recordings needs a destination"),
        (["normal.wav", "noisy.wav", "-o", "one.html"], "there are 2 patients"),
        (["-o", "pages"], "nothing to analyze"),
        (["normal.wav", "-o", "file/pages"], "can't be written"),
        (["normal.wav", "-o", "page.pdf"], "pages are HTML"),
    ],
)
def test_the_command_tells_what_is_wrong(tmp_path, monkeypatch, capsys, arguments, told):
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("", "utf-8")
    files = [str(SAMPLES / a) if a.endswith(".wav") else a for a in arguments]
    assert main(["report", *files, "--jobs", "1"]) == 2
    assert told in capsys.readouterr().err


def test_what_a_run_has_of_its_own_can_not_be_said_again(finished, capsys):
    assert main(["report", str(finished), "--set", "least_cycles=5"]) == 2
    assert "is a run, which has its own" in capsys.readouterr().err


def test_without_jinja2_the_remedy_is_told(monkeypatch):
    page.template.cache_clear()
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ParameterError, match="murmur-pcg\\[report\\]"):
        write_reports("samples", "nowhere")
