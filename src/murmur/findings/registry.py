"""Every sign that murmur knows, and the one way through all of them."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

from murmur.findings.context import Context, Features
from murmur.findings.finding import Finding, MurmurFinding
from murmur.findings.findings import Findings
from murmur.findings.sign import Sign

#: In the order in which a doctor reports them, that of the fields of `Findings`: each is the `SIGN` of the module that has
#: the name of its field. A sign may depend on those before it.
SIGNS: tuple[Sign, ...] = tuple(import_module(f"murmur.findings.{name}").SIGN for name in Findings.__dataclass_fields__)


def conclude_all(features: Features, context: Context) -> Findings:
    """Conclude on every sign of one readable recording."""
    concluded: dict[str, Finding | MurmurFinding] = {}
    context = replace(context, concluded=concluded)
    for sign in SIGNS:
        concluded[sign.name] = sign.conclude(features, context)
    return Findings(**concluded)  # type: ignore[arg-type]


def no_findings(reason: str) -> Findings:
    """Return every sign as missing for one reason, the murmur as "unknown"."""
    missing: dict[str, Finding] = dict.fromkeys([sign.name for sign in SIGNS], Finding(None, reason=reason))
    return Findings(**missing | {"murmur": MurmurFinding("unknown", None, None, None, reason=reason)})  # type: ignore[arg-type]
