"""Why an update failed: the message to people and the screen of `switchover explain` for each bad end."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.clients import client
from tests.support.laptop import sit_down
from tests.support.scene import ENDPOINT, FIRST_CONFIG, INSTANCE_TYPE

from switchover_cli.app import main
from switchover_cli.exits import ExitCode
from switchover_local.twin.scenario import Behaviour, RollbackFailure, Scenario

if TYPE_CHECKING:
    from tests.stories.conftest import MakeWorld
    from tests.support.world import World

_QUICK = "strategy: all-at-once\n"
_SLOW = Behaviour(latency_us=20_000_000)
_ERRORS = Behaviour(server_error_rate=0.7)
_GROUP = f"/aws/sagemaker/Endpoints/{ENDPOINT}"


@pytest.fixture
def at_laptop(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wide, as `explain` is read in a terminal."""
    sit_down(world, monkeypatch)
    monkeypatch.setenv("COLUMNS", "140")


@pytest.fixture
def slow_update(world: World, monkeypatch: pytest.MonkeyPatch, at_laptop: None) -> World:
    """v2 answers in 20 s, was turned back, and its containers said why."""
    world.put_policy(_QUICK)
    world.twin.set_behaviour("*/v2/", _SLOW)
    world.stand_ins["logs"] = _Logs(world, "RuntimeError: CUDA out of memory")
    world.offer()
    world.run()
    return world


class _Logs:
    """The log of one instance that comes up with the update."""

    def __init__(self, world: World, *lines: str) -> None:
        self._world = world
        self._lines = lines

    def get_paginator(self, _operation: str) -> _Logs:
        return self

    def paginate(self, **_request: str) -> list[dict[str, Any]]:
        begun = round(self._world.update().started_at.timestamp() * 1000) + 60_000
        stream = {"logStreamName": "AllTraffic/i-0new", "creationTime": begun}
        return [{"logStreams": [stream]}]

    def get_log_events(self, **request: Any) -> dict[str, Any]:
        events = [{"timestamp": request["startTime"], "message": line} for line in self._lines]
        return {"events": events, "nextBackwardToken": "b/end"}


def text_of_last(world: World) -> str:
    return str(world.outlets.messages[-1]["Message"])


def test_an_alarm_is_told_with_datapoints_limit_fleet_and_time(slow_update: World) -> None:
    update = slow_update.update()
    latency, *others = update.found.evidence.alarms

    text = text_of_last(slow_update)

    assert len(text.splitlines()) <= 12
    assert latency.at is not None
    assert [other.fleet for other in others if other.at == latency.at] == ["both fleets"]
    assert re.search(
        f"Why: alarm latency: went red at {latency.at:%H:%M:%S} UTC:"
        r" Average ModelLatency of the new fleet \d\d\.\d s, \d\d\.\d s",
        text,
    ), text
    assert "(red above " in text
    assert "SageMaker says: " in text
    assert "Container log: “RuntimeError: CUDA out of memory”" in text
    assert f"Serves now: v1 ({FIRST_CONFIG}), 4 instances (at " in text
    assert "v2 is marked bad" in text


def test_the_event_carries_the_datapoints(slow_update: World) -> None:
    [event] = [
        json.loads(entry["Detail"])
        for entry in slow_update.outlets.events
        if entry["DetailType"] == "Update RolledBack"
    ]

    trip = event["evidence"]["alarms"][0]
    assert trip["fleet"] == "new fleet"
    assert trip["datapoints"][0]["value"] == pytest.approx(20_000_000, rel=0.2)
    assert event["serving"]["config_name"] == FIRST_CONFIG


def test_explain_shows_all_of_it(slow_update: World, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(("explain", slow_update.update().update_id))

    shown = capsys.readouterr().out
    assert code == ExitCode.DONE
    assert "RolledBack" in shown
    assert "■■■■■■■■■■■■■■■│■" in shown
    assert "Average ModelLatency, red above" in shown
    assert "AllTraffic/i-0new  RuntimeError: CUDA out of memory" in shown
    assert f"aws logs tail {_GROUP}" in shown
    assert f"now:  v1 ({FIRST_CONFIG}), 4 instances" in shown
    assert "switchover start --endpoint vlm --version v2" in shown


def test_explain_of_an_endpoint_is_of_its_last_update(
    slow_update: World, capsys: pytest.CaptureFixture[str]
) -> None:
    main(("explain", ENDPOINT, "--json"))

    told = json.loads(capsys.readouterr().out)
    assert told["update"]["update_id"] == slow_update.update().update_id
    assert told["serves_now"]["version"] == "v1"
    assert told["evidence"]["log"]["lines"][0]["stream"] == "AllTraffic/i-0new"
    assert told["next_steps"]


def test_what_serves_is_asked_anew_and_shown_beside_what_was_recorded(
    slow_update: World, capsys: pytest.CaptureFixture[str]
) -> None:
    slow_update.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=ENDPOINT,
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 5}],
    )
    slow_update.clock.advance(1800)

    main(("explain", ENDPOINT))

    shown = capsys.readouterr().out
    assert f"now:  v1 ({FIRST_CONFIG}), 5 instances" in shown
    assert f"then: v1 ({FIRST_CONFIG}), 4 instances" in shown


