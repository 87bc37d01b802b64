"""Callers that AWS authenticated: how an ARN is shown, and whether two ARNs belong to one person."""

from __future__ import annotations

from switchover.domain.plain_text import one_line

_TOLD_PARTS = 5  # `arn:<partition>:<service>:<region>:<account>:`, before the caller's name


def say_caller(arn: str) -> str:
    """A caller in words: `user/kim (AWS identity, account 000000000000)`."""
    parts = one_line(arn).split(":", _TOLD_PARTS)
    if len(parts) <= _TOLD_PARTS:
        return f"{one_line(arn)} (AWS identity)"
    return f"{parts[5]} (AWS identity, account {parts[4]})"


def person_of(arn: str) -> str:
    """The name of the person behind an ARN: the end of the ARN, without regard to case.

    A user is identified by name, and an assumed role by its session name. One session name in two
    roles counts as one person, because IAM Identity Center gives a person's sessions one name in
    every role. A user and a session with the same name also count as one person, which at worst
    refuses a valid approval.
    Source: IAM User Guide, "IAM identifiers"; STS API Reference, AssumedRoleUser.
    """
    name = arn.rpartition("/")[2] or arn
    return name.casefold()


def is_same_person(arn: str, other: str) -> bool:
    """Whether two callers count as one person.

    The caller who assumes a role chooses the session name, unless the role's trust policy fixes it by
    `sts:RoleSessionName` or `sts:SourceIdentity`. Without such a policy, one person can use two
    names.
    """
    return person_of(arn) == person_of(other)
