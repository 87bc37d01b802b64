"""The AWS calls and environment variables of functions and commands, found in the code that each reaches.

Follows calls from a handler or a command through `switchover.steps` and `switchover.aws` to boto3, by
the code's own types: annotations, and the return types of `wiring` and `gateways`. No code is run, so
branches without a test count too. If a gateway is passed to other code, all of its methods count.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import botocore.session
from botocore import xform_name

from switchover.aws.clients import teach_newer_models
from switchover.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
_ROOMS = ("aws", "steps")
_SETTINGS = "switchover.settings.Settings"
# The only service whose signing name differs from its IAM prefix.
_PREFIXES = {"monitoring": "cloudwatch"}
# S3 names its permissions after what is reached, not after the operation (S3 User Guide, "Required
# permissions for Amazon S3 API operations").
_S3_ACTIONS = {
    "HeadObject": "s3:GetObject",
    "ListObjectsV2": "s3:ListBucket",
    "ListObjectVersions": "s3:ListBucketVersions",
    # A copy reads its source too; the code has called HeadObject for the source before.
    "CopyObject": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "UploadPartCopy": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "ListParts": "s3:ListMultipartUploadParts",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "HeadBucket": "s3:ListBucket",
    "GetBucketNotificationConfiguration": "s3:GetBucketNotification",
    "GetBucketEncryption": "s3:GetEncryptionConfiguration",
    "GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
}

# Lambda Developer Guide, "Identity-based policies": the one permission not named after its operation.
_LAMBDA_ACTIONS = {"Invoke": "lambda:InvokeFunction"}

Type = str  # "client:<service>", or the key of a class: "<module>.<Class>"


@dataclass
class _Module:
    name: str
    names: dict[str, str] = field(default_factory=dict)  # the meanings of the names


@dataclass
class _Code:
    """A function or method, with the meanings of its names."""

    node: ast.FunctionDef
    module: _Module
    owner: Type | None = None


@dataclass
class _Library:
    code: dict[str, _Code] = field(default_factory=dict)
    classes: dict[Type, dict[str, str]] = field(default_factory=dict)  # class -> method -> code key
    attributes: dict[Type, dict[str, Type]] = field(default_factory=dict)
    bases: dict[Type, list[Type]] = field(default_factory=dict)


def called_actions(function: str) -> frozenset[str]:
    """The IAM actions that the handler in `functions/<function>.py` can reach."""
    return actions_from(f"{function}.handler")


def actions_from(entry: str) -> frozenset[str]:
    """The IAM actions that a function can reach, named like `switchover_cli.commands.abort.abort`."""
    library = _library()
    return frozenset(
        action for key in reached_code(entry) for action in _read(library, library.code[key])[0]
    )


def read_settings(function: str) -> frozenset[str]:
    """The environment variables that the handler in `functions/<function>.py` can read."""
    library, variables = _library(), set[str]()
    for key in reached_code(f"{function}.handler"):
        code = library.code[key]
        types = _types(library, code)
        variables |= {
            str(Settings.model_fields[node.attr].alias)
            for node in ast.walk(code.node)
            if isinstance(node, ast.Attribute)
            and node.attr in Settings.model_fields
            and _type(library, code, types, node.value) == _SETTINGS
        }
    return frozenset(variables)


@cache
def reached_code(entry: str) -> frozenset[str]:
    """The functions and methods that a function can reach, itself included, each named like it."""
    library = _library()
    waiting, seen = [entry], set[str]()
    while waiting:
        key = waiting.pop()
        if key not in seen:
            seen.add(key)
            waiting += _read(library, library.code[key])[1]
    return frozenset(seen)


@cache
def _library() -> _Library:
    library = _Library()
    _add(library, "switchover.settings", ROOT / "layers/core/switchover/settings.py")
    for room in _ROOMS:
        for path in sorted((ROOT / "layers/core/switchover" / room).glob("*.py")):
            _add(library, f"switchover.{room}.{path.stem}", path)
    for path in sorted((ROOT / "functions").glob("*.py")):
        _add(library, path.stem, path)
    for path in sorted((ROOT / "cli/switchover_cli").rglob("*.py")):
        parts = path.relative_to(ROOT / "cli").with_suffix("").parts
        _add(library, ".".join(parts), path)
    for key, methods in library.classes.items():
        if "__init__" in methods:
            init = library.code[methods["__init__"]]
            library.attributes[key] = dict(_kept_attributes(init))
    own, kept = dict(library.classes), dict(library.attributes)
    for key in own:
        # Base classes first, so that a class overrides them.
        family = [*reversed(_ancestors(library, key)), key]
        library.classes[key] = {n: code for each in family for n, code in own[each].items()}
        library.attributes[key] = {n: type_ for each in family for n, type_ in kept[each].items()}
    return library


def _ancestors(library: _Library, key: Type) -> list[Type]:
    """The classes of the library that a class inherits from, the nearest first."""
    bases = [base for base in library.bases[key] if base in library.classes]
    return [*bases, *(each for base in bases for each in _ancestors(library, base))]


def _add(library: _Library, name: str, path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    module = _Module(name)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            module.names |= {
                alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names
            }
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            module.names[node.name] = f"{name}.{node.name}"
            library.code[f"{name}.{node.name}"] = _Code(node, module)
        elif isinstance(node, ast.ClassDef):
            owner = f"{name}.{node.name}"
            module.names[node.name] = owner
            named = [_annotated(base, module) for base in node.bases]
            library.bases[owner] = [base for base in named if base]
            methods = [entry for entry in node.body if isinstance(entry, ast.FunctionDef)]
            library.classes[owner] = {method.name: f"{owner}.{method.name}" for method in methods}
            # A dataclass says at once what it keeps.
            kept = {
                entry.target.id: _annotated(entry.annotation, module)
                for entry in node.body
                if isinstance(entry, ast.AnnAssign) and isinstance(entry.target, ast.Name)
            }
            library.attributes[owner] = {name: type_ for name, type_ in kept.items() if type_}
            library.attributes[owner] |= {
                method.name: returned
                for method in methods
                if "cached_property" in [ast.unparse(each) for each in method.decorator_list]
                and (returned := _annotated(method.returns, module))
            }
            for method in methods:
                library.code[f"{owner}.{method.name}"] = _Code(method, module, owner)


def _kept_attributes(init: _Code) -> Iterator[tuple[str, Type]]:
    types = _parameters(init)
    for node in ast.walk(init.node):
        match node:
            case ast.Assign(
                targets=[ast.Attribute(value=ast.Name(id="self"), attr=attr)],
                value=ast.Name(id=name),
            ) if name in types:
                yield attr, types[name]


def _parameters(code: _Code) -> dict[str, Type]:
    arguments = [*code.node.args.args, *code.node.args.kwonlyargs]
    types = {arg.arg: _annotated(arg.annotation, code.module) for arg in arguments}
    if code.owner:
        types["self"] = code.owner
    return {name: type_ for name, type_ in types.items() if type_}


def _annotated(annotation: ast.expr | None, module: _Module) -> Type | None:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        annotation = ast.parse(
            annotation.value, mode="eval"
        ).body  # what is imported for types only
    if not isinstance(annotation, ast.Name):
        return None
    target = module.names.get(annotation.id)
    if target and target.startswith("mypy_boto3_"):
        package = target.split(".")[0].removeprefix("mypy_boto3_")
        return f"client:{package.replace('_', '-')}"
    return target


def _read(library: _Library, code: _Code) -> tuple[set[str], list[str]]:
    """The actions that a piece of code calls itself, and the code that it can reach."""
    types = _types(library, code)
    actions: set[str] = set()
    reached: list[str] = []
    for node in ast.walk(code.node):
        if isinstance(node, ast.Call):
            actions |= set(_special_actions(library, code, types, node))
            if _callee(library, code, types, node.func) is None:
                handed_out = [_type(library, code, types, argument) for argument in node.args]
                for owner in filter(None, handed_out):
                    reached += library.classes.get(owner, {}).values()
        elif isinstance(node, ast.Attribute | ast.Name):
            target = _callee(library, code, types, node)
            if target in library.code:
                reached.append(target)
            elif target and target.startswith("client:"):
                actions |= set(_actions(*target.removeprefix("client:").split(".")))
    return actions, reached


def _types(library: _Library, code: _Code) -> dict[str, Type]:
    """The meanings of the names in a piece of code, as far as the code tells."""
    types = _parameters(code)
    for _ in range(2):  # a name may be bound after the nested code that reads it
        types |= dict(_bound_names(library, code, types))
    return types


def _bound_names(
    library: _Library, code: _Code, types: dict[str, Type]
) -> Iterator[tuple[str, Type]]:
    for node in ast.walk(code.node):
        if not isinstance(node, ast.Assign):
            continue
        pairs = [(node.targets[0], node.value)]
        if isinstance(node.targets[0], ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = list(zip(node.targets[0].elts, node.value.elts, strict=True))
        for target, value in pairs:
            type_ = _type(library, code, types, value)
            if isinstance(target, ast.Name) and type_:
                yield target.id, type_


def _type(library: _Library, code: _Code, types: dict[str, Type], node: ast.expr) -> Type | None:
    match node:
        case ast.Name(id=name):
            return types.get(name)
        case ast.Attribute(value=value, attr=attr):
            owner = _type(library, code, types, value)
            return library.attributes.get(owner or "", {}).get(attr)
        case ast.Call(func=ast.Attribute(attr="client"), args=[ast.Constant(value=str(service))]):
            return f"client:{service}"
        case ast.Call(func=func):
            target = _callee(library, code, types, func)
            if target in library.classes:
                return target
            if target in library.code:
                return _annotated(library.code[target].node.returns, library.code[target].module)
    return None


def _callee(library: _Library, code: _Code, types: dict[str, Type], node: ast.expr) -> str | None:
    """What an expression would call: a key of the library, or "client:<service>.<method>"."""
    match node:
        case ast.Name(id=name) if name not in types:
            target = code.module.names.get(name, "")
            return target if target in library.code or target in library.classes else None
        case ast.Attribute(value=ast.Name(id=name), attr=attr) if name not in types:
            target = f"{code.module.names.get(name, '')}.{attr}"
            return target if target in library.code or target in library.classes else None
        case ast.Attribute(value=value, attr=attr):
            owner = _type(library, code, types, value) or ""
            if owner.startswith("client:"):
                return f"{owner}.{attr}"
            return library.classes.get(owner, {}).get(attr)
    return None


def _special_actions(
    library: _Library, code: _Code, types: dict[str, Type], call: ast.Call
) -> Iterator[str]:
    target = _callee(library, code, types, call.func) or ""
    service, _, method = target.removeprefix("client:").partition(".")
    match method, call.args:
        case "get_paginator", [ast.Constant(value=str(operation))]:
            yield from _actions(service, operation)
        case "get_object" | "head_object", _ if any(
            entry.arg == "VersionId" for entry in call.keywords
        ):
            yield "s3:GetObjectVersion"


def _actions(service: str, method: str) -> Iterator[str]:
    prefix, operations = _operations(service)
    if method in operations:
        operation = operations[method]
        renamed = _LAMBDA_ACTIONS if prefix == "lambda" else _S3_ACTIONS
        yield renamed.get(operation, f"{prefix}:{operation}")


@cache
def _operations(service: str) -> tuple[str, dict[str, str]]:
    model = teach_newer_models(botocore.session.Session()).get_service_model(service)
    prefix = _PREFIXES.get(model.signing_name, model.signing_name)
    return prefix, {xform_name(name): name for name in model.operation_names}
