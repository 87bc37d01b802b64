"""The strength of the proof that the release answers: by its config name, or by the model itself."""

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
    """The place where an answer to a golden request names its model, and the expected name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: Annotated[
        JmesPath,
        Field(
            description="JMESPath to the model's name in the answer; for a stream, in each event."
        ),
    ] = "model"
    equals: Annotated[
        str,
        Field(
            min_length=1,
            max_length=300,
            description="The expected name; {version} and {name} are taken from the release.",
        ),
    ]

    def of_release(self, release: Release) -> IdentityCheck:
        """The name that the answers of this release must give."""
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
    """The strength of the proof of identity, with a sentence about it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    level: Level
    told: str


UNASKED = Proof(
    level=Level.CONFIG,
    told="by the serving config; the model itself was not asked for its name",
)


def prove_identity(
    check: IdentityCheck | None,
    questions: Sequence[GoldenQuestion],
    answers: Sequence[Answer | None],
) -> tuple[Proof, tuple[Reason, ...]]:
    """Compare the model names in the answers with the release.

    A single different name means a wrong model. If no answer gives a name, nothing is proven.
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
        remedy=(
            "Check which model the container loads (its environment, its log),"
            " or correct tests.identity."
        ),
    )


def _untold(check: IdentityCheck) -> Reason:
    return Reason(
        code="golden.identity-untold",
        subject="policy: tests.identity",
        message=f"no answer has a model name at {check.at}, so the answering model is unknown.",
        remedy="Correct `at`, or remove tests.identity if the container gives no name.",
    )
