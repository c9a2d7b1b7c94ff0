"""Directives that print what the code says of itself.

``signs`` prints the signs, ``columns`` the columns of a table, ``formats`` what can be written, ``data_sets`` what can be
downloaded, and ``usage`` the help of every command.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Sequence
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from murmur.cli.parser import make_parser
from murmur.datasets.catalogue import about, names
from murmur.findings.registry import SIGNS
from murmur.formats.registry import FORMATS
from murmur.tables.column import Column
from murmur.tables.dictionary import TABLES

_KINDS = {str: "text", int: "whole number", float: "number", bool: "true or false"}


class _Table(SphinxDirective):
    """A table with a heading."""

    heading: Sequence[str] = ()

    def rows(self) -> Iterable[Sequence[str]]:
        """Return the cells of each row, as MyST."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """Write the table."""
        rows = [self.heading, ["---"] * len(self.heading), *self.rows()]
        text = "\n".join(f"| {' | '.join(row)} |" for row in rows)
        return [nodes.container("", *self.parse_text_to_nodes(text), classes=["columns"])]


class Columns(_Table):
    """The columns of a table, from the data dictionary: ``{columns} TABLE``."""

    required_arguments = 1
    heading = ("column", "cells", "unit", "meaning")

    def rows(self) -> Iterable[Sequence[str]]:
        """Return a row per column."""
        return [(f"`{c.name}`", _cells(c), c.unit, c.meaning) for c in TABLES[self.arguments[0]]]


def _cells(column: Column[Any]) -> str:
    return ", ".join(column.choices) if column.choices else _KINDS[column.kind]


class Signs(_Table):
    """The signs that murmur reports, in the order in which a doctor reports them."""

    heading = ("finding", "sign", "values", "meaning")

    def rows(self) -> Iterable[Sequence[str]]:
        """Return a row per sign."""
        return [(f"`{s.name}`", s.title, ", ".join(s.choices) or s.unit or "number", s.meaning) for s in SIGNS]


class Formats(_Table):
    """The formats that ``murmur convert`` writes."""

    heading = ("`--to`", "suffix", "holds", "description")

    def rows(self) -> Iterable[Sequence[str]]:
        """Return a row per format."""
        return [(f"`{f.name}`", f"`{f.suffix}`", f.holds, f.description) for f in FORMATS.values()]


class DataSets(_Table):
    """The data sets that ``murmur datasets`` knows."""

    heading = ("name", "data set", "content", "recordings", "GB", "licence")

    def rows(self) -> Iterable[Sequence[str]]:
        """Return a row per data set."""
        for one in map(about, names()):
            title = f"[{one.title}]({one.url})"
            yield f"`{one.name}`", title, one.holds, str(one.recordings), f"{one.size_gb:g}", one.licence


class Usage(SphinxDirective):
    """What each command prints for ``--help``."""

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
    text = parser.format_help().partition("\n\n")[2].rstrip()  # without the first line, which all have in common
    block = nodes.literal_block(text, text, language="text")
    return nodes.section("", nodes.title("", name), block, ids=[nodes.make_id(name)], names=[name])


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect."""
    app.add_directive("signs", Signs)
    app.add_directive("columns", Columns)
    app.add_directive("formats", Formats)
    app.add_directive("data_sets", DataSets)
    app.add_directive("usage", Usage)
    return {"parallel_read_safe": True}
