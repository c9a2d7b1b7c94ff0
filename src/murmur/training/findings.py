"""Fit the linear models and norms behind the findings, on segmentations that never saw the child."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression

from murmur.findings.character import (
    GRADES,
    PITCHES,
    QUALITIES,
    SHAPES,
    extent_vector,
    loudness_vector,
    pitch_vector,
    roughness_vector,
    shape_vector,
)
from murmur.findings.models import NORM_SITES, FindingModels, joint_probabilities
from murmur.findings.signs import heed_level
from murmur.formats.circor import Patient
from murmur.learned.forest import Forest
from murmur.learned.linear import CLIP, LinearModel
from murmur.learned.network import NetworkWeights
from murmur.measure.comparison import compare_cycles
from murmur.measure.heart_sounds import HeartSounds, describe_heart_sounds
from murmur.measure.measurement import Measurement
from murmur.measure.murmur import MurmurFeatures, describe_murmur, murmur_vector
from murmur.measure.murmur_network import CLASSES, murmur_log_odds
from murmur.measure.quality import assess_quality, cycle_confidence, cycle_evidence, interrupted_cycles
from murmur.patients.patient import grade_vector, patient_vector
from murmur.pipeline.engine import Engine
from murmur.segmentation.model import SegmentationModel
from murmur.settings import FRAME_RATE_HZ, Settings
from murmur.training.augment import coloured_noise, disturb, drown
from murmur.training.data import CircorSet, LabelledRecording
from murmur.training.scores import right_beats

__all__ = ["Row", "fit_findings", "measure_all", "measure_noise"]

Array = NDArray[np.float64]

NOISE_SEED, DISTURBANCE_SEED = 5, 6
#: Disturbed versions of each recording that the trees see, too, and then ones in noise.
DISTURBED, NOISY = 2, 2


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One recording as the fits see it."""

    recording: LabelledRecording
    patient: Patient
    measurement: Measurement
    disturbed: bool = False

    @property
    def murmur(self) -> str | None:
        """The recording's class, as `Patient.murmur_at` says."""
        return self.patient.murmur_at(self.recording.info.site)


def _measure(
    recording: LabelledRecording, patient: Patient, model: SegmentationModel, murmur_network: NetworkWeights, index: int
) -> list[Row]:
    """Run the engine over one recording as it is, over disturbed versions of it, and over ones in noise."""
    rows = []
    for version in range(1 + DISTURBED + NOISY):
        samples = recording.samples()
        rng = np.random.default_rng([DISTURBANCE_SEED, index, version])
        if version > DISTURBED:
            samples = drown(samples, recording.sample_rate_hz, rng)
        elif version:
            unlabelled = np.zeros(int(recording.sample_rate_hz), dtype=np.int8)
            samples, _ = disturb(samples, unlabelled, recording.sample_rate_hz, FRAME_RATE_HZ, rng)
        engine = Engine(recording.sample_rate_hz, Settings(), model, murmur_network)
        engine.push(samples)
        rows.append(Row(recording, patient, engine.finish(), disturbed=version > 0))
    return rows


def measure_all(
    data: CircorSet,
    models: dict[int, SegmentationModel],
    murmur_networks: dict[int, NetworkWeights],
    jobs: int = 1,
) -> list[Row]:
    """Run the engine over every recording, each with the models that never saw its child, in `jobs` processes."""
    recordings = data.recordings
    arguments = (
        recordings,
        [data.patients[r.info.patient] for r in recordings],
        [models[r.fold] for r in recordings],
        [murmur_networks[r.fold] for r in recordings],
        range(len(recordings)),
    )
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        return [row for rows in pool.map(_measure, *arguments, chunksize=8) for row in rows]


def fit_linear(features: Array, labels: Sequence[Any], strength: float, classes: Sequence[Any]) -> LinearModel:
    """Fit a logistic regression; the last of two classes is the positive one, several keep their order."""
    features = np.asarray(features, dtype=np.float64)
    centre, scale = features.mean(axis=0), features.std(axis=0) + 1e-6
    z = np.clip((features - centre) / scale, -CLIP, CLIP)
    index = np.array([classes.index(label) for label in labels])
    fitted = LogisticRegression(C=strength, max_iter=2000).fit(z, index)
    return LinearModel(centre, scale, fitted.coef_, fitted.intercept_)


