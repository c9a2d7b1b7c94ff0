"""The benchmarks' own figures, disturbances, tables and plots; data sets are made up of phantoms."""

import csv
import json
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from benchmarks.accuracy import figures as fig
from benchmarks.accuracy.__main__ import main as accuracy
from benchmarks.accuracy.breakdowns import breakdown, by_rate, thirds
from benchmarks.accuracy.murmurs import CLASSES, confusion, weighted_accuracy
from benchmarks.accuracy.output import plain, show
from benchmarks.accuracy.plots import Confusion, Lines, Page, Points, Reliability, Roc, draw_page
from benchmarks.accuracy.scoring import Scored, labelled_rate_bpm
from benchmarks.accuracy.segmentation import f1, fast_against_rest
from benchmarks.disturbances import CLEAN, CONDITIONS, NOISES, SNRS_DB, Condition, babble, disturbed, without_gap
from benchmarks.speed.alternatives import FLOOR
from benchmarks.speed.compare import changes
from benchmarks.speed.compare import main as compare
from benchmarks.speed.recordings import write_recording
from benchmarks.speed.timing import in_turns

from benchmarks import agreement, robustness, signs
from murmur.errors import ParameterError
from murmur.formats.circor import Patient, write_segments
from murmur.io.info import RecordingInfo
from murmur.synthesis import random_phantom, synthesize
from murmur.training.data import LabelledRecording
from murmur.training.scores import OnsetScore

# --- agreement -------------------------------------------------------------------------------------------------------


def analyzed(shift_s=0.0, grade="I/VI", score=0.4):
    starts = [0.1, 0.25, 0.5, 0.6, 1.1]
    intervals = [{"start_s": s + shift_s, "end_s": s + 0.1, "state": 1 + i % 4} for i, s in enumerate(starts)]
    grade = {"value": grade, "probability": 0.6}
    findings = {"grade": grade, "mitral_regurgitation": {"value": score, "probability": None}}
    return {"info": {"path": "a/b.wav"}, "status": "ok", "segmentation": {"intervals": intervals}, "findings": findings}


def write_lines(path, *analyses):
    path.write_text("".join(json.dumps(one) + "\n" for one in analyses), encoding="utf-8")
    return str(path)


def test_two_versions_agree_or_are_told_apart(tmp_path, capsys):
    old = write_lines(tmp_path / "old.jsonl", analyzed())
    assert agreement.main([old, write_lines(tmp_path / "same.jsonl", analyzed(shift_s=0.005))]) == 0
    assert "F1 1.000000" in capsys.readouterr().out
    assert agreement.main([old, write_lines(tmp_path / "new.jsonl", analyzed(0.02, "II/VI", 0.45))]) == 1
    told = capsys.readouterr().out
    assert "F1 0.000000" in told
    assert "findings changed: 1 of 2" in told
    assert "b.wav: grade: I/VI -> II/VI" in told
    assert "mitral_regurgitation, value: 0.05" in told
    other = analyzed() | {"info": {"path": "a/c.wav"}}
    assert agreement.main([old, write_lines(tmp_path / "other.jsonl", other)]) == 1
    assert "0 recordings in both, 2 in one alone" in capsys.readouterr().out


# --- figures ---------------------------------------------------------------------------------------------------------


def test_bootstrap_is_seeded_and_resamples_groups():
    groups = [[0.0, 1.0], [2.0], [3.0, 4.0, 5.0], [6.0]]
    figure = fig.bootstrap(groups, lambda items: float(np.mean(items)))
    assert figure == fig.bootstrap(groups, lambda items: float(np.mean(items)))
    assert figure.value == 3.0
    assert figure.low < 3.0 < figure.high
    assert figure.n == 4
    same = fig.bootstrap([[2.0]] * 5, lambda items: float(np.mean(items)))
    assert (same.value, same.low, same.high) == (2.0, 2.0, 2.0)


def test_sums_over_groups_give_what_the_slow_way_gives():
    rng = np.random.default_rng(1)
    counts = rng.integers(0, 9, size=(12, 3))
    slow = fig.bootstrap([[row] for row in counts], lambda rows: float(f1(np.sum(rows, axis=0))))
    quick = fig.bootstrap_sums(counts, f1)
    assert (quick.value, quick.low, quick.high, quick.n) == pytest.approx((slow.value, slow.low, slow.high, slow.n))
    assert np.isnan(fig.bootstrap_sums(np.empty((0, 3)), f1).value)


