"""What a chat channel is told of an update: one thread, with a message per stage, question and outcome.

A message never holds a task token, a secret or a signed link: every member of the channel reads the
message. It uses code marks and bullets only, because Slack and Teams read other marks differently.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from switchover.domain.approvals.four_eyes import say_offerers
from switchover.domain.outcome import Outcome
from switchover.domain.plain_text import for_message, one_line
from switchover.domain.update.approval import Gate
from switchover.explain.account import tell_ending
from switchover.explain.advice import Step, advise
from switchover.explain.chat_message import (
    LONGEST_KEYWORD,
    LONGEST_STEP,
    LONGEST_SUMMARY,
    LONGEST_TITLE,
    MOST_STEPS,
    ChatMessage,
    Content,
    Metadata,
    fit_line,
    fit_lines,
)
from switchover.explain.chat_stages import find_stage, is_true_of, name_event, say_stage, tell_stage
from switchover.explain.waits import find_wait

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from switchover.domain.update.records import Moment
    from switchover.domain.update.update import Update
    from switchover.explain.waits import Wait

# The keys that a button looks for (template.yaml, AWS::Chatbot::CustomAction).
UPDATE_ID = "updateId"
OFFERS = ("abort", "approve", "promote", "rollback")


@dataclass(frozen=True, slots=True)
class Buttons:
    """Whether messages offer buttons at all, and whether one of them may approve."""

    are_on: bool
    may_approve: bool


@dataclass(frozen=True, slots=True)
class Announced:
    """An announcement that was sent to people: of an outcome, or of a question."""

    update_id: str
    endpoint: str
    state: str
    subject: str


def tell_announced(said: Announced, update: Update | None, buttons: Buttons) -> ChatMessage | None:
    """The chat form of an announcement; None if it asks a question that is answered by now.

    If the ledger's record doesn't hold the announced outcome, the subject alone is told.
    """
    if said.state not in set(Outcome):
        wait = find_wait(update) if update else None
        return _ask(update, wait, said, buttons) if update and wait else None
    if update is None or update.outcome != said.state:
        return _tell_bare(said, buttons)
    can_go_back = update.outcome is Outcome.UPDATED
    return _write(
        update,
        event=said.state,
        state=said.state,
        lines=tell_ending(update),
        steps=(*advise(update), _explain(update.update_id)),
        keywords=(said.state,),
        offers=_offer(buttons, rollback=can_go_back),
        has_buttons=buttons.are_on,
    )


def tell_moment(update: Update, moment: Moment, entry: str, buttons: Buttons) -> ChatMessage | None:
    """The chat form of an entry of the timeline; None for an entry that chat leaves out.

    `entry` is the key of the entry in the ledger.
    """
    stage = find_stage(moment)
    if stage is None or update.plan is None or not is_true_of(stage, update, moment):
        return None
    return _write(
        update,
        event=name_event(stage, entry),
        state=say_stage(stage, update, moment),
        lines=map(for_message, tell_stage(stage, update, moment)),
        steps=(Step(text="Follow the update:", command=f"switchover watch {update.endpoint}"),),
        keywords=(stage.value,),
        offers=_offer(buttons, abort=not update.is_ending),
        has_buttons=buttons.are_on,
    )


def _ask(update: Update, wait: Wait, said: Announced, buttons: Buttons) -> ChatMessage:
    may_approve = buttons.may_approve and not update.planned.approval.four_eyes
    return _write(
        update,
        event=f"{said.state}-{wait.asked_at:%Y%m%dT%H%M%S}" if wait.asked_at else said.state,
        state=f"waits for a person ({wait.gate.value})",
        lines=map(for_message, _say_question(update, wait)),
        steps=(
            Step(text="Yes:", command=wait.yes),
            Step(text="No:", command=wait.no),
            _explain(update.update_id),
        ),
        keywords=("approval wanted",),
        offers=_offer(
            buttons,
            abort=True,
            approve=may_approve and wait.gate is Gate.START,
            promote=may_approve and wait.gate is Gate.PROMOTION,
        ),
        has_buttons=buttons.are_on,
    )


def _say_question(update: Update, wait: Wait) -> Iterator[str]:
    yield wait.question
    for reason in wait.reasons:
        yield f"- {reason.subject}: {reason.message}"
        yield f"→ {reason.remedy}"
    yield f"Offered by: {say_offerers(update.offered_by)}."
    if update.planned.approval.four_eyes:
        yield "A person who offered the update may not approve it. Only `switchover approve` counts."
    until = f"Until {wait.until:%Y-%m-%d %H:%M} UTC. " if wait.until else ""
    yield f"{until}{wait.silence}"


def _tell_bare(said: Announced, buttons: Buttons) -> ChatMessage:
    """An announcement without its account: the ledger's record is gone, unreadable, or says otherwise."""
    lines = (
        for_message(said.subject),
        "The ledger's record of the update doesn't hold this outcome. The mail to subscribers has more.",
    )
    return ChatMessage(
        id=f"{said.update_id}/{said.state}",
        content=Content(
            title=fit_line(f"{said.state}: {_plain(said.endpoint)}", LONGEST_TITLE),
            description=fit_lines(lines),
            next_steps=(_write_step(_explain(said.update_id), said.update_id),),
            keywords=_keywords(said.endpoint, said.state),
        ),
        metadata=Metadata(
            thread_id=said.update_id,
            summary=fit_line(f"{_plain(said.endpoint)}: {said.state}", LONGEST_SUMMARY),
            enable_custom_actions=buttons.are_on,
            additional_context={UPDATE_ID: said.update_id},
        ),
    )


