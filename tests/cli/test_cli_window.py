"""`switchover window`: an endpoint's week, as people and machines read it."""

from __future__ import annotations

import json
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console
from tests.support.quiet_traffic import record_invocations
from tests.support.staging import Staging

from switchover_cli.deployment import Deployment
from switchover_cli.errors import Misused, Refused
from switchover_cli.screens.week import draw_outlook
from switchover_cli.windows.outlook import read_outlook, record_outlook

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NIGHTS = """
window: {days: [mon, tue, wed, thu, fri], from: '22:00', to: '05:00', timezone: UTC}
freezes:
  - {from: 2026-01-06, to: 2026-01-06, reason: Epiphany}
  - {from: 2025-01-01, to: 2025-01-02, reason: long over}
"""


class TwinSession:
    """A session whose SageMaker and CloudWatch are the twin's."""

    def __init__(self, staging: Staging, s3: S3Client) -> None:
        self._clients = {
            "sagemaker": staging.sagemaker,
            "cloudwatch": staging.cloudwatch,
            "s3": s3,
        }

    def client(self, service: str, **_: object) -> Any:
        """The client of a service."""
        return self._clients[service]


@pytest.fixture
def staging() -> Staging:
    return Staging().begin()


@pytest.fixture
def deployment(staging: Staging, s3: S3Client) -> Deployment:
    return Deployment(
        session=TwinSession(staging, s3),  # type: ignore[arg-type]
        table="ledger",
        bucket="models",
        state_machine_arn="arn:aws:states:us-east-1:000000000000:stateMachine:update",
    )


def write_policy(s3: S3Client, text: str) -> None:
    s3.put_object(Bucket="models", Key="policies/demo.yaml", Body=text.encode())


def drawn(deployment: Deployment) -> list[str]:
    text = StringIO()
    console = Console(file=text, width=100, color_system=None)
    console.print(draw_outlook(read_outlook(deployment, "demo")))
    return [line.rstrip() for line in text.getvalue().splitlines()]


def test_the_week_shows_traffic_by_shade_and_the_window_by_brackets(
    deployment: Deployment, staging: Staging, s3: S3Client
) -> None:
    record_invocations(staging, "demo")
    write_policy(s3, NIGHTS)

    lines = drawn(deployment)

    [monday] = [line for line in lines if line.startswith("  mon ")]
    [sunday] = [line for line in lines if line.startswith("  sun ")]
    assert monday.count("[") == 1
    assert monday.index("[") == 6 + 22 * 3
    assert monday.endswith("›")
    assert "‹" not in monday
    # Nobody asks at three, and most do at three in the afternoon.
    assert monday[7 + 3 * 3 : 9 + 3 * 3] == "··"
    assert monday[7 + 15 * 3 : 9 + 15 * 3] == "██"
    assert not {"[", "]"} & set(sunday)


def test_an_opening_goes_on_in_the_row_of_the_next_day(
    deployment: Deployment, staging: Staging, s3: S3Client
) -> None:
    write_policy(s3, NIGHTS)

    lines = drawn(deployment)

    [saturday] = [line for line in lines if line.startswith("  sat ")]
    assert saturday[6] == "‹"
    assert saturday.index("]") == 6 + 5 * 3


def test_openings_and_freezes_ahead_are_listed_with_freezes_cut_out(
    deployment: Deployment, s3: S3Client
) -> None:
    write_policy(s3, NIGHTS)

    text = "\n".join(drawn(deployment))

    assert "Mon 2026-01-05 22:00 – Tue 2026-01-06 00:00" in text
    assert "Wed 2026-01-07 00:00 – Wed 2026-01-07 05:00" in text
    assert "Epiphany" in text
    assert "long over" not in text


def test_auto_marks_each_days_quietest_hours(
    deployment: Deployment, staging: Staging, s3: S3Client
) -> None:
    record_invocations(staging, "demo")
    write_policy(s3, "window: {auto: true, hours: 3}")

    lines = drawn(deployment)

    [tuesday] = [line for line in lines if line.startswith("  tue ")]
    assert (tuesday.index("["), tuesday.index("]")) == (6 + 2 * 3, 6 + 5 * 3)
    assert any("the quietest 3 h of each day" in line for line in lines)


def test_without_a_window_it_shows_what_auto_would_choose(
    deployment: Deployment, staging: Staging
) -> None:
    record_invocations(staging, "demo")

    lines = drawn(deployment)

    assert "no window: updates begin at once" in lines[1]
    assert any("[" in line for line in lines if line.startswith("  mon "))
    assert not any("next openings" in line for line in lines)


def test_a_declared_window_needs_no_traffic(deployment: Deployment, s3: S3Client) -> None:
    write_policy(s3, NIGHTS)

    lines = drawn(deployment)

    assert any("no invocations in the last 14 days" in line for line in lines)
    assert any(line.startswith("  mon ") and "[" in line for line in lines)
    assert any("next openings" in line for line in lines)


def test_without_window_and_traffic_there_is_no_map_to_draw(deployment: Deployment) -> None:
    lines = drawn(deployment)

    assert not any(line.startswith("  mon ") for line in lines)
    assert lines[-1] == "No freeze ahead."


def test_auto_without_traffic_is_refused_together_with_other_faults(
    deployment: Deployment, s3: S3Client
) -> None:
    write_policy(s3, "window: auto\nfreezes: [gone.ics]\n")

    with pytest.raises(Refused) as refused:
        read_outlook(deployment, "demo")

    assert [reason.code for reason in refused.value.reasons] == [
        "window.no-data",
        "freeze.calendar-missing",
    ]


def test_a_faulty_policy_is_refused_with_its_line(deployment: Deployment, s3: S3Client) -> None:
    write_policy(s3, "window: {from: '1:00', to: '2:00', timezone: Berlin}")

    with pytest.raises(Refused) as refused:
        read_outlook(deployment, "demo")

    assert "line 1: window.timezone" in refused.value.reasons[0].subject


def test_an_unknown_endpoint_is_a_misuse(deployment: Deployment) -> None:
    with pytest.raises(Misused, match="no endpoint 'nobody'"):
        read_outlook(deployment, "nobody")


def test_machines_read_windows_openings_and_means(
    deployment: Deployment, staging: Staging, s3: S3Client
) -> None:
    record_invocations(staging, "demo")
    write_policy(s3, NIGHTS)

    record = json.loads(record_outlook(read_outlook(deployment, "demo")).model_dump_json())

    assert record["windows"][0]["from"] == "22:00"
    assert (record["is_auto"], record["timezone"]) == (False, "UTC")
    assert record["openings"][0] == {
        "opens_at": "2026-01-05T22:00:00Z",
        "closes_at": "2026-01-06T00:00:00Z",
    }
    assert [freeze["reason"] for freeze in record["freezes"]] == ["Epiphany"]
    assert [len(row) for row in record["hourly_means"]] == 7 * [24]
    assert record["hourly_means"][0][3] == 0


@pytest.mark.parametrize("policy", ["", "window: {from: '22:00', to: '04:00', timezone: UTC}\n"])
def test_while_a_freeze_holds_the_screen_says_until_when(
    deployment: Deployment, s3: S3Client, policy: str
) -> None:
    write_policy(s3, f"{policy}freezes: [{{from: 2026-01-01, to: 2031-02-03, reason: sale}}]")

    told = drawn(deployment)

    assert "Frozen for more than a year: only a hotfix or a rollback may begin." in told
    assert not any("at once" in line for line in told)
