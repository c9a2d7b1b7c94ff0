"""Code blocks of the documentation, and a sandbox to run them in, where everything they name exists or is stood in for."""

from __future__ import annotations

import http.server
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
import tomllib
import zipfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.loopback import write_sums
from tests.published import make_cinc2016, make_circor

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "samples"
FENCE = re.compile(r"^(?P<indent> *)(?P<mark>`{3,}|~{3,})(?P<info>.*)$")


@dataclass(frozen=True)
class Block:
    """A fenced block of code; an excerpt, marked by that word after the language, is a part of a file and can't be run."""

    path: Path
    line: int
    language: str
    text: str
    excerpt: bool = False

    @property
    def name(self) -> str:
        return f"{self.path.relative_to(ROOT).as_posix()}:{self.line}"


def pages() -> list[Path]:
    """Return every page of Markdown in the project."""
    found = list(ROOT.glob("*.md"))
    for folder in ("benchmarks", "docs", "samples", "src"):
        found += (path for path in ROOT.glob(f"{folder}/**/*.md") if "_generated" not in path.parts)
    return sorted(found)


def blocks_of(path: Path) -> list[Block]:
    """Return the fenced blocks of a page, without MyST directives, unless they hold code."""
    found, begun = [], None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        fence = FENCE.match(line)
        if begun is None and fence:
            begun = (number, fence["mark"], fence["info"].strip(), [])
        elif begun is not None:
            first, mark, info, lines = begun
            if fence and fence["mark"].startswith(mark) and not fence["info"].strip():
                directive = re.match(r"\{(?:code|code-block|sourcecode)\} *(\w+)", info)
                language, *words = [directive[1]] if directive else info.split(" ")
                if not language.startswith("{"):
                    text = textwrap.dedent("\n".join(lines)) + "\n"
                    found.append(Block(path, first, language, text, excerpt="excerpt" in words))
                begun = None
            else:
                lines.append(line)
    assert begun is None, f"{path}: the block that begins at line {begun[0]} has no end"
    return found


# --- a sandbox to run them in ----------------------------------------------------------------

#: Commands that stand in for missing programs and for what would need a network, an installation or hours.
COMMANDS = {
    "murmur": 'exec "{python}" -m murmur "$@"\n',
    "python": 'exec "{python}" "$@"\n',
    "dask": 'exec "{python}" -m dask "$@"\n',
    "sphinx-build": 'exec "{python}" -m sphinx "$@"\n',
    "ruff": 'exec "{python}" -m ruff --quiet "$@"\n',
    "mypy": 'exec "{python}" -m mypy --cache-dir "{root}/.mypy_cache" "$@"\n',
    "pytest": 'exec "{python}" -m pytest --collect-only -q --rootdir "{root}" "{root}/tests/test_errors.py"\n',
    "arecord": 'exec "{python}" "{bin}/play.py" "$@"\n',
    "pip": 'exec "{python}" "{bin}/install.py" "$@"\n',
    "understand": 'exec "{python}" "{bin}/understand.py" "$@"\n',
    "wait-for-port": 'exec "{python}" "{bin}/wait.py" "$@"\n',
}
#: A microphone that plays a sample as raw PCM of 16 bits.
PLAY = """
import sys, soundfile
samples, rate = soundfile.read(r"{samples}/MR1_MV.wav", dtype="int16")
given = sys.argv[1:]
assert given[given.index("-t") + 1] == "raw" and given[given.index("-f") + 1] == "S16_LE"
assert given[given.index("-r") + 1] == str(rate)
sys.stdout.buffer.write(samples.tobytes())
"""
#: pip without a network: it checks that what is to be installed is this project, with extras that exist.
INSTALL = """
import re, sys, tomllib
project = tomllib.loads(open(r"{root}/pyproject.toml", encoding="utf-8").read())["project"]
command, *targets = [word for word in sys.argv[1:] if word not in ("-e", "-q", "--upgrade")]
assert command == "install" and targets, sys.argv
for one in targets:
    named = re.fullmatch(r"(?:\\.|murmur-pcg)(?:\\[([\\w,-]+)\\])?", one)
    if not named:
        sys.exit(f"pip install {{one}}: not this project")
    missing = set((named[1] or "").split(",")) - {{""}} - set(project["optional-dependencies"])
    if missing:
        sys.exit(f"pip install {{one}}: there is no extra {{', '.join(missing)}}")
"""
#: A long command, run until it has parsed its arguments; torch, which only training needs, may be missing.
UNDERSTAND = """
import argparse, importlib.util, runpy, sys, types

class Kind(type):
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Kind(name, (), {{"__init__": lambda self, *a, **k: None, "__call__": lambda self, one=None, *a: one}})

class Nothing(types.ModuleType):
    __path__ = ()
    __getattr__ = Kind.__getattr__

for package, parts in {{"torch": ("nn",), "sklearn": ("linear_model", "ensemble")}}.items():
    if importlib.util.find_spec(package) is None:
        for name in (package, *(f"{{package}}.{{part}}" for part in parts)):
            sys.modules[name] = Nothing(name)
parse = argparse.ArgumentParser.parse_args
def parse_and_end(self, *arguments, **more):
    parse(self, *arguments, **more)
    sys.exit(0)
argparse.ArgumentParser.parse_args = parse_and_end
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
sys.exit(f"{{sys.argv[0]}} never parsed its arguments")
"""
WAIT = """
import socket, sys, time
until = time.monotonic() + 60
while True:
    with socket.socket() as tried:
        if tried.connect_ex(("127.0.0.1", int(sys.argv[1]))) == 0:
            break
    if time.monotonic() > until:
        sys.exit(f"no server at port {{sys.argv[1]}}")
    time.sleep(0.05)
"""


