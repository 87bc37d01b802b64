"""Changes the built template where the engine's IAM can't judge it; AWS gets the original.

Everything else that the template allows and denies is in force on a local cloud with `AUTH=true`.

- The denial of plain HTTP is removed: the engine has no HTTPS.
  - The grant of SendTaskSuccess is widened: the engine can't tell the state machine of a task token.

On AWS the grant holds: the policy template StepFunctionsCallbackPolicy of SAM allows SendTaskSuccess on a
machine.
"""

from __future__ import annotations

from typing import Any

PLAIN_HTTP = "DenyPlainHttp"
_UNSCOPED = {"states:SendTaskSuccess"}


def fit_to_engine(part: Any) -> Any:
    """Change every policy in a part of a template so that the engine can judge it."""
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
