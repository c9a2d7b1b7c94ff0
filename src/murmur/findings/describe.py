"""From a measurement to everything that signs are concluded from: one path for files, live sound and training."""

from __future__ import annotations

from dataclasses import dataclass

from murmur.findings import click
from murmur.findings.context import Features
from murmur.learned.linear import LinearModel
from murmur.measure.comparison import Comparison
from murmur.measure.figures import CycleFigures, cycle_figures
from murmur.measure.heart_sounds import describe_heart_sounds
from murmur.measure.measurement import Measurement
from murmur.measure.murmur import describe_murmur, murmur_vector
from murmur.measure.murmur_network import murmur_log_odds
from murmur.measure.quality import Quality, assess_quality, cycle_confidence, interrupted_cycles, with_confidence
from murmur.measure.rhythm import Rhythm, describe_rhythm
from murmur.segmentation.result import CardiacCycles
from murmur.settings import Settings

#: The rhythm takes cycles of this share of the confidence that a measurement of sound needs.
RHYTHM_SHARE = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Description:
    """A measured recording, summarized.

    Attributes
    ----------
    cycles : CardiacCycles
        Its complete cycles, with their confidence.
    figures : CycleFigures
        What was measured of each, and which are trusted.
    quality : Quality
        Whether a sign may be concluded at all.
    rhythm : Rhythm
        Rate and intervals.
    features : Features or None
        What signs are concluded from; None without a trusted cycle.
    """

    cycles: CardiacCycles
    figures: CycleFigures
    quality: Quality
    rhythm: Rhythm
    features: Features | None


def describe_recording(measurement: Measurement, confidence_model: LinearModel, settings: Settings) -> Description:
    """Summarize a measurement.

    Parameters
    ----------
    measurement : Measurement
        What the engine found.
    confidence_model : LinearModel
        Gives the confidence in each cycle: `murmur.findings.models.FindingModels.beat`.
    settings : Settings
        Which cycles are trusted, and which recordings can be read.
    """
    compared = Comparison(measurement.levels)
    confidence = cycle_confidence(measurement.cycles, compared, confidence_model)
    interrupted = interrupted_cycles(measurement)
    quality, trusted = assess_quality(measurement, confidence, interrupted, settings)
    cycles = with_confidence(measurement.cycles, confidence)
    rhythm = describe_rhythm(cycles, (confidence >= RHYTHM_SHARE * settings.least_confidence) & ~interrupted)
    features, summary = None, compared.summary(trusted)
    if summary.cycles:
        sounds = describe_heart_sounds(summary, measurement.sounds, trusted)
        features = Features(
            murmur=describe_murmur(summary, click.place(sounds.click)),
            heart_sounds=sounds,
            rhythm=rhythm,
            murmur_vector=murmur_vector(summary, measurement.cycles.bounds_s[trusted]),
            network_log_odds=murmur_log_odds(measurement.scores, trusted),
        )
    return Description(cycles, cycle_figures(compared, trusted), quality, rhythm, features)
