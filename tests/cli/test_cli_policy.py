"""`switchover policy`: show gives origins, check lists all faults, init starts from the live endpoint."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws
from tests.support.cloudformation_fake import serve_stacks

from switchover_cli.app import main
from switchover_cli.exits import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

KEY = "policies/chat.yaml"
RELEASE = {
    "schema": 1,
    "endpoint": "chat",
    "model": {"name": "qwen", "version": "v2"},
    "prefix": "models/chat/v2/",
    "files": [{"path": "config.json", "bytes": 1, "sha256": "0" * 64}],
    "policy": {"canary": {"percent": 30}},
}


class Shell:
    """Types `switchover policy` and reads what it prints."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        """Run it; returns exit code, stdout and stderr."""
        code = main(("policy", *map(str, arguments)))
        printed = self._capsys.readouterr()
        return code, printed.out, printed.err


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "chat.yaml"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Client]:
    """A deployed stack with its model bucket."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    outputs = {
        "TableName": "ledger",
        "BucketName": "models",
        "StateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:update",
    }
    with serve_stacks({"switchover": outputs}) as url, mock_aws():
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", url)
        client = boto3.client("s3")
        client.create_bucket(Bucket="models")
        yield client


@pytest.fixture
def endpoint(s3: S3Client) -> None:
    sagemaker: Any = boto3.client("sagemaker")
    sagemaker.create_model(
        ModelName="chat-v1",
        ExecutionRoleArn="arn:aws:iam::000000000000:role/model",
        PrimaryContainer={"Image": "vllm"},
    )
    sagemaker.create_endpoint_config(
        EndpointConfigName="chat-v1",
        ProductionVariants=[
            {
                "VariantName": "main",
                "ModelName": "chat-v1",
                "InstanceType": "ml.g4dn.xlarge",
                "InitialInstanceCount": 4,
            }
        ],
    )
    sagemaker.create_endpoint(EndpointName="chat", EndpointConfigName="chat-v1")
    boto3.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId="endpoint/chat/variant/main",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        MinCapacity=2,
        MaxCapacity=6,
    )


def line_of(printed: str, key: str) -> list[str]:
    [line] = [line for line in printed.splitlines() if line.split()[:1] == [key]]
    return line.split()


def test_show_says_value_default_and_origin(shell: Shell, s3: S3Client) -> None:
    s3.put_object(Bucket="models", Key=KEY, Body=b"tier: critical\ncanary:\n  percent: 20\n")

    code, out, _ = shell("show", "chat")

    assert code == ExitCode.DONE
    assert "s3://models/policies/chat.yaml" in out
    assert line_of(out, "strategy") == ["strategy", "canary", "rolling", "tier", "critical"]
    assert line_of(out, "percent") == ["percent", "20", "10", "chat.yaml", "line", "3"]
    assert line_of(out, "step_percent") == ["step_percent", "25", "default"]


def test_show_without_a_file_says_that_nothing_is_set(shell: Shell, s3: S3Client) -> None:
    _, out, _ = shell("show", "chat")

    assert "nothing is set: defaults" in out


def test_show_lays_release_and_overrides_on_top(shell: Shell, s3: S3Client) -> None:
    s3.put_object(Bucket="models", Key=KEY, Body=b"canary: {percent: 20, bake_seconds: 15m}")
    s3.put_object(
        Bucket="models", Key="releases/chat/v2/release.json", Body=json.dumps(RELEASE).encode()
    )

    _, out, _ = shell(
        *("show", "chat", "--release", "s3://models/releases/chat/v2/release.json"),
        *("--policy-override", "watch_seconds=5m", "--json"),
    )

    shown = json.loads(out)
    assert shown["policy"]["canary"] == {"percent": 30, "bake_seconds": 900}
    assert shown["origins"]["canary.percent"] == "release.json policy"
    assert shown["origins"]["watch_seconds"] == "--policy-override"


def test_show_refuses_a_faulty_policy_with_every_fault(shell: Shell, s3: S3Client) -> None:
    s3.put_object(Bucket="models", Key=KEY, Body=b"tier: gold\ncanary: {percent: 99}\n")

    code, out, err = shell("show", "chat")

    assert code == ExitCode.REJECTED
    assert out == ""
    assert " 1. " in err
    assert " 2. " in err


