"""How high the murmur is."""

from __future__ import annotations

from murmur.findings.context import Context, Features
from murmur.findings.finding import Finding, median_of
from murmur.findings.models import FindingModels
from murmur.findings.sign import Sign
from murmur.findings.systolic import why_not_described
from murmur.measure.murmur import MURMUR_BANDS_HZ, MurmurFeatures

PITCHES = ("low", "medium", "high")


def vector(murmur: MurmurFeatures) -> tuple[float, ...]:
    """Return what the pitch model takes: mid-systole in four bands, above late diastole and against S2, in dB."""
    return *murmur.above_late_diastole_by_band_db, *murmur.against_s2_by_band_db


def probabilities(murmur: MurmurFeatures, models: FindingModels) -> dict[str, float]:
    """Return the probability of each pitch, as CirCor's experts call it; there is no rule beside the model."""
    return dict(zip(PITCHES, models.pitch.probabilities_of(vector(murmur)), strict=True))


def conclude(features: Features, context: Context) -> Finding:
    """Conclude on the median of the three, which agrees better with experts than the most probable one."""
    if reason := why_not_described(features, context):
        return Finding(None, reason=reason)
    murmur = features.murmur
    bands = {
        f"{low}_to_{high}_hz_above_late_diastole_db": level_db
        for (low, high), level_db in zip(MURMUR_BANDS_HZ, murmur.above_late_diastole_by_band_db, strict=True)
    }
    centroid_hz = murmur.spectrum.centroid_hz if murmur.spectrum else None
    return median_of(probabilities(murmur, context.models), {"centroid_hz": centroid_hz, **bands})


SIGN = Sign(
    name="systolic_pitch",
    title="Pitch",
    full_title="Pitch of the systolic murmur",
    meaning="How high the murmur is.",
    conclude=conclude,
    choices=PITCHES,
)
