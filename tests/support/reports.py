"""What reports are made of, without AWS: an update of each ending, its timeline, its metrics."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Any

from tests.support.golden_samples import golden_request
from tests.support.samples import amend_plan, later, live_release, plan, reason, update

from switchover.domain.evidence import Fleet, Trip
from switchover.domain.fleet import AlarmState, CapacitySnapshot, EndpointStatus, ScalingReading
from switchover.domain.golden.assessing import GoldenVerdict
from switchover.domain.golden.results import GoldenResult
from switchover.domain.naming import alarm_name
from switchover.domain.outcome import Outcome
from switchover.domain.plans.difference import find_difference
from switchover.domain.report.golden import Asked
from switchover.domain.report.making import Gathered
from switchover.domain.report.measurements import Measurements, Metric, Sight
from switchover.domain.report.values import Step
from switchover.domain.serving import Serving
from switchover.domain.update.records import Evidence, Moment

if TYPE_CHECKING:
    from switchover.domain.update.update import Update

PLAN = plan(4, strategy="canary")
TARGET, PREVIOUS = PLAN.target.config, PLAN.previous.config
LATENCY = alarm_name("chat", TARGET, "latency")
HOSTILE = (
    "</svg></script><script>window.hurt = 1</script>\u202e<img src=x onerror='window.hurt = 2'>“q”"
    + "x" * 900
)


def moment(seconds: float, text: str, old: int | None = None, new: int | None = None) -> Moment:
    """What a look saw, so many seconds after the start."""
    return Moment(
        at=later(seconds), state="AwaitOutcome", text=text, old_instances=old, new_instances=new
    )


LAUNCH = moment(0, "Launching 4 instance(s).", 4, 0)
SHIFT = moment(480, "Activating traffic on canary capacity of 1 instance(s).", 4, 0)
BAKE = moment(
    490, "Baking for 600 seconds (WaitIntervalInSeconds) with traffic enabled on canary.", 4, 1
)
BACK = moment(660, f"Terminating 4 instance(s). Red: {LATENCY}.", 4, 0)
HOME = moment(690, f"InService on {PREVIOUS}. Red: {LATENCY}.", 4)
ROLLED_BACK = (LAUNCH, SHIFT, BAKE, BACK, HOME)
UPDATED = (LAUNCH, SHIFT, BAKE, moment(1100, f"InService on {TARGET}.", 4))
TRIP = Trip(
    name=LATENCY,
    state=AlarmState.ALARM,
    at=later(640),
    fleet=Fleet.NEW,
    metric="ModelLatency",
    statistic="Average",
    threshold=5_000_000,
)


def measured(minutes: int = 12, *, latency_seconds: float = 20.0) -> Measurements:
    """Old requests in every minute; new ones, slow, from the ninth minute on."""
    old = tuple(later(60 * minute) for minute in range(minutes))
    new = old[8:]
    return Measurements(
        60,
        {
            (Metric.REQUESTS, Sight.OLD): tuple((at, 30.0) for at in old),
            (Metric.REQUESTS, Sight.NEW): tuple((at, 10.0) for at in new),
            (Metric.LATENCY, Sight.OLD): tuple((at, 900_000.0) for at in old),
            (Metric.LATENCY, Sight.NEW): tuple((at, latency_seconds * 1e6) for at in new),
            (Metric.ERRORS, Sight.OLD): tuple((at, 0.0) for at in old),
            (Metric.ERRORS, Sight.NEW): tuple((at, 0.02) for at in new),
        },
    )


def golden(name: str = "sign", answer: str = "STOP", **changes: Any) -> GoldenResult:
    """A golden request as it went."""
    return GoldenResult(
        **{
            "name": name,
            "verdict": GoldenVerdict.PASSED,
            "status": 200,
            "latency_us": 1_250_000,
            "tries": 1,
            "answer_excerpt": answer,
            **changes,
        }
    )


def gathered(ended: Update, timeline: tuple[Moment, ...] = ROLLED_BACK, **changes: Any) -> Gathered:
    """All that is known of an update, but for the changes."""
    return Gathered(
        **{
            "update": ended,
            "timeline": timeline,
            "now": ended.ended_at or later(3600),
            "headline": "chat is back on v1.",
            "starter": "user/kim (AWS identity)",
            "steps": (Step("Start it again:", "switchover start --endpoint chat --version v2"),),
            "serving": Serving(
                status=EndpointStatus.IN_SERVICE, config_name=PREVIOUS, version="v1", instances=4
            ),
            "measured": measured(),
            "difference": find_difference(PLAN, live_release()),
            **changes,
        }
    )


def rolled_back(**changes: Any) -> Update:
    """A latency alarm went red in the canary's bake."""
    return update(
        **{
            "plan": PLAN,
            "is_started": True,
            "outcome": Outcome.ROLLED_BACK,
            "ended_at": later(690),
            "reasons": (reason("alarm.went-red", subject=f"alarm {LATENCY}"),),
            "evidence": Evidence(alarms=(TRIP,)),
            "snapshot": CapacitySnapshot(
                desired_instances=4,
                scaling=ScalingReading(target={"MinCapacity": 1, "MaxCapacity": 8}),
            ),
            **changes,
        }
    )


