"""Users that have the documents of docs/iam, and what they try."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from tests.unit.samples import update

from switchover.domain.marks import Pin
from switchover_cli.demo_stage import ENDPOINT
from switchover_cli.deployment import Deployment, find_deployment
from switchover_local.deploy import STACK_NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    from switchover_local.stack import LocalCloud

    Act = Callable[[Deployment], object]

DOCUMENTS = Path(__file__).parents[2] / "docs" / "iam"
OTHER = "team-b-prod"  # another team's endpoint, on the same stack
# SNS has a word of its own (SNS API Reference, "Common errors").
_DENIALS = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
PIN = Pin(endpoint=ENDPOINT, version="v2", reason="r", at=datetime(2026, 1, 1, tzinfo=UTC))


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


def put(key: str) -> Act:
    return lambda person: person.s3.put_object(Bucket=person.bucket, Key=key, Body=b"x")


def get(key: str) -> Act:
    return lambda person: person.s3.get_object(Bucket=person.bucket, Key=key)


def delete(key: str) -> Act:
    return lambda person: person.s3.delete_object(Bucket=person.bucket, Key=key)


def send_in_parts(key: str) -> Act:
    """Begin a multipart upload and drop it."""

    def act(person: Deployment) -> None:
        begun = person.s3.create_multipart_upload(Bucket=person.bucket, Key=key)
        person.s3.abort_multipart_upload(Bucket=person.bucket, Key=key, UploadId=begun["UploadId"])

    return act


def copy_to(key: str, source: str) -> Act:
    return lambda person: person.s3.copy_object(
        Bucket=person.bucket, Key=key, CopySource=f"{person.bucket}/{source}"
    )


def start(person: Deployment) -> object:
    """Start the machine, with an input that it refuses."""
    return person.session.client("stepfunctions").start_execution(
        stateMachineArn=person.state_machine_arn, input=json.dumps({"endpoint": "-"})
    )


def call(service: str, operation: str, **arguments: Any) -> Act:
    """An SDK's operation; `{table}`, `{bucket}`, `{machine}` and `{topic}` in it are the stack's."""

    def act(person: Deployment) -> object:
        names = {
            "table": person.table,
            "bucket": person.bucket,
            "machine": person.state_machine_arn,
            "topic": person.topic_arn or "",
        }
        filled = {
            key: value.format(**names) if isinstance(value, str) else value
            for key, value in arguments.items()
        }
        return getattr(person.session.client(service), operation)(**filled)

    return act


def rewrite_update_of(endpoint: str) -> Act:
    """Write into the ledger as a function would."""
    return lambda person: person.ledger.open_update(
        update(endpoint=endpoint, update_id=f"{endpoint}-v9-00000000")
    )


def pin(endpoint: str) -> Act:
    return lambda person: person.queue.set_pin(PIN.model_copy(update={"endpoint": endpoint}))


def read_history(endpoint: str) -> Act:
    return lambda person: person.ledger.history(endpoint)


def read_claim(endpoint: str) -> Act:
    return lambda person: person.ledger.claim(endpoint)


def find(person: Deployment) -> object:
    return find_deployment(STACK_NAME, person.session)


ANSWER = call("stepfunctions", "send_task_success", taskToken="t", output="0")
LIST = call("s3", "list_objects_v2", Bucket="{bucket}")
SCAN = call("dynamodb", "scan", TableName="{table}")
EXECUTIONS = call("stepfunctions", "list_executions", stateMachineArn="{machine}")
UNGUARD = call("s3", "delete_bucket_policy", Bucket="{bucket}")
ANNOUNCE = call("sns", "publish", TopicArn="{topic}", Message="Updated, trust me")
EMIT = call(
    "events",
    "put_events",
    Entries=[{"Source": "switchover", "DetailType": "Update Updated", "Detail": "{}"}],
)
INVOKE = call("lambda", "invoke", FunctionName=f"{STACK_NAME}-StartQueued")
READ_CODE = call("lambda", "get_function", FunctionName=f"{STACK_NAME}-StartQueued")

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
