"""Code that a container would run is refused under any name and in any folder."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import time
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from switchover.checkpoint.contents import Allowed
from switchover.checkpoint.inspecting import inspect_model
from switchover.checkpoint.magic import Kind
from switchover.checkpoint.names import judge_name
from switchover.checkpoint.reading import read_evidence
from switchover.domain.policies.sections import Model
from switchover_cli.upload.folder import Folder, list_folder
from switchover_local.checkpoint import write_checkpoint

if TYPE_CHECKING:
    from pathlib import Path

    from switchover.checkpoint.findings import Inspection
    from switchover.domain.reasons import Reason

TEXT_PICKLE = b"cos\nsystem\n(S'id'\ntR."
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sound") / "qwen"
    write_checkpoint(folder, seed=1, shards=1)
    return folder


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "qwen"
    shutil.copytree(sound, copy, copy_function=os.link)
    return copy


class Counting:
    """Reads a folder's files, and notes what was asked for."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self.reads: list[tuple[str, int]] = []

    def read(self, path: str, start: int, length: int) -> bytes | Reason:
        self.reads.append((path, length))
        return self._folder.read(path, start, length)


def add(folder: Path, path: str, content: bytes = b"") -> None:
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_bytes(content)


def inspect(folder: Path, allowed: Allowed | Model | None = None) -> Inspection:
    listed = list_folder(folder)
    assert isinstance(listed, Folder)
    return inspect_model(read_evidence(listed.files, listed), allowed or Allowed())


def refusals(folder: Path, allowed: Allowed | Model | None = None) -> set[tuple[str, str]]:
    return {(reason.code, reason.subject) for reason in inspect(folder, allowed).reasons}


CODE = [
    "model.py",
    "code/inference.py",
    "code/requirements.txt",
    "requirements.txt",
    "dev-requirements.txt",
    "custom_generate/generate.py",
    "libs/plugin.jar",
    "libs/classes/CustomTranslator.java",
    "local_wheels/abc-0.0.2-py3-none-any.whl",
    "handler.PY",
    "modeling.pyc",
    "kernels.so",
    "libkernels.so.1",
    "1/model.plan",
    "rank0.engine",
    "tf_model.h5",
    "model.keras",
    "saved_model.pb",
    "models/own.mar",
    "start.sh",
    "setup.cfg",
    "MLmodel",
    "conda.yaml",
    "Dockerfile",
]


@pytest.mark.parametrize("path", CODE)
def test_code_is_refused_by_its_name_unless_allowed(folder: Path, path: str) -> None:
    add(folder, path)

    assert refusals(folder) == {("model.remote-code", path)}
    assert inspect(folder, Allowed(allow_remote_code=True)).reasons == ()


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("README.md", b"#!/bin/sh\nid\n"),
        ("notes.txt", b"\x7fELF\x02\x01\x01"),
        ("vocab.txt", b"\xca\xfe\xba\xbe\0\0"),
        ("logo.png", b"\0asm\x01\0\0\0"),
        ("lookup", b"\x89HDF\r\n\x1a\n\0"),
    ],
)
def test_code_is_refused_by_how_it_begins(folder: Path, path: str, content: bytes) -> None:
    add(folder, path, content)

    assert refusals(folder) == {("model.remote-code", path)}


