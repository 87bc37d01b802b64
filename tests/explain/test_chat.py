"""Messages for chat keep to Amazon Q's schema, belong to one thread and hold no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.support.samples import OLD, amend_plan, later, plan, reason, update

from switchover.domain.fleet import CapacitySnapshot, EndpointStatus, ScalingReading
from switchover.domain.outcome import Outcome
from switchover.domain.serving import Serving
from switchover.domain.update.approval import Gate, Question
from switchover.domain.update.records import Evidence, Moment
from switchover.explain.chat import Announced, Buttons, tell_announced, tell_moment
from switchover.explain.chat_message import fit_lines

if TYPE_CHECKING:
    from switchover.domain.reasons import Reason
    from switchover.domain.update.update import Update
    from switchover.explain.chat_message import ChatMessage

# Source: Administrator Guide, "Custom notifications": the fields, and the lengths in characters. The page
# doesn't forbid other keys; no message has one.
_SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["version", "source", "content"],
    "properties": {
        "version": {"const": "1.0"},
        "source": {"const": "custom"},
        "id": {"type": "string"},
        "content": {
            "type": "object",
            "additionalProperties": False,
            "required": ["description"],
            "properties": {
                "textType": {"const": "client-markdown"},
                "title": {"type": "string", "maxLength": 250},
                "description": {"type": "string", "minLength": 1, "maxLength": 8000},
                "nextSteps": {"type": "array", "items": {"type": "string", "maxLength": 350}},
                "keywords": {"type": "array", "items": {"type": "string", "maxLength": 75}},
            },
        },
        "metadata": {
            "type": "object",
            "additionalProperties": False,
            "required": ["threadId", "summary"],
            "properties": {
                "threadId": {"type": "string", "minLength": 1},
                "summary": {"type": "string", "minLength": 1, "pattern": "^[^\n]*$"},
                "additionalContext": {
                    "type": "object",
                    "additionalProperties": {"type": "string"},
                },
                "enableCustomActions": {"type": "boolean"},
            },
        },
    },
}
_VALID = Draft202012Validator(_SCHEMA)
_SILENT = Buttons(are_on=False, may_approve=False)
_ALL = Buttons(are_on=True, may_approve=True)
_TOKEN = "task-token-1"  # noqa: S105
_FEW = settings(max_examples=20, deadline=None, phases=[Phase.explicit, Phase.generate])


def _ended(outcome: Outcome = Outcome.ROLLED_BACK, **changes: Any) -> Update:
    return update(
        **{
            "outcome": outcome,
            "summary": "chat is back on v1 (chat-v1), not on v2.",
            "ended_at": later(600),
            "plan": plan(),
            "task_token": _TOKEN,
            **changes,
        }
    )


def _asking(gate: Gate = Gate.START, **changes: Any) -> Update:
    question = Question(gate=gate, asked_at=later(10), until=later(3610), reasons=(reason(),))
    return update(
        **{
            "plan": plan(),
            "task_token": _TOKEN,
            "awaited": gate.value,
            "question": question,
            **changes,
        }
    )


def _said(told: Update, state: str) -> Announced:
    return Announced(told.update_id, told.endpoint, state, f"{state}: {told.endpoint}")


def _tell_end(told: Update, buttons: Buttons = _SILENT) -> ChatMessage:
    assert told.outcome is not None
    message = tell_announced(_said(told, told.outcome.value), told, buttons)
    assert message is not None
    return message


def _ask(told: Update, buttons: Buttons = _SILENT) -> ChatMessage:
    message = tell_announced(_said(told, "ApprovalRequested"), told, buttons)
    assert message is not None
    return message


def _stage(text: str, state: str = "AwaitOutcome", **changes: Any) -> ChatMessage | None:
    moment = Moment(at=later(60), state=state, text=text, old_instances=3, new_instances=1)
    return tell_moment(update(plan=plan(), **changes), moment, "12:01#000001#ab", _SILENT)


def _faults(message: ChatMessage) -> list[str]:
    body = message.model_dump(mode="json", by_alias=True)
    return [error.message for error in _VALID.iter_errors(body)]


def _texts(message: ChatMessage) -> list[str]:
    content = message.content
    return [content.title, *content.description.splitlines(), *content.next_steps]


_SERVING = Serving(status=EndpointStatus.IN_SERVICE, config_name=OLD, version="v1", instances=4)
_HEAD = "chat is back on v1 (chat-v1), not on v2."
_SERVES = "Serves now: v1 (chat-v1), 4 instances (at 12:10:00 UTC)."
_MORE = "More: `switchover explain chat-v2-0a1b2c3d`"
_START = "`switchover start --endpoint chat --version v2`"
_DESCRIBE = "`aws sagemaker describe-endpoint --endpoint-name chat`"
_GOLDEN = {
    Outcome.UPDATED: [
        _HEAD,
        "Proven by the serving config; the model itself was not asked for its name.",
        "Why: file: field: is wrong.",
        _SERVES,
        _MORE,
    ],
    Outcome.ROLLED_BACK: [
        _HEAD,
        "Why: file: field: is wrong.",
        _SERVES,
        "Mend it.",
        f"v2 may start again: {_START}",
        _MORE,
    ],
    Outcome.REJECTED: [
        _HEAD,
        "- file: field: is wrong.",
        "→ Mend it.",
        "Correct the faults above.",
        f"Then start the release again, without a new upload: {_START}",
        _MORE,
    ],
    Outcome.QUEUED: [
        _HEAD,
        "- file: field: is wrong.",
        "→ Mend it.",
        "The update starts when its turn comes. See the queue: `switchover queue chat`",
        _MORE,
    ],
    Outcome.SUPERSEDED: [_HEAD, "- file: field: is wrong.", "Mend it.", _MORE],
    Outcome.NEEDS_OPERATOR: [
        _HEAD,
        "Why: file: field: is wrong.",
        _SERVES,
        f"The config's name alone doesn't prove which model serves. Check: {_DESCRIBE}",
        _MORE,
    ],
}


@pytest.mark.parametrize("outcome", list(Outcome))
def test_each_outcome_is_told_in_these_words(outcome: Outcome) -> None:
    message = _tell_end(_ended(outcome, reasons=(reason(),), serving=_SERVING))

    assert _texts(message) == [f"{outcome.value}: chat v2", *_GOLDEN[outcome]]
    assert message.metadata.summary == f"chat v2: {outcome.value}"
    assert message.content.keywords == ("chat", outcome.value)
    assert _faults(message) == []


@pytest.mark.parametrize(
    ("state", "text", "told"),
    [
        (
            "AwaitOutcome",
            "Launching 4 instance(s).",
            [
                "Started: chat v2",
                "From v1 to v2 by rolling: 4 instances in steps of 2, about 22 min.",
            ],
        ),
        (
            "AwaitOutcome",
            "Baking for 600 seconds (x).",
            [
                "Baking for 10 min, 1 new instance: chat v2",
                "SageMaker says: Baking for 600 seconds (x).",
                "Old fleet: 3 instances; new fleet: 1 instance.",
                "A red alarm now rolls the update back.",
            ],
        ),
        (
            "AwaitOutcome",
            "Baking for 600 seconds (x). Red: switchover/chat/c/5xx, own.",
            [
                "Alarm red: chat v2",
                "Alarms 5xx, own went red while the update was under way.",
                "SageMaker rolls back if an alarm is red during a bake. The outcome follows here.",
            ],
        ),
        (
            "AwaitOutcome",
            f"InService on {plan().target.config}.",
            ["Moved: chat v2", "All traffic goes to v2. Its tests and the watch follow."],
        ),
        (
            "RollBack",
            "Updating back to the previous config: alarm x",
            [
                "Rolling back: chat v2",
                "Back to v1: Updating back to the previous config.",
                "Why: alarm x",
            ],
        ),
        (
            "RollBack",
            "The previous config serves: alarm x",
            [
                "Back on v1: chat v2",
                "v1 serves again. What the update changed is being restored.",
                "Why: alarm x",
            ],
        ),
        ("Abort", "Aborted by x.", ["Abort requested: chat v2", "Aborted by x."]),
        ("RecordApproval", "Approved by x.", ["Answered: chat v2", "Approved by x."]),
    ],
    ids=["start", "bake", "red", "moved", "way back", "back", "abort", "answer"],
)
def test_each_stage_is_told_in_these_words(state: str, text: str, told: list[str]) -> None:
    message = _stage(text, state)

    assert message is not None
    assert _texts(message) == [*told, "Follow the update: `switchover watch chat`"]
    assert message.metadata.thread_id == "chat-v2-0a1b2c3d"
    assert _faults(message) == []


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ("AwaitOutcome", "InService on chat-v1."),
        ("GuardBake", "The new fleet answered 23 requests."),
        ("RecordOutcome", "chat serves v2."),
        ("RequestApproval", "chat wants to move to v2."),
    ],
)
def test_polls_and_what_is_announced_elsewhere_are_left_out(state: str, text: str) -> None:
    assert _stage(text, state) is None


def test_the_start_is_one_event_and_each_bake_another() -> None:
    texts = ("Launching 1.", "Activating traffic.", "Baking for 300 seconds.")

    started, again, baking = (_stage(text) for text in texts)

    assert started is not None
    assert again is not None
    assert baking is not None
    assert started.id == again.id == "chat-v2-0a1b2c3d/started"
    assert baking.id == "chat-v2-0a1b2c3d/baking-12:01#000001#ab"


def test_a_question_says_what_silence_means_and_how_to_answer() -> None:
    message = _ask(_asking())

    assert _texts(message) == [
        "Waits for a person (approval): chat v2",
        "chat wants to move to v2 by rolling: about 22 minutes, at most 6 instances.",
        "- file: field: is wrong.",
        "→ Mend it.",
        "Offered by: not known: no offerer is recorded.",
        "Until 2026-01-05 13:00 UTC. Without an answer, the update is rejected.",
        "Yes: `switchover approve chat`",
        "No: `switchover reject chat --reason '…'`",
        _MORE,
    ]


def test_a_question_that_is_answered_by_now_is_not_told() -> None:
    answered = update(plan=plan())

    assert tell_announced(_said(answered, "ApprovalRequested"), answered, _SILENT) is None


@pytest.mark.parametrize("told", [None, update()], ids=["no record", "a record without outcome"])
def test_an_outcome_without_its_record_is_told_by_its_subject(told: Update | None) -> None:
    said = Announced("chat-v2-0a1b2c3d", "chat", "NeedsOperator", "NeedsOperator: chat is held")

    message = tell_announced(said, told, _SILENT)

    assert message is not None
    assert message.content.description.startswith("NeedsOperator: chat is held\n")
    assert _faults(message) == []


@pytest.mark.parametrize(
    ("message", "offered"),
    [
        (_tell_end(_ended(Outcome.UPDATED), _ALL), {"rollback"}),
        (_tell_end(_ended(), _ALL), set()),
        (_ask(_asking(), _ALL), {"abort", "approve"}),
        (_ask(_asking(Gate.PROMOTION), _ALL), {"abort", "promote"}),
        (_ask(_asking(), Buttons(are_on=True, may_approve=False)), {"abort"}),
        (_ask(_asking(plan=plan(approval={"required": True, "four_eyes": True})), _ALL), {"abort"}),
        (_ask(_asking(), _SILENT), set()),
    ],
    ids=["Updated", "RolledBack", "start", "stay", "no user roles", "four eyes", "buttons off"],
)
def test_a_message_offers_the_buttons_that_can_work(
    message: ChatMessage, offered: set[str]
) -> None:
    context = message.metadata.additional_context

    assert set(context) - {"updateId", "endpoint"} == offered
    assert context["updateId"] == "chat-v2-0a1b2c3d"


def test_buttons_are_shown_only_where_they_are_on() -> None:
    assert _tell_end(_ended(), _ALL).metadata.enable_custom_actions
    assert not _tell_end(_ended(), _SILENT).metadata.enable_custom_actions


def test_a_long_text_ends_with_a_whole_line_and_says_what_is_left_out() -> None:
    cut = fit_lines(tuple(f"line {number}" for number in range(2000)), 8000)

    *kept, last = cut.splitlines()
    assert len(cut) <= 8000
    assert kept[-1] == f"line {len(kept) - 1}"
    left = sum(len(f"line {number}") + 1 for number in range(len(kept), 2000))
    assert last == f"… ({left:,} more characters are left out here)"


def test_one_endless_line_is_cut_too() -> None:
    cut = fit_lines(("x" * 9000,), 8000)

    assert len(cut) <= 8000
    assert cut.endswith("more characters are left out here)")


def test_a_command_that_does_not_fit_is_shown_by_explain() -> None:
    lost = reason("capacity.not-restored")
    long = _ended(
        Outcome.NEEDS_OPERATOR,
        plan=amend_plan(plan(), endpoint="e" * 63, variant="v" * 63),
        reasons=(lost,),
        serving=_SERVING,
        snapshot=CapacitySnapshot(
            desired_instances=4, scaling=ScalingReading(target={"MinCapacity": 1})
        ),
    )

    steps = _tell_end(long).content.next_steps

    assert "The whole command: `switchover explain chat-v2-0a1b2c3d`" in steps[1]
    assert all(len(step) <= 350 for step in steps)


_WORDS = st.text(min_size=1, max_size=400) | st.sampled_from(
    [
        "https://evil.example/?a=b",
        "<!channel> @here",
        "<https://evil.example|safe>",
        "[safe](https://evil.example)",
        "`" * 3,
        "x" * 9000,
        "a\nb\r\n" * 500,
    ]
)
_REASONS = st.lists(
    st.builds(reason, subject=_WORDS, message=_WORDS, remedy=_WORDS), min_size=1, max_size=12
)


@_FEW
@given(st.sampled_from(list(Outcome)), _REASONS, _WORDS, _WORDS)
def test_whatever_others_write_fits_the_schema_and_becomes_no_link_or_call(
    outcome: Outcome, reasons: list[Reason], failure: str, given_reason: str
) -> None:
    told = _ended(
        outcome,
        reasons=tuple(reasons),
        summary=given_reason,
        evidence=Evidence(failure_reason=failure),
        serving=_SERVING,
    )

    message = _tell_end(told, _ALL)

    body = message.write()
    assert _faults(message) == []
    assert len(body.encode()) < 256 * 1024
    assert [mark for mark in ("https://", "<!channel>", "](", _TOKEN) if mark in body] == []


@_FEW
@given(_REASONS, _WORDS, st.sampled_from(list(Gate)))
def test_a_question_with_whatever_reasons_fits_the_schema(
    reasons: list[Reason], offerer: str, gate: Gate
) -> None:
    question = Question(gate=gate, asked_at=later(1), until=later(2), reasons=tuple(reasons) * 3)

    message = _ask(_asking(gate, question=question, offered_by=(offerer,)), _ALL)

    assert _faults(message) == []
    assert [mark for mark in ("https://", "<!channel>", _TOKEN) if mark in message.write()] == []
