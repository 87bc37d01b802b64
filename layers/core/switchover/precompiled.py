"""Loads code that the layer's build compiled: methods of dataclasses, and regular expressions.

Python compiles both from text at each import. The build compiles the same texts with the same version of
Python. Python still compiles every text that the build didn't see.
"""

from __future__ import annotations

import builtins
import dataclasses
import importlib.util
import marshal
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    # A pattern and its flags.
    Pattern = tuple[str | bytes, int]

# The file is for one version of Python, like bytecode. Another version finds no file.
FILE_NAME = f"precompiled.{sys.implementation.cache_tag}.bin"


@dataclass(frozen=True, slots=True)
class Compiled:
    """Compiled code by its text, each entry marshalled by itself, so that only needed ones are loaded."""

    methods: Mapping[str, bytes]
    patterns: Mapping[Pattern, bytes]


def take_precompiled(folder: str) -> None:
    """Have Python use the file in this folder. Without a file, nothing changes."""
    try:
        with open(f"{folder}/{FILE_NAME}", "rb") as file:  # noqa: PTH123 - pathlib is slow to import
            made_for, methods, patterns = marshal.loads(file.read())  # noqa: S302 - our own bytecode
    except FileNotFoundError:
        return
    if made_for == formats():
        take(Compiled(methods, patterns))


def formats() -> tuple[bytes, int]:
    """The formats of this Python's bytecode and of its compiled regular expressions.

    The second one is 0 if this Python has no compiler where `take` expects it. Then no file fits.
    """
    compiler: Any = getattr(re, "_compiler", None)
    return importlib.util.MAGIC_NUMBER, getattr(compiler, "MAGIC", 0)


def take(compiled: Compiled) -> None:
    """Have Python use this code from now on."""
    library: Any = re
    # Python looks up a name in the module before it looks among the built-in names.
    vars(dataclasses)["exec"] = _executing(compiled.methods)
    library._compiler.compile = _compiling(compiled.patterns, library._compiler)  # noqa: SLF001


def _executing(methods: Mapping[str, bytes]) -> Callable[..., None]:
    def execute(text: str, *names: Any) -> None:
        code = methods.get(text)
        builtins.exec(text if code is None else marshal.loads(code), *names)  # noqa: S102, S302

    return execute


def _compiling(patterns: Mapping[Pattern, bytes], compiler: Any) -> Callable[..., Any]:
    compile_text = compiler.compile

    def compile_pattern(p: Any, flags: int = 0) -> Any:
        known = patterns.get((p, flags)) if isinstance(p, (str, bytes)) else None
        if known is None:
            return compile_text(p, flags)
        return compiler._sre.compile(p, *marshal.loads(known))  # noqa: SLF001, S302

    return compile_pattern