def test_show_says_when_the_release_is_not_there(shell: Shell, s3: S3Client) -> None:
    code, _, err = shell("show", "chat", "--release", "s3://models/releases/chat/none/release.json")

    assert code == ExitCode.REJECTED
    assert "s3://models/releases/chat/none/release.json" in err


def test_show_of_a_file_asks_nobody(shell: Shell, file: Path) -> None:
    file.write_text("watch_seconds: 5m")

    code, out, _ = shell("show", "--file", file)

    assert code == ExitCode.DONE
    assert line_of(out, "watch_seconds") == ["watch_seconds", "5m", "0s", "chat.yaml", "line", "1"]


@pytest.mark.parametrize("arguments", [(), ("chat", "--file", "chat.yaml")])
def test_show_wants_to_know_whose(shell: Shell, arguments: tuple[str, ...]) -> None:
    code, _, err = shell("show", *arguments)

    assert code == ExitCode.USAGE
    assert "Which policy?" in err


def test_check_of_a_right_file_ends_with_0(shell: Shell, file: Path) -> None:
    file.write_text("tier: critical\nrolling: {bake_seconds: 5m}\n")

    code, out, _ = shell("check", file)

    assert code == ExitCode.DONE
    assert out.startswith("Right")
    assert "warning" in out


def test_check_tells_every_fault_of_every_file(shell: Shell, file: Path) -> None:
    file.write_text("tier: gold\nstrategy: rollling\n")
    other = file.with_name("search.yaml")
    other.write_text("strategy: redeploy\n")

    code, out, _ = shell("check", file, other, "--json")

    first, second = json.loads(out)
    assert code == ExitCode.REJECTED
    assert [reason["subject"] for reason in first["reasons"]] == [
        f"{file} line 1: tier",
        f"{file} line 2: strategy",
    ]
    assert [reason["code"] for reason in second["reasons"]] == ["strategy.downtime-not-allowed"]


def test_check_of_one_faulty_file_among_right_ones_ends_with_3(shell: Shell, file: Path) -> None:
    file.write_text("tier: gold")
    right = file.with_name("search.yaml")
    right.write_text("tier: critical")

    assert shell("check", file, right)[0] == ExitCode.REJECTED


def test_check_of_a_file_that_is_not_there_is_misused(shell: Shell, file: Path) -> None:
    code, _, err = shell("check", file)

    assert code == ExitCode.USAGE
    assert "No such file" in err


@pytest.mark.usefixtures("endpoint")
def test_init_writes_what_is_live_and_passes_the_check(shell: Shell, file: Path) -> None:
    code, _, _ = shell("init", "chat", "-o", file)

    written = file.read_text()
    assert code == ExitCode.DONE
    assert "4 × ml.g4dn.xlarge, scaled between 2 and 6; config chat-v1." in written
    assert "\nvariant: main\n" in written
    assert shell("check", file)[0] == ExitCode.DONE


@pytest.mark.usefixtures("endpoint")
def test_init_prints_the_file_and_nothing_else(shell: Shell) -> None:
    _, out, _ = shell("init", "chat", "--tier", "critical")

    assert out.startswith("# yaml-language-server: ")
    assert "\ntier: critical\n" in out


@pytest.mark.usefixtures("endpoint")
def test_init_never_writes_over_a_file(shell: Shell, file: Path) -> None:
    file.write_text("tier: critical")

    code, _, err = shell("init", "chat", "-o", file)

    assert code == ExitCode.USAGE
    assert "exists already" in err
    assert file.read_text() == "tier: critical"


@pytest.mark.usefixtures("endpoint")
def test_init_uploads_to_where_updates_read_it(shell: Shell) -> None:
    shell("init", "chat", "--tier", "critical", "--upload")

    _, out, _ = shell("show", "chat", "--json")
    assert json.loads(out)["policy"]["variant"] == "main"
    assert json.loads(out)["policy"]["strategy"] == "canary"


@pytest.mark.usefixtures("endpoint")
def test_init_never_uploads_over_a_policy(shell: Shell, s3: S3Client) -> None:
    s3.put_object(Bucket="models", Key=KEY, Body=b"tier: critical")

    code, _, err = shell("init", "chat", "--upload")

    assert code == ExitCode.USAGE
    assert "s3://models/policies/chat.yaml exists already" in err
    assert s3.get_object(Bucket="models", Key=KEY)["Body"].read() == b"tier: critical"


def test_init_of_no_endpoint_says_so(shell: Shell, s3: S3Client) -> None:
    code, _, err = shell("init", "ghost")

    assert code == ExitCode.USAGE
    assert "There is no endpoint 'ghost'" in err


