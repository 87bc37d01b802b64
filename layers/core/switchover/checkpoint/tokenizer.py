"""Checks that a tokenizer exists and is complete, and that its ids fit the model.

Sources: transformers, tokenization_utils_base (which files a tokenizer is read from) and
PreTrainedTokenizerBase._from_pretrained; Git LFS, docs/spec.md (a pointer is below 1024 bytes).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from switchover.checkpoint.findings import Warned
from switchover.checkpoint.shapes import find_text_config
from switchover.checkpoint.text import Json, integer_at, object_at, quote, text_at
from switchover.checkpoint.vocabulary import PAIR, VOCABULARY, is_vocabulary
from switchover.domain.many_reasons import name_some
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from switchover.checkpoint.reading import Evidence
    from switchover.checkpoint.weights import Groups

    Texts = Mapping[str, Mapping[str, Json]]

# Tokenizers of bytes or code points have no vocabulary to save.
_WITHOUT_VOCABULARY = frozenset(
    {"ByT5Tokenizer", "CanineTokenizer", "DiaTokenizer", "PerceiverTokenizer"}
)
# Classes that read one of the files above. Other classes may read an unknown file.
_READS_VOCABULARY = re.compile(
    r"(PreTrained|Bart|Bert|Bloom|CLIP|CodeLlama|Cohere|DebertaV2|GPT2|GPTNeoX|Gemma|Llama|Qwen2|"
    r"Roberta|T5|Whisper|XLMRoberta)Tokenizer(Fast)?|TokenizersBackend"
)
_LISTS_TOKENS = re.compile(r"[^/]*(vocab|tokeniz)[^/]*", re.IGNORECASE)
_EMBEDDING = re.compile(
    r"(.*\.)?(embed_tokens|tok_embeddings|word_embeddings|wte|shared|embed_in|embeddings)\.weight"
)
_NO_VOCABULARY = frozenset({"tokenizer_config.json"})
_TEMPLATED = ("tokenizer_config.json", "chat_template.json", "processor_config.json")
_COPY = "Copy it from the model that this one was trained from, and upload again."
_RESIZE = (
    "Take the tokenizer that this model was trained with, or resize the model's embeddings "
    "(resize_token_embeddings) and save it again."
)


def check_tokenizer(evidence: Evidence, texts: Texts, *, is_known: bool) -> Iterator[Reason]:
    """List the faults of the tokenizer of a model that generates text.

    `is_known`: the architecture's tensors are known. In other architectures the apparent embedding
    may be for codes of sound or images, and the text's tokens may be elsewhere.
    """
    yield from _find_none(evidence.files, texts, is_known=is_known)
    yield from _find_hollow(evidence)
    rows = count_embedded(evidence.weights.groups)
    config = find_text_config(texts.get("config.json", {}))
    said = list(_list_vocabulary_sizes(config, is_known=is_known))
    # Molmo and Idefics store the tokens that they added to another model in a separate tensor.
    more = integer_at(config, "additional_vocab_size") or 0
    size = rows if is_known and rows else max((*said, rows or 0)) + more
    if size:
        yield from _compare_tokens(evidence, texts, size, is_proven=rows == size)


def _list_vocabulary_sizes(config: Mapping[str, Json], *, is_known: bool) -> Iterator[int]:
    """`vocab_size`; in an unknown architecture also similar keys, such as CSM's text_vocab_size."""
    for key, value in config.items():
        is_size = key == "vocab_size" or (not is_known and key.endswith("vocab_size"))
        if is_size and type(value) is int:
            yield value


def count_embedded(groups: Groups) -> int | None:
    """The number of tokens in the model's embedding, by its tensors: the size that counts."""
    rows = [
        held.shape[0]
        for name in groups
        if _EMBEDDING.fullmatch(name)
        for held in groups[name]
        if len(held.shape) == 2
    ]
    return max(rows, default=None)


def _find_none(files: frozenset[str], texts: Texts, *, is_known: bool) -> Iterator[Reason]:
    said = texts.get("tokenizer_config.json", {})
    class_ = text_at(said, "tokenizer_class")
    is_elsewhere = "auto_map" in said or class_ in _WITHOUT_VOCABULARY
    own = sorted(
        path
        for path in files
        if _LISTS_TOKENS.fullmatch(path) and path not in _NO_VOCABULARY and path not in PAIR
    )
    # xai-org/grok-2 has tokenizer.tok.json, ProphetNet prophetnet.tokenizer, Pop2Piano vocab.json.
    may_read_own = not is_known and (
        bool(own) or (class_ is not None and not _READS_VOCABULARY.fullmatch(class_))
    )
    # A GGUF file contains its own vocabulary.
    has_one = files >= PAIR or any(
        VOCABULARY.fullmatch(path) or path.endswith(".gguf") for path in files
    )
    if not has_one and not is_elsewhere:
        yield (Warned if may_read_own else Reason)(
            code="model.no-tokenizer",
            subject="tokenizer.json",
            message="is missing, and so is every other vocabulary file that servers know"
            + (
                f"; whether {_name_own(own, class_)} stands for one isn't known."
                if may_read_own
                else "."
            ),
            remedy=_COPY,
        )


def _name_own(own: list[str], class_: str | None) -> str:
    return name_some(own) or f"a file of the {quote(class_)}"


