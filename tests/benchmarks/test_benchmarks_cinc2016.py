"""The reader of CinC 2016 training-a, on a made-up set in the published form."""

import numpy as np
import pytest
import soundfile

from murmur.errors import MissingFileError
from murmur.synthesis import random_phantom, synthesize

wfdb = pytest.importorskip("wfdb")
pytest.importorskip("sleepecg")

from benchmarks.accuracy.cinc2016 import ecg_is_doubtful, report, score_against_r  # noqa: E402

# wfdb's own, with a new pandas
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning")

RATE_HZ = 2000
LEAD_S = 0.04
DURATION_S = 12.0


def electrocardiogram(s1_s, n, lead_s, rng):
    """Sharp QRS complexes and broad T waves, on a wandering line."""
    t = np.arange(n) / RATE_HZ
    ecg = 0.05 * np.sin(2 * np.pi * 0.3 * t) + 0.01 * rng.standard_normal(n)
    for onset_s in s1_s:
        at = t - (onset_s - lead_s)
        ecg += 1.0 * np.exp(-0.5 * (at / 0.008) ** 2) - 0.25 * np.exp(-0.5 * ((at - 0.022) / 0.008) ** 2)
        ecg += 0.2 * np.exp(-0.5 * ((at - 0.26) / 0.04) ** 2)
    return ecg


def write_record(folder, name, seed, *, lead_s=LEAD_S, with_ecg=True, change=lambda ecg: ecg):
    rng = np.random.default_rng([1600, seed])
    condition = ("normal", "mitral regurgitation moderate", "aortic stenosis")[seed % 3]
    sound = synthesize(random_phantom(condition, rng), DURATION_S, RATE_HZ, seed=seed)
    soundfile.write(folder / f"{name}.wav", sound.samples, RATE_HZ, subtype="PCM_16")
    n = sound.samples.size
    s1_s = [start for start, _, state in sound.intervals if state == 1]
    lines = [f"{name} {1 + with_ecg} {RATE_HZ} {n}", f"{name}.wav 16+44 1 16 0 0 0 0 PCG"]
    if with_ecg:
        ecg = change(electrocardiogram(s1_s, n, lead_s, rng))
        digital = np.round(1000 * ecg).astype(np.int64)[:, None]
        wfdb.wrsamp(
            name, fs=RATE_HZ, units=["mV"], sig_name=["ECG"], d_signal=digital, fmt=["16"], adc_gain=[1000],
            baseline=[0], write_dir=str(folder),
        )  # fmt: skip
        lines.append(f"{name}.dat 16 1000 16 0 0 0 0 ECG")
    lines.append("# Normal")
    (folder / f"{name}.hea").write_text("\n".join(lines) + "\n")  # as published: the sound is the first signal


def write_set(folder, count=6, **options):
    folder.mkdir(exist_ok=True)
    for seed in range(count):
        write_record(folder, f"a{seed + 1:04d}", seed, **options)
    (folder / "REFERENCE.csv").write_text("".join(f"a{seed + 1:04d},{-1 if seed % 3 else 1}\n" for seed in range(count)))
    return folder


