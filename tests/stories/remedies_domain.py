"""Situations in which an update's own reasons, advice and messages print a command."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from tests.stories.remedies import DOMAIN, EXPLAIN, prints
from tests.stories.remedies_helps import (
    in_flight,
    last_is_updated,
    lose_a_stopped_record,
    message_of,
    nothing_holds,
    remedies_of,
    serves_first,
    serves_v2,
)
from tests.stories.test_stories_endpoint_policy import redeploy, share
from tests.support.laptop import deployment_of
from tests.support.losing import lose_update
from tests.support.scene import ENDPOINT, FIRST_CONFIG

from switchover.domain.adoption import Adoption, check_adoption
from switchover.domain.outcome import Ending, Outcome, _unexplained
from switchover.domain.queueing import Claim
from switchover.domain.recovering import given_up
from switchover_cli.exits import ExitCode

if TYPE_CHECKING:
    from tests.stories.remedies import Desk


_ABORTING = f"{DOMAIN}/aborting.py"


@prints(_ABORTING, "switchover rollback {}", helps=serves_first)
def an_abort_comes_when_all_is_confirmed(desk: Desk) -> str:
    desk.world.offer("v2")
    desk.world.run_to("RestoreCapacity")
    return desk.type("abort", ENDPOINT, "--reason", "because")


@prints(_ABORTING, "switchover watch {}", ends=ExitCode.ROLLED_BACK, helps=serves_first)
def an_abort_comes_twice(desk: Desk) -> str:
    in_flight(desk)
    desk.type("abort", ENDPOINT, "--reason", "because", "--no-watch")
    return desk.type("abort", ENDPOINT, "--reason", "because")


def _another_goal(desk: Desk) -> str:
    desk.world.offer("v2")
    desk.world.run()
    desk.world.offer("v3")
    desk.world.run_to("AwaitOutcome", 1)
    return desk.type("rollback", ENDPOINT, "--to", "v1")


@prints(_ABORTING, "switchover abort {} --reason '…'", helps=serves_v2)
def a_rollback_further_than_an_abort_leads(desk: Desk) -> str:
    return _another_goal(desk)


@prints(_ABORTING, "switchover rollback {}{}", helps=serves_first)
def a_rollback_further_than_an_abort_leads_in_two_steps(desk: Desk) -> str:
    told = _another_goal(desk)
    desk.type("abort", ENDPOINT, "--reason", "because")
    return told


@prints(f"{DOMAIN}/adoption.py", "switchover watch {}", shows="Updated")
def adopted_while_an_update_runs(desk: Desk) -> str:
    in_flight(desk)
    return desk.type("adopt", ENDPOINT)


@prints(f"{DOMAIN}/adoption.py", "switchover status {}", shows="-v2-")
def adopted_what_serves_no_more(desk: Desk) -> str:
    world = desk.world
    wish = Adoption(
        endpoint=ENDPOINT, version="v1", config_name=FIRST_CONFIG, reason="", at=world.clock.now()
    )
    world.offer("v2")
    world.run()
    deployment = deployment_of(world)
    served = deployment.ledger.served(ENDPOINT)
    (moved, *_) = check_adoption(wish, deployment.sagemaker.read(ENDPOINT), served, None)
    return moved.remedy


@prints(f"{DOMAIN}/golden/assessing.py", "switchover test ENDPOINT", shows="say")
def a_golden_request_is_not_measured(desk: Desk) -> str:
    world = desk.world
    golden = b'{"name": "say", "body": {}, "expect": {"matches": "This is"}}'
    world.s3.put_object(Bucket=world.bucket, Key="golden/vlm.jsonl", Body=golden)
    world.put_policy("strategy: all-at-once\ntests: {golden: golden/vlm.jsonl}")
    events = world.client("sagemaker-runtime").meta.events
    events.register_first("before-call.sagemaker-runtime.InvokeEndpoint", _deny)
    world.offer("v2")
    world.run_to("RequestPromotion")
    world.clock.advance(60)
    events.unregister("before-call.sagemaker-runtime.InvokeEndpoint", _deny)
    return desk.type("status", ENDPOINT)


@prints(f"{DOMAIN}/outcome.py", "switchover explain {}", shows="Timeline")
def an_ending_brings_no_reason(desk: Desk) -> str:
    desk.world.offer("v2")
    desk.world.run()
    reading = deployment_of(desk.world).sagemaker.read(ENDPOINT)
    return _unexplained(Ending(verdict="other"), reading).remedy


@prints(f"{DOMAIN}/checks/checklist.py", "switchover watch {}", shows="Updated")
def the_checklist_names_a_dashboard(desk: Desk) -> str:
    desk.world.offer("v2", is_told=False)
    told = desk.type("plan", "--endpoint", ENDPOINT, "--version", "v2")
    desk.type("start", "--endpoint", ENDPOINT, "--version", "v2")
    desk.world.clock.advance(60)
    return told


@prints(f"{DOMAIN}/joining.py", "switchover explain {}", shows="Updated")
def the_same_is_offered_twice(desk: Desk) -> str:
    in_flight(desk)
    desk.world.offer("v2", reason="once more")
    desk.world.run()
    return remedies_of(desk.world.update(desk.world.executions[1]))


def _lose_the_record(desk: Desk, state: str) -> str:
    world = desk.world
    world.put_policy("strategy: all-at-once\nwatch_seconds: 10m")
    world.offer("v2")
    stopped = world.run_to(state)
    lose_update(world, stopped.name)
    world.stepfunctions.stop_execution(executionArn=stopped.arn)
    world.run()
    return remedies_of(world.ledger.update(stopped.name))


@prints(f"{DOMAIN}/lost.py", "switchover status {}", shows="NeedsOperator")
def the_record_is_lost(desk: Desk) -> str:
    return _lose_the_record(desk, "ProtectCapacity")


@prints(f"{DOMAIN}/lost.py", "switchover rollback {} --reason 'record lost'", helps=serves_first)
def the_record_is_lost_and_no_tag_tells_what_served_before(desk: Desk) -> str:
    desk.type("adopt", ENDPOINT)
    desk.monkeypatch.setattr("switchover.steps.leftovers.PREVIOUS_TAG", "unheard-of")
    return _lose_the_record(desk, "WatchUpdated")


@prints(
    f"{DOMAIN}/policies/overrides.py",
    "switchover start --endpoint … --version … --hotfix --reason '…'",
    helps=last_is_updated,
    filled={"--endpoint …": "--endpoint vlm", "--version …": "--version v2"},
)
def a_release_calls_itself_a_hotfix(desk: Desk) -> str:
    desk.world.offer("v2", hotfix=True, reason="v1 fails")
    desk.world.run()
    return remedies_of(desk.world.update())


@prints(f"{DOMAIN}/queue_reasons.py", "switchover rollback {}{}", helps=serves_first)
def a_rollback_from_the_console_while_an_update_runs(desk: Desk) -> str:
    in_flight(desk)
    tried = desk.world.start("back", rollback=ENDPOINT)
    desk.world.clock.advance(30)
    return remedies_of(desk.world.update(tried))


@prints(f"{DOMAIN}/queue_reasons.py", "switchover start --endpoint {} --version {}")
def something_newer_takes_the_place(desk: Desk) -> str:
    world = desk.world
    world.put_policy('strategy: all-at-once\nwindow: {from: "22:00", to: "02:00", timezone: UTC}')
    world.offer("v2")
    world.clock.advance(60)
    world.offer("v3")
    world.run()
    world.clock.advance(24 * 3600)
    assert world.update().outcome is Outcome.SUPERSEDED
    return remedies_of(world.update())


@prints(f"{DOMAIN}/recovering.py", "switchover unclaim {} --reason '…'", helps=nothing_holds)
def recoveries_are_given_up(desk: Desk) -> str:
    desk.world.crash("CleanUp", times=10_000)
    desk.world.crash("StartQueued", times=10_000)
    in_flight(desk)
    desk.world.executions[0].abort()
    claim = desk.world.ledger.claim(ENDPOINT)
    assert isinstance(claim, Claim)
    return given_up(claim).remedy


@prints(f"{EXPLAIN}/advice.py", "switchover queue {}", shows="v2")
def it_waits_for_its_window(desk: Desk) -> str:
    desk.world.put_policy('window: {from: "22:00", to: "02:00", timezone: UTC}')
    desk.world.offer("v2")
    desk.world.clock.advance(60)
    return desk.type("explain", ENDPOINT)


def _serve_what_others_made(desk: Desk) -> str:
    world = desk.world
    config = world.sagemaker.describe_endpoint_config(EndpointConfigName=FIRST_CONFIG)
    world.sagemaker.create_endpoint_config(
        EndpointConfigName="by-hand", ProductionVariants=config["ProductionVariants"]
    )
    world.put_policy("strategy: all-at-once\nwatch_seconds: 30m")
    world.offer("v2")
    world.run_to("WatchUpdated")
    world.sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName="by-hand")
    world.run()
    assert world.update().outcome is Outcome.NEEDS_OPERATOR
    return desk.type("explain", ENDPOINT)


@prints(f"{EXPLAIN}/advice.py", "switchover rollback {} --to {}", helps=serves_first)
def somebody_else_updates_meanwhile(desk: Desk) -> str:
    return _serve_what_others_made(desk)


@prints(f"{EXPLAIN}/advice.py", "switchover rollback {} --to VERSION", helps=serves_first)
def the_way_back_is_gone(desk: Desk) -> str:
    world = desk.world
    world.offer("v2")
    world.run()
    world.put_policy("strategy: all-at-once\nwatch_seconds: 30m")
    world.offer("v3")
    world.run_to("WatchUpdated", 1)
    events = world.sagemaker.meta.events
    events.register_first("before-call.sagemaker.UpdateEndpoint", _deny)
    desk.type("abort", ENDPOINT, "--reason", "because")
    events.unregister("before-call.sagemaker.UpdateEndpoint", _deny)
    return desk.type("explain", ENDPOINT)


@prints(
    f"{EXPLAIN}/advice.py",
    "switchover explain {}",
    shows="aws sagemaker put-endpoint-policy",
)
def a_resource_policy_is_lost(desk: Desk) -> str:
    world = desk.world
    share(world)
    events = world.sagemaker.meta.events
    events.register_first("before-call.sagemaker.PutEndpointPolicy", _deny)
    redeploy(world)
    events.unregister("before-call.sagemaker.PutEndpointPolicy", _deny)
    return message_of(world)


def _deny(**_: object) -> tuple[SimpleNamespace, dict[str, Any]]:
    error = {"Code": "AccessDeniedException", "Message": "not authorized"}
    return SimpleNamespace(status_code=400), {"Error": error, "ResponseMetadata": {}}


@prints(f"{DOMAIN}/unreadable.py", "switchover status {}", shows="NeedsOperator")
def a_record_cannot_be_read_any_more(desk: Desk) -> str:
    lose_a_stopped_record(desk)
    desk.type("unclaim", ENDPOINT, "--reason", "because")
    desk.world.run()
    return remedies_of(desk.world.update())


@prints(f"{DOMAIN}/unreadable.py", "switchover unclaim {} --reason '…'", helps=nothing_holds)
def a_record_that_cannot_be_read_holds(desk: Desk) -> str:
    lose_a_stopped_record(desk)
    found = desk.world.ledger.find(desk.world.executions[0].name)
    assert found is not None
    return remedies_of(found)
