"""Every update that has ended leaves a page, and none is held up by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from tests.stories.test_stories_golden import CHAT, put_golden
from tests.support.reports import png
from tests.support.stand_ins import PassesOn

from switchover_local.twin.scenario import Behaviour

if TYPE_CHECKING:
    from tests.support.world import World

SLOW = Behaviour(latency_us=20_000_000)


@dataclass
class RefusesToKeep(PassesOn):
    """S3, which takes no object."""

    code: str = "SlowDown"

    def put_object(self, **_asked: Any) -> Any:
        raise ClientError({"Error": {"Code": self.code, "Message": "no"}}, "PutObject")


def pages(world: World) -> dict[str, str]:
    """Every report that lies in the bucket, by its key."""
    listed = world.s3.list_objects_v2(Bucket=world.bucket, Prefix="reports/")
    keys = [entry["Key"] for entry in listed.get("Contents", ())]
    return {
        key: world.s3.get_object(Bucket=world.bucket, Key=key)["Body"].read().decode()
        for key in keys
    }


def last_message(world: World) -> str:
    return str(world.outlets.messages[-1]["Message"])


def test_an_update_that_is_rolled_back_leaves_its_page(world: World) -> None:
    world.put_policy("strategy: canary")
    world.twin.set_behaviour("*/v2/", SLOW)
    world.offer()

    end = world.run()

    [(key, page)] = pages(world).items()
    update_id = world.update().update_id
    assert end.state == "RolledBack"
    assert key == f"reports/vlm/{update_id}.html"
    assert "⚑" in page
    assert '"name": "latency red"' in page
    assert f"Report: switchover report {update_id}" in last_message(world)


def test_a_page_shows_the_answers_of_both_versions_and_the_image_that_was_sent(
    world: World,
) -> None:
    put_golden(world, {**CHAT, "expect": {}})
    world.s3.put_object(Bucket=world.bucket, Key="golden/images/sign.png", Body=png())
    world.twin.set_behaviour("*/v2/", Behaviour(reply="It says STOP."))
    world.twin.set_behaviour("*/v3/", Behaviour(reply="It says HALT."))
    world.offer("v2")
    world.run()
    world.offer("v3")

    second = world.run()

    page = pages(world)[f"reports/vlm/{world.update(second).update_id}.html"]
    assert "“It says STOP.”" in page
    assert "“It says HALT.”" in page
    assert "data:image/png;base64," in page


def test_an_update_that_is_rejected_leaves_its_page(world: World) -> None:
    world.offer(files={})

    world.run()

    [page] = pages(world).values()
    assert "model.file-missing" in page
    assert "nothing to measure" in page


def test_a_recovery_leaves_the_page_of_the_update_that_it_ends(world: World) -> None:
    world.offer()
    stopped = world.run_to("AwaitOutcome")
    world.stepfunctions.stop_execution(executionArn=stopped.arn)

    world.run()

    assert list(pages(world)) == [f"reports/vlm/{world.update().update_id}.html"]


def test_an_update_that_only_waits_leaves_none(world: World) -> None:
    world.put_policy('window: {from: "22:00", to: "02:00", timezone: UTC}')
    world.offer(start="low-peak")

    world.run_to("Queued")

    assert pages(world) == {}


@pytest.mark.parametrize("code", ["SlowDown", "AccessDenied"])
def test_a_page_that_can_not_be_kept_is_told_as_missing_and_stops_nothing(
    world: World, code: str
) -> None:
    world.put_policy("strategy: all-at-once")
    world.offer()
    world.run_to("RecordOutcome")
    world.stand_ins["s3"] = RefusesToKeep(world.s3, code)

    end = world.run()

    assert end.state == "Updated"
    assert end.path.count("WriteReport") == 1
    assert "The report could not be written. Make it: switchover report" in last_message(world)


def test_a_function_that_fails_is_not_tried_again_and_people_are_told(world: World) -> None:
    world.put_policy("strategy: all-at-once")
    world.crash("WriteReport", times=9)
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    assert end.path.count("WriteReport") == 1
    assert [times.times for times in world.lambdas.crashes["WriteReport"]] == [8]
    assert "The report could not be written." in last_message(world)


def test_a_stack_that_makes_links_sends_one_for_a_time(world: World) -> None:
    world.lambdas.overrides["SWITCHOVER_REPORT_LINK_HOURS"] = "6"
    world.put_policy("strategy: all-at-once")
    world.offer()

    world.run()

    line = last_message(world).splitlines()[-1]
    assert line.startswith("Report, for 6 hours at most, for anybody with this link: https://")
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in line
    assert "X-Amz-Expires=21600" in line
