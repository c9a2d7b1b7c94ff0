"""Files of the project that a page includes: their links lead to other pages, or become plain names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]
#: Included files, and the pages that include them.
PAGES = {
    "README.md": "/guide.md",
    "benchmarks/README.md": "/benchmarks.md",
    "src/murmur/pipeline/models/README.md": "/models.md",
    "CHANGELOG.md": "/changelog.md",
}
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:|#|/)([^)#\s]+)(#[^)\s]*)?\)")


def mend_links(app: Sphinx, path: Path, page: str, content: list[str]) -> None:
    """Lead a link from an included file to the page where its target is; to a file that no page shows, there is none."""
    home = (Path(app.srcdir) / path).resolve().parent

    def mended(link: re.Match[str]) -> str:
        words, target, anchor = link.groups()
        place = (home / target).resolve()
        shown = PAGES.get(place.relative_to(ROOT).as_posix()) if place.is_relative_to(ROOT) else None
        if shown is None:
            if not place.exists():
                raise FileNotFoundError(f"{path}: links to {target}, which is not there")
            return f"`{words}`"
        return f"[{words}]({shown}{anchor or ''})"

    content[0] = LINK.sub(mended, content[0])


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect."""
    app.connect("include-read", mend_links)
    return {"parallel_read_safe": True}
