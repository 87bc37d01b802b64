"""The template as the CloudFormation that SAM makes of it, for tools that don't know SAM.

`python -m tests.audit.translated FILE` writes it with everything on that a parameter can switch on.
"""

from __future__ import annotations

import json
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
_UPLOADED = "s3://bucket/key"
_NOTHING = {"Ref": "AWS::NoValue"}


def read() -> dict[str, Any]:
    """The template, its short intrinsics written out."""
    parsed: dict[str, Any] = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
    return parsed


def translate(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every resource that SAM makes of a template, by logical id."""
    source = deepcopy(template)
    # SAM itself accepts only uploaded code.
    source["Globals"]["Function"]["CodeUri"] = _UPLOADED
    source["Resources"]["CoreLayer"]["Properties"]["ContentUri"] = _UPLOADED
    for machine in ("UpdateStateMachine", "GuardStateMachine"):
        source["Resources"][machine]["Properties"]["DefinitionUri"] = _UPLOADED
    session = boto3.Session(region_name="us-east-1")
    made: dict[str, dict[str, Any]] = Translator({}, Parser(), boto_session=session).translate(
        source, {}
    )["Resources"]
    return made


def switch_on(part: Any) -> Any:
    """The same part of a template, as if every condition held; where one leaves out, as if it didn't."""
    match part:
        case {"Fn::If": [_, then, otherwise]}:
            return switch_on(otherwise if then == _NOTHING else then)
        case dict():
            return {key: switch_on(value) for key, value in part.items()}
        case list():
            return [switch_on(each) for each in part]
    return part


def write(path: Path) -> None:
    """Write the translated template, without conditions."""
    resources = {
        name: {key: value for key, value in switch_on(entry).items() if key != "Condition"}
        for name, entry in translate(read()).items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    text = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}
    path.write_text(json.dumps(text, indent=1), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