PICKLES = [
    ("weights.dill", pickle.dumps([1], protocol=5)),
    ("weights.PKL", b""),
    ("optimizer.pt", b""),
    ("rng_state_0.pth", b""),
    ("training_args.bin", pickle.dumps({"lr": 1}, protocol=2)),
    ("pytorch_model.bin", b"PK\x03\x04\0\0data.pkl"),
    ("pytorch_model.bin", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."),
    ("pytorch_model.bin", b"L119547037146038801333356L\n."),
    ("pytorch_model.bin", TEXT_PICKLE),
    ("pytorch_model.bin", b"N0" * 600 + TEXT_PICKLE),
    ("lookup", pickle.dumps({"a": 1}, protocol=4)),
    ("tokenizer.model", pickle.dumps({"a": 1}, protocol=3)),
    ("README.md", pickle.dumps({"a": 1})),
    ("labels.txt", TEXT_PICKLE),
    ("labels.txt", b"cos\nsystem\n(S'" + b"x" * 5000 + b"'\ntR."),
    ("labels.txt", b"(S'id'\nios\nsystem\n."),
    ("labels.txt", b"I0x10\n0" + TEXT_PICKLE),
    ("LICENSE", b"N0" * 600 + TEXT_PICKLE),
    ("openvino/pytorch_model.bin", b"(lp0\nI1\na."),
    ("voices/en.npy", b"\x93NUMPY\x01\0\x20\0{\n'descr': '|O', 'shape': (1,), }\n"),
    ("special_tokens_map.json", TEXT_PICKLE),
    ("config_extra.json", pickle.dumps({"a": 1})),
    ("voices/en.npz", b""),
    ("voices/en.npy", b"\x93NUMPY\x01\0\x46\0{'descr': '|O', 'shape': (1,), }\n"),
    ("voices/en.npy", b"\x93NUMPY\x01\0\x46\0{'descr': '\\x4f', 'shape': (1,), }\n"),
    ("voices/en.npy", b"\x93NUMPY\x02\0\xff\xff\xff\0{'descr': '<f4'"),
    ("images/logo.png", b"PK\x05\x06" + bytes(18)),
]


@pytest.mark.parametrize(("path", "content"), PICKLES)
def test_pickles_are_refused_by_name_and_by_content(
    folder: Path, path: str, content: bytes
) -> None:
    add(folder, path, content)

    assert refusals(folder) == {("model.pickle-weights", path)}
    assert inspect(folder, Allowed(allow_pickle=True)).reasons == ()


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("metal/model.bin", b"GPT-OSS v1.0\0\0\0\0"),
        ("model.bin", b"\x06\0\0\0\x0b\0WhisperSpec"),
        ("openvino/openvino_model.bin", b"cos\nsystem"),
        ("language_model/5gram.bin", b"mmap lm http://kheafield.com/code format version 5\n\0"),
        ("labels.txt", b"cat\ndog\n"),
        ("labels.txt", b"cat\ndog\nRed panda\n"),
        ("labels.txt", b"china\nindia\nchad\niran\nitaly\n."),
        ("README.md", b"x^2 + y^2 = z^2, which is no zlib\n" * 20),
        ("vocab.txt", b"[PAD]\n[UNK]\nI\nN\nR\n.\n"),
        ("tiktoken.model", b"IQ== 0\nIg== 1\nIw== 2\n"),
        ("voices/en.npy", b"\x93NUMPY\x01\0\x2b\0{'descr': '<f4', 'fortran_order': False, }\n"),
        ("special_tokens_map.json", b"{}"),
    ],
)
def test_what_no_unpickler_would_run_is_data(folder: Path, path: str, content: bytes) -> None:
    add(folder, path, content)

    assert inspect(folder).reasons == ()


def test_a_publishers_own_format_beside_weights_is_named_as_not_needed(folder: Path) -> None:
    add(folder, "original/consolidated.00.pth")

    found = inspect(folder)

    assert found.reasons == ()
    assert [(each.code, each.subject) for each in found.warnings] == [
        ("model.leftover", "original/")
    ]


def test_a_publishers_own_format_alone_is_a_pickle(folder: Path) -> None:
    for shard in folder.glob("*.safetensors"):
        shard.unlink()
    add(folder, "original/consolidated.00.pth")

    assert ("model.pickle-weights", "original/consolidated.00.pth") in refusals(folder)


@pytest.mark.parametrize(
    "path",
    [
        "original/optimizer.00.pth",
        "original/sub/consolidated.00.pth",
        "original/consolidated.00.pkl",
        "sub/original/consolidated.00.pth",
        "Original/consolidated.00.pth",
        "original/consolidated.pth",
        "consolidated.00.pth",
    ],
)
def test_other_pickles_beside_weights_are_refused(folder: Path, path: str) -> None:
    add(folder, path)

    assert refusals(folder) == {("model.pickle-weights", path)}


