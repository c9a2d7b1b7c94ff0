"""How far apart are two recordings of one person when nothing has changed?

    python -m benchmarks.repeatability CIRCOR [--bmdhs DIR]

Children of CirCor who were recorded in both of its campaigns: the standard deviation between their two visits, of each
figure that `murmur.patients.figures` lists, parted into what the sites of a visit have in common and what is each site's
own. These are the numbers of `murmur.patients.figures.FIGURES`. (A child's murmur may have changed in between: they
are upper bounds. The shipped models learned from these children.) With BMD-HS, from which nothing was taken, how often the
change between sitting and lying is told to be more than noise.

Then, on synthesised patients of four sites and five visits: how often equal visits are told to differ, and how often a
murmur that grows by so many dB a visit is found. Once each visit has only beats, breath and noise of its own; once the
murmur's level, S1 and the rate also vary as they did in CirCor's children.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

import murmur
from murmur.formats.circor import child_groups
from murmur.patients.figures import FIGURES
from murmur.patients.patient import SiteFigures, site_figures
from murmur.patients.visits import VisitHistory, compare_visits
from murmur.synthesis import random_phantom, synthesize
from murmur.training.data import read_circor

SEED = 20261121
SITES = ("AV", "PV", "TV", "MV")
#: Visits need an order; here either will do.
POSITIONS = {"sit": "1", "sup": "2"}
CONDITION = "mitral regurgitation mild"


def main() -> None:
    """Read, analyze, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.repeatability", description=__doc__)
    parser.add_argument("circor", nargs="?", type=Path)
    parser.add_argument("--bmdhs", type=Path)
    parser.add_argument("--count", type=int, default=100, help="synthesised patients of each kind (100)")
    arguments = parser.parse_args()
    if arguments.circor is not None:
        circor(arguments.circor)
    if arguments.bmdhs is not None:
        bmdhs(arguments.bmdhs)
    for unrest in (0.0, 1.0):
        how = "as unlike as in CirCor" if unrest else "alike but for noise"
        print(f"\nfive visits of {arguments.count} synthesised patients, {how}")
        for step_db in (0.0, 0.5, 1.0, 2.0):
            synthesised(step_db, unrest, arguments.count)


def circor(folder: Path) -> None:
    """Standard deviations between two visits of one child."""
    data = read_circor(folder)
    ids = defaultdict(list)
    for patient, child in child_groups(data.patients.values()).items():
        ids[child].append(patient)
    twice = {child: visits for child, visits in ids.items() if len(visits) == 2}
    heard: dict[str, list[SiteFigures]] = defaultdict(list)
    child_of = {patient: child for child, visits in twice.items() for patient in visits}
    for recording in data.recordings:
        if recording.info.patient in child_of:
            figures = site_figures(murmur.analyze(recording.path))
            heard[child_of[recording.info.patient]].append(
                replace(figures, info=figures.info.updated(visit=recording.info.patient))
            )
    print(f"CirCor: {len(twice)} children recorded twice\n\nfigure                children  visit sd  site sd")
    for figure in FIGURES.values():
        children, visit_sd, site_sd = _parted(heard, figure.name)
        print(f"{figure.name:20s} {children:9d} {visit_sd:9.2f} {site_sd:8.2f}")
    told = [compare_visits(child, sites).more_than_noise for child, sites in heard.items()]
    print(f"\nchildren told to have changed: {sum(told)} of {len(told)}")


def _parted(heard: Mapping[str, list[SiteFigures]], name: str) -> tuple[int, float, float]:
    """Children, standard deviation of what a visit's sites have in common, and of each site's own (analysis of variance)."""
    scale, common, within, share = FIGURES[name].scale, [], [], []
    for child, recordings in heard.items():
        if not FIGURES[name].per_site:
            values = [visit.figures[name] for visit in compare_visits(child, recordings).visits]
            if len(values) == 2 and None not in values:
                common.append(scale(values[1]) - scale(values[0]))
            continue
        first, last = (_by_site(recordings, name, visit) for visit in sorted({r.info.visit for r in recordings}))
        differences = np.array([last[site] - first[site] for site in first if site in last])
        if differences.size:
            common.append(float(differences.mean()))
            share.append(1.0 / differences.size)
        if differences.size > 1:
            within.append((float(((differences - differences.mean()) ** 2).sum()), differences.size - 1))
    site_variance = 0.0
    if within:
        site_variance = 0.5 * sum(squares for squares, _ in within) / sum(freedom for _, freedom in within)
    visit_variance = 0.5 * float(np.mean(np.square(common))) - site_variance * (float(np.mean(share)) if share else 0.0)
    return len(common), float(np.sqrt(max(visit_variance, 0.0))), float(np.sqrt(site_variance))


