"""The whole flow, from a recording to its signs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from murmur import __version__
from murmur.findings.signs import Findings, clear_click, find_signs, heed_level, no_findings
from murmur.io.info import RecordingInfo
from murmur.io.recording import AudioInput, open_source
from murmur.io.source import Source
from murmur.measure.comparison import Comparison, compare_cycles
from murmur.measure.cycles import BANDS_HZ
from murmur.measure.heart_sounds import S1_BAND_HZ, HeartSounds, describe_heart_sounds
from murmur.measure.measurement import Measurement
from murmur.measure.murmur import MurmurFeatures, cycle_extents, describe_murmur, murmur_vector
from murmur.measure.murmur_network import murmur_log_odds
from murmur.measure.quality import Quality, assess_quality, cycle_confidence, interrupted_cycles
from murmur.measure.rhythm import Rhythm, describe_rhythm
from murmur.pipeline.engine import Engine
from murmur.pipeline.models import Models, shipped_models
from murmur.records import Record
from murmur.segmentation.result import CardiacCycles, Interval, Segmentation, State
from murmur.settings import Settings

__all__ = ["Analysis", "CycleFigures", "analyze", "segment"]


#: Rhythm makes do with beats of this share of the confidence that a measurement of sound asks for.
RHYTHM_SHARE = 0.3
#: States by CirCor's code.
STATES = tuple(State)


@dataclass(frozen=True, slots=True, eq=False)
class CycleFigures(Record):
    """What was measured of each beat of `Segmentation.beats`, as columns; NaN (null) where it was not trusted.

    Attributes
    ----------
    trusted : ndarray of bool, shape (beats,)
        Whether the beat counts in the recording's figures.
    s1_s2_level_db : ndarray
        S1 against S2 between 60 and 100 Hz.
    murmur_above_late_diastole_db : ndarray
        Mid-systole above late diastole between 80 and 600 Hz.
    murmur_extent : ndarray
        Share of systole that stands at least 3 dB above late diastole and within 12 dB of the loudest part.
    """

    trusted: NDArray[np.bool_]
    s1_s2_level_db: NDArray[np.float64]
    murmur_above_late_diastole_db: NDArray[np.float64]
    murmur_extent: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Analysis(Record):
    """Everything murmur says of one recording.

    Attributes
    ----------
    info : RecordingInfo
        Path, patient, site, position and visit, as far as they are known.
    status : str
        "ok", or "unreadable" when no finding should rest on it.
    error : str or None
        Why it is unreadable.
    notes : tuple of str
        What a user should know about how it was read.
    duration_s, sample_rate_hz : float
        Of the input.
    quality, segmentation, rhythm, findings
        See their classes.
    heart_sounds, murmur
        None where no beat could be measured.
    cycles : CycleFigures
        Beat by beat.
    version, settings : str
        Version of murmur and fingerprint of the settings.
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
    """Find every beat and every sign of one recording.

    Parameters
    ----------
    source : str, path, file object, `Recording`, `RecordingInfo`, or array of shape (samples,) or (samples, channels)
        The recording, 1 kHz to 192 kHz and 2 s to 25 h long; files are read in blocks.
    sample_rate_hz : float, optional
        Needed for an array.
    channel : int, optional
        Which channel to take; the first, with a note, when there are several and none is named.
    patient, site, position, visit : str, optional
        Override what the file's name says. The site matters: what is a quiet S1 depends on it.
    settings : Settings, optional
        What may be tuned.
    models : Models, optional
        Other trained models than those that ship.

    Returns
    -------
    Analysis

    Raises
    ------
    MurmurError
        One of its kinds, naming the file, the value and the remedy, when the input can't be analyzed.
    """
    settings, models = settings or Settings(), models or shipped_models()
    opened = open_source(
        source,
        sample_rate_hz=sample_rate_hz,
        channel=channel,
        patient=patient,
        site=site,
        position=position,
        visit=visit,
    )
    with opened as recording:
        # no name here for what was measured: `conclude` lets go of a day's levels before it is done
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
    """Find only where the heart sounds are; arguments and errors as of `analyze`.

    Returns
    -------
    Segmentation
        The four states over the whole recording, edges included, and the complete beats with their confidence.
    """
    settings, models = settings or Settings(), models or shipped_models()
    with open_source(source, sample_rate_hz=sample_rate_hz, channel=channel) as recording:
        measurement = measure(recording, settings, models)
    compared = compare_cycles(measurement.levels)
    beats = _beats(measurement, cycle_confidence(measurement.cycles, compared, models.findings.beat))
    return Segmentation(_intervals(measurement.onsets_s, measurement.states, measurement.duration_s), beats)


