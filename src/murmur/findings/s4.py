"""Whether a fourth heart sound precedes S1."""

from murmur.findings.extra_sound import ExtraSoundRule

RULE = ExtraSoundRule(share=0.76, level_db=-15.0, prominence_db=15.0)
SIGN = RULE.sign("s4", "S4", "A low sound before S1, the fourth heart sound.", "Fourth heart sound")
