"""The situations that the twin's switches decide, and what is to be seen of each afterwards."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tests.support.scene import ENDPOINT, INSTANCE_TYPE, VARIANT, put_alarm

from switchover_local.twin.cloudwatch.alarm_rules import StateValue
from switchover_local.twin.scenario import Behaviour, RollbackFailure
from switchover_local.twin.wire.refusals import Refusal

if TYPE_CHECKING:
    from tests.support.world import World

    from switchover.domain.update.update import Update


# What happens


def offer_canary(world: World) -> None:
    world.put_policy("strategy: canary")
    world.offer()


def offer_canary_of_40_percent(world: World) -> None:
    world.put_policy("strategy: canary\ncanary: {percent: 40}")
    world.offer()


def offer_linear(world: World) -> None:
    world.put_policy("strategy: linear")
    world.offer()


def offer_bad_canary(world: World) -> None:
    world.twin.set_behaviour("*/v2/", Behaviour(server_error_rate=0.7))
    offer_canary(world)


def offer_what_never_gets_healthy(world: World) -> None:
    world.twin.set_behaviour("*/v2/", Behaviour(unhealthy_from_instance=1))
    world.offer()


def offer_what_outlasts_its_deadline(world: World) -> None:
    world.put_policy("deadline_seconds: 1900\nready_seconds: 200")
    world.twin.set_behaviour("*/v2/", Behaviour(download_seconds=1500))
    world.offer()


def offer_bad_to_few(world: World) -> None:
    """Every answer is an error, and every other minute or so somebody asks for one."""
    world.put_policy("strategy: all-at-once\ntermination_wait_seconds: 30m")
    world.twin.set_behaviour("*/v2/", Behaviour(server_error_rate=1))
    world.load.stop()
    _ask_now_and_then(world)
    world.offer()


def _ask_now_and_then(world: World) -> None:
    with suppress(Refusal):
        world.twin.invoke(ENDPOINT)
    world.clock.call_later(100, lambda: _ask_now_and_then(world))


def offer_under_a_name_in_another_case(world: World) -> None:
    world.offer(endpoint=ENDPOINT.upper())


def ask_with_a_body_of_7_mb(world: World) -> None:
    world.s3.put_object(Bucket=world.bucket, Key="golden/scan.png", Body=bytes(7_000_000))
    world.s3.put_object(
        Bucket=world.bucket,
        Key="golden/vlm.jsonl",
        Body=b'{"name": "a large scan", "body_file": "scan.png"}',
    )
    world.put_policy("tests: {golden: golden/vlm.jsonl}\nguard: {min_requests: 0}")
    world.offer()


def turn_red_just_before_the_start(world: World) -> None:
    _guard_with(world, "business", also="business")
    world.run_to("IsProtected")
    # Below the API: any request would let the clock, and so the start, go first.
    world.twin.alarms.set_state("business", StateValue.ALARM, "refunds everywhere")


def lose_an_alarm_just_before_the_start(world: World) -> None:
    _guard_with(world, "business", also="business")
    world.run_to("IsProtected")
    world.twin.alarms.delete(["business"])


def turn_a_composite_red_in_the_bake(world: World) -> None:
    put_alarm(world, "business")
    world.cloudwatch.put_composite_alarm(AlarmName="whole", AlarmRule='ALARM("business")')
    world.put_policy("strategy: canary\nalarms: {also: [whole]}")
    world.offer()
    run_to_bake(world)
    world.twin.alarms.set_state("business", StateValue.ALARM, "refunds everywhere")


def stop_in_the_bake(world: World) -> None:
    offer_canary(world)
    run_to_bake(world)
    world.stepfunctions.stop_execution(executionArn=world.executions[0].arn)


def have_no_instance_to_leave_a_mix_with(world: World) -> None:
    world.twin.inject(RollbackFailure())
    world.twin.set_behaviour("*/v2/", Behaviour(unhealthy_from_instance=3))
    world.offer()
    world.run_to("AwaitOutcome")
    world.clock.run_until(lambda: "UpdateRollbackFailed" in statuses(world), 4 * 3600)
    world.twin.change_scenario(capacity={INSTANCE_TYPE: 0})


def go_back_to_other_hardware(world: World) -> None:
    world.offer()
    world.run()
    _move_by_hand(world, "ml.g6e.4xlarge")
    world.capacity_before = world.capacity()
    world.start("back-1", rollback=ENDPOINT, reason="customers complain")


def _move_by_hand(world: World, instance_type: str) -> None:
    """Somebody moves the endpoint to other hardware, its scaling taken off and put back."""
    where = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{ENDPOINT}/variant/{VARIANT}",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    config = world.sagemaker.describe_endpoint_config(EndpointConfigName=world.serving)
    (variant,) = config["ProductionVariants"]
    world.sagemaker.create_endpoint_config(
        EndpointConfigName="by-hand",
        ProductionVariants=[{**variant, "InstanceType": instance_type}],
    )
    world.scaling.deregister_scalable_target(**where)
    world.sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName="by-hand")
    world.clock.advance(3600)
    world.scaling.register_scalable_target(**where, MinCapacity=1, MaxCapacity=8)


def _guard_with(world: World, name: str, *, also: str) -> None:
    put_alarm(world, name)
    world.put_policy(f"strategy: canary\nalarms: {{also: [{also}]}}")
    world.traces_before = world.traces()
    world.offer()


def run_to_bake(world: World) -> None:
    """Let time pass until the canary bakes; an hour, if it was refused."""
    world.clock.run_until(lambda: _stage(world) == "Baking", 3600)


# What is to be seen


def statuses(world: World) -> tuple[str, ...]:
    """What the endpoint went through since the offer, in order."""
    since = world.executions[0].started_at if world.executions else world.clock.now()
    return tuple(t.status for t in world.twin.transitions(ENDPOINT) if t.at >= since)


def _stage(world: World) -> str:
    """Where the new fleet is."""
    pending = world.look().get("PendingDeploymentSummary", {})
    (variant,) = pending.get("ProductionVariants", [{}])
    (status,) = variant.get("VariantStatus", [{}])
    return str(status.get("Status"))


def reason(world: World) -> str:
    """What SageMaker said, and the product kept."""
    return world.update().found.evidence.failure_reason


def refusal(world: World) -> str:
    """How the product tells of SageMaker's refusal of the way back."""
    (reason,) = last_update(world).reasons
    return reason.message.removeprefix("AWS refused: ").partition(" deregistered")[0].rstrip(".")


