"""One person over several visits: order, changes, trends, and what is told of them."""

from __future__ import annotations

import csv
import itertools
import json
import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from scipy import stats
from tests.patients.test_patient import site

import murmur
from murmur.batch import export_visit_histories, gather, run, visit_histories
from murmur.cli import main
from murmur.errors import MissingFileError, ParameterError
from murmur.io.info import RecordingInfo
from murmur.patients.figures import FIGURES
from murmur.patients.visits import compare_visits
from murmur.synthesis import random_phantom, synthesize
from murmur.wording import tell_visit_history

SITES = ("AV", "PV", "TV", "MV")


def figures(at="MV", visit="1", **changes):
    """A recording with a murmur."""
    made = site(
        at,
        0.9,
        info=RecordingInfo(site=at, visit=visit),
        unknown_probability=0.05,
        absent_probability=0.05,
        above_quiet_db=15.0,
    )
    return replace(made, **changes)


def levels(*by_visit):
    return [figures("MV", str(number), above_quiet_db=level) for number, level in enumerate(by_visit)]


def value(history, name="above_quiet_db"):
    return [visit.figures[name] for visit in history.visits]


def trend_of(history, name="above_quiet_db"):
    return next(trend for trend in history.trends if trend.figure == name)


# --- visits -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "order", "when"),
    [
        (["10", "9", "100"], ["9", "10", "100"], [0, 1, 2]),
        (["visit 2", "visit 10", "visit 1"], ["visit 1", "visit 2", "visit 10"], [0, 1, 2]),
        (["2026-03-01", "2025-12-30", "2026-01-02"], ["2025-12-30", "2026-01-02", "2026-03-01"], [0, 3, 61]),
        (["2026-03", "2026-01"], ["2026-01", "2026-03"], [0, 59]),
        (["V2 ", "v10", "v1"], ["v1", "V2", "v10"], [0, 1, 2]),
        (["20260301", "2026-W01-1"], ["2026-W01-1", "20260301"], [0, 62]),
    ],
)
def test_visits_are_in_the_order_of_their_dates_or_numbers(names, order, when):
    history = compare_visits("P", [figures(visit=name) for name in names])
    assert [visit.visit for visit in history.visits] == order
    assert [visit.when for visit in history.visits] == when


def test_a_visit_is_what_its_recordings_say_together():
    sites = [figures(at, "1", present_probability=p) for at, p in zip(SITES, (0.9, 0.8, 0.2, 0.99), strict=True)]
    history = compare_visits("P", [*sites, *(figures(at, "2") for at in SITES)])
    joined = murmur.join_patient("P", sites)
    assert history.visits[0].patient == joined
    assert history.visits[0].figures["murmur_probability"] == joined.murmur_probability
    assert history.visits[0].figures["expected_grade"] == joined.expected_grade


def test_a_site_left_out_is_no_change():
    """MV is 10 dB louder than AV; the second visit has MV alone."""
    sites = [figures("AV", "1", above_quiet_db=10.0), figures("MV", "1", above_quiet_db=20.0)]
    history = compare_visits("P", [*sites, figures("MV", "2", above_quiet_db=20.0)])
    assert value(history) == pytest.approx([15.0, 15.0])


@pytest.mark.parametrize("seed", range(5))
def test_visit_and_site_add_up(seed):
    rng = np.random.default_rng(seed)
    of_visit, of_site = rng.normal(10.0, 5.0, 4), rng.normal(0.0, 5.0, len(SITES))
    cells = [c for c in itertools.product(range(4), range(len(SITES))) if rng.random() < 0.7 or c[1] == 3 or c[0] == 1]
    sites = [figures(SITES[s], str(v), above_quiet_db=of_visit[v] + of_site[s]) for v, s in cells]
    history = compare_visits("P", [sites[i] for i in rng.permutation(len(sites))])
    assert np.diff(value(history)) == pytest.approx(np.diff(of_visit))
    assert value(history) == pytest.approx(of_visit + of_site.mean())


