"""Faults and leftovers that Switchover won't fix by itself, judged from what was read."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from switchover.domain.by_hand import register_target
from switchover.domain.naming import CONFIG_PREFIX, endpoint_of_alarm
from switchover.domain.plans.alarms import Scope
from switchover.domain.queueing import is_abandoned
from switchover.domain.units import say_count
from switchover_cli.doctor import commands
from switchover_cli.doctor.bucket_findings import judge_bucket
from switchover_cli.doctor.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchover_cli.doctor.seen import Seen, Thing, UnfinishedExecution

# The record of something made a moment ago may not be readable yet. And every 15 minutes a sweep
# handles fresh leftovers by itself.
_SETTLED = timedelta(minutes=30)
_RING = re.compile(r"-(\d{8}T\d{4})-[0-9a-f]{16}$")


def diagnose(seen: Seen) -> tuple[Finding, ...]:
    """Every leftover and every contradiction; those that block updates come first.

    If claims couldn't be read, nothing that a running update might need is called left over.
    """
    of_updates = () if seen.claims is None or seen.updates is None else _of_updates(seen)
    return (
        *of_updates,
        *_pins(seen),
        *_schedules(seen),
        *judge_bucket(seen),
        *_stack(seen),
    )


def _of_updates(seen: Seen) -> Iterator[Finding]:
    yield from _claims(seen)
    yield from _stuck(seen)
    yield from _executions(seen)
    yield from _unreadable(seen)
    yield from _scaling(seen)
    yield from _alarms(seen)
    yield from _configs(seen)


def _claims(seen: Seen) -> Iterator[Finding]:
    for held in seen.claims or ():
        claim = held.claim
        if not is_abandoned(claim, seen.now, is_running=held.is_running):
            continue
        record = "the ledger has no record of it" if held.update is None else "its record exists"
        yield Finding(
            code="claim.abandoned",
            subject=f"endpoint {claim.endpoint}",
            evidence=f"{claim.update_id} holds it, but its execution has ended; {record}.",
            since=claim.claimed_at,
            commands=(commands.unclaim(claim.endpoint),),
        )


def _stuck(seen: Seen) -> Iterator[Finding]:
    for one in seen.waiting:
        if one.endpoint in seen.claimed or seen.now - one.not_before < _SETTLED:
            continue
        yield Finding(
            code="queue.stuck",
            subject=f"endpoint {one.endpoint}",
            evidence=f"{one.update_id} waits, although its time has come and the endpoint is free.",
            since=one.not_before,
            commands=(commands.start(seen.machine_arn, {"resume": one.update_id}),),
        )


def _executions(seen: Seen) -> Iterator[Finding]:
    carried = {held.claim.update_id for held in seen.claims or ()}
    told: set[str] = set()
    for ended in seen.executions:
        update = ended.update
        if ended.update_id in told or ended.update_id in carried or seen.now - ended.at < _SETTLED:
            continue
        is_over = update is not None and update.outcome is not None
        if is_over or (update is None and _was_asked_again(seen, ended)):
            continue
        told.add(ended.update_id)
        yield Finding(
            code="execution.unfinished" if update else "execution.unrecorded",
            subject=f"update {ended.update_id}",
            evidence=(
                f"its execution ended {ended.status}, and it has no outcome."
                if update
                else f"its execution ended {ended.status}, and the ledger has no record of it."
            ),
            since=ended.at,
            commands=(
                commands.start(
                    seen.machine_arn, {"recover": ended.update_id} if update else ended.request
                ),
            ),
        )


def _was_asked_again(seen: Seen, ended: UnfinishedExecution) -> bool:
    """Whether a later update was started with the same input."""
    return any(
        update.started_at >= ended.at
        and update.request is not None
        and update.request.model_dump(mode="json", exclude_defaults=True) == ended.request
        for update in seen.updates or ()
    )


def _unreadable(seen: Seen) -> Iterator[Finding]:
    for update in seen.updates or ():
        if update.record.is_unreadable and update.endpoint not in seen.claimed:
            yield Finding(
                code="record.unreadable",
                subject=f"update {update.update_id}",
                evidence=f"{update.reasons[0].message}" if update.reasons else "can't be read.",
                since=update.started_at,
                commands=(commands.start(seen.machine_arn, {"recover": update.update_id}),),
            )


def _pins(seen: Seen) -> Iterator[Finding]:
    for endpoint in seen.unreadable_pins:
        yield Finding(
            code="pin.unreadable",
            subject=f"endpoint {endpoint}",
            evidence="its pin can't be read, so no release can start.",
            since=None,
            commands=(commands.unpin(endpoint),),
        )


def _scaling(seen: Seen) -> Iterator[Finding]:
    for left in seen.unrestored:
        if left.endpoint in seen.claimed:
            continue
        yield Finding(
            code="scaling.suspended",
            subject=f"endpoint {left.endpoint}",
            evidence=f"its scaling was not restored after {left.update_id}, which has ended.",
            since=left.since,
            commands=(register_target(left.endpoint, left.variant, left.request),),
        )


def _alarms(seen: Seen) -> Iterator[Finding]:
    for alarm in seen.alarms:
        endpoint = endpoint_of_alarm(alarm.name)
        if endpoint is None or endpoint in seen.claimed or _is_fresh(seen, alarm):
            continue
        is_standing = alarm.name.split("/")[2] == Scope.STANDING.value
        if is_standing and (seen.endpoints is None or endpoint in seen.endpoints):
            continue
        yield Finding(
            code="alarm.left",
            subject=f"alarm {alarm.name}",
            evidence=(
                "its endpoint doesn't exist."
                if is_standing
                else "it watches the fleet of one update, but no update runs."
            ),
            since=alarm.since,
            commands=(commands.delete_alarm(alarm.name),),
        )


def _configs(seen: Seen) -> Iterator[Finding]:
    sorts = (
        ("config", seen.configs, seen.serving_configs, commands.delete_config),
        ("model", seen.models, seen.serving_models, commands.delete_model),
    )
    for sort, things, serving, delete in sorts:
        for thing in things:
            if thing.name in seen.known_names | serving or _is_fresh(seen, thing):
                continue
            if not _is_of_known_history(seen, thing.name):
                continue
            yield Finding(
                code=f"{sort}.left",
                subject=f"{sort} {thing.name}",
                evidence="Switchover made it for an update that the ledger lacks; no endpoint serves it.",
                since=thing.since,
                commands=(delete(thing.name),),
            )


def _is_of_known_history(seen: Seen, name: str) -> bool:
    """Whether the whole history was read of every endpoint that the name may belong to."""
    candidates = [
        endpoint
        for endpoint in seen.endpoints or ()
        if name.startswith(f"{CONFIG_PREFIX}{endpoint}-")
    ]
    return bool(candidates) and seen.fully_read.issuperset(candidates)


def _schedules(seen: Seen) -> Iterator[Finding]:
    for schedule in seen.schedules:
        found = _RING.search(schedule.name)
        if found is None:
            continue
        at = datetime.strptime(found[1], "%Y%m%dT%H%M").replace(tzinfo=UTC)
        if seen.now - at < _SETTLED:
            continue
        yield Finding(
            code="schedule.left",
            subject=f"schedule {schedule.name}",
            evidence=f"it was due at {at:%Y-%m-%d %H:%M} UTC, and should have been deleted then.",
            since=at,
            commands=(commands.delete_schedule(seen.schedule_group, schedule.name),),
        )


def _stack(seen: Seen) -> Iterator[Finding]:
    if seen.dead_letters:
        url = seen.dead_letters_url
        yield Finding(
            code="dead-letters",
            subject="dead-letter queue",
            evidence=f"{say_count(seen.dead_letters, 'event')} that no function could handle.",
            since=None,
            commands=(
                commands.read_dead_letters(url),
                commands.purge_dead_letters(url),
            ),
        )
    if seen.listeners == 0:
        yield Finding(
            code="topic.unheard",
            subject="outcome topic",
            evidence="it has no confirmed subscription, so no person is notified.",
            since=None,
            commands=(commands.subscribe(seen.topic_arn),),
        )
    if seen.unknown_keys:
        yield Finding(
            code="parameter.unknown",
            subject="stack parameter ReleasesMay",
            evidence=f"it names unknown policy keys: {', '.join(seen.unknown_keys)}.",
            since=None,
            commands=(commands.set_releases_may(seen.known_keys),),
        )


def _is_fresh(seen: Seen, thing: Thing) -> bool:
    return thing.since is not None and seen.now - thing.since < _SETTLED
