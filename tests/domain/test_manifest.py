"""Present files are compared with the checked ones: by version, and only by S3's own checksum."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import TypeAdapter
from tests.support.samples import plan

from switchover.domain.manifest import (
    Manifest,
    ModelFile,
    compare,
    find_plan_change,
    judge_changes,
    warn_unversioned,
)
from switchover.domain.plans.plan import Plan

PLACE = "s3://models/models/chat/v2/"
CONFIG = ModelFile("config.json", 2, "e1", "v1", "sha-of-config")
SHARD = ModelFile("model.safetensors", 9, "e2-3", "v2", "composite-3")
CHECKED = Manifest((CONFIG, SHARD))
KEPT = TypeAdapter(Plan)


def told(*found: ModelFile) -> str:
    """What is said of the files that lie there; nothing if they are the same."""
    changes = compare(CHECKED, found)
    return "".join(reason.message for reason in judge_changes(changes, CHECKED, PLACE))


def test_the_same_versions_are_no_change() -> None:
    assert told(SHARD, CONFIG) == ""


@pytest.mark.parametrize(
    ("found", "says"),
    [
        ((CONFIG,), "removed: model.safetensors"),
        ((CONFIG, SHARD, ModelFile("x.py", 1, "e9", "v9")), "added: x.py"),
        ((CONFIG, replace(SHARD, bytes=8, version_id="v3")), "changed: model.safetensors"),
        ((CONFIG, replace(SHARD, etag="other", version_id="v3", checksum="")), "changed: model"),
        # The same ETag and size in another version: an MD5 can be forged.
        ((CONFIG, replace(SHARD, version_id="v3", checksum="")), "changed: model"),
        ((CONFIG, replace(SHARD, version_id="v3", checksum="another")), "changed: model"),
        # The same version id with another ETag can't be; it is no reason to trust it.
        ((CONFIG, replace(SHARD, etag="other", checksum="")), "changed: model"),
        ((CONFIG, replace(SHARD, path="MODEL.safetensors")), "added: MODEL.safetensors; removed"),
        ((), "removed: config.json, model.safetensors"),
    ],
)
def test_a_difference_is_named(found: tuple[ModelFile, ...], says: str) -> None:
    assert says in told(*found)


def test_a_file_without_a_version_is_warned_of() -> None:
    checked = Manifest((CONFIG, replace(SHARD, version_id="")))

    assert [reason.code for reason in warn_unversioned(checked, "models")] == ["model.unversioned"]
    assert list(warn_unversioned(CHECKED, "models")) == []


def test_the_same_bytes_by_s3s_own_checksum_are_no_change() -> None:
    assert told(CONFIG, replace(SHARD, etag="e2-5", version_id="v3")) == ""


def test_what_had_no_checksum_when_it_was_checked_has_to_be_the_same_version() -> None:
    checked = Manifest((replace(CONFIG, checksum=""),))
    changes = compare(checked, [replace(CONFIG, version_id="v9", checksum="")])

    assert [r.code for r in judge_changes(changes, checked, PLACE)] == [
        "model.changed-since-checked"
    ]


def test_ten_files_are_shown_and_the_rest_counted() -> None:
    found = [ModelFile(f"new-{number:02}", 1, "e") for number in range(12)]

    assert "new-09 and 2 more" in told(*found)


def test_a_digest_depends_on_every_field_and_not_on_the_order() -> None:
    changed = [
        replace(SHARD, path="x"),
        replace(SHARD, bytes=8),
        replace(SHARD, etag="x"),
        replace(SHARD, version_id="x"),
        replace(SHARD, checksum="x"),
    ]

    digests = {Manifest((CONFIG, file)).digest for file in (SHARD, *changed)}

    assert len(digests) == 6
    assert Manifest((SHARD, CONFIG)).digest == CHECKED.digest


def test_fields_do_not_run_into_each_other() -> None:
    one = Manifest((ModelFile("a", 1, "b", "c"),))
    other = Manifest((ModelFile("a", 1, "bc", ""),))

    assert one.digest != other.digest


# The plan


def test_a_plan_that_was_kept_and_read_again_has_the_same_digest() -> None:
    made = plan(4, strategy="canary")

    assert KEPT.validate_json(KEPT.dump_json(made)).digest == made.digest


@pytest.mark.parametrize(
    "changes",
    [
        {"previous_config": "other"},
        {"watched_alarms": ("mine",)},
        {"alarms": ()},
        {"deadline_seconds": 1},
        {"golden_latency_seconds": 600.0},
        {"guard": {"min_requests": 0}},
        {"needs_promotion": True},
        {"allows_downtime": True},
        {"model_request": {"ModelName": "mine"}},
        {"policy_version": "another"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_plan_that_differs_in_anything_is_another_plan(changes: dict[str, object]) -> None:
    made = plan(4, strategy="canary")
    rewritten = KEPT.validate_python({**KEPT.dump_python(made), **changes})

    assert [r.code for r in find_plan_change(rewritten, made.digest)] == ["plan.changed"]


def test_an_execution_that_carries_no_digest_compares_none() -> None:
    assert list(find_plan_change(plan(4), "")) == []
