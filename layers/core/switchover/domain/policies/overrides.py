"""The overrides of a release or an operator: reported if accepted, else refused."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from switchover.domain.policies.choices import OWNERS_ALONE, Wish
from switchover.domain.policies.parts import is_named, leaves
from switchover.domain.policies.trust import is_kept, rule_for
from switchover.domain.reasons import Reason, nearest_origin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from switchover.domain.policies.parts import Leaf
    from switchover.domain.policies.policy import Policy

OVERRIDE_REFUSED = "policy.override-refused"
# An operator's request to start outside the window.
NOW = "now"
_VALUE_LENGTH = 120
# The sections that each request skips.
_PASSED = {NOW: ("window",), Wish.START_TIME: ("window",), Wish.HOTFIX: ("freezes", "alarms")}


class Override(BaseModel):
    """A key with a value that differs from the policy file: both values as written, and the author."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    was: str
    value: str
    source: str

    def __str__(self) -> str:
        return f"{self.key}: {self.value} instead of {self.was} ({self.source})"


def tell_overrides(held: Policy, asked: Policy, origins: Mapping[str, str]) -> tuple[Override, ...]:
    """Every key that holds another value than the owner's policy says."""
    return tuple(
        Override(
            key=leaf.key,
            was=_brief(was),
            value=_brief(leaf),
            source=nearest_origin(leaf.key, origins, "policy"),
        )
        for was, leaf in _changes(held, asked)
    )


def tell_passed_window(policy: Policy, wishes: frozenset[str]) -> tuple[Override, ...]:
    """Say that an update skips its policy's window, and who requested that."""
    if not policy.window:
        return ()
    window = next(_brief(leaf) for leaf in leaves(policy) if leaf.key == "window")
    is_named = Wish.START_TIME in wishes and Wish.START_TIME in (policy.releases_may or ())
    for is_passed, source in ((NOW in wishes, "input: now"), (is_named, "release.json: start")):
        if is_passed:
            return (Override(key="window", was=window, value="not waited for", source=source),)
    return ()


def refuse_release(
    held: Policy, asked: Policy, origins: Mapping[str, str], held_by: Mapping[str, str]
) -> Iterator[Reason]:
    """List every key that a release changes without permission of the policy's owner.

    `origins` says where the release sets each key; `held_by` says where the owner sets it.
    """
    allowed = held.releases_may or ()
    for was, leaf in _changes(held, asked):
        key = leaf.key
        # A value that the release doesn't set follows from its tier or strategy; their rules judge it.
        source = origins.get(key) or origins.get("tier") or origins["strategy"]
        if key in OWNERS_ALONE or is_named(key, held.locked):
            yield _locked(was, leaf, source)
        elif key in origins and not is_named(key, allowed):
            kept = is_kept(key, was.value, leaf.value, held)
            if not kept:
                owner = nearest_origin(key, held_by, "the default")
                yield _refused(was, leaf, source, owner, is_unclear=kept is None)


def refuse_operator(
    held: Policy, before: Policy, asked: Policy, origins: Mapping[str, str]
) -> Iterator[Reason]:
    """List every key that the policy file locks and the execution's input changes."""
    for was, leaf in _changes(before, asked):
        key = leaf.key
        if key in OWNERS_ALONE or is_named(key, held.locked):
            source = nearest_origin(key, origins, "input policy")
            yield _locked(was, leaf, source)


def refuse_passing(held: Policy, wishes: frozenset[str]) -> Iterator[Reason]:
    """List every request to skip a window or freeze that the policy file locks."""
    for wish in sorted(wishes):
        locked = [
            section
            for section in _PASSED[wish]
            if getattr(held, section) and _is_touched(section, held.locked)
        ]
        if locked:
            yield Reason(
                code=OVERRIDE_REFUSED,
                subject=str(wish),
                message=f"would skip sections that the policy file locks: {', '.join(locked)}.",
                remedy="Remove it, or ask the policy's owner to change the policy file.",
            )


def _is_touched(section: str, names: tuple[str, ...]) -> bool:
    return any(name == section or name.startswith(f"{section}.") for name in names)


def refuse_hotfix() -> Reason:
    """The reason against a release that declares itself a hotfix without the policy's permission."""
    return Reason(
        code=OVERRIDE_REFUSED,
        subject="release.json: hotfix",
        message="true would skip freezes and red alarms; the policy doesn't let releases do this.",
        remedy=(
            "Start it as an operator: switchover start --endpoint … --version … --hotfix --reason '…'."
            " Or ask the policy's owner to write `releases_may: [hotfix]` in the policy file."
        ),
    )


def _changes(before: Policy, after: Policy) -> Iterator[tuple[Leaf, Leaf]]:
    for was, leaf in zip(leaves(before), leaves(after), strict=True):
        if was.value != leaf.value:
            yield was, leaf


def _refused(was: Leaf, leaf: Leaf, source: str, owner: str, *, is_unclear: bool) -> Reason:
    doubt = "can't be compared with" if is_unclear else "is not allowed instead of"
    value = _brief(leaf)
    return Reason(
        code=OVERRIDE_REFUSED,
        subject=f"{source}: {leaf.key}",
        message=(
            f"{value} {doubt} {_brief(was)}, set by {owner}: a release may {rule_for(leaf.key).says}."
        ),
        remedy=(
            f"Remove it, or start the release as an operator: --policy-override {leaf.key}={value}."
            f" Or ask the policy's owner to write `releases_may: [{leaf.key}]` in the policy file."
        ),
    )


def _locked(was: Leaf, leaf: Leaf, source: str) -> Reason:
    return Reason(
        code=OVERRIDE_REFUSED,
        subject=f"{source}: {leaf.key}",
        message=(
            f"{_brief(leaf)} is not allowed instead of {_brief(was)}: only the policy file may set it."
        ),
        remedy="Remove it, or ask the policy's owner to change the policy file.",
    )


def _brief(leaf: Leaf) -> str:
    return shorten(leaf.written, _VALUE_LENGTH, placeholder=" …") or "nothing"
