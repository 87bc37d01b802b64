"""Merges policy values from several sources: defaults < file < release < manual input.

A later layer overrides an earlier layer, if the module `trust` allows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import yaml
from pydantic import ValidationError

from switchover.domain.bounded import Unreadable
from switchover.domain.policies.choices import TIER_STRATEGY, Strategy, Tier, Wish
from switchover.domain.policies.overrides import (
    NOW,
    Override,
    refuse_hotfix,
    refuse_operator,
    refuse_passing,
    refuse_release,
    tell_overrides,
    tell_passed_window,
)
from switchover.domain.policies.policy import Policy
from switchover.domain.policies.trust import Trust
from switchover.domain.policies.yaml_lines import read_yaml
from switchover.domain.reasons import Reason, limit_reasons, nearest_origin, reasons_from

if TYPE_CHECKING:
    from collections.abc import Sequence

    from switchover.domain.release import Release


@dataclass(frozen=True, slots=True)
class Layer:
    """One source of policy values: a file, a release, the manual input.

    `lines` gives the line of each dotted key, if the source has lines. `faults` are the faults found
    while the source was read; merging reports them together with all others. `wishes` are the requests
    that aren't keys: `hotfix`, `start-time`, `now`.
    """

    source: str
    values: Mapping[str, Any]
    lines: Mapping[str, int] = field(default_factory=dict)
    faults: tuple[Reason, ...] = ()
    trust: Trust = Trust.OWNER
    wishes: frozenset[str] = frozenset()

    def place(self, key: str) -> str:
        """The place where a dotted key was set: the source, with the line if known."""
        line = self.lines.get(key)
        return self.source if line is None else f"{self.source} line {line}"


@dataclass(frozen=True, slots=True)
class EffectivePolicy:
    """The merged policy, and the source of each dotted key that isn't at its default.

    `implied` are the keys that the tier sets. `sources` are the sources that set any key, the strongest
    last. `overrides` are the values that differ from the policy file.
    """

    policy: Policy
    origins: Mapping[str, str]
    implied: frozenset[str] = frozenset()
    sources: tuple[str, ...] = ()
    overrides: tuple[Override, ...] = ()

    @property
    def chosen(self) -> frozenset[str]:
        """The dotted keys that people set themselves. Switchover must not adapt them."""
        return frozenset(self.origins) - self.implied

    def place(self, key: str) -> str:
        """The source of a dotted key or of its section; `policy` if no source sets it."""
        return nearest_origin(key, self.origins, "policy")


def parse_policy(raw: bytes, source: str) -> Layer:
    """Read `policies/<endpoint>.yaml` as a layer; merging checks its values and reports its faults."""
    try:
        read = read_yaml(raw)
    except (yaml.YAMLError, ValueError) as error:
        said = " ".join(str(error).split())
        fault = Reason(
            code="policy.not-yaml",
            subject=source,
            message=f"{said}." if isinstance(error, Unreadable) else f"is not YAML: {said}.",
            remedy="Correct the file.",
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
    repeated = [
        Reason(
            code="policy.duplicate-key",
            subject=f"{source} line {repeat.line}: {repeat.key}",
            message=f"the key {repeat.key!r} occurs twice; the first is in line {repeat.first_line}.",
            remedy="Delete one of them.",
        )
        for repeat in read.repeats
    ]
    faults = limit_reasons(repeated, code="policy.duplicate-key", subject=source)
    return Layer(source, read.content or {}, read.lines, faults)


def layer_of_release(release: Release | None) -> Layer:
    """The overrides of a release, as a layer."""
    if release is None:
        return Layer("release.json policy", {}, trust=Trust.RELEASE)
    asked = ((Wish.HOTFIX, release.hotfix), (Wish.START_TIME, release.starts_at is not None))
    wishes = frozenset(str(wish) for wish, is_asked in asked if is_asked)
    return Layer("release.json policy", release.policy, trust=Trust.RELEASE, wishes=wishes)


def layer_of_input(
    values: Mapping[str, Any], *, is_hotfix: bool = False, skips_window: bool = False
) -> Layer:
    """The overrides of an operator, as a layer."""
    asked = ((Wish.HOTFIX, is_hotfix), (NOW, skips_window))
    wishes = frozenset(str(wish) for wish, is_asked in asked if is_asked)
    return Layer("input policy", values, trust=Trust.OPERATOR, wishes=wishes)


def merge_policy(
    layers: Sequence[Layer], releases_may: tuple[str, ...] = ()
) -> EffectivePolicy | tuple[Reason, ...]:
    """Merge the layers over the defaults, or return every fault of every layer. Later layers win.

    If no layer has a fault, all overrides that aren't allowed are refused together. `releases_may` holds
    the keys that releases may set if the policy file doesn't name any.
    """
    faulty = _lay(layers)
    if isinstance(faulty, tuple):
        return faulty
    by_trust = {trust: [each for each in layers if each.trust is trust] for trust in Trust}
    owned, asked = by_trust[Trust.OWNER], by_trust[Trust.OPERATOR]
    # An operator's value replaces the release's value of the same key.
    instead = _overlaid(asked)[0]
    offered = [
        replace(each, values=_without(each.values, instead)) for each in by_trust[Trust.RELEASE]
    ]
    held, before, merged = _lay(owned), _lay((*owned, *offered)), _lay((*owned, *offered, *asked))
    if isinstance(held, tuple):
        return held
    if isinstance(before, tuple):
        return before
    if isinstance(merged, tuple):
        return merged
    held, before, merged = (_resolve(each, releases_may) for each in (held, before, merged))
    wished = frozenset[str]().union(*(each.wishes for each in offered))
    said = frozenset[str]().union(*(each.wishes for each in asked))
    granted = said | (wished & set(held.policy.releases_may or ()))
    is_hotfix_refused = Wish.HOTFIX in wished - granted
    refused = (
        *refuse_release(held.policy, before.policy, _overlaid(offered)[1], held.origins),
        *refuse_operator(held.policy, before.policy, merged.policy, merged.origins),
        *((refuse_hotfix(),) if is_hotfix_refused else ()),
        *refuse_passing(held.policy, granted),
    )
    if refused:
        return refused
    told = tell_overrides(held.policy, merged.policy, merged.origins)
    return replace(merged, overrides=(*told, *tell_passed_window(merged.policy, wished | said)))


def _resolve(effective: EffectivePolicy, releases_may: tuple[str, ...]) -> EffectivePolicy:
    """The policy with the stack's `ReleasesMay`, if the policy file has no `releases_may`."""
    if effective.policy.releases_may is not None or not releases_may:
        return effective
    policy = effective.policy.model_copy(update={"releases_may": releases_may})
    return replace(
        effective,
        policy=policy,
        origins={**effective.origins, "releases_may": "the stack's ReleasesMay"},
    )