@pytest.mark.usefixtures("slow_update")
def test_nobody_known_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(("explain", "nobody"))

    assert code == ExitCode.USAGE
    assert "List the known endpoints: switchover history" in capsys.readouterr().err


def test_an_update_without_any_log_ends_as_it_would_and_says_so(world: World) -> None:
    world.put_policy(_QUICK)
    world.twin.set_behaviour("*/v2/", _ERRORS)
    world.offer()

    end = world.run()

    assert end.state == "RolledBack"
    assert world.update().found.evidence.log.note == "there is no container log."
    assert "Container log" not in text_of_last(world)
    assert "rate of Invocation" in text_of_last(world)


def test_a_wrong_answer_is_told_with_what_the_containers_printed(world: World) -> None:
    world.put_policy(f"{_QUICK}tests: {{golden: golden/vlm.jsonl}}")
    world.twin.set_behaviour("*/v2/", Behaviour(reply="I am somebody else"))
    world.s3.put_object(
        Bucket=world.bucket,
        Key="golden/vlm.jsonl",
        Body=b'{"name": "say", "body": {}, "expect": {"matches": "This is v2"}}',
    )
    world.stand_ins["logs"] = _Logs(world, "ERROR tokenizer not loaded")
    world.offer()

    end = world.run()

    assert end.state == "RolledBack"
    text = text_of_last(world)
    assert "I am somebody else" in text
    assert "Container log: “ERROR tokenizer not loaded" in text


def test_a_mix_that_stays_names_the_commands_to_choose_from(make_world: MakeWorld) -> None:
    world = make_world(Scenario(faults=(RollbackFailure(times=9),)))
    world.twin.set_behaviour("*/v2/", Behaviour(unhealthy_from_instance=3))
    world.offer()
    world.run_to("AwaitOutcome")
    world.clock.run_until(
        lambda: world.look()["EndpointStatus"] == "UpdateRollbackFailed", 4 * 3600
    )
    world.twin.change_scenario(capacity={INSTANCE_TYPE: 0})

    end = world.run()

    assert end.state == "NeedsOperator"
    update, text = world.update(), text_of_last(world)
    assert update.plan is not None
    assert "Serves now: a mix of configs" in text
    assert f"--endpoint-config-name {FIRST_CONFIG} " in text
    assert f"--endpoint-config-name {update.plan.target.config} " in text
    assert len(text.splitlines()) <= 12


def test_a_previous_model_that_is_gone_leaves_the_endpoint_as_it_is_for_a_person(
    world: World,
) -> None:
    world.put_policy("watch_seconds: 1h\nstrategy: all-at-once")
    world.offer()
    world.run_to("WatchUpdated")
    world.sagemaker.delete_endpoint_config(EndpointConfigName=FIRST_CONFIG)
    world.sagemaker.delete_model(ModelName=FIRST_CONFIG)
    world.twin.set_behaviour("*/v2/", _ERRORS)

    end = world.run()

    update = world.update()
    assert end.state == "NeedsOperator"
    assert update.plan is not None
    assert world.serving == update.plan.target.config
    assert f"Serves now: v2 ({update.plan.target.config})" in text_of_last(world)
    assert "The rollback failed: AWS refused: Could not find model" in text_of_last(world)


def test_a_previous_config_that_is_broken_itself_calls_a_person(world: World) -> None:
    """Its instances come up no more: SageMaker keeps what serves, and so do we."""
    world.put_policy("watch_seconds: 1h\nstrategy: all-at-once")
    world.offer()
    world.run_to("WatchUpdated")
    world.twin.set_behaviour("*/v1/", Behaviour(unhealthy_from_instance=1))
    world.twin.set_behaviour("*/v2/", _ERRORS)

    end = world.run()

    update, text = world.update(), text_of_last(world)
    assert end.state == "NeedsOperator"
    assert update.plan is not None
    assert world.serving == update.plan.target.config
    assert f"Serves now: v2 ({update.plan.target.config})" in text
    assert "Next: " in text


def test_logs_are_read_through_the_products_own_client(world: World) -> None:
    """There is no log group, as where nobody ever wrote."""
    client("logs").create_log_group(logGroupName=_GROUP)
    world.put_policy(_QUICK)
    world.twin.set_behaviour("*/v2/", _ERRORS)
    world.offer()

    world.run()

    assert world.update().found.evidence.log.note == "the new fleet's containers wrote nothing."
