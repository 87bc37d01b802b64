"""The template is consistent with the state machine, the code and itself."""

from __future__ import annotations

import ast
import json
import tomllib
from typing import TYPE_CHECKING

import pytest
from tests.support.called_actions import reached_code, read_settings
from tests.support.template_parts import (
    GUARDS,
    MACHINE_PATHS,
    ROOT,
    TEMPLATE_PATH,
    Function,
    Task,
    functions,
    machine_substitutions,
    resources,
    statements_of,
    tasks,
    template,
)

from switchover.aws.table import BY_START
from switchover.domain.fleet import AlarmState
from switchover.domain.naming import ALARM_PREFIX
from switchover.domain.observing import Purpose
from switchover.domain.release import FILE_NAME
from switchover.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

_PLACES = {
    name: entry
    for name, entry in tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8")).items()
    if isinstance(entry, dict)
}
_TOLD_TO_ALL = {"SWITCHOVER_TABLE", "SWITCHOVER_BUCKET", "SWITCHOVER_RELEASES_MAY"}
_BRANCHES = (ast.If, ast.IfExp, ast.For, ast.While, ast.Try, ast.Match, ast.comprehension)
_BY_NAME = {function.name: function for function in functions()}


def _named(function: Function) -> str:
    return function.name


@pytest.mark.parametrize(
    "path", [TEMPLATE_PATH, *MACHINE_PATHS.values()], ids=lambda path: path.name
)
def test_no_arn_names_a_partition(path: Path) -> None:
    assert "arn:aws" not in path.read_text(encoding="utf-8")


def test_every_function_file_is_deployed_and_every_deployed_function_has_its_file() -> None:
    deployed = {function.handler for function in functions()}

    assert deployed == {f"{path.stem}.handler" for path in (ROOT / "functions").glob("*.py")}


@pytest.mark.parametrize("function", functions(), ids=_named)
def test_a_function_is_named_after_its_file(function: Function) -> None:
    module = function.handler.removesuffix(".handler")

    assert function.state == "".join(word.title() for word in module.split("_"))


@pytest.mark.parametrize("function", functions(), ids=_named)
def test_a_handler_calls_the_step_of_its_name(function: Function) -> None:
    module = function.handler.removesuffix(".handler")

    assert f"switchover.steps.{module}.{module}" in reached_code(function.handler)


@pytest.mark.parametrize("function", functions(), ids=_named)
def test_a_handler_decides_nothing(function: Function) -> None:
    path = ROOT / "functions" / f"{function.handler.removesuffix('.handler')}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    acts = [entry for entry in tree.body if isinstance(entry, ast.FunctionDef)]

    branches = [ast.unparse(node) for node in ast.walk(acts[0]) if isinstance(node, _BRANCHES)]

    assert [act.name for act in acts] == ["handler"]
    assert branches == []


def test_a_task_calls_the_function_of_its_name_or_waits_on_the_one_that_observes() -> None:
    called = {task.name: task.function for task in tasks()}
    waiting = {task.name: "ObserveUpdateFunction" for task in tasks() if task.purpose}
    # Both gates ask people in the same way.
    asking = {"RequestPromotion": "RequestApprovalFunction"}

    assert called == {name: f"{name}Function" for name in called} | waiting | asking


def test_each_purpose_of_waiting_has_its_state() -> None:
    assert sorted(task.purpose for task in tasks() if task.purpose) == sorted(
        set(Purpose) - {Purpose.GATE}
    )


def test_a_function_is_called_by_the_state_machine_or_by_events() -> None:
    by_machine = {task.function for machine in MACHINE_PATHS for task in tasks(machine)}
    by_events = {function.name for function in functions() if function.events}
    written = resources("AWS::Serverless::Function")
    by_people = {name for name in written if "FunctionUrlConfig" in written[name]}

    told = [
        properties.get("Environment", {}).get("Variables", {}) for properties in written.values()
    ]
    named = [value for variables in told for value in variables.values()]
    by_functions = {name for name in written if written[name].get("FunctionName", name) in named}

    subscribed = resources("AWS::SNS::Subscription").values()
    by_topics = {
        one["Endpoint"]["Fn::GetAtt"][0] for one in subscribed if one["Protocol"] == "lambda"
    }

    by_buttons = {
        name
        for name in written
        if written[name].get("FunctionName") == {"Ref": "ChatFunctionName"}
        and resources("AWS::Chatbot::CustomAction")
    }

    by_any = by_machine | by_events | by_people | by_functions | by_topics | by_buttons
    assert by_any == set(_BY_NAME)
    assert by_machine & by_events == set()


