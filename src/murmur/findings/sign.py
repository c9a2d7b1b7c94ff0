"""What makes a sign: how it is concluded, and what people read of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from murmur.findings.context import Context, Features
from murmur.findings.finding import Finding, MurmurFinding

Conclude = Callable[[Features, Context], Finding | MurmurFinding]


@dataclass(frozen=True, slots=True)
class Sign:
    """One sign that a doctor listens for.

    Attributes
    ----------
    name : str
        The field of `murmur.findings.findings.Findings` that holds it.
    title : str
        The name that people read.
    full_title : str
        The name that people read on its own, without the other signs beside it; by default the title.
    meaning : str
        One sentence that says what it is.
    conclude : callable
        Takes the `Features` of a recording and the `Context`; returns a `Finding`, of the murmur a `MurmurFinding`.
    choices : tuple of str
        Every word that `Finding.value` can be; empty where the value is a number.
    unit : str
        Unit of the number.
    probability_of : str
        What `Finding.probability` is the probability of; empty where that is `Finding.value` itself.
    phrases : dict of str to str
        What people read for a value, where that differs from the value.
    abnormal : frozenset of str
        The values that a doctor would point out.
    unremarkable : frozenset of str
        The values that a short list leaves out.
    abnormal_from : float or None
        The number from which on a doctor would point it out.
    step : float
        Change of the number that is reported in live sound.
    """

    name: str
    title: str
    meaning: str
    conclude: Conclude
    choices: tuple[str, ...] = ()
    unit: str = ""
    probability_of: str = ""
    phrases: Mapping[str, str] = field(default_factory=dict)
    abnormal: frozenset[str] = frozenset()
    unremarkable: frozenset[str] = frozenset()
    abnormal_from: float | None = None
    step: float = 0.0
    full_title: str = ""

    def __post_init__(self) -> None:
        if not self.full_title:
            object.__setattr__(self, "full_title", self.title)

    def phrase(self, value: str) -> str:
        """Return what people read for a value."""
        return self.phrases.get(value, value)


def sign_of_presence(name: str, title: str, meaning: str, conclude: Conclude, **parts: Any) -> Sign:
    """Make a sign that is present, which is abnormal, or absent, which is unremarkable; `parts` are others of `Sign`."""
    either, present, absent = ("present", "absent"), frozenset({"present"}), frozenset({"absent"})
    common = {"choices": either, "probability_of": "present", "abnormal": present, "unremarkable": absent}
    return Sign(name, title, meaning, conclude, **common | parts)
