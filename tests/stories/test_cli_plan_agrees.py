"""The plan that people read is the plan that PlanUpdate fixes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support.laptop import deployment_of
from tests.support.offering import checkpoint, object_created, upload, write_files
from tests.support.scene import ENDPOINT

from switchover.domain.plans.groups import Material
from switchover.domain.update.request import Request
from switchover_cli.plan.candidate import read_stored
from switchover_cli.plan.folder import read_folder
from switchover_cli.plan.proposal import Proposal, propose
from switchover_cli.start.starting import release_uri
from switchover_cli.upload.offer import Offer
from switchover_cli.upload.uploading import upload_release

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.world import World

    from switchover.domain.plans.plan import Plan
    from switchover.domain.update.update import Update


def ask(world: World, version: str = "v2", **request: Any) -> Proposal:
    """What `switchover plan` says of a stored release."""
    deployment = deployment_of(world)
    uri = release_uri(world.bucket, ENDPOINT, version)
    return propose(deployment, read_stored(deployment, Request(release=uri, **request)))


def planned(world: World, event: dict[str, Any]) -> Update:
    """What the ledger holds once PlanUpdate has decided about the release that arrives."""
    world.outlets.emit(event)
    execution = world.run_to("IsPlanned")
    return world.update(execution)


def unpinned(update: Update) -> Plan:
    """The plan without the versions of the files that it was made of, which only a run fixes."""
    return update.planned.made_of(Material())


@pytest.mark.parametrize("strategy", ["rolling", "canary", "linear", "all-at-once", "redeploy"])
def test_the_command_plans_what_the_ledger_then_holds(world: World, strategy: str) -> None:
    world.put_policy(f"strategy: {strategy}\nallow_downtime: true\nwatch_seconds: 10m")
    event = world.offer(is_told=False)

    told = ask(world)
    update = planned(world, event)

    assert told.update_id == update.update_id
    assert told.plan is not None
    assert told.plan == unpinned(update)
    assert told.preflight == update.found.preflight


@pytest.mark.parametrize("said", [{}, {"hotfix": True, "reason": "v1 answers nonsense"}])
def test_a_folder_is_planned_like_its_upload(
    world: World, tmp_path: Path, said: dict[str, Any]
) -> None:
    write_files(tmp_path, checkpoint())
    deployment = deployment_of(world)
    world.put_policy("releases_may: [hotfix]")
    policy = {"strategy": "canary"}
    offer = Offer(ENDPOINT, "v2", "small", policy=policy, **said)
    request = Request(release=release_uri(world.bucket, ENDPOINT, "v2"))

    told = propose(deployment, read_folder(deployment, tmp_path, offer, request))
    upload_release(
        tmp_path,
        endpoint=ENDPOINT,
        version="v2",
        name="small",
        bucket=world.bucket,
        s3=world.s3,
        policy=policy,
        **said,
    )
    stored = world.s3.head_object(Bucket=world.bucket, Key=offer.key)
    update = planned(world, object_created(world.bucket, offer.key, stored, "2026-03-02T10:00:00Z"))

    assert told.update_id == update.update_id
    assert told.plan is not None
    assert told.plan == unpinned(update)


def test_the_command_refuses_for_the_same_reasons(world: World) -> None:
    world.put_policy("alarms: {also: [nobody-made-it]}\ntests: {golden: golden/none.jsonl}")
    files = dict(checkpoint())
    files.pop("config.json")
    event = world.offer(files=files, is_told=False)

    told = ask(world)
    update = planned(world, event)

    assert told.plan is None
    assert {reason.code for reason in told.reasons} >= {
        "alarm.missing",
        "golden.missing",
        "model.file-missing",
    }
    assert told.preflight == update.found.preflight


def test_a_release_that_cannot_be_read_is_refused_like_a_start(world: World) -> None:
    event = world.offer(raw=b"{}", is_told=False)

    told = ask(world)
    world.outlets.emit(event)
    world.run()

    assert told.plan is None
    assert told.reasons == world.update().reasons


def test_asking_leaves_no_trace(world: World) -> None:
    world.offer(is_told=False)

    ask(world)

    assert world.traces() == world.traces_before
    assert world.ledger.history(ENDPOINT) == ()


def test_a_release_that_lies_elsewhere_is_looked_at_there(world: World) -> None:
    world.s3.create_bucket(Bucket="team-exports")
    upload(world.s3, "team-exports", "nightly/v2/", checkpoint())
    world.offer(files={}, source="s3://team-exports/nightly/v2/", is_told=False)

    told = ask(world)

    copied = world.s3.list_objects_v2(Bucket=world.bucket, Prefix=f"models/{ENDPOINT}/v2/")
    assert told.plan is not None
    assert copied["KeyCount"] == 0


def test_overrides_reach_the_plan(world: World) -> None:
    world.offer(is_told=False)

    told = ask(world, policy={"strategy": "linear"})

    assert told.plan is not None
    assert told.plan.deployment.pace.strategy == "linear"


def test_an_endpoint_that_is_busy_names_its_update(world: World) -> None:
    world.offer("v2")
    world.run_to("AwaitOutcome")
    world.offer("v3", is_told=False)

    told = ask(world, "v3")

    assert told.plan is None
    assert told.reasons == ()
    assert told.forecast.running is not None
    assert told.forecast.running.update_id == world.executions[0].name


def test_a_folder_whose_version_is_taken_is_refused(world: World, tmp_path: Path) -> None:
    world.offer("v2", is_told=False)
    write_files(tmp_path, checkpoint(seed=2))
    deployment = deployment_of(world)
    offer = Offer(ENDPOINT, "v2", "other")
    request = Request(release=release_uri(world.bucket, ENDPOINT, "v2"))

    told = propose(deployment, read_folder(deployment, tmp_path, offer, request))

    assert [reason.code for reason in told.reasons] == ["release.version-taken"]


def test_a_folder_whose_place_holds_something_else_is_refused(world: World, tmp_path: Path) -> None:
    key = f"models/{ENDPOINT}/v2/left-behind.bin"
    world.s3.put_object(Bucket=world.bucket, Key=key, Body=b"x")
    write_files(tmp_path, checkpoint())
    deployment = deployment_of(world)
    offer = Offer(ENDPOINT, "v2", "small")
    request = Request(release=release_uri(world.bucket, ENDPOINT, "v2"))

    told = propose(deployment, read_folder(deployment, tmp_path, offer, request))

    assert [reason.code for reason in told.reasons] == ["model.unexpected-file"]