UNKNOWN = [
    "policy.dat",
    "license.xyz",
    "lookup.dat",
    "weights.SAFETENSORS",
    "adapters.zip",
    "cache.db",
    "handler",
    "x.pipe",
    "vae.nemo",
]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (".git/hooks/pre-commit", Kind.UNKNOWN),
        (".cache/huggingface/x.pkl", Kind.PICKLE),
        (".cache/huggingface/x.metadata", Kind.DATA),
        (".cache/x.metadata", Kind.UNKNOWN),
        ("._inference.py", Kind.CODE),
        ("LICENSE-APACHE-2.0", Kind.DATA),
        ("__init__.py/README", Kind.DATA),
        ("inference.py ", Kind.UNKNOWN),
        ("inference.\uff50\uff59", Kind.UNKNOWN),
    ],
)
def test_names_are_judged_as_they_are_spelt(path: str, kind: Kind) -> None:
    assert judge_name(path)[0] is kind


@pytest.mark.parametrize("path", UNKNOWN)
def test_a_file_of_unknown_kind_is_refused_unless_named_as_data(folder: Path, path: str) -> None:
    add(folder, path, b"abc")

    assert refusals(folder) == {("model.unknown-file", path)}
    assert inspect(folder, Model(data_files=(f"*{path[-4:]}",))).reasons == ()
    assert inspect(folder, Allowed(allow_remote_code=True)).reasons == ()


@pytest.mark.parametrize(
    "content",
    [
        b"\x1f\x8b\x08\0",
        b"BZh91AY",
        b"\xfd7zXZ\0",
        b"\x28\xb5\x2f\xfd",
        b"x\x9cK\xcb\xcfO\x03#\0\x12\xea\x03\xcd",
    ],
)
def test_compressed_content_is_not_known_by_its_name(folder: Path, content: bytes) -> None:
    add(folder, "labels.txt", content)

    assert refusals(folder) == {("model.unknown-file", "labels.txt")}


@pytest.mark.parametrize(
    ("path", "content"), [("x.py", b""), ("x.dat", b"\x80\x04"), ("x.dat", b"#!x")]
)
def test_neither_code_nor_pickles_become_data_by_being_named_so(
    folder: Path, path: str, content: bytes
) -> None:
    add(folder, path, content)

    assert len(refusals(folder, Model(data_files=("x.*",)))) == 1


@pytest.mark.parametrize("pattern", ["*", "**/*", "/etc/x", "a\\b", "", "a\nb", "?" * 5])
def test_a_pattern_for_data_is_relative_and_names_something(pattern: str) -> None:
    with pytest.raises(ValidationError, match="data_files"):
        Model(data_files=(pattern,))


def test_what_the_policy_allowed_is_told(folder: Path) -> None:
    add(folder, "handler.py")
    add(folder, "lookup.dat")

    unchecked = inspect(folder, Allowed(allow_remote_code=True)).unchecked

    assert "handler.py: code, which the policy allows." in unchecked
    assert "lookup.dat: files of unknown kind, which the policy allows." in unchecked


AUTO_MAP = {"auto_map": {"AutoModel": "theirs.Model"}}


@pytest.mark.parametrize(
    ("path", "content", "place"),
    [
        ("processor_config.json", AUTO_MAP, "auto_map"),
        ("video_preprocessor_config.json", AUTO_MAP, "auto_map"),
        ("image_processor.json", AUTO_MAP, "auto_map"),
        ("vision/config.json", AUTO_MAP, "auto_map"),
        ("a/b/CONFIG.JSON", AUTO_MAP, "auto_map"),
        ("audio_config.json", {"text_config": {"deep": [[AUTO_MAP]]}}, "text_config.deep.auto_map"),
        ("audio_config.json", {"auto_map": "other/repo--their.Model"}, "auto_map"),
        ("task_config.json", {"custom_pipelines": {"x": {"impl": "x.P"}}}, "custom_pipelines"),
        (
            "sentence_bert_config.json",
            {"model_args": {"trust_remote_code": True}},
            "model_args.trust_remote_code",
        ),
        ("1/model.json", {"model": ".", "trust_remote_code": "true"}, "trust_remote_code"),
        ("modules.json", [{"type": "them/repo--custom_st.Transformer"}], "type"),
    ],
)
def test_a_config_that_asks_for_code_is_refused_at_any_depth(
    folder: Path, path: str, content: object, place: str
) -> None:
    add(folder, path, json.dumps(content).encode())

    assert refusals(folder) == {("model.remote-code", f"{path}: {place}")}


