"""Values that tests begin with: an endpoint at rest on v1, a release of v2, and what lies between."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from switchover.aws.update_shape import GROUPS, nest
from switchover.domain import flat_shape
from switchover.domain.fleet import EndpointReading, EndpointStatus, LiveRelease, VariantReading
from switchover.domain.plans.plan import GROUPS as PLAN_GROUPS
from switchover.domain.plans.plan import PLACES as PLAN_PLACES
from switchover.domain.plans.plan import Kind, Plan
from switchover.domain.plans.release_plan import plan_release
from switchover.domain.policies.overrides import Override
from switchover.domain.policies.policy import Policy
from switchover.domain.reasons import Reason
from switchover.domain.release import Release
from switchover.domain.update.request import Request
from switchover.domain.update.update import Update
from switchover.domain.verdict import Course

if TYPE_CHECKING:
    from collections.abc import Mapping

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
ENDPOINT = "chat"
BUCKET = "models"
OLD = "chat-v1"
NEW = "chat-v2"
ARN = f"arn:aws:sagemaker:us-east-1:000000000000:endpoint/{ENDPOINT}"
EXECUTION = "arn:aws:states:us-east-1:000000000000:execution:update:chat-v2"
CREATABLE_CONFIG = frozenset({"EndpointConfigName", "ProductionVariants", "Tags", "KmsKeyId"})
CREATABLE_MODEL = frozenset({"ModelName", "PrimaryContainer", "Containers", "Tags"})


def later(seconds: float) -> datetime:
    """That many seconds after `NOW`."""
    return NOW + timedelta(seconds=seconds)


def release_content(**changes: object) -> dict[str, Any]:
    """What a sound `release.json` holds, but for the changes."""
    return {
        "schema": 1,
        "endpoint": ENDPOINT,
        "model": {"name": "qwen", "version": "v2"},
        "prefix": "models/chat/v2/",
        "files": [{"path": "model.safetensors", "bytes": 16_000_000_000, "sha256": "0" * 64}],
        **changes,
    }


def release_json(**changes: object) -> bytes:
    """`release.json` as bytes."""
    return json.dumps(release_content(**changes)).encode()


def release(**changes: object) -> Release:
    """A sound release."""
    return Release.model_validate(release_content(**changes))


def policy(**values: Any) -> Policy:
    """The policy that these values make."""
    return Policy.model_validate(values)


def variant(instances: int = 4, name: str = "main", **changes: Any) -> VariantReading:
    """One variant at rest."""
    return VariantReading(
        **{"name": name, "current_instances": instances, "desired_instances": instances, **changes}
    )


def endpoint(**changes: Any) -> EndpointReading:
    """`chat`, InService on v1 with 4 instances, but for the changes."""
    return EndpointReading(
        **{
            "name": ENDPOINT,
            "arn": ARN,
            "status": EndpointStatus.IN_SERVICE,
            "config_name": OLD,
            "variants": (variant(),),
            "last_modified": NOW - timedelta(days=1),
            "read_at": NOW,
            **changes,
        }
    )


def live_release(instances: int = 4, **changes: Any) -> LiveRelease:
    """What `chat` runs on."""
    return LiveRelease(
        **{
            "config": live_config(instances),
            "creatable_config_fields": CREATABLE_CONFIG,
            "model": live_model(),
            "creatable_model_fields": CREATABLE_MODEL,
            **changes,
        }
    )


def live_config(instances: int = 4, **changes: object) -> dict[str, Any]:
    """A DescribeEndpointConfig answer; `changes` are made to the variant."""
    return {
        "EndpointConfigName": OLD,
        "EndpointConfigArn": f"{ARN}-config",
        "CreationTime": NOW - timedelta(days=9),
        "ProductionVariants": [
            {
                "VariantName": "main",
                "ModelName": "model-v1",
                "InitialInstanceCount": instances,
                "InstanceType": "ml.g6e.2xlarge",
                **changes,
            }
        ],
    }


def live_model(**container: object) -> dict[str, Any]:
    """A DescribeModel answer; `container` changes its container."""
    return {
        "ModelName": "model-v1",
        "ModelArn": f"{ARN}-model",
        "CreationTime": NOW - timedelta(days=9),
        "PrimaryContainer": {
            "Image": "vllm",
            "ModelDataSource": {
                "S3DataSource": {
                    "S3Uri": "s3://models/models/chat/v1/",
                    "S3DataType": "S3Prefix",
                    "CompressionType": "None",
                }
            },
            **container,
        },
    }


def planned(
    instances: int = 4, update_id: str = "chat-v2-0a1b2c3d", **values: Any
) -> Plan | tuple[Reason, ...]:
    """The plan of the sample release on a fleet of that size, under a policy of these values."""
    return plan_release(
        update_id=update_id,
        started_at=NOW,
        release=release(),
        bucket=BUCKET,
        policy=policy(**values),
        live=live_release(instances),
        variant=variant(instances),
        previous_version="v1",
    )


def plan(instances: int = 4, **values: Any) -> Plan:
    """A plan that is not refused."""
    made = planned(instances, **values)
    assert isinstance(made, Plan), [str(reason) for reason in made]
    return made


def course(**changes: Any) -> Course:
    """The course from v1 to v2, asked for at `NOW`, overdue after two hours."""
    return Course(
        **{
            "target_config": NEW,
            "started_at": NOW,
            "overdue_at": later(7200),
            "modified_before": NOW - timedelta(days=1),
            **changes,
        }
    )


def update(**changes: Any) -> Update:
    """An update that has just been opened; `changes` name fields as items of the ledger do."""
    return amend(
        Update(
            update_id="chat-v2-0a1b2c3d",
            execution_arn=EXECUTION,
            endpoint=ENDPOINT,
            version="v2",
            kind=Kind.RELEASE,
            request=Request(release="s3://models/releases/chat/v2/release.json"),
            bucket=BUCKET,
            release=release(),
            started_at=NOW,
        ),
        **changes,
    )


def amend(update: Update, **changes: Any) -> Update:
    """An update with these fields, each in its group."""
    return replace(update, **_regroup(update, GROUPS, nest(changes)))


def amend_plan(plan: Plan, **changes: Any) -> Plan:
    """A plan with these fields, which are named as the written plan names them."""
    return replace(plan, **_regroup(plan, PLAN_GROUPS, flat_shape.nest(changes, PLAN_PLACES)))


def _regroup(
    record: object, groups: Mapping[str, type], changes: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        name: replace(getattr(record, name), **value) if name in groups else value
        for name, value in changes.items()
    }


def overridden() -> Plan:
    """A plan in which an operator took back the approval that the policy wants."""
    override = Override(key="approval.required", was="true", value="false", source="input policy")
    return amend_plan(plan(), overrides=(override,))


def reason(code: str = "test", **changes: str) -> Reason:
    """Some reason."""
    return Reason(
        **{
            "code": code,
            "subject": "file: field",
            "message": "is wrong.",
            "remedy": "Mend it.",
            **changes,
        }
    )
