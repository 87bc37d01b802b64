"""Makes every client of the layer, imports all of its modules, and keeps the code that Python compiles.

    python precompile.py SERVICES [FILE]

This runs in a process of its own, with the layer on its path. SERVICES is a JSON file with the services
that the functions call. FILE is written for `switchover.precompiled`. Without FILE, only clients are
made.
"""

from __future__ import annotations

import dataclasses
import json
import marshal
import os
import pkgutil
import re
import sys
from importlib import import_module
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any

# Newer formats write references, so that two builds of the same sources would differ.
_FORMAT = 2
_LIBRARIES = ("aws_lambda_powertools",)
# Clients are made, and ask nothing: no configuration of this machine is read for them.
_NO_ACCOUNT = {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


def main() -> None:
    """Do as the command line says."""
    services, *files = sys.argv[1:]
    methods, patterns = record_methods(), record_patterns()
    make_clients(json.loads(Path(services).read_text(encoding="utf-8")))
    if files:
        import_everything()
        made_for = import_module("switchover.precompiled").formats()
        kept = (made_for, dict(sorted(methods.items())), dict(sorted(patterns.items(), key=repr)))
        Path(files[0]).write_bytes(marshal.dumps(kept, _FORMAT))


def record_methods() -> dict[str, bytes]:
    """From now on, keep the compiled methods of dataclasses, by their text."""
    kept = dict[str, bytes]()

    def execute(text: str, *names: Any) -> None:
        code: CodeType = compile(text, "<string>", "exec", dont_inherit=True)
        kept[text] = marshal.dumps(code, _FORMAT)
        exec(code, *names)  # noqa: S102 - as dataclasses would

    vars(dataclasses)["exec"] = execute
    return kept


def record_patterns() -> dict[tuple[str | bytes, int], bytes]:
    """From now on, keep the compiled regular expressions, by pattern and flags."""
    kept = dict[tuple[str | bytes, int], bytes]()
    library: Any = re
    compiler = library._compiler  # noqa: SLF001
    engine, compile_text = compiler._sre, compiler.compile  # noqa: SLF001
    handed = list[tuple[Any, ...]]()

    def make(pattern: Any, flags: int, code: list[int], *rest: Any) -> Any:
        # Some codes and flags are subclasses of int, which can't be marshalled.
        handed[:] = [(int(flags), [int(each) for each in code], *rest)]
        return engine.compile(pattern, flags, code, *rest)

    def compile_pattern(p: Any, flags: int = 0) -> Any:
        made = compile_text(p, flags)
        if isinstance(p, (str, bytes)):
            kept[p, int(flags)] = marshal.dumps(handed[0], _FORMAT)
        return made

    compiler._sre = SimpleNamespace(**{**vars(engine), "compile": make})  # noqa: SLF001
    compiler.compile = compile_pattern
    return kept


def make_clients(services: list[str] | dict[str, Any]) -> None:
    """Make a client of each service, as functions do."""
    os.environ |= _NO_ACCOUNT
    clients = import_module("switchover.aws.clients")
    for service in services:
        clients.client(service)


def import_everything() -> None:
    """Import every module that functions can import."""
    for library in _LIBRARIES:
        import_module(library)
    core = import_module("switchover")
    for module in pkgutil.walk_packages(core.__path__, "switchover."):
        import_module(module.name)


if __name__ == "__main__":
    main()
