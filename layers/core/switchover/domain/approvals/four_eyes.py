"""Four eyes: a person who offered or started an update may not approve it.

That person is known only if they vouched. `switchover upload` and `switchover start` call VouchFunction,
which records the caller's ARN, as AWS authenticated it, before the update starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.callers import is_same_person, say_caller
from switchover.domain.naming import execution_name
from switchover.domain.queue_reasons import start_command
from switchover.domain.reasons import Reason
from switchover.domain.update.approval import Channel

if TYPE_CHECKING:
    from switchover.domain.update.update import Update


def event_name(endpoint: str, version: str, place: str, content: str, again: str = "") -> str:
    """Name the execution that the arrival of a release starts.

    `place` is `bucket/key`, `content` the SHA-256 of release.json. `again` is the object's version if the
    same content is offered once more, because the first offer was stopped before it was judged.
    """
    return execution_name(endpoint, version, f"{place}/{content}{f'#{again}' if again else ''}")


def subjects_of(update: Update, model_bucket: str) -> tuple[str, ...]:
    """The subjects for which people must have vouched, so that everybody who began an update is known.

    The first is the release, by the SHA-256 of release.json. The second is the update itself, unless its
    name is the one that the release's arrival in the model bucket gives: Step Functions starts an
    execution of one name once. An arrival never asks for a policy, a hotfix or a start at once. So an
    update that asks for one was started by hand, under any name.
    """
    request = update.request
    if request is None or request.release is None:
        return (update.update_id,)
    place = "/".join(request.bucket_and_key)
    arrivals = {
        event_name(update.endpoint, update.version, place, update.release_sha256, again)
        for again in ("", request.object_version or "")
    }
    asks_for_more = bool(request.policy or request.hotfix or request.now)
    has_arrived = (
        update.bucket == model_bucket and update.update_id in arrivals and not asks_for_more
    )
    by_hand = () if has_arrived else (update.update_id,)
    return (update.release_sha256 or update.update_id, *by_hand)


def object_to_decider(
    endpoint: str, offered_by: tuple[str, ...] | None, by: str, channel: Channel
) -> Reason | None:
    """Why a yes doesn't count under four eyes; None if it does."""
    if channel is not Channel.IAM:
        return _refusal(
            endpoint,
            "four eyes need the approver's identity, and only `switchover approve` proves it.",
        )
    if not offered_by:
        return _refusal(endpoint, "the offerer of the release is not known.")
    same = next((arn for arn in offered_by if is_same_person(arn, by)), None)
    if same is None:
        return None
    return _refusal(endpoint, f"{say_caller(by)} also offered the update, as {say_caller(same)}.")


def find_offerer_fault(update: Update) -> Reason | None:
    """Say why four eyes can't be kept; None if they can, or if the offerers weren't read (a dry plan).

    A person who starts a release by hand is recorded for the start, not as the release's offerer.
    """
    if update.offered_by is None or update.offered_by:
        return None
    return Reason(
        code="approval.starter-unknown",
        subject="policy: approval.four_eyes",
        message="its offerer isn't recorded, so no approver can be shown to be a second person.",
        remedy=(
            "With the permission to invoke VouchFunction, upload it again: switchover upload DIR"
            f" --endpoint {update.endpoint} --version {update.version} --reason '…'. To start it by"
            f" hand: {start_command(update)}"
        ),
    )


def say_offerers(offered_by: tuple[str, ...] | None) -> str:
    """Name the offerers of an update, and say how they are known."""
    if not offered_by:
        return "not known: no offerer is recorded"
    return ", ".join(map(say_caller, offered_by))


def _refusal(endpoint: str, message: str) -> Reason:
    return Reason(
        code="approval.four-eyes",
        subject="policy: approval.four_eyes",
        message=message,
        remedy=f"Have another person answer: switchover approve {endpoint}",
    )