def codes_of_last(world: World) -> list[str]:
    """The codes of its reasons."""
    return [reason.code for reason in last_update(world).reasons]


def last_update(world: World) -> Update:
    """The update told of last; a stopped one is finished by another execution."""
    return max(_updates(world), key=lambda update: update.started_at)


def _updates(world: World) -> list[Update]:
    found = (world.ledger.find(execution.name) for execution in world.executions)
    return [update for update in found if update is not None]


def updating_seconds(world: World) -> float:
    """How long SageMaker took for the update."""
    began, ended = [
        t for t in world.twin.transitions(ENDPOINT) if t.at >= world.executions[0].started_at
    ]
    return (ended.at - began.at).total_seconds()


def most_serving_in_the_bake(world: World) -> int:
    """The most instances that traffic reached while a canary served beside the old fleet."""
    counts = world.twin.instances(ENDPOINT)
    return max(c.serving for c in counts if 0 < c.new_serving < c.old_total)


def _sent_policy(world: World) -> dict[str, Any]:
    policy: dict[str, Any] = world.describe()["LastDeploymentConfig"]["BlueGreenUpdatePolicy"]
    return policy


def sent_canary(world: World) -> object:
    """The canary's size that UpdateEndpoint was told: nothing is left to be rounded."""
    return _sent_policy(world)["TrafficRoutingConfiguration"]["CanarySize"]


def has_own_deadline(world: World) -> bool:
    """Whether UpdateEndpoint was told a deadline: then no default matters."""
    return "MaximumExecutionTimeoutInSeconds" in _sent_policy(world)


def was_woken_at_the_end(world: World) -> bool:
    """Whether an event told the product that the endpoint is in service; else it had to look."""
    told = [payload for name, payload in world.lambdas.calls if name == "WakeUpdateFunction"]
    return any(payload["detail"].get("EndpointStatus") == "IN_SERVICE" for payload in told)


def has_host_metrics_by_config(world: World) -> bool:
    pages = world.cloudwatch.get_paginator("list_metrics").paginate(
        Namespace="/aws/sagemaker/Endpoints", Dimensions=[{"Name": "EndpointConfigName"}]
    )
    return any(page["Metrics"] for page in pages)
