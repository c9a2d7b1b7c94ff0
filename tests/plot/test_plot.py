"""Pictures: the samples' as they were looked at (pytest-mpl), and what must be in any."""

# ruff: noqa: E402

from __future__ import annotations

import json
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.colors import to_hex
from matplotlib.text import Text

import murmur
import murmur.plot
from murmur.cli import main
from murmur.errors import ParameterError
from murmur.io.recording import Recording
from murmur.plot.chest import PLACES
from murmur.plot.style import COLOURS
from murmur.segmentation.result import State

SAMPLES = Path(__file__).parents[2] / "samples"
NAMES = sorted(json.loads((SAMPLES / "truth.json").read_text("utf-8"))["recordings"])

# a moved band or line differs by far more than this
alike = pytest.mark.mpl_image_compare(baseline_dir="baseline", tolerance=4, style="default", savefig_kwargs={"dpi": 28})


def wordless(figure):
    """Without text, which every version of FreeType draws, and makes room for, in its own way."""
    for ax in figure.axes:
        if ax.get_legend() is not None:
            ax.get_legend().remove()
        ax.tick_params(labelbottom=False, labelleft=False)
    for text in figure.findobj(Text):
        text.set_visible(False)
    figure.set_layout_engine("none")
    figure.subplotpars.update(left=0.04, right=0.98, bottom=0.04, top=0.98, hspace=0.15, wspace=0.1)
    for ax in figure.axes:
        ax.set_position(ax.get_subplotspec().get_position(figure))
    return figure


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def heard():
    """A sample by name: its recording and analysis, each made once."""
    made: dict[str, tuple[Recording, murmur.Analysis]] = {}

    def get(name: str) -> tuple[Recording, murmur.Analysis]:
        if name not in made:
            recording = murmur.load(SAMPLES / f"{name}.wav")
            made[name] = recording, murmur.analyze(recording)
        return made[name]

    return get


@pytest.fixture(scope="module")
def sites(heard):
    return [heard(f"MR1_{site}")[1] for site in ("AV", "PV", "TV", "MV", "Ax")]


# --- as they were looked at -------------------------------------------------------------


@alike
@pytest.mark.parametrize("name", NAMES)
def test_the_sheet_of_each_sample(heard, name):
    recording, analysis = heard(name)
    return wordless(murmur.plot.overview(recording, analysis))


@alike
@pytest.mark.parametrize("name", ["mitral_regurgitation_severe", "noisy"])
@pytest.mark.parametrize("kind", ["phonocardiogram", "spectrogram"])
def test_the_whole_sound(heard, name, kind):
    return wordless(getattr(murmur.plot, kind)(*heard(name)).figure)


@alike
def test_the_chest_of_a_patient(sites):
    return wordless(murmur.plot.chest_map(sites).figure)


# --- what must be in them ---------------------------------------------------------------


def test_axes_given_are_drawn_on_and_returned(heard):
    recording, analysis = heard("normal")
    figure, axes = plt.subplots(6)
    assert murmur.plot.phonocardiogram(recording, analysis, ax=axes[0]) is axes[0]
    assert murmur.plot.spectrogram(recording, analysis, ax=axes[1]) is axes[1]
    for ax, kind in zip(axes[2:], ("cycle", "levels", "tachogram"), strict=False):
        assert getattr(murmur.plot, kind)(analysis, ax=ax) is ax
    assert murmur.plot.chest_map([analysis], ax=axes[5]) is axes[5]
    assert plt.get_fignums() == [figure.number]  # and no others were made


def test_the_bands_are_s1_and_s2_where_they_were_found(heard):
    recording, analysis = heard("normal")
    ax = murmur.plot.phonocardiogram(recording, analysis, start_s=2.0, end_s=6.0)
    trusted = analysis.segmentation.cycles.s1_onset_s[analysis.cycles.trusted]
    for state in (State.S1, State.S2):
        drawn = {
            round(float(path.vertices[:, 0].min()), 6)
            for collection in ax.collections
            for path in collection.get_paths()
            if len(collection.get_facecolor()) and to_hex(collection.get_facecolor()[0]) == COLOURS[state]
        }
        found = {round(s, 6) for s, end_s, at in analysis.segmentation.intervals if at == state and end_s > 2.0 and s < 6.0}
        assert drawn == found
    assert {text.get_text() for text in ax.texts} == {"S1", "S2"}
    assert ax.get_xlim() == (2.0, 6.0)
    assert trusted.size


def test_a_cycle_that_is_not_trusted_is_pale(heard):
    recording, analysis = heard("noisy")
    untrusted = ~analysis.cycles.trusted
    start_s = float(analysis.segmentation.cycles.s1_onset_s[untrusted][0])
    ax = murmur.plot.phonocardiogram(recording, analysis, start_s=start_s - 0.2, end_s=start_s + 2.0)
    assert "(S1)" in {text.get_text() for text in ax.texts}