def stored(s3: S3Client) -> bytes:
    return s3.get_object(Bucket="models", Key=KEY)["Body"].read()


@pytest.fixture
def versioned(s3: S3Client) -> S3Client:
    s3.put_bucket_versioning(Bucket="models", VersioningConfiguration={"Status": "Enabled"})
    return s3


def test_push_writes_what_check_lets_and_shows_the_difference(
    shell: Shell, versioned: S3Client, endpoint: None, file: Path
) -> None:
    versioned.put_object(Bucket="models", Key=KEY, Body=b"tier: critical\n")
    file.write_text("tier: production\n")

    code, out, _ = shell("push", "chat", file, "--yes")

    assert code == ExitCode.DONE
    assert "-tier: critical" in out
    assert "+tier: production" in out
    assert "switchover policy pull chat --object-version" in out
    assert stored(versioned) == b"tier: production\n"


@pytest.mark.parametrize(
    "text", ["tier: golden\n", "a: b: c\n", "strategy: redeploy\n", "- a list\n", "tier: [\n"]
)
def test_push_writes_nothing_that_is_faulty(
    shell: Shell, s3: S3Client, endpoint: None, file: Path, text: str
) -> None:
    file.write_text(text)

    code, _, err = shell("push", "chat", file, "--yes")

    assert code == ExitCode.REJECTED
    assert "nothing was written" in err
    assert s3.list_objects_v2(Bucket="models")["KeyCount"] == 0


def test_push_of_the_same_writes_nothing(
    shell: Shell, versioned: S3Client, endpoint: None, file: Path
) -> None:
    file.write_text("tier: critical\n")
    shell("push", "chat", file, "--yes")

    code, out, _ = shell("push", "chat", file)

    assert code == ExitCode.DONE
    assert "nothing was written" in out
    assert len(versioned.list_object_versions(Bucket="models")["Versions"]) == 1


def test_push_without_anybody_to_ask_writes_nothing(
    shell: Shell, s3: S3Client, endpoint: None, file: Path
) -> None:
    file.write_text("tier: critical\n")

    code, _, err = shell("push", "chat", file)

    assert code == ExitCode.USAGE
    assert "--yes" in err
    assert s3.list_objects_v2(Bucket="models")["KeyCount"] == 0


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The keys' end of a pseudo-terminal whose other end is the standard input."""
    keys, line = os.openpty()
    with os.fdopen(line, encoding="utf-8") as terminal:
        monkeypatch.setattr("sys.stdin", terminal)
        yield keys
    os.close(keys)


@pytest.mark.parametrize(
    ("keys", "code", "told", "stands"),
    [
        (b"y\n", ExitCode.DONE, "Write s3://models/policies/chat.yaml?", b"tier: critical\n"),
        (b"n\n", ExitCode.UNEXPECTED, "Nothing was written.", b"tier: production\n"),
        (b"\n", ExitCode.UNEXPECTED, "Nothing was written.", b"tier: production\n"),
        (b"\x04", ExitCode.INTERRUPTED, "Stopped.", b"tier: production\n"),
    ],
    ids=["yes", "no", "return", "end of input"],
)
def test_push_asks_whoever_sits_at_a_terminal(
    shell: Shell,
    s3: S3Client,
    endpoint: None,
    file: Path,
    keyboard: int,
    keys: bytes,
    code: ExitCode,
    told: str,
    stands: bytes,
) -> None:
    s3.put_object(Bucket="models", Key=KEY, Body=b"tier: production\n")
    file.write_text("tier: critical\n")
    os.write(keyboard, keys)

    ended, _, err = shell("push", "chat", file)

    assert (ended, stored(s3)) == (code, stands)
    assert "Write s3://models/policies/chat.yaml? [y/N]" in err
    assert told in err


def test_push_that_was_told_yes_asks_nobody(
    shell: Shell, s3: S3Client, endpoint: None, file: Path, keyboard: int
) -> None:
    file.write_text("tier: critical\n")
    os.write(keyboard, b"n\n")

    code, _, err = shell("push", "chat", file, "--yes")

    assert code == ExitCode.DONE
    assert "[y/N]" not in err
    assert stored(s3) == b"tier: critical\n"


