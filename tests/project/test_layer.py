"""The layer ships the botocore that the functions call, and bytecode that is the same in each build."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore
import botocore.session
import pytest
from botocore import xform_name
from botocore.model import ListShape, MapShape, StructureShape
from layers.core.builder.botocore_subset import NotInBotocore, write_subset
from layers.core.builder.build import BuildFailed, compile_all, has_bytecode_for, install_libraries
from tests.support.called_operations import (
    CALLED_PATH,
    named_operations,
    write_called_operations,
)
from tests.support.template_parts import ROOT, template

from switchover.aws.clients import teach_newer_models

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.model import Shape

HANDLERS = sorted(path.stem for path in (ROOT / "functions").glob("*.py"))
_DATA = Path(botocore.__file__).parent / "data"
_NEWER = ROOT / "layers/core/switchover/aws/models"
_CALLED: dict[str, list[str]] = json.loads(CALLED_PATH.read_text(encoding="utf-8"))
_OPERATIONS = [(service, name) for service in _CALLED for name in _CALLED[service]]


@pytest.fixture(scope="module")
def reduced(tmp_path_factory: pytest.TempPathFactory) -> botocore.session.Session:
    """A session that knows what the layer's botocore will."""
    folder = tmp_path_factory.mktemp("data")
    write_subset(_DATA, _NEWER, _CALLED, folder)
    session = botocore.session.Session()
    loader = botocore.loaders.Loader([str(folder)], include_default_search_paths=False)
    session.register_component("data_loader", loader)
    return session


@pytest.fixture(scope="module")
def whole() -> botocore.session.Session:
    return teach_newer_models(botocore.session.Session())


def test_the_operations_that_the_layer_describes_are_those_that_the_code_calls() -> None:
    assert CALLED_PATH.read_text(encoding="utf-8") == write_called_operations(), "run `make docs`"


def test_the_layer_describes_what_a_gateway_names_even_where_no_call_can_be_followed() -> None:
    """A call through a name without a type isn't followed: it would fail in Lambda only."""
    assert named_operations()
    assert named_operations() <= set(_OPERATIONS)


@pytest.mark.parametrize(("service", "operation"), _OPERATIONS)
def test_a_called_operation_is_what_it_is_in_the_whole_botocore(
    service: str,
    operation: str,
    reduced: botocore.session.Session,
    whole: botocore.session.Session,
) -> None:
    small = reduced.get_service_model(service).operation_model(operation)
    large = whole.get_service_model(service).operation_model(operation)

    assert _written(small.input_shape) == _written(large.input_shape)
    assert _written(small.output_shape) == _written(large.output_shape)
    assert [_written(each) for each in small.error_shapes] == [
        _written(each) for each in large.error_shapes
    ]
    assert small.http == large.http
    assert small.metadata == large.metadata


@pytest.mark.parametrize("service", _CALLED)
@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1", "cn-north-1", "us-gov-west-1"])
def test_a_client_of_the_reduced_botocore_goes_to_the_same_host(
    service: str, region: str, reduced: botocore.session.Session, whole: botocore.session.Session
) -> None:
    small = _client(reduced, service, region)
    large = _client(whole, service, region)

    assert small.meta.endpoint_url == large.meta.endpoint_url
    assert small.meta.config.signature_version == large.meta.config.signature_version


@pytest.mark.parametrize(("service", "operation"), _OPERATIONS)
def test_a_client_of_the_reduced_botocore_pages_as_the_whole_one(
    service: str,
    operation: str,
    reduced: botocore.session.Session,
    whole: botocore.session.Session,
) -> None:
    method = xform_name(operation)
    small, large = (_client(each, service, "eu-west-1") for each in (reduced, whole))

    assert callable(getattr(small, method))
    assert small.can_paginate(method) == large.can_paginate(method)


def test_what_nobody_calls_is_left_out(reduced: botocore.session.Session) -> None:
    assert sorted(reduced.get_available_services()) == sorted(_CALLED)
    assert "CreateTrainingJob" not in reduced.get_service_model("sagemaker").operation_names


