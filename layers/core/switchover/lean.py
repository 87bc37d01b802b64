"""Loads libraries without the parts that Switchover never uses."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Self

# botocore uses urllib3's bridge to pyOpenSSL only for the standard library's SSLContext. Without
# pyOpenSSL, botocore takes this class from elsewhere (botocore/httpsession.py).
_BRIDGE = "urllib3.contrib.pyopenssl"
_DOCSTRINGS = ("ClientMethodDocstring", "PaginatorDocstring", "WaiterDocstring")
# Handlers of events with this prefix write documentation.
_DOCUMENTATION = "docs."


class NoDocstring(str):
    """An empty docstring for a client's method, instead of the one that botocore generates."""

    __slots__ = ()

    def __new__(cls, *_: object, **__: object) -> Self:
        """Ignore the arguments that botocore generates a docstring from."""
        return super().__new__(cls)


@contextmanager
def standing_in(stand_ins: Mapping[str, ModuleType | None]) -> Iterator[None]:
    """Import these modules instead of the installed ones. None means: as if it weren't installed.

    An already loaded module stays. Afterwards, the installed modules can be imported.
    """
    absent = {name: module for name, module in stand_ins.items() if name not in sys.modules}
    sys.modules.update(absent)  # type: ignore[arg-type]  # None is what Python takes for "not there"
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


def make_module(name: str, **content: object) -> ModuleType:
    """Make a module with this content."""
    module = ModuleType(name)
    vars(module).update(content)
    return module


def load_botocore() -> None:
    """Load botocore, so that later imports find it loaded.

    The methods of its clients have no docstrings. The modules that generate docstrings aren't loaded.
    """
    botocore = import_module("botocore")
    docs = [f"{folder}/docs" for folder in botocore.__path__]
    docstrings = dict.fromkeys(_DOCSTRINGS, NoDocstring)
    stand_ins = {
        _BRIDGE: None,
        "botocore.docs": make_module("botocore.docs", __path__=docs),
        "botocore.docs.docstring": make_module("botocore.docs.docstring", **docstrings),
        # urllib3 only asks for the version of h2, and only if HTTP/2 is switched on.
        "importlib.metadata": make_module("importlib.metadata", version=_find_version),
    }
    with standing_in(stand_ins):
        import_module("botocore.session")
        import_module("botocore.client")
    handlers: Any = import_module("botocore.handlers")
    handlers.BUILTIN_HANDLERS[:] = [
        each for each in handlers.BUILTIN_HANDLERS if not each[0].startswith(_DOCUMENTATION)
    ]


def leave_out_plugins() -> None:
    """Stop pydantic's search for plugins, which reads the metadata of every installed package."""
    loader = make_module("pydantic.plugin._loader", get_plugins=tuple)
    sys.modules.setdefault(loader.__name__, loader)


def _find_version(package: str) -> str:
    from importlib.metadata import version

    return version(package)
