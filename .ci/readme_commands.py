"""Print the README's set-up commands, one a line: those that begin with an environment of their own."""

import re
import sys
from pathlib import Path

readme = Path(__file__).parents[1] / "README.md"
blocks = re.findall(r"^```sh\n(.*?)^```", readme.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
commands = [line for block in blocks for line in block.splitlines() if line.startswith("python3 -m venv ")]
if len(commands) != 2:
    sys.exit(f"{readme.name}: {len(commands)} set-up commands found, 2 expected (analyze the samples, run the tests)")
print(*commands, sep="\n")
