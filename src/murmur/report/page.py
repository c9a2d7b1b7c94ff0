"""One page: everything about one person, or about one recording without a patient."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

from murmur import __version__
from murmur.errors import MurmurError, ParameterError
from murmur.io.info import RecordingInfo
from murmur.io.recording import AudioInput, Recording, load
from murmur.patients.patient import join_patient
from murmur.patients.visits import compare_visits
from murmur.pipeline.analysis import Analysis, analyze
from murmur.pipeline.models import Models, shipped_models
from murmur.plot.style import styled
from murmur.report.pictures import Picture, Pictures
from murmur.report.sound import Span, best_span, data_url
from murmur.settings import Settings
from murmur.wording import Story, Tone, percent, tell, tell_failure, tell_patient, tell_visit_history
from murmur.wording.story import POSITIONS

#: Upper limit of the size of a page: 5 MB, with some margin.
MOST_BYTES = 4_900_000
#: Seconds of each recording that are shown and played if there is room, and at least.
LONGEST_S, SHORTEST_S = 30.0, 4.0
#: Recordings that are drawn and played; further ones are described in words and figures, and many more in a single line.
MOST_DRAWN, MOST_DESCRIBED = 20, 300
#: Longer recordings are not loaded to be drawn.
LONGEST_LOADED_S = 3600.0
#: Estimated bytes of a recording's pictures without its sound, and of each second of it.
FIXED_BYTES, BYTES_PER_S = 130_000, 15_000


@dataclass(frozen=True, slots=True)
class Subject:
    """What a page is about.

    Parameters
    ----------
    title : str
        "Patient 17", or a recording's name.
    patient : str
        Id of the patient; empty if unknown.
    recordings : sequence of AudioInput
        As for `murmur.analyze`; a `RecordingInfo` or `Recording` if more is known than the file name says.
    remarks : sequence of str
        What a reader should know first.
    """

    title: str
    patient: str
    recordings: Sequence[AudioInput]
    remarks: Sequence[str] = ()


@dataclass(slots=True)
class _Heard:
    """One recording on the page."""

    path: str
    story: Story
    analysis: Analysis | None = None
    recording: Recording | None = None
    span: Span | None = None
    sound: str = ""
    strip: Picture | None = None
    paper: Picture | None = None
    pictures: list[Picture] = field(default_factory=list)

    @property
    def title(self) -> str:
        """Name of the file."""
        return os.path.basename(self.path) if self.path else "Recording"  # noqa: PTH119

    @property
    def has_cycles(self) -> bool:
        """Whether there are cycles to draw."""
        return self.analysis is not None and len(self.analysis.segmentation.cycles) > 0

    @property
    def origin(self) -> str:
        """Site, position and visit, as far as known."""
        if self.analysis is None:
            return ""
        info = self.analysis.info
        return ", ".join(filter(None, (info.site, POSITIONS.get(info.position, info.position), info.visit)))


def page_of(
    subject: Subject,
    *,
    settings: Settings | None = None,
    models: Models | None = None,
    channel: int | None = None,
) -> str:
    """Analyze one person's recordings and write their page.

    Parameters
    ----------
    subject : Subject
    settings : Settings, optional
    models : Models, optional
    channel : int, optional
        Which channel to take of each recording.

    Returns
    -------
    str
        A self-contained HTML document of at most 5 MB: if need be, less of each recording is shown and played. Recordings
        that can't be read are listed with the reason.

    Raises
    ------
    ParameterError
        If there is no recording, or jinja2 or matplotlib is not installed.

    See Also
    --------
    write_reports : Pages of many patients, and an index.

    Examples
    --------
    >>> from murmur.report import Subject, page_of
    >>> html = page_of(Subject("Patient 13918", "13918", ["13918_MV.wav"]))
    >>> html[:15]
    '<!doctype html>'
    """
    if not subject.recordings:
        raise ParameterError(f"{subject.title}: there are no recordings to report on")
    environment = template("patient.html")  # before any work: what is missing is a usage error
    settings, models = settings or Settings(), models or shipped_models()
    heard = [_heard(source, settings, models, channel) for source in subject.recordings]
    seconds = _seconds(sum(one.recording is not None for one in heard))
    while True:
        html: str = environment.render(_context(subject, heard, seconds, settings, models))
        size = len(html.encode("utf-8", "backslashreplace"))
        if size <= MOST_BYTES or not seconds:
            return html
        # the excess is known now; shorten by more than that, since the estimate may be off
        seconds = 0.0 if seconds <= SHORTEST_S else max(0.6 * seconds * MOST_BYTES / size, SHORTEST_S)


def _seconds(drawn: int) -> float:
    """Seconds of each recording that there is room for."""
    room = (0.9 * MOST_BYTES / min(max(drawn, 1), MOST_DRAWN) - FIXED_BYTES) / BYTES_PER_S
    return min(max(room, SHORTEST_S), LONGEST_S)


@lru_cache(maxsize=4)
def template(name: str) -> Any:
    """Load a template, with the filters that all pages share.

    Raises
    ------
    ParameterError
        If jinja2 or matplotlib is not installed.
    """
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError as error:
        raise ParameterError("reports need jinja2: pip install 'murmur-pcg[report]'") from error
    with styled():  # raises if matplotlib is missing
        pass
    environment = Environment(
        loader=PackageLoader("murmur.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"percent": percent, "tone": lambda tone: tone.name.lower()}
    return environment.get_template(name)


# --- recordings -------------------------------------------------------------------------


def _heard(source: AudioInput, settings: Settings, models: Models, channel: int | None) -> _Heard:
    info = getattr(source, "info", source)
    path = info.path if isinstance(info, RecordingInfo) else ""
    path = os.fsdecode(source) if isinstance(source, str | os.PathLike) else path
    try:
        analysis = analyze(source, channel=channel, settings=settings, models=models)
        recording = load(source, channel=channel) if analysis.duration_s <= LONGEST_LOADED_S else None
    except MurmurError as error:
        return _Heard(path, tell_failure(path, str(error).removeprefix(f"{path}: ")))
    return _Heard(path, tell(analysis), analysis, recording)


def _draw(heard: Sequence[_Heard], seconds: float, pictures: Pictures) -> None:
    drawn = 0
    for one in heard:
        one.strip, one.paper, one.pictures, one.sound, one.span = None, None, [], "", None
        if one.analysis is None or drawn >= MOST_DRAWN:
            continue
        drawn += 1
        one.pictures = pictures.cycles(one.analysis) if one.has_cycles else []
        if one.recording is None or not seconds:
            continue
        one.span = best_span(one.analysis, seconds)
        one.strip = pictures.strip(one.recording, one.analysis, one.span)
        one.paper = pictures.paper(one.recording, one.analysis, one.span)
        one.sound = data_url(one.recording, one.span)


def _context(
    subject: Subject, heard: Sequence[_Heard], seconds: float, settings: Settings, models: Models
) -> dict[str, Any]:
    pictures = Pictures()
    analyses = [one.analysis for one in heard if one.analysis is not None]
    sites = {analysis.info.site for analysis in analyses if analysis.info.site}
    together = history = None
    remarks = list(subject.remarks)
    if subject.patient and analyses:
        together = join_patient(subject.patient, analyses, settings, models) if len(heard) > 1 else None
        if len({analysis.info.visit for analysis in analyses if analysis.info.visit}) > 1:
            try:
                history = compare_visits(subject.patient, analyses, settings, models)
            except ParameterError as error:  # visits without an order
                remarks.append(f"Visits are not compared: {error}.")
    _draw(heard, seconds, pictures)
    described = heard[:MOST_DESCRIBED]
    if undrawn := sum(one.has_cycles and not one.pictures for one in heard):
        how = "in words and figures only" if len(described) == len(heard) else "without pictures, some in a single line"
        remarks.append(f"{undrawn} of {len(heard)} recordings are described {how}, to limit the size of the page.")
    return {
        "subject": subject,
        "remarks": remarks,
        "heard": heard,
        "described": described,
        "alone": len(heard) == 1,
        "together": None if together is None else tell_patient(together),
        "visits": len({analysis.info.visit for analysis in analyses}),
        "chest": pictures.chest(analyses) if len(sites) > 1 else None,
        "history": None if history is None else tell_visit_history(history),
        "history_picture": None if history is None else pictures.history(history),
        "normal": Tone.NORMAL,
        "version": __version__,
        "changed_settings": {name: value for name, value in asdict(settings).items() if value != getattr(Settings(), name)},
        "fingerprint": settings.fingerprint(),
    }
