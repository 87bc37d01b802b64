"""The latency that the new fleet may have: the policy's, or measured by what the old fleet takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.readings import Unmeasured

if TYPE_CHECKING:
    from switchover.domain.policies.policy import Latency

# Of fewer requests p99 is the slowest one, and one slow request is no level.
FEWEST_REQUESTS = 50
_US_PER_SECOND = 1_000_000  # ModelLatency counts microseconds (rules §4)


def bound_latency(
    asked: Latency,
    chosen: frozenset[str],
    old_latency_us: float | Unmeasured | None,
    old_version: str,
) -> tuple[Latency, tuple[str, ...]]:
    """The bound that an update's own alarm gets, and what people should know of how.

    `old_latency_us` is the old fleet's level of the same statistic; None if it answered fewer than
    `FEWEST_REQUESTS`. A limit that a person chose (`chosen` are the dotted keys) is never exceeded.
    """
    if asked.versus_old is None:
        return asked, ()
    stays = f"The latency alarm stays at {asked.limit_seconds:g} s"
    match old_latency_us:
        case None:
            too_few = (
                f"{old_version} answered fewer than {FEWEST_REQUESTS} requests in the last hour"
            )
            return asked, (f"{stays}: {too_few}.",)
        case Unmeasured(why):
            return asked, (f"{stays}: the latency of {old_version} {why}",)
        case _:
            old_seconds = old_latency_us / _US_PER_SECOND
    # Three digits, so that alarm, description and note say the same.
    bound_seconds = float(f"{asked.versus_old * old_seconds:.3g}")
    measured = (
        f"{asked.versus_old:g} × the {old_seconds:.3g} s ({asked.statistic}) of {old_version}"
        " over the last hour"
    )
    if "alarms.latency.limit_seconds" in chosen and asked.limit_seconds <= bound_seconds:
        return asked, (f"{stays}, as the policy says: {measured} would allow {bound_seconds:g} s.",)
    return (
        asked.model_copy(update={"limit_seconds": bound_seconds}),
        (f"The latency alarm is at {bound_seconds:g} s: {measured}.",),
    )
