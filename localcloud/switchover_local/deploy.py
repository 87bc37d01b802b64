"""Deploys the real template to a local cloud with `sam build` and `sam deploy`, only after changes.

A build is kept while template, functions, layers and state machine stay the same. A deployment is kept
while the stack's mark names the same build and parameters.
"""

from __future__ import annotations

import compileall
import fcntl
import hashlib
import os
import platform
import py_compile
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from botocore.exceptions import ClientError

from switchover_local.asl import convert_to_json
from switchover_local.engine import clear_of_aws
from switchover_local.engine_gaps import fit_to_engine
from switchover_local.links import lead_links_here

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from switchover_local.stack import LocalCloud

STACK_NAME = "switchover"
INPUTS = ("template.yaml", "functions", "layers", "statemachine")
MARK = "switchover:inputs"
ARTIFACT_BUCKET = "switchover-local-artifacts"
POLL_SECONDS = "0.3"
# Parameters without a default in the template; here, all of their resources are this cloud's.
REACH = {"EndpointPattern": "*", "ModelExecutionRoleName": "*SageMaker*"}


class DeployFailed(Exception):
    """`sam` failed; the message is all of its output."""


def deploy(
    cloud: LocalCloud, project: Path, parameters: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Deploy the project's present files to the cloud, and return the stack's outputs.

    Python's version and the processor's architecture are this machine's, because Lambda workers
    run on it; `parameters` are the template's others.

    Raises:
        DeployFailed: building or deploying failed.
    """
    project = project.resolve()
    overrides = {**_this_machine(), **REACH, **(parameters or {})}
    with _alone(cloud.folder / "deploy.lock"), _built(project, _this_machine()) as built:
        mark = _digest(built.read_text(), *(f"{key}={overrides[key]}" for key in sorted(overrides)))
        if _find_mark(cloud) != mark:
            _send(cloud, built, overrides, mark)
            lead_links_here(cloud)
    return read_outputs(cloud)


def read_outputs(cloud: LocalCloud) -> dict[str, str]:
    """The deployed stack's outputs, by key.

    Raises:
        DeployFailed: there is no stack.
    """
    cloudformation = cloud.session().client("cloudformation")
    try:
        [stack] = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
    except ClientError as error:
        raise DeployFailed(f"Nothing is deployed on this local cloud yet: {error}") from error
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def build_for_this_machine(project: Path, folder: Path) -> None:
    """Run `sam build` into a folder, for this machine's Python and processor.

    Raises:
    DeployFailed: building failed.
    """
    _sam_build(project.resolve(), folder, {**_this_machine(), **REACH})


@contextmanager
def _built(project: Path, overrides: Mapping[str, str]) -> Iterator[Path]:
    """The build of the project's present files; a lock protects it while it is in use."""
    local = project / ".local"
    local.mkdir(exist_ok=True)
    with (local / "in_use.lock").open("w") as in_use:
        with _alone(local / "build.lock"):
            mark = _digest_files(project, overrides)
            if not _is_built(local / "build", mark):
                fcntl.flock(
                    in_use, fcntl.LOCK_EX
                )  # waits for other processes that still deploy the last build
                _build(project, local / "build", overrides, mark)
            fcntl.flock(in_use, fcntl.LOCK_SH)
        yield local / "build" / "template.yaml"


def _is_built(folder: Path, mark: str) -> bool:
    mark_file = folder / "inputs.sha256"
    return mark_file.exists() and mark_file.read_text() == mark


def _build(project: Path, folder: Path, overrides: Mapping[str, str], mark: str) -> None:
    built, mark_file = folder / "template.yaml", folder / "inputs.sha256"
    mark_file.unlink(missing_ok=True)
    _sam_build(project, folder, overrides)
    _fit(built)
    # The layer contains its bytecode; without this, the first worker of each handler would compile it.
    # Unpacking changes file times, so the bytecode isn't checked against them. It contains no folder
    # name, so equal code has equal bytecode.
    unchecked = py_compile.PycInvalidationMode.UNCHECKED_HASH
    for part in {path.parent for path in folder.glob("*/*.py")}:
        compileall.compile_dir(part, quiet=2, stripdir=part, invalidation_mode=unchecked)
    # SAM's template doesn't change with the code; a mark in it makes every build distinct.
    built.write_text(f"# {mark}\n{built.read_text()}")
    mark_file.write_text(mark)


def _sam_build(project: Path, folder: Path, overrides: Mapping[str, str]) -> None:
    build = ["build", "--template", str(project / "template.yaml"), "--build-dir", str(folder)]
    build += ["--cached", "--cache-dir", str(project / ".local" / "sam-cache")]
    build += ["--parameter-overrides", *_pairs(overrides)]
    _sam(build, project, dict(os.environ))


def _fit(built: Path) -> None:
    template: dict[str, Any] = yaml.safe_load(built.read_text())
    numeric_parameters = {
        name
        for name, parameter in template.get("Parameters", {}).items()
        if parameter.get("Type") == "Number"
    }
    for name, resource in template["Resources"].items():
        properties = resource.get("Properties", {})
        uri = properties.get("DefinitionUri")
        if resource["Type"] != "AWS::Serverless::StateMachine" or not isinstance(uri, str):
            continue
        numeric = {
            key
            for key, value in properties.get("DefinitionSubstitutions", {}).items()
            if isinstance(value, int | float)
            or (isinstance(value, dict) and value.get("Ref") in numeric_parameters)
        }
        converted = built.parent / f"{name}.asl.json"
        converted.write_text(convert_to_json((built.parent / uri).read_text(), numeric))
        properties["DefinitionUri"] = converted.name
    built.write_text(yaml.safe_dump(fit_to_engine(template), sort_keys=False))


def _send(cloud: LocalCloud, built: Path, overrides: Mapping[str, str], mark: str) -> None:
    # Our own bucket: --resolve-s3 would first deploy a second stack to make one.
    cloud.session().client("s3").create_bucket(Bucket=ARTIFACT_BUCKET)
    command = ["deploy", "--template-file", str(built), "--stack-name", STACK_NAME]
    command += ["--s3-bucket", ARTIFACT_BUCKET, "--no-confirm-changeset", "--no-progressbar"]
    command += ["--no-fail-on-empty-changeset", "--disable-rollback", "--capabilities"]
    command += ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
    command += ["--tags", f"{MARK}={mark}", "--parameter-overrides", *_pairs(overrides)]
    environment = {**clear_of_aws(os.environ), **cloud.environment()}
    _sam(command, built.parent, {**environment, "SAM_CLI_POLL_DELAY": POLL_SECONDS})


def _sam(arguments: list[str], folder: Path, environment: dict[str, str]) -> None:
    tools = Path(sys.executable).parent  # sam, and the Python that it must find on the PATH
    environment["PATH"] = f"{tools}{os.pathsep}{environment.get('PATH', '')}"
    environment["SAM_CLI_TELEMETRY"] = "0"
    run = subprocess.run(  # noqa: S603 - sam, with arguments made above
        [str(tools / "sam"), *arguments],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if run.returncode != 0:
        raise DeployFailed(f"sam {arguments[0]} failed:\n{run.stdout}")


def _find_mark(cloud: LocalCloud) -> str | None:
    cloudformation = cloud.session().client("cloudformation")
    try:
        [stack] = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"]
    except ClientError:  # no such stack
        return None
    if not stack["StackStatus"].endswith("_COMPLETE"):
        return None
    return next((tag["Value"] for tag in stack.get("Tags", []) if tag["Key"] == MARK), None)


def _this_machine() -> dict[str, str]:
    architecture = "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64"
    runtime = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return {"PythonRuntime": runtime, "Architecture": architecture}


def _pairs(overrides: Mapping[str, str]) -> list[str]:
    return [f"{key}={value}" for key, value in sorted(overrides.items())]


def _digest_files(project: Path, overrides: Mapping[str, str]) -> str:
    paths = (
        path
        for name in INPUTS
        for path in (
            [project / name] if (project / name).is_file() else (project / name).rglob("*")
        )
        if path.is_file() and "__pycache__" not in path.parts
    )
    parts = (f"{path.relative_to(project)}\0{_digest(path.read_bytes())}" for path in sorted(paths))
    return _digest(*parts, *_pairs(overrides))


def _digest(*parts: str | bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part if isinstance(part, bytes) else part.encode())
        digest.update(b"\0")
    return digest.hexdigest()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    # Parallel runs (tests, for example) must not write the same build folder or stack at once.
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
