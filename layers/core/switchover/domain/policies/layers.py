"""Policy values from several sources, laid over each other: defaults < file < release < manual input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from switchover.domain.policies.policy import TIER_STRATEGY, Policy, Strategy, Tier
from switchover.domain.policies.yaml_lines import read_yaml
from switchover.domain.reasons import Reason, nearest_origin, reasons_from

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Layer:
    """One source of policy values: a file, a release, the manual input.

    `lines` says where each dotted key stands, if the source has lines; `faults` are what reading it
    has found already. Merging tells them with all others.
    """

    source: str
    values: Mapping[str, Any]
    lines: Mapping[str, int] = field(default_factory=dict)
    faults: tuple[Reason, ...] = ()

    def place(self, key: str) -> str:
        """Where a dotted key was set: the source, and the line if it has lines."""
        line = self.lines.get(key)
        return self.source if line is None else f"{self.source} line {line}"


@dataclass(frozen=True, slots=True)
class EffectivePolicy:
    """The merged policy, and for each dotted key that isn't at its default, what set it.

    `implied` are the keys that nobody wrote: the tier sets them. `sources` are those that set
    anything, later ones on top.
    """

    policy: Policy
    origins: Mapping[str, str]
    implied: frozenset[str] = frozenset()
    sources: tuple[str, ...] = ()

    @property
    def chosen(self) -> frozenset[str]:
        """The dotted keys that people set themselves, which nothing may adapt."""
        return frozenset(self.origins) - self.implied

    def place(self, key: str) -> str:
        """Where a dotted key, or the section that holds it, was set; `policy` if nobody did."""
        return nearest_origin(key, self.origins, "policy")


def parse_policy(raw: bytes, source: str) -> Layer:
    """Read `policies/<endpoint>.yaml` as a layer; merging checks its values and tells its faults."""
    try:
        read = read_yaml(raw)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        fault = Reason(
            code="policy.not-yaml",
            subject=source,
            message=f"is not YAML: {' '.join(str(error).split())}.",
            remedy="Correct it there.",
        )
        return Layer(source, {}, faults=(fault,))
    if read.content is not None and not isinstance(read.content, dict):
        fault = Reason(
            code="policy.invalid",
            subject=source,
            message=f"holds a {type(read.content).__name__}, not keys and values.",
            remedy="Write `key: value` lines.",
        )
        return Layer(source, {}, faults=(fault,))
    repeated = tuple(
        Reason(
            code="policy.duplicate-key",
            subject=f"{source} line {repeat.line}: {repeat.key}",
            message=f"the key {repeat.key!r} stands twice; the first is in line {repeat.first_line}.",
            remedy="Keep one of them.",
        )
        for repeat in read.repeats
    )
    return Layer(source, read.content or {}, read.lines, repeated)


def merge_policy(layers: Sequence[Layer]) -> EffectivePolicy | tuple[Reason, ...]:
    """Lay the layers over the defaults, later ones on top, or say every fault of every layer."""
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for layer in layers:
        _overlay(merged, origins, layer.values, layer, path="")
    implied = _implied(merged)
    faults = [fault for layer in layers for fault in layer.faults]
    try:
        policy = Policy.model_validate({**implied, **merged})
    except ValidationError as error:
        source = layers[-1].source if layers else "policy"
        faults += reasons_from(
            error, code="policy.invalid", subjects=origins, source=source, model=Policy
        )
    if faults:
        return tuple(faults)
    by_tier = dict.fromkeys(implied, f"tier {policy.tier.value}")
    return EffectivePolicy(
        policy,
        origins={**by_tier, **origins},
        implied=frozenset(implied),
        sources=tuple(layer.source for layer in layers if layer.values),
    )


def _implied(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a tier that somebody named sets, where nobody set it himself."""
    tier = values.get("tier")
    if "strategy" in values or not isinstance(tier, str) or tier not in set(Tier):
        return {}
    strategy = TIER_STRATEGY[Tier(tier)]
    # The guide offers redeploy only where downtime is acceptable; choosing the tier says so.
    downtime = {"allow_downtime": True} if strategy is Strategy.REDEPLOY else {}
    return {
        key: value for key, value in {"strategy": strategy, **downtime}.items() if key not in values
    }


def _overlay(
    merged: dict[str, Any],
    origins: dict[str, str],
    values: Mapping[str, Any],
    layer: Layer,
    path: str,
) -> None:
    for key, value in values.items():
        dotted = f"{path}.{key}" if path else str(key)
        origins[dotted] = layer.place(dotted)
        if isinstance(value, Mapping):
            below = merged.get(key)
            merged[key] = dict(below) if isinstance(below, Mapping) else {}
            _overlay(merged[key], origins, value, layer, dotted)
        else:
            merged[key] = value
