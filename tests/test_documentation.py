"""Every block of code on every page is run: a new block is a new test.

The blocks of one page run in one sandbox, one after the other, so that each may use what those before it made. The slow
blocks of a page have a sandbox of their own.
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import tomllib
from dataclasses import asdict
from pathlib import Path

import pytest
from tests.documented import ROOT, Block, Sandbox, blocks_of, extras, pages

import murmur

#: How a line of sh is changed before it is run. All else is run as it stands.
RULES = [
    # the environment that runs the tests stands in for a new one, with the pip and pytest of tests/documented.py
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
    # what takes hours or needs data: run until it has parsed its arguments
    (r"python -m (benchmarks\.(?!.*--count \d\d?\b)[\w.]+|murmur\.training)", r"understand \1"),
]
#: Lines that start a server, and the port to wait for before the next line.
SERVERS = [(r"^murmur serve", "serve"), (r"^dask scheduler", "dask"), (r"^dask worker", None)]
#: Modules that a block needs and that not every environment has; without them the block is skipped. CI has them all.
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
#: Blocks that start servers or take long: the other blocks of their page don't wait for them.
SLOW = re.compile(
    r"\bdask\b|s3://|murmur datasets|murmur\.datasets|benchmarks\.|murmur\.training|mypy|venv|--speed 4|x86-64|sphinx|"
    r"murmur serve|overview|pyplot|murmur report samples"
)
#: Languages of fences that hold no code, but diagrams.
NO_CODE = {"", "text"}

BLOCKS = [block for page in pages() for block in blocks_of(page) if block.language not in NO_CODE]


def is_slow(block: Block) -> bool:
    return bool(SLOW.search(block.text))


@pytest.fixture(scope="module")
def sandboxes(tmp_path_factory):
    """Return a function from a block to its sandbox and the lines of the blocks that have been run there."""
    made: dict[tuple[Path, bool], tuple[Sandbox, set[int]]] = {}

    def of(block: Block) -> tuple[Sandbox, set[int]]:
        key = block.path, is_slow(block)
        if key not in made:
            made[key] = Sandbox(tmp_path_factory.mktemp("page")), set()
        return made[key]

    yield of
    for sandbox, _ in made.values():
        sandbox.__exit__()


@pytest.mark.slow
@pytest.mark.parametrize("block", [pytest.param(block, id=block.name) for block in BLOCKS])
def test_a_block_of_code_runs(block, sandboxes):
    for pattern, module in NEEDS:
        if re.search(pattern, block.text) and importlib.util.find_spec(module) is None:
            pytest.skip(f"needs {module}")
    sandbox, done = sandboxes(block)
    # where only some blocks are selected, those before them on the page are run as well
    for one in BLOCKS:
        if one.path == block.path and is_slow(one) == is_slow(block) and one.line <= block.line and one.line not in done:
            done.add(one.line)
            RUNNERS[one.language](one, sandbox)


def run_python(block: Block, sandbox: Sandbox) -> None:
    if block.excerpt:
        compile(block.text, block.name, "exec")
        return
    script = sandbox.scripts / f"block_{block.line}.py"
    script.write_text(block.text, encoding="utf-8")
    sandbox.run([sys.executable, str(script)])


def run_sh(block: Block, sandbox: Sandbox) -> None:
    if "s3://" in block.text:
        sandbox.open_buckets()
    sandbox.run(["bash", "-c", script_of(block, sandbox)])


def script_of(block: Block, sandbox: Sandbox) -> str:
    """Return what bash is to run.

    Commands joined by && become lines of their own, because bash continues when one that is not the last in
    such a list fails.
    """
    lines = ["set -Eeuo pipefail", """trap 'echo "this line failed: $BASH_COMMAND" >&2' ERR"""]
    for line in block.text.replace("\\\n", " ").replace(" && ", "\n").splitlines():
        changed = line
        for pattern, replacement in RULES:
            changed = re.sub(pattern, replacement, changed)
        known = sandbox.known(changed)
        for name, value in known.items():
            changed = changed.replace(f"{{{name}}}", str(value))
        port = next((port for pattern, port in SERVERS if re.search(pattern, changed)), "")
        if port != "":
            changed = re.sub(r"\s+#.*", "", changed) + " &"
        lines.append(changed)
        if port:
            lines.append(f"wait-for-port {known[port]}")
    return "\n".join(lines) + "\n"


def run_dockerfile(block: Block, sandbox: Sandbox) -> None:
    """Set ENV from its line on and run RUN, with a folder for compiled code of its own."""
    environment = {"NUMBA_CACHE_DIR": str(sandbox.folder / "compiled")}
    for line in block.text.replace("\\\n", " ").splitlines():
        instruction, _, rest = line.partition(" ")
        if instruction == "ENV":
            environment |= {k: v.strip('"') for k, v in re.findall(r'(\w+)=("[^"]*"|\S+)', rest)}
        elif instruction == "RUN":
            sandbox.run(["bash", "-Eeuo", "pipefail", "-c", rest.replace(" && ", "\n")], environment)
        else:
            pytest.fail(f"{block.name}: no rule for {instruction}")


def run_json(block: Block, sandbox: Sandbox) -> None:
    json.loads(block.text)


def run_toml(block: Block, sandbox: Sandbox) -> None:
    tomllib.loads(block.text)


RUNNERS = {"python": run_python, "sh": run_sh, "dockerfile": run_dockerfile, "json": run_json, "toml": run_toml}


@pytest.mark.parametrize("block", [pytest.param(b, id=b.name) for b in BLOCKS])
def test_a_block_is_in_a_language_that_is_run(block):
    assert block.language in RUNNERS, (
        f"{block.name}: blocks of {block.language!r} are not run; known are {', '.join(RUNNERS)}"
    )


def test_blocks_are_found_and_failures_are_reported(tmp_path):
    page = ROOT / "docs" / "index.md"
    assert [b for b in BLOCKS if b.path == ROOT / "docs" / "container.md" and b.language == "dockerfile"]
    (tmp_path / "page.md").write_text(
        "````md\n```sh\nfalse\n```\n````\n- in a list\n  ```sh\n  true\n  no-such-command x\n  ```\n"
    )
    outer, inner = blocks_of(tmp_path / "page.md")
    assert (outer.language, inner.language, inner.text) == ("md", "sh", "true\nno-such-command x\n")
    with Sandbox(tmp_path / "sandbox") as sandbox:
        with pytest.raises(AssertionError, match="this line failed: no-such-command x"):
            run_sh(inner, sandbox)
        for line in (
            "false && true",
            "pip install '.[nonsense]'",
            "pip install other",
            "understand benchmarks.phantoms --nonsense",
        ):
            with pytest.raises(AssertionError):
                run_sh(Block(page, 1, "sh", line + "\n"), sandbox)
        with pytest.raises(AssertionError, match="ZeroDivisionError"):
            run_python(Block(page, 1, "python", "1 / 0\n"), sandbox)


@pytest.fixture
def tmp_path(tmp_path):
    """Return a folder with an empty one for a sandbox."""
    (tmp_path / "sandbox").mkdir()
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
def test_examples_in_docstrings_run(module, sandboxes):
    sandbox, _ = sandboxes(Block(SOURCE / module, 0, "python", ""))
    run = f"import doctest, {module} as m, sys; r = doctest.testmod(m); print(r); sys.exit(r.failed or not r.attempted)"
    sandbox.run([sys.executable, "-c", run])


# --- README, links, extras --------------------------------------------------------------

README = (ROOT / "README.md").read_text(encoding="utf-8")
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|#)([^)#\s]+)(?:#[^)\s]*)?\)")


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 200
    assert len([word for word in README.split() if re.search(r"\w", word)]) <= 1100
    assert README.splitlines()[2] == "**For research and education, not a medical device.**"


def test_the_readme_has_two_set_up_commands_of_one_line_each():
    """The checks of the project read them out and run them as they stand."""
    section = README.split("\n## Try it\n")[1].split("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    assert [block.count("\n") for block in blocks] == [1, 1]
    assert blocks[0].endswith("murmur analyze samples\n")
    assert blocks[1].endswith("pytest\n")


@pytest.mark.parametrize("page", [pytest.param(p, id=p.relative_to(ROOT).as_posix()) for p in pages()])
def test_links_lead_to_files(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in LINK.findall(text):
        assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_extras_that_are_named_exist():
    known = set(extras())
    for page in pages():
        for named in re.findall(r"murmur-pcg\[([\w,-]+)\]|\"\.\[([\w,-]+)\]\"", page.read_text(encoding="utf-8")):
            assert set("".join(named).split(",")) <= known, page


def test_the_page_on_installing_names_every_extra():
    rows = re.findall(r"^\| (`.*?) \|", (ROOT / "docs" / "install.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == set(extras())


def test_the_page_on_settings_is_right():
    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", text, re.MULTILINE)
    assert {name: float(default) for name, default in rows} == asdict(murmur.Settings())


def test_the_citation_is_of_this_version():
    yaml = pytest.importorskip("yaml")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(citation) >= {"cff-version", "message", "title", "authors"}  # required by CFF 1.2.0
    assert (citation["cff-version"], citation["type"], citation["license"]) == ("1.2.0", "software", "MIT")
    assert str(citation["version"]) == project["version"] == murmur.__version__
    assert citation["authors"] == project["authors"] == [{"name": "The murmur developers"}]
    for reference in citation["references"]:
        assert set(reference) >= {"type", "title", "authors"}


#: What a browser would load from elsewhere.
LOADS = re.compile(
    r'<(?:script|img|audio|iframe|source)[^>]*\ssrc="(?:https?:)?//'
    r'|<link[^>]*rel="(?:stylesheet|preload|icon)"[^>]*href="(?:https?:)?//'
)


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path):
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
