"""A first policy file: every key with its meaning, and values that suit the live fleet."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from switchover.domain.plans.pace import resolve_batch, resolve_canary
from switchover.domain.policies.choices import TIER_STRATEGY, Strategy, Tier
from switchover.domain.policies.layers import EffectivePolicy, Layer, merge_policy
from switchover.domain.policies.policy import Policy
from switchover_cli.policies.settings import meaning_of_section, sections_opened, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchover_cli.policies.settings import Setting

# `policies/` is beside `docs/`, in this project and in those that copy its layout.
SCHEMA = "../docs/schemas/policy.schema.json"
_WIDTH = 98


@dataclass(frozen=True, slots=True)
class Fleet:
    """The fleet to recommend a policy for; `scaled_between` are the autoscaling bounds, if any."""

    endpoint: str
    config_name: str
    variant: str
    instances: int
    instance_type: str
    scaled_between: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The values that suit a fleet, and the reasons, in sentences."""

    values: dict[str, Any]
    why: str


def recommend_policy(fleet: Fleet, tier: Tier) -> Recommendation:
    """Choose the tier's strategy, or the one that a single instance allows."""
    values: dict[str, Any] = {"tier": tier.value, "variant": fleet.variant}
    strategy, count = TIER_STRATEGY[tier], fleet.instances
    if strategy is Strategy.REDEPLOY:
        return Recommendation(
            values,
            "redeploy. It needs no additional instance, but the endpoint answers no request until"
            " the new fleet is up: only for endpoints that may be down.",
        )
    if count < 2:
        # CanarySize, LinearStepSize and MaximumBatchSize are at most half of the fleet (rules §1.2).
        values["strategy"] = Strategy.ALL_AT_ONCE.value
        return Recommendation(
            values,
            f"all-at-once, though the tier is {tier.value}: SageMaker takes batches and canaries of at"
            " most half of the fleet, and one instance has no half. A second instance serves before"
            " the first one is removed, so there is no downtime; termination_wait_seconds is the bake.",
        )
    if strategy is Strategy.CANARY:
        first = resolve_canary(Policy().canary.percent, count)
        return Recommendation(
            values,
            f"canary, {first} of {count} instances first. Both fleets run completely until the end, so"
            f" a rollback only switches traffic; meanwhile {2 * count} instances run.",
        )
    batch = resolve_batch(None, count)
    return Recommendation(
        values,
        f"rolling, {batch} of {count} instances at a time, by the guide's table for the fleet's size"
        f" at the start of each update. At most {count + batch} instances run at once; a rollback"
        " launches old instances again, so it is slower.",
    )


def write_first_policy(fleet: Fleet, tier: Tier) -> str:
    """A new policy file for an endpoint: recommended values, all other keys as comments."""
    advice = recommend_policy(fleet, tier)
    effective = _merged(Layer("recommended", advice.values))
    bounds = fleet.scaled_between
    scaled = f", scaled between {bounds[0]} and {bounds[1]}" if bounds else ", not autoscaled"
    purpose = (
        f"The policy of {fleet.endpoint}. Lines like `#key: value` show defaults: remove the #"
        " there and at the section's name to change one."
    )
    live = (
        f"Live when this was written: {fleet.instances} × {fleet.instance_type}{scaled};"
        f" config {fleet.config_name}."
    )
    paragraphs = (purpose, live, f"Recommended: {advice.why}")
    head = [line for text in paragraphs for line in (*_comment(text), "#")]
    return "\n".join(
        (
            f"# yaml-language-server: $schema={SCHEMA}",
            *head[:-1],
            "",
            *_write_settings(settings_of(effective), effective.chosen),
            "",
        )
    )


def write_all_settings() -> str:
    """Every key with its default and its meaning, for the docs."""
    settings = settings_of(_merged())
    return "\n".join(_write_settings(settings, frozenset(setting.key for setting in settings)))


def _merged(*layers: Layer) -> EffectivePolicy:
    effective = merge_policy(layers)
    if not isinstance(effective, EffectivePolicy):
        raise TypeError(f"what is recommended is no policy: {effective}")
    return effective


def _write_settings(settings: tuple[Setting, ...], live: frozenset[str]) -> Iterator[str]:
    """The lines of a policy file, in which keys that aren't live are commented out."""
    before = ""
    for setting in settings:
        if setting.section.partition(".")[0] != before.partition(".")[0]:
            yield ""
        for section in sections_opened(before, setting.section):
            *above, name = section.split(".")
            indent = "  " * len(above)
            is_live = any(key.startswith(f"{section}.") for key in live)
            yield from _comment(meaning_of_section(section), indent)
            yield f"{'' if is_live else '#'}{indent}{name}:"
        before = setting.section
        indent = "  " * setting.key.count(".")
        bounds = f" [{setting.bounds}]" if setting.bounds else ""
        yield from _comment(f"{setting.meaning}{bounds}", indent)
        yield f"{'' if setting.key in live else '#'}{indent}{setting.name}: {setting.value}"


def _comment(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text,
        width=_WIDTH,
        initial_indent=f"{indent}# ",
        subsequent_indent=f"{indent}# ",
        break_long_words=False,
        break_on_hyphens=False,
    )
