"""What is left of the accuracy in noise, knocks, lost contact and a jump in gain?

    python -m benchmarks.robustness circor DIR [--limit N] [--jobs N] [-o FILE] [--plots FILE]

Every recording of CirCor with seeded disturbances, by the models of its fold: F1 of S1 and S2 within 60 ms, AUROC of the
murmur per patient, and their differences to the recordings as they are, with intervals by patient (paired). The
signal-to-noise ratio is the RMS of the recording against the RMS of the disturbance, both over its whole length.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import murmur
from benchmarks.accuracy.figures import Array, Figure, bootstrap_sums, draws, interval, weighted_auroc
from benchmarks.accuracy.output import plain, show
from benchmarks.accuracy.plots import Lines, Page, check_page, draw_page
from benchmarks.accuracy.scoring import UNREAD_PROBABILITY, fold_models, score
from benchmarks.accuracy.segmentation import STATES, f1, onset_counts
from benchmarks.disturbances import CLEAN, CONDITIONS, NOISES, SNRS_DB, Condition, Labels, disturbed
from murmur.formats.circor import Patient
from murmur.patients.patient import SiteFigures, site_figures
from murmur.training.data import LabelledRecording, read_circor

FOLDS = Path(__file__).parent / "folds"
SEED = 0
#: What the project asks for: at this ratio, at most so much below the recordings as they are.
ASKED_DB, MOST_F1, MOST_AUROC = 10, 0.02, 0.03


@dataclass(frozen=True, eq=False)
class Outcome:
    """One recording under one condition.

    Hits, misses and false alarms of S1 and S2, shape (2, 3), also of the undisturbed recording on the labels that can still
    be heard; and what the patient's figures need.
    """

    onsets: Array
    undisturbed: Array
    site: SiteFigures


@dataclass(frozen=True, eq=False)
class Result:
    """One condition over all patients.

    Counts (patients, 2, 3) with the disturbance and without, probabilities of a murmur, share of recordings unreadable.
    """

    counts: Array
    undisturbed: Array
    probabilities: Array
    unreadable: float


def outcomes(recording: LabelledRecording, patient: Patient, models: murmur.Models, seed: int) -> list[Outcome]:
    """Analyze one recording under every condition."""
    samples = recording.samples()

    def analyze(sound: NDArray[np.float32]) -> murmur.Analysis:
        return murmur.analyze(sound, sample_rate_hz=recording.sample_rate_hz, site=recording.info.site, models=models)

    def onsets(analysis: murmur.Analysis, labels: Labels) -> Array:
        scored = score(replace(recording, intervals=labels), patient, analysis)
        return np.array([onset_counts([scored], state) for state in STATES])

    clean = analyze(samples)
    results = []
    for condition in CONDITIONS:
        sound, labels = disturbed(samples, recording.intervals, recording.sample_rate_hz, condition, recording.name, seed)
        analysis = clean if condition is CLEAN else analyze(sound)
        results.append(Outcome(onsets(analysis, labels), onsets(clean, labels), site_figures(analysis)))
    return results


@cache
def _models(folder: Path) -> dict[int, murmur.Models]:
    """Once for each process: reading them for each recording would take longer than the analysis."""
    return fold_models(folder)


def _in_process(models_folder: Path, seed: int, task: tuple[LabelledRecording, Patient]) -> list[Outcome]:
    return outcomes(*task, _models(models_folder)[task[0].fold], seed)


def chosen(patients: Iterable[str], limit: int | None) -> set[str]:
    """Take the first patients of a seeded order."""
    order = np.random.default_rng(SEED).permutation(sorted(patients))
    return set(order[:limit].tolist())


def measure(
    folder: Path, models_folder: Path, limit: int | None, jobs: int
) -> tuple[list[Patient], dict[Condition, Result]]:
    """Every condition over the patients taken."""
    data = read_circor(folder)
    ids = chosen({r.info.patient for r in data.recordings}, limit)
    recordings = [r for r in data.recordings if r.info.patient in ids]
    tasks = [(r, data.patients[r.info.patient]) for r in recordings]
    work = partial(_in_process, models_folder, SEED)
    if jobs == 1:
        found = [work(task) for task in tasks]
    else:
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
            found = list(pool.map(work, tasks, chunksize=8))
    names = list(dict.fromkeys(r.info.patient for r in recordings))
    models = _models(models_folder)
    results = {}
    for place, condition in enumerate(CONDITIONS):
        by_patient: dict[str, list[Outcome]] = {name: [] for name in names}
        for recording, outcome in zip(recordings, found, strict=True):
            by_patient[recording.info.patient].append(outcome[place])
        results[condition] = summarize(by_patient, {n: models[data.folds[n]] for n in names})
    return [data.patients[n] for n in names], results


def summarize(by_patient: dict[str, list[Outcome]], models: dict[str, murmur.Models]) -> Result:
    """Put one condition's recordings together by patient."""
    joints = [murmur.join_patient(name, [o.site for o in found], models=models[name]) for name, found in by_patient.items()]
    probabilities = [UNREAD_PROBABILITY if j.murmur_probability is None else j.murmur_probability for j in joints]
    counts = np.array([np.sum([o.onsets for o in found], axis=0) for found in by_patient.values()])
    undisturbed = np.array([np.sum([o.undisturbed for o in found], axis=0) for found in by_patient.values()])
    readable = [o.site.readable for found in by_patient.values() for o in found]
    return Result(counts, undisturbed, np.array(probabilities), 1.0 - float(np.mean(readable)))


