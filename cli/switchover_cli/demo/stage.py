"""The stage of the demo and of rehearsals: an endpoint like a team's, and models for it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from switchover.domain.places import ReleasePlace
from switchover.domain.release import ModelIdentity, Release, ReleaseFile
from switchover_cli.start.starting import release_uri
from switchover_cli.upload.uploading import UploadOutcome, upload_release
from switchover_local.checkpoint import write_checkpoint
from switchover_local.twin.scenario import Behaviour, ModelBehaviour

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import boto3
    from mypy_boto3_sagemaker.literals import ProductionVariantInstanceTypeType
    from mypy_boto3_sagemaker.type_defs import TagTypeDef

    from switchover_cli.deployment import Deployment
    from switchover_local.control import CloudState
    from switchover_local.stack import LocalCloud

ENDPOINT = "vlm-demo"
MODEL = "qwen2.5-vl-7b"
IDLE_SPEED = 1.0
_CREATION_SPEED = 3600.0
_MINUTE_SECONDS = 60
_ROUND_SECONDS = 300
# The image may be any: this one belongs to another account, as AWS's own images do.
_REGISTRY = "111122223333"

_POLICY = """\
tier: critical              # canary first
canary: {percent: 25, bake_seconds: 5m}
rolling: {batch_percent: 50, bake_seconds: 5m}
termination_wait_seconds: 2m
ready_seconds: 8m           # launch, download and load of 16 GB
alarms:
  latency: {limit_seconds: 5s}
  error_rate: 0.05
"""

# Answers take 6 s where 5 s are allowed, and every eighth request fails, so both alarms go red.
SLOW = Behaviour(latency_us=6_000_000, server_error_rate=0.12)


@dataclass(frozen=True, slots=True)
class Scenery:
    """The endpoint to play on. `policy` is the text of its policy file."""

    endpoint: str
    policy: str
    instances: int = 4
    instance_type: ProductionVariantInstanceTypeType = "ml.g6e.2xlarge"
    variant: str = "AllTraffic"
    requests_per_second: float = 2.0
    behaviours: tuple[ModelBehaviour, ...] = ()


DEMO = Scenery(ENDPOINT, _POLICY, behaviours=(ModelBehaviour(model="s3://*/v3/*", behaviour=SLOW),))


@dataclass(frozen=True, slots=True)
class Stage:
    """A local cloud with Switchover deployed on it and an endpoint in service."""

    cloud: LocalCloud
    deployment: Deployment
    folder: Path
    scenery: Scenery = DEMO

    def offer(self, version: str, seed: int, policy: dict[str, object] | None = None) -> None:
        """Upload a good checkpoint as a release, as `switchover upload` does."""
        report = upload_release(
            self.write_model(version, seed),
            endpoint=self.scenery.endpoint,
            version=version,
            bucket=self.deployment.bucket,
            s3=self.deployment.s3,
            name=MODEL,
            policy=policy,
        )
        if report.outcome is not UploadOutcome.SENT:
            raise AssertionError(f"our own {version} was refused: {report.reasons}")

    def offer_incomplete(self, version: str, seed: int) -> None:
        """Put a release without its last shard into S3 directly; `switchover upload` would refuse it."""
        checkpoint = self.write_model(version, seed)
        paths = sorted(path for path in checkpoint.rglob("*") if path.is_file())
        lost = [path for path in paths if path.suffix == ".safetensors"][-1]
        endpoint = self.scenery.endpoint
        prefix = ReleasePlace(endpoint, version).prefix
        for path in paths:
            if path != lost:
                self.put_new(
                    f"{prefix}{path.relative_to(checkpoint).as_posix()}", path.read_bytes()
                )
        release = Release(
            schema_version=1,
            endpoint=endpoint,
            model=ModelIdentity(name=MODEL, version=version),
            prefix=prefix,
            files=tuple(_describe(path, checkpoint) for path in paths),
        )
        uri = release_uri(self.deployment.bucket, endpoint, version)
        key = uri.removeprefix(f"s3://{self.deployment.bucket}/")
        self.put(key, release.model_dump_json(by_alias=True, indent=2).encode())

    def serving_config(self) -> str:
        """The serving config by the twin itself, not by the ledger."""
        return self.cloud.state().endpoints[self.scenery.endpoint].serving_config

    def write_model(self, version: str, seed: int) -> Path:
        """Write a small checkpoint, its own for each seed."""
        folder = self.folder / version
        folder.mkdir()
        write_checkpoint(folder, seed)
        return folder

    def put(self, key: str, body: bytes) -> None:
        """Put one object in the model bucket."""
        self.deployment.s3.put_object(
            Bucket=self.deployment.bucket, Key=key, Body=body, ChecksumAlgorithm="SHA256"
        )

    def put_new(self, key: str, body: bytes) -> None:
        """Put a model's file; the bucket refuses to overwrite one."""
        self.deployment.s3.put_object(
            Bucket=self.deployment.bucket,
            Key=key,
            Body=body,
            ChecksumAlgorithm="SHA256",
            IfNoneMatch="*",
        )


