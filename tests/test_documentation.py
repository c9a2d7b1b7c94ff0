"""Every block of code in the README and on the pages of the site is run: a new block is a new test.

Blocks of one page are run in one folder, one after the other, so that one may use what another made; the page's slow ones in
another.
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from tests.documented import ROOT, Block, Place, blocks_of, extras, pages

import murmur

#: How a line of sh is changed before it is run. What a rule leaves as it is, is run as it stands.
RULES = [
    # the environment that runs the tests stands for a new one; tests/documented.py tells what its pip and pytest are
    (r"python3 -m venv \.venv", "mkdir -p .venv && ln -sfn {bin} .venv/bin"),
    (r"find / ", "find . "),
    (r"https://host/", "{web}/"),
    (r"/shared/recordings/", "{here}/recordings/"),
    (r"murmur datasets get (\w+)", r"murmur datasets get \1 --mirror {web}/\1/"),
    (r"^dask scheduler", "dask scheduler --host 127.0.0.1 --port {dask} --no-dashboard"),
    (r"^dask worker", "dask worker --no-dashboard"),
    (r"--nworkers -1", "--nworkers 2"),
    (r"tcp://HOST:8786", "tcp://127.0.0.1:{dask}"),
    (r"^murmur serve", "murmur serve --port {serve}"),
    (r"127\.0\.0\.1:8765", "127.0.0.1:{serve}"),
    # hours, or data that is not here: run until it has understood its arguments
    (r"python -m (benchmarks\.(?!.*--count \d\d?\b)[\w.]+|murmur\.training)", r"understand \1"),
]
#: Lines that go on until they are ended, and the port at which the next line may ask them.
SERVERS = [(r"^murmur serve", "serve"), (r"^dask scheduler", "dask"), (r"^dask worker", None)]
#: What a block needs that not every environment has; without it the block is skipped, which CI does not.
NEEDS = [
    (r"\bdask\b", "distributed"),
    (r"s3://", "moto"),
    (r"s3://", "s3fs"),
    (r"https://host/", "aiohttp"),
    (r"parquet", "pyarrow"),
    (r"murmur serve", "uvicorn"),
    (r"over_websocket", "websockets"),
    (r"murmur\.plot|murmur plot|--plots|murmur report", "matplotlib"),
    (r"murmur report", "jinja2"),
    (r"TextGrid", "praatio"),
    (r"\.atr\b", "wfdb"),
    (r"\.dcm\b", "pydicom"),
    (r"\.edf\b", "edfio"),
    (r"benchmarks\.accuracy", "sklearn"),
    (r"\bruff\b", "ruff"),
    (r"\bmypy\b", "mypy"),
    (r"sphinx-build", "furo"),
]
#: Blocks that start servers, or take more than some seconds: the others of their page don't wait for them.
SLOW = re.compile(
    r"\bdask\b|s3://|murmur datasets|murmur\.datasets|benchmarks\.|murmur\.training|mypy|venv|--speed 4|x86-64|sphinx|"
    r"murmur serve|overview|pyplot|murmur report samples"
)
#: Fences that hold no code: diagrams.
NO_CODE = {"", "text"}

BLOCKS = [block for page in pages() for block in blocks_of(page) if block.language not in NO_CODE]


def is_slow(block: Block) -> bool:
    return bool(SLOW.search(block.text))


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """Places for the pages, with what has been run there."""
    found: dict[tuple[Path, bool], tuple[Place, set[int]]] = {}

    def of(block: Block) -> tuple[Place, set[int]]:
        key = block.path, is_slow(block)
        if key not in found:
            found[key] = Place(tmp_path_factory.mktemp("page")), set()
        return found[key]

    yield of
    for place, _ in found.values():
        place.__exit__()


@pytest.mark.slow
@pytest.mark.parametrize("block", [pytest.param(block, id=block.name) for block in BLOCKS])
def test_a_block_of_code_runs(block, places):
    for pattern, module in NEEDS:
        if re.search(pattern, block.text) and importlib.util.find_spec(module) is None:
            pytest.skip(f"needs {module}")
    place, done = places(block)
    # of those before it on the page, the ones that were not asked for
    for one in BLOCKS:
        if one.path == block.path and is_slow(one) == is_slow(block) and one.line <= block.line and one.line not in done:
            done.add(one.line)
            RUNNERS[one.language](one, place)


def run_python(block: Block, place: Place) -> None:
    script = place.scripts / f"block_{block.line}.py"
    script.write_text(block.text, encoding="utf-8")
    place.run([sys.executable, str(script)])


def run_sh(block: Block, place: Place) -> None:
    if "s3://" in block.text:
        place.open_buckets()
    place.run(["bash", "-c", script_of(block, place)])


def script_of(block: Block, place: Place) -> str:
    """Give what bash is to run.

    Commands joined by && become lines of their own: bash goes on after a list of which one has failed that is not the last.
    """
    lines = ["set -Eeuo pipefail", """trap 'echo "this line failed: $BASH_COMMAND" >&2' ERR"""]
    for line in block.text.replace("\\\n", " ").replace(" && ", "\n").splitlines():
        changed = line
        for pattern, replacement in RULES:
            changed = re.sub(pattern, replacement, changed)
        known = place.known(changed)
        for name, value in known.items():
            changed = changed.replace(f"{{{name}}}", str(value))
        port = next((port for pattern, port in SERVERS if re.search(pattern, changed)), "")
        if port != "":
            changed = re.sub(r"\s+#.*", "", changed) + " &"
        lines.append(changed)
        if port:
            lines.append(f"wait-for-port {known[port]}")
    return "\n".join(lines) + "\n"


def run_dockerfile(block: Block, place: Place) -> None:
    """ENV is set from its line on; RUN is run, with compiled code apart from that of this machine."""
    environment = {"NUMBA_CACHE_DIR": str(place.folder / "compiled")}
    for line in block.text.replace("\\\n", " ").splitlines():
        instruction, _, rest = line.partition(" ")
        if instruction == "ENV":
            environment |= {k: v.strip('"') for k, v in re.findall(r'(\w+)=("[^"]*"|\S+)', rest)}
        elif instruction == "RUN":
            place.run(["bash", "-Eeuo", "pipefail", "-c", rest.replace(" && ", "\n")], environment)
        else:
            pytest.fail(f"{block.name}: no rule for {instruction}")


def run_json(block: Block, place: Place) -> None:
    json.loads(block.text)


def run_toml(block: Block, place: Place) -> None:
    tomllib.loads(block.text)


RUNNERS = {"python": run_python, "sh": run_sh, "dockerfile": run_dockerfile, "json": run_json, "toml": run_toml}


@pytest.mark.parametrize("block", [pytest.param(b, id=b.name) for b in BLOCKS])
def test_a_block_is_in_a_language_that_is_run(block):
    assert block.language in RUNNERS, (
        f"{block.name}: blocks of {block.language!r} are not run; known are {', '.join(RUNNERS)}"
    )


def test_blocks_are_found_and_those_that_fail_are_told(tmp_path):
    page = ROOT / "docs" / "index.md"
    assert [b for b in BLOCKS if b.path == ROOT / "README.md" and b.language == "dockerfile"]
    (tmp_path / "page.md").write_text(
        "````md\n```sh\nfalse\n```\n````\n- in a list\n  ```sh\n  true\n  no-such-command x\n  ```\n"
    )
    outer, inner = blocks_of(tmp_path / "page.md")
    assert (outer.language, inner.language, inner.text) == ("md", "sh", "true\nno-such-command x\n")
    with Place(tmp_path / "place") as place:
        with pytest.raises(AssertionError, match="this line failed: no-such-command x"):
            run_sh(inner, place)
        for line in (
            "false && true",
            "pip install '.[nonsense]'",
            "pip install other",
            "understand benchmarks.phantoms --nonsense",
        ):
            with pytest.raises(AssertionError):
                run_sh(Block(page, 1, "sh", line + "\n"), place)
        with pytest.raises(AssertionError, match="ZeroDivisionError"):
            run_python(Block(page, 1, "python", "1 / 0\n"), place)


@pytest.fixture
def tmp_path(tmp_path):
    """Give an empty folder that Place may fill."""
    (tmp_path / "place").mkdir()
    return tmp_path


# --- docstrings -------------------------------------------------------------------------

SOURCE = Path(murmur.__file__).parent
EXAMPLES = [
    ".".join(("murmur", *path.relative_to(SOURCE).with_suffix("").parts)).removesuffix(".__init__")
    for path in sorted(SOURCE.rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.slow
@pytest.mark.parametrize("module", EXAMPLES)
def test_examples_in_docstrings_run(module, places):
    place, _ = places(Block(SOURCE / module, 0, "python", ""))
    run = f"import doctest, {module} as m, sys; r = doctest.testmod(m); print(r); sys.exit(r.failed or not r.attempted)"
    place.run([sys.executable, "-c", run])


# --- what else is told ------------------------------------------------------------------


def test_extras_that_are_named_exist():
    known = set(extras())
    for page in pages():
        for named in re.findall(r"murmur-pcg\[([\w,-]+)\]|\"\.\[([\w,-]+)\]\"", page.read_text(encoding="utf-8")):
            assert set("".join(named).split(",")) <= known, page


def test_the_citation_is_of_this_version():
    yaml = pytest.importorskip("yaml")
    told = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(told) >= {"cff-version", "message", "title", "authors"}  # what CFF 1.2.0 asks for
    assert (told["cff-version"], told["type"], told["license"]) == ("1.2.0", "software", "MIT")
    assert str(told["version"]) == project["version"] == murmur.__version__
    assert told["authors"] == project["authors"] == [{"name": "The murmur developers"}]
    for reference in told["references"]:
        assert set(reference) >= {"type", "title", "authors"}


#: What a browser would fetch from elsewhere.
LOADS = re.compile(
    r'<(?:script|img|audio|iframe|source)[^>]*\ssrc="(?:https?:)?//'
    r'|<link[^>]*rel="(?:stylesheet|preload|icon)"[^>]*href="(?:https?:)?//'
)


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_asks_for_nothing(tmp_path):
    pytest.importorskip("furo")
    pytest.importorskip("myst_parser")
    pytest.importorskip("numpydoc")
    pytest.importorskip("matplotlib")
    build = [sys.executable, "-m", "sphinx", "-W", "-n", "--keep-going", "-q", str(ROOT / "docs"), str(tmp_path / "site")]
    done = subprocess.run([*build, "-d", str(tmp_path / "trees")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    for page in sorted((tmp_path / "site").rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        assert not LOADS.search(text), page
        for sound in re.findall(r'<audio[^>]*src="([^"]+)"', text):
            assert (page.parent / sound).is_file()
