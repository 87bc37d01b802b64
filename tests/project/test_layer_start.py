"""A function's start: compiled beforehand, without what nothing uses, and else the same."""

from __future__ import annotations

import json
import marshal
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from layers.core.builder.build import BuildFailed, check_clients
from tests.support.called_operations import CALLED_PATH
from tests.support.template_parts import ROOT

from switchover.precompiled import FILE_NAME, formats

if TYPE_CHECKING:
    from pathlib import Path

BUILDER = ROOT / "layers/core/builder"
# Defines the same twice: what is compiled for the first is all that the second may take.
_TWICE = """
import dataclasses, re, sys
sys.path.insert(0, "layers/core/builder")
from precompile import record_methods, record_patterns
from switchover.precompiled import Compiled, take
class Asked(dict):
    def get(self, text):
        asked.append(text in self)
        return super().get(text)
def define():
    @dataclasses.dataclass(frozen=True, slots=True, order=True)
    class Fleet:
        name: str
        instances: int = 1
    re.purge()
    return Fleet, re.compile(r"(?P<name>[a-zé]+)(\\d)?", re.IGNORECASE), re.compile(b"[0-9]+$")
methods, patterns = record_methods(), record_patterns()
define()
def refuse(*given): raise AssertionError(given)
re._compiler.compile = refuse
asked = []
take(Compiled(Asked(methods), patterns))
Fleet, words, numbers = define()
print(asked and all(asked), Fleet("é", 2), Fleet("a") == Fleet("a", 1), Fleet("a") < Fleet("b"),
      hash(Fleet("a")) == hash(Fleet("a")), words.fullmatch("É7").groupdict(), words.flags, words.pattern,
      numbers.search(b"a12").group())
try:
    Fleet("a").name = "b"
except dataclasses.FrozenInstanceError as error:
    print(error)
"""
_UNSEEN = """
import dataclasses, re, sys
from switchover.precompiled import Compiled, take, take_precompiled
take_precompiled(sys.argv[1])
print("exec" in vars(dataclasses))
take(Compiled({}, {}))
Fleet = dataclasses.make_dataclass("Fleet", ["name"])
print(Fleet("a"), re.compile("unseen [0-9]").match("unseen 7").group())
"""
_STARTED = """
import gc, json, re, sys
compiled = []
known = re._compiler.compile
re._compiler.compile = lambda p, flags=0: compiled.append(p) or known(p, flags)
import switchover
before = len(compiled)
import switchover.aws.ledger, switchover.steps.observe_update
from switchover.aws.clients import client
client("dynamodb")
print(json.dumps([gc.get_threshold()[0], len(compiled) - before < 5,
    sorted({"importlib.metadata", "html.parser", "botocore.docs.service"} & set(sys.modules))]))
"""
_CLIENTS = """
import json, sys
if sys.argv[2] == "lean":
    from switchover.lean import load_botocore
    load_botocore()
    print("left out:", "html.parser" not in sys.modules)
from botocore.handlers import BUILTIN_HANDLERS
from switchover.aws.clients import client
print([(event, getattr(each, "__name__", type(each).__name__)) for event, each, *_ in BUILTIN_HANDLERS
    if not event.startswith("docs.")])
for name in json.load(open(sys.argv[1])):
    made = client(name)
    print(name, made.meta.endpoint_url, made.meta.config.signature_version,
        sorted(each for each in dir(made) if not each.startswith("_")))
"""
_AFTERWARDS = """
from switchover.lean import load_botocore
load_botocore()
import importlib.metadata, botocore.docs.docstring, urllib3.http2
from botocore.docs.service import ServiceDocumenter
print(importlib.metadata.version("botocore") == urllib3.http2.version("botocore"))
print(issubclass(botocore.docs.docstring.WaiterDocstring, botocore.docs.docstring.LazyLoadedDocstring))
"""


def run_python(program: str, *arguments: object, path: Path = ROOT / "layers/core") -> list[str]:
    """The lines that a program prints in an interpreter of its own."""
    python_path = os.pathsep.join(map(str, (path, *sys.path)))
    run = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", program, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": python_path, "AWS_DEFAULT_REGION": "eu-west-1"},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


def precompile(packages: Path, written: Path) -> bytes:
    """What the build compiles for the layer in this folder."""
    path = os.pathsep.join(map(str, (packages, *sys.path)))
    subprocess.run(  # noqa: S603 - our own script
        [sys.executable, str(BUILDER / "precompile.py"), str(CALLED_PATH), str(written)],
        env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0"},
        check=True,
        capture_output=True,
    )
    return written.read_bytes()


def test_what_was_compiled_beforehand_is_taken_and_works_as_if_compiled_now() -> None:
    worked = (
        r"Fleet(name='é', instances=2) True True True {'name': 'É'} 34 (?P<name>[a-zé]+)(\d)? b'12'"
    )

    assert run_python(_TWICE) == [
        f"True define.<locals>.{worked}",
        "cannot assign to field 'name'",
    ]


def test_what_was_not_compiled_beforehand_is_compiled_as_ever(tmp_path: Path) -> None:
    assert run_python(_UNSEEN, tmp_path) == ["False", "Fleet(name='a') unseen 7"]


def test_a_file_of_another_format_is_not_taken(tmp_path: Path) -> None:
    _, patterns = formats()
    other = marshal.dumps(((b"older", patterns), {}, {}))
    (tmp_path / FILE_NAME).write_bytes(other)

    assert run_python(_UNSEEN, tmp_path)[0] == "False"


@pytest.mark.long
def test_a_start_compiles_hardly_a_pattern_and_two_builds_are_the_same(tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "layers/core/switchover", tmp_path / "switchover", ignore=ignored)
    shutil.copyfile(BUILDER / "layer_start.py", tmp_path / "switchover" / "__init__.py")

    first = precompile(tmp_path, tmp_path / "first")
    second = precompile(tmp_path, tmp_path / "switchover" / FILE_NAME)
    [started] = run_python(_STARTED, path=tmp_path)

    assert first == second
    assert json.loads(started) == [50_000, True, []]


@pytest.mark.long
def test_clients_of_the_lean_botocore_are_those_of_the_whole_one() -> None:
    left_out, *lean = run_python(_CLIENTS, CALLED_PATH, "lean")
    whole = run_python(_CLIENTS.replace("load_botocore()", "pass"), CALLED_PATH, "whole")

    assert left_out == "left out: True"
    assert lean == whole


def test_what_was_left_out_can_be_imported_afterwards() -> None:
    assert run_python(_AFTERWARDS) == ["True", "True"]


def test_a_library_that_functions_cannot_load_fails_the_build(tmp_path: Path) -> None:
    with pytest.raises(BuildFailed, match="The functions couldn't load the layer"):
        check_clients(tmp_path)