def test_push_loses_nobodys_change(
    shell: Shell,
    s3: S3Client,
    endpoint: None,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file.write_text("tier: critical\n")
    s3.put_object(Bucket="models", Key=KEY, Body=b"tier: production\n")
    monkeypatch.setattr(
        "switchover_cli.screens.push.draw_push",
        lambda _: s3.put_object(Bucket="models", Key=KEY, Body=b"tier: development\n"),
    )

    code, _, err = shell("push", "chat", file, "--yes")

    assert code == ExitCode.UNEXPECTED
    assert "by others" in err
    assert stored(s3) == b"tier: development\n"


def test_push_for_an_endpoint_that_is_not_there_yet_warns_with_the_near_name(
    shell: Shell, s3: S3Client, endpoint: None, file: Path
) -> None:
    file.write_text("tier: critical\n")

    code, out, _ = shell("push", "chatt", file, "--yes")

    assert code == ExitCode.DONE
    assert "Did you mean 'chat'?" in out


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("variant: other\n", "'other' is not the live variant 'main'"),
        ("strategy: rolling\nrolling: {percent: 0.5}\n", "percent"),
    ],
)
def test_push_live_refuses_what_does_not_suit_the_fleet(
    shell: Shell, s3: S3Client, endpoint: None, file: Path, text: str, why: str
) -> None:
    file.write_text(text)

    code, _, err = shell("push", "chat", file, "--yes", "--live")

    assert code == ExitCode.REJECTED
    assert why in err
    assert s3.list_objects_v2(Bucket="models")["KeyCount"] == 0


def test_push_live_lets_through_what_suits_it(
    shell: Shell, s3: S3Client, endpoint: None, file: Path
) -> None:
    file.write_text("variant: main\nstrategy: rolling\n")

    code, _, _ = shell("push", "chat", file, "--yes", "--live")

    assert code == ExitCode.DONE


def test_push_says_who_goes_over_the_file(
    shell: Shell, s3: S3Client, endpoint: None, file: Path
) -> None:
    file.write_text("locked: [approval]\nreleases_may: [hotfix]\n")

    _, out, _ = shell("push", "chat", file, "--yes")

    assert "except for these keys: hotfix" in out
    assert "except for locked keys: approval" in out


def test_push_as_json_says_both_versions(
    shell: Shell, versioned: S3Client, endpoint: None, file: Path
) -> None:
    before = versioned.put_object(Bucket="models", Key=KEY, Body=b"tier: critical\n")
    file.write_text("tier: production\n")

    _, out, _ = shell("push", "chat", file, "--yes", "--json")

    told = json.loads(out)
    assert told["is_changed"]
    assert told["previous_version"] == before["VersionId"]
    assert told["object_version"] not in {"", before["VersionId"]}
    assert "+tier: production" in told["diff"]


def test_pull_gives_back_what_was_pushed(
    shell: Shell, versioned: S3Client, endpoint: None, file: Path, tmp_path: Path
) -> None:
    file.write_text("# ours\ntier: critical  # why: many rely on it\n")
    shell("push", "chat", file, "--yes")

    code, out, _ = shell("pull", "chat")
    shell("pull", "chat", "-o", tmp_path / "back.yaml")

    assert code == ExitCode.DONE
    assert out == file.read_text()
    assert (tmp_path / "back.yaml").read_bytes() == file.read_bytes()


def test_pull_fetches_an_earlier_version(shell: Shell, versioned: S3Client) -> None:
    before = versioned.put_object(Bucket="models", Key=KEY, Body=b"tier: critical\n")
    versioned.put_object(Bucket="models", Key=KEY, Body=b"tier: production\n")

    _, out, _ = shell("pull", "chat", "--object-version", before["VersionId"])

    assert out == "tier: critical\n"


@pytest.mark.parametrize("more", [(), ("--object-version", "nonsense")])
def test_pull_of_nothing_says_that_the_defaults_hold(
    shell: Shell, versioned: S3Client, more: tuple[str, ...]
) -> None:
    code, _, err = shell("pull", "chat", *more)

    assert code == ExitCode.USAGE
    assert "switchover policy init chat" in err


def test_pull_writes_over_no_other_file(shell: Shell, versioned: S3Client, file: Path) -> None:
    versioned.put_object(Bucket="models", Key=KEY, Body=b"tier: critical\n")
    file.write_text("mine\n")

    code, _, _ = shell("pull", "chat", "-o", file)

    assert code == ExitCode.USAGE
    assert file.read_text() == "mine\n"
