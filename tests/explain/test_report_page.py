"""The page of a report: safe with anybody's words in it, complete in itself, and small."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from tests.support.reports import (
    HOSTILE,
    TRIP,
    every_ending,
    gathered,
    long_plan_names,
    rolled_back,
)

from switchover.domain.report.making import make_report
from switchover.domain.update.records import Evidence
from switchover.web.report import MOST_BYTES, report_page

PAGES = {name: report_page(make_report(found)) for name, found in every_ending().items()}
EACH = pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())


class Outline(HTMLParser):
    """The elements of a page with their attributes, and the text of its scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self._inside = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag if tag in self.raw else ""

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - as HTMLParser calls it
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.raw[self._inside].append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]


def figures(page: str) -> Any:
    found = re.search(
        r'<script type="application/json" id="figures">(.*?)</script>', page, re.DOTALL
    )
    assert found
    return json.loads(found[1])


def policy(page: str) -> str:
    metas = Outline(page).all("meta")
    [found] = [m["content"] for m in metas if m.get("http-equiv") == "Content-Security-Policy"]
    return str(found)


def digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@EACH
def test_the_policy_lets_one_script_and_one_style_run_and_nothing_be_loaded(page: str) -> None:
    outline = Outline(page)

    assert policy(page) == (
        f"default-src 'none'; style-src 'sha256-{digest(outline.raw['style'][0])}';"
        " base-uri 'none'; form-action 'none';"
        f" script-src 'sha256-{digest(outline.raw['script'][-1])}'; img-src data:"
    )
    assert len(outline.all("style")) == 1
    assert [each.get("type") for each in outline.all("script")][:-1] in (["application/json"], [])


@EACH
def test_nothing_on_a_page_leads_anywhere_or_acts(page: str) -> None:
    outline = Outline(page)
    loads = {attrs.get(name) for _, attrs in outline.elements for name in ("src", "href", "action")}
    acts = {name for _, attrs in outline.elements for name in attrs if name.startswith("on")}

    assert all(each is None or each.startswith("data:image/png;base64,") for each in loads)
    assert acts == set()
    assert {tag for tag, _ in outline.elements} & {
        "iframe",
        "object",
        "embed",
        "form",
        "a",
    } == set()


@pytest.mark.parametrize("name", ["updated", "needs-operator"])
def test_a_hostile_text_is_shown_as_text(name: str) -> None:
    page = PAGES[name]

    assert "&lt;script&gt;window.hurt = 1" in page
    assert "<script>window.hurt" not in page
    assert "\u202e" not in page
    assert r"\u202e" in page


def test_a_hostile_answer_is_cut_like_any_long_text() -> None:
    assert len(HOSTILE) > 900
    assert "x" * 500 not in PAGES["updated"]


def test_a_hostile_alarm_name_can_not_end_the_figures_script() -> None:
    trip = TRIP.model_copy(update={"name": "</script><script>hurt()//"})

    page = report_page(make_report(gathered(rolled_back(evidence=Evidence(alarms=(trip,))))))

    assert figures(page)["marks"][0]["name"] == "</script><script>hurt()// red"
    assert "<script>hurt" not in page


@EACH
def test_each_chart_has_a_name_a_table_and_a_heading(page: str) -> None:
    outline = Outline(page)
    plots = [attrs for attrs in outline.all("div") if "data-chart" in attrs]

    assert all(each.get("role") == "img" and each.get("aria-label") for each in plots)
    assert page.count("<summary>Figures of this chart") == len(plots)
    assert len(outline.all("h1")) == 1
    assert outline.all("html") == [{"lang": "en"}]


@EACH
def test_a_verdict_is_said_in_words_beside_its_colour(page: str) -> None:
    assert re.search(r'class="badge"><span aria-hidden="true">.</span> \w+</span>', page)


def test_a_chart_without_data_says_so_and_draws_nothing() -> None:
    page = PAGES["no-data"]

    assert set(figures(page)["charts"]) == {"instances"}
    assert page.count("<strong>No data.</strong>") == 3


def test_an_update_that_changed_nothing_has_no_figures() -> None:
    assert 'id="figures"' not in PAGES["rejected"]


def test_the_figures_hold_bakes_marks_and_both_fleets() -> None:
    told = figures(PAGES["rolled-back"])

    assert [mark["name"] for mark in told["marks"]] == ["latency red"]
    assert [end - begin for begin, end in told["bakes"]] == [170]
    assert [each["line"] for each in told["charts"]["latency"]["series"]] == ["old", "new"]


@EACH
def test_a_page_is_far_below_its_limit(page: str) -> None:
    assert len(page.encode()) < MOST_BYTES / 3


def test_a_page_of_texts_as_long_as_nobody_writes_keeps_its_limit_and_says_what_it_leaves_out() -> (
    None
):
    page = report_page(make_report(long_plan_names()))

    assert len(page.encode()) <= MOST_BYTES
    assert "Left out, so that this page stays small: images" in page


def test_an_updates_own_numbers_are_rounded_in_the_figures() -> None:
    page = report_page(make_report(gathered(rolled_back())))

    assert figures(page)["charts"]["latency"]["series"][0]["y"] == [0.9] * 12
