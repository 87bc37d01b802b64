"""Which resources are called leftovers, and which aren't because this can't be known."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.samples import ENDPOINT, NOW

from switchover.domain.queueing import Claim
from switchover_cli.doctor.findings import diagnose
from switchover_cli.doctor.seen import HeldClaim, Seen, Thing, tell_held

if TYPE_CHECKING:
    from switchover_cli.doctor.finding import Finding

_LONG_AGO = NOW - timedelta(days=2)
_ALARM = f"switchover/{ENDPOINT}/0123/errors"
_CONFIG = f"switchover-{ENDPOINT}-v7-0123456789abcdef"
_EMPTY = Seen(
    now=NOW,
    machine_arn="arn:aws:states:us-east-1:000000000000:stateMachine:switchover-update",
    schedule_group="switchover",
    claims=(),
    updates=(),
    endpoints=frozenset({ENDPOINT}),
    fully_read=frozenset({ENDPOINT}),
)
_CLAIM = Claim(ENDPOINT, "u", "arn:aws:states:::execution:switchover-update:u", _LONG_AGO)
_RUNNING = HeldClaim(_CLAIM, is_running=True, update=None)
_SCHEDULE = f"{ENDPOINT}-{_LONG_AGO:%Y%m%dT%H%M}-0123456789abcdef"


def _codes(seen: Seen) -> list[str]:
    return [finding.code for finding in diagnose(seen)]


def _with(**seen: object) -> Seen:
    return replace(_EMPTY, **seen)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("seen", "codes"),
    [
        (_EMPTY, []),
        (_with(alarms=(Thing(_ALARM, _LONG_AGO),)), ["alarm.left"]),
        (_with(alarms=(Thing(_ALARM, None),)), ["alarm.left"]),
        (_with(configs=(Thing(_CONFIG, _LONG_AGO),)), ["config.left"]),
        (_with(models=(Thing(_CONFIG, _LONG_AGO),)), ["model.left"]),
        (_with(schedules=(Thing(_SCHEDULE, None),)), ["schedule.left"]),
        (_with(claims=(replace(_RUNNING, is_running=False),)), ["claim.abandoned"]),
        (_with(dead_letters=3, dead_letters_url="https://q"), ["dead-letters"]),
        (_with(listeners=0, topic_arn="arn"), ["topic.unheard"]),
        (_with(unknown_keys=("canery",)), ["parameter.unknown"]),
    ],
)
def test_what_is_left_over_is_found(seen: Seen, codes: list[str]) -> None:
    assert _codes(seen) == codes


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(
            _with(alarms=(Thing(_ALARM, _LONG_AGO),), claims=(_RUNNING,)),
            id="an alarm of an endpoint that is claimed",
        ),
        pytest.param(
            _with(alarms=(Thing(_ALARM, NOW - timedelta(minutes=29)),)), id="an alarm of just now"
        ),
        pytest.param(
            _with(alarms=(Thing(f"switchover/{ENDPOINT}/standing/errors", _LONG_AGO),)),
            id="a standing alarm",
        ),
        pytest.param(
            _with(alarms=(Thing("switchover/gone/standing/errors", _LONG_AGO),), endpoints=None),
            id="a standing alarm where no endpoint was seen",
        ),
        pytest.param(_with(alarms=(Thing("switchover/by-hand", _LONG_AGO),)), id="another's alarm"),
        pytest.param(
            _with(alarms=(Thing(_ALARM, _LONG_AGO),), claims=None), id="claims weren't seen"
        ),
        pytest.param(
            _with(configs=(Thing(_CONFIG, _LONG_AGO),), updates=None), id="updates weren't seen"
        ),
        pytest.param(
            _with(configs=(Thing(_CONFIG, _LONG_AGO),), fully_read=frozenset()),
            id="a long history was not read whole",
        ),
        pytest.param(
            _with(
                configs=(Thing(_CONFIG, _LONG_AGO),),
                endpoints=frozenset({ENDPOINT, f"{ENDPOINT}-v7"}),
            ),
            id="a name that may be of two endpoints, of which one was not read",
        ),
        pytest.param(
            _with(configs=(Thing("switchover-other-v1-0123456789abcdef", _LONG_AGO),)),
            id="a config of no endpoint that is here",
        ),
        pytest.param(
            _with(configs=(Thing(_CONFIG, _LONG_AGO),), serving_configs=frozenset({_CONFIG})),
            id="a config that serves",
        ),
        pytest.param(
            _with(models=(Thing(_CONFIG, _LONG_AGO),), serving_models=frozenset({_CONFIG})),
            id="a model that serves",
        ),
        pytest.param(
            _with(schedules=(Thing(f"{ENDPOINT}-{NOW:%Y%m%dT%H%M}-0123456789abcdef", None),)),
            id="a schedule that is about to ring",
        ),
        pytest.param(_with(schedules=(Thing("by-hand", None),)), id="another's schedule"),
        pytest.param(
            _with(claims=(HeldClaim(replace(_CLAIM, claimed_at=NOW), False, None),)),  # noqa: FBT003
            id="a claim whose execution isn't listed yet",
        ),
        pytest.param(_with(listeners=None), id="nobody could say who listens"),
        pytest.param(_with(listeners=1), id="somebody listens"),
    ],
)
def test_what_may_be_needed_or_cannot_be_known_is_no_finding(seen: Seen) -> None:
    assert _codes(seen) == []


def test_a_claim_is_told_with_its_holder_and_since_when() -> None:
    (held,) = tell_held(_with(claims=(_RUNNING,)))

    assert (held.kind, held.endpoint, held.by, held.since) == ("claim", ENDPOINT, "u", _LONG_AGO)


@pytest.mark.parametrize("tail", ["'; touch gone; '", "$(touch gone)", "`touch gone`", "a b", "\n"])
def test_a_name_is_one_word_of_its_command_whatever_stands_in_it(tail: str) -> None:
    name = f"switchover/{ENDPOINT}/0123/{tail}"
    finding: Finding
    (finding,) = diagnose(_with(alarms=(Thing(name, _LONG_AGO),)))

    assert shlex.split(finding.commands[0])[-1] == name


def test_the_names_that_releases_may_set_stay_without_the_unknown_ones() -> None:
    (finding,) = diagnose(_with(known_keys=("canary", "hotfix"), unknown_keys=("canery",)))

    assert finding.commands == ("sam deploy --parameter-overrides ReleasesMay=canary,hotfix",)
    assert "canery" in finding.evidence


def test_the_page_of_doctor_has_a_row_for_each_finding_and_for_no_other() -> None:
    root = Path(__file__).parents[2]
    folder = root / "cli/switchover_cli/doctor"
    source = "".join(path.read_text("utf-8") for path in sorted(folder.glob("*findings.py")))
    page = (root / "docs/doctor.md").read_text("utf-8")

    told = set(re.findall(r'"([a-z]+[.-](?:[a-z-]+))"', source.replace("{sort}", "config")))
    rows = re.findall(r"^\| ((?:`[a-z.-]+`(?:, )?)+) \|", page, re.MULTILINE)
    documented = set(re.findall(r"`([a-z.-]+)`", " ".join(rows)))

    assert documented == told | {"model.left"}
