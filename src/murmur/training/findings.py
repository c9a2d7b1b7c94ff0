"""Fit the linear models and norms behind the findings, on segmentations that never saw the child."""

from __future__ import annotations

import multiprocessing
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression

from murmur.findings import grade, systolic_pitch, systolic_quality, systolic_shape, systolic_timing
from murmur.findings.context import Features
from murmur.findings.describe import describe_recording
from murmur.findings.models import NORM_SITES, FindingModels
from murmur.findings.murmur import systolic_probabilities
from murmur.formats.circor import Patient
from murmur.learned.forest import Forest
from murmur.learned.linear import CLIP, LinearModel
from murmur.learned.network import NetworkWeights
from murmur.measure.comparison import Comparison
from murmur.measure.measurement import Measurement
from murmur.measure.murmur import MurmurFeatures
from murmur.measure.murmur_network import CLASSES
from murmur.measure.quality import cycle_evidence
from murmur.patients.patient import grade_vector, patient_vector
from murmur.pipeline.engine import Engine
from murmur.segmentation.model import SegmentationModel
from murmur.settings import Settings
from murmur.training.augment import coloured_noise, disturb, drown
from murmur.training.data import CircorSet, LabelledRecording
from murmur.training.scores import right_cycles

Array = NDArray[np.float64]

NOISE_SEED, DISTURBANCE_SEED = 5, 6
#: Disturbed versions of each recording that only the trees see, and versions in noise.
DISTURBED, NOISY = 2, 2
#: Trees, and the fewest versions of recordings in a leaf: more and finer ones give no more.
TREES, LEAST_LEAF, SEED = 100, 20, 0
#: How noise without a heart is made.
NOISE_RATE_HZ, NOISE_RECORDINGS, NOISE_S, NOISE_LEVEL = 4000.0, 60, 12.0, 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One version of a recording: what is known of it, and what the engine measured."""

    recording: LabelledRecording
    patient: Patient
    measurement: Measurement
    disturbed: bool = False

    @property
    def murmur(self) -> str | None:
        """The recording's class, as `Patient.murmur_at` says."""
        return self.patient.murmur_at(self.recording.info.site)


@dataclass(frozen=True, slots=True, eq=False)
class Described:
    """One readable version of a recording, and the features that signs are concluded from."""

    row: Row
    features: Features


def _measure(
    recording: LabelledRecording, patient: Patient, model: SegmentationModel, murmur_network: NetworkWeights, index: int
) -> list[Row]:
    """Run the engine over one recording as it is, over disturbed versions of it, and over versions in noise."""
    rows, rate_hz = [], recording.sample_rate_hz
    for version in range(1 + DISTURBED + NOISY):
        samples = recording.samples()
        rng = np.random.default_rng([DISTURBANCE_SEED, index, version])
        if version > DISTURBED:
            samples = drown(samples, rate_hz, rng)
        elif version:
            samples, _ = disturb(samples, np.zeros(int(rate_hz), dtype=np.int8), rate_hz, rng)
        measurement = Engine(rate_hz, Settings(), model, murmur_network).finish(samples)
        rows.append(Row(recording, patient, measurement, version > 0))
    return rows


def measure_all(
    data: CircorSet, models: dict[int, SegmentationModel], murmur_networks: dict[int, NetworkWeights], jobs: int
) -> list[Row]:
    """Run the engine over every recording, each with the models that never saw its child, in `jobs` processes."""
    arguments = [
        (r, data.patients[r.info.patient], models[r.fold], murmur_networks[r.fold], index)
        for index, r in enumerate(data.recordings)
    ]
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        return [row for rows in pool.map(_measure, *zip(*arguments, strict=True), chunksize=8) for row in rows]


def measure_noise(model: SegmentationModel, murmur_network: NetworkWeights) -> list[Measurement]:
    """Run the engine over noise of many colours, steady and restless, in which there is no heart."""
    measured = []
    for index in range(NOISE_RECORDINGS):
        rng = np.random.default_rng([NOISE_SEED, index])
        n = int(NOISE_S * NOISE_RATE_HZ)
        noise = coloured_noise(n, rng.uniform(0.0, 12.0), NOISE_RATE_HZ, rng)
        if index % 2:  # comes and goes, like voices and handling
            knots = np.exp(rng.normal(0.0, 1.0, size=int(NOISE_S * rng.uniform(1.0, 6.0))))
            noise *= np.interp(np.arange(n), np.linspace(0, n, knots.size), knots)
        samples = (NOISE_LEVEL * noise).astype(np.float32)
        measured.append(Engine(NOISE_RATE_HZ, Settings(), model, murmur_network).finish(samples))
    return measured


def fit_linear(features: Array, labels: Sequence[Any], strength: float, classes: Sequence[Any]) -> LinearModel:
    """Fit a logistic regression; the last of two classes is the positive one, several keep their order."""
    features = np.asarray(features, dtype=np.float64)
    centre, scale = features.mean(axis=0), features.std(axis=0) + 1e-6
    z = np.clip((features - centre) / scale, -CLIP, CLIP)
    index = np.array([classes.index(label) for label in labels])
    fitted = LogisticRegression(C=strength, max_iter=2000).fit(z, index)
    return LinearModel(centre, scale, fitted.coef_, fitted.intercept_)