def fit_beat(rows: Sequence[Row], noise: Sequence[Measurement]) -> LinearModel:
    """Fit the probability that a beat is right; see `murmur.measure.quality.cycle_confidence`. In noise none is."""
    features, labels = [], []
    for row in rows:
        bounds_s = row.measurement.cycles.bounds_s
        index, right = right_beats(bounds_s[:, 0], bounds_s[:, 2], bounds_s[:, 4], row.recording.intervals)
        if index.size:
            features.append(cycle_evidence(row.measurement.cycles, compare_cycles(row.measurement.levels))[index])
            labels += right.tolist()
    for measurement in noise:
        features.append(cycle_evidence(measurement.cycles, compare_cycles(measurement.levels)))
        labels += [False] * len(measurement.cycles)
    return fit_linear(np.concatenate(features), labels, 1.0, [False, True])


def measure_noise(
    model: SegmentationModel, murmur_network: NetworkWeights, count: int = 60, duration_s: float = 12.0
) -> list[Measurement]:
    """Run the engine over noise of many colours, steady and restless, in which there is no heart."""
    measured = []
    for index in range(count):
        rng = np.random.default_rng([NOISE_SEED, index])
        n = int(duration_s * 4000)
        noise = coloured_noise(n, rng.uniform(0.0, 12.0), 4000.0, rng)
        if index % 2:  # comes and goes, like voices and handling
            knots = np.exp(rng.normal(0.0, 1.0, size=int(duration_s * rng.uniform(1.0, 6.0))))
            noise *= np.interp(np.arange(n), np.linspace(0, n, knots.size), knots)
        engine = Engine(4000.0, Settings(), model, murmur_network)
        engine.push((0.1 * noise).astype(np.float32))
        measured.append(engine.finish())
    return measured


@dataclass(frozen=True, slots=True, eq=False)
class Described:
    """A readable recording's features."""

    row: Row
    vector: Array
    network_log_odds: Array
    murmur: MurmurFeatures
    sounds: HeartSounds


def describe(rows: Sequence[Row], beat: LinearModel) -> list[Described]:
    """Features of the recordings that can be read."""
    described = []
    for row in rows:
        m = row.measurement
        compared = compare_cycles(m.levels)
        quality, trusted = assess_quality(m, cycle_confidence(m.cycles, compared, beat), interrupted_cycles(m), Settings())
        ordered = compared.in_order(trusted)
        murmur, sounds = describe_murmur(ordered), describe_heart_sounds(ordered, m.sounds, trusted)
        if quality.readable and murmur is not None and sounds is not None:
            vector = murmur_vector(ordered, m.cycles.bounds_s[trusted])
            described.append(Described(row, vector, murmur_log_odds(m.scores, trusted), murmur, sounds))
    return described


def fit_forest(described: Sequence[Described]) -> Forest:
    """Fit present, unknown, absent on recordings."""
    kept = [d for d in described if d.row.murmur is not None]
    labels = [CLASSES.index(str(d.row.murmur)) for d in kept]
    fitted = ExtraTreesClassifier(TREES, min_samples_leaf=LEAST_LEAF, max_features=0.3, random_state=SEED)
    fitted.fit(np.array([d.vector for d in kept], dtype=np.float32), labels)
    trees = [estimator.tree_ for estimator in fitted.estimators_]
    roots = np.cumsum([0, *(t.node_count for t in trees[:-1])])

    def moved(children: str) -> NDArray[np.int32]:
        nodes = [getattr(t, children) for t in trees]
        return np.concatenate([np.where(n >= 0, n + r, -1) for n, r in zip(nodes, roots, strict=True)]).astype(np.int32)

    shares = np.concatenate([t.value[:, 0, :] for t in trees])
    return Forest(
        roots=roots.astype(np.int32),
        tested=np.maximum(np.concatenate([t.feature for t in trees]), 0).astype(np.int32),
        left=moved("children_left"),
        right=moved("children_right"),
        threshold=np.concatenate([t.threshold for t in trees]).astype(np.float32),
        share=(shares / shares.sum(axis=1, keepdims=True)).astype(np.float32),
    )


