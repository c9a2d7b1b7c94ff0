"""How a result is printed: plain text into files and pipes, colour on a terminal."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING

from murmur.wording import Story, Tone, percent

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

#: Width of plain text, and the largest width used of a terminal: longer lines are hard to read.
PLAIN_WIDTH, LARGEST_WIDTH = 100, 120
#: Length of the bar that shows a probability, and the width of a terminal with room for it.
BAR_CELLS, BARS_FROM = 8, 90

_COLOURS = {Tone.NORMAL: "", Tone.DOUBTFUL: "yellow", Tone.ABNORMAL: "bright_red"}

Reporter = Callable[[Story], None]


def reporter() -> Reporter:
    """Return what prints a story on stdout."""
    if not sys.stdout.isatty():
        return _print_plain
    from rich.console import Console

    console = Console(width=min(shutil.get_terminal_size().columns, LARGEST_WIDTH), highlight=False)
    return lambda story: show_rich(story, console)


# --- plain ------------------------------------------------------------------------------


def _print_plain(story: Story) -> None:
    lines = [story.title, *_wrapped(story.context, "  ")]
    for warning in story.warnings:
        lines += _wrapped(warning, "  ! ")
    for sentence, _ in story.sentences:
        lines += _wrapped(sentence, "  ")
    rows = [
        (line.sign, line.finding, percent(line.sure) if line.sure is not None else "", line.rests_on) for line in story.lines
    ]
    if rows:
        widths = [max(len(row[i]) for row in rows) for i in range(3)]
        lines.append("")
        lines += [
            f"    {sign:<{widths[0]}}  {finding:<{widths[1]}}  {sure:>{widths[2]}}  {on}".rstrip()
            for sign, finding, sure, on in rows
        ]
    for missing in story.missing:
        lines += _wrapped(f"not measured: {missing}", "    ")
    print("\n".join([*lines, ""]), flush=True)


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text,
        PLAIN_WIDTH,
        initial_indent=indent,
        subsequent_indent=" " * len(indent),
        break_long_words=False,
        break_on_hyphens=False,
    )


# --- a terminal -------------------------------------------------------------------------


def show_rich(story: Story, console: Console) -> None:
    """Print a story in colour: red for abnormal findings, yellow for doubtful ones."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    console.print(Text(story.title, style="bold red" if story.failed else "bold", overflow="fold"))
    sentences = Table.grid(padding=(0, 1))  # marks, and sentences beside them
    sentences.add_column(width=1)
    sentences.add_column(overflow="fold")
    if story.context:
        sentences.add_row("", Text(story.context, style="dim"))
    for warning in story.warnings:
        colour = "red" if story.failed else "yellow"
        sentences.add_row(Text("!", style=f"bold {colour}"), Text(warning, style=colour))
    for i, (sentence, tone) in enumerate(story.sentences):
        mark = Text("●", style=_COLOURS[tone] or "green")
        sentences.add_row(mark, Text(sentence, style="bold" if i == 0 else ""))
    console.print(sentences)
    if story.lines:
        console.print(Padding(_rich_table(story, bars=console.width >= BARS_FROM), (0, 0, 0, 2), expand=False))
    for missing in story.missing:
        console.print(Padding(Text(f"not measured: {missing}", style="dim"), (0, 0, 0, 3)))
    console.print()


def _rich_table(story: Story, bars: bool) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, header_style="dim", border_style="dim", pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("sign", no_wrap=True)
    table.add_column("finding", no_wrap=True)
    table.add_column("probability", no_wrap=True, justify="left" if bars else "right")
    table.add_column("evidence", style="dim", overflow="fold")
    for line in story.lines:
        colour = _COLOURS[line.tone]
        sure = Text()
        if line.sure is not None and bars:
            filled = round(BAR_CELLS * line.sure)
            sure.append("━" * filled, style=colour or "cyan").append("━" * (BAR_CELLS - filled), style="bright_black")
            sure.append(" ")
        if line.sure is not None:
            sure.append(f"{percent(line.sure):>5}")
        table.add_row(line.sign, Text(line.finding, style=colour), sure, line.rests_on)
    return table
