"""What the engine's IAM can't judge in a template that AWS takes, changed in the built copy alone.

Everything else that the template allows and denies is in force on a local cloud with `AUTH=true`.

- Plain HTTP is denied: the engine speaks nothing else.
- SendTaskSuccess is allowed on the state machine: the engine doesn't read off a task token whose it is.

On AWS the grant holds: the policy template StepFunctionsCallbackPolicy of SAM allows SendTaskSuccess on a
machine.
"""

from __future__ import annotations

from typing import Any

PLAIN_HTTP = "DenyPlainHttp"
_UNSCOPED = {"states:SendTaskSuccess"}


def fit_to_engine(part: Any) -> Any:
    """The same part of a template, with every policy in it as the engine can judge it."""
    match part:
        case list():
            return [fit_to_engine(each) for each in part if not _denies_plain_http(each)]
        case {"Effect": "Allow", "Action": str(action)} if action in _UNSCOPED:
            return {**part, "Resource": "*"}
        case dict():
            return {key: fit_to_engine(value) for key, value in part.items()}
    return part


def _denies_plain_http(part: Any) -> bool:
    return isinstance(part, dict) and part.get("Sid") == PLAIN_HTTP