def make_commands(folder: Path) -> Path:
    """Write the commands into a folder that stands in for the `bin` of an environment."""
    folder.mkdir()
    known = {"python": sys.executable, "root": ROOT, "bin": folder, "samples": SAMPLES}
    for name, text in {**COMMANDS, "python3": COMMANDS["python"]}.items():
        (folder / name).write_text("#!/bin/sh\n" + text.format(**known))
        (folder / name).chmod(0o755)
    for name, text in {"play": PLAY, "install": INSTALL, "understand": UNDERSTAND, "wait": WAIT}.items():
        (folder / f"{name}.py").write_text(text.format(**known))
    return folder


#: What a clone holds beside the samples.
PROJECT = (
    *("src", "benchmarks", "tests", "docs", "pyproject.toml", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"),
    *("CITATION.cff", "LICENSE"),
)


def make_files(folder: Path) -> Path:
    """Write the files that blocks name: recordings of a patient, a manifest, an archive, and the project itself."""
    folder.mkdir()
    shutil.copytree(SAMPLES, folder / "samples")
    for name in PROJECT:
        (folder / name).symlink_to(ROOT / name)
    (folder / "recordings").mkdir()
    for site in ("AV", "PV", "TV", "MV"):
        shutil.copy(SAMPLES / f"MR1_{site}.wav", folder / "recordings" / f"13918_{site}.wav")
    shutil.copy(SAMPLES / "MR1_MV.wav", folder / "13918_MV.wav")
    (folder / "patients.csv").write_text("path,patient,site,visit,age\nrecordings/13918_MV.wav,13918,MV,2026-05-02,9\n")
    with zipfile.ZipFile(folder / "archive.zip", "w") as archive:
        archive.write(SAMPLES / "MR1_AV.wav", "hearts/50690_AV.wav")
    return folder


def make_web(folder: Path) -> Path:
    """Write the files of a web server: a recording, and data sets as their hosts publish them."""
    folder.mkdir()
    shutil.copy(SAMPLES / "MR1_MV.wav", folder / "x_MV.wav")
    for name, make in {"circor": make_circor, "cinc2016": make_cinc2016}.items():
        (folder / name).mkdir()
        make(folder / name)
        write_sums(folder / name)
    return folder


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore clients that have gone away."""


def free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


@contextmanager
def web(folder: Path):
    """Serve a folder and yield its address."""
    with _Server(("127.0.0.1", 0), partial(_Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@contextmanager
def buckets(folder: Path):
    """Serve S3 with a bucket that holds a recording, and yield the environment variables that lead to it."""
    port = free_port()
    environment = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        fill = "import s3fs, sys; f = s3fs.S3FileSystem(); f.mkdir('bucket'); f.put(sys.argv[1], 'bucket/hearts/7_MV.wav')"
        until = time.monotonic() + 60
        while True:
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert time.monotonic() < until
            time.sleep(0.1)
        subprocess.run(
            [sys.executable, "-c", fill, str(SAMPLES / "MR1_MV.wav")], env=os.environ | environment, check=True, timeout=60
        )
        yield environment
    finally:
        server.kill()
        server.wait()


class Sandbox:
    """A folder to run blocks in, with the commands and servers that they name."""

    def __init__(self, folder: Path) -> None:
        self.folder = make_files(folder / "files")
        self.commands = make_commands(folder / "bin")
        self.scripts = folder / "scripts"
        self.scripts.mkdir()
        self._outside = folder
        self._open = ExitStack()
        self.ports: dict[str, int] = {}
        self._web = ""
        self.environment = os.environ | {
            "PATH": f"{self.commands}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))),
            "MPLBACKEND": "Agg",
            "DASK_TEMPORARY_DIRECTORY": str(folder),
        }

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def known(self, text: str) -> dict[str, object]:
        """Return what a rule may name; start the web server if the text needs it."""
        if "{web}" in text and not self._web:
            self._web = self._open.enter_context(web(make_web(self._outside / "web")))
        names: dict[str, object] = {"bin": self.commands, "here": self.folder, "web": self._web}
        for name in ("serve", "dask"):
            names[name] = self.ports.setdefault(name, free_port())
        return names

    def open_buckets(self) -> None:
        """Point s3:// to this machine."""
        if "AWS_ENDPOINT_URL" not in self.environment or "127.0.0.1" not in self.environment["AWS_ENDPOINT_URL"]:
            self.environment = self.environment | self._open.enter_context(buckets(self._outside))

    def run(self, command: list[str], more: dict[str, str] | None = None, timeout_s: float = 400.0) -> None:
        """Run a command here; it must end with status 0."""
        # into a file, because a server that keeps running would keep a pipe open
        with (self._outside / "output.txt").open("w+", encoding="utf-8", errors="replace") as output:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=self.environment | (more or {}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                process.wait(timeout_s)
            finally:
                end_group(process)
            output.seek(0)
            assert process.returncode == 0, output.read()[-4000:]


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and its children, which are in its group."""
    for kind in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, kind)
        except ProcessLookupError:
            return
        time.sleep(0.3)
    process.wait()


def extras() -> dict[str, list[str]]:
    """Return the extras of the project, with their requirements."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return dict(project["optional-dependencies"])
