"""The README's recorded screen looks like a present run, and loads nothing from elsewhere."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from docs.recorded import PICTURE, draw


@pytest.fixture(scope="module")
def drawn() -> str:
    """The picture as this code draws it."""
    return draw()


def test_the_picture_is_current(drawn: str) -> None:
    assert PICTURE.read_text() == drawn


def test_the_picture_is_one_svg_that_fetches_nothing(drawn: str) -> None:
    ET.fromstring(drawn)  # noqa: S314  (our own drawing)
    assert drawn.count("http") == drawn.count('xmlns="http://www.w3.org/2000/svg"') == 1


def test_the_last_frame_names_the_outcome(drawn: str) -> None:
    assert "RolledBack" in drawn.rpartition('class="frame')[2]
