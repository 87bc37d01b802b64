"""A first policy file passes its own check for every fleet, also with all comments removed."""

from __future__ import annotations

import re

import pytest

from switchover.domain.plans.experience import Ready
from switchover.domain.plans.fitting import Conditions, Fitted, fit
from switchover.domain.plans.policy_sense import find_contradictions, find_idle_keys
from switchover.domain.policies.choices import Strategy, Tier
from switchover.domain.policies.layers import EffectivePolicy, Layer, merge_policy, parse_policy
from switchover.domain.policies.policy import Policy
from switchover_cli.policies.template import (
    SCHEMA,
    Fleet,
    recommend_policy,
    write_all_settings,
    write_first_policy,
)

# A key that is commented out: no space, or the indentation of its section, after the #.
_COMMENTED_KEY = re.compile(r"^#((?:  )*[a-z_]+:)", re.MULTILINE)


def fleet(instances: int, variant: str = "AllTraffic") -> Fleet:
    return Fleet("chat", "chat-v1", variant, instances, "ml.g6e.2xlarge", (2, 8))


def merged(text: str) -> EffectivePolicy:
    effective = merge_policy([parse_policy(text.encode(), "chat.yaml")])
    assert isinstance(effective, EffectivePolicy), effective
    return effective


@pytest.mark.parametrize("tier", list(Tier))
@pytest.mark.parametrize("instances", range(1, 13))
def test_it_passes_the_check_without_a_warning(instances: int, tier: Tier) -> None:
    effective = merged(write_first_policy(fleet(instances), tier))
    assert find_contradictions(effective) == ()
    assert find_idle_keys(effective) == ()


@pytest.mark.parametrize("tier", list(Tier))
@pytest.mark.parametrize("instances", range(1, 13))
def test_it_says_what_was_recommended_and_nothing_else(instances: int, tier: Tier) -> None:
    effective = merged(write_first_policy(fleet(instances), tier))
    advice = merge_policy([Layer("advice", recommend_policy(fleet(instances), tier).values)])
    assert isinstance(advice, EffectivePolicy)
    assert effective.policy == advice.policy
    assert effective.chosen == advice.chosen


@pytest.mark.parametrize("tier", list(Tier))
@pytest.mark.parametrize("instances", range(1, 13))
def test_the_recommendation_fits_the_fleet_that_it_was_made_for(instances: int, tier: Tier) -> None:
    effective = merged(write_first_policy(fleet(instances), tier))
    conditions = Conditions(instances, instances, Ready(600, "a test"), published_every=60)
    assert isinstance(fit(effective.policy, effective.chosen, conditions), Fitted)


@pytest.mark.parametrize("tier", list(Tier))
@pytest.mark.parametrize("instances", [1, 4])
def test_taking_every_hash_away_changes_nothing(instances: int, tier: Tier) -> None:
    text = write_first_policy(fleet(instances), tier)
    assert merged(_COMMENTED_KEY.sub(r"\1", text)).policy == merged(text).policy


def test_every_key_stands_there_to_be_uncommented() -> None:
    uncommented = merged(_COMMENTED_KEY.sub(r"\1", write_first_policy(fleet(4), Tier.PRODUCTION)))
    assert uncommented.chosen == merged(write_all_settings()).chosen


def test_the_docs_block_is_the_defaults() -> None:
    assert merged(write_all_settings()).policy == Policy()


@pytest.mark.parametrize("tier", [Tier.PRODUCTION, Tier.CRITICAL])
def test_one_instance_is_updated_all_at_once_whatever_the_tier(tier: Tier) -> None:
    text = write_first_policy(fleet(1), tier)
    assert merged(text).policy.strategy is Strategy.ALL_AT_ONCE
    assert "one instance has no half" in " ".join(text.replace("#", "").split())


@pytest.mark.parametrize(
    ("instances", "batch"), [(2, 1), (3, 1), (4, 2), (5, 1), (8, 2), (10, 2), (12, 2), (20, 4)]
)
def test_the_guides_table_is_resolved_to_instances(instances: int, batch: int) -> None:
    assert f"rolling, {batch} of {instances} instances at a time" in (
        recommend_policy(fleet(instances), Tier.PRODUCTION).why
    )


def test_a_canary_says_what_it_costs() -> None:
    assert "8 instances run" in recommend_policy(fleet(4), Tier.CRITICAL).why


def test_editors_are_told_the_schema_in_the_first_line() -> None:
    first, *_ = write_first_policy(fleet(4), Tier.PRODUCTION).splitlines()
    assert first == f"# yaml-language-server: $schema={SCHEMA}"


def test_what_is_live_is_said() -> None:
    text = write_first_policy(fleet(4), Tier.PRODUCTION)
    assert "4 × ml.g6e.2xlarge, scaled between 2 and 8; config chat-v1." in text


@pytest.mark.parametrize("variant", ["on", "123", "1e3", "main-2"])
def test_a_variant_keeps_its_name_whatever_yaml_would_make_of_it(variant: str) -> None:
    assert merged(write_first_policy(fleet(4, variant), Tier.PRODUCTION)).policy.variant == variant
