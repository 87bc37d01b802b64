"""The findings of other readers of Amazon States Language in the definition.

cfn-lint reads a definition only inside a template, so the test puts it there. asl-validator is installed
where there is node. LocalStack's reader isn't used: localstack-core needs Python 3.13 and an older boto3.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs
from tests.support.definition import FILE, GUARD_FILE, fill_in
from tests.support.template import REGION, ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic import JsonValue

_VALIDATOR = ROOT / ".venv/asl/node_modules/.bin/asl-validator"
_needs_node = pytest.mark.skipif(
    not (_VALIDATOR.exists() and shutil.which("node")),
    reason="asl-validator isn't installed: `make .venv/asl.done`, with node and npm on the PATH",
)


_of_each = pytest.mark.parametrize("file", [FILE, GUARD_FILE], ids=lambda file: file.name)


def _without_a_way_on() -> dict[str, JsonValue]:
    definition = fill_in()
    state = definition["States"]["CopyRelease"]  # type: ignore[index, call-overload]
    del state["Next"]
    return definition


def _lint(definition: dict[str, JsonValue]) -> list[str]:
    machine = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"RoleArn": "arn:aws:iam::000000000000:role/r", "Definition": definition},
    }
    template = json.dumps({"Resources": {"Machine": machine}}, indent=1)
    return [found.message for found in lint(template, config=ManualArgs(regions=[REGION]))]


def _validate(definition: dict[str, JsonValue], folder: Path) -> subprocess.CompletedProcess[str]:
    path = folder / "update.asl.json"
    path.write_text(json.dumps(definition))
    asked = ["node", str(_VALIDATOR), "--json-path", str(path)]
    return subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603


@_of_each
def test_cfn_lint_finds_nothing(file: Path) -> None:
    assert _lint(fill_in(file)) == []


def test_cfn_lint_finds_a_state_without_a_way_on() -> None:
    assert _lint(_without_a_way_on()) == ["Only one of ['Next', 'End'] is a required property"]


@_needs_node
@_of_each
def test_asl_validator_finds_nothing(tmp_path: Path, file: Path) -> None:
    read = _validate(fill_in(file), tmp_path)

    assert (read.returncode, read.stderr) == (0, "")


@_needs_node
def test_asl_validator_finds_a_state_without_a_way_on(tmp_path: Path) -> None:
    read = _validate(_without_a_way_on(), tmp_path)

    assert read.returncode == 1
    assert 'State "CopyRelease" MUST contain exactly one of "End", "Next"' in read.stderr
