"""The built template differs from the original only in the parts that the engine can't judge."""

from __future__ import annotations

from typing import Any

import pytest

from switchover_local.engine_gaps import fit_to_engine

ALLOW = {
    "Effect": "Allow",
    "Resource": "arn",
    "Condition": {"StringEquals": {"events:source": "x"}},
}


def test_a_denial_of_plain_http_is_left_out_and_its_neighbours_stay() -> None:
    other = {"Sid": "DenyOverwriting", "Effect": "Deny", "Action": "s3:PutObject"}
    plain = {"Sid": "DenyPlainHttp", "Effect": "Deny", "Action": "s3:*"}

    assert fit_to_engine({"Statement": [plain, other]}) == {"Statement": [other]}


@pytest.mark.parametrize(
    ("action", "changed"),
    [
        ("states:SendTaskSuccess", {"Resource": "*"}),
        ("events:PutEvents", {}),
        ("states:StartExecution", {}),
        ("sns:Publish", {}),
    ],
)
def test_only_one_grant_is_widened(action: str, changed: dict[str, Any]) -> None:
    granted = {**ALLOW, "Action": action}

    assert fit_to_engine({"Policies": [granted]}) == {"Policies": [{**granted, **changed}]}


def test_a_denial_is_never_widened() -> None:
    denied = {**ALLOW, "Effect": "Deny", "Action": "states:SendTaskSuccess"}

    assert fit_to_engine(denied) == denied
