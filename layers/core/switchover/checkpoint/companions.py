"""Checks the files beside the weights: image processor, chat template, end-of-text tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.checkpoint.findings import Warned
from switchover.checkpoint.shapes import find_text_config
from switchover.checkpoint.small_texts import TEMPLATE
from switchover.checkpoint.templates import find_template_fault
from switchover.checkpoint.text import Json, integer_at, object_at, quote
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from switchover.checkpoint.reading import Evidence

    Texts = Mapping[str, Mapping[str, Json]]

_PROCESSORS = frozenset(
    {
        "preprocessor_config.json",
        "processor_config.json",
        "image_processor_config.json",
        # In Mistral's own format, the processor and the chat template are code, not files.
        "tekken.json",
        "params.json",
    }
)
_COPY = "Copy it from the model that this one was trained from, and upload again."


def check_vision_companions(
    evidence: Evidence, texts: Texts, *, needs_processor: bool
) -> Iterator[Reason]:
    """Check a vision-language model's image processor and its end-of-text tokens.

    `needs_processor`: the architecture's own code is known to read an image processor from a file.
    """
    config = texts.get("config.json", {})
    kind = Reason if needs_processor else Warned
    if not _PROCESSORS & evidence.files:
        yield kind(
            code="model.no-preprocessor",
            subject="preprocessor_config.json",
            message="is missing: the model's processor reads the size of images from it.",
            remedy=_COPY,
        )
    yield from _compare_patches(texts, config, kind)
    if (
        "generation_config.json" not in evidence.files
        and find_text_config(config).get("eos_token_id") is None
    ):
        yield Warned(
            code="model.no-generation-config",
            subject="generation_config.json",
            message="is missing, and config.json names no eos_token_id: nothing says where an answer "
            "ends.",
            remedy=_COPY,
        )


def _compare_patches(
    texts: Texts, config: Mapping[str, Json], kind: type[Reason]
) -> Iterator[Reason]:
    processor = texts.get("preprocessor_config.json", {})
    vision = object_at(config, "vision_config")
    for field, vision_field in (
        ("patch_size", "patch_size"),
        ("temporal_patch_size", "temporal_patch_size"),
        ("merge_size", "spatial_merge_size"),
    ):
        has, wants = integer_at(processor, field), integer_at(vision, vision_field)
        if has is not None and wants is not None and has != wants:
            yield kind(
                code="model.preprocessor-disagrees",
                subject=f"preprocessor_config.json: {field}",
                message=f"is {quote(has)}; config.json (vision_config.{vision_field}) says "
                f"{quote(wants)}.",
                remedy=_COPY,
            )


def check_chat_template(evidence: Evidence, texts: Texts) -> Iterator[Reason]:
    """Check that chat calls can work: a template exists and can be parsed.

    A model without a template loads, and answers calls that aren't chat, so it is never refused.
    """
    if {"tekken.json", "modules.json"} & evidence.files:
        return
    templates = dict(_list_templates(evidence, texts))
    if not templates and TEMPLATE not in evidence.files:
        yield Warned(
            code="model.no-chat-template",
            subject="tokenizer_config.json: chat_template",
            message="is missing: chat calls will fail unless the server has a template of its own.",
            remedy=f"Copy {TEMPLATE} from the model that this one was trained from, if chat is needed.",
        )
    for subject, template in templates.items():
        if template.startswith("version https://git-lfs"):
            yield Reason(
                code="model.lfs-pointer",
                subject=subject,
                message="is a Git LFS pointer, whose text would be part of every prompt.",
                remedy="Run `git lfs pull` in the checkpoint's folder, then upload again.",
            )
        elif fault := find_template_fault(template):
            yield Warned(
                code="model.chat-template-invalid",
                subject=subject,
                message=f"{fault}: chat calls will fail.",
                remedy="Get the file again from where the model was saved.",
            )


def _list_templates(evidence: Evidence, texts: Texts) -> Iterator[tuple[str, str]]:
    """List every template with its place. A file may have several templates, each with a name."""
    if TEMPLATE in evidence.stubs:
        yield TEMPLATE, evidence.stubs[TEMPLATE].decode("utf-8", "replace")
    for path in ("chat_template.json", "tokenizer_config.json", "processor_config.json"):
        said = texts.get(path, {}).get("chat_template")
        if isinstance(said, str):
            yield f"{path}: chat_template", said
        for entry in said if isinstance(said, list) else ():
            if isinstance(entry, dict) and isinstance(template := entry.get("template"), str):
                yield f"{path}: chat_template {quote(entry.get('name'))}", template
        for name, template in said.items() if isinstance(said, dict) else ():
            if isinstance(template, str):
                yield f"{path}: chat_template {quote(name)}", template
