"""What is found, in plain sentences; how it looks is up to `murmur.cli.display` and `murmur.report`."""

from murmur.wording.patient import tell_patient
from murmur.wording.recording import tell, tell_failure
from murmur.wording.story import Line, Sentence, Story, Tone, percent
from murmur.wording.visit_history import tell_visit_history

__all__ = ["Line", "Sentence", "Story", "Tone", "percent", "tell", "tell_failure", "tell_patient", "tell_visit_history"]