def test_several_recordings_of_a_site_are_averaged():
    history = compare_visits("P", [*levels(10.0, 14.0), figures("MV", "0", above_quiet_db=12.0)])
    assert value(history) == pytest.approx([11.0, 14.0])


def test_the_unreadable_count_for_nothing():
    sites = [*levels(10.0, 14.0), figures("MV", "1", readable=False, above_quiet_db=90.0, present_probability=None)]
    assert value(compare_visits("P", sites)) == pytest.approx([10.0, 14.0])
    nothing = figures("MV", "2", readable=False, present_probability=None)
    history = compare_visits("P", [*levels(10.0, 14.0), nothing])
    assert value(history)[2] is None
    assert {change.until for change in history.changes} == {"1"}


def test_analyses_are_recordings_too():
    made = [murmur.analyze(f"samples/MR1_{site}.wav", visit=visit) for site in ("AV", "MV") for visit in ("1", "2")]
    history = murmur.compare_visits("MR1", made)
    assert [visit.visit for visit in history.visits] == ["1", "2"]
    assert all(abs(change.change) < 1e-9 for change in history.changes)
    json.dumps(history.to_dict(), allow_nan=False)


def test_nothing_and_nonsense_are_refused():
    with pytest.raises(ParameterError, match="no recordings to compare"):
        compare_visits("P", [])
    with pytest.raises(ParameterError, match="results of analyze"):
        compare_visits("P", ["a.wav"])


# --- changes ----------------------------------------------------------------------------


def test_a_change_is_held_against_children_recorded_twice():
    (change,) = [c for c in compare_visits("P", levels(10.0, 13.0)).changes if c.figure == "above_quiet_db"]
    noise = FIGURES["above_quiet_db"].noise
    error = math.sqrt(2.0 * (noise.visit_sd**2 + noise.site_sd**2))
    reach = stats.norm.ppf(1.0 - 0.05 / 2 / len(FIGURES)) * error
    assert (change.change, change.low, change.high) == pytest.approx((3.0, 3.0 - reach, 3.0 + reach))
    assert not change.more_than_noise
    (change,) = [c for c in compare_visits("P", levels(10.0, 25.0)).changes if c.figure == "above_quiet_db"]
    assert change.more_than_noise


def test_more_sites_tell_smaller_changes():
    few, many = (compare_visits("P", [figures(at, v) for at in sites for v in "12"]).changes for sites in (SITES[:1], SITES))
    reach = [{c.figure: c.high - c.change for c in changes} for changes in (few, many)]
    assert reach[1]["above_quiet_db"] < reach[0]["above_quiet_db"]
    assert reach[1]["murmur_probability"] == reach[0]["murmur_probability"]  # of all sites together either way


def test_each_visit_is_compared_with_the_one_before_and_the_last_with_the_first():
    pairs = {(c.since, c.until) for c in compare_visits("P", levels(1.0, 2.0, 3.0)).changes}
    assert pairs == {("0", "1"), ("1", "2"), ("0", "2")}
    assert not compare_visits("P", levels(1.0)).changes


def test_probabilities_change_as_log_odds_and_never_endlessly():
    sites = [figures("MV", visit, present_probability=p) for visit, p in (("1", 0.0), ("2", 1.0))]
    (change,) = [c for c in compare_visits("P", sites).changes if c.figure == "murmur_probability"]
    assert 0.0 < change.change < 14.0
    assert change.more_than_noise


# --- trends -----------------------------------------------------------------------------


def test_a_trend_over_four_visits_is_a_regression():
    heard = [10.0, 11.5, 11.0, 13.0, 14.2]
    trend = trend_of(compare_visits("P", levels(*heard)))
    twin = stats.linregress(range(5), heard)
    reach = stats.t.ppf(1.0 - 0.05 / 2 / len(FIGURES), 3) * twin.stderr
    assert (trend.slope, trend.low, trend.high) == pytest.approx((twin.slope, twin.slope - reach, twin.slope + reach))
    assert (trend.noise_from, trend.per, trend.visits) == ("scatter", "visit", 5)


