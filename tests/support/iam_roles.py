"""Users that have the documents of docs/iam, and what they try."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from tests.support.iam_acts import (
    ANNOUNCE,
    ANSWER,
    DECIDE,
    DELETE_STACK,
    EMIT,
    EMIT_BESIDE_A_STOP,
    EMIT_FOR_ANOTHER,
    EXECUTIONS,
    INVOKE,
    KEY_FOR_ANOTHER,
    LIST,
    PARTIQL,
    READ_CODE,
    SCAN,
    UNGUARD,
    VOUCH,
    ask_for_a_look,
    change_item,
    copy_to,
    delete,
    delete_many,
    delete_version,
    end_in_parts,
    find,
    get,
    mark,
    pin,
    put,
    put_new,
    read_claim,
    read_history,
    read_pin,
    rewrite_update_of,
    see_execution,
    send_in_parts,
    start,
    start_of,
    stop,
    wish_to_stop,
    write_beside_a_wish,
    write_item,
)

from switchover.domain.errors import LedgerRefused
from switchover_cli.demo.stage import ENDPOINT
from switchover_local.deploy import STACK_NAME

if TYPE_CHECKING:
    from tests.support.iam_acts import Act

    from switchover_cli.deployment import Deployment
    from switchover_local.stack import LocalCloud

DOCUMENTS = Path(__file__).parents[2] / "docs" / "iam"
OTHER = "team-b-prod"  # another team's endpoint, on the same stack
# SNS has a word of its own (SNS API Reference, "Common errors").
_DENIALS = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}


def read_document(name: str, deployment: Deployment, **more: str) -> str:
    """A document of docs/iam as a team would fill it in."""
    values = {
        "Partition": "aws",
        "Region": deployment.session.region_name,
        "Account": deployment.state_machine_arn.split(":")[4],
        "Stack": STACK_NAME,
        "Bucket": deployment.bucket,
        "Table": deployment.table,
        "Endpoint": ENDPOINT,
        **more,
    }
    return Template((DOCUMENTS / f"{name}.json").read_text(encoding="utf-8")).substitute(values)


def make_user(cloud: LocalCloud, deployment: Deployment, user: str, *roles: str) -> Deployment:
    """The stack as somebody sees it who has these documents, and no right beside."""
    policies = {role: read_document(role, deployment) for role in roles}
    return give_user(cloud, deployment, user, policies)


def give_user(
    cloud: LocalCloud, deployment: Deployment, user: str, policies: dict[str, str]
) -> Deployment:
    """The stack as somebody sees it who has these policies."""
    iam = deployment.session.client("iam")
    iam.create_user(UserName=user)
    for name, policy in policies.items():
        iam.put_user_policy(UserName=user, PolicyName=name, PolicyDocument=policy)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    session = cloud.session(key["AccessKeyId"], key["SecretAccessKey"])
    return replace(deployment, session=session)


def is_denied(act: Act, person: Deployment) -> bool:
    """Whether IAM kept the person from it; whatever else goes wrong came after IAM."""
    try:
        act(person)
    except ClientError as error:
        return _is_denial(error)
    except LedgerRefused as refusal:
        return _is_denial(refusal.__cause__)
    return False


def _is_denial(error: BaseException | None) -> bool:
    return isinstance(error, ClientError) and error.response["Error"]["Code"] in _DENIALS


_FOLLOWING: dict[str, Act] = {
    "find the stack": find,
    "follow the update": read_history(ENDPOINT),
    "see whose turn it is": read_claim(ENDPOINT),
    "see what is pinned": read_pin(ENDPOINT),
    "see whether the update runs": see_execution(ENDPOINT),
}
ALLOWED: dict[str, dict[str, Act]] = {
    "uploader": {
        **_FOLLOWING,
        "send a file": put_new(f"models/{ENDPOINT}/v9/config.json"),
        "begin a file in parts": send_in_parts(f"models/{ENDPOINT}/v9/model.safetensors"),
        "send a file in parts": end_in_parts(f"models/{ENDPOINT}/v9/a.txt", IfNoneMatch="*"),
        "say who offers": VOUCH,
        "offer a release": put(f"releases/{ENDPOINT}/v9/notes.txt"),
        "read the policy": get(f"policies/{ENDPOINT}.yaml"),
        "see what is there": LIST,
    },
    "operator": {
        **_FOLLOWING,
        "start": start,
        "say who starts": VOUCH,
        # IAM doesn't see what an execution's input says: docs/iam/README.md.
        "start another's update": start_of(OTHER),
        "pin": pin(ENDPOINT),
        "unpin": lambda person: person.wishes.remove_pin(ENDPOINT),
        "mark": mark(ENDPOINT),
        "unmark": lambda person: person.wishes.remove_mark(ENDPOINT, "v0"),
        "wish to stop": wish_to_stop(ENDPOINT),
        "ask for a look": ask_for_a_look,
        "read the policy": get(f"policies/{ENDPOINT}.yaml"),
        "read a release": get(f"releases/{ENDPOINT}/v9/notes.txt"),
        "read a calendar": get("calendars/freezes.ics"),
    },
    "planner": {
        **_FOLLOWING,
        "read the policy": get(f"policies/{ENDPOINT}.yaml"),
        "read a release": get(f"releases/{ENDPOINT}/v9/notes.txt"),
        "read a calendar": get("calendars/freezes.ics"),
    },
    "approver": {**_FOLLOWING, "decide": DECIDE},
    "auditor": {
        **_FOLLOWING,
        "read any history": read_history(OTHER),
        "read any release": get(f"releases/{OTHER}/v1/notes.txt"),
        "read any policy": get(f"policies/{OTHER}.yaml"),
        "see the executions": EXECUTIONS,
    },
    "owner": {
        "find the stack": find,
        "write a policy": put(f"policies/{ENDPOINT}.yaml"),
        "write golden requests": put(f"golden/{ENDPOINT}.jsonl"),
        "write what lies beside them": put(f"golden/{ENDPOINT}/cat.png"),
        "write a calendar": put(f"calendars/{ENDPOINT}.ics"),
        "take golden requests away": delete(f"golden/{ENDPOINT}.jsonl"),
    },
}

_OWNERS: dict[str, Act] = {
    "write the policy": put(f"policies/{ENDPOINT}.yaml"),
    "write golden requests": put(f"golden/{ENDPOINT}.jsonl"),
    "write a calendar": put("calendars/freezes.ics"),
    "delete the policy": delete(f"policies/{ENDPOINT}.yaml"),
}
_OTHERS_PLACES: dict[str, Act] = {
    "send a file to another's endpoint": put_new(f"models/{OTHER}/v9/config.json"),
    "offer another's release": put(f"releases/{OTHER}/v9/release.json"),
    "offer a release outside releases/": put(f"notes/{ENDPOINT}/release.json"),
    "offer by copying": copy_to(f"releases/{OTHER}/v9/release.json", f"policies/{ENDPOINT}.yaml"),
    "offer in parts": send_in_parts(f"releases/{OTHER}/v9/release.json"),
    "climb out of the prefix": put(f"releases/{ENDPOINT}x/v9/release.json"),
    "take another's model": copy_to(
        f"models/{ENDPOINT}/v9/b", f"models/{OTHER}/v1/b", IfNoneMatch="*"
    ),
}
LATER: dict[str, Act] = {
    "write over a model": put(f"models/{ENDPOINT}/v1/config.json"),
    "write over a model in parts": end_in_parts(f"models/{ENDPOINT}/v1/config.json"),
    "copy over a model": copy_to(
        f"models/{ENDPOINT}/v1/config.json", f"models/{ENDPOINT}/v2/config.json"
    ),
    "delete a model": delete(f"models/{ENDPOINT}/v1/config.json"),
    "delete a model's version": delete_version(f"models/{ENDPOINT}/v1/config.json"),
    "delete many": delete_many(f"models/{ENDPOINT}/v1/a", f"models/{ENDPOINT}/v1/b"),
}
_FORGERY: dict[str, Act] = {
    "rewrite an update": rewrite_update_of(ENDPOINT),
    "change an update": change_item(f"update#{ENDPOINT}-v9-00000000", "update"),
    "write a claim": write_item(f"endpoint#{ENDPOINT}", "claim"),
    "give a claim back": change_item(f"endpoint#{ENDPOINT}", "claim"),
    "write a place in the queue": write_item(f"endpoint#{ENDPOINT}", "waiting#2026#v9"),
    "write what served": write_item(f"endpoint#{ENDPOINT}", "served#2026"),
    "vouch for somebody": write_item(f"offered#{ENDPOINT}-v9-00000000", "callers"),
    "record somebody's decision": write_item(f"decision#{ENDPOINT}-v9-00000000", "d" * 64),
    "rewrite another's update": rewrite_update_of(OTHER),
    "write a claim beside a wish": write_beside_a_wish(f"endpoint#{ENDPOINT}"),
    "write another's wish beside one's own": write_beside_a_wish(f"wish#{OTHER}"),
    "read the whole table": SCAN,
    "read the table by PartiQL": PARTIQL,
}
_FUNCTIONS_ACTS: dict[str, Act] = {
    "pin another's endpoint": pin(OTHER),
    "mark another's version": mark(OTHER),
    "wish to stop another's update": wish_to_stop(OTHER),
    "take the bucket's policy away": UNGUARD,
    "announce": ANNOUNCE,
    "emit an outcome": EMIT,
    "emit an outcome beside a stop": EMIT_BESIDE_A_STOP,
    "emit for another source": EMIT_FOR_ANOTHER,
    "answer a task token": ANSWER,
    "invoke a function": INVOKE,
    "read a function's code": READ_CODE,
    "stop an execution": stop,
    "make a key for somebody": KEY_FOR_ANOTHER,
    "delete the stack": DELETE_STACK,
}
_NOBODYS: dict[str, Act] = {**_FORGERY, **_FUNCTIONS_ACTS, **_OTHERS_PLACES, **LATER}
_UPLOADING: dict[str, Act] = {
    "send a file": put_new(f"models/{ENDPOINT}/v9/config.json"),
    "offer a release": put(f"releases/{ENDPOINT}/v9/notes.txt"),
}
_OPERATING: dict[str, Act] = {
    "start": start,
    "pin": pin(ENDPOINT),
    "unpin": lambda person: person.wishes.remove_pin(ENDPOINT),
    "mark": mark(ENDPOINT),
    "wish to stop": wish_to_stop(ENDPOINT),
    "ask for a look": ask_for_a_look,
}
_STRANGE: dict[str, Act] = {
    "read another's history": read_history(OTHER),
    "see whether another's update runs": see_execution(OTHER),
}
_MODEL: dict[str, Act] = {"read a model": get(f"models/{ENDPOINT}/v1/config.json")}
DENIED: dict[str, dict[str, Act]] = {
    "uploader": {
        **_NOBODYS,
        **_OWNERS,
        **_OPERATING,
        **_STRANGE,
        "decide": DECIDE,
        "read another's model": get(f"models/{OTHER}/v1/config.json"),
    },
    "operator": {**_NOBODYS, **_OWNERS, **_UPLOADING, **_STRANGE, "decide": DECIDE},
    "planner": {
        **_NOBODYS,
        **_OWNERS,
        **_OPERATING,
        **_UPLOADING,
        **_STRANGE,
        "decide": DECIDE,
    },
    "approver": {
        **_NOBODYS,
        **_OWNERS,
        **_UPLOADING,
        **_OPERATING,
        **_STRANGE,
        **_MODEL,
        "vouch": VOUCH,
    },
    "auditor": {
        **_NOBODYS,
        **_OWNERS,
        **_UPLOADING,
        **_OPERATING,
        **_MODEL,
        "vouch": VOUCH,
        "decide": DECIDE,
    },
    "owner": {
        **_NOBODYS,
        **_UPLOADING,
        **_OPERATING,
        **_STRANGE,
        **_MODEL,
        "write another's policy": put(f"policies/{OTHER}.yaml"),
        "write another's golden requests": put(f"golden/{OTHER}.jsonl"),
        "write a calendar that all share": put("calendars/freezes.ics"),
        "vouch": VOUCH,
        "decide": DECIDE,
        "read the ledger": read_history(ENDPOINT),
    },
}