def _find_hollow(evidence: Evidence) -> Iterator[Reason]:
    """Find vocabularies without content; if servers read another vocabulary, that is only a warning."""
    for path, raw in evidence.stubs.items():
        if not is_vocabulary(path):
            continue
        kind = Warned if path != "tokenizer.json" and "tokenizer.json" in evidence.files else Reason
        if raw.startswith(b"version https://git-lfs"):
            yield kind(
                code="model.lfs-pointer",
                subject=path,
                message="is a Git LFS pointer, not the vocabulary.",
                remedy="Run `git lfs pull` in the checkpoint's folder, then upload again.",
            )
        elif not raw.strip():
            yield kind(
                code="model.tokenizer-invalid",
                subject=path,
                message="is empty.",
                remedy="Get the file again from where the model was saved.",
            )


def _compare_tokens(
    evidence: Evidence, texts: Texts, size: int, *, is_proven: bool
) -> Iterator[Reason]:
    added = _list_added(texts)
    if "tokenizer.json" in texts:
        vocabulary = object_at(texts["tokenizer.json"], "model").get("vocab")
        yield from _compare_vocabulary(vocabulary, added, size, is_proven=is_proven)
    known = {*_list_placeholders(texts.get("config.json", {}))}
    beyond = {id_: token for id_, token in added.items() if id_ >= size and id_ not in known}
    # A token that never occurs in a request breaks nothing: padding, or gemma-3-1b-it's
    # <image_soft_token>.
    fed = _join_fed(evidence, texts) if beyond else ""
    used = {id_ for id_, token in beyond.items() if token and token in fed}
    for kind, tokens in (
        (Reason if is_proven and not known else Warned, used),
        (Warned, beyond.keys() - used),
    ):
        if tokens:
            named = name_some(f"{quote(beyond[id_])} ({id_})" for id_ in sorted(tokens))
            yield kind(
                code="model.tokenizer-disagrees",
                subject="tokenizer: added tokens",
                message=f"{named}: the model's embedding ends at {size - 1}, so a request with such "
                "a token fails.",
                remedy=_RESIZE,
            )
    yield from _compare_said(texts, size)


def _join_fed(evidence: Evidence, texts: Texts) -> str:
    """Join the texts that a server adds to the user's text: chat templates and sequence ends."""
    said = texts.get("tokenizer_config.json", {})
    ends = [said.get(key) for key in ("bos_token", "eos_token")]
    templates = [texts.get(path, {}).get("chat_template") for path in _TEMPLATED]
    files = [raw.decode("utf-8", "replace") for raw in evidence.stubs.values()]
    return "\0".join([*map(str, (*ends, *templates)), *files])


def _compare_vocabulary(
    vocabulary: Json, added: Mapping[int, str], size: int, *, is_proven: bool
) -> Iterator[Reason]:
    ids = _list_ids(vocabulary)
    if not ids:
        yield Reason(
            code="model.tokenizer-invalid",
            subject="tokenizer.json: model.vocab",
            message="contains no tokens.",
            remedy=_COPY,
        )
    elif (last := max(ids)) >= size and any(id_ >= size and id_ not in added for id_ in ids):
        yield (Reason if is_proven else Warned)(
            code="model.tokenizer-disagrees",
            subject="tokenizer.json: model.vocab",
            message=f"has the token id {last}; the model's vocabulary ends at {size - 1}.",
            remedy="Take the tokenizer that this model was trained with.",
        )


def _list_ids(vocabulary: Json) -> Collection[int]:
    """List every id, from a mapping of token to id (BPE) or a list of pairs in order (Unigram)."""
    if isinstance(vocabulary, list):
        return range(len(vocabulary))
    if isinstance(vocabulary, dict):
        return [id_ for id_ in vocabulary.values() if type(id_) is int]
    return ()


def _list_added(texts: Texts) -> dict[int, str]:
    """List the tokens outside of the vocabulary by id, from the three files that may have them."""
    added = {
        id_: token for token, id_ in texts.get("added_tokens.json", {}).items() if type(id_) is int
    }
    decoder = object_at(texts.get("tokenizer_config.json", {}), "added_tokens_decoder")
    for key, entry in decoder.items():
        if key.isdecimal() and len(key) < 10 and isinstance(entry, dict):
            added[int(key)] = text_at(entry, "content") or ""
    listed = texts.get("tokenizer.json", {}).get("added_tokens")
    for entry in listed if isinstance(listed, list) else ():
        if isinstance(entry, dict) and type(id_ := entry.get("id")) is int:
            added[id_] = text_at(entry, "content") or ""
    return added


def _list_placeholders(config: Mapping[str, Json]) -> Iterator[int]:
    """List the ids of placeholders for an image, a video or a sound: some models never look them up.

    Source: vllm, v1/engine/input_processor.py ("multimodal placeholder tokens").
    """
    for key, id_ in config.items():
        is_text = key.startswith(("bos_", "eos_", "pad_"))
        if key.endswith(("_token_id", "_token_index")) and not is_text and type(id_) is int:
            yield id_


def _compare_said(texts: Texts, size: int) -> Iterator[Reason]:
    """Find ids in config.json and generation_config.json that are outside of the model's vocabulary."""
    for path in ("config.json", "generation_config.json"):
        for key, value in texts.get(path, {}).items():
            ids = value if isinstance(value, list) else [value]
            beyond = [id_ for id_ in ids if type(id_) is int and id_ >= size]
            if key.endswith(("_token_id", "_token_index")) and beyond:
                yield Warned(
                    code="model.tokenizer-disagrees",
                    subject=f"{path}: {key}",
                    message=f"is {quote(value)}; the model's embedding ends at {size - 1}.",
                    remedy=_RESIZE,
                )
