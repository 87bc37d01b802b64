"""The input of a rehearsal: a policy, a fleet, a model's size, a scenario; all checked beforehand."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import yaml
from pydantic import TypeAdapter, ValidationError

from switchover.domain.plans.timeline import estimate_ready_seconds
from switchover.domain.policies.choices import Inconclusive
from switchover.domain.policies.layers import merge_policy, overlay, parse_policy
from switchover.domain.release import EndpointName
from switchover_cli.errors import Misused, Refused
from switchover_local.twin.scenario import Behaviour, ModelBehaviour, Scenario
from switchover_local.twin.wire.protocol import service_models

if TYPE_CHECKING:
    from botocore.model import StringShape
    from mypy_boto3_sagemaker.literals import ProductionVariantInstanceTypeType

    from switchover.domain.policies.layers import Layer
    from switchover.domain.policies.policy import Policy

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(B|kB|MB|GB|TB)?", re.IGNORECASE)
_UNITS = {"b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12}


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Everything that a rehearsal needs to know, checked before anything is started."""

    endpoint: str
    instances: int
    instance_type: ProductionVariantInstanceTypeType
    policy: Policy
    policy_text: str
    """The policy file without the settings that a rehearsal can't play."""
    scenario: Scenario
    golden: Path | None
    notes: tuple[str, ...]

    @property
    def roomy_quotas(self) -> dict[str, int]:
        """A quota that lets the fleet come into service, even if the scenario's quota is smaller."""
        return {self.instance_type: self.instances}


def prepare(
    path: Path, *, scenario: Scenario, instances: int, instance_type: str, model_bytes: float
) -> Rehearsal:
    """Check the whole input of a rehearsal before anything starts.

    Raises:
        Misused: the file, its name or the instance type is wrong.
        Refused: the policy has faults; names all of them.
    """
    layer = _read_policy(path)
    merged = merge_policy([layer])
    if isinstance(merged, tuple):
        raise Refused(f"{path} is not a policy that Switchover takes.", merged)
    policy = merged.policy
    overrides, notes = _adapt(policy, path, model_bytes)
    hardware = _known_instance_type(instance_type)
    return Rehearsal(
        endpoint=_endpoint_of(path),
        instances=instances,
        instance_type=hardware,
        policy=policy,
        policy_text=yaml.safe_dump(overlay(layer.values, overrides), sort_keys=False),
        scenario=_furnish(scenario, hardware, instances, model_bytes),
        golden=_find_golden(policy, path),
        notes=notes,
    )


def read_size(text: str) -> float:
    """A size as people write it, like `16.6GB`, in bytes.

    Raises:
        Misused: the text isn't a size.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise Misused(f"--bytes {text!r} is no size.", "Write it like 16.6GB or 750MB.")
    return float(found[1]) * _UNITS[(found[2] or "B").lower()]


def _read_policy(path: Path) -> Layer:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Misused(f"{path} can't be read: {error.strerror}.", "Give a policy file.") from error
    layer = parse_policy(raw, str(path))
    if layer.faults:
        raise Refused(f"{path} is not a policy that Switchover takes.", layer.faults)
    return layer


def _endpoint_of(path: Path) -> str:
    try:
        return TypeAdapter[str](EndpointName).validate_python(path.stem)
    except ValidationError as error:
        raise Misused(
            f"{path.stem!r} can't be an endpoint's name, and a policy file is named after its"
            " endpoint.",
            "Name it like vlm-prod.yaml: letters, digits and single hyphens, at most 63.",
        ) from error


def _known_instance_type(name: str) -> ProductionVariantInstanceTypeType:
    shape = service_models()["sagemaker"].shape_for("ProductionVariantInstanceType")
    known = cast("StringShape", shape).enum
    if name not in known:
        near = ", ".join(difflib.get_close_matches(name, known, n=3))
        raise Misused(
            f"SageMaker has no instance type {name!r}.", f"Near it: {near}." if near else ""
        )
    return cast("ProductionVariantInstanceTypeType", name)


def _furnish(
    scenario: Scenario, instance_type: str, instances: int, model_bytes: float
) -> Scenario:
    """Fill in what the scenario leaves out: a model of that size, and a sufficient quota."""
    # The plan assumes a download of 200 MB/s; without a rate in the scenario, the twin uses the same.
    load_seconds = estimate_ready_seconds(int(model_bytes)) - estimate_ready_seconds(0)
    size: dict[str, float] = {"download_seconds": load_seconds}
    models = [
        entry
        if size.keys() <= entry.behaviour.model_fields_set
        else entry.model_copy(update={"behaviour": entry.behaviour.model_copy(update=size)})
        for entry in (*scenario.models, ModelBehaviour(model="*", behaviour=Behaviour()))
    ]
    return scenario.model_copy(
        update={
            "models": tuple(models),
            "quotas": {instance_type: 4 * instances, **scenario.quotas},
        }
    )


def _adapt(
    policy: Policy, path: Path, model_bytes: float
) -> tuple[dict[str, Any], tuple[str, ...]]:
    overrides: dict[str, Any] = {}
    notes: list[str] = []
    if policy.ready_seconds is None:
        # The played release has a few MB, which the plan would take for the model's real size.
        overrides["ready_seconds"] = min(7200, estimate_ready_seconds(int(model_bytes)))
    if policy.approval.required or policy.approval.promotion:
        overrides["approval"] = {"required": False, "promotion": False, "four_eyes": False}
        notes.append("approval is assumed")
    if policy.guard.inconclusive is Inconclusive.HOLD:
        # A rehearsal has no person to decide.
        overrides["guard"] = {"inconclusive": Inconclusive.ROLL_BACK.value}
    if policy.window or policy.freezes:
        overrides |= {"window": [], "freezes": []}
        notes.append("the update begins at once: windows and freezes are ignored")
    if policy.tests.golden is not None:
        if _find_golden(policy, path) is None:
            overrides["tests"] = {"golden": None}
            notes.append(
                f"no golden requests are sent: there is no {policy.tests.golden} near {path}"
            )
        else:
            notes.append("golden requests are sent; the scenario's `reply` answers them")
    if policy.alarms.also:
        notes.append(f"your own alarms stay OK: {', '.join(policy.alarms.also)}")
    return overrides, tuple(notes)


def _find_golden(policy: Policy, path: Path) -> Path | None:
    """The file of golden requests: beside the policy, or at its path in the bucket's layout."""
    if policy.tests.golden is None:
        return None
    key = Path(policy.tests.golden)
    near = (path.parent / key.name, path.parent / key, path.parent.parent / key)
    return next((file for file in near if file.is_file()), None)