@pytest.mark.parametrize(
    "content",
    [
        b'{"auto_map": {"A": "x.A"}, "auto_map": {}}',
        b'{"auto_m\\u0061p": {"A": "x.A"}}',
        b'\xef\xbb\xbf{"auto_map": {"A": "x.A"}}',
        '{"auto_map": {"A": "x.A"}}'.encode("utf-16"),
        b'{"n": ' + b"9" * 5000 + b', "auto_map": {"A": "x.A"}}',
        b'{"n": NaN, "auto_map": {"A": "x.A"}}',
    ],
)
def test_no_spelling_hides_what_a_config_asks_for(folder: Path, content: bytes) -> None:
    add(folder, "audio_config.json", content)

    assert refusals(folder) == {("model.remote-code", "audio_config.json: auto_map")}


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[1, 2]",
        b'{"auto_map": null}',
        b'{"auto_map": {}}',
        b'{"trust_remote_code": false}',
        b"// x\n{}",
    ],
)
def test_a_config_that_asks_for_nothing_is_data(folder: Path, content: bytes) -> None:
    add(folder, "audio_config.json", content)

    assert inspect(folder).reasons == ()


@pytest.mark.parametrize("levels", [201, 3_000, 40_000])
def test_a_config_nested_too_deeply_is_not_sound(folder: Path, levels: int) -> None:
    add(folder, "audio_config.json", b'{"auto_map":' * levels + b"1" + b"}" * levels)

    assert refusals(folder) == {("model.not-inspected", "audio_config.json")}


def test_brackets_within_texts_are_no_nesting(folder: Path) -> None:
    add(folder, "audio_config.json", b'{"auto_map": null, "x": "' + b'[{\\"' * 300 + b'"}')

    assert inspect(folder).reasons == ()


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("audio_config.json", b'["auto_map"' + b",[]" * 350_000 + b"]"),
        ("audio_config.json", b'["\\u0061"' + b",{}" * 350_000 + b"]"),
        ("serving.properties", b"a=b\n" * 20_000),
        ("serving.properties", b"\\" * 100_000),
        ("config.pbtxt", b'"a"' * 400_000),
    ],
)
def test_texts_that_are_built_to_take_long_are_not_read(
    folder: Path, path: str, content: bytes
) -> None:
    add(folder, path, content)

    assert refusals(folder) == {("model.not-inspected", path)}


def test_a_text_of_tags_is_read_in_little_time(folder: Path) -> None:
    add(folder, "hydra.yaml", b",!" * 1_000_000)

    began = time.process_time()
    reasons = inspect(folder).reasons

    assert reasons == ()
    assert time.process_time() - began < 5


def test_long_json_that_speaks_of_no_code_is_not_parsed(folder: Path) -> None:
    add(folder, "audio_config.json", b"[" + b"[]," * 1_300_000 + b"[]]")
    add(folder, "deep_config.json", b"[" * 100_000 + b"]" * 100_000)

    assert inspect(folder).reasons == ()


def test_a_config_too_long_to_be_read_is_not_sound(folder: Path) -> None:
    add(folder, "audio_config.json", b'{"a": "' + b" " * 4 * 1024**2 + b'"}')

    assert refusals(folder) == {("model.not-inspected", "audio_config.json")}
    assert inspect(folder, Allowed(allow_pickle=True, allow_remote_code=True)).reasons == ()


def test_long_json_that_no_loader_takes_for_a_config_is_data(folder: Path) -> None:
    add(folder, "trainer_state.json", b'{"log_history": "' + b" " * 4 * 1024**2 + b'"}')

    assert inspect(folder).reasons == ()


