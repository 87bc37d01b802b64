"""The demo checkpoint is one that a loader would accept, until it is broken on purpose."""

import json
from pathlib import Path
from typing import Any

import pytest
import safetensors

from switchover_local.checkpoint import (
    INDEX,
    Sizes,
    describe_tensors,
    list_shards,
    remove_shard,
    truncate_shard,
    write_checkpoint,
)


@pytest.fixture(name="folder")
def make_folder(tmp_path: Path) -> Path:
    write_checkpoint(tmp_path / "v1", seed=1)
    return tmp_path / "v1"


def read_tensors(shard: Path) -> dict[str, dict[str, Any]]:
    return dict(safetensors.deserialize(shard.read_bytes()))  # type: ignore[no-untyped-call]


def digest(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_every_shard_loads_and_holds_what_the_index_says(folder: Path) -> None:
    index = json.loads((folder / INDEX).read_text())

    found = {name: shard.name for shard in list_shards(folder) for name in read_tensors(shard)}

    assert found == index["weight_map"]


def test_every_tensor_of_the_architecture_is_there_in_its_shape(folder: Path) -> None:
    tensors = [item for shard in list_shards(folder) for item in read_tensors(shard).items()]

    shapes = {name: tensor["shape"] for name, tensor in tensors}

    assert shapes == dict(describe_tensors(Sizes()))


def test_weights_are_bfloat16_and_add_up_to_the_total(folder: Path) -> None:
    tensors = [t for shard in list_shards(folder) for t in read_tensors(shard).values()]
    index = json.loads((folder / INDEX).read_text())

    total_bytes = sum(len(bytes(tensor["data"])) for tensor in tensors)

    assert {tensor["dtype"] for tensor in tensors} == {"BF16"}
    assert total_bytes == index["metadata"]["total_size"]


def test_attention_fits_the_grouped_query_heads_of_the_config(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    shapes = dict(describe_tensors(Sizes()))
    head = config["hidden_size"] // config["num_attention_heads"]

    key = shapes["model.layers.0.self_attn.k_proj.weight"]

    assert key == [head * config["num_key_value_heads"], config["hidden_size"]]
    assert sum(config["rope_scaling"]["mrope_section"]) * 2 == head


def test_the_vision_tower_hands_over_the_width_that_the_language_model_takes(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    shapes = dict(describe_tensors(Sizes()))

    merger = shapes["visual.merger.mlp.2.weight"]

    assert merger[0] == config["vision_config"]["out_hidden_size"] == config["hidden_size"]


def test_every_token_has_one_id_that_the_embedding_covers(folder: Path) -> None:
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    config = json.loads((folder / "config.json").read_text())
    ids = [*tokenizer["model"]["vocab"].values()]
    ids += [token["id"] for token in tokenizer["added_tokens"]]

    assert sorted(ids) == list(range(len(ids)))
    assert len(ids) <= config["vocab_size"]


def test_merges_only_make_pieces_that_the_vocabulary_has(folder: Path) -> None:
    model = json.loads((folder / "tokenizer.json").read_text())["model"]
    pieces = {piece for merge in model["merges"] for piece in merge.split(" ")}
    pieces |= {merge.replace(" ", "") for merge in model["merges"]}

    assert pieces <= set(model["vocab"])


def test_image_tokens_of_the_config_are_the_tokenizers(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    added = json.loads((folder / "tokenizer.json").read_text())["added_tokens"]

    ids = {token["content"]: token["id"] for token in added}

    assert config["image_token_id"] == ids["<|image_pad|>"]
    assert config["eos_token_id"] == ids["<|im_end|>"]


def test_the_same_seed_writes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "again", seed=1)

    assert digest(tmp_path / "again") == digest(folder)


def test_another_seed_writes_other_weights_of_the_same_size(folder: Path, tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "v2", seed=2)

    other, first = digest(tmp_path / "v2"), digest(folder)

    assert other[list_shards(folder)[0].name] != first[list_shards(folder)[0].name]
    assert {name: len(data) for name, data in other.items()} == {
        name: len(data) for name, data in first.items()
    }


@pytest.mark.parametrize("shards", [1, 3, 7, 40])
def test_as_many_shards_are_written_as_asked_for(tmp_path: Path, shards: int) -> None:
    write_checkpoint(tmp_path, seed=1, shards=shards)

    assert len(list(tmp_path.glob("*.safetensors"))) == shards
    assert len(list_shards(tmp_path)) == shards


def test_shards_weigh_about_the_same(folder: Path) -> None:
    weights = [shard.stat().st_size for shard in list_shards(folder)]

    assert max(weights) < 1.5 * min(weights)


def test_more_shards_than_tensors_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="shards, not 10000"):
        write_checkpoint(tmp_path, seed=1, shards=10_000)


def test_it_stays_small_enough_to_upload_in_a_demo(folder: Path) -> None:
    total_bytes = sum(path.stat().st_size for path in folder.iterdir())

    assert 1_000_000 < total_bytes < 8_000_000


def test_a_removed_shard_is_still_named_by_the_index(folder: Path) -> None:
    remove_shard(folder, 3)

    assert [shard.exists() for shard in list_shards(folder)] == [True, True, False, True]


def test_a_truncated_shard_no_longer_loads(folder: Path) -> None:
    truncate_shard(folder, 2)

    shard = list_shards(folder)[1].read_bytes()

    with pytest.raises(safetensors.SafetensorError):
        safetensors.deserialize(shard)  # type: ignore[no-untyped-call]
