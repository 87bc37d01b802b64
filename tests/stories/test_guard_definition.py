"""Rules for the guard's own state machine."""

from __future__ import annotations

from typing import Any

import yaml
from tests.support.definition import FILE, GUARD_FILE, Fail, Succeed, Task, read_definition

from switchover.steps.guard_bake import GuardBakeAnswer

_GUARD = read_definition(GUARD_FILE)
_RAW: dict[str, Any] = yaml.safe_load(GUARD_FILE.read_text("utf-8"))
_UPDATE: dict[str, Any] = yaml.safe_load(FILE.read_text("utf-8"))


def test_every_state_is_led_to_and_exists() -> None:
    led_to = {_GUARD.start_at}.union(*(_GUARD.successors(name) for name in _GUARD.states))

    assert led_to == set(_GUARD.states)


def test_it_looks_with_one_function_as_patiently_as_the_update_does() -> None:
    tasks = {name for name, state in _GUARD.states.items() if isinstance(state, Task)}

    assert tasks == {"GuardBake"}
    assert _RAW["States"]["GuardBake"]["Retry"] == _UPDATE["States"]["StartUpdate"]["Retry"]


def test_it_ends_unless_the_bake_goes_on() -> None:
    choice = _RAW["States"]["IsOver"]

    assert choice["Choices"] == [
        {"Condition": f"{{% $look.verdict = '{GuardBakeAnswer.BAKING}' %}}", "Next": "Pause"}
    ]
    assert isinstance(_GUARD.states[choice["Default"]], Succeed)


def test_a_guard_that_cannot_look_ends_as_a_failure() -> None:
    (caught,) = _GUARD.states["GuardBake"].catch  # type: ignore[union-attr]

    assert caught.error_equals == ("States.ALL",)
    assert isinstance(_GUARD.states[caught.next], Fail)
