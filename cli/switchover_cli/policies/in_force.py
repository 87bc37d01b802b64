"""An endpoint's policy from its file alone, without a release or a person's input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.policies.layers import merge_policy
from switchover_cli.errors import Refused

if TYPE_CHECKING:
    from switchover.domain.policies.policy import Policy
    from switchover_cli.deployment import Deployment


def read_policy(deployment: Deployment, endpoint: str) -> Policy:
    """Read an endpoint's policy; without a file, the defaults.

    Raises:
        Refused: the policy is faulty.
    """
    file = deployment.files.policy_file(deployment.bucket, endpoint)
    effective = merge_policy(() if file is None else (file,))
    if isinstance(effective, tuple):
        raise Refused(f"The policy of {endpoint} is faulty.", effective)
    return effective.policy