def silence_second_half(ecg):
    ecg = ecg.copy()
    ecg[ecg.size // 2 :] = 0.0
    return ecg


@pytest.fixture(scope="module")
def made_up(tmp_path_factory):
    folder = write_set(tmp_path_factory.mktemp("cinc") / "training-a")
    write_record(folder, "a0041", 41, with_ecg=False)
    return folder


def test_report_of_a_set_in_the_published_form(made_up):
    figures = report(made_up)
    assert figures["data"] == {
        "recordings with an ECG": 6,
        "left out, without an ECG": "a0041",
        "missing": "none",
        "unreadable": 0,
        "doubtful ECG": "none",
    }
    everything = figures["all and parts"]["all"]
    for name in ("sensitivity", "predictivity", "F1"):
        assert everything[f"{name}, 100 ms"].value > 0.98, name
        assert everything[f"{name}, 60 ms"].value > 0.95, name
    assert everything["F1, 100 ms"].low <= everything["F1, 100 ms"].value <= everything["F1, 100 ms"].high
    assert figures["S1 against R"]["median lag, ms"] == pytest.approx(1e3 * LEAD_S, abs=15)
    assert sum(row["recordings"] for row in figures["by heart rate per minute, R to R"].values()) == 6
    assert {name: row["recordings"] for name, row in figures["by reference"].items()} == {"abnormal": 2, "normal": 4}
    assert sum(row["recordings"] for row in figures["by quality"].values()) == 6


def test_the_median_lag_takes_up_a_shifted_ecg(tmp_path):
    figures = report(write_set(tmp_path / "set", 3, lead_s=LEAD_S + 0.15))
    assert figures["S1 against R"]["median lag, ms"] == pytest.approx(1e3 * (LEAD_S + 0.15), abs=15)
    assert figures["all and parts"]["all"]["F1, 100 ms"].value > 0.98


def test_half_an_ecg_is_doubtful_and_costs_predictivity(tmp_path):
    folder = write_set(tmp_path / "set", 3)
    write_record(folder, "a0002", 1, change=silence_second_half)
    figures = report(folder)
    assert figures["data"]["doubtful ECG"] == "a0002"
    everything, certain = (figures["all and parts"][name] for name in ("all", "without doubtful ECG"))
    # half the beats of one of three recordings have no R
    assert everything["predictivity, 100 ms"].value == pytest.approx(5 / 6, abs=0.06)
    assert everything["sensitivity, 100 ms"].value > 0.97
    assert certain["recordings"] == 2
    assert certain["F1, 100 ms"].value > 0.98
    assert "doubtful ECG" in next(iter(figures["worst recordings"].values()))


def test_a_flat_ecg_has_no_beats(tmp_path):
    folder = write_set(tmp_path / "set", 2)
    write_record(folder, "a0002", 1, change=np.zeros_like)
    figures = report(folder)
    assert figures["data"]["doubtful ECG"] == "a0002"
    assert figures["by heart rate per minute, R to R"]["no rate"]["recordings"] == 1


def test_both_signals_may_lie_in_one_file(made_up, tmp_path):
    """As some copies of the set have it."""
    sound, rate_hz = soundfile.read(made_up / "a0001.wav", dtype="int16")
    ecg = wfdb.rdrecord(str(made_up / "a0001"), channel_names=["ECG"], physical=False).d_signal[:, 0]
    wfdb.wrsamp(
        "a0001", fs=rate_hz, units=["mV", "mV"], sig_name=["PCG", "ECG"], d_signal=np.column_stack([sound, ecg]).astype(int),
        fmt=["16", "16"], adc_gain=[1, 1000], baseline=[0, 0], write_dir=str(tmp_path),
    )  # fmt: skip
    soundfile.write(tmp_path / "a0001.wav", sound, rate_hz)
    assert report(tmp_path)["all and parts"]["all"]["F1, 100 ms"].value > 0.98


def test_folders_that_hold_no_such_set(tmp_path):
    folder = tmp_path / "set"
    with pytest.raises(MissingFileError, match=r"set: no such folder"):
        report(folder)
    folder.mkdir()
    with pytest.raises(MissingFileError, match=r"set: no recordings .*physionet"):
        report(folder)
    write_record(folder, "a0041", 41, with_ecg=False)
    with pytest.raises(MissingFileError, match="none of its 1 recordings has an ECG"):
        report(folder)
    write_record(folder, "a0001", 1)
    (folder / "a0001.dat").rename(folder / "elsewhere")
    with pytest.raises(MissingFileError, match=r"names an ECG, but .*a0001\.dat is missing"):
        report(folder)


def test_a_recording_that_is_not_there_is_told(tmp_path):
    folder = write_set(tmp_path / "set", 2)
    (folder / "a0001.wav").unlink()
    assert report(folder)["data"]["missing"] == f"{folder / 'a0001.hea'}: no a0001.wav in its folder"


def test_matching_spares_the_ends():
    s1_s = np.array([0.05, 1.0, 2.0, 2.5, 9.95])
    expected_s = np.array([1.02, 2.09, 4.0, 9.98])
    score = score_against_r(s1_s, expected_s, duration_s=10.0, tolerance_s=0.1)
    assert (score.hits, score.misses, score.false_alarms) == (3, 1, 1)


@pytest.mark.parametrize(
    ("r_s", "doubtful"),
    [
        (np.arange(0.3, 10.0, 0.8), False),
        (np.arange(0.3, 5.0, 0.8), True),  # five seconds without a beat
        (np.array([1.0, 2.0]), True),
        (np.cumsum([0.4, 1.3] * 6), True),
    ],
)
def test_ecg_beyond_belief(r_s, doubtful):
    assert ecg_is_doubtful(r_s, 10.0) == doubtful