def test_a_segmentation_alone_will_do(heard):
    recording, _ = heard("normal")
    segmentation = murmur.segment(recording)
    for kind in (murmur.plot.phonocardiogram, murmur.plot.spectrogram):
        assert kind(recording, segmentation, end_s=3.0).get_xlim() == (0.0, 3.0)


def test_sound_and_spectrogram_share_their_time_axis(heard):
    recording, analysis = heard("s3_gallop")
    _, (wave, spectrum) = plt.subplots(2, sharex=True)
    murmur.plot.phonocardiogram(recording, analysis, start_s=1.5, end_s=5.0, ax=wave)
    murmur.plot.spectrogram(recording, analysis, start_s=1.5, end_s=5.0, ax=spectrum)
    assert wave.get_xlim() == spectrum.get_xlim() == (1.5, 5.0)


def test_a_tone_stands_at_its_frequency_and_its_time():
    rate_hz, onset_s = 4000, 2.0
    time_s = np.arange(4 * rate_hz) / rate_hz
    samples = np.where(time_s >= onset_s, np.sin(2 * np.pi * 300.0 * time_s), 1e-3 * np.sin(2 * np.pi * 50.0 * time_s))
    ax = murmur.plot.spectrogram(Recording(samples.astype(np.float32), rate_hz))
    mesh = ax.collections[0]
    levels, corners = mesh.get_array(), mesh.get_coordinates()
    middles = 0.25 * (corners[1:, 1:] + corners[:-1, 1:] + corners[1:, :-1] + corners[:-1, :-1])
    loud = levels > levels.max() - 6.0
    assert np.abs(middles[loud][:, 1] - 300.0).max() < 16.0
    assert middles[loud][:, 0].min() == pytest.approx(onset_s, abs=0.04)


def test_long_sounds_keep_their_peaks():
    rate_hz = 4000
    samples = np.zeros(60 * rate_hz, dtype=np.float32)
    samples[::rate_hz] = 0.5
    samples[123457] = -0.9
    ax = murmur.plot.phonocardiogram(Recording(samples, rate_hz))
    drawn = ax.collections[0].get_paths()[0].vertices
    lowest = drawn[np.argmin(drawn[:, 1])]
    assert lowest[1] == pytest.approx(-0.9, abs=0.03)
    assert lowest[0] == pytest.approx(123457 / rate_hz, abs=60.0 / 1000)
    assert len(drawn) < 3000


def test_the_average_cycle_is_the_profile_and_its_spread(heard):
    _, analysis = heard("mitral_regurgitation_severe")
    ax = murmur.plot.cycle(analysis)
    bands = [p.get_data() for p in ax.patches if hasattr(p, "get_data")]
    values = [tuple(np.round(b.values, 6)) for b in bands]
    for profile in ("profile_db", "profile_high_db", "diastole_profile_db", "diastole_profile_high_db"):
        assert tuple(np.round(getattr(analysis.murmur, profile), 6)) in values, profile
    beats = analysis.segmentation.cycles
    assert ax.get_xlim()[1] == pytest.approx(1e3 * np.median(beats.end_s - beats.s1_onset_s), rel=0.05)


def test_levels_and_rate_are_those_of_the_cycles(heard):
    _, analysis = heard("premature_beats")
    points = murmur.plot.levels(analysis).lines[0].get_ydata()
    np.testing.assert_array_equal(points, analysis.cycles.s1_s2_level_db[analysis.cycles.trusted])
    rate = murmur.plot.tachogram(analysis).lines[0].get_ydata()
    beats = analysis.segmentation.cycles
    np.testing.assert_allclose(rate, 60.0 / (beats.end_s - beats.s1_onset_s))


def test_the_chest_map_tells_heard_from_not_heard_from_not_recorded(heard, sites):
    quiet = murmur.analyze(SAMPLES / "normal.wav", site="AV")
    ax = murmur.plot.chest_map([quiet, *sites[3:4]])
    circles = {tuple(p.center): p for p in ax.patches}
    assert set(circles) == set(PLACES.values())
    assert to_hex(circles[PLACES["AV"]].get_facecolor()) == "#ffffff"
    assert to_hex(circles[PLACES["MV"]].get_facecolor()) != "#ffffff"
    assert circles[PLACES["TV"]].get_linestyle() in {":", "dotted"}
    texts = {text.get_text() for text in ax.texts}
    assert f"MV\n{sites[3].murmur.level_db:+.0f}" in texts


def test_a_louder_murmur_is_a_darker_site(sites):
    ax = murmur.plot.chest_map(sites)
    by_level = sorted(sites, key=lambda a: a.murmur.level_db)
    brightness = [sum(next(p for p in ax.patches if p.center == PLACES[a.info.site]).get_facecolor()[:3]) for a in by_level]
    assert brightness == sorted(brightness, reverse=True)


