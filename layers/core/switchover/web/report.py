"""Fill the page of a report: one file that needs no network, with charts that the page draws by itself.

The page's policy (CSP) lets nothing be loaded, and only the one script and the one style of the page run:
both are named by their SHA-256. So text that others wrote can't run, should it ever escape its escaping.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from switchover.domain.report.shrinking import shrinkings
from switchover.web.templating import render

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from switchover.domain.report.proposed import Proposed
    from switchover.domain.report.values import Chart, Points, Report, Series, Window

# What mail servers, chats and trackers take without a word.
MOST_BYTES = 500_000
_UPLOT = "uplot-1.6.32.min"


def report_page(report: Report) -> str:
    """The page of an update, as HTML of at most `MOST_BYTES`. What is left out for this is told."""
    page = ""
    for shrunk, left_out in shrinkings(report):
        page = _fill(
            "report.html.j2", shrunk.charts, shrunk.window, report=shrunk, left_out=left_out
        )
        if len(page.encode()) <= MOST_BYTES:
            break
    return page


def plan_page(proposed: Proposed) -> str:
    """The page of an update that is only planned, as HTML."""
    return _fill("plan.html.j2", proposed.charts, proposed.window, plan=proposed)


def _fill(template: str, charts: Iterable[Chart], window: Window | None, **values: object) -> str:
    charts = tuple(charts)
    drawn = [chart for chart in charts if not chart.missing]
    script, style = _script(), page_style()
    return render(
        template,
        **values,
        charts=charts,
        tables={chart.name: tabulate(chart) for chart in drawn},
        figures=_figures(drawn, window) if window else None,
        script=script,
        style=style,
        policy=_policy(script, style),
    )


def tabulate(chart: Chart) -> tuple[tuple[str, ...], ...]:
    """The figures behind a chart: a row for each moment. Empty cells are moments without a value."""
    columns = [
        {at: value for at, value in each.points if value is not None} for each in chart.series
    ]
    moments = sorted({at for column in columns for at in column})
    return tuple(
        (f"{at:%H:%M:%S}", *(_say(column.get(at)) for column in columns)) for at in moments
    )


def _say(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _figures(charts: Iterable[Chart], window: Window) -> dict[str, Any]:
    """What the script draws. Times are Unix seconds."""
    return {
        "begins": _seconds(window.begins_at),
        "ends": _seconds(window.ends_at),
        "bakes": [[_seconds(bake.begins_at), _seconds(bake.ends_at)] for bake in window.bakes],
        "marks": [{"at": _seconds(mark.at), "name": mark.name} for mark in window.marks],
        "charts": {
            chart.name: {
                "unit": chart.unit,
                "limit": chart.limit and {"value": chart.limit.value, "name": chart.limit.name},
                "series": [_drawn(each) for each in chart.series],
            }
            for chart in charts
        },
    }


def _drawn(series: Series) -> dict[str, Any]:
    return {
        "line": series.line.value,
        "name": series.name,
        "stepped": series.is_stepped,
        "x": [_seconds(at) for at, _ in series.points],
        "y": _rounded(series.points),
    }


def _rounded(points: Points) -> list[float | None]:
    return [None if value is None else float(f"{value:.4g}") for _, value in points]


def _seconds(at: datetime) -> int:
    return round(at.timestamp())


@cache
def _script() -> Markup:
    """The chart library and our own script, as one script."""
    return _as_it_is("vendor", f"{_UPLOT}.js") + Markup("\n") + _as_it_is("templates", "report.js")


@cache
def page_style() -> Markup:
    """The style of every page."""
    return (
        _as_it_is("vendor", f"{_UPLOT}.css") + Markup("\n") + _as_it_is("templates", "report.css")
    )


def _as_it_is(*path: str) -> Markup:
    # Our own files, which hold no text of others.
    return Markup(files("switchover.web").joinpath(*path).read_text("utf-8"))  # noqa: S704


def style_policy(style: str) -> str:
    """The policy of a page that runs no script and shows no image."""
    return f"default-src 'none'; style-src {_digest(style)}; base-uri 'none'; form-action 'none'"


def _policy(script: str, style: str) -> str:
    return f"{style_policy(style)}; script-src {_digest(script)}; img-src data:"


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
