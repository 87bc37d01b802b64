"""`release.json` is read completely, or refused with all of its faults."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import reduce
from hashlib import sha256
from typing import Any

import pytest
from tests.support.samples import release_content, release_json

from switchover.domain.release import MOST_FILES, Release, Start, parse_release

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


def nested(levels: int) -> dict[str, Any]:
    inner: dict[str, Any] = {}
    return reduce(lambda around, _: {"x": around}, range(levels), inner)


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
        ({"prefix": "releases/chat/v2"}, "prefix", "'releases/chat/v2'", "it must end with '/'"),
        ({"prefix": "/releases/"}, "prefix", "'/releases/'", "not start with '/'"),
        ({"prefix": "releases//v2/"}, "prefix", "'releases//v2/'", "it must end with '/'"),
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
        ({"start": "9999-12-31T23:59:59-14:00"}, "start", "'9999", "between 1970 and 2999"),
        ({"start": "9998-01-01T00:00:00Z"}, "start", "'9998", "between 1970 and 2999"),
        ({"start": "0001-01-01T00:00:00+14:00"}, "start", "'0001", "between 1970 and 2999"),
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


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff", b"{'schema': 1}"])
def test_what_is_not_json_is_told_by_name(raw: bytes) -> None:
    [fault] = faults(raw)
    assert fault.startswith(f"{SOURCE}: is not JSON: ")
    assert "switchover upload" in fault


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"policy": nested(210)}, "is nested deeper than 32 levels"),
        ({"policy": {"x": 10**4000}}, "a number of more than 40 digits at policy.x"),
        ({"policy": {"x": float("nan")}}, "holds NaN, which is not JSON at policy.x"),
        ({"reason": "\ud800"}, "half of a surrogate pair, which is no text at reason"),
        ({"policy": {"k" * 300: 1}}, "a key of 300 characters at policy"),
        ({"policy": {"x": list(range(100_000))}}, "more than 20000 values"),
    ],
)
def test_what_no_reader_could_follow_is_refused_before_it_is_kept(
    changes: dict[str, Any], said: str
) -> None:
    """A policy 210 levels deep was once written to the ledger, and nothing could read it there."""
    [fault] = faults(release_json(**changes))

    assert said in fault


def test_a_key_that_stands_twice_is_refused() -> None:
    """Readers differ in which of the two they believe: an approver may have read the other one."""
    raw = release_json().replace(b'{"schema"', b'{"endpoint": "other", "schema"', 1)

    [fault] = faults(raw)

    assert "holds the key 'endpoint' twice" in fault


def test_of_very_many_faults_the_first_are_told_and_how_many_there_are() -> None:
    """All of them would not fit into the update's payload, and its outcome would be lost."""
    told = faults(release_json(files=[{**FILE, "path": f"{n}/"} for n in range(6_000)]))

    assert len(told) == 21
    assert "has 5980 more faults" in told[-1]
    assert sum(map(len, told)) < 10_000


def test_six_thousand_files_are_a_release() -> None:
    files = [
        {"path": f"shards/part-{n:05}.bin", "bytes": n, "sha256": sha256(b"%d" % n).hexdigest()}
        for n in range(6_000)
    ]

    assert len(read(files=files).files) == 6_000


def listing(count: int) -> bytes:
    files = [{"path": f"part-{n}", "bytes": n, "sha256": "0" * 64} for n in range(count)]
    return release_json(files=files)


def test_a_release_of_more_files_than_can_be_checked_is_refused() -> None:
    [fault] = faults(listing(MOST_FILES + 1))

    assert "lists 50,001 files; at most 50,000 can be checked." in fault


def test_a_release_of_as_many_files_as_can_be_checked_is_read() -> None:
    parsed = parse_release(listing(MOST_FILES), SOURCE)

    assert isinstance(parsed, Release)


@pytest.mark.parametrize("path", [".", "./a", "a/./b", "a//b", "a/", "/a", "..", "a/..", ""])
def test_a_path_that_s3_and_a_disk_read_differently_is_refused(path: str) -> None:
    files = [{"path": path, "bytes": 1, "sha256": "0" * 64}]

    assert len(faults(release_json(files=files))) == 1


@pytest.mark.parametrize("path", ["a", "a/b", ".a/b", "a..b", "...", "a b/ c", "漢/字"])
def test_a_plain_path_is_taken(path: str) -> None:
    files = [{"path": path, "bytes": 1, "sha256": "0" * 64}]

    assert isinstance(parse_release(release_json(files=files), SOURCE), Release)


def test_a_file_and_a_folder_of_one_name_are_refused_at_any_depth() -> None:
    files = [
        {"path": path, "bytes": 1, "sha256": "0" * 64}
        for path in ("a/b", "a/b.txt", "a/b-c/d", "a/b/c/d/e")
    ]

    [fault] = faults(release_json(files=files))

    assert "'a/b' is both a file and a folder" in fault


def test_json_that_is_no_object_is_refused() -> None:
    [fault] = faults(b"5")
    assert fault.startswith(f"{SOURCE}: 5 is not accepted")


def test_a_message_holds_a_part_of_what_is_wrong() -> None:
    [fault] = faults(release_json(files=[{**FILE, "path": "a" * 800}] * 2 * 400))

    assert len(fault) < 1_000