@pytest.mark.parametrize("machine", MACHINE_PATHS)
def test_substitutions_are_complete_both_ways(machine: str) -> None:
    given = resources("AWS::Serverless::StateMachine")[machine]["DefinitionSubstitutions"]

    assert set(given) == machine_substitutions(machine)


@pytest.mark.parametrize("machine", MACHINE_PATHS)
def test_a_substitution_is_the_arn_of_the_function_that_it_names(machine: str) -> None:
    given = resources("AWS::Serverless::StateMachine")[machine]["DefinitionSubstitutions"]
    arns = {name: value for name, value in given.items() if name.endswith("FunctionArn")}

    assert arns == {name: {"Fn::GetAtt": [name.removesuffix("Arn"), "Arn"]} for name in arns}


@pytest.mark.parametrize("machine", MACHINE_PATHS)
def test_a_state_machine_may_invoke_its_functions_and_nothing_else(machine: str) -> None:
    role = resources("AWS::IAM::Role")[f"{machine}Role"]
    invoked = [
        statement.resources
        for statement in statements_of(role)
        if "lambda:InvokeFunction" in statement.actions
    ]

    assert invoked == [frozenset(task.function for task in tasks(machine))]


def test_a_guard_that_could_not_look_is_a_dead_letter() -> None:
    rule = resources("AWS::Events::Rule")["Unguarded"]

    assert rule["EventPattern"]["detail"]["stateMachineArn"] == [{"Ref": GUARDS}]
    assert "FAILED" in rule["EventPattern"]["detail"]["status"]
    assert [target["Arn"] for target in rule["Targets"]] == [{"Fn::GetAtt": ["DeadLetters", "Arn"]}]


@pytest.mark.parametrize(
    "task",
    [task for machine in MACHINE_PATHS for task in tasks(machine) if task.timeout_seconds],
    ids=lambda task: task.name,
)
def test_a_function_gives_up_before_its_state_does(task: Task) -> None:
    """A function's own timeout is retried as States.TaskFailed; a state's isn't."""
    assert task.timeout_seconds is not None
    assert _BY_NAME[task.function].timeout_seconds < task.timeout_seconds


@pytest.mark.parametrize("function", functions(), ids=_named)
def test_a_function_logs_where_an_update_is_told_whole(function: Function) -> None:
    assert function.log_group == "FunctionLogs"


