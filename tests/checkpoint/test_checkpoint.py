"""Every fault that keeps a checkpoint from loading is reported before anything is changed."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switchover.checkpoint.contents import Allowed
from switchover.checkpoint.inspecting import inspect_model
from switchover.checkpoint.reading import StoredFile, read_evidence
from switchover.checkpoint.small_texts import TEXT_LIMITS_BYTES
from switchover_cli.upload.folder import Folder, list_folder
from switchover_local.checkpoint import remove_shard, truncate_shard, write_checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from switchover.checkpoint.findings import Inspection
    from switchover.domain.reasons import Reason

SHARD = "model-{}-of-00004.safetensors"
INDEX = "model.safetensors.index.json"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound") / "qwen"
    write_checkpoint(folder, seed=1)
    return folder


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "qwen"
    shutil.copytree(sound, copy)
    return copy


def inspect(folder: Path, *, allow_pickle: bool = False, allow_code: bool = False) -> Inspection:
    listed = list_folder(folder)
    assert isinstance(listed, Folder)
    return inspect_model(
        read_evidence(listed.files, listed),
        Allowed(allow_pickle=allow_pickle, allow_remote_code=allow_code),
    )


def said(folder: Path) -> dict[str, Reason]:
    """The reasons by code; a code that came twice fails the test."""
    reasons = inspect(folder).reasons
    by_code = {reason.code: reason for reason in reasons}
    assert len(by_code) == len(reasons), reasons
    return by_code


def warned(folder: Path) -> dict[str, Reason]:
    """The warnings by code, of a model that nothing refuses; a code that came twice fails the test."""
    inspection = inspect(folder)
    assert inspection.reasons == ()
    by_code = {reason.code: reason for reason in inspection.warnings}
    assert len(by_code) == len(inspection.warnings), inspection.warnings
    return by_code


def edit(path: Path, change: Callable[[dict[str, object]], object]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def write_shard(path: Path, name: str, count: int) -> None:
    tensor = {"dtype": "BF16", "shape": [count], "data_offsets": [0, 2 * count]}
    header = json.dumps({name: tensor}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(2 * count))


def test_a_sound_checkpoint_gives_no_reason(sound: Path) -> None:
    inspection = inspect(sound)

    assert (inspection.reasons, inspection.unchecked) == ((), ())


def test_one_shard_without_an_index_is_sound(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, seed=1, shards=1)
    (tmp_path / INDEX).unlink()
    (tmp_path / "model-00001-of-00001.safetensors").rename(tmp_path / "model.safetensors")

    assert inspect(tmp_path).reasons == ()


def test_tensor_names_of_newer_transformers_are_understood(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, seed=1, shards=1)
    (tmp_path / INDEX).unlink()
    shard = tmp_path / "model-00001-of-00001.safetensors"
    content = shard.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = (
        content[8 : 8 + length]
        .replace(b'"visual.', b'"model.visual.')
        .replace(b'"model.layers.', b'"model.language_model.layers.')
        .replace(b'"model.norm.', b'"model.language_model.norm.')
        .replace(b'"model.embed', b'"model.language_model.embed')
    )
    shard.write_bytes(len(header).to_bytes(8, "little") + header + content[8 + length :])

    assert inspect(tmp_path).reasons == ()


def test_a_shard_that_the_index_names_but_nobody_holds_is_named(folder: Path) -> None:
    remove_shard(folder, 3)

    reasons = said(folder)

    assert reasons.keys() == {"model.index-disagrees"}
    reason = reasons["model.index-disagrees"]
    assert reason.subject == INDEX
    assert f"it names '{SHARD.format('00003')}', which is not among" in reason.message


def test_a_truncated_shard_says_how_much_is_missing(folder: Path) -> None:
    truncate_shard(folder, 2)

    reasons = said(folder)

    assert reasons.keys() == {"model.shard-truncated"}
    assert reasons["model.shard-truncated"].subject == SHARD.format("00002")
    assert "are missing at the end" in reasons["model.shard-truncated"].message


def test_a_header_of_2_to_the_63_bytes_is_refused(folder: Path) -> None:
    shard = folder / SHARD.format("00001")
    shard.write_bytes((2**63).to_bytes(8, "little") + shard.read_bytes()[8:])

    reasons = said(folder)

    assert reasons.keys() == {"model.header-invalid"}
    assert "9223372036854775808 bytes" in reasons["model.header-invalid"].message


def test_a_shard_of_another_model_is_found(folder: Path) -> None:
    write_shard(folder / SHARD.format("00004"), "model.layers.0.mlp.experts.weight", 4)

    inspection = inspect(folder)
    messages = [str(reason) for reason in inspection.reasons]

    assert any(
        "tensors in model-00004-of-00004.safetensors that are not there" in m for m in messages
    )
    assert any("doesn't list 1 tensors that are in model-00004" in m for m in messages)
    assert "metadata.total_size is" in inspection.warnings[0].message


def test_a_shard_that_the_index_forgot_is_refused(folder: Path) -> None:
    write_shard(folder / "model-00005-of-00004.safetensors", "other.weight", 2)

    assert (
        said(folder)["model.index-disagrees"].message
        == "it doesn't name 'model-00005-of-00004.safetensors', which exists."
    )


def test_a_shard_left_over_from_another_save_is_warned_of(folder: Path) -> None:
    write_shard(folder / "model-00002-of-00002.safetensors", "other.weight", 2)

    assert (
        warned(folder)["model.index-disagrees"].message
        == "it doesn't name 'model-00002-of-00002.safetensors', which exists."
    )


def test_a_consolidated_copy_beside_the_shards_is_left_alone(folder: Path) -> None:
    write_shard(folder / "consolidated.safetensors", "model.norm.weight", 128)

    assert inspect(folder).reasons == ()


def test_a_tensor_in_two_shards_is_refused(folder: Path) -> None:
    shutil.copy(folder / SHARD.format("00001"), folder / SHARD.format("00002"))

    reasons = {reason.code for reason in inspect(folder).reasons}

    assert "model.tensor-duplicated" in reasons


def test_shards_without_an_index_are_refused(folder: Path) -> None:
    (folder / INDEX).unlink()

    reasons = said(folder)

    assert reasons.keys() == {"model.index-missing"}
    assert "the weights are in 4 files" in reasons["model.index-missing"].message


@pytest.mark.parametrize("text", ["[]", "{", '{"weight_map": 3}', '{"weight_map": {"a": 1}}'])
def test_an_index_without_a_weight_map_is_refused(folder: Path, text: str) -> None:
    (folder / INDEX).write_text(text)

    assert said(folder).keys() == {"model.index-invalid"}


def test_a_wrong_total_size_is_warned_of_as_no_loader_reads_it(folder: Path) -> None:
    edit(folder / INDEX, lambda index: index.update(metadata={"total_size": 5}))

    assert "metadata.total_size is 5, but" in warned(folder)["model.index-disagrees"].message


def test_a_wrong_hidden_size_names_tensor_shape_and_field(folder: Path) -> None:
    edit(folder / "config.json", lambda config: config.update(hidden_size=256))

    reasons = [r for r in inspect(folder).reasons if r.code == "model.shape-disagrees"]

    assert ": model.embed_tokens.weight, " in reasons[0].subject
    assert reasons[0].message == (
        "has the shape [1024, 128]; config.json (vocab_size, hidden_size) says [1024, 256]."
    )
    assert any("as have 3 of its peers in other layers" in r.message for r in reasons)


@pytest.mark.parametrize(
    ("change", "tensor"),
    [
        ({"num_key_value_heads": 4}, "self_attn.k_proj.weight"),
        ({"intermediate_size": 300}, "mlp.gate_proj.weight"),
        ({"vocab_size": 2048}, "lm_head.weight"),
        ({"head_dim": 64}, "self_attn.q_proj.weight"),
    ],
)
def test_each_size_of_the_language_model_is_compared(
    folder: Path, change: dict[str, int], tensor: str
) -> None:
    edit(folder / "config.json", lambda config: config.update(change))

    reasons = inspect(folder).reasons

    assert any(
        reason.code == "model.shape-disagrees" and tensor in reason.subject for reason in reasons
    )


@pytest.mark.parametrize(
    ("field", "value", "tensor"),
    [
        ("hidden_size", 32, "visual.merger.ln_q.weight"),
        ("intermediate_size", 99, "visual.blocks.0.mlp.down_proj.weight"),
        ("out_hidden_size", 99, "visual.merger.mlp.2.weight"),
        ("patch_size", 16, "visual.patch_embed.proj.weight"),
        ("spatial_merge_size", 3, "visual.merger.mlp.0.weight"),
    ],
)
def test_each_size_of_the_vision_tower_is_compared(
    folder: Path, field: str, value: int, tensor: str
) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["vision_config"][field] = value
    (folder / "config.json").write_text(json.dumps(config))

    reasons = inspect(folder).reasons

    assert any(
        reason.code == "model.shape-disagrees" and tensor in reason.subject for reason in reasons
    )


def test_layers_that_config_wants_but_no_shard_holds_are_one_reason(folder: Path) -> None:
    edit(folder / "config.json", lambda config: config.update(num_hidden_layers=6))

    reasons = said(folder)

    assert reasons.keys() == {"model.tensor-missing"}
    assert reasons["model.tensor-missing"].subject == "model.layers.4"
    assert "nor are 1 of its peers in other layers; config.json says 6 layers" in (
        reasons["model.tensor-missing"].message
    )


def test_layers_beyond_config_are_refused(folder: Path) -> None:
    edit(folder / "config.json", lambda config: config.update(num_hidden_layers=3))

    reasons = said(folder)

    assert reasons.keys() == {"model.shape-disagrees"}
    assert reasons["model.shape-disagrees"].subject == "model.layers.3"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"hidden_size": "128"}, "'128' is not accepted"),
        ({"hidden_size": -1}, "-1 is not accepted"),
        ({"num_hidden_layers": 10**12}, "1000000000000 is not accepted"),
        ({"num_attention_heads": 3}, "hidden_size 128 is not a multiple of num_attention_heads 3"),
        (
            {"num_key_value_heads": 3},
            "num_attention_heads 4 is not a multiple of num_key_value_heads",
        ),
        ({"architectures": [], "model_type": None}, "names no model class"),
        ({"architectures": None, "model_type": 7}, "names no model class, but has the value None"),
    ],
)
def test_an_impossible_config_is_refused(
    folder: Path, change: dict[str, object], says: str
) -> None:
    edit(folder / "config.json", lambda config: config.update(change))

    reason = said(folder)["model.config-invalid"]

    assert reason.subject.startswith("config.json")
    assert says in reason.message


def test_a_config_that_is_no_json_is_refused(folder: Path) -> None:
    (folder / "config.json").write_text("{")

    reasons = said(folder)

    assert reasons.keys() == {"model.config-invalid"}
    assert "is not JSON" in reasons["model.config-invalid"].message


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("config.json", "model.no-config"),
        ("tokenizer.json", "model.no-tokenizer"),
        ("preprocessor_config.json", "model.no-preprocessor"),
    ],
)
def test_a_missing_companion_is_named(folder: Path, name: str, code: str) -> None:
    (folder / name).unlink()

    reasons = said(folder)

    assert reasons.keys() == {code}
    assert reasons[code].subject == name
    assert reasons[code].remedy


def test_a_vision_model_without_a_chat_template_is_warned_of(folder: Path) -> None:
    (folder / "chat_template.json").unlink()
    edit(folder / "tokenizer_config.json", lambda config: config.pop("chat_template", None))

    assert warned(folder).keys() == {"model.no-chat-template"}


def test_a_model_that_nothing_tells_where_to_stop_is_warned_of(folder: Path) -> None:
    (folder / "generation_config.json").unlink()
    edit(folder / "config.json", lambda config: config.pop("eos_token_id"))

    assert warned(folder).keys() == {"model.no-generation-config"}


def test_a_tokenizer_of_a_larger_model_is_refused(folder: Path) -> None:
    def enlarge(tokenizer: dict[str, object]) -> None:
        tokenizer["model"] = {"type": "BPE", "vocab": {"a": 0, "b": 151_000}}

    edit(folder / "tokenizer.json", enlarge)

    reason = said(folder)["model.tokenizer-disagrees"]

    assert "token id 151000; the model's vocabulary ends at 1023" in reason.message


def test_a_preprocessor_of_another_model_is_refused(folder: Path) -> None:
    edit(folder / "preprocessor_config.json", lambda config: config.update(patch_size=16))

    reason = said(folder)["model.preprocessor-disagrees"]

    assert reason.subject == "preprocessor_config.json: patch_size"
    assert reason.message == "is 16; config.json (vision_config.patch_size) says 14."


def test_pickles_are_refused_unless_allowed(folder: Path) -> None:
    (folder / "training_args.bin").write_bytes(b"\x80\x04")

    assert said(folder).keys() == {"model.pickle-weights"}
    assert inspect(folder, allow_pickle=True).reasons == ()


def test_remote_code_is_refused_unless_allowed(folder: Path) -> None:
    edit(
        folder / "tokenizer_config.json",
        lambda config: config.update(auto_map={"AutoTokenizer": "their.Tokenizer"}),
    )

    reasons = said(folder)

    assert reasons.keys() == {"model.remote-code"}
    assert reasons["model.remote-code"].subject == "tokenizer_config.json: auto_map"
    assert inspect(folder, allow_code=True).reasons == ()


def test_a_model_without_weights_is_refused(folder: Path) -> None:
    for shard in folder.glob("*.safetensors"):
        shard.unlink()
    (folder / INDEX).unlink()

    assert "model.no-weights" in {reason.code for reason in inspect(folder).reasons}


def test_an_unknown_architecture_gets_the_generic_checks_and_says_so(folder: Path) -> None:
    edit(folder / "config.json", lambda config: config.update(architectures=["NovelForCausalLM"]))

    inspection = inspect(folder)

    assert inspection.reasons == ()
    assert inspection.unchecked == (
        "config.json: tensor shapes were not compared, as 'NovelForCausalLM' is not known here.",
    )


def test_a_tokenizer_too_large_to_parse_is_said(folder: Path) -> None:
    with (folder / "tokenizer.json").open("r+b") as file:
        file.truncate(TEXT_LIMITS_BYTES["tokenizer.json"] + 1)

    inspection = inspect(folder)

    assert inspection.reasons == ()
    assert (
        "tokenizer.json: its tokens, because it is 16777217 bytes long" in inspection.unchecked[0]
    )


def test_what_was_looked_at_is_said(sound: Path) -> None:
    checked = inspect(sound).checked

    assert "The headers of 4 safetensors files, with 105 tensors." in checked
    assert "Names and shapes of up to 105 tensors against config.json." in checked
    assert "config.json: Qwen2_5_VLForConditionalGeneration." in checked


def test_an_adapter_is_refused_as_a_model_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text(
        '{"peft_type": "LORA", "base_model_name_or_path": "Qwen/Qwen2.5-VL-7B-Instruct"}'
    )
    write_shard(tmp_path / "adapter_model.safetensors", "base_model.model.lora_A.weight", 8)

    reason = said(tmp_path)["model.is-adapter"]

    assert "an adapter ('LORA') of 'Qwen/Qwen2.5-VL-7B-Instruct'" in reason.message
    assert "merge_and_unload" in reason.remedy


def test_an_adapter_beside_a_model_is_said_not_to_be_checked(folder: Path) -> None:
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA"}')

    inspection = inspect(folder)

    assert inspection.reasons == ()
    assert inspection.unchecked == ("adapter_config.json: the adapter in the model's folder.",)


@pytest.mark.parametrize("name", ["model.onnx", "model.engine"])
def test_formats_without_a_header_are_named_as_unchecked(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x08\x07")

    inspection = inspect(tmp_path, allow_code=name == "model.engine")

    assert inspection.reasons == ()
    assert inspection.unchecked[0] == (
        f"{name}: the format doesn't show which content must be there."
    )


def test_a_git_lfs_pointer_in_place_of_a_shard_is_named(folder: Path) -> None:
    (folder / SHARD.format("00001")).write_text("version https://git-lfs.github.com/spec/v1\n")

    assert said(folder).keys() == {"model.lfs-pointer"}


def test_a_huge_text_is_not_read(folder: Path) -> None:
    with (folder / "generation_config.json").open("r+b") as file:
        file.truncate(TEXT_LIMITS_BYTES["generation_config.json"] + 1)

    assert said(folder).keys() == {"model.text-too-large"}


def test_a_file_that_vanishes_while_it_is_read_is_a_reason(folder: Path) -> None:
    listed = list_folder(folder)
    assert isinstance(listed, Folder)
    (folder / "config.json").unlink()

    reasons = inspect_model(read_evidence(listed.files, listed)).reasons

    assert [(r.code, r.subject) for r in reasons] == [("model.unreadable", "config.json")]


def test_one_cause_of_many_files_is_said_once(folder: Path) -> None:
    for number in range(30):
        (folder / f"optimizer-{number:02}.pt").write_bytes(b"")

    reasons = inspect(folder).reasons

    assert len(reasons) == 1
    assert reasons[0].subject.startswith("optimizer-00.pt, optimizer-01.pt, optimizer-02.pt")
    assert reasons[0].subject.endswith("optimizer-09.pt and 20 more")


def test_every_fault_is_said_at_once(folder: Path) -> None:
    truncate_shard(folder, 1)
    remove_shard(folder, 2)
    (folder / "tokenizer.json").unlink()
    (folder / "rng_state.pth").write_bytes(b"")
    edit(folder / "config.json", lambda config: config.update(auto_map={"AutoModel": "x.Y"}))

    assert said(folder).keys() == {
        "model.shard-truncated",
        "model.index-disagrees",
        "model.no-tokenizer",
        "model.pickle-weights",
        "model.remote-code",
    }


def test_an_archive_that_is_no_gzip_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "model.tar.gz"
    archive.write_bytes(b"<html></html>")

    (reason,) = inspect(archive).reasons

    assert reason.code == "model.archive-invalid"
    assert "begin like gzip, but with b'<html></'" in reason.message


class InMemory:
    """A release's files as a mapping of path to content."""

    def __init__(self, content: dict[str, bytes]) -> None:
        self.content = content

    def read(self, path: str, start: int, length: int) -> bytes:
        return self.content[path][start : start + length]


