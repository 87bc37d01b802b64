"""The list of file names that may lie in a model's folder, and the kind of each.

The list has the files that transformers, diffusers, Sentence Transformers, vLLM, LMI and Triton read
as data, and other files of public repositories. A name that isn't on the list is unknown, not
harmless.
"""

from __future__ import annotations

import re
from fnmatch import translate
from pathlib import PurePosixPath

from switchover.checkpoint.leftovers import why_leftover
from switchover.checkpoint.magic import Kind

# fmt: off
PICKLES = frozenset({
    ".bin", ".ckpt", ".cloudpickle", ".dill", ".distcp", ".jit", ".joblib", ".npz", ".ot", ".pdopt",
    ".pdparams", ".pickle", ".pkl", ".pt", ".pt2", ".pth", ".ptl", ".sav", ".torchscript",
})
# TensorRT: "Serialized TensorRT engines are executable artifacts" (its docs, Security
# Considerations). TensorFlow: "models are programs" (SECURITY.md); Keras keeps Lambda layers' code
# in .h5 and .keras. DJL Serving compiles and loads .java and .jar (Operation Modes).
_CODE = frozenset({
    ".bash", ".bat", ".c", ".cc", ".class", ".cmd", ".cpp", ".cu", ".cubin", ".dll", ".dylib", ".egg",
    ".engine", ".exe", ".fatbin", ".go", ".h", ".h5", ".hdf5", ".hpp", ".jar", ".java", ".js",
    ".keras", ".ko", ".lua", ".mar", ".mjs", ".o", ".pb", ".pl", ".plan", ".ps1", ".ptx", ".py",
    ".pyc", ".pyd", ".pyi", ".pyo", ".pyx", ".pyz", ".r", ".rb", ".rs", ".sh", ".so", ".trt", ".ts",
    ".war", ".wasm", ".whl", ".zsh",
})
_DATA = frozenset({
    ".avif", ".bib", ".bmp", ".bpe", ".csv", ".flac", ".gif", ".html", ".ico", ".imatrix", ".ipynb",
    ".jinja", ".jinja2", ".jpeg", ".jpg", ".json", ".jsonl", ".log", ".md", ".md5", ".mil",
    ".mlmodel", ".model", ".mp3", ".mp4", ".msgpack", ".npy", ".ogg", ".onnx", ".onnx_data",
    ".parquet", ".pbtxt", ".pdf", ".png", ".properties", ".rst", ".sha256", ".spm", ".svg",
    ".tflite", ".tiff", ".tiktoken", ".tsv", ".txt", ".vocab", ".wav", ".webm", ".webp", ".xml",
    ".yaml", ".yml",
})
# fmt: on
# Files from which pip, conda, Docker, MLflow and SageMaker's toolkits install or import code.
_CODE_NAMES = (
    "*.so.*",
    "*requirements*.txt",
    "conda.y*ml",
    "constraints*.txt",
    "dockerfile*",
    "environment.y*ml",
    "makefile",
    "mlmodel",
    "pipfile*",
    "pyproject.toml",
    "python_env.y*ml",
    "setup.cfg",
)
_DATA_NAMES = (
    "*.onnx.data",
    "*.onnx_data_*",
    "._*",  # macOS: a file's attributes, written by its tar
    ".ds_store",
    ".gitattributes",
    ".gitignore",
    ".gitkeep",
    ".huggingface*",
    ".mdl",
    ".msc",
    ".mv",
    "bpe.codes",
    "citation.cff",
    "events.out.tfevents.*",
    "imatrix*.dat",
    "imatrix*.gguf_file",
    "latest",  # DeepSpeed: the name of the newest checkpoint
    "merges",
    "modelfile",  # Ollama's settings, as are params and template
    "openvino*.bin",  # numbers without a header, described by the .xml beside them
    "params",
    "sha256sums",
    "template",
    "tokenizer.model.v*",
    "version",
    "vocab",
)
_TEXTS = frozenset({".bib", ".csv", ".jinja", ".jinja2", ".log", ".md", ".rst", ".tsv", ".txt"})
# Names without a suffix, or with a version instead: LICENSE, NOTICE, USE_POLICY, LICENSE-APACHE-2.0.
_DOCUMENTS = (
    "*licen[cs]e*",
    "*notice*",
    "*policy*",
    "*terms*",
    "authors",
    "changelog",
    "citation",
    "contributors",
    "copying*",
    "copyright",
    "disclaimer",
    "model_card",
    "readme*",
)
# `hf download` records its downloads in this folder.
_DOWNLOAD_NOTE = re.compile(r"(.*/)?\.cache/huggingface/(CACHEDIR\.TAG|.*\.(lock|metadata))")


def match_any(*patterns: str) -> re.Pattern[str]:
    """Compile a pattern that matches whole names by any of some patterns."""
    return re.compile("|".join(translate(pattern) for pattern in patterns))


_CODE_NAME, _DATA_NAME = match_any(*_CODE_NAMES), match_any(*_DATA_NAMES)
_DOCUMENT = match_any(*_DOCUMENTS)


def is_text(path: str) -> bool:
    """Whether a file is a text by people, whose first line may be a long paragraph."""
    name = PurePosixPath(path).name.lower()
    return PurePosixPath(name).suffix in _TEXTS or bool(_DOCUMENT.match(name))


def judge_name(path: str) -> tuple[Kind, str]:
    """Classify a file by its name alone; the text ends the sentence "it …"."""
    name = PurePosixPath(path).name.lower()
    suffix = PurePosixPath(name).suffix
    if suffix in _CODE or _CODE_NAME.match(name):
        return Kind.CODE, "is code, or a file from which a container may load code"
    is_known = suffix in _DATA or _DATA_NAME.match(name) or _DOWNLOAD_NOTE.fullmatch(path)
    if is_known or why_leftover(path):
        return Kind.DATA, ""
    if suffix in PICKLES:
        return Kind.PICKLE, "is a pickle by its name"
    if _DOCUMENT.match(name) and (not suffix or suffix[1:].isdigit()):
        return Kind.DATA, ""
    return Kind.UNKNOWN, "is of a kind that no known model needs"
