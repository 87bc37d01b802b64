"""Whatever is done to an endpoint, in whatever order: what must hold all the time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.support.staging import HARDWARE, Staging, all_at_once, canary, linear, rolling

from switchover_local.twin.scenario import Behaviour, RollbackFailure, Scenario, SystemUpdate

if TYPE_CHECKING:
    from collections.abc import Callable

    from switchover_local.twin.twin import Twin

AT_REST = {"InService", "UpdateRollbackFailed", "Failed"}
IN_PROGRESS = {"Creating", "Updating", "SystemUpdating", "RollingBack"}
INSTANCES = 4
QUOTA = 16
GUARDED = ("guard",)
DEPLOYMENTS = st.sampled_from(
    [
        rolling(size=1, wait=300, alarms=GUARDED),
        None,
        all_at_once(alarms=GUARDED),
        canary(size=2, alarms=GUARDED),
        linear(size=1, wait=120, alarms=GUARDED),
        rolling(size=1, wait=120, alarms=GUARDED),
        rolling(size=2, wait=60, alarms=GUARDED, MaximumExecutionTimeoutInSeconds=1200),
    ]
)


def _fall_ill(twin: Twin) -> None:
    twin.set_behaviour("s3://models/v2/", Behaviour(unhealthy_from_instance=2))


def _get_well(twin: Twin) -> None:
    twin.set_behaviour("s3://models/v2/", Behaviour())


def _run_short(twin: Twin) -> None:
    twin.change_scenario(capacity={HARDWARE: 5})


def _have_plenty(twin: Twin) -> None:
    twin.change_scenario(capacity={})


def _break_the_next_rollback(twin: Twin) -> None:
    twin.inject(RollbackFailure())


def _maintain(twin: Twin) -> None:
    twin.inject(SystemUpdate(endpoint="demo", lasts_seconds=300))


MISHAPS = st.sampled_from(
    [_fall_ill, _get_well, _run_short, _have_plenty, _break_the_next_rollback, _maintain]
)


class LiveEndpoint(RuleBasedStateMachine):
    """One endpoint that must keep serving, come what may."""

    @initialize()
    def bring_into_service(self) -> None:
        """Begin with a healthy endpoint and an alarm that guards it."""
        self.staging = Staging(Scenario(quotas={HARDWARE: QUOTA}))
        self.staging.begin(INSTANCES)
        self.staging.put_alarm()
        self.staging.set_alarm("OK")
        self.configs = ["config-v1", "config-v2"]

    @property
    def status(self) -> str:
        return self.staging.twin.endpoints.get("demo").status

    @rule(changes=st.integers(1, 6))
    def let_time_pass(self, changes: int) -> None:
        self.go_on(changes)

    def go_on(self, changes: int) -> None:
        """Let time pass until instances or traffic changed so many times."""
        endpoint = self.staging.twin.endpoints.get("demo")
        goal = endpoint.version + changes
        self.staging.clock.run_until(lambda: endpoint.version >= goal, 5_000)

    @rule(
        deployment=DEPLOYMENTS,
        version=st.sampled_from(["v1", "v2"]),
        changes=st.integers(0, 14),
        mishap=MISHAPS,
        alarm=st.sampled_from(["OK", "ALARM", "ALARM"]),
    )
    def update(
        self,
        deployment: dict[str, Any] | None,
        version: str,
        changes: int,
        mishap: Callable[[Twin], None],
        alarm: str,
    ) -> None:
        """Update from whatever state, and let something go wrong on the way."""
        self.staging.set_alarm("OK")
        name = f"config-{len(self.configs) + 1}"
        self.staging.configure(version, name, INSTANCES)
        self.configs.append(name)
        was = self.status
        try:
            self.staging.update(deployment, to=name)
        except ClientError as refused:
            assert was in IN_PROGRESS or "service limit" in str(refused)  # noqa: PT017
            assert self.status == was
        else:
            assert was in {"InService", "UpdateRollbackFailed"}
            assert self.status == "Updating"
        self.go_on(changes)
        mishap(self.staging.twin)
        self.staging.set_alarm(alarm)

    @rule()
    def come_to_rest(self) -> None:
        self.staging.settle()
        assert self.status in AT_REST

    @rule(state=st.sampled_from(["OK", "ALARM"]))
    def set_alarm(self, state: str) -> None:
        self.staging.set_alarm(state)

    @rule(mishap=MISHAPS)
    def something_happens(self, mishap: Callable[[Twin], None]) -> None:
        mishap(self.staging.twin)

    @invariant()
    def the_status_is_a_legal_one(self) -> None:
        assert self.status in AT_REST | IN_PROGRESS
        assert self.status != "Failed"

    @invariant()
    def never_fewer_serve_than_before(self) -> None:
        assert min(c.serving for c in self.staging.twin.instances("demo")[1:]) >= INSTANCES

    @invariant()
    def no_instance_is_counted_twice_or_lost(self) -> None:
        fleets = self.staging.twin.endpoints.get("demo").every_fleet()
        assert all(
            n >= 0 for f in fleets for n in (f.launching, f.standby, f.serving, f.terminating)
        )
        assert self.staging.twin.instances("demo")[-1].total <= QUOTA

    @invariant()
    def the_config_in_use_is_a_known_one(self) -> None:
        answer = self.staging.describe()
        assert answer["EndpointConfigName"] in self.configs
        pending = answer.get("PendingDeploymentSummary")
        assert (pending is not None) <= (answer["EndpointStatus"] == "Updating")
        if self.status == "InService":
            serving = set(self.staging.twin.traffic_shares("demo"))
            assert serving == {answer["EndpointConfigName"]}

    @invariant()
    def traffic_adds_up(self) -> None:
        shares = self.staging.twin.traffic_shares("demo")
        assert abs(sum(shares.values()) - 1) < 1e-9
        assert self.staging.twin.invoke("demo").config_name in shares

    def teardown(self) -> None:
        if hasattr(self, "staging"):
            self.staging.settle()
            assert self.status in AT_REST


TestLiveEndpoint = pytest.mark.long(LiveEndpoint.TestCase)
# No shrinking: it takes minutes, and twelve steps are readable as they are.
TestLiveEndpoint.settings = settings(
    max_examples=40,
    stateful_step_count=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
)
