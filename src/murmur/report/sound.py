"""The part of a recording that a page shows and plays, and its sound in a form that browsers play."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from murmur.io.recording import Recording
    from murmur.pipeline.analysis import Analysis

#: Some browsers play no lower rate; heart sounds and murmurs lie below 1 kHz.
RATE_HZ = 8000


@dataclass(frozen=True, slots=True)
class Span:
    """Part of a recording, in seconds."""

    start_s: float
    end_s: float

    @property
    def duration_s(self) -> float:
        """Its length."""
        return self.end_s - self.start_s


def best_span(analysis: Analysis, longest_s: float) -> Span:
    """Choose the span with the most trusted cycles; the earliest of several."""
    if analysis.duration_s <= longest_s:
        return Span(0.0, analysis.duration_s)
    cycles = analysis.segmentation.cycles
    trusted = analysis.cycles.trusted
    onsets_s, ends_s = cycles.s1_onset_s[trusted], cycles.end_s[trusted]
    if not onsets_s.size:
        return Span(0.0, longest_s)
    # no span holds more than the best one that begins with a cycle
    counts = np.searchsorted(ends_s, onsets_s + longest_s, side="right") - np.arange(onsets_s.size)
    start_s = max(min(float(onsets_s[int(np.argmax(counts))]) - 0.1, analysis.duration_s - longest_s), 0.0)
    return Span(start_s, start_s + longest_s)


def data_url(recording: Recording, span: Span) -> str:
    """Return the sound of a span as a ``data:`` URL: FLAC, 8 kHz, amplified to full scale."""
    import librosa
    import soundfile

    first, last = (round(time_s * recording.sample_rate_hz) for time_s in (span.start_s, span.end_s))
    samples = np.array(recording.samples[first:last])
    if recording.sample_rate_hz != RATE_HZ:
        samples = librosa.resample(samples, orig_sr=recording.sample_rate_hz, target_sr=RATE_HZ, res_type="soxr_hq")
    samples -= samples.mean()
    # 0.1 % of the samples may be clipped: scaled to a single knock, the rest would be too faint to hear
    largest = float(np.quantile(np.abs(samples), 0.999)) or 1.0
    file = io.BytesIO()
    soundfile.write(file, np.clip(samples * (0.9 / largest), -1.0, 1.0), RATE_HZ, format="FLAC", subtype="PCM_16")
    return f"data:audio/flac;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
