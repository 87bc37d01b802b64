"""The licences of what the layer ships, as the packages themselves say: for THIRD_PARTY.md."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import metadata
from pathlib import Path

LOCK = Path(__file__).parents[1] / "layers" / "core" / "requirements.txt"
UNKNOWN = "unknown"
_INTRODUCTION = """\
# Licences of others

Switchover is under the Apache License 2.0 ([LICENSE](LICENSE)). These packages are in the layer that
`sam build` makes, and so in the account of whoever deploys it; each brings its licence in its
`.dist-info` folder.

Written by `make docs` from the packages' own metadata. `tests/project/test_licences.py` refuses a licence
that isn't permissive, and one that nobody can tell.
"""
_VENDORED = """\
These lie in the repository itself, under `layers/core/switchover/web/vendor/`, each with its licence
beside it. The layer and the wheel have them too, and so has every [report](docs/report.md).
"""
# A line of the lock that holds for Lambda: what is marked is for other systems.
_LOCKED = re.compile(r"^([\w.-]+)==([\w.]+) \\$", re.MULTILINE)
# What packages wrote before SPDX expressions were a field of their own (PEP 639).
_SPDX = {
    "Apache License 2.0": "Apache-2.0",
    "Dual License": "Apache-2.0 OR BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
}


@dataclass(frozen=True, slots=True)
class Shipped:
    """One package of the layer; `licence` is an SPDX expression, or `unknown`."""

    name: str
    version: str
    licence: str


# Files of others that lie in this repository, with their licence beside them.
VENDOR = Path(__file__).parents[1] / "layers" / "core" / "switchover" / "web" / "vendor"
VENDORED = (Shipped("uPlot", "1.6.32", "MIT"),)


def shipped() -> tuple[Shipped, ...]:
    """Every package that the layer's lock names, in its order."""
    return tuple(
        Shipped(name, version, licence_of(name))
        for name, version in _LOCKED.findall(LOCK.read_text(encoding="utf-8"))
    )


def licence_of(package: str) -> str:
    """What a package's own metadata says its licence is."""
    described = metadata(package)
    classifiers = described.get_all("Classifier") or []
    said = (
        described.get("License-Expression"),
        described.get("License"),
        *(entry.rpartition(" :: ")[2] for entry in classifiers if entry.startswith("License ::")),
    )
    # A licence's whole text has been put into the field that should name it.
    named = next((text for text in said if text and "\n" not in text), UNKNOWN)
    return _SPDX.get(named, named)


def third_party_page() -> str:
    """THIRD_PARTY.md."""
    rows = "\n".join(f"| {each.name} | {each.version} | {each.licence} |" for each in shipped())
    files = "\n".join(f"| {each.name} | {each.version} | {each.licence} |" for each in VENDORED)
    head = "| package | version | licence |\n|---|---|---|"
    return f"{_INTRODUCTION}\n{head}\n{rows}\n\n{_VENDORED}\n{head}\n{files}\n"
