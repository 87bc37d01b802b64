"""How fast virtual time runs, and how many requests a second the twin answers.

    make bench

Prints medians of several runs, and writes nothing. Between machines, or between times, only the ratios
are comparable.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

import boto3
from rich.console import Console
from rich.table import Table
from tests.support.serving import serve_twin
from tests.support.staging import Staging, rolling

from switchover_local.twin.runtime.traffic import ConstantRate, Load
from switchover_local.twin.scenario import Scenario, Timings

if TYPE_CHECKING:
    from collections.abc import Callable

RUNS = 5
# Sixteen batches of one: launch 480 s, shift 10 s, bake 1270 s, terminate 30 s each = 7 h 57 min,
# just below SageMaker's limit for an update (28,800 s).
INSTANCES = 16
BAKE_SECONDS = 1270
REQUESTS = 500


@dataclass(frozen=True, slots=True)
class Row:
    """A measurement: its name, its unit per second, the value of each run."""

    name: str
    unit: str
    rates: tuple[float, ...]


def main() -> None:
    """Measure everything and print the table."""
    console = Console()
    with console.status("Measuring…"):
        rollouts = (
            measure("8 h rolling update, no traffic", "virtual s", lambda: roll_out(0)),
            measure("8 h rolling update, 1 request/s", "virtual s", lambda: roll_out(1)),
        )
        requests = (
            measure("request below the protocol", "requests", send_below_protocol),
            measure("InvokeEndpoint in process", "requests", invoke_in_process),
            measure("InvokeEndpoint over HTTP", "requests", invoke_over_http),
        )
    console.print(draw(rollouts))
    console.print(draw(requests))


def measure(name: str, unit: str, run: Callable[[], float]) -> Row:
    """Measure several times; `run` returns its rate per second."""
    return Row(name, unit, tuple(run() for _ in range(RUNS)))


def roll_out(requests_per_second: float) -> float:
    """Virtual seconds per real second of a rolling update under a load."""
    stage = Staging().begin(INSTANCES)
    if requests_per_second:
        rate = ConstantRate(requests_per_second)
        Load(stage.clock, stage.twin.invoke, "demo", rate).start()
    stage.update(rolling(1, wait=BAKE_SECONDS))
    began = time.perf_counter()
    virtual_seconds = stage.settle()
    real_seconds = time.perf_counter() - began
    if stage.twin.serving_config("demo") != "config-v2":
        raise AssertionError("the update that was measured didn't succeed")
    return virtual_seconds / real_seconds


def send_below_protocol() -> float:
    """Requests per second from a load generator."""
    twin = Staging().begin().twin
    return rate_of(lambda: twin.invoke("demo"))


def invoke_in_process() -> float:
    """Requests per second through boto3 and the whole protocol, without a socket."""
    runtime = Staging().begin().twin.client("sagemaker-runtime")
    return rate_of(lambda: invoke(runtime))


def invoke_over_http() -> float:
    """Requests per second through boto3 and a socket; the model's latency isn't waited for."""
    scenario = Scenario(timings=Timings(reply_hold_cap_seconds=0))
    with serve_twin(Staging(scenario).begin().twin) as url:
        runtime = boto3.client(
            "sagemaker-runtime",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - the twin takes any
        )
        return rate_of(lambda: invoke(runtime))


def invoke(runtime: Any) -> None:
    """Send one request and read its answer."""
    runtime.invoke_endpoint(EndpointName="demo", Body=b"{}")["Body"].read()


def rate_of(act: Callable[[], object]) -> float:
    """How often `act` can be done per second, one after the other."""
    act()
    began = time.perf_counter()
    for _ in range(REQUESTS):
        act()
    return REQUESTS / (time.perf_counter() - began)


def draw(rows: tuple[Row, ...]) -> Table:
    """Rows of one unit, each beside its ratio to the first."""
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("", min_width=31)
    table.add_column(f"{rows[0].unit} per second", justify="right")
    table.add_column("lowest – highest", justify="right")
    table.add_column("ratio", justify="right")
    for row in rows:
        table.add_row(
            row.name,
            f"{median(row.rates):,.0f}",
            f"{min(row.rates):,.0f} – {max(row.rates):,.0f}",
            f"{median(row.rates) / median(rows[0].rates):.2f}",
        )
    return table


if __name__ == "__main__":
    main()