@pytest.fixture(scope="module")
def contents(sound: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sound.iterdir()}


KEYS = [
    "architectures", "auto_map", "chat_template", "hidden_size", "metadata", "model", "patch_size",
    "text_config", "total_size", "vision_config", "vocab", "vocab_size", "weight_map",
]  # fmt: skip
json_texts = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(SHARD),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
).map(lambda value: json.dumps(value).encode())


@pytest.mark.long
@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from([*TEXT_LIMITS_BYTES, SHARD.format("00001"), "other.safetensors"]),
    content=st.binary(max_size=60) | json_texts,
)
def test_any_bytes_in_any_file_give_reasons_and_never_an_error(
    contents: dict[str, bytes], name: str, content: bytes
) -> None:
    files = {**contents, name: content}

    inspection = inspect_model(
        read_evidence([StoredFile(path, len(raw)) for path, raw in files.items()], InMemory(files))
    )

    assert all(reason.remedy for reason in inspection.reasons)


@given(
    change=st.dictionaries(
        st.sampled_from(
            ["hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads",
             "head_dim", "vocab_size", "vision_config", "text_config", "eos_token_id"]
        ),
        st.none() | st.integers() | st.text(max_size=3) | st.floats() | st.just({"depth": 2}),
    )
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_any_number_in_config_gives_reasons_and_never_an_error(
    contents: dict[str, bytes], change: dict[str, object]
) -> None:
    config = json.dumps({**json.loads(contents["config.json"]), **change}).encode()
    files = {**contents, "config.json": config}

    inspection = inspect_model(
        read_evidence([StoredFile(path, len(raw)) for path, raw in files.items()], InMemory(files))
    )

    assert all(reason.remedy for reason in inspection.reasons)


def test_an_index_that_names_a_tensor_of_a_shard_twice_is_refused(folder: Path) -> None:
    text = (folder / INDEX).read_text()
    first = text.index('"model-0000')
    entry = text[text.rindex('"', 0, text.rindex('"', 0, first)) : text.index(",", first) + 1]
    (folder / INDEX).write_text(text[: text.index(entry)] + entry + text[text.index(entry) :])

    reason = said(folder)["model.index-invalid"]

    assert "it names a tensor of 'model-0000" in reason.message


def test_an_index_that_cannot_be_read_is_not_called_missing(folder: Path) -> None:
    listed = list_folder(folder)
    assert isinstance(listed, Folder)
    (folder / INDEX).unlink()

    reasons = inspect_model(read_evidence(listed.files, listed)).reasons

    assert [(r.code, r.subject) for r in reasons] == [("model.unreadable", INDEX)]


def test_tensors_that_only_the_index_knows_are_named(folder: Path) -> None:
    path = SHARD.format("00001")
    edit(folder / INDEX, lambda index: add_to_map(index, "model.invented.weight", path))

    reason = warned(folder)["model.index-disagrees"]

    assert reason.message == (
        f"it lists 1 tensors in {path} that are not there: 'model.invented.weight'."
    )


def add_to_map(index: dict[str, object], tensor: str, path: str) -> None:
    weight_map = index["weight_map"]
    assert isinstance(weight_map, dict)
    weight_map[tensor] = path


def test_one_wrong_layer_among_many_is_named_with_its_shard(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, seed=1)
    shard = next(p for p in list_safetensors(tmp_path) if b"layers.2.input_layernorm" in head_of(p))
    swap_shape(shard, "model.layers.2.input_layernorm.weight")

    reason = said(tmp_path)["model.shape-disagrees"]

    assert reason.subject == f"{shard.name}: model.layers.2.input_layernorm.weight"
    assert reason.message.startswith("has the shape [64, 2]; config.json (hidden_size) says [128]")


def list_safetensors(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.safetensors"))


def head_of(path: Path) -> bytes:
    content = path.read_bytes()
    return content[8 : 8 + int.from_bytes(content[:8], "little")]


def swap_shape(path: Path, tensor: str) -> None:
    """Say [64, 2] of a tensor of 128 numbers."""
    content, head = path.read_bytes(), head_of(path)
    header = json.loads(head)
    header[tensor]["shape"] = [64, 2]
    raw = json.dumps(header).encode()
    path.write_bytes(len(raw).to_bytes(8, "little") + raw + content[8 + len(head) :])