def set_stage(
    cloud: LocalCloud, deployment: Deployment, folder: Path, scenery: Scenery = DEMO
) -> Stage:
    """Have the scenery's endpoint serve v1, scaled and under traffic."""
    stage = Stage(cloud, deployment, folder, scenery)
    session = cloud.session()
    checkpoint = stage.write_model("v1", seed=1)
    prefix = ReleasePlace(scenery.endpoint, "v1").prefix
    for path in checkpoint.iterdir():
        stage.put_new(f"{prefix}{path.name}", path.read_bytes())
    stage.put(f"policies/{scenery.endpoint}.yaml", scenery.policy.encode())
    for entry in scenery.behaviours:
        cloud.set_behaviour(entry.model, entry.behaviour)
    with cloud.at_speed(_CREATION_SPEED), cloud.stepping() as step:
        _create_endpoint(cloud, session, f"s3://{deployment.bucket}/{prefix}", scenery)
        while step(_MINUTE_SECONDS).endpoints[scenery.endpoint].status == "Creating":
            pass
        _scale(session, scenery)
        begin_on_the_dot(step)
        cloud.start_traffic(scenery.endpoint, scenery.requests_per_second)
    return stage


def begin_on_the_dot(step: Callable[[float], CloudState]) -> None:
    """Let time pass until a full minute: alarms evaluate full minutes, so figures depend on the start."""
    step(_ROUND_SECONDS - step(0).now.timestamp() % _ROUND_SECONDS)


def _create_endpoint(
    cloud: LocalCloud, session: boto3.Session, model_uri: str, scenery: Scenery
) -> None:
    sagemaker = session.client("sagemaker")
    tags: list[TagTypeDef] = [{"Key": "team", "Value": "vision"}]
    name = f"{scenery.endpoint}-v1"
    sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=cloud.make_role("SageMakerVlmDemo"),
        PrimaryContainer={
            "Image": f"{_REGISTRY}.dkr.ecr.{session.region_name}.amazonaws.com/vllm:0.11",
            "ModelDataSource": {
                "S3DataSource": {
                    "S3Uri": model_uri,
                    "S3DataType": "S3Prefix",
                    "CompressionType": "None",
                }
            },
            "Environment": {"VLLM_MAX_MODEL_LEN": "16384", "VLLM_LIMIT_MM_PER_PROMPT": "image=4"},
        },
        Tags=tags,
    )
    sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {
                "VariantName": scenery.variant,
                "ModelName": name,
                "InstanceType": scenery.instance_type,
                "InitialInstanceCount": scenery.instances,
                "ModelDataDownloadTimeoutInSeconds": 3600,
                "ContainerStartupHealthCheckTimeoutInSeconds": 3600,
                "RoutingConfig": {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"},
            }
        ],
        Tags=tags,
    )
    sagemaker.create_endpoint(EndpointName=scenery.endpoint, EndpointConfigName=name, Tags=tags)


def _scale(session: boto3.Session, scenery: Scenery) -> None:
    scaling = session.client("application-autoscaling")
    resource = f"endpoint/{scenery.endpoint}/variant/{scenery.variant}"
    scaling.register_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId=resource,
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        MinCapacity=max(1, scenery.instances // 2),
        MaxCapacity=scenery.instances * 2,
    )
    scaling.put_scaling_policy(
        PolicyName=f"{scenery.endpoint}-invocations",
        ServiceNamespace="sagemaker",
        ResourceId=resource,
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 30.0,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
            },
            "ScaleInCooldown": 600,
            "ScaleOutCooldown": 300,
        },
    )


def _describe(path: Path, root: Path) -> ReleaseFile:
    content = path.read_bytes()
    return ReleaseFile(
        path=path.relative_to(root).as_posix(),
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