@pytest.mark.parametrize("name", resources("AWS::Logs::LogGroup"))
def test_a_log_group_forgets_and_outlives_the_stack(name: str) -> None:
    group = template()["Resources"][name]

    assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    # Not what a failed creation made: its name would stand in the way of the next try.
    assert group["DeletionPolicy"] == "RetainExceptOnCreate"
    assert group["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("name", resources("AWS::Logs::LogGroup"))
def test_a_log_group_that_stayed_is_not_in_the_way_of_a_new_stack(name: str) -> None:
    """A name that two stacks of the same name would share makes the second one's creation fail."""
    named = resources("AWS::Logs::LogGroup")[name].get("LogGroupName", "AWS::StackId")

    assert "AWS::StackId" in str(named)


@pytest.mark.parametrize(
    "function", [function for function in functions() if function.events], ids=_named
)
def test_an_event_that_cannot_be_handled_is_kept(function: Function) -> None:
    kept = [event["DeadLetterConfig"]["Arn"] for event in function.events.values()]

    assert function.dead_letters == "DeadLetters"
    assert kept == [{"Fn::GetAtt": ["DeadLetters", "Arn"]}] * len(function.events)


def test_rules_may_write_dead_letters() -> None:
    policy = resources("AWS::SQS::QueuePolicy")["DeadLettersPolicy"]
    allowed = [
        entry for entry in policy["PolicyDocument"]["Statement"] if entry["Effect"] == "Allow"
    ]

    assert [entry["Principal"] for entry in allowed] == [{"Service": "events.amazonaws.com"}]
    assert [list(entry["Condition"]) for entry in allowed] == [["ArnLike"]]


@pytest.mark.parametrize("function", functions(), ids=_named)
def test_a_function_is_told_what_it_asks_for(function: Function) -> None:
    """Table, bucket and what releases may are told to all; the rest only where the code can read it."""
    module = function.handler.removesuffix(".handler")
    needed = _TOLD_TO_ALL | read_settings(module)
    emits = "switchover.aws.notifications.Announcements.emit" in reached_code(function.handler)

    told = {name for name in function.environment if name.startswith("SWITCHOVER_")}

    # Where people alone are told, the bus stays the default one.
    assert told == (needed if emits else needed - {"SWITCHOVER_EVENT_BUS"})


def test_every_setting_is_told_to_some_function() -> None:
    told = {name for function in functions() for name in function.environment}

    assert {str(entry.alias) for entry in Settings.model_fields.values()} <= told


def test_only_a_release_file_starts_an_update() -> None:
    pattern = _BY_NAME["ReceiveReleaseFunction"].events["Release"]["Pattern"]

    assert pattern["detail"]["bucket"]["name"] == [
        {"Fn::If": ["MakesModelBucket", {"Ref": "ModelBucket"}, {"Ref": "ModelBucketName"}]}
    ]
    assert pattern["detail"]["object"]["key"] == [{"wildcard": f"releases/*/*/{FILE_NAME}"}]


def test_only_an_alarm_that_goes_red_wakes() -> None:
    pattern = _BY_NAME["WakeUpdateFunction"].events["Alarm"]["Pattern"]

    assert pattern["detail"] == {
        "alarmName": [
            {"prefix": ALARM_PREFIX},
            {
                "Fn::If": [
                    "HasAlarmNamePrefix",
                    {"prefix": {"Ref": "AlarmNamePrefix"}},
                    {"exists": True},
                ]
            },
        ],
        "state": {"value": [AlarmState.ALARM]},
    }


def test_the_table_has_the_index_that_the_ledger_reads() -> None:
    always, if_asked = resources("AWS::DynamoDB::Table")["LedgerTable"]["GlobalSecondaryIndexes"]

    assert (always["IndexName"], always["Projection"]["NonKeyAttributes"]) == (BY_START, ["listed"])
    assert if_asked["Fn::If"][0] == "KeepsOldLedgerIndex"


@pytest.mark.parametrize("name", ["LedgerTable", "ModelBucket"])
def test_what_people_put_in_outlives_the_stack(name: str) -> None:
    resource = template()["Resources"][name]

    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_the_dashboard_draws_the_five_metrics_under_their_true_names() -> None:
    body = resources("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"]
    widgets = json.loads(body.replace("${AWS::Region}", "us-east-1"))["widgets"]
    searches = " ".join(
        entry[0]["expression"] for widget in widgets for entry in widget["properties"]["metrics"]
    )

    drawn = {
        metric: f'MetricName="{metric}"' in searches
        for metric in (
            "ModelLatency",
            "Invocations",
            "Invocation5XXErrors",
            "InvocationModelErrors",
            "GPUUtilization",
            "GPUMemoryUtilization",
        )
    }

    assert all(drawn.values()), drawn


def test_outputs_are_what_the_cli_looks_for() -> None:
    promised = {
        "TableName",
        "BucketName",
        "StateMachineArn",
        "TopicArn",
        "ChatTopicArn",
        "DeadLettersUrl",
        "ScheduleGroupName",
        "DashboardUrl",
        "DecideUrl",
        "VouchUrl",
    }

    assert set(template()["Outputs"]) == promised


def test_each_place_to_deploy_to_is_its_own_stack_with_known_parameters() -> None:
    stacks = {entry["global"]["parameters"]["stack_name"] for entry in _PLACES.values()}
    overridden = {name for place in _PLACES for name in _overrides(place)}

    assert set(_PLACES) == {"default", "staging", "production"}
    assert len(stacks) == len(_PLACES)
    assert overridden <= set(template()["Parameters"])
    assert _PLACES["production"]["deploy"]["parameters"]["confirm_changeset"] is True


@pytest.mark.parametrize("parameter", ["EndpointPattern", "ModelExecutionRoleName"])
def test_how_far_production_reaches_is_said_by_whoever_deploys_it(parameter: str) -> None:
    assert "Default" not in template()["Parameters"][parameter]
    assert parameter in _overrides("default")
    assert parameter in _overrides("staging")
    assert parameter not in _overrides("production")


def test_production_keeps_its_ledger() -> None:
    assert _overrides("production")["DeletionProtection"] == "on"


def _overrides(place: str) -> dict[str, str]:
    pairs = _PLACES[place]["deploy"]["parameters"]["parameter_overrides"]
    return dict(pair.split("=", 1) for pair in pairs)
