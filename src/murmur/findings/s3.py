"""Whether a third heart sound follows S2."""

from murmur.findings.extra_sound import ExtraSoundRule

RULE = ExtraSoundRule(share=0.74, level_db=-13.0, prominence_db=10.0)
SIGN = RULE.sign("s3", "S3", "A low sound after S2, the third heart sound.", "Third heart sound")
