"""The signs for the page, as a JavaScript module: what they are called, and which of their values are pointed out."""

from __future__ import annotations

import json
from typing import Any

from murmur.findings.registry import SIGNS
from murmur.findings.sign import Sign


def signs_module() -> str:
    """Return the source of a module that exports `SIGNS`, a list in the order in which a doctor reports them."""
    return f"export const SIGNS = {json.dumps([_described(sign) for sign in SIGNS])};\n"


def _described(sign: Sign) -> dict[str, Any]:
    return {
        "name": sign.name,
        "title": sign.title,
        "unit": sign.unit,
        "probability_of": sign.probability_of,
        "phrases": dict(sign.phrases),
        "abnormal": sorted(sign.abnormal),
        "unremarkable": sorted(sign.unremarkable),
        "abnormal_from": sign.abnormal_from,
    }
