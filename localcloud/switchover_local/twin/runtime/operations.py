"""The API of SageMaker Runtime: one method per operation."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from switchover_local.twin.sagemaker.naming import next_id
from switchover_local.twin.wire.messages import Answer
from switchover_local.twin.wire.refusals import Refusal, too_long

from .headers import check_headers

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from random import Random

    from mypy_boto3_sagemaker_runtime.type_defs import (
        InvokeEndpointInputTypeDef,
        InvokeEndpointWithResponseStreamInputTypeDef,
    )

    from switchover_local.twin.sagemaker.endpoint import Endpoint

    from .headers import Invocation
    from .routing import Reply, Router

# Source: "Model Hosting FAQs": "25 MB for real-time endpoints and 4 MB for serverless endpoints".
_SERVERLESS_BODY_BYTES = 4 * 1_048_576
_CHUNKS_PER_STREAM = 4


class RuntimeOperations:
    """The data plane: requests to the models that serve."""

    def __init__(
        self,
        router: Router,
        clock_now: Callable[[], datetime],
        random: Random,
        body_limit_bytes: Callable[[], int],
    ) -> None:
        self._router = router
        self._now = clock_now
        self._random = random
        self._body_limit_bytes = body_limit_bytes

    def invoke_endpoint(self, params: InvokeEndpointInputTypeDef) -> Answer:
        """InvokeEndpoint: an OpenAI-style chat completion, the same for every question."""
        reply = self._invoke(params)
        body = json.dumps(self._completion(reply)).encode()
        return _answer(params, reply, body, "application/json")

    def invoke_endpoint_with_response_stream(
        self, params: InvokeEndpointWithResponseStreamInputTypeDef
    ) -> Answer:
        """InvokeEndpointWithResponseStream: the same reply as server-sent events."""
        reply = self._invoke(params)
        pieces = _cut(reply.text, _CHUNKS_PER_STREAM)
        chunks = [json.dumps(self._chunk(reply, piece)) for piece in pieces]
        body = [f"data: {chunk}\n\n".encode() for chunk in (*chunks, "[DONE]")]
        return _answer(params, reply, body, "text/event-stream")

    def _invoke(self, params: Invocation) -> Reply:
        endpoint = self._router.endpoint(params["EndpointName"])
        check_headers(endpoint, params)
        self._check_length(endpoint, len(cast("bytes", params["Body"])))
        reply = self._router.invoke(
            params["EndpointName"], target_variant=params.get("TargetVariant")
        )
        if reply.is_error:
            raise model_error(reply)
        return reply

    def _check_length(self, endpoint: Endpoint, length: int) -> None:
        limit = self._body_limit_bytes()
        if length > limit:
            raise too_long(limit)
        is_serverless = any(variant.spec.is_serverless for variant in endpoint.variants.values())
        if is_serverless and length > _SERVERLESS_BODY_BYTES:
            # Seen as aws/sagemaker-python-sdk #4271 quotes it.
            message = f"Request {next_id(self._random)} has oversize body."
            raise Refusal("ValidationError", message)

    def _completion(self, reply: Reply) -> dict[str, object]:
        words = len(reply.text.split())
        return self._envelope(reply, "chat.completion") | {
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": reply.text},
                    "finish_reason": "stop",
                }
            ],
            "usage": {"prompt_tokens": 0, "completion_tokens": words, "total_tokens": words},
        }

    def _chunk(self, reply: Reply, piece: str) -> dict[str, object]:
        choice = {"index": 0, "delta": {"content": piece}, "finish_reason": None}
        return self._envelope(reply, "chat.completion.chunk") | {"choices": [choice]}

    def _envelope(self, reply: Reply, kind: str) -> dict[str, object]:
        return {
            "id": f"chatcmpl-{next_id(self._random)}",
            "object": kind,
            "created": int(self._now().timestamp()),
            "model": reply.model,
        }


def _answer(
    params: Invocation, reply: Reply, body: bytes | list[bytes], content_type: str
) -> Answer:
    members = {
        "Body": body,
        "ContentType": content_type,
        "InvokedProductionVariant": reply.variant_name,
        "CustomAttributes": params.get("CustomAttributes"),
    }
    return Answer(members, hold_seconds=reply.latency_us / 1e6)


def model_error(reply: Reply) -> Refusal:
    """What InvokeEndpoint answers when the container fails: 424, with the container's own words."""
    original = json.dumps({"error": f"{reply.model} failed"})
    fault = "server" if reply.status >= 500 else "client"
    log = f"/aws/sagemaker/Endpoints/{reply.endpoint_name}"
    return Refusal(
        "ModelError",
        f'Received {fault} error ({reply.status}) from primary with message "{original}". '
        f"See the log group {log} for more information.",
        status=424,
        members={
            "OriginalStatusCode": reply.status,
            "OriginalMessage": original,
            "LogStreamArn": log,
        },
    )


def _cut(text: str, pieces: int) -> list[str]:
    size = max(1, -(-len(text) // pieces))
    return [text[start : start + size] for start in range(0, len(text), size)] or [""]
