"""The choices of a policy: strategies, tiers, and the decision when a result is inconclusive."""

from __future__ import annotations

from enum import StrEnum


class Strategy(StrEnum):
    """The five ways to replace the previous fleet with the new one."""

    ROLLING = "rolling"
    CANARY = "canary"
    LINEAR = "linear"
    ALL_AT_ONCE = "all-at-once"
    REDEPLOY = "redeploy"


class Weights(StrEnum):
    """The treatment of environment variables that name other weights than the release does."""

    AS_CONFIGURED = "as-configured"
    RELEASE = "release"


class WhenBusy(StrEnum):
    """The treatment of a release while another update of its endpoint runs or waits."""

    SUPERSEDE = "supersede"
    QUEUE = "queue"
    REJECT = "reject"


class Wish(StrEnum):
    """A request of a release besides policy keys, allowed if `releases_may` names it."""

    HOTFIX = "hotfix"
    START_TIME = "start-time"


# Only the policy file may set these keys, because they decide who may change the others.
OWNERS_ALONE = frozenset({"locked", "releases_may"})


class Tier(StrEnum):
    """The importance of an endpoint. It selects the strategy that the guide recommends."""

    PRODUCTION = "production"
    CRITICAL = "critical"
    DEVELOPMENT = "development"


TIER_STRATEGY = {
    Tier.PRODUCTION: Strategy.ROLLING,
    Tier.CRITICAL: Strategy.CANARY,
    Tier.DEVELOPMENT: Strategy.REDEPLOY,
}


class Inconclusive(StrEnum):
    """The treatment of an update whose new fleet got too few requests to be judged."""

    HOLD = "hold"
    ROLL_BACK = "roll-back"
