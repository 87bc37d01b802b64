"""Who calls a function URL: what Lambda tells a function of a signed request, and MiniStack leaves out.

With AuthType AWS_IAM, Lambda puts the caller whom it found by the signature into the event, under
`requestContext.authorizer.iam` (Lambda Developer Guide, "Invoking function URLs", payload format 2.0).
MiniStack takes signed requests only, and knows whose key it is, yet its event says nothing of it. Whether
the signature is right is checked by its `AUTH=true` alone, as for every other call.
"""

from __future__ import annotations

import importlib
import re
from typing import Any

# `AWS4-HMAC-SHA256 Credential=<key id>/<date>/…` (IAM User Guide, "Elements of a signature").
_KEY_ID = re.compile(r"Credential=([^/,\s]+)/")


def tell_callers() -> bool:
    """Have MiniStack's events of signed requests name their caller; False if it isn't as we know it."""
    functions = importlib.import_module("ministack.services.lambda_svc")
    evaluator = importlib.import_module("ministack.core.iam_evaluator")
    build = getattr(functions, "_build_function_url_event", None)
    find = getattr(evaluator, "resolve_caller_identity", None)
    if build is None or find is None:
        return False

    def build_with_caller(*given: Any, **named: Any) -> dict[str, Any]:
        event: dict[str, Any] = build(*given, **named)
        context = event["requestContext"]
        # Its word for a URL whose callers needn't sign.
        if context["accountId"] != "anonymous":
            found = _KEY_ID.search(event["headers"].get("authorization", ""))
            caller = find(found[1]) if found else None
            context["authorizer"] = {"iam": _describe(caller or _root(context["accountId"]))}
        return event

    setattr(functions, "_build_function_url_event", build_with_caller)  # noqa: B010 - a module's attribute
    return True


def _describe(caller: dict[str, Any]) -> dict[str, Any]:
    told = ("accessKey", "accountId", "principalOrgId", "userArn", "userId")
    return {"callerId": caller.get("userId"), **{name: caller.get(name) for name in told}}


def _root(account_id: str) -> dict[str, Any]:
    """An unknown key acts as the account itself, as MiniStack has it everywhere."""
    return {
        "accessKey": "",
        "accountId": account_id,
        "userArn": f"arn:aws:iam::{account_id}:root",
        "userId": account_id,
    }
