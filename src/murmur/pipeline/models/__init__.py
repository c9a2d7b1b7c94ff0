"""The trained models that ship with the package, and how to load others."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile

from murmur.errors import MissingFileError, ParameterError
from murmur.findings.models import FindingModels
from murmur.learned.network import NetworkWeights
from murmur.measure.listening import load_listener
from murmur.segmentation.model import SegmentationModel

__all__ = ["Models", "load_models", "model_hashes", "shipped_models"]


@dataclass(frozen=True, slots=True, eq=False)
class Models:
    """Every trained model; one set serves any number of recordings and threads.

    Attributes
    ----------
    segmentation : SegmentationModel
        Network and durations behind the segmentation.
    murmur_network : NetworkWeights
        The network that scores each cycle for a murmur.
    findings : FindingModels
        Trees, regressions and norms behind the findings.
    """

    segmentation: SegmentationModel
    murmur_network: NetworkWeights
    findings: FindingModels

    @classmethod
    def load(cls, folder: str | Path) -> Models:
        """Read ``segmentation.npz``, ``murmur.npz`` and ``findings.npz``, as written by `murmur.training`, from a folder.

        Raises
        ------
        MissingFileError
            If one of them does not exist.
        ParameterError
            If they are damaged, or were made by another version of murmur.
        """
        paths = [Path(folder) / name for name in ("segmentation.npz", "murmur.npz", "findings.npz")]
        for path in paths:
            if not path.is_file():
                raise MissingFileError(f"{path}: no such model; python -m murmur.training makes it")
        try:
            return cls.read(*paths)
        except (KeyError, ValueError, OSError, BadZipFile) as error:
            raise ParameterError(
                f"{folder}: the models are damaged or were made by another version of murmur ({type(error).__name__}: "
                f"{error}); python -m murmur.training makes new ones"
            ) from error

    @classmethod
    def read(cls, segmentation: str | Path, murmur_network: str | Path, findings: str | Path) -> Models:
        """Read the three files from any paths; the errors are those of reading, where `load` names the remedy."""
        network = load_listener(murmur_network)
        return cls(SegmentationModel.load(segmentation), network, FindingModels.load(findings))


@lru_cache(maxsize=1)
def shipped_models() -> Models:
    """Return the models that ship with the package; ``murmur/pipeline/models/README.md`` is their model card."""
    return Models.load(Path(__file__).parent)


def load_models(folder: str | Path | None = None) -> Models:
    """Return the models in a folder, or without one those that ship; errors as of `Models.load`."""
    return shipped_models() if folder is None else Models.load(folder)


def model_hashes(folder: str | Path | None = None) -> dict[str, str]:
    """Return the SHA-256 of each model file in a folder, or without one of those that ship."""
    home = Path(__file__).parent if folder is None else Path(folder)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(home.glob("*.npz"))}
