"""People's acts in a soak: offer, answer, stop, abort, cancel, roll back, change things outside."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from tests.support.asking import answer_waiting
from tests.support.laptop import KIM, deployment_of
from tests.support.offering import checkpoint
from tests.support.scene import VARIANT
from tests.support.walker import FunctionFailed

from benchmarks.soak.world import LEAD_SECONDS
from switchover.domain.aborting import call_off, object_to_abort
from switchover.domain.errors import SwitchoverError
from switchover.domain.outcome import Outcome
from switchover.domain.update.approval import Reply
from switchover_cli.errors import CommandFailed
from switchover_cli.steering.aborting import ask_to_stop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from random import Random

    from benchmarks.soak.world import SoakWorld

_REFUSALS = (ClientError, SwitchoverError, CommandFailed, FunctionFailed)
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
RELEASE_EVERY_SECONDS = 7 * _DAY
_IS_FOLLOWED = 0.3
_POLICIES = (
    "strategy: canary\ncanary: {bake_seconds: 600}",
    "strategy: canary\ntests: {golden: golden/{name}.jsonl}\nwatch_seconds: 10m",
    "strategy: rolling\nrolling: {bake_seconds: 300}",
    "strategy: rolling\ncapacity: {during: {min: {more}, max: {most}}}",
    "strategy: linear\nwhen_busy: queue",
    "strategy: all-at-once\nwhen_busy: reject",
    "strategy: redeploy\nallow_downtime: true",
    "strategy: canary\napproval: {required: true}",
    "strategy: rolling\napproval: {promotion: true}\nwhen_busy: queue",
    "strategy: canary\nwindow: {days: [mon, tue, wed, thu, fri], from: '22:00', to: '05:00'}",
    "strategy: all-at-once\nfreezes: [{from: 2026-03-10, to: 2026-03-12, reason: sale}]",
)
# The kinds of releases, with their percentages.
_KINDS = {"": 60, "slow": 7, "failing": 7, "sick": 6, "wrong": 8, "torn": 7, "foreign": 5}
# The acts of a person on an update, with their percentages.
_DEEDS = {
    "": 45, "stop": 14, "stop twice": 3, "abort": 8, "rollback": 8, "cancel": 4, "start again": 4,
    "update outside": 4, "delete alarms": 2, "delete config": 2, "change scaling": 2,
    "delete policy": 1, "delete claim": 1, "delete record": 1,
}  # fmt: skip
_OUTSIDE = frozenset({
    "update outside", "delete alarms", "delete config", "change scaling", "delete claim",
    "delete record",
})  # fmt: skip


@dataclass(slots=True)
class People:
    """All users of the stack, with one random generator."""

    world: SoakWorld
    dice: Random
    is_on: bool = True
    deeds: Counter[str] = field(default_factory=Counter)
    # The times at which the endpoint or Switchover's own things were changed from outside.
    meddled: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    policies: dict[str, str] = field(default_factory=dict)
    # Updates whose record was deleted.
    lost: set[str] = field(default_factory=set)
    _versions: Counter[str] = field(default_factory=Counter)

    def plan(self) -> None:
        """Write policies, and offer releases from now on."""
        self.world.outlets.listeners.append(self._answer)
        for name in self.world.names:
            self.policies[name] = policy = self.dice.choice(_POLICIES)
            size = self.world.sizes[name]
            told = policy.replace("{name}", name).replace("{more}", str(size + 1))
            self.world.put_policy(told.replace("{most}", str(size + 3)), name)
            self._offer_again(name)

    def _offer_again(self, name: str) -> None:
        after = LEAD_SECONDS + self.dice.expovariate(1 / RELEASE_EVERY_SECONDS)

        def offer() -> None:
            if not self.is_on:
                return
            self._offer(name)
            if self.dice.random() < _IS_FOLLOWED:
                self._later(self.dice.uniform(_MINUTE, _HOUR), lambda: self._offer(name))
            self._offer_again(name)

        def lead() -> None:
            if self.is_on:
                self.world.wake(name)

        self.world.clock.call_later(after - LEAD_SECONDS, lead)
        self.world.clock.call_later(after, offer)

    def _offer(self, name: str) -> None:
        kind = self._draw(_KINDS)
        self._versions[name] += 1
        number = self._versions[name] + 1
        version = f"v{number}-{kind}" if kind else f"v{number}"
        if "golden" in self.policies[name]:
            asked = b"another" if kind == "wrong" else version.encode()
            self.world.s3.put_object(
                Bucket=self.world.bucket,
                Key=f"golden/{name}.jsonl",
                Body=b'{"name": "who", "body": {"messages": []}, "expect": {"values": {"model": "%s"}}}'
                % asked,
            )
        files = dict(checkpoint())
        if kind == "torn":
            files.pop(sorted(files)[self.dice.randrange(len(files))])
        changes: dict[str, Any] = {}
        if kind == "foreign":
            changes["prefix"] = f"models/{name}/elsewhere/"
        self.deeds[f"offer {kind or 'a good one'}"] += 1
        self.world.offer(version, endpoint=name, files=files, **changes)
        deed = self._draw(_DEEDS)
        if deed:
            self._later(self.dice.uniform(5, 2 * _HOUR), lambda: self._do(deed, name))

    def _do(self, deed: str, name: str) -> None:
        acts: Mapping[str, Callable[[str], None]] = {
            "stop": self._stop,
            "stop twice": self._stop_twice,
            "abort": self._abort,
            "rollback": self._roll_back,
            "cancel": self._cancel,
            "start again": self._start_again,
            "update outside": self._update_outside,
            "delete alarms": self._delete_alarms,
            "delete config": self._delete_config,
            "change scaling": self._change_scaling,
            "delete policy": self._delete_policy,
            "delete claim": self._delete_claim,
            "delete record": self._delete_record,
        }
        self.deeds[deed] += 1
        if deed in _OUTSIDE:
            self.meddled[name].append(self.world.clock.now())
        try:
            acts[deed](name)
        except _REFUSALS:
            self.deeds[f"{deed}, refused"] += 1

    def _stop(self, name: str) -> None:
        for execution in self.world.running(name)[:1]:
            execution.abort()

    def _stop_twice(self, name: str) -> None:
        self._stop(name)
        self._later(self.dice.uniform(1, 10 * _MINUTE), lambda: self._stop(name))

    def _abort(self, name: str) -> None:
        update = self.world.ledger.claiming_update(name)
        if update is not None and object_to_abort(update) is None:
            why = call_off(update.update_id, self.world.clock.now(), KIM, "the demo was moved")
            ask_to_stop(deployment_of(self.world), update, why)

    def _roll_back(self, name: str) -> None:
        self.world.wake(name)
        self._start(name, rollback=name, reason="people complain")

    def _cancel(self, name: str) -> None:
        for waiting in self.world.queue.entries(name)[:1]:
            self._start(name, cancel=waiting.update_id, reason="not needed any more")

    def _start_again(self, name: str) -> None:
        last = self.world.ledger.history(name, 1)
        if last and last[0].request is not None and last[0].request.release is not None:
            self._start(name, release=last[0].request.release, reason="once more")

    def _start(self, name: str, **request: Any) -> None:
        self.world.start(f"{name}-by-hand-{len(self.world.stepfunctions.executions)}", **request)

    def _update_outside(self, name: str) -> None:
        self.world.sagemaker.update_endpoint(EndpointName=name, EndpointConfigName=f"{name}-v1")

    def _delete_alarms(self, name: str) -> None:
        own = [
            alarm for alarm in self.world.alarm_names() if alarm.startswith(f"switchover/{name}/")
        ]
        self.world.cloudwatch.delete_alarms(AlarmNames=own)

    def _delete_config(self, name: str) -> None:
        """Delete the serving config: SageMaker allows this, and the endpoint continues to serve."""
        serving = self.world.describe_endpoint(name).get("EndpointConfigName", "")
        self.world.sagemaker.delete_endpoint_config(EndpointConfigName=serving)

    def _change_scaling(self, name: str) -> None:
        self.world.scaling.register_scalable_target(
            ServiceNamespace="sagemaker",
            ResourceId=f"endpoint/{name}/variant/{VARIANT}",
            ScalableDimension="sagemaker:variant:DesiredInstanceCount",
            MinCapacity=1,
            MaxCapacity=self.world.sizes[name] + 6,
        )

    def _delete_policy(self, name: str) -> None:
        self.world.s3.delete_object(Bucket=self.world.bucket, Key=f"policies/{name}.yaml")
        self.policies[name] = ""

    def _delete_claim(self, name: str) -> None:
        key = {"pk": {"S": f"endpoint#{name}"}, "sk": {"S": "claim"}}
        self.world.table.delete_item(Key=key)

    def _delete_record(self, name: str) -> None:
        claim = self.world.ledger.claim(name)
        if claim is not None:
            self.lost.add(claim.update_id)
            key = {"pk": {"S": f"update#{claim.update_id}"}, "sk": {"S": "update"}}
            self.world.table.delete_item(Key=key)

    def _answer(self, how: str, told: Mapping[str, Any]) -> None:
        if how != "people" or told["outcome"] in set(Outcome):
            return
        drawn = self.dice.random()
        if drawn < 0.9:
            verdict = Reply.APPROVED if drawn < 0.75 else Reply.DECLINED
            self._later(self.dice.uniform(30, 2 * _HOUR), lambda: self._say(told, verdict))

    def _say(self, told: Mapping[str, Any], verdict: Reply) -> None:
        try:
            answer_waiting(
                deployment_of(self.world), told["endpoint"], told["update_id"], verdict, "compared"
            )
        except _REFUSALS:
            self.deeds["answer, refused"] += 1

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        self.world.clock.call_later(seconds, act)

    def _draw(self, odds: Mapping[str, int]) -> str:
        return self.dice.choices(list(odds), list(odds.values()))[0]
