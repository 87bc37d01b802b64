"""Builds the layer: pinned libraries, botocore with only the called operations, our code, and bytecode.

    python -m builder.build --runtime python3.13 --architecture arm64 --into FOLDER

`sam build` runs it through the Makefiles in this folder. It runs on Python 3.11 or newer. Bytecode
fits one version of Python, so only the runtime's own version can write it.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import platform
import py_compile
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CORE = Path(__file__).resolve().parents[1]
OLDEST = (3, 11)
# Lambda's systems have glibc 2.26 (Amazon Linux 2, python3.11) or 2.34 (Amazon Linux 2023, from
# python3.12 on): Lambda Developer Guide, "Lambda runtimes".
_PROCESSORS = {"arm64": "aarch64", "x86_64": "x86_64"}
_GLIBC = {"python3.11": ("2_17", "2_26"), "later": ("2_17", "2_28", "2_34")}
# Beside the sources nothing is written, and regular expressions with sets are compiled alike.
_QUIET = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
# The libraries' own tests, and commands that are never run in Lambda.
_UNUSED = ("bin", "*/test", "*/tests")


class BuildFailed(Exception):
    """The layer can't be built here; the message says what is missing."""


def build(runtime: str, architecture: str, layer: Path) -> None:
    """Make the folder that Lambda unpacks at /opt.

    Raises:
        BuildFailed: pip couldn't install the libraries, or the functions couldn't load botocore.
    """
    packages = layer / "python"
    install_libraries(runtime, architecture, packages)
    shutil.copytree(
        CORE / "switchover", packages / "switchover", ignore=shutil.ignore_patterns("__pycache__")
    )
    for unused in [path for pattern in _UNUSED for path in packages.glob(pattern)]:
        shutil.rmtree(unused)
    reduce_botocore(packages)
    shutil.copyfile(CORE / "builder" / "layer_start.py", packages / "switchover" / "__init__.py")
    check_clients(packages)
    if has_bytecode_for(runtime):
        precompile(packages, architecture)
        compile_all(packages)
    else:
        print(
            f"No bytecode in the layer: this is Python {sys.version_info.major}.{sys.version_info.minor},"
            f" and the functions run on {runtime}. Every cold start compiles its imports, which"
            f" doubles its time. Put {runtime} on the PATH, or run `sam build --use-container`."
        )


def install_libraries(runtime: str, architecture: str, packages: Path) -> None:
    """Install the locked libraries for the Lambda runtime, each file checked by its hash.

    Raises:
        BuildFailed: pip failed.
    """
    system = ["--implementation", "cp", "--python-version", runtime.removeprefix("python")]
    for glibc in _GLIBC.get(runtime, _GLIBC["later"]):
        system += ["--platform", f"manylinux_{glibc}_{_PROCESSORS[architecture]}"]
    _install(packages, *system)


def _install(packages: Path, *system: str) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-compile", *system]
    command += ["--target", str(packages), "--requirement", str(CORE / "requirements.txt")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - pip
    if run.returncode != 0:
        raise BuildFailed(f"pip can't install the layer's libraries:\n{run.stderr}")


def reduce_botocore(packages: Path) -> None:
    """Replace botocore's data with the subset that the functions need."""
    sys.path.insert(0, str(packages))
    sys.dont_write_bytecode = True
    from .botocore_subset import write_subset

    whole, newer = packages / "botocore" / "data", packages / "switchover" / "aws" / "models"
    called = json.loads((CORE / "builder" / "called_operations.json").read_text(encoding="utf-8"))
    subset = packages / "botocore" / "subset"
    write_subset(whole, newer, called, subset)
    shutil.rmtree(whole)
    shutil.rmtree(newer)  # merged into the subset
    subset.rename(whole)


def check_clients(packages: Path) -> None:
    """Make every client of the layer, as functions make it.

    Raises:
        BuildFailed: a client can't be made.
    """
    _load((packages,))


def precompile(packages: Path, architecture: str) -> None:
    """Compile the methods of dataclasses and the regular expressions into a file of the layer.

    The layer is imported for this. If its libraries are for another processor, the libraries for this
    machine are installed into a temporary folder and imported instead.

    Raises:
        BuildFailed: the layer can't be imported.
    """
    name = f"precompiled.{sys.implementation.cache_tag}.bin"
    written = str(packages / "switchover" / name)
    if sys.platform == "linux" and platform.machine() == _PROCESSORS[architecture]:
        _load((packages,), written)
        return
    with tempfile.TemporaryDirectory() as folder:
        _install(Path(folder))
        shutil.copytree(packages / "switchover", Path(folder) / "switchover")
        _load((Path(folder), packages), written)


def _load(path: tuple[Path, ...], *written: str) -> None:
    builder = CORE / "builder"
    given = [str(builder / "called_operations.json"), *written]
    run = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-S", str(builder / "precompile.py"), *given],
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            **_QUIET,
            "PYTHONPATH": os.pathsep.join(map(str, path)),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode != 0:
        raise BuildFailed(
            "The functions couldn't load the layer. Check switchover/lean.py and"
            f" switchover/precompiled.py against the locked libraries.\n{run.stderr}"
        )


def has_bytecode_for(runtime: str) -> bool:
    """Whether this Python has the runtime's version, so that its bytecode fits."""
    return runtime == f"python{sys.version_info.major}.{sys.version_info.minor}"


def compile_all(packages: Path) -> None:
    """Write reproducible bytecode beside the sources, which Python loads without checking the sources.

    Python would check the source's modification time, which packing and unpacking change.
    """
    for path in sorted(packages.rglob("*.py")):
        compileall.compile_file(
            path,
            quiet=2,
            stripdir=str(packages),
            prependdir="/opt/python",
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )


def main() -> int:
    """Build as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runtime", required=True)
    parser.add_argument("--architecture", required=True, choices=sorted(_PROCESSORS))
    parser.add_argument("--into", required=True, type=Path)
    asked = parser.parse_args()
    if sys.version_info < OLDEST:
        print("The layer is built by Python 3.11 or newer.", file=sys.stderr)
        return 1
    try:
        build(asked.runtime, asked.architecture, asked.into)
    except BuildFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
