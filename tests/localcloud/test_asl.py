"""A state machine in YAML and its JSON for MiniStack mean the same."""

import json
from string import Template

import pytest
import yaml

from switchover_local.asl import DefinitionNotConvertible, convert_to_json


def fill_in(text: str, **values: str) -> object:
    """Do what CloudFormation does to the text, and parse it."""
    return json.loads(Template(text).substitute(values))


def test_a_numeric_substitution_comes_out_as_a_number() -> None:
    converted = convert_to_json("TimeoutSeconds: ${PollIntervalSeconds}", {"PollIntervalSeconds"})

    assert fill_in(converted, PollIntervalSeconds="300") == {"TimeoutSeconds": 300}


def test_a_numeric_substitution_in_a_list_comes_out_as_a_number() -> None:
    converted = convert_to_json("Items:\n- ${N}\n- ${N}\n- x", {"N"})

    assert fill_in(converted, N="2") == {"Items": [2, 2, "x"]}


def test_a_quoted_substitution_stays_text_as_it_does_in_yaml() -> None:
    converted = convert_to_json('Version: "${Number}"', {"Number"})

    assert fill_in(converted, Number="300") == {"Version": "300"}


def test_a_substitution_inside_other_text_stays_text() -> None:
    converted = convert_to_json("Resource: arn:${Partition}:states:::lambda:invoke", {"Partition"})

    assert fill_in(converted, Partition="aws-cn") == {
        "Resource": "arn:aws-cn:states:::lambda:invoke"
    }


def test_a_substitution_that_is_no_number_is_quoted() -> None:
    converted = convert_to_json("Resource: ${FunctionArn}", {"PollIntervalSeconds"})

    assert fill_in(converted, FunctionArn="arn:aws:lambda:1") == {"Resource": "arn:aws:lambda:1"}


def test_everything_else_means_what_the_yaml_means() -> None:
    text = """
    Comment: "Replaces the model – and says how it went"
    QueryLanguage: JSONata
    States:
      Judge:
        Type: Choice
        Choices:
          - Condition: '{% $verdict = "updated" %}'
            Output: {ok: true, none: null, factor: 1.5}
    """

    assert json.loads(convert_to_json(text)) == yaml.safe_load(text)


def test_a_file_that_holds_no_mapping_is_refused() -> None:
    with pytest.raises(DefinitionNotConvertible, match="list"):
        convert_to_json("- a\n- b")
