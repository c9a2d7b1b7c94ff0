"""What the signs are called within a sentence."""

from __future__ import annotations

from murmur.findings.registry import SIGNS


def _in_sentence(title: str) -> str:
    """Spell a title without its capital, unless that belongs to it as in "S2 split"."""
    return f"{title[0].lower()}{title[1:]}" if title[1:2].islower() else title


TITLES = {sign.name: _in_sentence(sign.title) for sign in SIGNS}
"""By name, in the order in which a doctor reports them."""

PHRASES = {sign.name: {value: sign.phrase(value) for value in sign.choices} for sign in SIGNS}
"""By name and value."""
