"""`switchover doctor` finds every leftover, and typing its command fixes the finding."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.support import clients
from tests.support.account import Denied, Shell
from tests.support.laptop import Laptop
from tests.support.scene import ENDPOINT, FIRST_CONFIG

from switchover.domain.counts import Count
from switchover.domain.outcome import Outcome
from switchover.domain.queueing import Claim
from switchover_cli.doctor.findings import diagnose
from switchover_cli.doctor.reading import Doctor
from switchover_cli.exits import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import World

    from switchover_cli.doctor.finding import Finding

_HOUR = 3600
_READERS = {
    "Sid": "Readers",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::000000000000:role/readers"},
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::datasets/*",
}


@pytest.fixture
def shell(world: World, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(world, monkeypatch)


def examine(shell: Shell, within_seconds: float = 60) -> Doctor:
    return Doctor(shell.deployment, within_seconds)


def findings(shell: Shell) -> tuple[Finding, ...]:
    return diagnose(examine(shell).look())


def codes(shell: Shell) -> list[str]:
    return [finding.code for finding in findings(shell)]


def _update(world: World) -> None:
    world.put_policy("strategy: canary")
    world.offer()
    world.run()


def _leave_alarm(world: World) -> None:
    world.cloudwatch.put_metric_alarm(
        AlarmName=f"switchover/{ENDPOINT}/0123/errors",
        Namespace="a",
        MetricName="b",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )


def _leave_standing_alarms(world: World) -> None:
    _update(world)
    world.load.stop()
    world.sagemaker.delete_endpoint(EndpointName=ENDPOINT)


def _leave_config(world: World) -> None:
    model = world.sagemaker.describe_model(ModelName=FIRST_CONFIG)
    name = f"switchover-{ENDPOINT}-v7-0123456789abcdef"
    world.sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=model["ExecutionRoleArn"],
        PrimaryContainer=model["PrimaryContainer"],
    )
    config = world.sagemaker.describe_endpoint_config(EndpointConfigName=FIRST_CONFIG)
    world.sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=config["ProductionVariants"]
    )


def _leave_schedule(world: World) -> None:
    at = world.clock.now()
    world.scheduler.schedules[f"{ENDPOINT}-{at:%Y%m%dT%H%M}-0123456789abcdef"] = at


def _leave_scaling_suspended(world: World) -> None:
    _update(world)
    (target,) = world.scaling.describe_scalable_targets(ServiceNamespace="sagemaker")[
        "ScalableTargets"
    ]
    every = (
        "DynamicScalingInSuspended",
        "DynamicScalingOutSuspended",
        "ScheduledScalingSuspended",
    )
    world.scaling.register_scalable_target(
        **{key: target[key] for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")},
        SuspendedState=dict.fromkeys(every, True),
    )


def _leave_dead_letter(world: World) -> None:
    world.lambdas.dead_letters.append({"detail-type": "Object Created"})


def _leave_waiting(world: World) -> None:
    """An update in the queue that nothing wakes: its schedule is lost, and so are all rounds."""
    world.scheduler.is_deaf = True
    world.put_policy("strategy: canary\nwindow: {from: '12:00', to: '23:00', timezone: UTC}")
    world.offer(start="low-peak")
    world.clock.advance(600)
    assert world.update().outcome is Outcome.QUEUED
    world.crash("StartQueued", times=10_000)
    world.clock.advance(2 * _HOUR)


def _abandon_claim(world: World) -> None:
    world.put_policy("strategy: canary")
    world.offer()
    world.run_to("AwaitOutcome").abort()
    world.crash("CleanUp", times=10_000)
    world.crash("StartQueued", times=10_000)


def _lose_update_of_claim(world: World) -> None:
    claim = Claim(ENDPOINT, "vlm-gone", "arn:aws:states:::execution:x:gone", world.clock.now())
    world.ledger.take_claim(claim, "0")
    world.crash("StartQueued", times=10_000)


def _leave_unfinished(world: World) -> None:
    """Stopped before it had the claim, and no event told of it."""
    world.put_policy("strategy: canary")
    world.crash("CleanUp", times=10_000)
    world.crash("StartQueued", times=10_000)
    world.offer()
    world.run_to("ValidateModel").abort()
    claim = world.ledger.claim(ENDPOINT)
    assert claim is not None
    world.ledger.release_claim(ENDPOINT, claim.execution_arn)


def _leave_unrecorded(world: World) -> None:
    world.put_policy("strategy: canary")
    world.crash("CleanUp", times=10_000)
    world.crash("StartQueued", times=10_000)
    world.offer()
    world.run_to("ClaimEndpoint").abort()


def _set_up_nothing(world: World) -> None:
    """The model bucket as S3 makes one, if its owner sets up nothing; another rule watches it already."""
    s3, bucket = clients.client("s3"), world.settings["SWITCHOVER_BUCKET"]
    topic = {"TopicArn": "arn:aws:sns:us-east-1:000000000000:audit", "Events": ["s3:TestEvent"]}
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"TopicConfigurations": [topic]}
    )
    s3.put_public_access_block(
        Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": True}
    )
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Statement": [_READERS]}))


def _spoil_pin(world: World) -> None:
    clients.client("dynamodb").put_item(
        TableName=world.settings["SWITCHOVER_TABLE"],
        Item={"pk": {"S": f"wish#{ENDPOINT}"}, "sk": {"S": "pin"}, "body": {"S": "{"}},
    )


_LEFTOVERS: tuple[tuple[str, Callable[[World], None]], ...] = (
    ("claim.abandoned", _abandon_claim),
    ("claim.abandoned", _lose_update_of_claim),
    ("queue.stuck", _leave_waiting),
    ("execution.unfinished", _leave_unfinished),
    ("execution.unrecorded", _leave_unrecorded),
    ("pin.unreadable", _spoil_pin),
    ("scaling.suspended", _leave_scaling_suspended),
    ("alarm.left", _leave_alarm),
    ("alarm.left", _leave_standing_alarms),
    ("config.left", _leave_config),
    ("model.left", _leave_config),
    ("schedule.left", _leave_schedule),
    ("dead-letters", _leave_dead_letter),
    ("bucket.no-events", _set_up_nothing),
    ("bucket.unversioned", _set_up_nothing),
    ("bucket.public", _set_up_nothing),
    ("bucket.unprotected", _set_up_nothing),
)


@pytest.mark.parametrize(
    ("code", "leave"), _LEFTOVERS, ids=[f"{code}-{leave.__name__}" for code, leave in _LEFTOVERS]
)
def test_every_command_mends_what_it_stands_under(
    shell: Shell, code: str, leave: Callable[[World], None]
) -> None:
    leave(shell.world)
    shell.world.clock.advance(_HOUR)
    found = [finding for finding in findings(shell) if finding.code == code]

    shell.type_all(found)
    shell.world.clock.advance(6 * _HOUR)

    assert found
    assert code not in codes(shell)


def test_what_sets_up_an_existing_bucket_keeps_what_others_set_up(shell: Shell) -> None:
    _set_up_nothing(shell.world)
    bucket = shell.world.settings["SWITCHOVER_BUCKET"]

    shell.type_all(findings(shell))

    s3 = clients.client("s3")
    notifications = s3.get_bucket_notification_configuration(Bucket=bucket)
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    assert [topic["Events"] for topic in notifications["TopicConfigurations"]] == [["s3:TestEvent"]]
    assert policy["Statement"][0] == _READERS


def test_a_buckets_key_that_the_stack_does_not_know_is_found(shell: Shell) -> None:
    key = "arn:aws:kms:us-east-1:000000000000:key/models"
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    clients.client("s3").put_bucket_encryption(
        Bucket=shell.world.settings["SWITCHOVER_BUCKET"],
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": default}]
        },
    )

    (finding,) = findings(shell)

    assert finding.code == "bucket.key"
    assert finding.commands == (f"sam deploy --parameter-overrides ModelBucketKeyArn={key}",)


@pytest.mark.parametrize(("place", "value"), [("owner", "111122223333"), ("region", "eu-west-1")])
def test_a_bucket_of_another_account_or_region_is_found(
    shell: Shell, place: str, value: str
) -> None:
    setattr(clients.bucket(shell.world.settings["SWITCHOVER_BUCKET"]), place, value)

    assert codes(shell) == ["bucket.elsewhere"]


def test_a_stack_in_order_shows_nothing(shell: Shell) -> None:
    _update(shell.world)
    shell.world.clock.advance(_HOUR)

    assert findings(shell) == ()


def test_a_running_update_is_held_and_no_finding(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.world.put_policy("strategy: canary")
    shell.world.offer()
    shell.world.run_to("AwaitOutcome")
    shell.world.clock.advance(600)

    code = shell.type_in("switchover doctor --json")

    told = json.loads(capsys.readouterr().out)
    assert code == ExitCode.DONE
    assert told["findings"] == []
    assert [(held["kind"], held["endpoint"]) for held in told["held"]] == [("claim", ENDPOINT)]


def test_what_may_not_be_read_is_said_and_the_rest_is_looked_at(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    _leave_dead_letter(shell.world)
    shell.world.stand_ins["scheduler"] = Denied("scheduler")

    code = shell.type_in("switchover doctor --json")

    told = json.loads(capsys.readouterr().out)
    assert code == ExitCode.NEEDS_OPERATOR
    assert told["unseen"] == [{"part": "schedules", "why": "AccessDenied on ListSchedules"}]
    assert [found["code"] for found in told["findings"]] == ["dead-letters"]


def test_nothing_found_in_a_part_is_not_told_as_nothing_found(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.world.stand_ins["sqs"] = Denied("sqs")

    code = shell.type_in("switchover doctor")

    said = capsys.readouterr().out
    assert code == ExitCode.UNEXPECTED
    assert "not read: dead letters: AccessDenied on GetQueueAttributes" in said
    assert "Nothing was found in the parts that could be read." in said


def test_without_any_right_it_still_says_what_it_could_not_see(shell: Shell) -> None:
    services = (
        "dynamodb", "sagemaker", "cloudwatch", "stepfunctions", "scheduler", "sqs", "sns",
        "application-autoscaling", "s3",
    )  # fmt: skip
    shell.world.stand_ins |= {service: Denied(service) for service in services}
    doctor = examine(shell)

    assert diagnose(doctor.look()) == ()
    assert [each.part for each in doctor.unseen] == [
        "claims", "queues", "executions", "endpoints", "alarms", "scaling", "configs and models",
        "schedules", "model bucket", "dead letters", "subscribers",
    ]  # fmt: skip


@pytest.mark.parametrize("service", ["dynamodb", "sagemaker"])
def test_without_the_ledger_or_the_endpoints_nothing_is_called_left_over(
    shell: Shell, service: str
) -> None:
    shell.world.put_policy("strategy: canary")
    shell.world.offer()
    shell.world.run_to("AwaitOutcome")
    shell.world.clock.advance(2400)
    shell.world.stand_ins[service] = Denied(service)

    assert codes(shell) == []


def test_a_model_that_another_config_serves_is_not_left_over(shell: Shell) -> None:
    """Whoever deletes a model that serves finds out when the fleet grows."""
    _leave_config(shell.world)
    name = f"switchover-{ENDPOINT}-v7-0123456789abcdef"
    config = shell.world.sagemaker.describe_endpoint_config(EndpointConfigName=FIRST_CONFIG)
    (variant,) = config["ProductionVariants"]
    shell.world.sagemaker.create_endpoint_config(
        EndpointConfigName="by-hand", ProductionVariants=[{**variant, "ModelName": name}]
    )
    shell.world.sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName="by-hand")
    shell.world.clock.advance(2 * _HOUR)

    assert codes(shell) == ["config.left"]


def test_time_that_is_over_ends_it_and_is_said(shell: Shell) -> None:
    ticks = iter(range(1000))
    doctor = Doctor(shell.deployment, 3, monotonic=lambda: float(next(ticks)))

    doctor.look()

    assert doctor.unseen[-1].part == "subscribers"
    assert doctor.unseen[-1].why == "the time limit of 3 s was reached; --within raises it"


def test_it_changes_nothing(shell: Shell) -> None:
    _abandon_claim(shell.world)
    _leave_alarm(shell.world)
    shell.world.clock.advance(_HOUR)
    before = (shell.world.traces(), shell.world.capacity(), shell.world.ledger.claim(ENDPOINT))

    findings(shell)

    assert (shell.world.traces(), shell.world.capacity(), shell.world.ledger.claim(ENDPOINT)) == (
        before
    )


def test_a_topic_that_nobody_hears_is_found(shell: Shell) -> None:
    shell.world.outlets.subscriptions = 0

    assert codes(shell) == ["topic.unheard"]


def test_on_a_local_cloud_a_topic_that_nobody_hears_is_a_note(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.world.outlets.subscriptions = 0

    code = shell.type_in("switchover doctor")

    said = " ".join(capsys.readouterr().out.split())
    assert code == ExitCode.DONE
    assert "note: it has no confirmed subscription" in said
    assert "Nothing was found." in said


def test_on_aws_a_topic_that_nobody_hears_is_a_finding(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Laptop, "is_local", False)
    shell.world.outlets.subscriptions = 0

    code = shell.type_in("switchover doctor --json")

    told = json.loads(capsys.readouterr().out)
    assert code == ExitCode.NEEDS_OPERATOR
    assert [each["code"] for each in told["findings"]] == ["topic.unheard"]
    assert told["notes"] == []


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize(
    ("policy", "state", "waits"),
    [
        ("strategy: canary", "AwaitOutcome", "waits while SageMaker moves the endpoint"),
        ("approval: {required: true}", "RequestApproval", "waits for approval before the start"),
    ],
)
def test_who_holds_an_endpoint_is_one_word_and_what_for_is_said(
    shell: Shell,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    width: int,
    policy: str,
    state: str,
    waits: str,
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    version = "qwen2.5-vl-7b-instruct-2026-11"
    shell.world.put_policy(policy)
    shell.world.offer(version)
    held = shell.world.run_to(state)
    shell.world.clock.advance(600)

    shell.type_in("switchover doctor")

    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert f"by {held.name}" in lines
    assert f"its execution runs, and {waits}" in lines


def test_each_part_is_named_before_it_is_read(shell: Shell) -> None:
    counts: list[Count] = []

    Doctor(shell.deployment, 60, on_count=counts.append).look()

    assert [count.done for count in counts] == list(range(14))
    assert counts[0] == Count("Reading claims", 0, 13)
    assert counts[-1] == Count("Read", 13, 13)


def test_scaling_that_others_suspended_is_left_to_them(shell: Shell) -> None:
    """`create_scaling` suspended the scheduled actions before any update."""
    shell.world.clock.advance(_HOUR)

    assert codes(shell) == []


@pytest.mark.parametrize("width", [80, 100])
def test_a_command_is_one_line_at_any_width(
    shell: Shell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    _abandon_claim(shell.world)
    shell.world.clock.advance(_HOUR)

    shell.type_in("switchover doctor")

    lines = capsys.readouterr().out.splitlines()
    assert f"   switchover unclaim {ENDPOINT} --reason 'its execution has ended'" in lines
    assert (
        max(len(line) for line in lines if not line.startswith(("   aws ", "   switch"))) <= width
    )
