"""Typer's help pages, loaded without two parts of rich that ours never use.

The parts are Markdown and tracebacks. Our help texts aren't Markdown, and Typer's tracebacks are
switched off. Loading the two takes half of the time of a help page.
"""

from __future__ import annotations

from importlib import import_module

from switchover.lean import make_module, standing_in

_UNUSED = {"rich.markdown": "Markdown", "rich.traceback": "Traceback"}


def load_help_pages() -> None:
    """Load the module that draws help pages, so that later imports find it loaded."""
    with standing_in(
        {name: make_module(name, **{kind: type(kind, (), {})}) for name, kind in _UNUSED.items()}
    ):
        import_module("typer.rich_utils")
