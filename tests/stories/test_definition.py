"""Rules for the definition itself, independent of a run."""

from __future__ import annotations

import importlib.util
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.support.answers import answers_before, compared_by
from tests.support.definition import (
    FILE,
    GUARD_FILE,
    Choice,
    Definition,
    Fail,
    NotModelled,
    Retrier,
    Succeed,
    Task,
    check_expression,
    expressions,
    read_definition,
)
from tests.support.template import read_template

from switchover.domain.errors import NoAnswer, NotAsked
from switchover.domain.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

_DEFINITION = read_definition()
_RAW: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))
_TASKS = {name: state for name, state in _DEFINITION.states.items() if isinstance(state, Task)}
_CHOICES = {name: state for name, state in _DEFINITION.states.items() if isinstance(state, Choice)}
_OUTCOMES = {"Updated", "RolledBack", "Rejected", "Queued", "Superseded", "NeedsOperator"}
# Of an execution that has no update to carry: another one has it.
_NO_OUTCOME = {"Repeated"}
# These wait for a person.
_ASKING = {"RequestApproval", "RequestPromotion"}
# Lambda's own troubles (rules §6); a storm at AWS, which may last an hour; then whatever a handler
# raised: it may be safe the next time.
_RETRY = (
    Retrier(
        error_equals=(
            "Lambda.ServiceException",
            "Lambda.AWSLambdaException",
            "Lambda.SdkClientException",
            "Lambda.ClientExecutionTimeoutException",
            "Lambda.TooManyRequestsException",
        ),
        interval_seconds=1,
        backoff_rate=2,
        max_attempts=6,
        max_delay_seconds=30,
        jitter_strategy="FULL",
    ),
    Retrier(
        error_equals=(NoAnswer.__name__,),
        interval_seconds=5,
        backoff_rate=2,
        max_attempts=240,
        max_delay_seconds=30,
        jitter_strategy="FULL",
    ),
    Retrier(
        error_equals=("States.TaskFailed",),
        interval_seconds=2,
        backoff_rate=2,
        max_attempts=3,
        max_delay_seconds=30,
        jitter_strategy="FULL",
    ),
)
# Nothing else tells an outcome, and nothing waits for it to be told: so it is tried for hours.
_TELLING_RETRY = (
    *_RETRY[:2],
    _RETRY[2].model_copy(update={"max_attempts": 60, "max_delay_seconds": 300}),
)
# A report can be made later by anybody: what its function fails of leads on to the announcement.
_REPORT_RETRY = _RETRY[:1]
# A person's no may come as an error of any name, and nobody is asked the same question twice: so that
# only what the function itself fails of is retried, with the same patience.
_ASKING_RETRY = (
    *_RETRY[:2],
    _RETRY[2].model_copy(
        update={
            "error_equals": (
                NotAsked.__name__,
                "Lambda.Unknown",
                "Sandbox.Timedout",
                "Runtime.ExitError",
            )
        }
    ),
)
# What else a look may say.
_ASTRAY = frozenset({"rolled_back", "mixed", "failed", "overdue", "unheeded"})
# The answers that each Choice leaves to its Default, the safe path.
_BY_DEFAULT = {
    "IsClaimed": {"queued", "superseded", "rejected", "updated"},
    "IsCopied": {"rejected"},
    "IsPlanned": {"queued", "rejected"},
    "IsApproved": {"not_approved"},
    "IsCreated": {"refused"},
    "IsProtected": {"refused"},
    "IsRaised": {*_ASTRAY, "deleting", "gone"},
    "IsStarted": {"refused"},
    "IsUpdated": _ASTRAY,
    "HasPassed": {"failed"},
    "IsHealthy": {*_ASTRAY, "deleting", "gone"},
    "IsBack": {"confirmed", "settled", "gave_up"},
    "IsDeleting": {*_ASTRAY, "moving", "updated", "gone"},
    "IsRestored": {*_ASTRAY, "untouched", "restored", "missed", "deleting", "gone"},
    "IsRecorded": set(Outcome),
}
_KEY_ORDER = (
    "Comment", "Type", "Resource", "Seconds", "TimeoutSeconds", "Arguments", "Assign", "Retry", "Catch",
    "Choices", "Default", "Error", "Cause", "Next",
)  # fmt: skip