def _by_site(recordings: list[SiteFigures], name: str, visit: str) -> dict[str, float]:
    cells = defaultdict(list)
    for recording in recordings:
        if recording.info.visit == visit and recording.readable and getattr(recording, name) is not None:
            cells[recording.info.site].append(getattr(recording, name))
    return {site: float(np.mean(values)) for site, values in cells.items()}


def bmdhs(folder: Path) -> None:
    """Sitting and lying as if they were two visits."""
    heard: dict[str, list[SiteFigures]] = defaultdict(list)
    for path in sorted(folder.rglob("*.flac")) + sorted(folder.rglob("*.wav")):
        figures = site_figures(murmur.analyze(path))
        heard[figures.info.patient].append(
            replace(figures, info=figures.info.updated(visit=POSITIONS[figures.info.position]))
        )
    changed = [change for p, sites in heard.items() for change in compare_visits(p, sites).changes if change.more_than_noise]
    patients = len({p for p, sites in heard.items() if compare_visits(p, sites).more_than_noise})
    print(f"\nBMD-HS, sitting against lying: told to have changed {patients} of {len(heard)} patients")
    for figure in FIGURES.values():
        print(f"  {figure.name:20s} {sum(change.figure == figure.name for change in changed)}")


def synthesised(step_db: float, unrest: float, count: int) -> None:
    """Five visits of one heart at four sites."""
    told: dict[str, int] = defaultdict(int)
    trends = changes = 0
    for index in range(count):
        course = five_visits(step_db, unrest, index)
        found = [trend.figure for trend in course.trends if trend.more_than_noise]
        for figure in found:
            told[figure] += 1
        trends += bool(found)
        changes += any(change.more_than_noise for change in course.changes)
    figures = ", ".join(f"{name} {number}" for name, number in sorted(told.items())) or "none"
    print(f"  {step_db:+.1f} dB a visit: a trend in {trends} ({figures}), a change between two visits in {changes}")


def five_visits(step_db: float, unrest: float, index: int) -> VisitHistory:
    """Visits of one synthesised heart whose murmur grows; `unrest` 1 moves it from visit to visit as real ones move."""
    rng = np.random.default_rng([SEED, index])
    heart = random_phantom(CONDITION, rng)
    murmur_noise, s1_noise, rate_noise = (FIGURES[n].noise for n in ("above_quiet_db", "s1_s2_level_db", "heart_rate_bpm"))
    sites = []
    for visit in range(5):
        common = unrest * rng.standard_normal(3) * (murmur_noise.visit_sd, s1_noise.visit_sd, rate_noise.visit_sd)
        for number, site in enumerate(SITES):
            own = unrest * rng.standard_normal(2) * (murmur_noise.site_sd, s1_noise.site_sd)
            assert heart.systolic_murmur is not None
            level_db = heart.systolic_murmur.level_db + step_db * visit + common[0] + own[0]
            here = replace(
                heart,
                systolic_murmur=replace(heart.systolic_murmur, level_db=level_db),
                s1_level_db=heart.s1_level_db + common[1] + own[1],
                heart_rate_bpm=min(max(heart.heart_rate_bpm + common[2], 45.0), 160.0),
            )
            sound = synthesize(here, duration_s=12.0, seed=1000 * index + 10 * visit + number)
            analysis = murmur.analyze(sound.samples, sample_rate_hz=sound.sample_rate_hz, site=site, visit=str(visit))
            sites.append(site_figures(analysis))
    return compare_visits("P", sites)


if __name__ == "__main__":
    main()
