"""Reads and attaches the resource policies of endpoints."""

from __future__ import annotations

from botocore.exceptions import ClientError

from switchover.aws.sagemaker_calls import SageMakerCalls, refusal_of
from switchover.domain.errors import CallRefused

_NO_POLICY = frozenset({"ValidationException", "ResourceNotFound", "UnknownOperationException"})
_DENIED = frozenset({"AccessDenied", "AccessDeniedException"})


class EndpointPolicies(SageMakerCalls):
    """One account's resource policies of endpoints."""

    def endpoint_policy(self, endpoint: str) -> str | None:
        """The resource policy of an endpoint, a JSON document; None if it has none.

        Raises:
            ClientError: it can't be read.
        Source: API Reference, GetEndpointPolicy: "If the endpoint doesn't have a policy, you get a
        ValidationException"; a Region without the operation has no such policies.
        """
        try:
            # Newer than the stubs.
            found = self._sagemaker.get_endpoint_policy(EndpointName=endpoint)  # type: ignore[attr-defined]
        except ClientError as error:
            if error.response["Error"].get("Code") in _NO_POLICY:
                return None
            raise
        return str(found["ResourcePolicy"])

    def put_endpoint_policy(self, endpoint: str, policy: str) -> None:
        """Attach a resource policy to an endpoint; it replaces an existing one.

        Raises:
            CallRefused: SageMaker or IAM refuses, in their own words.
        """
        try:
            self._sagemaker.put_endpoint_policy(  # type: ignore[attr-defined]
                EndpointName=endpoint, ResourcePolicy=policy
            )
        except ClientError as error:
            if error.response["Error"].get("Code") in _DENIED:
                # The endpoint serves without its policy, so the other parts are restored without a
                # wait for it.
                raise CallRefused(error.response["Error"].get("Message", str(error))) from error
            raise refusal_of(error) from error
