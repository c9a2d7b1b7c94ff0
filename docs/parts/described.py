"""Directives that print what the code says of itself: ``columns`` of a table, the ``usage`` of every command."""

from __future__ import annotations

import argparse
import os
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from murmur.cli.parser import make_parser
from murmur.tables.column import Column
from murmur.tables.dictionary import TABLES

_KINDS = {str: "text", int: "whole number", float: "number", bool: "true or false"}


class Columns(SphinxDirective):
    """The columns of a table, from the data dictionary: ``{columns} TABLE``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Write them as a table."""
        lines = ["| column | cells | unit | meaning |", "|---|---|---|---|"]
        lines += [f"| `{c.name}` | {_cells(c)} | {c.unit} | {c.meaning} |" for c in TABLES[self.arguments[0]]]
        parsed: list[nodes.Node] = self.parse_text_to_nodes("\n".join(lines))
        return [nodes.container("", *parsed, classes=["columns"])]


def _cells(column: Column[Any]) -> str:
    return ", ".join(column.choices) if column.choices else _KINDS[column.kind]


class Usage(SphinxDirective):
    """What every command says of itself when asked with --help."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        """Write a section for each."""
        os.environ["COLUMNS"] = "84"
        return [_section(name, parser) for name, parser in _parsers("murmur", make_parser())]


def _parsers(name: str, parser: argparse.ArgumentParser) -> list[tuple[str, argparse.ArgumentParser]]:
    found = [(name, parser)]
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, one in action.choices.items():
                found += _parsers(f"{name} {word}", one)
    return found


def _section(name: str, parser: argparse.ArgumentParser) -> nodes.section:
    text = parser.format_help().partition("\n\n")[2].rstrip()  # without what every page says at its top
    block = nodes.literal_block(text, text, language="text")
    return nodes.section("", nodes.title("", name), block, ids=[nodes.make_id(name)], names=[name])


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect."""
    app.add_directive("columns", Columns)
    app.add_directive("usage", Usage)
    return {"parallel_read_safe": True}
