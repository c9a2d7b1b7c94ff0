"""A story: sentences and lines about a recording or a patient, and the words and figures that all stories share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from murmur.findings.registry import SIGNS

#: From here on a sign is stated; below it is "probably" or "possibly" so; below one half a murmur is "possible".
SURE, LIKELY, EVEN = 0.8, 0.65, 0.5
SITES = {"MV": "MV (apex)", "Ax": "Ax (axilla)", "Erb": "Erb's point", "other": "another site"}
POSITIONS = {"sit": "sitting", "sup": "supine", "left": "left lateral"}
PARTS = {
    "pansystolic_murmur": "pansystolic murmur",
    "quiet_s1": "quiet S1",
    "wide_split_or_s3": "wide split or S3",
    "loudest_at_the_apex": "louder at the apex than at AV",
}


def _in_sentence(title: str) -> str:
    """Spell a title without its capital, unless that belongs to it as in "S2 split"."""
    return f"{title[0].lower()}{title[1:]}" if title[1:2].islower() else title


TITLES = {sign.name: _in_sentence(sign.title) for sign in SIGNS}
"""What the signs are called within a sentence, by name, in the order in which a doctor reports them."""

PHRASES = {sign.name: {value: sign.phrase(value) for value in sign.choices} for sign in SIGNS}
"""What their values are called, by name and value."""


class Tone(Enum):
    """How a sentence is meant."""

    NORMAL = 0
    DOUBTFUL = 1
    ABNORMAL = 2


Sentence = tuple[str, Tone]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: a sign, what was found, how sure that is, and the evidence for it."""

    sign: str
    finding: str
    sure: float | None = None
    rests_on: str = ""
    tone: Tone = Tone.NORMAL


@dataclass(frozen=True, slots=True)
class Story:
    """What there is to tell about one recording, or one patient, in the order in which it is told.

    Attributes
    ----------
    title, context : str
        Which recording, and what is known about it.
    warnings : tuple of str
        Reasons not to trust the rest.
    sentences : tuple of (str, Tone)
        What was found.
    lines : tuple of Line
        The same in figures.
    missing : tuple of str
        What was not measured, and why.
    failed : bool
        Whether the warnings are all there is.
    """

    title: str
    context: str = ""
    warnings: tuple[str, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    lines: tuple[Line, ...] = ()
    missing: tuple[str, ...] = ()
    failed: bool = False


def tone_of(abnormal: bool, sure: float | None = None) -> Tone:
    """Choose the tone of what may be abnormal, by its probability."""
    if not abnormal:
        return Tone.NORMAL
    return Tone.DOUBTFUL if sure is not None and sure < EVEN else Tone.ABNORMAL


def percent(probability: float) -> str:
    """Spell a probability; none is ever 0 or 100 %."""
    if probability > 0.99:
        return ">99 %"
    if probability < 0.01:
        return "<1 %"
    return f"{100 * probability:.0f} %"


def possible_murmur(present: float) -> str:
    """Spell a murmur that is called present, for the cost of missing one, though it is less likely than not."""
    return f"Possible murmur ({percent(present)}; present in the tables)"


def uncertain_murmur(present: float) -> str:
    """Spell that a murmur is neither called present nor absent."""
    return f"It is uncertain whether there is a murmur ({percent(present)})."


def score_sentence(score: float, parts: Mapping[str, float | None]) -> str:
    """Spell a mitral-regurgitation score and its parts."""
    spelled = ", ".join(f"{PARTS.get(name, name)} {part:.2f}" for name, part in parts.items() if part is not None)
    return f"Mitral-regurgitation score {score:.2f}: {spelled}."


def share(share: float) -> str:
    """Spell a share as a percentage, with a decimal where it is small."""
    percentage = 100 * share
    return f"{percentage:.1f} %" if 0 < percentage < 9.95 else f"{percentage:.0f} %"


def decibels(level: float) -> str:
    """Spell a level with its sign."""
    return f"{round(level, 1) + 0.0:+.1f} dB"  # no "-0.0"


def count(number: int, thing: str) -> str:
    """Spell how many there are of a thing."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def capitalized(text: str) -> str:
    """Spell a text with a capital at its beginning, and nothing else changed."""
    return f"{text[:1].upper()}{text[1:]}"
