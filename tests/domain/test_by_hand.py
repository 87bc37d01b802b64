"""A printed scaling command has every parameter of its request, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from switchover.domain.by_hand import register_target

_COMMAND = (
    "aws application-autoscaling register-scalable-target --service-namespace sagemaker"
    " --resource-id endpoint/chat/variant/main"
    " --scalable-dimension sagemaker:variant:DesiredInstanceCount"
)


@pytest.mark.parametrize(
    ("request_", "options"),
    [
        ({}, ""),
        ({"MinCapacity": 2}, " --min-capacity 2"),
        ({"MaxCapacity": 8, "MinCapacity": 2}, " --min-capacity 2 --max-capacity 8"),
        (
            {"SuspendedState": {"ScheduledScalingSuspended": True}},
            (
                " --suspended-state DynamicScalingInSuspended=false,DynamicScalingOutSuspended=false,"
                "ScheduledScalingSuspended=true"
            ),
        ),
    ],
    ids=["nothing", "a bound", "both bounds", "suspensions go together"],
)
def test_a_scalable_target_is_put_back_by_what_the_request_names(
    request_: dict[str, Any], options: str
) -> None:
    assert register_target("chat", "main", request_) == _COMMAND + options