def test_a_trend_over_three_visits_rests_on_other_children():
    trend = trend_of(compare_visits("P", levels(10.0, 13.0, 16.0)))
    noise = FIGURES["above_quiet_db"].noise
    assert trend.noise_from == "repeatability"
    assert trend.noise_sd == pytest.approx(math.hypot(noise.visit_sd, noise.site_sd))
    reach = stats.norm.ppf(1.0 - 0.05 / 2 / len(FIGURES)) * trend.noise_sd / math.sqrt(2.0)
    assert (trend.slope, trend.low) == pytest.approx((3.0, 3.0 - reach))
    assert not compare_visits("P", levels(10.0, 13.0)).trends


def test_visits_by_date_have_a_trend_per_month():
    dates = ["2026-01-01", "2026-01-31", "2026-03-02", "2026-05-01"]
    sites = [
        figures("MV", name, above_quiet_db=10.0 + days / 10) for name, days in zip(dates, (0, 30, 60, 120), strict=True)
    ]
    trend = trend_of(compare_visits("P", sites))
    assert trend.per == "month"
    assert trend.slope == pytest.approx(365.25 / 12 / 10)
    assert trend.more_than_noise


def test_equal_figures_have_no_trend_however_exactly_they_are_equal():
    history = compare_visits("P", levels(12.0, 12.0, 12.0, 12.0))
    assert not history.more_than_noise
    trend = trend_of(history)
    assert trend.low < 0.0 < trend.high


def test_chance_seldom_makes_a_trend():
    """Of 400 patients whose visits differ by nothing but noise, about 1 in 20 is told to have a trend in any figure."""
    rng = np.random.default_rng(11)
    told = 0
    for _ in range(400):
        noise = rng.standard_normal((4, 5))
        sites = [
            figures(
                "MV", str(v), above_quiet_db=15.0 + 2.0 * noise[0, v], s1_s2_level_db=3.0 * noise[1, v],
                heart_rate_bpm=80.0 + 9.0 * noise[2, v], present_probability=1.0 / (1.0 + math.exp(-noise[3, v])),
            )
            for v in range(5)
        ]  # fmt: skip
        told += any(trend.more_than_noise for trend in compare_visits("P", sites).trends)
    assert told <= 400 * 0.05 + 3 * math.sqrt(400 * 0.05 * 0.95)
    assert told >= 1  # nothing is so careful that it never tells


def test_order_makes_no_difference():
    sites = levels(10.0, 11.0, 13.0, 12.0)
    assert compare_visits("P", sites) == compare_visits("P", sites[::-1])


# --- of synthesised hearts --------------------------------------------------------------


@pytest.fixture(scope="module")
def visits(tmp_path_factory):
    """Two people, five visits, four sites: one whose murmur grows by 1 dB a visit, one who stays as she was."""
    folder = tmp_path_factory.mktemp("visits")
    lines = ["path,patient,site,visit"]
    heart = random_phantom("mitral regurgitation mild", np.random.default_rng(4))
    murmur_ = heart.systolic_murmur
    for patient, step_db in (("growing", 1.0), ("equal", 0.0)):
        for visit, (number, at) in itertools.product(range(5), enumerate(SITES)):
            louder = replace(murmur_, level_db=murmur_.level_db + step_db * visit)
            here = replace(heart, systolic_murmur=louder)
            sound = synthesize(here, duration_s=12.0, seed=100 * visit + number + (7 if step_db else 0))
            name = f"{patient}_{visit}_{at}.wav"
            soundfile.write(folder / name, sound.samples, int(sound.sample_rate_hz))
            lines.append(f"{name},{patient},{at},2026-0{visit + 1}-15")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n", "utf-8")
    run(gather((), folder / "manifest.csv"), folder / "out", jobs=1)
    return folder


