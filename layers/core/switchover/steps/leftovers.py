"""Leftovers: the resources and the timeline of an update whose record is lost."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from switchover.domain.fleet import EndpointReading
from switchover.domain.lost import Leftovers, is_suspended
from switchover.domain.naming import ALARM_PREFIX, config_name
from switchover.domain.plans.cloning import PREVIOUS_TAG
from switchover.domain.plans.plan import Kind

if TYPE_CHECKING:
    from switchover.aws.cloudwatch import CloudWatch
    from switchover.aws.ledger import Ledger
    from switchover.aws.sagemaker import SageMaker
    from switchover.aws.scaling import Scaling
    from switchover.domain.fleet import Absent
    from switchover.domain.update.update import Update

_STANDING = "standing"


class Finder:
    """Finds the resources of an update by their names and tags."""

    def __init__(
        self, ledger: Ledger, sagemaker: SageMaker, cloudwatch: CloudWatch, scaling: Scaling
    ) -> None:
        self._ledger = ledger
        self._sagemaker = sagemaker
        self._cloudwatch = cloudwatch
        self._scaling = scaling

    def find(self, update: Update, endpoint: EndpointReading | Absent) -> Leftovers:
        """Find the leftovers of an update; none if another update holds the endpoint."""
        holder = self._ledger.claim(update.endpoint)
        if holder is not None and holder.update_id != update.update_id:
            return Leftovers()
        own, tags = self._find_own_config(update)
        variants = endpoint.variants if isinstance(endpoint, EndpointReading) else ()
        return Leftovers(
            config=own,
            previous_config=tags.get(PREVIOUS_TAG, ""),
            alarms=self._alarms(update.endpoint),
            variants=tuple(
                variant.name
                for variant in variants
                if is_suspended(self._scaling.find_target(update.endpoint, variant.name))
            ),
            states=frozenset(moment.state for moment in self._ledger.timeline(update.update_id)),
        )

    def _find_own_config(self, update: Update) -> tuple[str, dict[str, str]]:
        """The config that an update created, with its tags; an empty name if it created none.

        The config's name holds the day on which the update was opened. For a lost update only the start
        of its execution is known, so the update may have been opened on the previous day.
        """
        if update.kind is not Kind.RELEASE or not update.version:
            return "", {}
        days = (update.started_at, update.started_at + timedelta(days=1))
        for name in dict.fromkeys(
            config_name(update.endpoint, update.version, update.update_id, day) for day in days
        ):
            tags = self._sagemaker.find_tags(name)
            if tags is not None:
                return name, dict(tags)
        return "", {}

    def clear(self, update: Update, endpoint: EndpointReading | Absent) -> None:
        """Remove the alarms that no update needs.

        Alarms of a pending config stay: SageMaker watches them.
        """
        if isinstance(endpoint, EndpointReading) and endpoint.pending_config_name is not None:
            return
        holder = self._ledger.claim(update.endpoint)
        if holder is None or holder.update_id == update.update_id:
            self._cloudwatch.remove(self._alarms(update.endpoint))

    def _alarms(self, endpoint: str) -> tuple[str, ...]:
        """The alarms that belong to one config each: an update creates and removes them."""
        prefix = f"{ALARM_PREFIX}{endpoint}/"
        return tuple(
            name
            for name in self._cloudwatch.names(prefix)
            if name.removeprefix(prefix).partition("/")[0] != _STANDING
        )
