"""Turns a state machine written in YAML into the JSON text that MiniStack can parse.

AWS accepts the YAML itself. Substitutions stay in place: CloudFormation fills them in later, as text.
So a substitution for a number must be in the JSON without quotation marks.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Collection

_WHOLE_SUBSTITUTION = re.compile(r"\$\{(\w+)\}")
_BARE = "\ue000"  # a private-use character: marks values that must lose their quotation marks


class DefinitionNotConvertible(Exception):
    """The state machine's file isn't a YAML mapping."""


def convert_to_json(text: str, numeric: Collection[str] = ()) -> str:
    """Rewrite a YAML definition as JSON with the same meaning after the substitutions are filled in.

    `numeric` names the substitutions that become numbers. As in YAML on AWS, only a value that is
    nothing but an unquoted `${Name}` becomes a number; a quoted or embedded one stays text.
    """

    class Loader(yaml.SafeLoader):
        pass

    def construct_text(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str:
        value = str(loader.construct_scalar(node))
        whole = _WHOLE_SUBSTITUTION.fullmatch(value)
        if node.style is None and whole is not None and whole.group(1) in numeric:
            return f"{_BARE}{value}{_BARE}"
        return value

    Loader.add_constructor("tag:yaml.org,2002:str", construct_text)
    definition = yaml.load(text, Loader)  # noqa: S506 - a SafeLoader with one constructor replaced
    if not isinstance(definition, dict):
        raise DefinitionNotConvertible(
            f"A state machine's definition must be a mapping, this is {type(definition).__name__}."
        )
    rendered = json.dumps(definition, indent=2, ensure_ascii=False)
    return rendered.replace(f'"{_BARE}', "").replace(f'{_BARE}"', "") + "\n"