def test_a_murmur_that_grows_by_1_db_a_visit_is_found_and_equal_visits_are_equal(visits):
    found = {history.patient: history for history in visit_histories(visits / "out")}
    assert set(found) == {"growing", "equal"}
    trend = trend_of(found["growing"])
    assert trend.more_than_noise
    assert trend.slope == pytest.approx(1.0, abs=0.35)  # visits are a month apart
    assert not found["equal"].more_than_noise
    assert any(
        "Murmur above late diastole rises" in sentence for sentence, _ in tell_visit_history(found["growing"]).sentences
    )
    assert tell_visit_history(found["equal"]).sentences[0][0] == "Nothing has changed by more than noise."


def test_historys_of_a_run_are_those_of_its_analyses(visits):
    (history,) = visit_histories(visits / "out", ["equal"])
    analyses = [
        murmur.analyze(path, patient="equal", visit=f"2026-0{int(path.name.split('_')[1]) + 1}")
        for path in visits.glob("equal_*.wav")
    ]
    direct = compare_visits("equal", analyses)
    for name in ("above_quiet_db", "murmur_probability", "heart_rate_bpm"):
        assert value(history, name) == pytest.approx(value(direct, name), abs=0.06)


def test_the_command_writes_tables_and_plots(visits, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "murmur", "trend", visits / "out", "-o", tmp_path / "told", "--plots"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Murmur above late diastole rises" in done.stdout
    assert "2 patients with more than one visit, 1 changed by more than noise" in done.stderr
    assert done.stdout.index("Patient growing") < done.stdout.index("Patient equal")  # what has changed comes first
    rows = {}
    for name in ("visits", "changes", "trends"):
        with (tmp_path / "told" / f"{name}.csv").open(encoding="utf-8") as file:
            rows[name] = list(csv.DictReader(file))
    assert len(rows["visits"]) == 10
    assert len(rows["changes"]) == 2 * 5 * len(FIGURES)
    assert len(rows["trends"]) == 2 * len(FIGURES)
    (grows,) = [r for r in rows["trends"] if r["patient"] == "growing" and r["figure"] == "above_quiet_db"]
    assert (grows["more_than_noise"], grows["per"], grows["unit"], grows["noise_from"]) == ("true", "month", "dB", "scatter")
    drawn = sorted(place.name.partition("-")[0] for place in (tmp_path / "told" / "trends").glob("*.svg"))
    assert drawn == ["equal", "growing"]


def test_a_patient_asked_for_is_told_with_one_visit_too(tmp_path, capsys):
    run(["samples/MR1_MV.wav", "samples/MR1_AV.wav"], tmp_path, jobs=1)
    assert not list(visit_histories(tmp_path))
    assert main(["trend", str(tmp_path), "--patient", "MR1"]) == 0
    assert "nothing to compare it with" in capsys.readouterr().out
    assert main(["trend", str(tmp_path)]) == 0
    assert "0 patients with more than one visit" in capsys.readouterr().err


def test_what_is_wrong_is_told(tmp_path, capsys, visits):
    assert main(["trend", str(tmp_path)]) == 2
    assert "holds no murmur.sqlite" in capsys.readouterr().err
    assert main(["trend", str(visits / "out"), "--patient", "nobody"]) == 2
    assert "holds no patient nobody" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert main(["trend", str(visits / "out"), "-o", str(tmp_path / "file" / "x")]) == 2
    assert "can't be written" in capsys.readouterr().err
    with pytest.raises(MissingFileError):
        list(visit_histories(tmp_path / "absent"))
    with pytest.raises(ParameterError, match="format"):
        export_visit_histories([], tmp_path, format="xls")


def test_plots_of_a_history(visits):
    plot = pytest.importorskip("murmur.plot")
    pytest.importorskip("matplotlib").use("Agg")
    (growing,) = visit_histories(visits / "out", ["growing"])
    figure = plot.history(growing)
    assert len(figure.axes) == len(FIGURES)
    ax = plot.trend(growing)
    drawn = ax.lines[0].get_ydata()
    assert list(drawn) == pytest.approx(value(growing))
    assert ax.lines[0].get_color() == "#a8201a"
    with pytest.raises(ParameterError, match="figure must be one of"):
        plot.trend(growing, "colour")
