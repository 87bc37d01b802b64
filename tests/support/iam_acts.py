"""What people try on a deployed stack: each act asks AWS for one thing, as the person it is given."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from tests.support.samples import update

from switchover.aws.wishes import ring
from switchover.domain.aborting import call_off
from switchover.domain.marks import Mark, Pin
from switchover_cli.connect import find_deployment
from switchover_cli.demo.stage import ENDPOINT
from switchover_local.deploy import STACK_NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    from switchover_cli.deployment import Deployment

    Act = Callable[[Deployment], object]

_AT = datetime(2026, 1, 1, tzinfo=UTC)
_PIN = Pin(endpoint=ENDPOINT, version="v2", reason="r", at=_AT)
_MARK = Mark(endpoint=ENDPOINT, version="v0", reason="r", at=_AT)


def put(key: str) -> Act:
    """Write an object, whatever lies there."""
    return lambda person: person.s3.put_object(Bucket=person.bucket, Key=key, Body=b"x")


def put_new(key: str) -> Act:
    """Write an object where nothing lies, as `switchover upload` does."""
    return lambda person: person.s3.put_object(
        Bucket=person.bucket, Key=key, Body=b"x", IfNoneMatch="*"
    )


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


def end_in_parts(key: str, **condition: str) -> Act:
    """Write an object by a multipart upload; by default whatever lies there."""

    def act(person: Deployment) -> None:
        upload = {
            "Bucket": person.bucket,
            "Key": key,
            "UploadId": person.s3.create_multipart_upload(Bucket=person.bucket, Key=key)[
                "UploadId"
            ],
        }
        part = person.s3.upload_part(**upload, PartNumber=1, Body=b"x")
        parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
        person.s3.complete_multipart_upload(**upload, MultipartUpload=parts, **condition)

    return act


def delete_version(key: str) -> Act:
    return lambda person: person.s3.delete_object(Bucket=person.bucket, Key=key, VersionId="null")


def copy_to(key: str, source: str, **condition: str) -> Act:
    return lambda person: person.s3.copy_object(
        Bucket=person.bucket, Key=key, CopySource=f"{person.bucket}/{source}", **condition
    )


def start(person: Deployment) -> object:
    """Start the machine, with an input that it refuses."""
    return person.session.client("stepfunctions").start_execution(
        stateMachineArn=person.state_machine_arn, input=json.dumps({"endpoint": "-"})
    )


def start_of(endpoint: str) -> Act:
    """Start the machine for an endpoint: a rollback, which finds nothing to go back to."""
    return lambda person: person.session.client("stepfunctions").start_execution(
        stateMachineArn=person.state_machine_arn,
        input=json.dumps({"rollback": endpoint, "reason": "another team's"}),
    )


def call_signed(url: str, **body: str) -> Act:
    """Call a function of the stack by its URL, which is named like the deployment's attribute."""

    def act(person: Deployment) -> None:
        answered = person.function_urls.call(getattr(person, url), body)
        if answered.status in {401, 403}:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, url)

    return act


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
    return lambda person: person.wishes.set_pin(_PIN.model_copy(update={"endpoint": endpoint}))


def mark(endpoint: str) -> Act:
    return lambda person: person.wishes.add_mark(_MARK.model_copy(update={"endpoint": endpoint}))


def wish_to_stop(endpoint: str) -> Act:
    update_id = f"{endpoint}-v9-00000000"
    request = call_off(update_id, _AT, "somebody", "r")
    return lambda person: person.wishes.ask_abort(endpoint, update_id, request)


def ask_for_a_look(person: Deployment) -> object:
    """What `switchover abort` does once the request is kept."""
    return ring(person.session.client("events"), ENDPOINT)


def write_item(pk: str, sk: str) -> Act:
    """Write into the ledger past all code of ours."""
    item = {"pk": {"S": pk}, "sk": {"S": sk}, "body": {"S": "{}"}}
    return lambda person: person.session.client("dynamodb").put_item(
        TableName=person.table, Item=item
    )


def change_item(pk: str, sk: str) -> Act:
    return lambda person: person.session.client("dynamodb").update_item(
        TableName=person.table,
        Key={"pk": {"S": pk}, "sk": {"S": sk}},
        UpdateExpression="SET body = :body",
        ExpressionAttributeValues={":body": {"S": "{}"}},
    )


def read_history(endpoint: str) -> Act:
    return lambda person: person.ledger.history(endpoint)


def read_claim(endpoint: str) -> Act:
    return lambda person: person.ledger.claim(endpoint)


def read_pin(endpoint: str) -> Act:
    return lambda person: person.wishes.pin(endpoint)


def see_execution(endpoint: str) -> Act:
    """Whether an update's execution runs; one that never was doesn't."""
    return lambda person: person.workflow.is_running(
        person.execution_arn(f"{endpoint}-v9-00000000")
    )


def find(person: Deployment) -> object:
    return find_deployment(STACK_NAME, person.session)


ANSWER = call("stepfunctions", "send_task_success", taskToken="t", output="0")
LIST = call("s3", "list_objects_v2", Bucket="{bucket}")
SCAN = call("dynamodb", "scan", TableName="{table}")
EXECUTIONS = call("stepfunctions", "list_executions", stateMachineArn="{machine}")
UNGUARD = call("s3", "delete_bucket_policy", Bucket="{bucket}")
ANNOUNCE = call("sns", "publish", TopicArn="{topic}", Message="Updated, trust me")
_OUTCOME = {"Source": "switchover", "DetailType": "Update Updated", "Detail": "{}"}
_STOP = {**_OUTCOME, "DetailType": "Abort Requested"}
EMIT = call("events", "put_events", Entries=[_OUTCOME])
EMIT_BESIDE_A_STOP = call("events", "put_events", Entries=[_STOP, _OUTCOME])
EMIT_FOR_ANOTHER = call("events", "put_events", Entries=[{**_STOP, "Source": "team.b"}])
INVOKE = call("lambda", "invoke", FunctionName=f"{STACK_NAME}-StartQueued")
READ_CODE = call("lambda", "get_function", FunctionName=f"{STACK_NAME}-StartQueued")

KEY_FOR_ANOTHER = call("iam", "create_access_key", UserName="auditor")
DELETE_STACK = call("cloudformation", "delete_stack", StackName=STACK_NAME)
PARTIQL = call("dynamodb", "execute_statement", Statement='SELECT * FROM "{table}"')
DECIDE = call_signed(
    "decide_url", update_id=f"{ENDPOINT}-v9-00000000", gate="approval", verdict="approved"
)
VOUCH = call_signed("vouch_url", subject=f"{ENDPOINT}-v9-00000000")


def stop(person: Deployment) -> object:
    """Stop an execution: an update is called off instead, so that what was changed is put back."""
    return person.session.client("stepfunctions").stop_execution(
        executionArn=person.execution_arn("some-update")
    )


def delete_many(*keys: str) -> Act:
    return lambda person: person.s3.delete_objects(
        Bucket=person.bucket, Delete={"Objects": [{"Key": key} for key in keys]}
    )


def write_beside_a_wish(pk: str) -> Act:
    """A transaction on the partition of one's own wishes and on another one."""
    return lambda person: person.session.client("dynamodb").transact_write_items(
        TransactItems=[
            {
                "Put": {
                    "TableName": person.table,
                    "Item": {"pk": {"S": place}, "sk": {"S": "mark#v0"}, "body": {"S": "{}"}},
                }
            }
            for place in (f"wish#{ENDPOINT}", pk)
        ]
    )