@pytest.mark.parametrize(
    "called", [{"sagemaker": ["LaunchRocket"]}, {"rockets": ["DescribeRocket"]}], ids=str
)
def test_what_botocore_does_not_describe_fails_the_build(
    called: dict[str, list[str]], tmp_path: Path
) -> None:
    with pytest.raises(NotInBotocore, match=r"LaunchRocket|rockets"):
        write_subset(_DATA, _NEWER, called, tmp_path)


@pytest.mark.parametrize("runtime", template()["Parameters"]["PythonRuntime"]["AllowedValues"])
@pytest.mark.parametrize("architecture", template()["Parameters"]["Architecture"]["AllowedValues"])
def test_every_runtime_and_processor_has_its_makefile(runtime: str, architecture: str) -> None:
    """SAM tells a Makefile neither: the template chooses one that says both."""
    context = template()["Resources"]["CoreLayer"]["Metadata"]["ContextPath"]["Fn::Sub"]
    folder = context.replace("${PythonRuntime}", runtime).replace("${Architecture}", architecture)

    written = (ROOT / folder / "Makefile").read_text(encoding="utf-8").splitlines()

    assert written[:2] == [f"RUNTIME := {runtime}", f"ARCHITECTURE := {architecture}"]


def test_two_builds_have_the_same_bytecode_wherever_they_lie(tmp_path: Path) -> None:
    builds = [tmp_path / "one", tmp_path / "another" / "place"]
    for packages in builds:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "layers/core/switchover/domain", packages, ignore=ignored)
        compile_all(packages)

    first, second = (dict(_bytecode(packages)) for packages in builds)

    assert first == second
    assert first


def test_bytecode_is_never_compared_with_its_source(tmp_path: Path) -> None:
    """PEP 552: flags 0b01 mean a hash instead of a time, which isn't checked."""
    (tmp_path / "module.py").write_text("ANSWER = 42\n")

    compile_all(tmp_path)

    [(_, content)] = _bytecode(tmp_path)
    assert content[:4] == importlib.util.MAGIC_NUMBER
    assert int.from_bytes(content[4:8], "little") == 0b01


@pytest.mark.parametrize(
    ("runtime", "fits"),
    [(f"python3.{sys.version_info.minor}", True), ("python3.99", False), ("python2.7", False)],
)
def test_bytecode_is_for_one_version_of_python(runtime: str, *, fits: bool) -> None:
    assert has_bytecode_for(runtime) is fits


def test_libraries_that_do_not_exist_for_a_runtime_fail_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")

    with pytest.raises(BuildFailed, match="pip can't install the layer's libraries"):
        install_libraries("python3.11", "arm64", tmp_path)


def test_no_handler_loads_at_its_import_what_only_some_calls_need() -> None:
    """botocore's clients, the log and the readers of checkpoints: half of a second in all."""
    program = f"import json, sys, {', '.join(HANDLERS)}; print(json.dumps(sorted(sys.modules)))"
    path = os.pathsep.join(map(str, (ROOT / "functions", ROOT / "layers/core", *sys.path)))

    run = subprocess.run(  # noqa: S603 - our own handlers
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )

    assert {
        "aws_lambda_powertools",
        "boto3",
        "botocore.session",
        "switchover.checkpoint.inspecting",
    } & set(json.loads(run.stdout)) == set()


def _client(session: botocore.session.Session, service: str, region: str) -> Any:
    return session.create_client(service, region)


def _bytecode(packages: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(packages.rglob("*.pyc")):
        yield str(path.relative_to(packages)), path.read_bytes()


def _written(shape: Shape | None, above: tuple[str, ...] = ()) -> object:
    """All that serializers and parsers read of a shape; one that holds itself is named only."""
    if shape is None or shape.name in above:
        return None if shape is None else shape.name
    above = (*above, shape.name)
    below: object = None
    match shape:
        case StructureShape():
            below = {name: _written(each, above) for name, each in shape.members.items()}
        case ListShape():
            below = _written(shape.member, above)
        case MapShape():
            below = (_written(shape.key, above), _written(shape.value, above))
    return (shape.name, shape.type_name, shape.serialization, shape.metadata, below)
