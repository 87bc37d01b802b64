"""Every command reports a change made outside Switchover, in the same words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.stories.test_stories_outside import make_config, move, update_to
from tests.support.laptop import sit_down
from tests.support.scene import ENDPOINT, FIRST_CONFIG

from switchover_cli import app
from switchover_cli.exits import ExitCode
from switchover_local.twin.scenario import Behaviour

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import World

_TOLD = "The endpoint was moved to theirs outside Switchover"
_REMEDY = (
    f"To go back to v2: switchover rollback {ENDPOINT}."
    f" To keep the current config: switchover adopt {ENDPOINT}"
    " --version NAME"
)
_PLAN = ("plan", "--endpoint", ENDPOINT, "--version", "v2")
_LOOKS = [
    ("status", ENDPOINT),
    ("watch", ENDPOINT),
    ("history", ENDPOINT),
    ("explain", ENDPOINT),
    _PLAN,
    (*_PLAN, "--markdown"),
    ("rollback", ENDPOINT, "--no-watch"),
]


@pytest.fixture
def switchover(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Types a command; returns its exit code, and stdout in one line with stderr."""

    def run(*arguments: str) -> tuple[int, str]:
        code = app.main(arguments)
        printed = capsys.readouterr()
        # A document for machines stands alone on stdout.
        shown = printed.out if "--json" in arguments else printed.out + printed.err
        return code, " ".join(shown.split())

    monkeypatch.setenv("COLUMNS", "600")
    sit_down(world, monkeypatch)
    return run


def drift(world: World, config: str = "theirs") -> None:
    """An update, then somebody else."""
    update_to(world, "v2")
    make_config(world, "theirs")
    move(world, config)


def find_drifts(printed: str) -> list[Any]:
    """Every drift that a JSON document holds and that isn't null."""
    found: list[Any] = []

    def look(held: dict[str, Any]) -> dict[str, Any]:
        found.extend([held["drift"]] if held.get("drift") else [])
        return held

    json.loads(printed, object_hook=look)
    return found


@pytest.mark.parametrize("typed", _LOOKS, ids=" ".join)
def test_every_look_says_it_in_the_same_words(
    world: World, switchover: Callable[..., tuple[int, str]], typed: tuple[str, ...]
) -> None:
    drift(world)

    _, told = switchover(*typed)

    assert told.count(_TOLD) == 1
    assert _REMEDY in told


@pytest.mark.parametrize("typed", [*_LOOKS[:5], ("rollback", ENDPOINT, "--no-watch")], ids=" ".join)
def test_every_document_for_machines_holds_it_once(
    world: World, switchover: Callable[..., tuple[int, str]], typed: tuple[str, ...]
) -> None:
    drift(world)

    _, told = switchover(*typed, "--json")

    (found,) = find_drifts(told)
    assert (found["config_name"], found["good_version"]) == ("theirs", "v2")
    assert found["told"].startswith(_TOLD)
    assert found["remedy"] == _REMEDY


def test_history_shows_it_in_its_place_in_time(
    world: World, switchover: Callable[..., tuple[int, str]]
) -> None:
    drift(world)
    world.put_policy("alarms: {also: [nobody-made-it]}\n")
    world.offer("v3")
    world.run()

    _, told = switchover("history", ENDPOINT)
    _, records = switchover("history", ENDPOINT, "--json")

    assert told.index("v3") < told.index("(somebody else)") < told.index("v2")
    placed = [bool(record["drift"]) for record in json.loads(records)]
    assert placed == [False, True]


def test_what_was_brought_before_all_that_is_listed_stands_last(
    world: World, switchover: Callable[..., tuple[int, str]]
) -> None:
    drift(world)
    world.put_policy("alarms: {also: [nobody-made-it]}\n")
    world.offer("v3")
    world.run()

    _, told = switchover("history", ENDPOINT, "--limit", "1")
    _, records = switchover("history", ENDPOINT, "--limit", "1", "--json")

    assert told.index("v3") < told.index("(somebody else)")
    assert len(find_drifts(records)) == 1


