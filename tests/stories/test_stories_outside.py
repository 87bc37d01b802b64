"""Updates outside Switchover: the change is reported, rolled back or adopted, never ignored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.expectations import codes
from tests.support.laptop import sit_down
from tests.support.scene import ENDPOINT, FIRST_CONFIG, INSTANCE_TYPE, VARIANT

from switchover.domain.adoption import Adoption
from switchover.domain.outcome import Outcome
from switchover_cli import app
from switchover_cli.exits import ExitCode
from switchover_cli.releases import adopting

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import World

_QUICK = "strategy: all-at-once\n"


@pytest.fixture
def switchover(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Types a command; returns its exit code, and stdout with stderr."""

    def run(*arguments: str) -> tuple[int, str]:
        code = app.main(arguments)
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    monkeypatch.setenv("COLUMNS", "300")
    sit_down(world, monkeypatch)
    monkeypatch.setattr(adopting.time, "sleep", world.clock.advance)
    return run


def make_config(world: World, name: str, **variant: Any) -> None:
    wanted = {
        "VariantName": VARIANT,
        "ModelName": FIRST_CONFIG,
        "InstanceType": INSTANCE_TYPE,
        "InitialInstanceCount": 2,
        **variant,
    }
    world.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[wanted])


def move(world: World, config: str) -> None:
    """What somebody does with the plain aws CLI."""
    world.sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName=config)
    world.clock.advance(4 * 3600)
    assert world.serving == config


def update_to(world: World, version: str) -> None:
    world.put_policy(_QUICK)
    world.offer(version)
    world.run()


def test_what_somebody_else_brought_is_told_with_both_ways_on(
    world: World, switchover: Callable[..., tuple[int, str]]
) -> None:
    update_to(world, "v2")
    make_config(world, "theirs")
    move(world, "theirs")

    _, told = switchover("status", ENDPOINT)

    assert "The endpoint was moved to theirs outside Switchover" in told
    assert "the last known good is v2" in told
    assert f"switchover rollback {ENDPOINT}" in told
    assert f"switchover adopt {ENDPOINT}" in told


def test_a_config_that_served_long_ago_is_told_too(
    world: World, switchover: Callable[..., tuple[int, str]]
) -> None:
    update_to(world, "v2")
    move(world, FIRST_CONFIG)

    _, told = switchover("status", ENDPOINT, "--json")

    drift = json.loads(told)["drift"]
    assert (drift["config_name"], drift["good_version"]) == (FIRST_CONFIG, "v2")


def test_a_rejected_update_hides_no_drift(
    world: World, switchover: Callable[..., tuple[int, str]]
) -> None:
    update_to(world, "v2")
    move(world, FIRST_CONFIG)
    world.put_policy("alarms: {also: [nobody-made-it]}\n")
    world.offer("v3")
    world.run()

    _, told = switchover("status", ENDPOINT)

    assert "outside Switchover" in told


def test_what_an_update_brought_is_no_drift(
    world: World, switchover: Callable[..., tuple[int, str]]
) -> None:
    update_to(world, "v2")

    _, told = switchover("status", ENDPOINT, "--json")

    assert json.loads(told)["drift"] is None


def test_a_running_update_is_no_drift(
    world: World, switchover: Callable[..., tuple[int, str]]
) -> None:
    update_to(world, "v2")
    world.offer("v3")
    world.run_to("AwaitOutcome", execution=1)
    world.clock.advance(600)

    _, told = switchover("status", ENDPOINT, "--json")

    assert json.loads(told)["drift"] is None


@pytest.mark.parametrize("config", ["theirs", FIRST_CONFIG])
def test_a_rollback_takes_back_what_somebody_else_brought(world: World, config: str) -> None:
    update_to(world, "v2")
    good = world.serving
    make_config(world, "theirs")
    move(world, config)

    world.start("back", rollback=ENDPOINT)
    end = world.run()

    assert world.update(end).outcome is Outcome.UPDATED
    assert world.serving == good


def test_going_back_twice_still_does_not_return_to_what_was_left(world: World) -> None:
    update_to(world, "v2")
    world.start("back", rollback=ENDPOINT)
    world.run()

    world.start("again", rollback=ENDPOINT)
    end = world.run()

    assert codes(world.update(end)) == ["rollback.nowhere-to-go"]


def test_what_serves_on_the_first_day_is_adopted_and_gone_back_to(
    world: World, switchover: Callable[..., tuple[int, str]]
) -> None:
    code, told = switchover("adopt", ENDPOINT, "--version", "day-one", "--reason", "as found")
    make_config(world, "theirs")
    move(world, "theirs")

    world.start("back", rollback=ENDPOINT)
    end = world.run()

    assert code == ExitCode.DONE
    assert f"{FIRST_CONFIG} is recorded as day-one" in told
    assert world.update(end).outcome is Outcome.UPDATED
    assert world.serving == FIRST_CONFIG


