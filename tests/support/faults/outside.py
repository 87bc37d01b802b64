"""What people may delete or change outside Switchover while an update runs, as far as AWS allows."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from tests.support.scene import ENDPOINT, FIRST_CONFIG, INSTANCE_TYPE, VARIANT

from switchover.domain.naming import ALARM_PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import World

FOREIGN = "by-hand"
_VERSION = "v2"


def _delete_claim(world: World) -> None:
    _delete_item(world, f"endpoint#{ENDPOINT}", "claim")


def _delete_update(world: World) -> None:
    _delete_item(world, f"update#{world.executions[0].name}", "update")


def _delete_policy(world: World) -> None:
    _delete_objects(world, f"policies/{ENDPOINT}.yaml")


def _delete_release(world: World) -> None:
    _delete_objects(world, f"releases/{ENDPOINT}/{_VERSION}/")


def _delete_golden(world: World) -> None:
    _delete_objects(world, f"golden/{ENDPOINT}")


def _delete_files(world: World) -> None:
    _delete_objects(world, f"models/{ENDPOINT}/{_VERSION}/")


def _delete_previous_config(world: World) -> None:
    world.sagemaker.delete_endpoint_config(EndpointConfigName=FIRST_CONFIG)


def _delete_previous_model(world: World) -> None:
    world.sagemaker.delete_model(ModelName=FIRST_CONFIG)


def _delete_target_config(world: World) -> None:
    for name in world.config_names() - {FIRST_CONFIG}:
        world.sagemaker.delete_endpoint_config(EndpointConfigName=name)


def _delete_target_model(world: World) -> None:
    for name in world.model_names() - {FIRST_CONFIG}:
        world.sagemaker.delete_model(ModelName=name)


def _delete_alarms(world: World) -> None:
    own = [name for name in world.alarm_names() if name.startswith(ALARM_PREFIX)]
    world.cloudwatch.delete_alarms(AlarmNames=own)


def _deregister(world: World) -> None:
    world.scaling.deregister_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId=f"endpoint/{ENDPOINT}/variant/{VARIANT}",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
    )


def _delete_endpoint(world: World) -> None:
    world.sagemaker.delete_endpoint(EndpointName=ENDPOINT)


def _update_endpoint(world: World) -> None:
    with suppress(ClientError):  # it exists already
        world.sagemaker.create_endpoint_config(
            EndpointConfigName=FOREIGN,
            ProductionVariants=[
                {
                    "VariantName": VARIANT,
                    "ModelName": FIRST_CONFIG,
                    "InstanceType": INSTANCE_TYPE,
                    "InitialInstanceCount": 4,
                }
            ],
        )
    world.sagemaker.update_endpoint(
        EndpointName=ENDPOINT, EndpointConfigName=FOREIGN, RetainAllVariantProperties=True
    )


_ACTS: dict[str, Callable[[World], None]] = {
    "claim deleted": _delete_claim,
    "update deleted": _delete_update,
    "policy deleted": _delete_policy,
    "release.json deleted": _delete_release,
    "golden deleted": _delete_golden,
    "files deleted": _delete_files,
    "previous config deleted": _delete_previous_config,
    "previous model deleted": _delete_previous_model,
    "target config deleted": _delete_target_config,
    "target model deleted": _delete_target_model,
    "alarms deleted": _delete_alarms,
    "scaling deregistered": _deregister,
    "endpoint deleted": _delete_endpoint,
    "endpoint updated": _update_endpoint,
}


def act_outside(world: World, thing: str) -> None:
    """Delete or change a resource; AWS may refuse this, such as an update of an endpoint that moves."""
    with suppress(ClientError):
        _ACTS[thing](world)


THINGS = tuple(_ACTS)


def _delete_item(world: World, partition: str, sort: str) -> None:
    world.dynamodb.delete_item(
        TableName=world.settings["SWITCHOVER_TABLE"],
        Key={"pk": {"S": partition}, "sk": {"S": sort}},
    )


def _delete_objects(world: World, prefix: str) -> None:
    listed = world.s3.list_objects_v2(Bucket=world.bucket, Prefix=prefix).get("Contents", ())
    for entry in listed:
        world.s3.delete_object(Bucket=world.bucket, Key=entry["Key"])