#: Trees, and the fewest versions of recordings in a leaf: more and finer ones give no more.
TREES, LEAST_LEAF, SEED = 100, 20, 0


def blind_shares(everything: Sequence[Described], described: Sequence[Described], folds: Sequence[int]) -> dict[int, Array]:
    """Shares of the classes for every described recording, by its place, from a forest that never saw its fold."""
    shares = {}
    for fold in folds:
        forest = fit_forest([d for d in everything if d.row.recording.fold != fold])
        for i, d in enumerate(described):
            if d.row.recording.fold == fold:
                shares[i] = forest.probabilities(d.vector)
    return shares


def fit_findings(rows: Sequence[Row], noise: Sequence[Measurement], folds: Sequence[int]) -> FindingModels:
    """Fit everything on `rows`; the patient's model on murmur probabilities that are out of fold among `folds`.

    Only the trees see the disturbed versions: the rest is to be right of recordings as they are.
    """
    clean = [row for row in rows if not row.disturbed]
    beat = fit_beat(clean, noise)
    everything = describe(rows, beat)
    described = [d for d in everything if not d.row.disturbed]
    shares = blind_shares(everything, described, folds)
    probabilities = {
        i: heed_level(joint_probabilities(s, described[i].network_log_odds), described[i].murmur) for i, s in shares.items()
    }
    return FindingModels(
        beat=beat,
        murmur=fit_forest(everything),
        **_fit_patient(clean, described, probabilities),
        s1_norm_db=_s1_norms(described),
        **_fit_character([d for d in described if d.row.murmur == "present"]),
    )


def _fit_patient(
    rows: Sequence[Row], described: Sequence[Described], probabilities: dict[int, Array]
) -> dict[str, LinearModel]:
    by_patient: dict[str, list[Array]] = {}
    sites: dict[str, list[str]] = {}
    for i, p in probabilities.items():
        row = described[i].row
        by_patient.setdefault(row.patient.id, []).append(p)
        sites.setdefault(row.patient.id, []).append(row.recording.info.site)
    patients = {row.patient.id: row.patient for row in rows}
    ids = sorted(by_patient)
    graded = [i for i in ids if patients[i].grading in GRADES]
    murmur = np.array([patient_vector(np.array(by_patient[i])) for i in ids])
    grade = np.array([grade_vector(np.array(by_patient[i]), sites[i]) for i in graded])
    return {
        # two numbers of some hundred patients need little holding back, and what is held back is under-confident
        "patient_murmur": fit_linear(murmur, [patients[i].murmur.lower() for i in ids], 3.0, CLASSES),
        "patient_grade": fit_linear(grade, [patients[i].grading for i in graded], 1.0, GRADES),
    }


def _fit_character(murmurs: Sequence[Described]) -> dict[str, LinearModel]:
    def fit(
        vector: Callable[[MurmurFeatures], Sequence[float]], label: str, classes: Sequence[str], strength: float
    ) -> LinearModel:
        labelled = [(d, str(getattr(d.row.patient, label)).lower()) for d in murmurs]
        known = [(d, value) for d, value in labelled if value in classes]
        return fit_linear(np.array([vector(d.murmur) for d, _ in known]), [value for _, value in known], strength, classes)

    timing = [d for d in murmurs if d.row.patient.timing]
    return {
        "holosystolic": fit_linear(
            np.array([extent_vector(d.murmur) for d in timing]),
            [d.row.patient.timing == "Holosystolic" for d in timing],
            1.0,
            [False, True],
        ),
        "shape": fit(shape_vector, "shape", SHAPES[:3], 1.0),
        "blowing": fit(roughness_vector, "quality", QUALITIES, 1.0),
        "pitch": fit(pitch_vector, "pitch", PITCHES, 0.1),
        "grade": fit(loudness_vector, "grading", [g.lower() for g in GRADES], 0.1),
    }


def _s1_norms(described: Sequence[Described]) -> Array:
    """Mean and standard deviation of S1 against S2 at each site; where the site is not known, of all together."""
    normal = [d for d in described if d.row.murmur == "absent"]
    norms = []
    for site in NORM_SITES:
        levels = np.array([d.sounds.s1_s2_level_db for d in normal if site in ("", d.row.recording.info.site)])
        norms.append([np.median(levels), levels.std()])
    return np.array(norms)
