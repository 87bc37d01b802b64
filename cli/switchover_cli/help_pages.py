"""Typer's help pages, loaded without two parts of rich that ours never use.

The parts are Markdown and tracebacks. Our help texts aren't Markdown, and Typer's tracebacks are
switched off. Loading the two takes half of the time of a help page.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

_UNUSED = {"rich.markdown": "Markdown", "rich.traceback": "Traceback"}


def load_help_pages() -> None:
    """Load the modules that draw help pages, so that later imports find them loaded."""
    absent = {name: kind for name, kind in _UNUSED.items() if name not in sys.modules}
    for name, kind in absent.items():
        stand_in = ModuleType(name)
        setattr(stand_in, kind, type(kind, (), {}))
        sys.modules[name] = stand_in
    try:
        import_module("typer.rich_utils")
    finally:
        for name in absent:
            del sys.modules[name]
