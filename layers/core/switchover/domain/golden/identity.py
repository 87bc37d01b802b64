"""How strongly it is proven that the release answers: by its config name or by the model."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from switchover.domain.golden.answers import read_content, value_at
from switchover.domain.golden.expectations import JmesPath
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from switchover.domain.golden.answers import Answer
    from switchover.domain.golden.questions import GoldenQuestion
    from switchover.domain.release import Release

_VERSION, _NAME = "{version}", "{name}"
_ANSWERED = 200
_SHOWN_LETTERS = 100


class Level(StrEnum):
    """The kind of proof for the serving version. A name that all versions share proves no version."""

    CONFIG = "config"
    MODEL_NAME = "model name"
    MODEL_VERSION = "model version"


class Identity(BaseModel):
    """What an answer to a golden request says about the model that wrote it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: Annotated[
        JmesPath,
        Field(description="Where it stands in the answer (JMESPath); of a stream, in its events."),
    ] = "model"
    equals: Annotated[
        str,
        Field(
            min_length=1,
            max_length=300,
            description="What must stand there; {version} and {name} are the release's.",
        ),
    ]

    def of_release(self, release: Release) -> IdentityCheck:
        """What this release's answers must say."""
        model = release.model
        return IdentityCheck(
            at=self.at,
            equals=self.equals.replace(_VERSION, model.version).replace(_NAME, model.name),
            names_version=_VERSION in self.equals,
        )


class IdentityCheck(BaseModel):
    """The expected model name in the answers of one release."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: str
    equals: str
    names_version: bool

    def told_by(self, answer: Answer | None) -> str | None:
        """The model name in an answer; None if there is none."""
        if answer is None or answer.status != _ANSWERED:
            return None
        try:
            content = read_content(answer)
        except ValueError:
            return None
        parts = content if isinstance(content, list) else [content]
        found = (value_at(self.at, part) for part in parts)
        told = next((value for value in found if value is not None), None)
        return None if told is None else str(told)


class Proof(BaseModel):
    """How far identity was proven, in a sentence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Level
    told: str


UNASKED = Proof(
    level=Level.CONFIG,
    told="by the config that serves; the model itself was not asked which it is",
)


def prove_identity(
    check: IdentityCheck | None,
    questions: Sequence[GoldenQuestion],
    answers: Sequence[Answer | None],
) -> tuple[Proof, tuple[Reason, ...]]:
    """Hold what the answers say of their model against the release.

    One other name is a wrong model, whatever the rest say. None at all proves nothing.
    """
    if check is None:
        return UNASKED, ()
    told = {
        question.request.name: said
        for question, answer in zip(questions, answers, strict=True)
        if (said := check.told_by(answer)) is not None
    }
    wrong = {name: said for name, said in told.items() if said != check.equals}
    if wrong:
        return UNASKED, tuple(_wrong(check, name, said) for name, said in wrong.items())
    if not told:
        return UNASKED, (_untold(check),)
    level = Level.MODEL_VERSION if check.names_version else Level.MODEL_NAME
    limit = "" if check.names_version else ", as any other version would"
    return (
        Proof(
            level=level,
            told=(
                f"by the model itself: {len(told)} of {len(answers)} answers say {check.equals!r}"
                f" at {check.at}{limit}"
            ),
        ),
        (),
    )


def _wrong(check: IdentityCheck, name: str, said: str) -> Reason:
    return Reason(
        code="golden.wrong-model",
        subject=f"golden request {name!r}",
        message=f"{check.at} is {said[:_SHOWN_LETTERS]!r}, not {check.equals!r}: another model answers.",
        remedy="See what the container loads (its environment, its log), or correct tests.identity.",
    )


def _untold(check: IdentityCheck) -> Reason:
    return Reason(
        code="golden.identity-untold",
        subject="policy: tests.identity",
        message=f"no answer says anything at {check.at}: which model answers isn't known.",
        remedy="Correct `at`, or leave tests.identity out if the container tells no name.",
    )
