"""Which invariants nobody could keep under which fault; docs/faults.md says each in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.faults.kinds import Failure, Fault, Kind, LateAct, Storm
from tests.support.faults.people import Outside

if TYPE_CHECKING:
    from tests.support.faults.injected import Call, Tap
    from tests.support.faults.stories import Story

# What keeps an invariant, by function: without it for ever, the invariant can't be kept, and a person
# has to be told so.
_KEEPERS = {
    "ObserveUpdateFunction": frozenset({"settled"}),
    # Where the endpoint had to be made again, there is nothing left whose capacity could be restored.
    "RollBackFunction": frozenset({"settled", "capacity restored"}),
    "RestoreCapacityFunction": frozenset({"settled", "capacity restored"}),
    "RecordOutcomeFunction": frozenset(
        {"settled", "recorded", "claim released", "alarms removed", "watch ended"}
    ),
    "AnnounceFunction": frozenset({"told", "told once"}),
}
# What takes up an update whose execution was stopped from outside.
_RECOVERERS = {"ClaimEndpointFunction": frozenset({"settled"})}
# While StartExecution answers nothing, no recovery starts. CleanUp and the look every 15 minutes ask
# a few times each, so that 200 refusals in a row last most of a day.
_NOT_RECOVERED_YET = frozenset(
    {"recorded", "claim released", "alarms removed", "capacity restored"}
)
_LONG_STORM = 200
# Neither SNS nor EventBridge takes a key by which it would know the same message again.
_DOUBLED = frozenset({"told once"})
# An alarm that stays in the ledger costs one look when it goes red: no outcome fails for that.
_NOT_STRUCK_OFF = frozenset({"watch ended"})


# Of what is deleted or changed from outside, what it takes with it.
_OUTSIDE = {
    "update deleted": frozenset({"settled", "capacity restored"}),
    "previous config deleted": frozenset({"rollback possible"}),
    "previous model deleted": frozenset({"rollback possible", "settled"}),
    "scaling deregistered": frozenset({"capacity restored"}),
    "endpoint deleted": frozenset({"settled", "capacity restored", "unnoticed"}),
    "endpoint updated": frozenset({"settled"}),
}
# Recoveries go on with a way back that left no endpoint, and hold the claim meanwhile.
_STILL_RECOVERED = frozenset({"claim released"})
# A redeploy that can't go back for want of the model leaves no endpoint.
_NOTHING_TO_SCALE = frozenset({"capacity restored"})
_LATER = frozenset(
    {"recorded", "true", "settled", "capacity restored", "rollback possible", "unnoticed"}
)


def tell_excuses() -> dict[str, frozenset[str]]:
    """Every excuse there is, by the words of docs/faults.md for its fault."""
    return {
        **{f"{_state(name)} fails for ever": kept for name, kept in _KEEPERS.items()},
        **{
            f"{_state(name)} fails for ever, and an execution was stopped": kept
            for name, kept in _RECOVERERS.items()
        },
        "RollBack fails for ever, in a redeploy": _STILL_RECOVERED,
        **{f"{thing} by somebody": kept for thing, kept in _OUTSIDE.items()},
        "previous model deleted by somebody, in a redeploy": _NOTHING_TO_SCALE,
        "deleted or changed after the outcome's reading": _LATER,
        "the announcement's own answer is lost": _DOUBLED,
        "Announce is given up while it notes that it told": _DOUBLED,
        "RecordOutcome can't remove the record of an own alarm": _NOT_STRUCK_OFF,
        "StartExecution is throttled 200 times while a recovery is due": _NOT_RECOVERED_YET,
    }


def _state(function: str) -> str:
    return function.removesuffix("Function")


def excused_by(tap: Tap, story: Story) -> frozenset[str]:
    """The invariants that nobody could keep under the faults of a run."""
    excused = (_excused_by(fault, story) for fault in tap.faults)
    return frozenset().union(*excused, _LATER if tap.is_touched_after else ())


def _excused_by(fault: Fault, story: Story) -> frozenset[str]:
    match fault:
        case Failure(is_for_ever=True):
            keepers = {**_KEEPERS, **(_RECOVERERS if story.is_stopped else {})}
            kept = keepers.get(fault.call.function, frozenset())
            is_cut_off = story.has_downtime and fault.call.function == "RollBackFunction"
            return kept | _STILL_RECOVERED if is_cut_off else kept
        case Failure(kind=Kind.LOST_ANSWER) | LateAct() if fault.call.service in {"sns", "events"}:
            return _DOUBLED
        case LateAct() if _is_note_of_telling(fault.call):
            return _DOUBLED
        case Storm(throttles=throttles) if throttles >= _LONG_STORM and _starts_recovery(
            fault.call
        ):
            return _NOT_RECOVERED_YET if story.is_stopped else frozenset()
        case Failure() if _strikes_off(fault.call):
            return _NOT_STRUCK_OFF
        case Outside(thing="previous model deleted") if story.has_downtime:
            return _OUTSIDE[fault.thing] | _NOTHING_TO_SCALE
        case Outside():
            return _OUTSIDE.get(fault.thing, frozenset())
    return frozenset()


def _is_note_of_telling(call: Call) -> bool:
    return (call.function, call.operation) == ("AnnounceFunction", "UpdateItem")


def _strikes_off(call: Call) -> bool:
    return (call.function, call.operation) == ("RecordOutcomeFunction", "DeleteItem")


def _starts_recovery(call: Call) -> bool:
    return (call.function, call.operation) == ("CleanUpFunction", "StartExecution")