def rejected(**changes: Any) -> Update:
    """Refused before anything was planned."""
    return update(
        outcome=Outcome.REJECTED,
        ended_at=later(5),
        reasons=(reason("model.file-missing"),),
        **changes,
    )


def every_ending() -> dict[str, Gathered]:
    """One report for each way in which a page can look."""
    asked = Asked(
        (golden_request(name="sign", chat={"prompt": HOSTILE, "images": ("sign.png",)}),),
        {"sign.png": png()},
    )
    tested = rolled_back(
        outcome=Outcome.UPDATED,
        reasons=(),
        evidence=Evidence(),
        ended_at=later(1100),
        settled_at=later(1100),
        moving_seconds=1100,
        golden=(golden(answer=HOSTILE), golden("other", "wrong", verdict=GoldenVerdict.FAILED)),
    )
    nothing = {"timeline": (), "measured": Measurements(60)}
    return {
        "rolled-back": gathered(rolled_back()),
        "updated": gathered(
            tested, UPDATED, asked=asked, earlier=rolled_back(version="v1", golden=(golden(),))
        ),
        "rejected": gathered(rejected(), **nothing),
        "needs-operator": gathered(
            rolled_back(
                outcome=Outcome.NEEDS_OPERATOR,
                reasons=tuple(reason(message=HOSTILE, subject=f"{n}") for n in range(30)),
            )
        ),
        "no-data": gathered(rolled_back(), measured=Measurements(60)),
        "running": gathered(update(plan=PLAN, is_started=True), (LAUNCH, SHIFT, BAKE)),
    }


def long_plan_names() -> Gathered:
    """A report in which each text is as long as nobody writes."""
    noted = amend_plan(PLAN, notes=tuple("n" * 5000 for _ in range(60)))
    return gathered(
        rolled_back(
            plan=noted,
            golden=tuple(golden(f"g{n}", "€" * 300, faults=("f" * 300,) * 3) for n in range(200)),
            reasons=tuple(reason(str(n), message="<" * 4000, remedy="&" * 4000) for n in range(60)),
            warnings=tuple(reason(str(n), message='"' * 4000) for n in range(60)),
        ),
        tuple(moment(n, f"{n} {'<&' * 2000}", 4, 1) for n in range(600)),
        asked=Asked(
            tuple(
                golden_request(name=f"g{n}", chat={"prompt": "?", "images": (f"{n}.png",)})
                for n in range(40)
            ),
            {f"{n}.png": png() + b"0" * 60_000 for n in range(40)},
        ),
    )


def png(width: int = 32, height: int = 24) -> bytes:
    """A small real image."""
    rows = b"".join(b"\0" + bytes((40, 90, 160)) * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