def test_more_small_texts_than_are_read_are_not_sound(folder: Path) -> None:
    for number in range(10):
        add(folder, f"{number}/config.json", b'"' + b" " * 4_000_000 + b'"')

    codes = {reason.code for reason in inspect(folder).reasons}

    assert codes == {"model.not-inspected"}


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("option.trust_remote_code=true", "option.trust_remote_code"),
        ("option.trust_remote_code : True", "option.trust_remote_code"),
        ("option.trust_remote_code true", "option.trust_remote_code"),
        ("option.trust\\u005fremote_code=true", "option.trust_remote_code"),
        ("option.trust_remote_\\\n   code=true", "option.trust_remote_code"),
        ("# off \\\noption.trust_remote_code=true", "option.trust_remote_code"),
        ("\\\noption.trust_remote_code=true", "option.trust_remote_code"),
        ("option.trust_remote_code=\\\n true", "option.trust_remote_code"),
        ("option.entryPoint=model.py", "option.entryPoint"),
        ("option.entryPoint=theirs.handler", "option.entryPoint"),
        ("option.pythonExecutable=/opt/ml/model/run", "option.pythonExecutable"),
        ("option.customOpLibrary=myops.so", "option.customOpLibrary"),
        ("translatorFactory=evil.Factory", "translatorFactory"),
        ("option.tool_parser_plugin=/opt/ml/model/x", "option.tool_parser_plugin"),
        ("option.worker_extension_cls=theirs.Worker", "option.worker_extension_cls"),
        ('option.hf_overrides={"auto_map": {"A": "x"}}', "option.hf_overrides"),
        ("option.entryPoint=djl_python./../../opt/ml/model/x", "option.entryPoint"),
        ("option.entryPoint=djl_python.huggingface:x", "option.entryPoint"),
        ("option.output_formatter=theirs.format", "option.output_formatter"),
        (
            "option.distributed_executor_backend=theirs.Executor",
            "option.distributed_executor_backend",
        ),
        (
            'option.kv_transfer_config={"kv_connector_module_path": "theirs"}',
            "option.kv_transfer_config",
        ),
    ],
)
def test_serving_properties_that_run_code_are_refused(folder: Path, line: str, place: str) -> None:
    add(folder, "serving.properties", f"engine=Python\n{line}\n".encode())

    assert refusals(folder) == {("model.remote-code", f"serving.properties: {place}")}
    assert inspect(folder, Allowed(allow_remote_code=True)).reasons == ()


@pytest.mark.parametrize(
    "line",
    [
        "option.model_id=meta-llama/Llama-3.1-8B-Instruct",
        "option.model_id=s3://other/models/",
        "option.s3url=s3://other/models/",
        "option.model_id=/opt/ml/model/../../tmp/x",
        "option.tokenizer=other/tokenizer",
        "option.speculative_draft_model=other/draft",
        'option.speculative_config={"method": "eagle3", "model": "other/draft"}',
        "option.generation_config=other/model",
        "option.lora_modules=sql=https://host/adapter",
        "option.chat_template=../template",
    ],
)
def test_serving_properties_that_load_another_model_are_refused(folder: Path, line: str) -> None:
    add(folder, "serving.properties", line.encode())

    (reason,) = inspect(folder).reasons

    assert reason.code == "model.loads-elsewhere"
    assert "instead of this model" in reason.message


