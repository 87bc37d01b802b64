"""`switchover upload` as its user meets it: it asks first, and never replays an old outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from tests.support.laptop import sit_down
from tests.support.offering import checkpoint, object_created
from tests.support.scene import ENDPOINT

from switchover.domain.marks import Mark, Pin
from switchover.domain.outcome import Outcome
from switchover_cli.app import main
from switchover_cli.exits import ExitCode
from switchover_cli.start import vouching
from switchover_cli.upload import client

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.world import World

_KEY = f"releases/{ENDPOINT}/v2/release.json"


class Person:
    """Types `switchover upload` and reads what it prints."""

    def __init__(self, world: World, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.world = world
        self.folder = folder
        self._capsys = capsys

    def upload(self, *more: str, endpoint: str = ENDPOINT, version: str = "v2") -> tuple[int, str]:
        """The exit code, and stdout with stderr."""
        named = ("--endpoint", endpoint, "--version", version, *more)
        code = main(("upload", str(self.folder), *named))
        printed = self._capsys.readouterr()
        return code, printed.out + printed.err

    def arrive(self) -> None:
        """S3 tells of the release.json that lies there; what it starts comes to its end."""
        world = self.world
        head = world.s3.head_object(Bucket=world.bucket, Key=_KEY)
        now = world.clock.now().isoformat()
        world.outlets.emit(object_created(world.bucket, _KEY, head, now))
        world.run()

    def stored(self) -> list[str]:
        """What lies in the bucket for releases and their files, v1's aside."""
        listed = self.world.s3.list_objects_v2(Bucket=self.world.bucket)["Contents"]
        return [each["Key"] for each in listed if "/v1/" not in each["Key"]]

    def versions(self) -> int:
        """How often files of models were written."""
        listed = self.world.s3.list_object_versions(Bucket=self.world.bucket, Prefix="models/")
        return len(listed["Versions"])


