"""Reasons against a release that are known before it is sent: endpoint, marks, pin and policy."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import ClientError

from switchover.domain.fleet import Absent
from switchover.domain.marks import check_marks
from switchover.domain.places import ReleasePlace
from switchover.domain.plans.plan import Kind
from switchover.domain.policies.choices import Wish
from switchover.domain.policies.layers import EffectivePolicy, Layer, merge_policy
from switchover.domain.policies.sections import Model
from switchover.domain.policies.trust import Trust
from switchover.domain.refusals import check_endpoint
from switchover.domain.release import is_endpoint_name
from switchover.domain.update.request import Request
from switchover.domain.update.update import Update

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from switchover.domain.reasons import Reason
    from switchover_cli.deployment import Deployment

_DENIED = frozenset({"403", "AccessDenied", "AccessDeniedException"})
_MOST_NAMES_TOLD = 3
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FirstLook:
    """The facts that are known before anything is sent.

    `allowed` is what the policy allows in a checkpoint. For `reasons` the release would be rejected.
    `warnings` are reasons that may pass by then. `unchecked` is what these credentials may not read.
    """

    allowed: Model
    reasons: tuple[Reason, ...] = ()
    warnings: tuple[Reason, ...] = ()
    unchecked: tuple[str, ...] = ()


def look_first(
    deployment: Deployment, endpoint: str, version: str, overrides: Layer, *, is_hotfix: bool
) -> FirstLook:
    """Find the reasons for which a release would be refused; the model isn't read, and nothing is sent.

    What these credentials may not read isn't judged here; the update judges it after the upload.

    Raises:
    ClientError: AWS fails in another way than by denying access.
    """
    if not is_endpoint_name(endpoint):
        return FirstLook(Model())  # the check of the release itself reports this
    unchecked: list[str] = []

    def see(what: str, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except ClientError as error:
            if error.response["Error"]["Code"] not in _DENIED:
                raise
            unchecked.append(f"{what}: these credentials may not read it.")
            return None

    reading = see(f"endpoint {endpoint}", lambda: deployment.sagemaker.read(endpoint))
    against = tuple(check_endpoint(reading)) if reading is not None else ()
    if isinstance(reading, Absent):
        names = see("names of other endpoints", deployment.fleets.names) or ()
        against = tuple(_suggest(reason, endpoint, names) for reason in against)
    marks = see("pin and marks", lambda: tuple(_find_marks(deployment, endpoint, version)))
    policy = see(
        "the endpoint's policy",
        lambda: _read_policy(deployment, endpoint, overrides, is_hotfix=is_hotfix),
    )
    # A busy endpoint may be free after the upload; otherwise the release waits for its turn.
    is_for_good = isinstance(reading, Absent)
    return FirstLook(
        allowed=policy.policy.model if isinstance(policy, EffectivePolicy) else Model(),
        reasons=(
            *(against if is_for_good else ()),
            *(marks or ()),
            *(policy if isinstance(policy, tuple) else ()),
        ),
        warnings=() if is_for_good else against,
        unchecked=tuple(unchecked),
    )


def _suggest(reason: Reason, endpoint: str, names: tuple[str, ...]) -> Reason:
    by_lower = {name.lower(): name for name in names}
    near = difflib.get_close_matches(endpoint.lower(), by_lower, n=_MOST_NAMES_TOLD)
    if near:
        told = " or ".join(repr(by_lower[name]) for name in near)
        return reason.model_copy(update={"remedy": f"Did you mean {told}?"})
    here = ", ".join(sorted(names)[:_MOST_NAMES_TOLD])
    more = ", …" if len(names) > _MOST_NAMES_TOLD else ""
    known = f"Endpoints here: {here}{more}. " if here else ""
    remedy = f"{known}Correct --endpoint, region or account, or create the endpoint first."
    return reason.model_copy(update={"remedy": remedy})


def _find_marks(deployment: Deployment, endpoint: str, version: str) -> Iterator[Reason]:
    update = _arriving(deployment, endpoint, version, datetime.now(UTC))
    mark, pin = deployment.wishes.mark(endpoint, version), deployment.wishes.pin(endpoint)
    for reason in check_marks(update, mark, pin):
        is_marked = reason.code == "release.marked-bad"
        yield reason.model_copy(update={"remedy": _unmark(update)}) if is_marked else reason


def _arriving(deployment: Deployment, endpoint: str, version: str, at: datetime) -> Update:
    """The update that would begin if the release arrived now."""
    uri = f"s3://{deployment.bucket}/{ReleasePlace(endpoint, version).key}"
    return Update(
        update_id="",
        execution_arn="",
        endpoint=endpoint,
        version=version,
        kind=Kind.RELEASE,
        request=Request.model_construct(release=uri, offered_at=at),
        started_at=at,
    )


def _unmark(update: Update) -> str:
    return (
        "Offer another version, or remove the mark:"
        f" switchover release unmark {update.endpoint} {update.version}. If it is in S3 already, a"
        " person can also start it by name:"
        f" switchover start --endpoint {update.endpoint} --version {update.version}"
    )


def _read_policy(
    deployment: Deployment, endpoint: str, overrides: Layer, *, is_hotfix: bool
) -> EffectivePolicy | tuple[Reason, ...]:
    """The policy with the release's overrides, or every reason for which it would be rejected."""
    file = deployment.files.policy_file(deployment.bucket, endpoint)
    wishes = frozenset({str(Wish.HOTFIX)}) if is_hotfix else frozenset[str]()
    offered = replace(overrides, trust=Trust.RELEASE, wishes=wishes)
    layers = [offered] if file is None else [file, offered]
    return merge_policy(layers, deployment.releases_may)