def _write(
    update: Update,
    *,
    event: str,
    state: str,
    lines: Iterable[str],
    steps: tuple[Step, ...],
    keywords: tuple[str, ...],
    offers: dict[str, str],
    has_buttons: bool,
) -> ChatMessage:
    name = " ".join(filter(None, (_plain(update.endpoint), _plain(update.version))))
    written = tuple(_write_step(step, update.update_id) for step in steps)
    return ChatMessage(
        id=f"{update.update_id}/{event}",
        content=Content(
            title=fit_line(f"{state[:1].upper()}{state[1:]}: {name}", LONGEST_TITLE),
            description=fit_lines(tuple(_unmark(line) for line in lines)),
            next_steps=(*written[: MOST_STEPS - 1], *written[MOST_STEPS - 1 :][-1:]),
            keywords=_keywords(update.endpoint, *keywords),
        ),
        metadata=Metadata(
            thread_id=update.update_id,
            summary=fit_line(f"{name}: {state}", LONGEST_SUMMARY),
            enable_custom_actions=has_buttons,
            additional_context={
                UPDATE_ID: update.update_id,
                "endpoint": _plain(update.endpoint),
                **offers,
            },
        ),
    )


def _explain(update_id: str) -> Step:
    return Step(text="More:", command=f"switchover explain {update_id}")


def _write_step(step: Step, update_id: str) -> str:
    """A step with its command as code. A command that doesn't fit is printed by `switchover explain`."""
    text = _unmark(for_message(step.text))
    if not step.command:
        return fit_line(text, LONGEST_STEP)
    written = f"{text} `{one_line(step.command)}`"
    if len(written) <= LONGEST_STEP:
        return written
    shown_by = f"The whole command: `switchover explain {update_id}`"
    return f"{fit_line(text, LONGEST_STEP - len(shown_by) - 1)} {shown_by}"


def _offer(buttons: Buttons, **offered: bool) -> dict[str, str]:
    """The buttons that make sense under a message. A button is shown where its key has a value."""
    return {name: "yes" for name in OFFERS if buttons.are_on and offered.get(name)}


def _keywords(*words: str) -> tuple[str, ...]:
    return tuple(fit_line(_plain(word), LONGEST_KEYWORD) for word in words if word)


def _plain(text: str) -> str:
    return _unmark(for_message(text))


def _unmark(line: str) -> str:
    """A line in which Teams finds no link with a text of its own, and a code mark has its partner."""
    loose = line.replace("](", "] (")
    return loose if loose.count("`") % 2 == 0 else loose.replace("`", "'")
