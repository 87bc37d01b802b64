"""Adds the caller to the events of function URLs, as Lambda does for signed requests.

With AuthType AWS_IAM, Lambda identifies the caller by the signature, and names the caller in the event
under `requestContext.authorizer.iam` (Lambda Developer Guide, "Invoking function URLs", payload format
2.0). MiniStack requires a signature and knows the key's owner, but leaves the owner out of its event.
Only MiniStack's `AUTH=true` verifies the signature, as for every other call.
"""

from __future__ import annotations

import importlib
import re
from typing import Any

# `AWS4-HMAC-SHA256 Credential=<key id>/<date>/…` (IAM User Guide, "Elements of a signature").
_KEY_ID = re.compile(r"Credential=([^/,\s]+)/")


def tell_callers() -> bool:
    """Make MiniStack's events of signed requests name the caller; False if MiniStack's code differs."""
    functions = importlib.import_module("ministack.services.lambda_svc")
    evaluator = importlib.import_module("ministack.core.iam_evaluator")
    build = getattr(functions, "_build_function_url_event", None)
    find = getattr(evaluator, "resolve_caller_identity", None)
    if build is None or find is None:
        return False

    def build_with_caller(*given: Any, **named: Any) -> dict[str, Any]:
        event: dict[str, Any] = build(*given, **named)
        context = event["requestContext"]
        # The AuthType of a URL whose callers need not sign.
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
    """The caller of a key; an unknown key acts as the account itself, as everywhere in MiniStack."""
    return {
        "accessKey": "",
        "accountId": account_id,
        "userArn": f"arn:aws:iam::{account_id}:root",
        "userId": account_id,
    }
