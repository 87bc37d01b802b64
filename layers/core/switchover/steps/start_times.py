"""The times at which updates of an endpoint may run, from its policy, its traffic and its calendars."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from switchover.domain.reasons import Reason
from switchover.domain.windows.calendar_file import LIMIT_BYTES, read_calendar
from switchover.domain.windows.freezes import Freeze
from switchover.domain.windows.quiet_hours import measure_week, quiet_windows
from switchover.domain.windows.times import QuietWindow
from switchover.domain.windows.window import LOOK_AHEAD, Timetable
from switchover.domain.windows.zones import Span

if TYPE_CHECKING:
    from switchover.aws.files import Files
    from switchover.aws.metrics import Traffic
    from switchover.domain.policies.policy import Policy
    from switchover.domain.release import Start
    from switchover.domain.windows.times import Window


@dataclass(frozen=True, slots=True)
class StartTimes:
    """Reads the traffic and the calendars that a policy refers to; other policies cost no call."""

    files: Files
    traffic: Traffic

    def read(
        self,
        policy: Policy,
        now: datetime,
        *,
        bucket: str,
        endpoint: str,
        variant: str,
        wish: Start | datetime,
        is_hotfix: bool = False,
        skips_window: bool = False,
        keeps_time: bool = False,
    ) -> Timetable | tuple[Reason, ...]:
        """The windows and freezes that `find_start` needs, or the reasons why they are unknown.

        Only the needed parts are read: a hotfix ignores a broken calendar, and `now` needs no traffic.
        """
        named = wish if isinstance(wish, datetime) and not skips_window else None
        begin = max(now, named or now).astimezone(UTC)
        needs_window = not skips_window and not (named and keeps_time)
        windows = self.windows(policy, endpoint, variant, now) if needs_window else ()
        freezes = () if is_hotfix else self.freezes(policy, bucket, begin)
        faults = (
            *((windows,) if isinstance(windows, Reason) else ()),
            *(entry for entry in freezes if isinstance(entry, Reason)),
        )
        if faults or isinstance(windows, Reason):
            return faults
        return Timetable(windows, tuple(entry for entry in freezes if isinstance(entry, Freeze)))

    def windows(
        self, policy: Policy, endpoint: str, variant: str, now: datetime
    ) -> tuple[Window, ...] | Reason:
        """The windows of the policy, or those computed from traffic."""
        wanted = policy.window
        if not isinstance(wanted, QuietWindow):
            return wanted
        hourly = self.traffic.hourly_invocations(endpoint, variant, now)
        week = measure_week(hourly, wanted.timezone)
        return week if isinstance(week, Reason) else quiet_windows(week, wanted.hours)

    def freezes(self, policy: Policy, bucket: str, begin: datetime) -> tuple[Freeze | Reason, ...]:
        """The freezes from `begin` on, and the faults of the calendars."""
        within = Span(begin, begin + LOOK_AHEAD)
        return tuple(
            found
            for entry in policy.freezes
            for found in (
                (entry,) if isinstance(entry, Freeze) else self._events(bucket, entry, within)
            )
        )

    def _events(self, bucket: str, key: str, within: Span) -> tuple[Freeze | Reason, ...]:
        source = f"s3://{bucket}/{key}"
        raw = self.files.read(bucket, key, LIMIT_BYTES + 1)
        if raw is None:
            return (
                Reason(
                    code="freeze.calendar-missing",
                    subject="policy: freezes",
                    message=f"{source} does not exist.",
                    remedy="Upload it, or remove it from the policy; until then no update starts.",
                ),
            )
        return read_calendar(raw, source, within)
