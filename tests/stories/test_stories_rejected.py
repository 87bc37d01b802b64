"""A release that can't work is refused with every reason, and the endpoint is unchanged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.expectations import assert_untouched, codes
from tests.support.offering import checkpoint, describe_release
from tests.support.scene import ENDPOINT, INSTANCE_TYPE

if TYPE_CHECKING:
    from tests.stories.conftest import MakeWorld
    from tests.support.world import World

_SHARD = "model-00001-of-00002.safetensors"


def _raw(**changes: Any) -> bytes:
    return json.dumps({**describe_release("v2", checkpoint(), ENDPOINT), **changes}).encode()


@pytest.mark.parametrize(
    ("raw", "code", "says"),
    [
        pytest.param(b"{not json", "release.not-json", "is not JSON", id="not-json"),
        pytest.param(
            _raw(colour="red"), "release.invalid", "unknown key 'colour'", id="unknown-key"
        ),
        pytest.param(_raw(prefix=7), "release.invalid", "7 is not accepted", id="wrong-type"),
        pytest.param(_raw(prefix="models"), "release.invalid", "must end with '/'", id="prefix"),
        pytest.param(_raw(files=[]), "release.invalid", "files", id="no-files"),
    ],
)
def test_a_faulty_release_is_rejected(world: World, raw: bytes, code: str, says: str) -> None:
    world.offer(raw=raw)

    end = world.run()

    update = assert_untouched(world)
    assert end.state == "Rejected"
    assert codes(update) == [code]
    assert says in str(update.reasons[0])
    assert "release.json" in update.reasons[0].subject


def _without_shard() -> dict[str, bytes]:
    return {path: content for path, content in checkpoint().items() if path != _SHARD}


def _shorter_shard() -> dict[str, bytes]:
    return {**checkpoint(), _SHARD: checkpoint()[_SHARD][:-10]}


def _other_shard() -> dict[str, bytes]:
    content = bytearray(checkpoint()[_SHARD])
    content[-1] ^= 1
    return {**checkpoint(), _SHARD: bytes(content)}


@pytest.mark.parametrize(
    ("files", "code"),
    [
        pytest.param(_without_shard(), "model.file-missing", id="missing-file"),
        pytest.param(_shorter_shard(), "model.size-differs", id="wrong-size"),
        pytest.param(_other_shard(), "model.checksum-differs", id="wrong-checksum"),
    ],
)
def test_a_faulty_model_is_rejected(world: World, files: dict[str, bytes], code: str) -> None:
    world.offer(files=files)

    end = world.run()

    update = assert_untouched(world)
    assert end.state == "Rejected"
    assert code in codes(update)
    assert any(_SHARD in reason.subject for reason in update.reasons)


@pytest.mark.parametrize(
    ("policy", "code", "says"),
    [
        pytest.param("colour: red", "policy.invalid", "unknown key 'colour'", id="unknown-key"),
        pytest.param("strategy: fast", "policy.invalid", "'fast'", id="unknown-strategy"),
        pytest.param("canary: {percent: 80}", "policy.invalid", "80", id="out-of-range"),
        pytest.param("watch_seconds: soon", "policy.invalid", "'soon'", id="wrong-type"),
        pytest.param("a: [", "policy.not-yaml", "is not YAML", id="not-yaml"),
        pytest.param("- x", "policy.invalid", "a list", id="not-a-mapping"),
        pytest.param("variant: Blue", "endpoint.variant-differs", "AllTraffic", id="variant"),
        pytest.param(
            "strategy: redeploy", "strategy.downtime-not-allowed", "redeploy", id="downtime"
        ),
        pytest.param(
            "rolling: {bake_seconds: 60}", "alarms.slower-than-bake", "60 s", id="short-bake"
        ),
        pytest.param(
            "deadline_seconds: 600", "timing.deadline-too-short", "600 s", id="short-deadline"
        ),
        pytest.param(
            "alarms: {also: [nobody-made-this]}", "alarm.missing", "does not exist", id="no-alarm"
        ),
        pytest.param(
            "tests: {golden: golden/none.jsonl}", "golden.missing", "does not exist", id="no-golden"
        ),
    ],
)
def test_a_policy_that_can_not_work_is_rejected(
    world: World, policy: str, code: str, says: str
) -> None:
    world.put_policy(policy)
    world.offer()

    end = world.run()

    update = assert_untouched(world)
    assert end.state == "Rejected"
    assert codes(update) == [code]
    assert says in str(update.reasons[0])


@pytest.mark.parametrize("strategy", ["rolling", "canary", "linear"])
def test_one_instance_can_not_be_split(make_world: MakeWorld, strategy: str) -> None:
    world = make_world(instances=1)
    world.put_policy(f"strategy: {strategy}")
    world.offer()

    end = world.run()

    assert end.state == "Rejected"
    assert codes(assert_untouched(world)) == ["strategy.fleet-too-small"]


def test_an_unknown_endpoint_is_rejected(world: World) -> None:
    world.offer(endpoint="nobody")

    end = world.run()

    update = assert_untouched_elsewhere(world)
    assert end.state == "Rejected"
    assert update == ["endpoint.unknown"]


def assert_untouched_elsewhere(world: World) -> list[str]:
    """The endpoint that exists is as it was; the codes of why the other wasn't updated."""
    assert world.traces() == world.traces_before
    assert world.ledger.claim("nobody") is None
    return codes(world.update())