def _reachable(
    definition: Definition, without: AbstractSet[str] = frozenset(), start: str | None = None
) -> set[str]:
    seen: set[str] = set()
    ahead = [start or definition.start_at]
    while ahead:
        name = ahead.pop()
        if name not in seen and name not in without:
            seen.add(name)
            ahead += definition.successors(name)
    return seen


def test_every_state_can_be_reached() -> None:
    assert _reachable(_DEFINITION) == set(_DEFINITION.states)


@pytest.mark.parametrize("name", _DEFINITION.states)
def test_a_state_leads_only_to_states_that_exist(name: str) -> None:
    assert set(_DEFINITION.successors(name)) <= set(_DEFINITION.states)


@pytest.mark.parametrize("name", ["RestoreCapacity", "RecordOutcome", "Announce"])
def test_no_path_ends_without_passing(name: str) -> None:
    assert not _reachable(_DEFINITION, without={name}) & _OUTCOMES


@pytest.mark.parametrize(
    ("later", "earlier"), [("RecordOutcome", "RestoreCapacity"), ("Announce", "RecordOutcome")]
)
def test_the_end_of_every_path_keeps_its_order(later: str, earlier: str) -> None:
    assert earlier not in _reachable(_DEFINITION, start=later)


def test_an_execution_without_an_update_touches_nothing() -> None:
    ahead = _reachable(_DEFINITION, without={"IsInPlace", "RollBack", "RestoreCapacity"})

    assert ahead == {"ClaimEndpoint", "IsClaimed", *_NO_OUTCOME}


def test_every_end_is_named_after_an_outcome() -> None:
    ends = {name for name, state in _DEFINITION.states.items() if isinstance(state, Succeed | Fail)}

    assert ends == _OUTCOMES | _NO_OUTCOME
    assert set(_DEFINITION.successors("WhichOutcome")) == _OUTCOMES


@pytest.mark.parametrize("name", _CHOICES)
def test_a_choice_in_doubt_takes_the_safe_path(name: str) -> None:
    assert _CHOICES[name].default in {
        "RestoreCapacity",
        "RollBack",
        "RecordOutcome",
        "NeedsOperator",
        "WriteReport",
        # Where a release's files are in doubt, CopyRelease reads where they are.
        "CopyRelease",
    }


def test_a_choice_compares_one_value_with_one_word() -> None:
    conditions = [rule.condition for choice in _CHOICES.values() for rule in choice.choices]

    assert all(
        re.fullmatch(r"\{% \$\w+(\.verdict|\.outcome)? = '\w+' %\}", condition)
        for condition in conditions
    )


def test_every_choice_of_a_verdict_says_what_its_default_takes() -> None:
    # WhichOutcome reads the outcome that RecordOutcome named, IsInPlace what ClaimEndpoint carried.
    assert set(_BY_DEFAULT) == set(_CHOICES) - {"WhichOutcome", "IsInPlace"}


@pytest.mark.parametrize("choice", _BY_DEFAULT)
def test_a_choice_compares_only_what_its_states_can_answer(choice: str) -> None:
    assert compared_by(choice) - answers_before(choice) == set()


@pytest.mark.parametrize("choice", _BY_DEFAULT)
def test_an_answer_that_a_choice_does_not_name_is_meant_for_its_default(choice: str) -> None:
    assert answers_before(choice) - compared_by(choice) == _BY_DEFAULT[choice]


@pytest.mark.parametrize("name", _TASKS)
def test_a_task_has_a_timeout_that_ends(name: str) -> None:
    assert 0 < _TASKS[name].timeout_seconds <= 86_400


