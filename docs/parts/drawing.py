"""Draws the samples as PNG and writes their sound for browsers, each once per build."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
import numpy as np
import soundfile
from scipy import signal

import murmur
import murmur.plot
from murmur.patients.visits import VisitHistory
from murmur.pipeline.analysis import Analysis
from murmur.synthesis import Murmur, Phantom, at_site, synthesize

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"
#: Every browser plays this rate; not every one plays the 4 kHz of the samples.
BROWSER_RATE_HZ = 16_000
DPI = 130
SITES = ("AV", "PV", "TV", "MV", "Ax")


@lru_cache(maxsize=32)
def analyzed(name: str, site: str = "") -> Analysis:
    """Analyze a sample, once."""
    path = f"samples/{name}.wav"
    analysis = murmur.analyze(ROOT / path, site=site or None)
    return replace(analysis, info=replace(analysis.info, path=path))


def draw(kind: str, name: str, path: Path, *, site: str = "", start_s: float = 0.0, end_s: float = 4.0) -> None:
    """Draw a sample into a file."""
    with_sound = {"phonocardiogram": murmur.plot.phonocardiogram, "spectrogram": murmur.plot.spectrogram}
    of_cycles = {"cycle": murmur.plot.cycle, "levels": murmur.plot.levels, "tachogram": murmur.plot.tachogram}
    if kind in with_sound:
        figure = with_sound[kind](_loaded(name), analyzed(name, site), start_s=start_s, end_s=end_s).figure
    elif kind in of_cycles:
        figure = of_cycles[kind](analyzed(name, site)).figure
    elif kind == "overview":
        figure = murmur.plot.overview(_loaded(name), analyzed(name, site))
    elif kind == "chest_map":
        figure = murmur.plot.chest_map([analyzed(f"{name}_{site}") for site in SITES]).figure
    else:
        figure = {"history": _history, "trend": _trend}[kind](followed())
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=DPI)
    plt.close(figure)


#: What each kind of plot shows, for readers who can't see it.
SHOWN: Mapping[str, str] = {
    "phonocardiogram": "The sound over time, with S1 and S2 marked",
    "spectrogram": "The sound by frequency and time",
    "cycle": "The average cycle: level over systole and diastole, against late diastole",
    "levels": "S1 against S2, cycle by cycle",
    "tachogram": "Heart rate, cycle by cycle",
    "overview": "All plots of the recording on a sheet",
    "chest_map": "The murmur's level at each site on the chest",
    "history": "Six figures over the visits, with the noise of each",
    "trend": "One figure over the visits",
}


def write_sound(name: str, path: Path) -> None:
    """Write a sample at a rate that browsers play."""
    samples, rate = soundfile.read(SAMPLES / f"{name}.wav")
    up = signal.resample_poly(samples, BROWSER_RATE_HZ, rate)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, up / max(1.0, float(np.abs(up).max())), BROWSER_RATE_HZ, subtype="PCM_16")


def _loaded(name: str) -> murmur.Recording:
    return murmur.load(SAMPLES / f"{name}.wav")


def _history(history: VisitHistory) -> Figure:
    return murmur.plot.history(history)


def _trend(history: VisitHistory) -> Figure:
    return murmur.plot.trend(history).figure


@lru_cache(maxsize=1)
def followed() -> VisitHistory:
    """Return five visits of a synthesized patient whose murmur grows."""
    heart = Phantom(heart_rate_bpm=78.0, s1_level_db=-3.0)
    found = []
    for number, level_db in enumerate((-20.0, -16.0, -12.0, -8.0, -4.0)):
        for seed, site in enumerate(("AV", "PV", "TV", "MV")):
            grown = replace(heart, systolic_murmur=Murmur(level_db=level_db, onset=0.0, end=1.0, shape="plateau"))
            sound = synthesize(at_site(grown, site, loudest="MV"), 12.0, seed=10 * number + seed)
            visit = f"2026-{2 * number + 1:02}-10"
            found.append(murmur.analyze(sound.samples, sample_rate_hz=sound.sample_rate_hz, site=site, visit=visit))
    return murmur.compare_visits("P", found)
