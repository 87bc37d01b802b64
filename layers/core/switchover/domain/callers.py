"""Callers that AWS authenticated: how an ARN is shown, and whether two ARNs are one person."""

from __future__ import annotations

from switchover.domain.plain_text import one_line

_TOLD_PARTS = 5  # `arn:<partition>:<service>:<region>:<account>:`, before what names the caller


def say_caller(arn: str) -> str:
    """A caller as people read it: `user/kim (AWS identity, account 000000000000)`."""
    parts = one_line(arn).split(":", _TOLD_PARTS)
    if len(parts) <= _TOLD_PARTS:
        return f"{one_line(arn)} (AWS identity)"
    return f"{parts[5]} (AWS identity, account {parts[4]})"


def person_of(arn: str) -> str:
    """What stands for the person behind an ARN: the name at its end, whatever its case.

    A user is known by name and an assumed role by its session. One session name in two roles counts as
    one person: so does IAM Identity Center name a person's sessions in every role. A user's name that is
    also a session's counts as one person too: rather one yes too few than one too many.
    Source: IAM User Guide, "IAM identifiers"; STS API Reference, AssumedRoleUser.
    """
    name = arn.rpartition("/")[2] or arn
    return name.casefold()


def is_same_person(arn: str, other: str) -> bool:
    """Whether two callers count as one person.

    A session's name is chosen by whoever assumes the role, unless the role's trust policy demands one by
    `sts:RoleSessionName` or `sts:SourceIdentity`: without that, one person can come under two names.
    """
    return person_of(arn) == person_of(other)