@pytest.mark.parametrize("name", _TASKS)
def test_a_task_is_retried_like_every_other(name: str) -> None:
    # YAML aliases would say this by themselves, but Step Functions refuses them.
    own = {
        **dict.fromkeys(_ASKING, _ASKING_RETRY),
        "WriteReport": _REPORT_RETRY,
        "Announce": _TELLING_RETRY,
    }
    assert _TASKS[name].retry == own.get(name, _RETRY)


@pytest.mark.parametrize("name", _TASKS)
def test_a_task_catches_everything_last(name: str) -> None:
    assert _TASKS[name].catch[-1].error_equals == ("States.ALL",)


@pytest.mark.parametrize("name", _TASKS)
def test_a_caught_error_is_never_success(name: str) -> None:
    endings = [catcher.assign.get("ending") for catcher in _TASKS[name].catch]

    assert all(
        ending["verdict"] in {"crashed", "rejected"}
        for ending in endings
        if isinstance(ending, dict)
    )


@pytest.mark.parametrize("name", _TASKS)
def test_a_crash_names_its_own_state(name: str) -> None:
    endings = [catcher.assign.get("ending") for catcher in _TASKS[name].catch]

    assert {
        ending["crashed_in"]
        for ending in endings
        if isinstance(ending, dict) and ending["verdict"] == "crashed"
    } <= {name}


@pytest.mark.parametrize("name", _DEFINITION.states)
def test_a_state_says_in_one_sentence_why_it_exists(name: str) -> None:
    assert re.fullmatch(r"[A-Z0-9][^.]+\.", _DEFINITION.states[name].comment)


@pytest.mark.parametrize("name", _CHOICES)
def test_a_choice_is_named_after_its_question(name: str) -> None:
    assert re.match(r"(Is|Has|Which)[A-Z]", name)


@pytest.mark.parametrize("name", _DEFINITION.states)
def test_a_state_keeps_the_order_of_keys(name: str) -> None:
    keys = list(_RAW["States"][name])

    assert keys == sorted(keys, key=_KEY_ORDER.index)


def test_no_alias_stands_for_a_repeated_block() -> None:
    # Step Functions refuses the definition then (aws-cloudformation/cfn-language-discussion, issue 49).
    events = yaml.parse(FILE.read_text("utf-8"), yaml.SafeLoader)
    aliases = [event for event in events if isinstance(event, yaml.AliasEvent)]

    assert aliases == []


def test_no_partition_is_written_out() -> None:
    assert "arn:aws" not in FILE.read_text("utf-8")


@pytest.mark.parametrize("expression", sorted(set(expressions(_RAW))))
def test_an_expression_is_sound(expression: str) -> None:
    check_expression(expression)


def test_an_unknown_context_path_is_refused() -> None:
    with pytest.raises(NotModelled, match="StateMachine"):
        check_expression("$states.context.StateMachine.Id")


def test_an_unknown_function_is_refused() -> None:
    with pytest.raises(NotModelled, match="knows no JSONata function"):
        check_expression("$uuid()")


@pytest.mark.parametrize("name", _TASKS)
def test_a_task_runs_the_function_of_its_name(name: str) -> None:
    # The waiting tasks ask one question, so they share one function.
    own = "ObserveUpdate" if "waitForTaskToken" in _TASKS[name].resource else name
    own = "RequestApproval" if name in _ASKING else own

    module = read_template().functions[f"{own}Function"]

    assert module == re.sub(r"(?<!^)(?=[A-Z])", "_", own).lower()
    assert f"${{{own}FunctionArn}}" in yaml.safe_dump(_RAW["States"][name])
    assert importlib.util.find_spec(f"functions.{module}") is not None


def test_every_substitution_is_used_and_none_is_missing() -> None:
    texts = FILE.read_text("utf-8") + GUARD_FILE.read_text("utf-8")
    used = set(re.findall(r"\$\{(\w+)\}", texts))

    assert used == set(read_template().substitutions)
