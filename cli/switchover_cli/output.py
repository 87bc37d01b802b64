"""The only output to a terminal: text of others can't control the terminal, or act as our own markup."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.segment import Segment
from rich.text import Text

from switchover.domain.plain_text import find_hidden, for_json, for_terminal, is_plain, write_out
from switchover_cli.hints import carried_options, find_gaps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pydantic import BaseModel
    from rich.console import ConsoleOptions, RenderableType


class PlainConsole(Console):
    """A console whose strings are text: `[bold]` is seven letters, and an escape character is shown.

    All output passes through `render`, so that no call can forget the cleaning. The console's own control
    codes aren't text, and stay. Commands in a text get the options that were typed.
    """

    carried = ""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Clean text before it is laid out, and clean the result of every other drawing."""
        if isinstance(renderable, str):
            renderable = self.render_str(renderable)
        if isinstance(renderable, Text):
            renderable = _clean(_add_options(renderable, self.carried))
        return (_clean_segment(each) for each in super().render(renderable, options))


def open_console(**options: Any) -> PlainConsole:
    """A console to print on; options are rich's."""
    console = PlainConsole(**{"highlight": False, "markup": False, "emoji": False, **options})
    console.carried = carried_options()
    return console


@contextmanager
def telling(console: Console) -> Iterator[Callable[[str], None]]:
    """Report progress: beside a spinner on a terminal, as lines elsewhere."""
    if not console.is_terminal:
        yield console.print
        return
    with console.status("") as status:
        yield status.update


def print_document(text: str, *, ends_line: bool = True) -> None:
    """Print JSON, or another document for machines, on stdout as it is."""
    typer.echo(for_json(text), nl=ends_line)


def _add_options(text: Text, options: str) -> Text:
    """The text with the typed options added to each command in it."""
    gaps = find_gaps(text.plain) if options else ()
    if not gaps:
        return text
    first, *others = text.divide(gaps)
    added = text.blank_copy().append_text(first)
    for piece in others:
        added.append(f" {options}").append_text(piece)
    return added


def print_json(record: BaseModel) -> None:
    """Print one record for machines."""
    print_document(record.model_dump_json(indent=2))


def print_list(records: Sequence[BaseModel]) -> None:
    """Print a list of records for machines."""
    from pydantic import TypeAdapter

    kind = type(records[0]) if records else object
    print_document(TypeAdapter(tuple[kind, ...]).dump_json(tuple(records), indent=2).decode())  # type: ignore[valid-type]


def _clean_segment(segment: Segment) -> Segment:
    if segment.control or is_plain(segment.text.replace("\n", "")):
        return segment
    return Segment(for_terminal(segment.text), segment.style)


def _clean(text: Text) -> Text:
    """The text with invisible characters written out; styles stay."""
    unsafe = {at for at in find_hidden(text.plain) if text.plain[at] != "\n"}
    if not unsafe:
        return text
    cleaned = text.blank_copy()
    at = 0
    for piece in text.divide(sorted({edge for at in unsafe for edge in (at, at + 1)})):
        begins, at = at, at + len(piece)
        if begins in unsafe:
            style = piece.spans[-1].style if piece.spans else ""
            piece = Text(write_out(piece.plain), style)
        cleaned.append_text(piece)
    return cleaned
