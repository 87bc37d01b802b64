"""Users that have the documents of docs/iam, and what they try."""

from __future__ import annotations

from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from tests.localcloud.iam_acts import (
    ANNOUNCE,
    ANSWER,
    DELETE_STACK,
    EMIT,
    EXECUTIONS,
    INVOKE,
    KEY_FOR_ANOTHER,
    LIST,
    PARTIQL,
    PAST_THE_URL,
    READ_CODE,
    SCAN,
    UNGUARD,
    copy_to,
    delete,
    delete_many,
    find,
    get,
    pin,
    put,
    read_claim,
    read_history,
    rewrite_update_of,
    send_in_parts,
    start,
    stop,
    write_beside_ones_own,
)

from switchover_cli.demo_stage import ENDPOINT
from switchover_cli.deployment import Deployment
from switchover_local.deploy import STACK_NAME

if TYPE_CHECKING:
    from tests.localcloud.iam_acts import Act

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
    return Deployment(
        session=session,
        table=deployment.table,
        bucket=deployment.bucket,
        state_machine_arn=deployment.state_machine_arn,
        topic_arn=deployment.topic_arn,
    )


def is_denied(act: Act, person: Deployment) -> bool:
    """Whether IAM kept the person from it; whatever else goes wrong came after IAM."""
    try:
        act(person)
    except ClientError as error:
        return error.response["Error"]["Code"] in _DENIALS
    return False


ALLOWED: dict[str, dict[str, Act]] = {
    "uploader": {
        "find the stack": find,
        "send a file": put(f"models/{ENDPOINT}/v9/config.json"),
        "send a file in parts": send_in_parts(f"models/{ENDPOINT}/v9/model.safetensors"),
        "offer a release": put(f"releases/{ENDPOINT}/v9/notes.txt"),
        "read the policy": get(f"policies/{ENDPOINT}.yaml"),
        "see what is there": LIST,
        "follow the update": read_history(ENDPOINT),
        "see whose turn it is": read_claim(ENDPOINT),
    },
    "operator": {
        "find the stack": find,
        "start": start,
        "pin": pin(ENDPOINT),
        "unpin": lambda person: person.queue.remove_pin(ENDPOINT),
        "follow the update": read_history(ENDPOINT),
        "read the policy": get(f"policies/{ENDPOINT}.yaml"),
        "read a release": get(f"releases/{ENDPOINT}/v9/notes.txt"),
    },
    "approver": {
        "find the stack": find,
        "see what waits": read_claim(ENDPOINT),
        "follow the update": read_history(ENDPOINT),
    },
    "auditor": {
        "find the stack": find,
        "read any history": read_history(OTHER),
        "read any release": get(f"releases/{OTHER}/v1/notes.txt"),
        "read any policy": get(f"policies/{OTHER}.yaml"),
        "see the executions": EXECUTIONS,
    },
    "owner": {
        "write a policy": put(f"policies/{OTHER}.yaml"),
        "write golden requests": put(f"golden/{OTHER}.yaml"),
        "take a policy away": delete(f"policies/{OTHER}.yaml"),
    },
}

_OTHERS_PLACES: dict[str, Act] = {
    "send a file to another's endpoint": put(f"models/{OTHER}/v9/config.json"),
    "offer another's release": put(f"releases/{OTHER}/v9/release.json"),
    "offer a release outside releases/": put(f"notes/{ENDPOINT}/release.json"),
    "offer by copying": copy_to(f"releases/{OTHER}/v9/release.json", f"policies/{ENDPOINT}.yaml"),
    "offer in parts": send_in_parts(f"releases/{OTHER}/v9/release.json"),
    "climb out of the prefix": put(f"releases/{ENDPOINT}x/v9/release.json"),
    "write the policy": put(f"policies/{ENDPOINT}.yaml"),
    "write golden requests": put(f"golden/{ENDPOINT}.yaml"),
    "delete a model": delete(f"models/{ENDPOINT}/v1/config.json"),
    "delete the policy": delete(f"policies/{ENDPOINT}.yaml"),
    "delete many": delete_many(f"models/{ENDPOINT}/v1/a", f"models/{ENDPOINT}/v1/b"),
    "take another's model": copy_to(f"models/{ENDPOINT}/v9/a", f"models/{OTHER}/v1/a"),
}
_FUNCTIONS_ACTS: dict[str, Act] = {
    "rewrite another's update": rewrite_update_of(OTHER),
    "pin another's endpoint": pin(OTHER),
    "read the whole table": SCAN,
    "take the bucket's policy away": UNGUARD,
    "announce": ANNOUNCE,
    "emit an outcome": EMIT,
    "invoke a function": INVOKE,
    "read a function's code": READ_CODE,
    "stop an execution": stop,
    "make a key for somebody": KEY_FOR_ANOTHER,
    "delete the stack": DELETE_STACK,
    "read the table by PartiQL": PARTIQL,
    "write beside one's own": write_beside_ones_own(OTHER),
    "call a function past its URL": PAST_THE_URL,
}
_WRITING: dict[str, Act] = {
    "answer a task token": ANSWER,
    **_FUNCTIONS_ACTS,
    **_OTHERS_PLACES,
    "send a file": put(f"models/{ENDPOINT}/v9/config.json"),
    "offer a release": put(f"releases/{ENDPOINT}/v9/notes.txt"),
    "start": start,
    "pin": pin(ENDPOINT),
    "rewrite an update": rewrite_update_of(ENDPOINT),
}
DENIED: dict[str, dict[str, Act]] = {
    "uploader": {
        **_FUNCTIONS_ACTS,
        **_OTHERS_PLACES,
        "start": start,
        "pin": pin(ENDPOINT),
        "rewrite an update": rewrite_update_of(ENDPOINT),
        "answer a task token": ANSWER,
        "read another's history": read_history(OTHER),
        "read another's model": get(f"models/{OTHER}/v1/config.json"),
    },
    "operator": {
        **_FUNCTIONS_ACTS,
        **_OTHERS_PLACES,
        "send a file": put(f"models/{ENDPOINT}/v9/config.json"),
        "offer a release": put(f"releases/{ENDPOINT}/v9/notes.txt"),
        "read another's history": read_history(OTHER),
    },
    "approver": {
        **_WRITING,
        "read another's history": read_history(OTHER),
        "read a model": get(f"models/{ENDPOINT}/v1/config.json"),
    },
    "auditor": {**_WRITING, "read a model": get(f"models/{ENDPOINT}/v1/config.json")},
    "owner": {
        **_FUNCTIONS_ACTS,
        "offer a release": put(f"releases/{ENDPOINT}/v9/release.json"),
        "send a file": put(f"models/{ENDPOINT}/v9/config.json"),
        "start": start,
        "pin": pin(ENDPOINT),
        "read the ledger": read_history(ENDPOINT),
    },
}
