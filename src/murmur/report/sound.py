"""The stretch of a recording that a page shows and plays, and its sound as browsers take it."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from murmur.io.recording import Recording
    from murmur.pipeline.analysis import Analysis

__all__ = ["Stretch", "best_stretch", "data_url"]

#: Some browsers play nothing slower; heart sounds and murmurs lie below 1 kHz.
RATE_HZ = 8000
#: Louder samples than this share of all are cut: one knock would leave the rest too faint to hear.
CUT_SHARE = 1e-3
PEAK = 0.9


@dataclass(frozen=True, slots=True)
class Stretch:
    """From when to when, in seconds."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """How long it is."""
        return self.end_s - self.start_s


def best_stretch(analysis: Analysis, longest_s: float) -> Stretch:
    """Choose the stretch with the most trusted beats; the earliest of several."""
    if analysis.duration_s <= longest_s:
        return Stretch(0.0, analysis.duration_s)
    beats = analysis.segmentation.cycles
    trusted = analysis.cycles.trusted
    onsets_s, ends_s = beats.s1_onset_s[trusted], beats.end_s[trusted]
    if not onsets_s.size:
        return Stretch(0.0, longest_s)
    # a stretch that begins with a beat holds as many as any
    counts = np.searchsorted(ends_s, onsets_s + longest_s, side="right") - np.arange(onsets_s.size)
    start_s = max(min(float(onsets_s[int(np.argmax(counts))]) - 0.1, analysis.duration_s - longest_s), 0.0)
    return Stretch(start_s, start_s + longest_s)


def data_url(recording: Recording, stretch: Stretch) -> str:
    """Give the sound of a stretch as a ``data:`` URL: FLAC, 8 kHz, as loud as it can be."""
    import librosa
    import soundfile

    first, last = (round(time_s * recording.sample_rate_hz) for time_s in (stretch.start_s, stretch.end_s))
    samples = np.array(recording.samples[first:last])
    if recording.sample_rate_hz != RATE_HZ:
        samples = librosa.resample(samples, orig_sr=recording.sample_rate_hz, target_sr=RATE_HZ, res_type="soxr_hq")
    samples -= samples.mean()
    largest = float(np.quantile(np.abs(samples), 1.0 - CUT_SHARE)) or 1.0
    file = io.BytesIO()
    soundfile.write(file, np.clip(samples * (PEAK / largest), -1.0, 1.0), RATE_HZ, format="FLAC", subtype="PCM_16")
    return f"data:audio/flac;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
