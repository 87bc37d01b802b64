"""The templates of the pages: their output is clean, they are shipped, and one function loads them."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest
from jinja2 import DictLoader, UndefinedError
from tests.support.template_parts import ROOT

from switchover.web import templating

if TYPE_CHECKING:
    from jinja2 import Environment

WEB = ROOT / "layers/core/switchover/web"
_LOADED = """
import importlib, sys
sys.path.insert(0, "functions")
for name in sys.argv[1:]:
    importlib.import_module(name)
print("jinja2" in sys.modules)
"""
PAGE = "answer_approval"
# WriteReport loads it when it writes a page.
OTHERS = sorted({each.stem for each in (ROOT / "functions").glob("*.py")} - {PAGE})


@pytest.fixture
def drawn() -> Environment:
    """The environment of the pages, with templates of the tests' own."""
    return templating._environment().overlay(
        loader=DictLoader({"text": "<p>{{ text }}</p>", "field": '<i a="{{ text | attribute }}">'})
    )


def test_a_page_shows_markup_as_text(drawn: Environment) -> None:
    shown = drawn.get_template("text").render(text='<img src=x onerror="a()">\n\x1b')

    assert shown == r"<p>&lt;img src=x onerror=&#34;a()&#34;&gt;\n\x1b</p>"


def test_a_quotation_that_reads_from_the_right_moves_no_number_of_ours(drawn: Environment) -> None:
    shown = drawn.get_template("text").render(text="of “שלום <b>” 5 of 7")

    assert shown == "<p>of <bdi>“שלום &lt;b&gt;”</bdi> 5 of 7</p>"


def test_nothing_leaves_its_attribute(drawn: Environment) -> None:
    shown = drawn.get_template("field").render(text="\"'“><b>\x1b")

    assert shown == r'<i a="&#34;&#39;“&gt;&lt;b&gt;\x1b">'


def test_an_image_is_not_cut_like_a_text() -> None:
    url = f"data:image/png;base64,{'A' * 5000}"
    image = templating._environment().from_string('<img src="{{ url | image }}">')

    assert image.render(url=url) == f'<img src="{url}">'


def test_what_only_claims_to_be_an_image_is_refused() -> None:
    image = templating._environment().from_string("{{ url | image }}")

    with pytest.raises(ValueError, match="no image"):
        image.render(url='data:image/png;base64,AA"><script>')


def test_a_value_that_is_not_given_is_an_error(drawn: Environment) -> None:
    template = drawn.get_template("text")

    with pytest.raises(UndefinedError, match="'text' is undefined"):
        template.render()


def test_every_template_is_shipped() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["switchover.web"]
    shipped = {path for pattern in patterns for path in WEB.glob(pattern)}

    assert shipped == {path for path in WEB.rglob("*.*") if "__pycache__" not in path.parts} - set(
        WEB.glob("*.py")
    )


@pytest.mark.parametrize(("handlers", "is_loaded"), [(OTHERS, "False"), ([PAGE], "True")])
def test_only_the_page_loads_the_template_engine(handlers: list[str], is_loaded: str) -> None:
    ended = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", _LOADED, *handlers],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert ended.stdout.strip() == is_loaded
