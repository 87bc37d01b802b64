"""The AWS operations that the functions can reach: the part of botocore that the layer ships.

`python -m tests.support.called_operations` writes them to the file that the layer's build reads.
"""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING, TypeGuard

from tests.support.called_actions import (
    ROOT,
    _callee,
    _library,
    _operations,
    _types,
    reached_code,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

CALLED_PATH = ROOT / "layers/core/builder/called_operations.json"
_TYPED = re.compile(r"from mypy_boto3_(\w+) import")
# botocore's own call: the region of a bucket, if an answer doesn't have it
# (utils.S3RegionRedirectorv2.get_bucket_region).
_BOTOCORES_OWN = {("s3", "HeadBucket")}


def called_operations(function: str) -> frozenset[tuple[str, str]]:
    """The services, as botocore names them, and operations that `functions/<function>.py` can reach."""
    return frozenset(
        (service, known[method])
        for service, method in _called_methods(f"{function}.handler")
        if method in (known := _operations(service)[1])
    )


def write_called_operations() -> str:
    """The text of the file: each service with its operations."""
    handlers = sorted(path.stem for path in (ROOT / "functions").glob("*.py"))
    called = {each for handler in handlers for each in called_operations(handler)}
    called |= named_operations() | _BOTOCORES_OWN
    listed = {
        service: sorted(operation for owner, operation in called if owner == service)
        for service in sorted({service for service, _ in called})
    }
    return json.dumps(listed, indent=2) + "\n"


def named_operations() -> frozenset[tuple[str, str]]:
    """The operations that a module of the gateways names, of each service whose client it types.

    Coarser than following calls, but complete: it also finds calls through untyped names, which would
    otherwise fail only in Lambda.
    """
    found = set[tuple[str, str]]()
    for path in (ROOT / "layers/core/switchover/aws").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        nodes = list(ast.walk(ast.parse(text)))
        names = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        names |= {node.value for node in nodes if _is_text(node)}
        for package in set(_TYPED.findall(text)):
            service = package.replace("_", "-")
            known = _operations(service)[1]
            found |= {(service, known[name]) for name in names if name in known}
    return frozenset(found)


def _is_text(node: ast.AST) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _called_methods(entry: str) -> Iterator[tuple[str, str]]:
    """Each named method of a client, called or passed on, and each paginated operation."""
    library = _library()
    for key in reached_code(entry):
        code = library.code[key]
        types = _types(library, code)
        for node in ast.walk(code.node):
            match node:
                case ast.Call(func=ast.Attribute() as func, args=[ast.Constant(value=str(name))]):
                    target = _callee(library, code, types, func) or ""
                    service, _, method = target.removeprefix("client:").partition(".")
                    if target.startswith("client:") and method == "get_paginator":
                        yield service, name
                case ast.Attribute():
                    target = _callee(library, code, types, node) or ""
                    if target.startswith("client:"):
                        service, _, method = target.removeprefix("client:").partition(".")
                        yield service, method


if __name__ == "__main__":
    CALLED_PATH.write_text(write_called_operations(), encoding="utf-8")
