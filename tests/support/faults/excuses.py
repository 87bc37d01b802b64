"""Which invariants can't be kept under which fault; docs/faults.md has each in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.faults.kinds import Failure, Fault, Kind, LateAct, Storm
from tests.support.faults.people import Outside

if TYPE_CHECKING:
    from tests.support.faults.injected import Call, Tap
    from tests.support.faults.stories import Story

# The invariants of each function: if it fails for ever, they can't be kept, and a person must be
# notified.
_KEEPERS = {
    "ObserveUpdateFunction": frozenset({"settled"}),
    # After a failed redeploy there may be no endpoint whose capacity could be restored.
    "RollBackFunction": frozenset({"settled", "capacity restored"}),
    "RestoreCapacityFunction": frozenset({"settled", "capacity restored"}),
    "RecordOutcomeFunction": frozenset(
        {"settled", "recorded", "claim released", "alarms removed", "watch ended"}
    ),
    "AnnounceFunction": frozenset({"told", "told once"}),
}
# The functions that recover an update whose execution was stopped from outside.
_RECOVERERS = {"ClaimEndpointFunction": frozenset({"settled"})}
# While StartExecution is refused, no recovery starts. CleanUp and the check every 15 minutes try a few
# times each, so 200 refusals in a row last most of a day.
_NOT_RECOVERED_YET = frozenset(
    {"recorded", "claim released", "alarms removed", "capacity restored"}
)
_LONG_STORM = 200
# Neither SNS nor EventBridge accepts a key to recognise a repeated message.
_DOUBLED = frozenset({"told once"})
# An alarm that stays in the ledger costs one reading when it goes red; no outcome fails because of it.
_NOT_STRUCK_OFF = frozenset({"watch ended"})


# The invariants that are lost by each deletion or change from outside.
_OUTSIDE = {
    "update deleted": frozenset({"settled", "capacity restored"}),
    "previous config deleted": frozenset({"rollback possible"}),
    "previous model deleted": frozenset({"rollback possible", "settled"}),
    "scaling deregistered": frozenset({"capacity restored"}),
    "endpoint deleted": frozenset({"settled", "capacity restored", "unnoticed"}),
    "endpoint updated": frozenset({"settled"}),
}
# Recoveries continue a rollback that left no endpoint, and hold the claim meanwhile.
_STILL_RECOVERED = frozenset({"claim released"})
# A redeploy that can't be rolled back without the model leaves no endpoint.
_NOTHING_TO_SCALE = frozenset({"capacity restored"})
_LATER = frozenset(
    {"recorded", "true", "settled", "capacity restored", "rollback possible", "unnoticed"}
)


def tell_excuses() -> dict[str, frozenset[str]]:
    """Every excuse, by the words for its fault in docs/faults.md."""
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
    """The invariants that can't be kept under the faults of a run."""
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