def _lay(layers: Sequence[Layer]) -> EffectivePolicy | tuple[Reason, ...]:
    """Merge the layers without regard to trust, or return every fault of every layer."""
    merged, origins = _overlaid(layers)
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
    """The values that a named tier sets, for keys without a written value."""
    tier = values.get("tier")
    if "strategy" in values or not isinstance(tier, str) or tier not in set(Tier):
        return {}
    strategy = TIER_STRATEGY[Tier(tier)]
    # The guide recommends redeploy only if downtime is acceptable; the tier development accepts it.
    downtime = {"allow_downtime": True} if strategy is Strategy.REDEPLOY else {}
    return {
        key: value for key, value in {"strategy": strategy, **downtime}.items() if key not in values
    }


def overlay(values: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """The values, overridden key by key by the values in `over`."""
    return _overlaid((Layer("", values), Layer("", over)))[0]


def _overlaid(layers: Sequence[Layer]) -> tuple[dict[str, Any], dict[str, str]]:
    """The values of all layers, where later layers win, and the source of each dotted key."""
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for layer in layers:
        _overlay(merged, origins, layer.values, layer, path="")
    return merged, origins


def _without(values: Mapping[str, Any], replaced: Mapping[str, Any]) -> dict[str, Any]:
    """The values without the keys that are in `replaced`."""
    kept: dict[str, Any] = {}
    for key, value in values.items():
        other = replaced.get(key)
        if key not in replaced:
            kept[key] = value
        elif isinstance(value, Mapping) and isinstance(other, Mapping):
            kept[key] = _without(value, other)
    return kept


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