def measure(recording: Source, settings: Settings, models: Models, block_s: float = 60.0) -> Measurement:
    """Read a recording in blocks, whose length makes no difference, and measure what is in it."""
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
    """From what the engine measured to what a doctor would say of it."""
    compared = compare_cycles(measurement.levels)
    confidence = cycle_confidence(measurement.cycles, compared, models.findings.beat)
    interrupted = interrupted_cycles(measurement)
    quality, trusted = assess_quality(measurement, confidence, interrupted, settings)
    beats = _beats(measurement, confidence)
    rhythm = describe_rhythm(beats, (confidence >= RHYTHM_SHARE * settings.least_confidence) & ~interrupted)
    ordered = compared.in_order(trusted)
    heart_sounds = describe_heart_sounds(ordered, measurement.sounds, trusted)
    click = clear_click(heart_sounds.click) if heart_sounds else None
    murmur = describe_murmur(ordered, click)
    if quality.readable and murmur is not None and heart_sounds is not None:
        vector = murmur_vector(ordered, measurement.cycles.bounds_s[trusted])
        log_odds = murmur_log_odds(measurement.scores, trusted)
        systolic = heed_level(models.findings.murmur_probabilities(vector, log_odds), murmur)
        findings = find_signs(systolic, murmur, heart_sounds, rhythm, info.site, models.findings, settings)
        error = None
    else:
        error = f"unreadable: {', '.join(quality.reasons)} ({quality.trusted_cycles} trusted beats)"
        findings = no_findings(error)
    cycles = _cycle_figures(compared, trusted)
    onsets_s, states, duration_s = measurement.onsets_s, measurement.states, measurement.duration_s
    del measurement, compared  # a day's levels make room for its intervals
    return Analysis(
        info=info,
        status="ok" if error is None else "unreadable",
        error=error,
        notes=notes,
        duration_s=duration_s,
        sample_rate_hz=sample_rate_hz,
        quality=quality,
        segmentation=Segmentation(_intervals(onsets_s, states, duration_s), beats),
        rhythm=rhythm,
        heart_sounds=heart_sounds,
        murmur=murmur,
        findings=findings,
        cycles=cycles,
        version=__version__,
        settings=settings.fingerprint(),
    )


def _beats(measurement: Measurement, confidence: NDArray[np.float64]) -> CardiacCycles:
    s1, systole, s2, diastole, end = measurement.cycles.bounds_s.T.copy()
    return CardiacCycles(s1, systole, s2, diastole, end, confidence)


def _intervals(onsets_s: NDArray[np.float64], states: NDArray[np.int64], duration_s: float) -> list[Interval]:
    starts_s = onsets_s.tolist()
    return list(map(Interval, starts_s, [*starts_s[1:], duration_s], map(STATES.__getitem__, states.tolist())))


def _cycle_figures(compared: Comparison, trusted: NDArray[np.bool_]) -> CycleFigures:
    s1_s2 = compared["s1_against_s2"][:, BANDS_HZ.index(S1_BAND_HZ)]
    return CycleFigures(
        trusted=trusted,
        s1_s2_level_db=np.where(trusted, s1_s2, np.nan),
        murmur_above_late_diastole_db=np.where(trusted, compared["mid_systole"][:, 0], np.nan),
        murmur_extent=np.where(trusted, cycle_extents(compared["profile"]), np.nan),
    )