def test_an_endpoint_that_is_busy_is_rejected(world: World) -> None:
    world.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=ENDPOINT,
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 5}],
    )
    world.offer()

    end = world.run()

    assert end.state == "Rejected"
    assert codes(world.update()) == ["endpoint.not-in-service"]
    assert world.config_names() == world.traces_before["configs"]
    assert world.alarm_names() == world.traces_before["alarms"]
    assert world.ledger.claim(ENDPOINT) is None


def test_a_red_alarm_of_the_policy_is_named(world: World) -> None:
    world.cloudwatch.put_metric_alarm(
        AlarmName="business",
        Namespace="Shop",
        MetricName="Refunds",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
    )
    world.cloudwatch.set_alarm_state(
        AlarmName="business", StateValue="ALARM", StateReason="refunds everywhere"
    )
    world.traces_before = world.traces()
    world.put_policy("alarms: {also: [business]}")
    world.offer()

    end = world.run()

    update = assert_untouched(world)
    assert end.state == "Rejected"
    assert codes(update) == ["alarm.already-red"]
    assert "refunds everywhere" in str(update.reasons[0])


def test_a_quota_that_is_too_low_is_named(world: World) -> None:
    world.twin.change_scenario(quotas={INSTANCE_TYPE: 5})
    world.offer()

    end = world.run()

    assert end.state == "Rejected"
    assert codes(assert_untouched(world)) == ["quota.too-low"]


def test_every_reason_is_told_at_once(world: World) -> None:
    world.put_policy("strategy: redeploy\nvariant: Blue")
    world.offer(files=_without_shard())

    world.run()

    assert {
        "model.file-missing",
        "endpoint.variant-differs",
        "strategy.downtime-not-allowed",
    } <= set(codes(assert_untouched(world)))


def test_the_version_that_serves_is_not_updated_again(world: World) -> None:
    world.s3.delete_object(Bucket=world.bucket, Key=f"models/{ENDPOINT}/v1/model.safetensors")
    world.offer("v1")

    end = world.run()

    assert end.state == "Rejected"
    assert codes(assert_untouched(world)) == ["release.already-serving"]


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        pytest.param({}, "give `release`", id="nothing"),
        pytest.param({"release": "models/x"}, "release", id="no-uri"),
        pytest.param({"release": "s3://b/k", "when": 1}, "unknown key 'when'", id="unknown-key"),
        pytest.param({"rollback": ENDPOINT}, "no earlier config", id="nowhere-to-go"),
        pytest.param({"release": "s3://no-such-bucket/release.json"}, "bucket", id="no-bucket"),
    ],
)
def test_a_manual_start_that_makes_no_sense_is_rejected(
    world: World, request_: dict[str, Any], says: str
) -> None:
    execution = world.start("by-hand", **request_)

    world.run()

    assert execution.state == "Rejected"
    assert world.traces() == world.traces_before
    assert any(says in str(reason) for reason in world.update().reasons), world.update().reasons


def test_silence_is_not_approval(world: World) -> None:
    world.put_policy("approval: {required: true}")
    world.offer()

    end = world.run()

    assert end.state == "Rejected"
    assert "no answer came in time" in str(assert_untouched(world).reasons[0])


def test_a_declined_update_is_rejected(world: World) -> None:
    world.put_policy("approval: {required: true}")
    world.offer()
    world.run_to("RequestApproval")
    world.clock.advance(60)
    token = world.update().waiting.task_token
    assert token is not None

    world.stepfunctions.send_task_failure(taskToken=token, error="Declined", cause="not on Friday")
    end = world.run()

    assert end.state == "Rejected"
    assert "not on Friday" in str(assert_untouched(world).reasons[0])
