"""The pages of reports as a real browser draws them, in one start for all of them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.browser import find_browser, look_at
from tests.support.reports import PLAN, every_ending
from tests.support.samples import NOW

from switchover.domain.report.making import make_report
from switchover.domain.report.proposed import Proposed, draw_plan
from switchover.domain.report.values import Tone
from switchover.web.report import plan_page, report_page

Look = dict[str, Any]


def plan_as_page() -> str:
    ribbons, window, charts = draw_plan(PLAN)
    return plan_page(
        Proposed(
            title="chat → v2",
            verdict="would start",
            tone=Tone.GOOD,
            headline="In about 20 min.",
            made_at=NOW,
            ribbons=ribbons,
            window=window,
            charts=charts,
        )
    )


@pytest.mark.long
def test_every_page_fits_its_width_draws_its_lines_and_asks_for_nothing() -> None:
    browser = find_browser()
    if browser is None:
        pytest.skip("there is no Chromium or Chrome on this machine's PATH")
    pages = {name: report_page(make_report(found)) for name, found in every_ending().items()}
    pages["plan"] = plan_as_page()
    asked = [(n, width, mode) for n in pages for width in (360, 1280) for mode in ("light", "dark")]

    looks, paths = look_at(browser, pages, asked)

    assert len(looks) == len(asked)
    assert [_seen(look) for look in looks if _seen(look)] == []
    assert {path for path in paths if not path.endswith(".html")} <= {"/", "/favicon.ico"}
    assert {look["scheme"] for look in looks if look["is_dark"]} == {"dark"}


def _seen(look: Look) -> list[str]:
    """What is wrong with a page, by what was seen of it."""
    where = f"{look['name']} at {look['width']} px in {look['scheme']}"
    faults = {
        "overflows": look["page_width"] > look["width"],
        "ran a text": look["hurt"] is not None,
        f"loaded {look['loaded']}": bool(look["loaded"]),
        f"lacks a line: {look['charts']}": any(
            count < 10 for counts in look["charts"].values() for count in counts
        ),
        "lacks an image": 0 in look["shown_images"],
    }
    return [f"{where} {fault}" for fault, is_so in faults.items() if is_so]