LMI = """\
# a comment with option.trust_remote_code=true
engine=Python
option.model_id=/opt/ml/model
option.rolling_batch=vllm
option.entryPoint=djl_python.huggingface
option.tensor_parallel_degree=max
option.max_model_len = 8192
option.dtype=fp16
option.trust_remote_code=false
option.enable_auto_tool_choice=true
option.tool_call_parser=hermes
option.worker_cls=auto
option.limit_mm_per_prompt={"image": 4}
option.gpu_memory_utilization=0.9
option.rope_scaling={"rope_type": "dynamic", "factor": 2.0}
option.speculative_draft_model=/opt/ml/additional-model-data-sources/draft
option.chat_template=chat_template.jinja
option.distributed_executor_backend=mp
option.served_model_name=team.chat
job_queue_size=100
translatorFactory=ai.djl.huggingface.translator.TextEmbeddingTranslatorFactory
"""


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("adapter_config.json", {"base_model_name_or_path": "other/base"}),
        ("7/model.json", {"model": "other/base"}),
        ("triton/m/1/model.json", {"model": ".", "tokenizer": "other/base"}),
    ],
)
def test_a_file_that_names_another_model_to_load_is_refused(
    folder: Path, path: str, content: object
) -> None:
    add(folder, path, json.dumps(content).encode())

    (reason,) = inspect(folder).reasons

    assert reason.code == "model.loads-elsewhere"
    assert "'other/base' instead of this model" in reason.message


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("adapter_config.json", {"base_model_name_or_path": "/opt/ml/model"}),
        ("adapter_config.json", {"base_model_name_or_path": None}),
        ("speech-lora/adapter_config.json", {"base_model_name_or_path": "TBA"}),
        ("1/model.json", {"model": "/opt/ml/model/weights", "dtype": "auto"}),
        ("model.json", {"model": {"layers": []}, "version": "a/b"}),
    ],
)
def test_a_file_that_names_the_model_beside_it_is_data(
    folder: Path, path: str, content: object
) -> None:
    add(folder, path, json.dumps(content).encode())

    assert inspect(folder).reasons == ()


def test_serving_properties_of_an_honest_model_are_data(folder: Path) -> None:
    add(folder, "serving.properties", LMI.encode())

    assert inspect(folder).reasons == ()


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("config.pbtxt", b'name: "m"\nbackend: "python"\n'),
        ("hydra.yaml", b"a: !!python/object/apply:os.system [id]\n"),
        ("hydra.yml", b"%TAG !p! tag:yaml.org,2002:pyth\n---\na: !p!on/name:os.system\n"),
        ("hydra.yaml", b"a: !!%70ython/name:os.system\n"),
        ("hydra.yaml", b"a: [!<tag:yaml.org,2002:python/name:os.system> x]\n"),
        ("hydra.yaml", "a: !!python/name:os.system\n".encode("utf-16")),
        ("hydra.yaml", "\ufeff%TAG !p! tag:yaml.org,2002:pyth\n---\n!p!on/name:id\n".encode()),
        ("hydra.yaml", b"# x\r%TAG !p! tag:yaml.org,2002:pyth\r---\r!p!on/name:id\r"),
        ("hydra.yaml", "a:\x85!!python/name:os.system\n".encode()),
        ("hyperparams.yaml", b"a: !apply:os.system [id]\n"),
        ("hyperparams.yaml", b"a: !new:subprocess.Popen\n    args: id\n"),
        ("config.pbtxt", b"backend # of course\n : 'python'"),
        ("config.pbtxt", b'backend: "py" "thon"'),
        ("config.pbtxt", b'backend: "\\x70ython"'),
        ("config.pbtxt", b'runtime: "README.md"'),
    ],
)
def test_other_texts_that_ask_for_code_are_refused(folder: Path, path: str, content: bytes) -> None:
    add(folder, path, content)

    assert refusals(folder) == {("model.remote-code", path)}


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("config.pbtxt", b'backend: "onnxruntime"\nmax_batch_size: 8\n'),
        ("recipe.yaml", b"title: Use 100% python!\nstage: {modifiers: [a, b]}\n"),
        ("recipe.yaml", b"# a python !new thing\na: !ENV x\n"),
        ("recipe.yaml", b"\xff\xfe\xff"),
        ("config.pbtxt", b'# backend: "python"\nname: "python" platform: "onnxruntime_onnx"'),
    ],
)
def test_other_texts_that_ask_for_nothing_are_data(folder: Path, path: str, content: bytes) -> None:
    add(folder, path, content)

    assert inspect(folder).reasons == ()


def test_each_file_is_read_once_and_little_of_it(folder: Path) -> None:
    add(folder, "README.md", bytes(1024**2))
    add(folder, "handler.py", bytes(1024**2))
    listed = list_folder(folder)
    assert isinstance(listed, Folder)
    counting = Counting(listed)

    read_evidence(listed.files, counting)

    paths = [path for path, _ in counting.reads]
    assert len(paths) == len({*paths}) == len(listed.files) - 1  # handler.py's name tells enough
    assert dict(counting.reads)["README.md"] == 16 * 1024