def test_a_recording_without_cycles_says_so():
    rng = np.random.default_rng(3)
    noise = Recording(0.1 * rng.standard_normal(20 * 4000).astype(np.float32), 4000)
    analysis = murmur.analyze(noise)
    assert analysis.status == "unreadable"
    figure = murmur.plot.overview(noise, analysis)
    said = " ".join(text.get_text() for ax in figure.axes for text in ax.texts)
    assert "Unreadable" in figure.get_suptitle()
    assert "could be measured" in said or analysis.cycles.trusted.any()


def test_nothing_to_draw_is_told(heard):
    recording, analysis = heard("normal")
    for start_s, end_s in ((50.0, None), (3.0, 3.0), (4.0, 2.0)):
        with pytest.raises(ParameterError, match="nothing to draw"):
            murmur.plot.phonocardiogram(recording, analysis, start_s=start_s, end_s=end_s)


def test_settings_of_the_caller_stay(heard):
    before = dict(matplotlib.rcParams)
    murmur.plot.overview(*heard("normal"))
    assert dict(matplotlib.rcParams) == before


def test_sheets_belong_to_nobody_else(heard):
    """Neither pyplot nor another thread knows of them."""
    recording, analysis = heard("normal")
    figures = []
    threads = [threading.Thread(target=lambda: figures.append(murmur.plot.overview(recording, analysis))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(figures) == 2
    assert not plt.get_fignums()


def test_without_matplotlib_the_remedy_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ParameterError, match="murmur-pcg\\[plot\\]"):
        murmur.plot.chest_map([])


# --- the command ------------------------------------------------------------------------


@pytest.mark.parametrize(("suffix", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_the_command_writes_each_format_the_same_again(tmp_path, suffix, magic):
    places = [tmp_path / f"{number}.{suffix}" for number in range(2)]
    for place in places:
        assert main(["plot", str(SAMPLES / "normal.wav"), "-o", str(place)]) == 0
    assert places[0].read_bytes().startswith(magic)
    assert places[0].read_bytes() == places[1].read_bytes()


@pytest.mark.parametrize("kind", ["phonocardiogram", "spectrogram", "cycle", "levels", "tachogram"])
def test_the_command_draws_each_kind(tmp_path, kind):
    place = tmp_path / "out.svg"
    assert main(["plot", str(SAMPLES / "MR1_MV.wav"), "--kind", kind, "-o", str(place)]) == 0
    text = "".join(ET.parse(place).getroot().itertext())
    assert {"phonocardiogram": "S1", "spectrogram": "Hz", "cycle": "late diastole", "levels": "norm", "tachogram": "mean"}[
        kind
    ] in text


def test_the_command_draws_a_chest(tmp_path):
    place = tmp_path / "chest.svg"
    files = [str(SAMPLES / f"MR1_{site}.wav") for site in ("AV", "MV")]
    assert main(["plot", *files, "--kind", "chest", "-o", str(place)]) == 0
    assert "Murmur by site" in "".join(ET.parse(place).getroot().itertext())


def test_a_chest_needs_sites_and_one_person(tmp_path, capsys):
    other = tmp_path / "X9_AV.wav"
    other.write_bytes((SAMPLES / "normal.wav").read_bytes())
    for files, told in (([SAMPLES / "normal.wav"], "has a site on the chest"), ([SAMPLES / "MR1_MV.wav", other], "MR1, X9")):
        assert main(["plot", *map(str, files), "--kind", "chest", "-o", str(tmp_path / "x.svg")]) == 2
        assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["normal.wav", "-o", "x.gif"], 2, "must end in one of .png, .svg, .pdf"),
        (["normal.wav", "noisy.wav", "-o", "x.svg"], 2, "draws one recording, not 2"),
        (["normal.wav", "-o", "nowhere/x.svg"], 2, "can't be written"),
        (["absent.wav", "-o", "x.svg"], 1, "no such file"),
        (["normal.wav", "--start", "90", "-o", "x.svg"], 2, "nothing to draw"),
        (["normal.wav", "--start", "-1", "-o", "x.svg"], 2, "must be a number"),
        (["normal.wav"], 2, "-o"),
    ],
)
def test_the_command_tells_what_is_wrong(tmp_path, monkeypatch, capsys, arguments, code, told):
    monkeypatch.chdir(tmp_path)
    files = [str(SAMPLES / a) if a.endswith(".wav") else a for a in arguments]
    assert main(["plot", *files]) == code
    assert told in capsys.readouterr().err


def test_the_command_is_a_process(tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "murmur",
            "plot",
            SAMPLES / "normal.wav",
            "--start",
            "2",
            "--end",
            "5",
            "-o",
            tmp_path / "a.png",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "a.png").stat().st_size > 10_000
