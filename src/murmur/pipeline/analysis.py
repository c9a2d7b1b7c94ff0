"""The whole flow: recording, measurement, features, findings, analysis.

`measure` drives the engine over a recording (conditioning, segmentation and the levels of each cycle, block by block).
`conclude` describes the measurement, decides whether it can be read, and concludes on every sign; live sound enters here.
`analyze` is both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur import __version__
from murmur.findings.context import Context
from murmur.findings.describe import describe_recording
from murmur.findings.findings import Findings
from murmur.findings.murmur import systolic_probabilities
from murmur.findings.registry import conclude_all, no_findings
from murmur.io.info import RecordingInfo
from murmur.io.recording import AudioInput, open_source
from murmur.io.source import Source
from murmur.measure.comparison import Comparison
from murmur.measure.figures import CycleFigures
from murmur.measure.heart_sounds import HeartSounds
from murmur.measure.measurement import Measurement
from murmur.measure.murmur import MurmurFeatures
from murmur.measure.quality import Quality, cycle_confidence, why_unreadable, with_confidence
from murmur.measure.rhythm import Rhythm
from murmur.pipeline.engine import Engine
from murmur.pipeline.models import Models, shipped_models
from murmur.records import Record
from murmur.segmentation.result import Interval, Segmentation, State
from murmur.settings import Settings

#: States by CirCor's code.
STATES = tuple(State)


@dataclass(frozen=True, slots=True, eq=False)
class Analysis(Record):
    """Everything that murmur concludes from one recording.

    Attributes
    ----------
    info : RecordingInfo
        Path, patient, site, position and visit, as far as they are known.
    status : str
        "ok", or "unreadable" when no finding should rest on it.
    error : str or None
        Why it is unreadable.
    notes : tuple of str
        What a user should know about how the recording was read.
    duration_s, sample_rate_hz : float
        Length and sample rate of the recording.
    quality : Quality
        How far it can be trusted.
    segmentation : Segmentation
        Where S1, systole, S2 and diastole lie.
    rhythm : Rhythm
        Rate and intervals.
    heart_sounds : HeartSounds or None
        S1 and S2 and the sounds beside them; None without a trusted cycle.
    murmur : MurmurFeatures or None
        The sound of systole and diastole; None without a trusted cycle.
    findings : Findings
        The signs.
    cycles : CycleFigures
        What was measured of each cycle.
    version : str
        Version of murmur.
    settings : str
        Fingerprint of the settings.

    See Also
    --------
    murmur.analyze : Makes it.
    """

    info: RecordingInfo
    status: str
    error: str | None
    notes: tuple[str, ...]
    duration_s: float
    sample_rate_hz: float
    quality: Quality
    segmentation: Segmentation
    rhythm: Rhythm
    heart_sounds: HeartSounds | None
    murmur: MurmurFeatures | None
    findings: Findings
    cycles: CycleFigures
    version: str
    settings: str


def analyze(
    source: AudioInput,
    *,
    sample_rate_hz: float | None = None,
    channel: int | None = None,
    patient: str | None = None,
    site: str | None = None,
    position: str | None = None,
    visit: str | None = None,
    settings: Settings | None = None,
    models: Models | None = None,
) -> Analysis:
    """Find the heart sounds and every sign in one recording.

    Parameters
    ----------
    source : str, path, file object, `Recording`, `RecordingInfo`, or array of shape (samples,) or (samples, channels)
        The recording, sampled at 1 to 192 kHz and 2 s to 25 h long; files are read in blocks.
    sample_rate_hz : float, optional
        Sample rate of an array.
    channel : int, optional
        The channel to analyze; if None, the first, with a note where there are several.
    patient, site, position, visit : str, optional
        Override what the file name says. The site matters: the norm for a quiet S1 depends on it.
    settings : Settings, optional
        The settings; the defaults if None.
    models : Models, optional
        The trained models; the shipped ones if None.

    Returns
    -------
    Analysis

    Raises
    ------
    MurmurError
        If the input cannot be analyzed; the message names the file, the value and the remedy.

    See Also
    --------
    segment : Finds only the heart sounds.
    murmur.join_patient : Joins the recordings of one person.
    murmur.LiveAnalyzer : Analyzes live sound.

    Examples
    --------
    >>> import murmur
    >>> analysis = murmur.analyze("13918_MV.wav")
    >>> analysis.findings.murmur.value, analysis.findings.systolic_timing.value
    ('present', 'holosystolic')
    """
    settings, models = settings or Settings(), models or shipped_models()
    opened = open_source(
        source, sample_rate_hz=sample_rate_hz, channel=channel, patient=patient, site=site, position=position, visit=visit
    )
    with opened as recording:
        # the measurement has no name here, so that `conclude` can free a day's levels before it is done
        return conclude(
            measure(recording, settings, models),
            recording.info,
            settings,
            models,
            sample_rate_hz=recording.sample_rate_hz,
            notes=recording.notes,
        )


def segment(
    source: AudioInput,
    *,
    sample_rate_hz: float | None = None,
    channel: int | None = None,
    settings: Settings | None = None,
    models: Models | None = None,
) -> Segmentation:
    """Find only where the heart sounds are; parameters and errors are those of `analyze`.

    Returns
    -------
    Segmentation
        The four states over the whole recording, edges included, and the complete cycles with their confidence.

    See Also
    --------
    analyze : Finds every sign, too.

    Examples
    --------
    >>> import murmur
    >>> segmentation = murmur.segment("13918_MV.wav")
    >>> {interval.state.name for interval in segmentation.intervals} == {"S1", "SYSTOLE", "S2", "DIASTOLE"}
    True
    """
    settings, models = settings or Settings(), models or shipped_models()
    with open_source(source, sample_rate_hz=sample_rate_hz, channel=channel) as recording:
        measurement = measure(recording, settings, models)
    confidence = cycle_confidence(measurement.cycles, Comparison(measurement.levels), models.findings.beat)
    intervals = _intervals(measurement.onsets_s, measurement.states, measurement.duration_s)
    return Segmentation(intervals, with_confidence(measurement.cycles, confidence))


def measure(recording: Source, settings: Settings, models: Models, block_s: float = 60.0) -> Measurement:
    """Read a recording in blocks and measure it; the results are identical for any block size."""
    engine = Engine(recording.sample_rate_hz, settings, models.segmentation, models.murmur_network)
    blocks = recording.blocks(block_s)
    block = next(blocks)
    for following in blocks:
        engine.push(block)
        block = following
    return engine.finish(block)


def conclude(
    measurement: Measurement,
    info: RecordingInfo,
    settings: Settings,
    models: Models,
    *,
    sample_rate_hz: float,
    notes: tuple[str, ...] = (),
) -> Analysis:
    """Conclude from a measurement what a doctor would say of the recording."""
    described = describe_recording(measurement, models.findings.beat, settings)
    features, error = described.features, None
    if described.quality.readable and features is not None:
        systolic = systolic_probabilities(features, models.findings.murmur)
        findings = conclude_all(features, Context(info.site, models.findings, settings, systolic))
    else:
        error = why_unreadable(described.quality, settings)
        findings = no_findings(error)
    onsets_s, states, duration_s = measurement.onsets_s, measurement.states, measurement.duration_s
    del measurement  # frees a day's levels before its intervals are made
    return Analysis(
        info=info,
        status="ok" if error is None else "unreadable",
        error=error,
        notes=notes,
        duration_s=duration_s,
        sample_rate_hz=sample_rate_hz,
        quality=described.quality,
        segmentation=Segmentation(_intervals(onsets_s, states, duration_s), described.cycles),
        rhythm=described.rhythm,
        heart_sounds=features.heart_sounds if features else None,
        murmur=features.murmur if features else None,
        findings=findings,
        cycles=described.figures,
        version=__version__,
        settings=settings.fingerprint(),
    )


def _intervals(onsets_s: NDArray[np.float64], states: NDArray[np.int64], duration_s: float) -> list[Interval]:
    starts_s = onsets_s.tolist()
    return list(map(Interval, starts_s, [*starts_s[1:], duration_s], map(STATES.__getitem__, states.tolist())))