def test_by_default_it_is_named_after_its_models_folder(
    world: World, switchover: Callable[..., tuple[int, str]]
) -> None:
    switchover("adopt", ENDPOINT)

    [served] = world.ledger.served(ENDPOINT)
    assert (served.version, served.config_name, served.model_name) == (
        "v1",
        FIRST_CONFIG,
        FIRST_CONFIG,
    )


def test_adopting_twice_records_once(
    world: World, switchover: Callable[..., tuple[int, str]]
) -> None:
    switchover("adopt", ENDPOINT)

    code, told = switchover("adopt", ENDPOINT)

    assert code == ExitCode.DONE
    assert "was recorded already as v1" in told
    assert len(world.ledger.served(ENDPOINT)) == 1


def test_adopting_under_another_name_is_refused_with_the_one_that_holds(
    world: World, switchover: Callable[..., tuple[int, str]]
) -> None:
    switchover("adopt", ENDPOINT)

    code, told = switchover("adopt", ENDPOINT, "--version", "mine")

    assert code == ExitCode.REJECTED
    assert "is already recorded as v1" in told


def test_a_version_that_another_config_served_as_is_refused(
    world: World, switchover: Callable[..., tuple[int, str]]
) -> None:
    update_to(world, "v2")
    make_config(world, "theirs")
    move(world, "theirs")

    code, told = switchover("adopt", ENDPOINT, "--version", "v2")

    assert code == ExitCode.REJECTED
    assert "ambiguous" in told


def test_adopting_ends_the_drift(world: World, switchover: Callable[..., tuple[int, str]]) -> None:
    update_to(world, "v2")
    make_config(world, "theirs")
    move(world, "theirs")
    switchover("adopt", ENDPOINT, "--version", "theirs-1")

    _, told = switchover("status", ENDPOINT, "--json")

    assert json.loads(told)["drift"] is None
    assert json.loads(told)["version"] == "theirs-1"


def test_what_an_update_leaves_later_goes_back_to_what_was_adopted(
    world: World, switchover: Callable[..., tuple[int, str]]
) -> None:
    switchover("adopt", ENDPOINT, "--version", "day-one")
    update_to(world, "v2")

    world.start("back", rollback=ENDPOINT)
    end = world.run()

    assert world.update(end).version == "day-one"
    assert world.serving == FIRST_CONFIG


def test_nothing_is_adopted_while_an_update_runs(
    world: World, switchover: Callable[..., tuple[int, str]]
) -> None:
    world.put_policy(_QUICK)
    world.offer("v2")
    world.run_to("AwaitOutcome")
    world.clock.advance(60)

    code, told = switchover("adopt", ENDPOINT)

    assert code == ExitCode.REJECTED
    assert f"switchover watch {ENDPOINT}" in told


def test_an_endpoint_that_is_not_there_is_not_adopted(
    switchover: Callable[..., tuple[int, str]],
) -> None:
    code, told = switchover("adopt", "ghost")

    assert code == ExitCode.REJECTED
    assert "no endpoint of that name exists" in told


def test_a_config_whose_model_is_gone_is_not_adopted(
    world: World, switchover: Callable[..., tuple[int, str]]
) -> None:
    world.sagemaker.delete_model(ModelName=FIRST_CONFIG)

    code, told = switchover("adopt", ENDPOINT)

    assert code == ExitCode.REJECTED
    assert "was deleted" in told
    assert world.ledger.served(ENDPOINT) == ()


@pytest.mark.parametrize("version", ["bad ver", "-v1", "v" * 64, "v1/../v2"])
def test_what_is_no_name_of_a_version_is_not_taken(
    world: World, switchover: Callable[..., tuple[int, str]], version: str
) -> None:
    code, _ = switchover("adopt", ENDPOINT, "--version", version)

    assert code == ExitCode.USAGE
    assert world.ledger.served(ENDPOINT) == ()


@pytest.mark.parametrize("config", ["never-served", "theirs"])
def test_a_wish_for_what_does_not_serve_records_nothing(world: World, config: str) -> None:
    """Whoever may write wishes gets no way to move an endpoint to a config of their choice."""
    make_config(world, "theirs")
    wish = Adoption(
        endpoint=ENDPOINT,
        version="v0",
        config_name=config,
        reason="",
        at=world.clock.now(),
    )
    world.wishes.ask_adoption(wish)

    world.outlets.emit(_look(world))
    world.clock.advance(60)

    assert world.ledger.served(ENDPOINT) == ()


def test_a_wish_that_cannot_be_read_wakes_all_the_same(world: World) -> None:
    world.dynamodb.put_item(
        TableName=world.settings["SWITCHOVER_TABLE"],
        Item={
            "pk": {"S": f"wish#{ENDPOINT}"},
            "sk": {"S": "adopt"},
            "body": {"S": '{"version": 7'},
        },
    )

    update_to(world, "v2")

    assert world.update().outcome is Outcome.UPDATED


def _look(world: World) -> dict[str, Any]:
    return {
        "source": "switchover",
        "detail-type": "Abort Requested",
        "detail": {"EndpointName": ENDPOINT},
        "time": world.clock.now().isoformat(),
    }