def test_watch_tells_it_once_an_update_ended_because_of_it(
    world: World, switchover: Callable[..., tuple[int, str]]
) -> None:
    update_to(world, "v2")
    make_config(world, "theirs")
    world.put_policy("strategy: all-at-once\nwatch_seconds: 1h\n")
    world.offer("v3")
    world.run_to("WatchUpdated", execution=1)
    world.sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName="theirs")
    world.run()

    code, told = switchover("watch", ENDPOINT)

    assert code == ExitCode.NEEDS_OPERATOR
    assert told.count(_TOLD) == 1


def test_a_plan_says_where_its_way_back_leads_and_so_it_does(
    world: World, switchover: Callable[..., tuple[int, str]]
) -> None:
    drift(world)
    world.put_policy("strategy: all-at-once\n")
    world.offer("v3", is_told=False)

    _, told = switchover("plan", "--endpoint", ENDPOINT, "--version", "v3")
    world.start("v3", release=f"s3://{world.bucket}/releases/{ENDPOINT}/v3/release.json")
    world.run()
    switchover("rollback", ENDPOINT, "--no-watch")
    world.run()

    assert "goes back to theirs if it fails, and so does a rollback after it" in told
    assert world.serving == "theirs"


def test_the_rollback_that_is_named_goes_to_the_last_known_good(
    world: World, switchover: Callable[..., tuple[int, str]]
) -> None:
    update_to(world, "v2")
    good = world.serving
    make_config(world, "theirs")
    move(world, "theirs")

    _, told = switchover("rollback", ENDPOINT, "--no-watch")
    world.run()

    assert f"This rollback goes to v2 ({good})." in told
    assert world.serving == good


# No false alarm


def run_update(world: World) -> None:
    update_to(world, "v2")
    world.offer("v3")
    world.run_to("AwaitOutcome", execution=1)
    world.clock.advance(900)


def recreate(world: World) -> None:
    update_to(world, "v2")
    good = world.serving
    world.sagemaker.delete_endpoint(EndpointName=ENDPOINT)
    world.clock.advance(3600)
    world.sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=good)
    world.clock.advance(3600)


def go_back_by_copy(world: World) -> None:
    update_to(world, "v2")
    world.put_policy("strategy: all-at-once\nwatch_seconds: 1h\n")
    world.offer("v3")
    world.run_to("WatchUpdated", execution=1)
    plan = world.update(world.executions[1]).planned
    world.sagemaker.delete_endpoint_config(EndpointConfigName=plan.previous.config)
    world.twin.set_behaviour("*/v3/", Behaviour(server_error_rate=0.7))
    world.run()
    assert world.serving == plan.repair_config


def resize(world: World) -> None:
    update_to(world, "v2")
    world.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=ENDPOINT,
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 3}],
    )
    world.clock.advance(3600)


def go_back(world: World) -> None:
    update_to(world, "v2")
    world.start("back", rollback=ENDPOINT)
    world.run()
    assert world.serving == FIRST_CONFIG


def crash_before_it_is_recorded_as_served(world: World) -> None:
    """The outcome is in the ledger, and RecordOutcome ends before it remembers what serves."""
    update_to(world, "v2")
    world.dynamodb.delete_item(
        TableName=world.settings["SWITCHOVER_TABLE"],
        Key={
            "pk": {"S": f"endpoint#{ENDPOINT}"},
            "sk": {"S": f"served#{world.ledger.served(ENDPOINT)[0].at.isoformat()}"},
        },
    )


@pytest.mark.parametrize(
    "begin",
    [
        run_update,
        recreate,
        go_back_by_copy,
        resize,
        go_back,
        crash_before_it_is_recorded_as_served,
    ],
)
def test_what_switchover_itself_left_is_told_nowhere(
    world: World, switchover: Callable[..., tuple[int, str]], begin: Callable[[World], None]
) -> None:
    begin(world)

    _, status = switchover("status", ENDPOINT, "--json")
    _, history = switchover("history", ENDPOINT, "--json")

    assert find_drifts(status) + find_drifts(history) == []
