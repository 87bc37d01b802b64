"""The updates that deployment guardrails don't cover (rules §3), and whether SageMaker refuses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from switchover_local.twin.wire.refusals import validation_exception

from .course import Strategy

if TYPE_CHECKING:
    from switchover_local.twin.scenario import Scenario

    from .endpoint import Endpoint
    from .specs import EndpointConfig


@dataclass(frozen=True, slots=True)
class Exclusion:
    """The reasons why guardrails don't cover an update; none set means that they cover it."""

    is_silent: bool = False
    """The update falls back to all-at-once without a final bake, and no message says so."""
    is_renamed: bool = False
    is_serverless: bool = False
    has_several_variants: bool = False

    def refuse(self, strategy: Strategy) -> None:
        """Refuse a DeploymentConfig that isn't possible for this endpoint.

        Raises:
            Refusal: ValidationException; SageMaker's words for it aren't documented.
        """
        if self.is_renamed:
            raise validation_exception(
                "A deployment configuration requires the new endpoint configuration to have the "
                "same variant names as the current one."
            )
        if self.is_serverless:
            raise validation_exception(
                "A deployment configuration is not supported for serverless variants."
            )
        if strategy is Strategy.ROLLING and self.has_several_variants:
            raise validation_exception(
                "RollingUpdatePolicy is not supported for endpoints with multiple variants."
            )


def exclusion_of(endpoint: Endpoint, target: EndpointConfig, scenario: Scenario) -> Exclusion:
    """The reasons against guarding the update of `endpoint` to `target`."""
    return Exclusion(
        is_silent=any(_is_silently_excluded(c, scenario) for c in (endpoint.config, target)),
        is_renamed=set(endpoint.variants) != {spec.variant_name for spec in target.variants},
        is_serverless=any(spec.is_serverless for spec in target.variants),
        has_several_variants=len(target.variants) > 1,
    )


def tells_of_deployments(endpoint: Endpoint, scenario: Scenario) -> bool:
    """Whether deployment events are sent for an endpoint: only for those that guardrails cover.

    Source: the "Visibility" point of deployment-guardrails; its list of exclusions is taken to
    be the list of endpoints without events (rules §3).
    """
    configs = [endpoint.config, *([endpoint.pending.config] if endpoint.pending else [])]
    return not any(
        _is_silently_excluded(config, scenario)
        or any(spec.is_serverless or spec.hosts_components for spec in config.variants)
        for config in configs
    )


def _is_silently_excluded(config: EndpointConfig, scenario: Scenario) -> bool:
    return any(
        spec.hardware.startswith("ml.inf1.") or spec.model_name in scenario.marketplace_models
        for spec in config.variants
    )
