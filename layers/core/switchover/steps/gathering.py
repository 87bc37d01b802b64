"""Gathers what the report of an update is made of. What can't be read is told, and stops nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from switchover.aws.failures import AWS_FAILED
from switchover.aws.manifests import GOLDEN
from switchover.domain.errors import SwitchoverError
from switchover.domain.golden.questions import GoldenQuestion, parse_golden
from switchover.domain.manifest import ObjectVersion
from switchover.domain.outcome import Outcome
from switchover.domain.plans.difference import find_difference
from switchover.domain.plans.plan import Kind
from switchover.domain.readings import Unmeasured
from switchover.domain.report.golden import MOST_IMAGE_BYTES, Asked
from switchover.domain.report.making import Gathered, report_window
from switchover.domain.report.values import Step
from switchover.explain.account import headline
from switchover.explain.advice import advise
from switchover.explain.waits import say_starter

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from switchover.aws.files import Files
    from switchover.aws.fleet_series import FleetSeries
    from switchover.aws.ledger import Ledger
    from switchover.aws.manifests import Manifests
    from switchover.aws.sagemaker import SageMaker
    from switchover.domain.plans.difference import Difference
    from switchover.domain.report.making import Price
    from switchover.domain.report.measurements import Measurements
    from switchover.domain.serving import Serving
    from switchover.domain.update.records import Moment
    from switchover.domain.update.update import Update

_MOST_FILE_BYTES = 512 * 1024
_MOST_FILES = 24
_Read = TypeVar("_Read")


class Gathering:
    """Reads the record of an update, its metrics, its golden files and its configs."""

    def __init__(
        self,
        ledger: Ledger,
        series: FleetSeries,
        files: Files,
        manifests: Manifests,
        sagemaker: SageMaker,
    ) -> None:
        self._ledger = ledger
        self._series = series
        self._files = files
        self._manifests = manifests
        self._sagemaker = sagemaker

    def gather(
        self, update: Update, now: datetime, serving: Serving | None, price: Price | None = None
    ) -> Gathered:
        """Everything about one update, as far as it can be read.

        Raises:
            ClientError: the timeline can't be read.
        """
        timeline = self._ledger.timeline(update.update_id)
        earlier = _attempt(lambda: self._find_earlier(update))
        asked = _attempt(lambda: self._read_golden(update))
        return Gathered(
            update=update,
            timeline=timeline,
            now=now,
            headline=headline(update) if update.outcome else "",
            starter=say_starter(update),
            steps=tuple(Step(each.text, each.command) for each in advise(update)),
            serving=serving,
            measured=_attempt(lambda: self._measure(update, timeline, now)),
            asked=Asked(why=_say_unread(asked)) if isinstance(asked, Unmeasured) else asked,
            earlier=None if isinstance(earlier, Unmeasured) else earlier,
            difference=_attempt(lambda: self._compare(update)),
            price=price,
        )

    def _measure(
        self, update: Update, timeline: tuple[Moment, ...], now: datetime
    ) -> Measurements | Unmeasured:
        window = report_window(update, timeline, now)
        if window is None or update.plan is None:
            return Unmeasured("the update changed nothing.")
        return self._series.measure(update.plan, window, now)

    def _find_earlier(self, update: Update) -> Update | None:
        """The update that brought the previous version, with the answers that were recorded then."""
        plan = update.plan
        if plan is None or not update.found.golden:
            return None
        brought = (
            each.update_id
            for each in self._ledger.listed(update.endpoint)
            if each.version == plan.previous.version and each.outcome is Outcome.UPDATED
        )
        found = (self._ledger.find(update_id) for update_id in brought)
        return next(
            (each for each in found if each and each.planned.target.config == plan.previous.config),
            None,
        )

    def _read_golden(self, update: Update) -> Asked:
        """The golden file and its images, in the versions that were sent; of images the beginning."""
        plan = update.plan
        if plan is None or plan.tests.golden is None or not update.found.golden:
            return Asked()
        key, pin = plan.tests.golden, plan.material.golden_pin
        manifest = self._manifests.read(update.update_id, GOLDEN, pin)
        versions = {file.path: file.version for file in manifest.files} if manifest else {}
        images: dict[str, bytes] = {}

        def read(path: str, at_most_bytes: int) -> bytes | None:
            version = versions.get(path, ObjectVersion())
            return self._files.read_version(update.bucket, path, version, at_most_bytes)

        def read_beside(name: str) -> bytes:
            folder = key.rpartition("/")[0]
            if name not in images and len(images) < _MOST_FILES:
                content = read(f"{folder}/{name}" if folder else name, MOST_IMAGE_BYTES + 1)
                images.update({name: content} if content is not None else {})
            return images.get(name, b"")

        raw = read(key, _MOST_FILE_BYTES)
        if raw is None:
            return Asked(why=_say_unread(Unmeasured("the version that was sent is gone.")))
        questions = parse_golden(raw, key, read_beside)
        requests = (each.request for each in questions if isinstance(each, GoldenQuestion))
        return Asked(tuple(requests), images)

    def _compare(self, update: Update) -> Difference | Unmeasured:
        plan = update.plan
        if plan is None:
            return Unmeasured("the update was not planned.")
        if plan.kind is Kind.ROLLBACK:
            return Unmeasured("a rollback makes no new config; it goes back to one that served.")
        live = self._sagemaker.live_release(plan.previous.config)
        if live is None:
            return Unmeasured(f"the previous config {plan.previous.config} is gone.")
        return find_difference(plan, live)


def _attempt(read: Callable[[], _Read]) -> _Read | Unmeasured:
    """What was read, or why it couldn't be."""
    try:
        return read()
    except (*AWS_FAILED, SwitchoverError) as error:
        return Unmeasured(str(error))


def _say_unread(unread: Unmeasured) -> str:
    return f"The golden file couldn't be read, so prompts and images are missing: {unread.why}"
