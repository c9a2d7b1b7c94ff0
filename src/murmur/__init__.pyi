from . import batch as batch
from . import datasets as datasets
from . import formats as formats
from . import plot as plot
from . import report as report
from . import synthesis as synthesis
from .errors import MurmurError as MurmurError
from .io.info import RecordingInfo as RecordingInfo
from .io.recording import Recording as Recording
from .io.recording import load as load
from .live.analyzer import LiveAnalyzer as LiveAnalyzer
from .live.warmup import warm_up as warm_up
from .patients.patient import PatientAnalysis as PatientAnalysis
from .patients.patient import join_patient as join_patient
from .patients.visits import compare_visits as compare_visits
from .pipeline.analysis import Analysis as Analysis
from .pipeline.analysis import analyze as analyze
from .pipeline.analysis import segment as segment
from .pipeline.models import Models as Models
from .segmentation.result import Segmentation as Segmentation
from .segmentation.result import State as State
from .settings import Settings as Settings

__version__: str
