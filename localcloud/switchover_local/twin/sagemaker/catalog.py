"""The account's models and endpoint configs, and the refusals of CreateModel and CreateEndpointConfig."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from switchover_local.twin.wire.refusals import validation_exception

from .loading import loaded_source
from .naming import NameBook
from .specs import Container, EndpointConfig, Model, VariantSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from switchover_local.twin.scenario import Scenario

    from .naming import Naming

# Source: `volume_size_supported` in aws/sagemaker-python-sdk (PR 4828), by way of rules §1.4.
_LOCAL_DISK = re.compile(r"^ml\.(g5|g6|p5|trn1|[a-z0-9]*d[a-z0-9]*\.)")

_ENVIRONMENT_BYTES = 32 * 1024
_ENVIRONMENT_TEXT_BYTES = 1024


class Catalog:
    """The account's models and endpoint configs."""

    def __init__(
        self,
        naming: Naming,
        now: Callable[[], datetime],
        scenario: Callable[[], Scenario],
    ) -> None:
        self._naming = naming
        self._now = now
        self._scenario = scenario
        self.models: NameBook[Model] = NameBook(lambda: scenario().switches)
        self.configs: NameBook[EndpointConfig] = NameBook(lambda: scenario().switches)

    def create_model(self, request: Mapping[str, object]) -> Model:
        """Create a model; it never changes afterwards."""
        name = str(request["ModelName"])
        arn = self._naming.arn("model", name)
        if self.models.is_taken(name):
            raise validation_exception(f'Cannot create already existing model "{arn}".')
        containers = _containers(request)
        _check_environments(containers)
        for container in containers:
            if container.has_ambiguous_prefix:
                raise validation_exception(
                    f"S3Uri {container.source} must end with a forward slash when S3DataType is "
                    "S3Prefix."
                )
        answering = containers[-1]  # in a serial pipeline, the last container writes the answer
        source = loaded_source(answering)
        model = Model(name, arn, self._now(), request, answering.image, source)
        self.models.add(model)
        return model

    def model(self, name: str) -> Model:
        """The model of that name."""
        found = self.models.find(name)
        if found is None:
            arn = self._naming.arn("model", name)
            raise validation_exception(f'Could not find model "{arn}".')
        return found

    def delete_model(self, name: str) -> Model:
        """Delete a model; configs that name it keep their copy."""
        return self.models.remove(self.model(name))

    def create_config(self, request: Mapping[str, object]) -> EndpointConfig:
        """Create an endpoint config, if its variants can be launched at all."""
        name = str(request["EndpointConfigName"])
        arn = self._naming.arn("endpoint-config", name)
        if self.configs.is_taken(name):
            raise validation_exception(
                f'Cannot create already existing endpoint configuration "{arn}".'
            )
        variants = tuple(
            VariantSpec.read(raw) for raw in cast("Iterable[object]", request["ProductionVariants"])
        )
        _check_variants(variants, has_kms_key="KmsKeyId" in request)
        models = {v.variant_name: self.model(v.model_name) for v in variants if v.model_name}
        config = EndpointConfig(name, arn, self._now(), request, variants, models)
        self.configs.add(config)
        return config

    def config(self, name: str) -> EndpointConfig:
        """The config of that name, after reads of it have become consistent."""
        found = self.configs.find(name)
        seen_from = timedelta(seconds=self._scenario().timings.config_visible_after_seconds)
        if found is None or self._now() < found.created + seen_from:
            arn = self._naming.arn("endpoint-config", name)
            raise validation_exception(f'Could not find endpoint configuration "{arn}".')
        return found

    def delete_config(self, name: str) -> EndpointConfig:
        """Delete a config, even one that an endpoint serves: AWS doesn't check this (rules §7.1)."""
        return self.configs.remove(self.config(name))


def _containers(request: Mapping[str, object]) -> list[Container]:
    containers = cast("list[object]", request.get("Containers") or [])
    primary = request.get("PrimaryContainer")
    if primary is not None and containers:
        raise validation_exception("You can not specify both PrimaryContainer and Containers.")
    if primary is None and not containers:
        raise validation_exception("You must specify either PrimaryContainer or Containers.")
    return [Container.read(each) for each in containers or [primary]]


def _check_environments(containers: Iterable[Container]) -> None:
    """Refuse environments that are too long, beyond the service model's bounds of each key and value.

    Source: ContainerDefinition, Environment: "1024 bytes" for each key and value, "32 KB" for all keys
    and values of a map, and for those of all containers of a CreateModel request. AWS's words for
    this refusal aren't known.
    """
    pairs = [pair for container in containers for pair in container.environment.items()]
    for text in (text for pair in pairs for text in pair):
        if len(text.encode()) > _ENVIRONMENT_TEXT_BYTES:
            raise validation_exception(
                f"Environment: {text[:40]}… is longer than {_ENVIRONMENT_TEXT_BYTES} bytes."
            )
    total = sum(len(key.encode()) + len(value.encode()) for key, value in pairs)
    if total > _ENVIRONMENT_BYTES:
        raise validation_exception(
            f"Environment: all keys and values together have {total} bytes, which is more than "
            f"{_ENVIRONMENT_BYTES}."
        )


def _check_variants(variants: tuple[VariantSpec, ...], *, has_kms_key: bool) -> None:
    names = [spec.variant_name for spec in variants]
    if len(set(names)) < len(names):
        raise validation_exception("Production variant names must be unique.")
    for spec in variants:
        _check_variant(spec)
        if has_kms_key and _LOCAL_DISK.match(spec.hardware):
            raise validation_exception(
                f"KmsKeyId can not be specified: instance type {spec.hardware} of variant "
                f"{spec.variant_name} uses local storage."
            )


def _check_variant(spec: VariantSpec) -> None:
    name = spec.variant_name
    if spec.is_serverless:
        if spec.instance_type or spec.initial_instance_count:
            raise validation_exception(
                f"Variant {name}: ServerlessConfig excludes InstanceType and InitialInstanceCount."
            )
        return
    if spec.hardware == "serverless":
        raise validation_exception(f"Variant {name}: InstanceType is required.")
    if spec.initial_instance_count < 1:
        raise validation_exception(f"Variant {name}: InitialInstanceCount is required.")
    if spec.volume_size_in_gb is not None and _LOCAL_DISK.match(spec.hardware):
        raise validation_exception(
            f"Variant {name}: VolumeSizeInGB is not supported for {spec.hardware}, which has "
            "local storage."
        )
    if spec.managed_instance_scaling is not None and spec.model_name is not None:
        raise validation_exception(
            "ManagedInstanceScaling is only supported for inference component endpoints."
        )
