"""Reads which weights a release's own `serving.properties` names, as LMI does."""

from __future__ import annotations

from switchover.domain.containers.servers import is_in_model_folder
from switchover.domain.java_properties import read_properties
from switchover.domain.reasons import Reason

FILE_NAME = "serving.properties"
# "option.model_id: The HuggingFace Hub Model Id, or the S3 URI object prefix" (LMI, "Container and Model
# Configurations"); option.s3url is its older name.
_WEIGHTS = ("option.model_id", "option.s3url")
_SHOWN_LETTERS = 200


def find_weights_elsewhere(text: str) -> tuple[Reason, ...]:
    """List the lines that make LMI load other weights than the files in the same folder."""
    read = dict(read_properties(text))
    return tuple(
        Reason(
            code="model.weights-elsewhere",
            subject=f"{FILE_NAME}: {key}",
            message=(
                f"names {read[key][:_SHOWN_LETTERS]!r}: LMI loads it instead of the checked files."
            ),
            remedy=f"Remove {key}: LMI then loads the files beside {FILE_NAME}.",
        )
        for key in _WEIGHTS
        if read.get(key) and not _is_of_release(read[key])
    )


def keeps_to_release(text: str) -> bool:
    """Whether the file makes LMI load the release, even if the environment names other weights.

    "Configurations specified in the `serving.properties` files will override configurations specified in
    environment variables" (LMI, "Container and Model Configurations").
    """
    named = dict(read_properties(text)).get(_WEIGHTS[0], "")
    return bool(named) and _is_of_release(named)


def _is_of_release(value: str) -> bool:
    return is_in_model_folder(value) or value == "." or value.startswith("./")
