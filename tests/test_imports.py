"""What may load what: a fast start, one place for numba, and one way through the stages."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import murmur

SOURCE = Path(murmur.__file__).parent
FILES = {".".join(("murmur", *p.relative_to(SOURCE).with_suffix("").parts)): p for p in sorted(SOURCE.rglob("*.py"))}
MODULES = {name.removesuffix(".__init__"): path for name, path in FILES.items()}

#: Every entry at the top, in an order in which each imports only those before it.
ORDER = [
    "errors",
    "settings",
    "records",
    "kernels",
    "io",
    "signal",
    "learned",
    "segmentation",
    "measure",
    "findings",
    "pipeline",
    "patients",
    "tables",
    "wording",
    "plot",
    "formats",
    "live",
    "batch",
    "datasets",
    "report",
    "serve",
    "synthesis",
    "training",
    "cli",
]


@cache
def imported(path):
    """Every module a file names in an import, anywhere in it."""
    return list(_imported(path))


def _imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_in(module, package):
    return module == package or module.startswith(package + ".")


def loaded_by(statement):
    """Names of the modules that a fresh interpreter has loaded after a statement."""
    code = f"import sys; before = set(sys.modules); {statement}; print(*sorted(set(sys.modules) - before), sep='\\n')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_murmur_loads_next_to_nothing():
    loaded = loaded_by("import murmur")
    assert {m for m in loaded if is_in(m, "murmur")} == {"murmur"}
    outside = {m.split(".")[0] for m in loaded} - set(sys.stdlib_module_names) - {"murmur"}
    assert outside <= {"lazy_loader"}


def test_public_names_load_what_they_need_and_no_more():
    heavy = {"librosa", "rich", "sklearn", "torch", "matplotlib", "pandas", "soundfile"}
    light = "import murmur; murmur.Settings, murmur.State, murmur.MurmurError"
    assert not loaded_by(light) & (heavy | {"numba", "scipy"})
    # numba looks for scipy by itself, but nothing of what scipy computes is needed
    assert not loaded_by("import murmur; murmur.analyze, murmur.join_patient") & (heavy | {"scipy.signal", "scipy.linalg"})


def test_analyzing_loads_no_linear_algebra():
    quick = "murmur.analyze(numpy.random.default_rng(0).standard_normal(9000), sample_rate_hz=4000)"
    assert not {m for m in loaded_by(f"import numpy, murmur; {quick}") if is_in(m, "scipy.linalg")}


def test_compiled_dot_products_still_find_blas():
    """A host program's own compiled code is none the worse for what murmur leaves for later."""
    code = (
        "import murmur.kernels, numba, numpy; product = numba.njit(lambda a, b: numpy.dot(a, b)); "
        "a = numpy.arange(6.0).reshape(2, 3); assert (product(a, a.T.copy()) == a @ a.T).all(); print('done')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "done\n", done.stderr


def test_every_public_name_is_there():
    for name in murmur.__all__:
        assert getattr(murmur, name) is not None
    assert set(murmur.__all__) <= set(dir(murmur))


def test_a_name_that_is_not_there_is_refused_by_name():
    with pytest.raises(AttributeError, match="No murmur attribute analyse"):
        murmur.analyse  # noqa: B018


@pytest.mark.parametrize("module", MODULES)
def test_numba_is_imported_by_the_kernels_alone(module):
    if not is_in(module, "murmur.kernels"):
        assert not [m for m in imported(MODULES[module]) if is_in(m, "numba")]


@pytest.mark.parametrize("module", [m for m in MODULES if is_in(m, "murmur.kernels")])
def test_kernels_import_numba_and_numpy_alone(module):
    allowed = {"numba", "llvmlite", "numpy", *sys.stdlib_module_names}
    for name in imported(MODULES[module]):
        assert is_in(name, "murmur.kernels") or name.split(".")[0] in allowed, name


@pytest.mark.parametrize("module", MODULES)
def test_nothing_imports_the_command_line(module):
    if not is_in(module, "murmur.cli") and module != "murmur.__main__":
        assert not [m for m in imported(MODULES[module]) if is_in(m, "murmur.cli")]


def test_the_order_names_every_package_and_there_are_few():
    entries = {path.stem for path in SOURCE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert entries - {"__init__", "__main__"} == set(ORDER)
    assert len(ORDER) <= 24


def modules_imported_by(module):
    """Modules of murmur that a module imports, itself left out."""
    return {name for name in imported(MODULES[module]) if name in MODULES} - {module, "murmur"}


@pytest.mark.parametrize("package", ORDER)
def test_no_package_imports_a_later_one(package):
    later = [f"murmur.{name}" for name in ORDER[ORDER.index(package) + 1 :]]
    for module in MODULES:
        if is_in(module, f"murmur.{package}"):
            wrong = [name for name in modules_imported_by(module) if any(is_in(name, other) for other in later)]
            assert not wrong, f"{module} imports {wrong}"


def test_no_modules_import_each_other_in_a_circle():
    sorter = TopologicalSorter({module: modules_imported_by(module) for module in MODULES})
    sorter.prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize("module", [m for m in MODULES if not is_in(m, "murmur.training")])
def test_what_trains_the_models_is_not_needed_to_use_them(module):
    training = ("torch", "sklearn", "murmur.training")
    assert not [m for m in imported(MODULES[module]) if any(is_in(m, name) for name in training)]
