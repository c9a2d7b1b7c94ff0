"""Directives that show and play samples: ``drawing`` is a plot, ``sound`` a player with what murmur finds."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from murmur.wording import tell
from parts.drawing import SHOWN, analyzed, draw, write_sound

#: Made by the build and ignored by git.
GENERATED = "_generated"


class Drawing(SphinxDirective):
    """A plot of a sample: ``{drawing} KIND SAMPLE``."""

    required_arguments = 2
    option_spec: ClassVar[dict[str, Any]] = {
        "site": directives.unchanged,
        "start": float,
        "end": float,
        "width": directives.length_or_percentage_or_unitless,
    }

    def run(self) -> list[nodes.Node]:
        """Draw it, unless another page has done so."""
        kind, name = self.arguments
        shown = {k: v for k, v in self.options.items() if k != "width"}
        file = "-".join([name, kind, *(f"{k}{v}" for k, v in sorted(shown.items()))]).replace(".", "_") + ".png"
        path = Path(self.env.srcdir) / GENERATED / "plots" / file
        if path not in _made(self.env.app):
            times = {f"{k}_s": v for k, v in shown.items() if k != "site"}
            draw(kind, name, path, site=shown.get("site", ""), **times)
            _made(self.env.app).add(path)
        whom = "a patient over five visits" if kind in {"history", "trend"} else name
        image = nodes.image(uri=f"/{GENERATED}/plots/{file}", alt=f"{SHOWN[kind]}: {whom}", classes=["drawing"])
        if "width" in self.options:
            image["width"] = self.options["width"]
        self.set_source_info(image)
        return [image]


class Sound(SphinxDirective):
    """A player for a sample, and what murmur finds in it: ``{sound} SAMPLE``."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {"site": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        """Write the sound, unless another page has done so, and analyze it."""
        name = self.arguments[0]
        path = Path(self.env.srcdir) / GENERATED / "extra" / "sounds" / f"{name}.wav"
        if path not in _made(self.env.app):
            write_sound(name, path)
            _made(self.env.app).add(path)
        up = "../" * self.env.docname.count("/")
        label = html.escape(name.replace("_", " "))
        player = f'<audio controls preload="metadata" aria-label="{label}" src="{up}sounds/{name}.wav"></audio>'
        story = tell(analyzed(name, self.options.get("site", "")))
        findings = " ".join([*story.warnings, *(text for text, _ in story.sentences)])
        words = nodes.paragraph("", "", nodes.strong("", "murmur finds: "), nodes.Text(findings))
        caption = nodes.paragraph("", "", nodes.literal("", f"samples/{name}.wav"))
        return [nodes.container("", caption, nodes.raw("", player, format="html"), words, classes=["sound"])]


def _made(app: Sphinx) -> set[Path]:
    if not hasattr(app, "murmur_made"):
        app.murmur_made = set()  # type: ignore[attr-defined]
    made: set[Path] = app.murmur_made  # type: ignore[attr-defined]
    return made


def _prepare(app: Sphinx, config: Any) -> None:
    extra = Path(app.srcdir) / GENERATED / "extra"
    extra.mkdir(parents=True, exist_ok=True)
    config.html_extra_path = [str(extra)]


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect."""
    import matplotlib as mpl

    mpl.use("Agg")
    app.add_directive("drawing", Drawing)
    app.add_directive("sound", Sound)
    app.connect("config-inited", _prepare)
    return {"parallel_read_safe": False}