def figures_of(patients: Sequence[Patient], results: dict[Condition, Result]) -> dict[str, Any]:
    """For each condition the figures, and what is lost against the recordings as they are."""
    clean = results[CLEAN]
    known = np.array([p.murmur != "Unknown" for p in patients])
    present = np.array([p.murmur == "Present" for p in patients])[known]
    weights = draws(int(known.sum()))

    def areas(result: Result) -> Array:
        """AUROC of everyone, then of each resample; the same patients in every condition."""
        return weighted_auroc(result.probabilities[known], present, np.vstack([np.ones_like(weights[:1]), weights]))

    rows: dict[str, Any] = {}
    for condition, result in results.items():
        row: dict[str, Any] = {}
        for index, name in enumerate(STATES.values()):
            both = np.stack([result.counts[:, index], result.undisturbed[:, index]], axis=1)
            row[f"{name} F1"] = bootstrap_sums(both, lambda c: f1(c[:, 0]))
            row[f"{name} lost"] = bootstrap_sums(both, lambda c: f1(c[:, 1]) - f1(c[:, 0]))
        area, lost = areas(result), areas(clean) - areas(result)
        row["murmur AUROC"] = interval(area[0], area[1:], int(known.sum()))
        row["AUROC lost"] = interval(lost[0], lost[1:], int(known.sum()))
        row["unreadable"] = result.unreadable
        rows[condition.name] = row
    return {
        "data": {
            "patients": len(patients),
            **{f"murmur {m.lower()}": sum(p.murmur == m for p in patients) for m in ("Present", "Unknown", "Absent")},
        },
        "conditions": rows,
        f"lost at {ASKED_DB} dB, at most {MOST_F1} of F1 and {MOST_AUROC} of AUROC": _verdict(rows),
    }


def _verdict(rows: dict[str, Any]) -> dict[str, dict[str, Any]]:
    asked = [f"{kind}, {ASKED_DB} dB" for kind in NOISES] + [
        c.name for c in CONDITIONS if c.snr_db is None and c is not CLEAN
    ]
    verdict = {}
    for name in asked:
        row = rows[name]
        kept = max(row["S1 lost"].value, row["S2 lost"].value) <= MOST_F1 and row["AUROC lost"].value <= MOST_AUROC
        verdict[name] = {key: row[key] for key in ("S1 lost", "S2 lost", "AUROC lost")} | {"kept": "yes" if kept else "no"}
    return verdict


def page_of(rows: dict[str, Any]) -> Page:
    """Curves over the signal-to-noise ratio."""
    clean = rows[CLEAN.name]
    places = ("clean", *(str(snr) for snr in SNRS_DB))

    def lines(title: str, figure: str, most: float) -> Lines:
        series: dict[str, tuple[Figure, ...]] = {
            kind: (clean[figure], *(rows[Condition(kind, snr).name][figure] for snr in SNRS_DB)) for kind in NOISES
        }
        limit = clean[figure].value - most
        return Lines(title, places, series, "signal-to-noise ratio, dB", limit, f"asked for at {ASKED_DB} dB")

    return Page(
        "CirCor DigiScope with seeded disturbances, out of fold by child",
        (
            lines("S1 onset F1 within 60 ms", "S1 F1", MOST_F1),
            lines("S2 onset F1 within 60 ms", "S2 F1", MOST_F1),
            lines("Murmur AUROC, per patient", "murmur AUROC", MOST_AUROC),
        ),
    )


def main(arguments: list[str] | None = None) -> None:
    """Disturb, analyze, compare, print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.robustness", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("set", choices=["circor"])
    parser.add_argument("folder", type=Path, help="the data set as published")
    parser.add_argument("--models", type=Path, default=FOLDS, help="the folds' models")
    parser.add_argument("--limit", type=int, help="take the first N patients of a seeded order")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("-o", "--output", type=Path, help="write the figures as JSON")
    parser.add_argument("--plots", type=Path, help="draw the curves: PNG, SVG or PDF")
    given = parser.parse_args(arguments)
    try:
        if given.plots:
            check_page(given.plots)
        patients, results = measure(given.folder, given.models, given.limit, given.jobs)
        figures = figures_of(patients, results)
        show(figures)
        if given.output:
            given.output.write_text(json.dumps(plain(figures), indent=1) + "\n", encoding="utf-8")
        if given.plots:
            draw_page(page_of(figures["conditions"]), given.plots)
    except murmur.MurmurError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
