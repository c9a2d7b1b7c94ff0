from .conversion import convert as convert
from .registry import FORMATS as FORMATS
from .registry import Format as Format
from .registry import format_of as format_of
from .registry import read_labels as read_labels
from .registry import write_labels as write_labels
from .registry import write_report as write_report
from .registry import write_sound as write_sound
