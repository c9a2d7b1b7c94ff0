"""The trained parameters that ship with the package, and the way to use others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile

from murmur.errors import MissingFileError, ParameterError
from murmur.findings.models import FindingModels
from murmur.learned.network import NetworkWeights
from murmur.measure.murmur_network import load_murmur_network
from murmur.segmentation.model import SegmentationModel

__all__ = ["Models", "shipped_models"]


@dataclass(frozen=True, slots=True, eq=False)
class Models:
    """Everything trained: one set analyzes any number of recordings, in any number of threads."""

    segmentation: SegmentationModel
    murmur_network: NetworkWeights
    findings: FindingModels

    @classmethod
    def load(cls, folder: str | Path) -> Models:
        """Read ``segmentation.npz``, ``murmur.npz`` and ``findings.npz``, as `murmur.training` writes them, from a folder.

        Raises
        ------
        MissingFileError
            If one of them is not there.
        ParameterError
            If they are damaged, or made by another version of murmur.
        """
        paths = [Path(folder) / name for name in ("segmentation.npz", "murmur.npz", "findings.npz")]
        for path in paths:
            if not path.is_file():
                raise MissingFileError(f"{path}: no such model; make it with python -m murmur.training")
        try:
            return cls.read(*paths)
        except (KeyError, ValueError, OSError, BadZipFile) as error:
            raise ParameterError(
                f"{folder}: the models there are damaged or of another version of murmur ({type(error).__name__}: {error}); "
                "make them again with python -m murmur.training"
            ) from error

    @classmethod
    def read(cls, segmentation: str | Path, murmur_network: str | Path, findings: str | Path) -> Models:
        """Read the three files, wherever they lie; `load` says more clearly what is wrong with them."""
        network = load_murmur_network(murmur_network)
        return cls(SegmentationModel.load(segmentation), network, FindingModels.load(findings))


@lru_cache(maxsize=1)
def shipped_models() -> Models:
    """Return the models that come with the package; `murmur/pipeline/models/*.md` tell what they were trained on."""
    return Models.load(Path(__file__).parent)
