"""The choices of a policy: strategies, tiers, and what happens in doubt."""

from __future__ import annotations

from enum import StrEnum


class Strategy(StrEnum):
    """The five ways from the previous fleet to the new one."""

    ROLLING = "rolling"
    CANARY = "canary"
    LINEAR = "linear"
    ALL_AT_ONCE = "all-at-once"
    REDEPLOY = "redeploy"


class Weights(StrEnum):
    """What becomes of environment variables that name other weights than the release's."""

    AS_CONFIGURED = "as-configured"
    RELEASE = "release"


class WhenBusy(StrEnum):
    """What becomes of a release while another update of its endpoint runs or waits."""

    SUPERSEDE = "supersede"
    QUEUE = "queue"
    REJECT = "reject"


class Wish(StrEnum):
    """A request of a release besides policy keys, allowed if `releases_may` names it."""

    HOTFIX = "hotfix"
    START_TIME = "start-time"


# Who may change what is the policy file's alone to say.
OWNERS_ALONE = frozenset({"locked", "releases_may"})


class Tier(StrEnum):
    """How much an endpoint matters, which picks the guide's recommendation."""

    PRODUCTION = "production"
    CRITICAL = "critical"
    DEVELOPMENT = "development"


TIER_STRATEGY = {
    Tier.PRODUCTION: Strategy.ROLLING,
    Tier.CRITICAL: Strategy.CANARY,
    Tier.DEVELOPMENT: Strategy.REDEPLOY,
}


class Inconclusive(StrEnum):
    """What becomes of an update whose new fleet was asked too little to be judged."""

    HOLD = "hold"
    ROLL_BACK = "roll-back"
