"""The API of SageMaker's control plane: one method per operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from switchover_local.twin.wire.messages import Answer
from switchover_local.twin.wire.paging import cut_page
from switchover_local.twin.wire.refusals import validation_exception

from .describe import describe_endpoint
from .endpoints import UpdateRequest
from .listing import INVALID_TOKEN, list_summaries
from .specs import DesiredCapacity
from .tags import checked_tags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_sagemaker.type_defs import (
        AddTagsInputTypeDef,
        CreateEndpointConfigInputTypeDef,
        CreateEndpointInputTypeDef,
        CreateModelInputTypeDef,
        DeleteEndpointConfigInputTypeDef,
        DeleteEndpointInputTypeDef,
        DeleteModelInputTypeDef,
        DeleteTagsInputTypeDef,
        DescribeEndpointConfigInputTypeDef,
        DescribeEndpointInputTypeDef,
        DescribeModelInputTypeDef,
        EndpointConfigSummaryTypeDef,
        EndpointSummaryTypeDef,
        ListEndpointConfigsInputTypeDef,
        ListEndpointsInputTypeDef,
        ListModelsInputTypeDef,
        ListTagsInputTypeDef,
        ModelSummaryTypeDef,
        UpdateEndpointInputTypeDef,
        UpdateEndpointWeightsAndCapacitiesInputTypeDef,
    )

    from .catalog import Catalog
    from .endpoints import Endpoints
    from .tags import TagBook

_TAGS_PER_PAGE = 50


class SageMakerOperations:
    """The control plane: models, endpoint configs, endpoints and their tags."""

    def __init__(self, catalog: Catalog, endpoints: Endpoints, tags: TagBook) -> None:
        self._catalog = catalog
        self._endpoints = endpoints
        self._tags = tags

    def create_model(self, params: CreateModelInputTypeDef) -> Answer:
        """CreateModel."""
        tags = checked_tags(params.get("Tags", []))
        model = self._catalog.create_model(_without_tags(params))
        self._tags.begin(model.arn, tags)
        return Answer({"ModelArn": model.arn})

    def describe_model(self, params: DescribeModelInputTypeDef) -> Answer:
        """DescribeModel: the request that created it, minus tags (rules §1.6)."""
        model = self._catalog.model(params["ModelName"])
        return Answer({**model.request, "ModelArn": model.arn, "CreationTime": model.created})

    def delete_model(self, params: DeleteModelInputTypeDef) -> Answer:
        """DeleteModel."""
        self._catalog.delete_model(params["ModelName"])
        return Answer()

    def list_models(self, params: ListModelsInputTypeDef) -> Answer:
        """ListModels."""
        summaries: list[ModelSummaryTypeDef] = [
            {"ModelName": model.name, "ModelArn": model.arn, "CreationTime": model.created}
            for model in self._catalog.models.all()
        ]
        found, more = list_summaries(summaries, params, kind="Model")
        return Answer({"Models": found, **more})

    def create_endpoint_config(self, params: CreateEndpointConfigInputTypeDef) -> Answer:
        """CreateEndpointConfig."""
        tags = checked_tags(params.get("Tags", []))
        config = self._catalog.create_config(_without_tags(params))
        self._tags.begin(config.arn, tags)
        return Answer({"EndpointConfigArn": config.arn})

    def describe_endpoint_config(self, params: DescribeEndpointConfigInputTypeDef) -> Answer:
        """DescribeEndpointConfig: the request that created it, minus tags (rules §1.5)."""
        config = self._catalog.config(params["EndpointConfigName"])
        described = {"EndpointConfigArn": config.arn, "CreationTime": config.created}
        variants = [
            {"InitialVariantWeight": 1.0} | variant
            for variant in cast("list[dict[str, object]]", config.request["ProductionVariants"])
        ]
        return Answer({**config.request, **described, "ProductionVariants": variants})

    def delete_endpoint_config(self, params: DeleteEndpointConfigInputTypeDef) -> Answer:
        """DeleteEndpointConfig."""
        self._catalog.delete_config(params["EndpointConfigName"])
        return Answer()

    def list_endpoint_configs(self, params: ListEndpointConfigsInputTypeDef) -> Answer:
        """ListEndpointConfigs."""
        summaries: list[EndpointConfigSummaryTypeDef] = [
            {
                "EndpointConfigName": config.name,
                "EndpointConfigArn": config.arn,
                "CreationTime": config.created,
            }
            for config in self._catalog.configs.all()
        ]
        found, more = list_summaries(summaries, params, kind="EndpointConfig")
        return Answer({"EndpointConfigs": found, **more})

    def create_endpoint(self, params: CreateEndpointInputTypeDef) -> Answer:
        """CreateEndpoint."""
        tags = checked_tags(params.get("Tags", []))
        endpoint = self._endpoints.create(
            params["EndpointName"], params["EndpointConfigName"], params.get("DeploymentConfig")
        )
        self._tags.begin(endpoint.arn, tags)
        return Answer({"EndpointArn": endpoint.arn})

    def describe_endpoint(self, params: DescribeEndpointInputTypeDef) -> Answer:
        """DescribeEndpoint."""
        return Answer(describe_endpoint(self._endpoints.get(params["EndpointName"])))

    def list_endpoints(self, params: ListEndpointsInputTypeDef) -> Answer:
        """ListEndpoints."""
        summaries: list[EndpointSummaryTypeDef] = [
            {
                "EndpointName": endpoint.name,
                "EndpointArn": endpoint.arn,
                "CreationTime": endpoint.created,
                "LastModifiedTime": endpoint.modified,
                "EndpointStatus": endpoint.status,
            }
            for endpoint in self._endpoints.all()
        ]
        found, more = list_summaries(summaries, params, kind="Endpoint")
        return Answer({"Endpoints": found, **more})

    def update_endpoint(self, params: UpdateEndpointInputTypeDef) -> Answer:
        """UpdateEndpoint."""
        excluded = params.get("ExcludeRetainedVariantProperties", [])
        endpoint = self._endpoints.update(
            UpdateRequest(
                params["EndpointName"],
                params["EndpointConfigName"],
                params.get("DeploymentConfig"),
                retains_variant_properties=params.get("RetainAllVariantProperties", False),
                excluded_properties=frozenset(p["VariantPropertyType"] for p in excluded),
                retains_deployment_config=params.get("RetainDeploymentConfig", False),
            )
        )
        return Answer({"EndpointArn": endpoint.arn})

    def update_endpoint_weights_and_capacities(
        self, params: UpdateEndpointWeightsAndCapacitiesInputTypeDef
    ) -> Answer:
        """UpdateEndpointWeightsAndCapacities."""
        wishes = [DesiredCapacity.read(raw) for raw in params["DesiredWeightsAndCapacities"]]
        return Answer({"EndpointArn": self._endpoints.resize(params["EndpointName"], wishes).arn})

    def get_endpoint_policy(self, params: dict[str, str]) -> Answer:
        """GetEndpointPolicy: a ValidationException if there is none; its words aren't documented."""
        endpoint = self._endpoints.get(params["EndpointName"])
        if endpoint.resource_policy is None:
            raise validation_exception(f'Endpoint "{endpoint.arn}" has no resource policy.')
        return Answer(
            {
                "EndpointName": endpoint.name,
                "EndpointArn": endpoint.arn,
                "ResourcePolicy": endpoint.resource_policy,
            }
        )

    def put_endpoint_policy(self, params: dict[str, str]) -> Answer:
        """PutEndpointPolicy: not while Deleting or Failed; the policy is deleted with the endpoint."""
        endpoint = self._endpoints.get(params["EndpointName"])
        if endpoint.status in {"Deleting", "Failed"}:
            raise validation_exception(
                f'Cannot attach a policy to endpoint "{endpoint.arn}" in status {endpoint.status}.'
            )
        endpoint.resource_policy = params["ResourcePolicy"]
        return Answer({"EndpointArn": endpoint.arn})

    def delete_endpoint(self, params: DeleteEndpointInputTypeDef) -> Answer:
        """DeleteEndpoint."""
        self._endpoints.delete(params["EndpointName"])
        return Answer()

    def add_tags(self, params: AddTagsInputTypeDef) -> Answer:
        """AddTags."""
        arn = self._existing(params["ResourceArn"])
        self._tags.add(arn, checked_tags(params["Tags"]))
        return Answer({"Tags": self._tags.of(arn)})

    def list_tags(self, params: ListTagsInputTypeDef) -> Answer:
        """ListTags."""
        tags, more = cut_page(
            self._tags.of(self._existing(params["ResourceArn"])),
            params.get("NextToken"),
            params.get("MaxResults", _TAGS_PER_PAGE),
            key=lambda tag: (tag["Key"],),
            refusal=INVALID_TOKEN,
        )
        return Answer({"Tags": tags, **more})

    def delete_tags(self, params: DeleteTagsInputTypeDef) -> Answer:
        """DeleteTags."""
        self._tags.remove(self._existing(params["ResourceArn"]), params["TagKeys"])
        return Answer()

    def _existing(self, arn: str) -> str:
        """The ARN, if its resource exists. AWS refuses others; its words for it aren't known."""
        existing = {
            *(endpoint.arn for endpoint in self._endpoints.all()),
            *(config.arn for config in self._catalog.configs.all()),
            *(model.arn for model in self._catalog.models.all()),
        }
        if arn not in existing:
            raise validation_exception(f'Could not find resource "{arn}".')
        return arn


def _without_tags(params: Mapping[str, object]) -> Mapping[str, object]:
    return {name: value for name, value in params.items() if name != "Tags"}