@pytest.fixture
def person(
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Person:
    folder = tmp_path / "small"
    folder.mkdir()
    for path, content in checkpoint().items():
        (folder / path).write_bytes(content)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    sit_down(world, monkeypatch)
    monkeypatch.setattr(client, "open_uploader", lambda _: world.s3)
    return Person(world, folder, capsys)


@pytest.mark.parametrize("typo", ["vlmm", "VLM", "vml", "vlm-1"])
def test_a_typo_in_the_endpoints_name_sends_nothing(person: Person, typo: str) -> None:
    code, _ = person.upload(endpoint=typo)

    assert code == ExitCode.REJECTED
    assert person.stored() == []


def test_the_near_name_is_told(person: Person) -> None:
    _, told = person.upload(endpoint="vlmm")

    assert f"Did you mean '{ENDPOINT}'?" in told


def test_where_no_name_is_near_those_that_there_are_are_told(person: Person) -> None:
    _, told = person.upload(endpoint="summariser")

    assert f"Endpoints here: {ENDPOINT}." in told


def test_a_version_marked_bad_is_refused_before_anything_is_sent(person: Person) -> None:
    world = person.world
    mark = Mark(endpoint=ENDPOINT, version="v2", reason="it lies", at=world.clock.now())
    world.wishes.add_mark(mark)

    code, told = person.upload()

    assert code == ExitCode.REJECTED
    assert "it lies" in told
    assert f"switchover release unmark {ENDPOINT} v2" in told
    assert person.stored() == []


def test_a_pin_on_another_version_is_told_before_anything_is_sent(person: Person) -> None:
    pin = Pin(endpoint=ENDPOINT, version="v1", reason="audit", at=person.world.clock.now())
    person.world.wishes.set_pin(pin)

    code, told = person.upload()

    assert code == ExitCode.REJECTED
    assert f"switchover unpin {ENDPOINT}" in told
    assert person.stored() == []


def test_everything_that_stands_against_it_is_told_at_once(person: Person) -> None:
    world = person.world
    world.wishes.set_pin(Pin(endpoint=ENDPOINT, version="v1", reason="audit", at=world.clock.now()))
    world.put_policy("strategy: teleport\n")
    (person.folder / "config.json").write_text("{")

    _, told = person.upload()

    assert "is pinned to v1" in told
    assert "teleport" in told
    assert "config.json" in told
    assert person.stored() == [f"policies/{ENDPOINT}.yaml"]


def test_a_pin_on_this_version_lets_it_through(person: Person) -> None:
    pin = Pin(endpoint=ENDPOINT, version="v2", reason="audit", at=person.world.clock.now())
    person.world.wishes.set_pin(pin)

    code, _ = person.upload()

    assert code == ExitCode.DONE
    assert _KEY in person.stored()


def test_an_endpoint_that_is_busy_only_warns(person: Person) -> None:
    person.world.offer("v9")
    person.world.run_to("AwaitOutcome")
    person.world.clock.advance(60)

    code, told = person.upload()

    assert code == ExitCode.DONE
    assert "warning" in told
    assert "Updating" in told


def test_what_may_not_be_read_is_said_to_be_unchecked(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetItem")

    monkeypatch.setattr("switchover.aws.wishes.Wishes.mark", refuse)

    code, told = person.upload()

    assert code == ExitCode.DONE
    assert "unchecked pin and marks" in told


def test_the_same_release_again_says_that_it_was_rejected_why_and_how_to_start_it(
    person: Person,
) -> None:
    person.world.put_policy("alarms: {also: [nobody-made-it]}\n")
    person.upload()
    person.arrive()

    code, told = person.upload()

    assert code == ExitCode.REJECTED
    assert "no update starts" in told
    assert "ended as Rejected" in told
    assert "nobody-made-it" in told
    assert f"switchover start --endpoint {ENDPOINT} --version v2" in told


def test_watching_replays_no_old_outcome(person: Person) -> None:
    person.world.put_policy("alarms: {also: [nobody-made-it]}\n")
    person.upload()
    person.arrive()

    code, told = person.upload("--watch")

    assert code == ExitCode.REJECTED
    assert "ClaimEndpoint" not in told
    assert "no update starts" in told


def test_the_command_that_it_names_starts_it(person: Person) -> None:
    person.world.put_policy("alarms: {also: [nobody-made-it]}\n")
    person.upload()
    person.arrive()
    person.world.put_policy("strategy: all-at-once\n")

    person.world.start("by-hand", release=f"s3://{person.world.bucket}/{_KEY}")
    person.world.run()
    code, told = person.upload()

    assert code == ExitCode.DONE
    assert "ended as Updated" in told


def test_another_reason_offers_the_same_files_again_and_sends_none_of_them(
    person: Person,
) -> None:
    person.world.put_policy("alarms: {also: [nobody-made-it]}\n")
    person.upload()
    person.arrive()
    person.world.put_policy("strategy: all-at-once\n")
    before = person.versions()

    code, told = person.upload("--reason", "the alarm is gone from the policy")
    person.arrive()

    assert code == ExitCode.DONE
    assert "only release.json was sent" in told
    assert person.versions() == before
    assert [each.outcome for each in person.world.ledger.history(ENDPOINT)] == [
        Outcome.UPDATED,
        Outcome.REJECTED,
    ]


@pytest.mark.parametrize(
    "more", [("--start", "low-peak"), ("--name", "Qwen"), ("--reason", "second try")]
)
def test_what_is_said_beside_the_files_may_be_said_anew(
    person: Person, more: tuple[str, str]
) -> None:
    person.upload()

    code, told = person.upload(*more)

    assert code == ExitCode.DONE
    assert "only release.json was sent" in told


def test_other_files_are_no_word_beside_them(person: Person) -> None:
    person.upload()
    (person.folder / "generation_config.json").write_text('{"temperature": 0.1}')

    code, told = person.upload("--reason", "colder")

    assert code == ExitCode.REJECTED
    assert "a version never changes" in told


def test_words_that_had_their_update_already_are_not_written_back(person: Person) -> None:
    person.world.put_policy("alarms: {also: [nobody-made-it]}\n")
    person.upload("--reason", "one")
    person.arrive()
    person.upload("--reason", "two")
    person.arrive()

    code, told = person.upload("--reason", "one")

    assert code == ExitCode.REJECTED
    assert "with the same content" in told


def test_a_release_that_still_runs_is_no_fault(person: Person) -> None:
    person.upload()
    world = person.world
    head = world.s3.head_object(Bucket=world.bucket, Key=_KEY)
    world.outlets.emit(object_created(world.bucket, _KEY, head, world.clock.now().isoformat()))
    world.run_to("AwaitOutcome")

    code, told = person.upload()

    assert code == ExitCode.DONE
    assert "is running" in told
    assert "switchover watch --update" in told


def test_a_release_whose_update_nobody_knows_is_no_success(person: Person) -> None:
    person.upload()

    code, told = person.upload()

    assert code == ExitCode.UNEXPECTED
    assert f"switchover start --endpoint {ENDPOINT} --version v2" in told


def test_what_somebody_wrote_meanwhile_is_not_written_over(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.upload()
    world = person.world

    def vouch_slowly(*_: Any) -> None:
        world.s3.put_object(Bucket=world.bucket, Key=_KEY, Body=b'{"theirs": 1}')

    monkeypatch.setattr(vouching, "vouch", vouch_slowly)

    code, told = person.upload("--reason", "second try")

    assert code == ExitCode.REJECTED
    assert "was changed after this upload read it" in told
    assert world.s3.get_object(Bucket=world.bucket, Key=_KEY)["Body"].read() == b'{"theirs": 1}'


def test_the_id_that_is_told_is_that_of_the_update_that_begins(person: Person) -> None:
    _, told = person.upload("--json")
    person.arrive()

    assert f'"update_id": "{person.world.executions[0].name}"' in told
