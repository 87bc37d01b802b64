"""An answer of the twin holds only what AWS's own model of the answer has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.one_of_each import every_operation, output_shape, play, unknown_members

if TYPE_CHECKING:
    from tests.support.one_of_each import Name

    from switchover_local.twin.wire.messages import Answer


@pytest.fixture(scope="module")
def answers() -> dict[Name, list[Answer]]:
    return play()


@pytest.mark.parametrize(("service", "operation"), every_operation())
def test_an_answer_holds_no_member_that_awss_model_lacks(
    answers: dict[Name, list[Answer]], service: str, operation: str
) -> None:
    shape = output_shape(service, operation)

    given = [answer.members for answer in answers[service, operation]]

    assert given
    assert [found for each in given for found in unknown_members(each, shape)] == []
