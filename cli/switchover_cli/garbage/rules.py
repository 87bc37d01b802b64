"""Which configs and models of past updates may be removed, and why the others are kept."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from switchover.domain.naming import is_config_of
from switchover.domain.outcome import Outcome
from switchover.domain.planning import choose_earlier
from switchover.domain.plans.plan import Kind
from switchover.domain.served import Served

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from switchover.domain.marks import Pin
    from switchover.domain.update.update import Update


class Sort(StrEnum):
    """The kinds of things to remove."""

    CONFIG = "config"
    MODEL = "model"


class Made(BaseModel):
    """A config or model that an update made for its endpoint; a repair's config uses an older model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sort: Sort
    name: str
    version: str
    update_id: str


class Judged(BaseModel):
    """A config or model, and why it is still needed; empty if it may be removed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    made: Made
    needed_by: tuple[str, ...] = ()

    @property
    def is_removable(self) -> bool:
        """Whether nothing needs it any more."""
        return not self.needed_by


class Inventory(BaseModel):
    """All endpoints and configs of an account and region.

    `configs` has every config with the models that it names; `endpoints` has the configs that each
    endpoint serves or moves to.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    configs: dict[str, frozenset[str]]
    models: frozenset[str]
    endpoints: dict[str, frozenset[str]]


def made_by(updates: Iterable[Update]) -> tuple[Made, ...]:
    """Everything that Switchover made for an endpoint, by its own records, newest first.

    Only names that Switchover gives are included, so nothing that others made is.
    """
    found: dict[tuple[Sort, str], Made] = {}
    for update in updates:
        for sort, name, version in _names_made_by(update):
            made = Made(sort=sort, name=name, version=version, update_id=update.update_id)
            found.setdefault((sort, name), made)
    return tuple(found.values())


def _names_made_by(update: Update) -> Iterator[tuple[Sort, str, str]]:
    plan = update.plan
    if plan is None:
        return
    is_ours = is_config_of(
        plan.target.config, plan.endpoint, plan.target.version, update.update_id, update.started_at
    )
    if plan.kind is Kind.RELEASE and not is_ours:
        return
    yield Sort.CONFIG, plan.repair_config, plan.previous.version
    if plan.kind is Kind.RELEASE:
        yield Sort.CONFIG, plan.target.config, plan.target.version
        yield Sort.MODEL, plan.target.config, plan.target.version


def judge_made(
    made: Iterable[Made],
    inventory: Inventory,
    *,
    endpoint: str,
    updates: Iterable[Update],
    served: Mapping[str, tuple[Served, ...]],
    pin: Pin | None,
    keep: int,
) -> tuple[Judged, ...]:
    """Judge whether each existing item may be removed; in the order of removal, configs before models.

    `updates` are the endpoint's, newest first. `served` has the configs that served each endpoint, newest
    first; a config may serve several endpoints. A config is needed if it serves any endpoint, if an
    unfinished or unsettled update may use it, if it is one of the last `keep` that served, if a rollback
    would return to it, or if its version is pinned. A model is needed while any kept config names it.
    """
    needs = _Needs(pin)
    _need_for_endpoints(needs, inventory, served, endpoint, keep)
    _need_for_updates(needs, tuple(updates))
    existing = [each for each in made if _exists(each, inventory)]
    configs = tuple(
        Judged(made=each, needed_by=tuple(dict.fromkeys(needs.of(each))))
        for each in existing
        if each.sort is Sort.CONFIG
    )
    going = {judged.made.name for judged in configs if judged.is_removable}
    staying = {name: models for name, models in inventory.configs.items() if name not in going}
    models = tuple(
        Judged(made=each, needed_by=tuple(dict.fromkeys((*needs.of(each), *_users(each, staying)))))
        for each in existing
        if each.sort is Sort.MODEL
    )
    return (*configs, *models)


class _Needs:
    """Why configs are needed, and their models, which have the same names."""

    def __init__(self, pin: Pin | None) -> None:
        self._pin = pin
        self._by_name: dict[str, list[str]] = {}
        self._of_all: list[str] = []

    def add(self, name: str, why: str) -> None:
        self._by_name.setdefault(name, []).append(why)

    def add_all(self, why: str) -> None:
        self._of_all.append(why)

    def of(self, made: Made) -> Iterator[str]:
        yield from self._of_all
        yield from self._by_name.get(made.name, ())
        if self._pin is not None and made.version == self._pin.version:
            yield f"{made.version} is pinned"


def _need_for_endpoints(
    needs: _Needs,
    inventory: Inventory,
    served: Mapping[str, tuple[Served, ...]],
    own: str,
    keep: int,
) -> None:
    for endpoint, configs in inventory.endpoints.items():
        for config in configs:
            needs.add(config, f"endpoint {endpoint} serves it")
    for endpoint, entries in served.items():
        whom = "" if endpoint == own else f" {endpoint}"
        for config in list(dict.fromkeys(entry.config_name for entry in entries))[:keep]:
            needs.add(config, f"one of the last {keep} that served{whom}")
        for config in inventory.endpoints.get(endpoint, ()):
            goal = choose_earlier(entries, config, None)
            if isinstance(goal, Served):
                needs.add(goal.config_name, f"a rollback{whom and f' of{whom}'} would return to it")


def _need_for_updates(needs: _Needs, updates: tuple[Update, ...]) -> None:
    is_settled = False
    for update in updates:
        is_open = update.outcome in {None, Outcome.QUEUED}
        # A mix of two configs has the name of one of them (rules §2).
        is_unsettled = update.outcome is Outcome.NEEDS_OPERATOR and not is_settled
        is_settled = is_settled or update.outcome in {Outcome.UPDATED, Outcome.ROLLED_BACK}
        if is_open and update.plan is None:
            # A rollback that isn't planned yet may return to any config that served.
            needs.add_all(f"update {update.update_id} is not planned yet")
        elif update.plan is not None and (is_open or is_unsettled):
            why = "needs it" if is_open else "ended before SageMaker had settled, and may serve it"
            for config in update.plan.own_configs:
                needs.add(config, f"update {update.update_id} {why}")


def _exists(made: Made, inventory: Inventory) -> bool:
    here = inventory.configs if made.sort is Sort.CONFIG else inventory.models
    return made.name in here


def _users(model: Made, configs: Mapping[str, frozenset[str]]) -> Iterator[str]:
    yield from (
        f"config {name} uses it" for name, models in configs.items() if model.name in models
    )
