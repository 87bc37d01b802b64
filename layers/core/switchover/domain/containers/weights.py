"""Decides whether a container loads the release's files or other weights."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from switchover.domain.containers.properties import keeps_to_release
from switchover.domain.containers.servers import (
    MODEL_FOLDER,
    UNKNOWN_SERVER,
    WEIGHT_VARIABLES,
    Precedence,
    is_in_model_folder,
    server_of,
)
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from switchover.domain.containers.servers import ModelServer

# Variables whose target may load unknown weights: code of an earlier model, models by URL.
_OPEN_ENDED = ("SAGEMAKER_SUBMIT_DIRECTORY", "SERVING_LOAD_MODELS")
# Variables for parts that serve beside the weights: vLLM's and SGLang's --tokenizer and
# --speculative-config, TGI's LORA_ADAPTERS, LMI's option.speculative_draft_model.
_BESIDE = re.compile(r".*(TOKENIZER|LORA|ADAPTER|DRAFT|SPECULATIVE)", re.IGNORECASE)
# Variables that may name weights for unknown code: NIM_MODEL_NAME, MODEL_PATH, WEIGHTS_URI.
_MAY_NAME_WEIGHTS = re.compile(
    r"(?!.*(CACHE|LOG|SERVED|SERVER)).*(MODEL|WEIGHT|CHECKPOINT)", re.IGNORECASE
)
# A URL, a path, or a model's name on a hub.
_PLACE = re.compile(r"\w+://.+|/.+|[\w.-]+/[\w.:-]+")
_SHOWN_LETTERS = 200


@dataclass(frozen=True, slots=True)
class WeightSource:
    """The source of a container's weights.

    `told` is the evidence. `elsewhere` are the variables that certainly name other weights than the
    release's, by name. `doubts` are the parts that can't be judged.
    """

    server: str
    told: str
    elsewhere: Mapping[str, str]
    doubts: tuple[str, ...] = ()


def find_weight_source(container: Mapping[str, Any], properties: str = "") -> WeightSource:
    """Find the source of a container's weights, after the container is given the release's files.

    `properties` is the text of the release's own `serving.properties`, if there is one.
    """
    server = server_of(str(container.get("Image", "")))
    environment = {key: str(value) for key, value in container.get("Environment", {}).items()}
    if server.reads_properties and keeps_to_release(properties):
        return WeightSource(
            server.name, f"serving.properties keeps {server.name} to the release", {}
        )
    named = _named(environment, server.variables)
    away = {key: value for key, value in named.items() if not is_in_model_folder(value)}
    doubts = [
        *_doubt_open_ended(environment),
        *_doubt_beside(environment),
        *_doubt_image(container, server),
    ]
    if server is UNKNOWN_SERVER or server.runs_code_of_users:
        doubts += _doubt_names(environment)
    if server is UNKNOWN_SERVER:
        return WeightSource(server.name, _tell(server, {}), {}, tuple(doubts))
    if away and server.precedence is Precedence.FIRST_SET:
        first = next(iter(named))
        away = {first: named[first]} if first in away else {}
    elif away and len(away) < len(named):
        doubts.append(f"{_listed(named.items())}: which of them {server.name} uses is undocumented")
        away = {}
    return WeightSource(server.name, _tell(server, named), away, tuple(doubts))


def point_at_release(container: Mapping[str, Any]) -> dict[str, Any]:
    """The container with every variable that names other weights set to the release's folder.

    A variable is removed if the server would download or open even a folder. All other variables stay.
    """
    server = server_of(str(container.get("Image", "")))
    variables = WEIGHT_VARIABLES if server is UNKNOWN_SERVER else server.variables
    environment = dict(container.get("Environment", {}))
    for key, value in _named(environment, variables).items():
        if is_in_model_folder(value):
            continue
        if server.drops_variables:
            del environment[key]
        else:
            environment[key] = MODEL_FOLDER
    return {**container, "Environment": environment} if environment else _bare(container)


def refuse_elsewhere(source: WeightSource, subject: str) -> Iterable[Reason]:
    """List the reasons why the container would serve other weights than the release's."""
    for key, value in source.elsewhere.items():
        yield Reason(
            code="endpoint.weights-elsewhere",
            subject=f"{subject}: environment {key}",
            message=(
                f"names {_shown(value)}, and {source.server} loads it instead of the release's files."
            ),
            remedy=(
                "Set `weights: release` in the policy: the variable then points to the release's files."
                f" Or set it to {MODEL_FOLDER} by hand."
            ),
        )


def _named(environment: Mapping[str, str], variables: Iterable[str]) -> dict[str, str]:
    return {key: environment[key] for key in variables if environment.get(key)}


def _doubt_open_ended(environment: Mapping[str, str]) -> list[str]:
    return [
        f"{key} names {_shown(value)}, which stays as it is and may load anything"
        for key, value in _named(environment, _OPEN_ENDED).items()
        if MODEL_FOLDER not in value
    ]


def _doubt_beside(environment: Mapping[str, str]) -> list[str]:
    return [
        f"{key} names {_shown(value)}, which stays as it is and may not fit the release"
        for key, value in environment.items()
        if _BESIDE.match(key) and "/" in value and MODEL_FOLDER not in value
    ]


def _doubt_names(environment: Mapping[str, str]) -> list[str]:
    guessed = [*_named(environment, WEIGHT_VARIABLES)]
    guessed += [
        key
        for key, value in environment.items()
        if _MAY_NAME_WEIGHTS.match(key) and not _BESIDE.match(key) and _PLACE.fullmatch(value)
    ]
    return [
        f"{key} names {_shown(environment[key])}, and it is unknown whether this image uses it"
        for key in dict.fromkeys(guessed)
        if not is_in_model_folder(environment[key])
    ]


def _doubt_image(container: Mapping[str, Any], server: ModelServer) -> list[str]:
    if (
        server is not UNKNOWN_SERVER
        or "ModelDataUrl" in container
        or "ModelDataSource" in container
    ):
        return []
    return [f"it has no model data now, and it is unknown whether this image reads {MODEL_FOLDER}"]


def _tell(server: ModelServer, named: Mapping[str, str]) -> str:
    if server is UNKNOWN_SERVER:
        return f"{server.name} gets the files in {MODEL_FOLDER}"
    named_by = f" ({_listed(named.items())})" if named else ""
    return f"{server.name} loads {MODEL_FOLDER}{named_by}"


def _listed(named: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{key}={_shown(value)}" for key, value in named)


def _shown(value: str) -> str:
    return repr(value if len(value) <= _SHOWN_LETTERS else f"{value[:_SHOWN_LETTERS]}…")


def _bare(container: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in container.items() if key != "Environment"}
