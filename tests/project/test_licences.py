"""The licences of the layer's packages require no more than a notice."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest
from docs.licences import UNKNOWN, VENDOR, VENDORED, Shipped, shipped
from tests.support.template_parts import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

# SPDX identifiers of licences that ask for no more than their notice.
_PERMISSIVE = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "MIT-0",
    "PSF-2.0",
    "Unlicense",
}
# Under the LGPL: about to be replaced by what is ours. Nothing may be added.
_STILL_TO_GO: set[str] = {"recurring-ical-events", "x-wr-timezone"}


def _demanding(packages: Iterable[Shipped]) -> set[str]:
    """The packages of which no alternative of the licence is permissive."""
    return {
        package.name for package in packages if not _PERMISSIVE & set(package.licence.split(" OR "))
    }


def test_what_the_layer_ships_is_under_permissive_licences() -> None:
    assert _demanding((*shipped(), *VENDORED)) <= _STILL_TO_GO


def test_each_file_of_others_has_its_licence_beside_it() -> None:
    stems = {f"{each.name.lower()}-{each.version}" for each in VENDORED}
    files = {path.name for path in VENDOR.iterdir()}

    assert {f"{stem}.LICENSE.txt" for stem in stems} <= files
    assert [name for name in files if not name.startswith(tuple(stems))] == []
    assert "MIT License" in (VENDOR / "uplot-1.6.32.LICENSE.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "licence",
    [
        "LGPL-3.0-or-later",
        "GPL-3.0-only",
        "MIT AND LGPL-3.0-only",
        "AGPL-3.0",
        UNKNOWN,
        "Proprietary",
    ],
)
def test_a_licence_that_asks_more_or_is_not_known_is_found(licence: str) -> None:
    assert _demanding([Shipped("demanding", "1", licence)]) == {"demanding"}


def test_one_permissive_alternative_is_enough() -> None:
    assert _demanding([Shipped("dual", "1", "GPL-3.0-only OR MIT")]) == set()


def test_the_lock_is_read_whole() -> None:
    locked = (ROOT / "layers/core/requirements.txt").read_text(encoding="utf-8")
    pinned = [line for line in locked.splitlines() if "==" in line and ";" not in line]

    assert len(shipped()) == len(pinned)


def test_the_project_says_its_own_licence_as_spdx_and_in_full() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")

    assert project["license"] == "Apache-2.0"
    assert project["license-files"] == ["LICENSE"]
    assert "Apache License" in text
    assert "Copyright 2026 The Switchover authors" in text