def fit_confidence(rows: Sequence[Row], noise: Sequence[Measurement]) -> LinearModel:
    """Fit the probability that a cycle is right, for `murmur.measure.quality.cycle_confidence`; in noise none is."""
    features, labels = [], []
    for row in rows:
        s1_s, s2_s, end_s = row.measurement.cycles.bounds_s.T[[0, 2, 4]]
        index, right = right_cycles(s1_s, s2_s, end_s, row.recording.intervals)
        if index.size:
            features.append(_evidence(row.measurement)[index])
            labels += right.tolist()
    for measurement in noise:
        features.append(_evidence(measurement))
        labels += [False] * len(measurement.cycles)
    return fit_linear(np.concatenate(features), labels, 1.0, [False, True])


def _evidence(measurement: Measurement) -> Array:
    return cycle_evidence(measurement.cycles, Comparison(measurement.levels))


def describe(rows: Sequence[Row], confidence_model: LinearModel) -> list[Described]:
    """Describe the readable recordings as `murmur.analyze` does."""
    described = [(row, describe_recording(row.measurement, confidence_model, Settings())) for row in rows]
    return [Described(row, d.features) for row, d in described if d.quality.readable and d.features is not None]


def fit_forest(described: Sequence[Described]) -> Forest:
    """Fit present, unknown and absent on recordings."""
    kept = [d for d in described if d.row.murmur is not None]
    labels = [CLASSES.index(str(d.row.murmur)) for d in kept]
    fitted = ExtraTreesClassifier(TREES, min_samples_leaf=LEAST_LEAF, max_features=0.3, random_state=SEED)
    fitted.fit(np.array([d.features.murmur_vector for d in kept], dtype=np.float32), labels)
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


def blind_probabilities(described: Sequence[Described], folds: Sequence[int]) -> list[tuple[Row, Array]]:
    """Return each undisturbed recording with its probabilities of a systolic murmur, by trees that never saw its fold."""
    pairs = []
    for fold in folds:
        forest = fit_forest([d for d in described if d.row.recording.fold != fold])
        blind = [d for d in described if d.row.recording.fold == fold and not d.row.disturbed]
        pairs += [(d.row, systolic_probabilities(d.features, forest)) for d in blind]
    return pairs


def fit_findings(rows: Sequence[Row], noise: Sequence[Measurement], folds: Sequence[int]) -> FindingModels:
    """Fit everything on `rows`; the patient's model on murmur probabilities that are out of fold among `folds`.

    Only the trees see the disturbed versions: the rest must be right for recordings as they are.
    """
    confidence_model = fit_confidence([row for row in rows if not row.disturbed], noise)
    described = describe(rows, confidence_model)
    undisturbed = [d for d in described if not d.row.disturbed]
    return FindingModels(
        beat=confidence_model,
        murmur=fit_forest(described),
        **_fit_patient(blind_probabilities(described, folds)),
        s1_norm_db=_s1_norms(undisturbed),
        **_fit_character([d for d in undisturbed if d.row.murmur == "present"]),
    )


def _fit_patient(blind: Sequence[tuple[Row, Array]]) -> dict[str, LinearModel]:
    by_patient: dict[str, list[tuple[Row, Array]]] = defaultdict(list)
    for row, probabilities in blind:
        by_patient[row.patient.id].append((row, probabilities))
    patients, murmurs, graded, grades = [], [], [], []
    for _, items in sorted(by_patient.items()):
        patient, probabilities = items[0][0].patient, np.array([p for _, p in items])
        patients.append(patient)
        murmurs.append(patient_vector(probabilities))
        if patient.grading in grade.GRADES:
            graded.append(patient)
            grades.append(grade_vector(probabilities, [row.recording.info.site for row, _ in items]))
    return {
        # regularising two numbers of some hundred patients any more makes the model under-confident
        "patient_murmur": fit_linear(np.array(murmurs), [patient.murmur.lower() for patient in patients], 3.0, CLASSES),
        "patient_grade": fit_linear(np.array(grades), [patient.grading for patient in graded], 1.0, grade.GRADES),
    }


def _fit_character(murmurs: Sequence[Described]) -> dict[str, LinearModel]:
    def fit(
        vector: Callable[[MurmurFeatures], Sequence[float]],
        label: Callable[[Patient], object],
        classes: Sequence[object],
        strength: float = 1.0,
    ) -> LinearModel:
        known = [d for d in murmurs if label(d.row.patient) in classes]
        vectors = np.array([vector(d.features.murmur) for d in known])
        return fit_linear(vectors, [label(d.row.patient) for d in known], strength, classes)

    def is_holosystolic(patient: Patient) -> bool | None:
        return patient.timing == "Holosystolic" if patient.timing else None

    shapes, qualities, pitches = systolic_shape.SHAPES[:3], systolic_quality.QUALITIES, systolic_pitch.PITCHES
    return {
        "holosystolic": fit(systolic_timing.vector, is_holosystolic, [False, True]),
        "shape": fit(systolic_shape.vector, lambda patient: str(patient.shape).lower(), shapes),
        "blowing": fit(systolic_quality.vector, lambda patient: str(patient.quality).lower(), qualities),
        "pitch": fit(systolic_pitch.vector, lambda patient: str(patient.pitch).lower(), pitches, 0.1),
        "grade": fit(grade.vector, lambda patient: patient.grading, grade.GRADES, 0.1),
    }


def _s1_norms(described: Sequence[Described]) -> Array:
    """Return the median and the standard deviation of S1 against S2 at each site; of an unknown site, over all sites."""
    normal = [d for d in described if d.row.murmur == "absent"]
    norms = []
    for site in NORM_SITES:
        there = [d.features.heart_sounds for d in normal if site in ("", d.row.recording.info.site)]
        levels = np.array([sounds.s1_s2_level_db for sounds in there])
        norms.append([np.median(levels), levels.std()])
    return np.array(norms)