def auroc_twin(score, positive):
    """Share of pairs, one of each kind, that are in order; ties count half."""
    return np.mean([(a > b) + 0.5 * (a == b) for a in score[positive] for b in score[~positive]])


def test_weighted_accuracy_counts_the_present_five_times():
    pairs = [("present", "present"), ("absent", "absent"), ("absent", "present"), ("unknown", "absent")]
    assert weighted_accuracy(confusion(pairs, CLASSES)) == pytest.approx(6 / 10)


def test_weighted_auroc_against_its_slow_twin():
    rng = np.random.default_rng(2)
    score, positive = rng.integers(0, 6, size=40) / 5.0, rng.random(40) < 0.4
    weights = fig.draws(40)
    quick = fig.weighted_auroc(score, positive, weights)
    for row in range(20):
        index = np.repeat(np.arange(40), weights[row].astype(int))
        assert quick[row] == pytest.approx(auroc_twin(score[index], positive[index]))
    assert np.isnan(fig.weighted_auroc(score, np.ones(40, bool), np.ones(40)))
    figure = fig.bootstrap_auroc(["a", "b"] * 20, score, positive)
    assert figure.n == 2
    assert fig.bootstrap_auroc([], [], []).n == 0


def test_agreement():
    perfect, reversed_ = np.diag([4.0, 3.0, 2.0]), np.fliplr(np.diag([3.0, 3.0, 3.0]))
    assert fig.quadratic_kappa(perfect) == 1.0
    assert fig.quadratic_kappa(reversed_) == pytest.approx(-1.0)
    assert np.isnan(fig.quadratic_kappa(np.array([[5.0, 0.0], [0.0, 0.0]])))
    assert fig.balanced_accuracy(np.array([[8.0, 2.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])) == pytest.approx(0.65)


def test_quadratic_kappa_is_that_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(3)
    true, found = rng.integers(0, 3, size=(2, 50))
    confusion = np.zeros((3, 3))
    np.add.at(confusion, (true, found), 1)
    assert fig.quadratic_kappa(confusion) == pytest.approx(metrics.cohen_kappa_score(true, found, weights="quadratic"))
    assert fig.balanced_accuracy(confusion) == pytest.approx(metrics.balanced_accuracy_score(true, found))


def test_wilson_interval():
    assert fig.wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert fig.wilson(0, 0) == (0.0, 1.0)
    nobody, all_ = fig.share([False] * 20), fig.share([True] * 20)
    assert (nobody.value, nobody.low) == (0.0, 0.0)
    assert 0.1 < nobody.high < 0.2
    assert all_.low == pytest.approx(1 - nobody.high)
    assert np.isnan(fig.share([]).value)


def test_calibration():
    rng = np.random.default_rng(4)
    odds = rng.normal(0.0, 2.0, size=4000)
    p = 1 / (1 + np.exp(-odds))
    truth = rng.random(4000) < p
    right = fig.calibration(p, truth)
    assert right["slope"].value == pytest.approx(1.0, abs=0.08)
    assert right["slope"].low < 1.0 < right["slope"].high
    assert right["intercept"] == pytest.approx(0.0, abs=0.1)
    assert right["error"] < 0.01
    too_sure = fig.calibration(1 / (1 + np.exp(-2 * odds - 1)), truth)
    assert too_sure["slope"].value == pytest.approx(0.5, abs=0.05)
    assert too_sure["slope"].high < 0.6
    assert too_sure["error"] > 0.05


def test_calibration_by_patient_is_less_certain_and_none_without_both_classes():
    rng = np.random.default_rng(5)
    p = np.repeat(rng.uniform(0.1, 0.9, size=50), 8)
    truth = np.repeat(rng.random(50) < p[::8], 8)
    alone, grouped = fig.calibration(p, truth), fig.calibration(p, truth, group=np.repeat(np.arange(50), 8))
    assert grouped["slope"].value == alone["slope"].value
    assert grouped["slope"].high - grouped["slope"].low > 1.5 * (alone["slope"].high - alone["slope"].low)
    assert np.isnan(fig.calibration([0.2, 0.7], [True, True])["slope"].value)
    assert np.isnan(fig.calibration([0.1, 0.2, 0.8, 0.9], [False, False, True, True])["slope"].value)  # no overlap: no slope


# --- breakdowns ------------------------------------------------------------------------------------------------------


def scored(patient, *, hits, misses, murmur="Absent", rate_bpm=60.0, probability=0.1, readable=True):
    """A scored recording with so many hits and misses."""
    onsets = OnsetScore()
    onsets.hits, onsets.misses = hits, misses
    cycle_s = 60.0 / rate_bpm
    intervals = tuple((k * cycle_s, k * cycle_s + 0.1, 1) for k in range(8))
    analysis = SimpleNamespace(
        status="ok" if readable else "unreadable",
        findings=SimpleNamespace(murmur=SimpleNamespace(present_probability=probability if readable else None)),
    )
    return Scored(
        LabelledRecording(RecordingInfo(patient=patient, site="MV"), 0, 4000.0, intervals),
        Patient(**dict.fromkeys(Patient.__slots__) | {"id": patient, "murmur": murmur, "murmur_locations": ("MV",)}),
        analysis,
        {(state, ms): onsets for state in (1, 3) for ms in (20, 40, 60, 100)},
        hits,
        hits + misses,
    )


ITEMS = [
    scored("1", hits=10, misses=0, rate_bpm=70),
    scored("2", hits=8, misses=2, rate_bpm=100, murmur="Present", probability=0.9),
    scored("3", hits=3, misses=7, rate_bpm=150, readable=False),
    scored("4", hits=9, misses=1, rate_bpm=150, murmur="Unknown"),
]


def test_breakdown():
    rows = breakdown(ITEMS, lambda i: None if i.patient.id == "4" else i.patient.murmur, ["Present", "Nobody"])
    assert list(rows) == ["Present", "Absent"]
    absent = rows["Absent"]
    assert absent["recordings"] == 2
    assert absent["S1 F1"].value == pytest.approx(26 / 33)
    assert absent["frame accuracy"].value == pytest.approx(13 / 20)
    assert (absent["under .6"].value, absent["unreadable"]) == (0.5, 0.5)
    assert np.isnan(absent["murmur AUROC"].value)
    against = breakdown(ITEMS[1:2], lambda i: "all", against=[ITEMS[0], ITEMS[2]])
    assert against["all"]["murmur AUROC"].value == 1.0
    assert "murmur AUROC" not in breakdown(ITEMS, lambda i: "all", murmur=False)["all"]


def test_heart_rates():
    assert {name: row["recordings"] for name, row in by_rate(ITEMS).items()} == {
        "0 to 90 per minute": 1,
        "90 to 120 per minute": 1,
        "120 to 250 per minute": 2,
    }
    assert fast_against_rest(ITEMS)["S1 F1"].value == pytest.approx(24 / 32 - 36 / 38)
    assert labelled_rate_bpm([(0.0, 0.1, 2)]) is None


def test_thirds():
    place, names = thirds([0.0, 0.3, 0.6, 0.9], "quality")
    assert [place(v) for v in (0.1, 0.5, 0.9)] == list(names)
    assert names[0] == "quality to 0.30"


def test_figures_as_text_and_json(capsys):
    figure = fig.Figure(0.5, 0.4, 0.6, 10)
    table = {"one": {"F1": figure, "n": 3}, "two": {"F1": fig.NOTHING}}
    show({"part": table, "plain": figure, "pair": (0.1, 0.25)})
    assert capsys.readouterr().out.splitlines() == [
        "part",
        "       F1                    n",
        "  one  0.500 [0.400, 0.600]  3",
        "  two  -",
        "plain: 0.500 [0.400, 0.600] (n = 10)",
        "pair: 0.100, 0.250",
    ]
    stored = json.loads(json.dumps(plain(table), allow_nan=False))
    assert stored["one"]["F1"] == {"value": 0.5, "low": 0.4, "high": 0.6, "n": 10}
    assert stored["two"]["F1"]["value"] is None


# --- plots -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def page():
    rng = np.random.default_rng(6)
    truth = rng.random(60) < 0.4
    score = np.clip(0.5 * truth + rng.random(60) * 0.6, 0, 1)
    figures = (fig.Figure(0.9, 0.8, 0.95, 5), fig.NOTHING)
    return Page(
        "Made up",
        (
            Roc.of("one", {"score": (score, truth)}),
            Roc.of("two", {"score": (score, truth), "chance": (rng.random(60), truth)}),
            Reliability.of("count", score, truth, note="slope"),
            Reliability.of("width", np.r_[score, np.full(30, 0.55)], np.r_[truth, truth[:30]], bins=5, equal="width"),
            Confusion("words", ("a", "b"), np.array([[5.0, 1.0], [0.0, 0.0]])),
            Points("points", ("x", "y"), {"S1": figures, "S2": figures}, "rate"),
            Lines("lines", ("x", "y"), {"noise": figures}, "dB", 0.85, "asked for"),
        ),
    )


@pytest.mark.parametrize("ending", [".png", ".svg", ".pdf"])
def test_a_page_of_plots(page, tmp_path, ending):
    pytest.importorskip("matplotlib")
    path = tmp_path / f"page{ending}"
    draw_page(page, path)
    assert path.stat().st_size > 10_000


def test_a_page_of_another_kind_is_refused(page, tmp_path):
    with pytest.raises(ParameterError, match=r"page\.txt: a page of plots ends in \.png, \.svg, \.pdf"):
        draw_page(page, tmp_path / "page.txt")


def test_bad_names_are_refused_before_anything_is_analyzed(small_circor, tmp_path, capsys):
    for command in (accuracy, robustness.main):
        for name, reason in (("page.txt", "ends in"), ("nowhere/page.png", "its folder does not exist")):
            with pytest.raises(SystemExit):
                command(["circor", str(small_circor), "--plots", str(tmp_path / name)])
            assert reason in capsys.readouterr().err


def test_roc_curve_is_the_curve_of_its_area(page):
    curve = page.panels[0].curves[0]
    assert np.mean(curve.sensitivity) == pytest.approx(curve.area.value, abs=0.01)
    assert np.all(curve.low <= curve.high)
    assert (curve.sensitivity[-1], curve.area.n) == (1.0, 60)


# --- disturbances ----------------------------------------------------------------------------------------------------

RATE_HZ = 4000.0


def rms(x):
    return float(np.sqrt(np.mean(np.asarray(x, dtype=float) ** 2)))


@pytest.fixture(scope="module")
def heart():
    sound = synthesize(random_phantom("normal", np.random.default_rng(7)), duration_s=8.0, seed=7)
    return 0.01 * sound.samples, sound.intervals  # so quiet that no noise needs scaling


@pytest.mark.parametrize("kind", list(NOISES))
@pytest.mark.parametrize("snr_db", SNRS_DB)
def test_noise_is_as_loud_as_asked_for(heart, kind, snr_db):
    samples, labels = heart
    sound, kept = disturbed(samples, labels, RATE_HZ, Condition(kind, snr_db), "1_MV")
    assert sound.dtype == np.float32
    assert sound.shape == samples.shape
    assert kept == labels
    assert 20 * np.log10(rms(samples) / rms(sound - samples)) == pytest.approx(snr_db, abs=0.05)


@pytest.mark.parametrize("condition", [c for c in CONDITIONS if c is not CLEAN], ids=lambda c: c.name)
def test_disturbances_are_seeded(heart, condition):
    samples, labels = heart
    first, again = (disturbed(samples, labels, RATE_HZ, condition, "1_MV") for _ in range(2))
    assert np.array_equal(first[0], again[0])
    assert first[1] == again[1]
    for name, seed in (("2_MV", 0), ("1_MV", 1)):
        assert not np.array_equal(first[0], disturbed(samples, labels, RATE_HZ, condition, name, seed)[0])
    assert np.abs(disturbed(100 * samples, labels, RATE_HZ, condition, "1_MV")[0]).max() <= 1.0


def test_all_levels_of_a_kind_have_the_same_noise(heart):
    samples, labels = heart
    loud, soft = (disturbed(samples, labels, RATE_HZ, Condition("babble", snr), "1_MV")[0] - samples for snr in (0, 20))
    assert np.corrcoef(loud, soft)[0, 1] > 0.999


def test_lost_contact_takes_its_labels_along(heart):
    samples, labels = heart
    sound, kept = disturbed(samples, labels, RATE_HZ, Condition("3 s of lost contact"), "1_MV")
    changed = np.flatnonzero(sound != samples) / RATE_HZ
    start_s, end_s = changed[0], changed[-1] + 1 / RATE_HZ
    assert end_s - start_s == pytest.approx(3.0, abs=0.01)
    assert not any(a < end_s - 0.01 and b > start_s + 0.01 for a, b, _ in kept)
    assert {a for a, _, s in kept if s in (1, 3)} < {a for a, _, s in labels if s in (1, 3)}


def test_labels_at_the_edges_of_a_gap():
    labels = ((0.0, 1.0, 2), (1.0, 1.1, 3), (1.1, 5.0, 4), (5.0, 5.1, 1), (5.1, 9.0, 2))
    assert without_gap(labels, 1.05, 5.05) == ((0.0, 1.0, 2), (5.1, 9.0, 2))
    assert without_gap(labels, 2.0, 3.0) == (*labels[:2], (1.1, 2.0, 4), (3.0, 5.0, 4), *labels[3:])


def test_gain_step(heart):
    samples, labels = heart
    sound, _ = disturbed(samples, labels, RATE_HZ, Condition("gain step of 20 dB"), "1_MV")
    ratios = sound[samples != 0] / samples[samples != 0]
    assert 20 * abs(np.log10(np.median(ratios[-4000:]) / np.median(ratios[:4000]))) == pytest.approx(20.0, abs=0.01)


def test_babble_is_like_speech():
    voices = babble(4000)
    power = np.abs(np.fft.rfft(voices)) ** 2
    frequency = np.fft.rfftfreq(voices.size, 1 / 4000)
    assert power[(frequency > 90) & (frequency < 1000)].sum() / power.sum() > 0.8
    levels = 20 * np.log10([rms(part) for part in np.array_split(voices, 600)])  # tenths of a second
    assert 1.5 < np.std(levels) < 6.0  # swells and fades; noise of this bandwidth would stay within half a dB


# --- signs -----------------------------------------------------------------------------------------------------------


def test_signs_of_a_few_phantoms():
    trials = [signs.trial(index, 1, None) for index in range(len(signs.PATIENTS))]
    tables = signs.tables(trials)
    assert tables["data"]["phantoms"] == len(trials)
    assert set(tables["all"]) == {sign.name for sign in signs.SIGNS}
    counted = tables["all"]["systolic murmur"]
    assert counted["of"] + counted["among"] <= len(trials)
    assert counted["of"] >= 3
    assert set(tables["sensitivity by sensor"]["S3"]) == set(signs.SENSORS)
    assert signs.draw(3, 1) == signs.draw(3, 1)


def test_truth_of_signs():
    truths = {sign.name: sign.truth for sign in signs.SIGNS}
    phantom = random_phantom("mitral regurgitation severe", np.random.default_rng(0))
    sound = synthesize(phantom, duration_s=3.0)
    said = {name: truth(sound) for name, truth in truths.items()}
    expected = {"systolic murmur", "quiet S1", "wide split of S2", "S3", "holosystolic", "plateau", "blowing"}
    assert {name for name, there in said.items() if there} == expected
    normal = synthesize(random_phantom("normal", np.random.default_rng(0)), duration_s=3.0)
    assert {name: truths[name](normal) for name in ("systolic murmur", "plateau", "S3")} == {
        "systolic murmur": False,
        "plateau": None,
        "S3": False,
    }


# --- commands --------------------------------------------------------------------------------------------------------

HEADER = (
    "Patient ID,Recording locations:,Age,Sex,Height,Weight,Pregnancy status,Murmur,Murmur locations,"
    "Most audible location,Systolic murmur timing,Systolic murmur shape,Systolic murmur grading,"
    "Systolic murmur pitch,Systolic murmur quality,Diastolic murmur timing,Diastolic murmur shape,"
    "Diastolic murmur grading,Diastolic murmur pitch,Diastolic murmur quality,Outcome,Campaign,Additional ID"
)
HEARD = "Present,AV+MV,MV,Holosystolic,Plateau,{grade},{pitch},{quality}"
SILENT = "{murmur},nan,nan,nan,nan,nan,nan,nan"


@pytest.fixture(scope="module")
def small_circor(tmp_path_factory):
    """Eight patients at two sites each, in CirCor's form."""
    folder = tmp_path_factory.mktemp("circor")
    lines = [HEADER]
    for number in range(8):
        if number % 2:
            text = HEARD.format(
                grade=("I/VI", "III/VI")[number % 4 // 2], pitch=("Low", "High")[number % 4 // 2], quality="Harsh"
            )
        else:
            text = SILENT.format(murmur="Unknown" if number == 4 else "Absent")
        lines.append(f"{number},AV+MV,Child,Male,nan,nan,False,{text},nan,nan,nan,nan,nan,Normal,CC2014,nan")
        condition = "mitral regurgitation moderate" if number % 2 else "normal"
        phantom = random_phantom(condition, np.random.default_rng([8, number]))
        for place, site in enumerate(("AV", "MV")):
            sound = synthesize(phantom, duration_s=8.0, seed=10 * number + place)
            soundfile.write(folder / f"{number}_{site}.wav", sound.samples, sound.sample_rate_hz)
            write_segments(folder / f"{number}_{site}.tsv", sound.intervals)
    (folder / "patients.csv").write_text("\n".join([*lines, ""]))
    return folder


def test_accuracy_on_a_small_circor(small_circor, tmp_path, capsys):
    output, plots = tmp_path / "figures.json", tmp_path / "page.png"
    drawn = ["--plots", str(plots)] if find_spec("matplotlib") else []
    accuracy(["circor", str(small_circor), "-o", str(output), *drawn])
    printed = capsys.readouterr().out
    assert "by heart rate" in printed
    figures = json.loads(output.read_text())
    assert figures["data"] == {"patients": 8, "recordings": 16}
    assert figures["segmentation"]["S1 onset F1, 60 ms"]["value"] > 0.9
    assert figures["murmur"]["AUROC, present against absent"]["n"] == 7
    assert set(figures["calibration"]) >= {"murmur_probability, per patient", "plateau, per recording", "cycle confidence"}
    assert figures["by site"]["MV"]["recordings"] == 8
    assert not drawn or plots.stat().st_size > 50_000


def test_robustness_on_a_small_circor(small_circor, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(robustness, "CONDITIONS", tuple(c for c in CONDITIONS if c.snr_db in (None, 10)))
    output = tmp_path / "figures.json"
    robustness.main(["circor", str(small_circor), "--limit", "2", "-o", str(output)])
    assert "kept" in capsys.readouterr().out
    figures = json.loads(output.read_text())
    assert figures["data"]["patients"] == 2
    assert figures["conditions"]["clean"]["S1 lost"]["value"] == 0.0
    assert set(figures["conditions"]) == {c.name for c in robustness.CONDITIONS}


def test_patients_are_taken_in_a_seeded_order():
    ids = [str(k) for k in range(50)]
    assert robustness.chosen(ids, 5) == robustness.chosen(reversed(ids), 5) < robustness.chosen(ids, 9)
    assert robustness.chosen(ids, None) == set(ids)


def test_bmdhs_of_phantoms(tmp_path, capsys):
    names = [f"{place}_{site}" for place in ("sit", "sup") for site in ("Mit", "Aor")]
    rows = []
    for number, kind in enumerate(["MR", "MR", "AS", "AR", "MS", "N", "N"]):
        condition = {"MR": "mitral regurgitation severe", "AS": "aortic stenosis", "AR": "aortic regurgitation"}
        phantom = random_phantom(condition.get(kind, "normal"), np.random.default_rng([9, number]))
        recordings = [f"{kind}_{number:03d}_{name}" for name in names]
        for place, name in enumerate(recordings):
            sound = synthesize(phantom, duration_s=6.0, seed=10 * number + place)
            soundfile.write(tmp_path / f"{name}.wav", sound.samples, sound.sample_rate_hz)
        flags = {k: int(k == kind) for k in ("AS", "AR", "MR", "MS", "N")}
        rows.append(
            {"patient_id": f"patient_{number:03d}", **flags} | {f"recording_{i + 1}": r for i, r in enumerate(recordings)}
        )
    with (tmp_path / "train.csv").open("w", newline="") as f:
        writer = csv.DictWriter(f, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    output = tmp_path / "figures.json"
    accuracy(["bmdhs", str(tmp_path), "-o", str(output)])
    assert "diastolic murmur, by disease" in capsys.readouterr().out
    figures = json.loads(output.read_text())
    assert figures["mitral regurgitation"]["patients"] == 7
    assert figures["mitral regurgitation"]["score: MR against normal"]["value"] == 1.0
    assert figures["diastolic murmur, by disease"]["aortic regurgitation"]["called"]["value"] == 1.0
    assert figures["diastolic murmur, by disease"]["normal"]["called"]["value"] == 0.0
    assert set(figures["by position"]) == {"sit", "sup"}
    assert figures["by site"]["MV"]["recordings"] == 14


@pytest.mark.parametrize(
    ("command", "arguments"),
    [(accuracy, ["circor"]), (accuracy, ["bmdhs"]), (accuracy, ["cinc2016"]), (robustness.main, ["circor"])],
)
def test_a_missing_folder_is_named(command, arguments, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        command([*arguments, str(tmp_path / "nowhere")])
    assert stopped.value.code == 2
    assert "nowhere: no " in capsys.readouterr().err


def test_a_folder_of_something_else_is_named(tmp_path, capsys):
    with pytest.raises(SystemExit):
        accuracy(["bmdhs", str(tmp_path)])
    assert "no patients.csv or train.csv" in capsys.readouterr().err


# speed


def test_what_got_slower_is_told_against_the_floor_of_its_own_run():
    old = {FLOOR: 1.0, "a": 2.0, "b": 3.0, "gone": 1.0}
    new = {FLOOR: 2.0, "a": 4.0, "b": 9.0, "new": 1.0}  # a machine half as fast
    assert changes(old, new) == [("b", 3.0, 9.0, 1.5), ("a", 2.0, 4.0, 1.0)]


def test_comparing_two_runs_prints_and_tells_by_its_exit_code(tmp_path, capsys):
    for name, seconds in (("old", {FLOOR: 1.0, "a": 2.0}), ("new", {FLOOR: 1.0, "a": 3.0})):
        (tmp_path / f"{name}.json").write_text(json.dumps({"seconds": seconds}))
    old, new = str(tmp_path / "old.json"), str(tmp_path / "new.json")
    assert compare([old, new]) == 1
    assert "| a | 2000.00 | 3000.00 | 1.50 | slower |" in capsys.readouterr().out
    assert compare([new, old]) == 0
    assert "| 0.67 | faster |" in capsys.readouterr().out


def test_calls_are_timed_in_turns():
    order = []
    calls = {"a": lambda: order.append("a"), "b": lambda: order.append("b")}
    in_turns(calls, repeats=2, again=False)
    assert order == ["a", "b"] * 3  # once before it counts
    order.clear()
    times = in_turns(calls, repeats=2)
    assert order == ["a", "b"] + ["a", "a", "b", "b"] * 2  # and each right after one of its own
    assert all(len(values) == 2 and min(values) >= 0 for values in times.values())


def test_a_long_recording_is_a_short_one_over_and_over(tmp_path):
    path = write_recording(tmp_path, 61.0, 2000)
    samples, rate = soundfile.read(path)
    assert (samples.size, rate) == (122000, 2000)
    np.testing.assert_array_equal(samples[:2000], samples[120000:])


def test_sitting_and_lying_are_taken_for_two_visits(tmp_path, capsys):
    from benchmarks.repeatability import bmdhs

    for position, sample in (("sit", "normal"), ("sup", "mitral_regurgitation_severe")):
        sound = Path(__file__).parents[2] / "samples" / f"{sample}.wav"
        (tmp_path / f"MR_001_{position}_Mit.wav").write_bytes(sound.read_bytes())
    bmdhs(tmp_path)
    told = capsys.readouterr().out
    assert "told to have changed 1 of 1 patients" in told
    assert "murmur_probability   1" in told
