"""A service of the twin is a table of AWS's operations."""

from __future__ import annotations

from typing import Any

import pytest

from switchover_local.twin.wire.messages import Answer, Call
from switchover_local.twin.wire.refusals import Refusal
from switchover_local.twin.wire.service import Service


class Models:
    def describe_model(self, params: dict[str, Any]) -> Answer:
        return Answer({"ModelName": params["ModelName"]})


class Misspelt:
    def descibe_model(self, _params: dict[str, Any]) -> Answer:
        return Answer()


def test_an_operation_is_found_by_awss_name() -> None:
    call = Call("sagemaker", "DescribeModel", "json", {"ModelName": "llama"})

    assert Service("sagemaker", Models()).perform(call).members == {"ModelName": "llama"}


def test_an_operation_without_a_method_is_not_modelled() -> None:
    call = Call("sagemaker", "CreateModel", "json", {"ModelName": "llama"})

    with pytest.raises(Refusal, match=r"does not model sagemaker:CreateModel"):
        Service("sagemaker", Models()).perform(call)


def test_a_method_without_an_operation_is_a_mistake() -> None:
    with pytest.raises(LookupError, match="descibe_model"):
        Service("sagemaker", Misspelt())
