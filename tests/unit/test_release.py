"""`release.json` is read whole or refused with everything that is wrong with it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.samples import release_content, release_json

from switchover.domain.release import Release, Start, parse_release

SOURCE = "s3://models/releases/chat/v2/release.json"
FILE = {"path": "a.safetensors", "bytes": 1, "sha256": "0" * 64}


def read(**changes: object) -> Release:
    parsed = parse_release(release_json(**changes), SOURCE)
    assert isinstance(parsed, Release), parsed
    return parsed


def faults(raw: bytes) -> list[str]:
    parsed = parse_release(raw, SOURCE)
    assert isinstance(parsed, tuple)
    return [str(reason) for reason in parsed]


def without(key: str) -> bytes:
    content = release_content()
    del content[key]
    return json.dumps(content).encode()


def test_a_sound_release_is_read() -> None:
    release = read()
    assert (release.endpoint, release.model.version) == ("chat", "v2")
    assert release.total_bytes == 16_000_000_000


def test_a_release_starts_now_unless_it_says_otherwise() -> None:
    assert read().start is Start.NOW
    assert read().starts_at is None


def test_a_release_may_wait_for_the_low_peak_window() -> None:
    assert read(start="low-peak").start is Start.LOW_PEAK


def test_a_release_may_name_a_time_with_its_zone() -> None:
    expected = datetime(2026, 1, 5, 19, 30, tzinfo=UTC)
    assert read(start="2026-01-06T03:30:00+08:00").starts_at == expected


def test_an_editors_schema_reference_is_welcome() -> None:
    reference = "https://example.com/release.schema.json"
    assert read(**{"$schema": reference}).model_dump(exclude={"json_schema"}) == read().model_dump(
        exclude={"json_schema"}
    )


@pytest.mark.parametrize("key", ["schema", "endpoint", "model", "prefix", "files"])
def test_what_is_missing_is_named(key: str) -> None:
    assert faults(without(key)) == [f"{SOURCE}: {key}: is missing. Add it."]


@pytest.mark.parametrize(
    ("changes", "field", "value", "words"),
    [
        ({"schema": 2}, "schema", "2", "is not accepted"),
        ({"schema": True}, "schema", "True", "is not accepted"),
        ({"endpoint": "my_endpoint"}, "endpoint", "'my_endpoint'", "pattern"),
        ({"endpoint": "-chat"}, "endpoint", "'-chat'", "pattern"),
        ({"endpoint": "e" * 64}, "endpoint", "'eeee", "at most 63 characters"),
        ({"endpoint": ""}, "endpoint", "''", "at least 1 character"),
        ({"prefix": "releases/chat/v2"}, "prefix", "'releases/chat/v2'", "it ends with '/'"),
        ({"prefix": "/releases/"}, "prefix", "'/releases/'", "starts without"),
        ({"prefix": "releases//v2/"}, "prefix", "'releases//v2/'", "it ends with '/'"),
        ({"model": {"name": "", "version": "1"}}, "model.name", "''", "at least 1 character"),
        ({"model": {"name": "m", "version": "v 2"}}, "model.version", "'v 2'", "pattern"),
        ({"model": {"name": "m", "version": 2}}, "model.version", "2", "valid string"),
        ({"files": []}, "files", "[]", "at least 1 item"),
        ({"files": [{**FILE, "bytes": "1"}]}, "files[0].bytes", "'1'", "valid integer"),
        ({"files": [{**FILE, "bytes": -1}]}, "files[0].bytes", "-1", "greater than or equal to 0"),
        ({"files": [{**FILE, "sha256": "A" * 64}]}, "files[0].sha256", "'AAAA", "pattern"),
        ({"files": [{**FILE, "path": "../x"}]}, "files[0].path", "'../x'", "without '..'"),
        ({"files": [{**FILE, "path": "/x"}]}, "files[0].path", "'/x'", "relative to the prefix"),
        ({"files": [{**FILE, "path": "x/"}]}, "files[0].path", "'x/'", "trailing '/'"),
        ({"files": [{**FILE, "path": "a//b"}]}, "files[0].path", "'a//b'", "relative"),
        ({"policy": []}, "policy", "[]", "valid dictionary"),
        ({"start": "soon"}, "start", "'soon'", "low-peak"),
        ({"start": "2026-01-06T03:30:00"}, "start", "'2026-01-06T03:30:00'", "zone"),
        ({"start": 5}, "start", "5", "low-peak"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_once_with_file_field_value_and_rule(
    changes: dict[str, Any], field: str, value: str, words: str
) -> None:
    [fault] = faults(release_json(**changes))
    assert fault.startswith(f"{SOURCE}: {field}: ")
    assert value in fault
    assert words in fault
    assert fault.endswith("Correct the value.")


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"polcy": {}}, "polcy: unknown key 'polcy'. Did you mean 'policy'?"),
        (
            {"model": {"name": "m", "version": "1", "versions": 1}},
            "model.versions: unknown key 'versions'. Did you mean 'version'?",
        ),
        ({"x": 1}, "x: unknown key 'x'. Remove it, or correct its name."),
    ],
)
def test_an_unknown_key_is_a_fault(changes: dict[str, Any], fault: str) -> None:
    assert faults(release_json(**changes)) == [f"{SOURCE}: {fault}"]


def test_a_path_that_stands_twice_is_named() -> None:
    [fault] = faults(release_json(files=[FILE, FILE]))
    assert "files names these paths twice: a.safetensors" in fault


def test_a_name_cannot_be_a_file_and_a_folder() -> None:
    """`weights` and `weights/x` fail when SageMaker downloads them (rules §1.6)."""
    paths = [{**FILE, "path": "weights"}, {**FILE, "path": "weights/x"}]
    [fault] = faults(release_json(files=paths))
    assert "'weights' is both a file and a folder" in fault


def test_a_name_that_begins_like_a_file_is_no_conflict() -> None:
    paths = [{**FILE, "path": "weights"}, {**FILE, "path": "weights.json"}]
    assert len(read(files=paths).files) == 2


def test_every_fault_is_told_at_once() -> None:
    assert len(faults(release_json(endpoint="_", prefix="x", polcy={}))) == 3


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"{'schema': 1}", b"[" * 100_000])
def test_what_is_not_json_is_told_by_name(raw: bytes) -> None:
    [fault] = faults(raw)
    assert fault.startswith(f"{SOURCE}: is not JSON: ")
    assert "switchover upload" in fault


def test_json_that_is_no_object_is_refused() -> None:
    [fault] = faults(b"5")
    assert fault.startswith(f"{SOURCE}: 5 is not accepted")
