"""The timeline of a plan, drawn from phases."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import samples

from switchover.domain.plans.timeline import Phase, PhaseName
from switchover_cli.screens.timeline import draw_timeline, sum_phases

DOCS = Path(__file__).parents[2] / "docs"


def phase(
    name: PhaseName = PhaseName.BAKING,
    seconds: int = 600,
    old: int = 4,
    new: int = 4,
    share: float = 0.5,
) -> Phase:
    return Phase(name=name, seconds=seconds, old_instances=old, new_instances=new, new_share=share)


CANARY = (
    phase(PhaseName.LAUNCHING, 600, 4, 4, 0),
    phase(PhaseName.BAKING, 600, 4, 4, 0.25),
    phase(PhaseName.BAKING, 300, 4, 4, 1),
    phase(PhaseName.TERMINATING, 60, 4, 4, 1),
)
ROLLING = (
    phase(PhaseName.LAUNCHING, 600, 4, 2, 0),
    phase(PhaseName.BAKING, 300, 4, 2, 0.5),
    phase(PhaseName.LAUNCHING, 600, 2, 4, 0.5),
    phase(PhaseName.BAKING, 300, 2, 4, 1),
)


def row(lines: tuple[str, ...], label: str) -> str:
    """What stands behind a label."""
    return next(line.removeprefix(label).strip() for line in lines if line.startswith(label))


def numbers(lines: tuple[str, ...], label: str) -> list[str]:
    """The numbers under a labelled row."""
    place = next(index for index, line in enumerate(lines) if line.startswith(label))
    return lines[place + 1].replace("│", " ").split()


def test_the_old_fleet_shrinks_as_the_new_one_grows() -> None:
    lines = draw_timeline(ROLLING, width=100)

    assert numbers(lines, "old fleet") == ["4", "2", "0"]
    assert numbers(lines, "new fleet") == ["2", "4", "4"]


def test_a_bar_is_as_high_as_its_fleet_is_large() -> None:
    lines = draw_timeline(ROLLING, width=100)

    assert "".join(dict.fromkeys(row(lines, "old fleet"))) == "█▄│"
    assert "".join(dict.fromkeys(row(lines, "new fleet"))) == "▄█│"


def test_traffic_is_told_in_percent_from_nothing_to_all() -> None:
    assert numbers(draw_timeline(CANARY, width=100), "new traffic") == ["0%", "25%", "100%", "100%"]


def test_a_phase_takes_as_much_room_as_time() -> None:
    names = row(draw_timeline(CANARY, width=100), "phases").split("│")

    launching, first_bake, second_bake = (len(name) for name in names[1:4])
    assert abs(launching - first_bake) <= 1
    assert abs(first_bake - 2 * second_bake) <= 2


def test_the_axis_counts_minutes() -> None:
    assert row(draw_timeline(CANARY, width=100), "minutes").split() == [
        "0",
        "5",
        "10",
        "15",
        "20",
        "25",
    ]


def test_phases_alike_are_summed_up() -> None:
    assert sum_phases(ROLLING) == "2 × launching 10 min, 2 × baking 5 min"


def test_the_drawing_in_the_docs_is_the_real_one() -> None:
    plan = samples.plan(4, strategy="canary", canary={"percent": 25}, ready_seconds=720)

    drawing = (*draw_timeline(plan.times.phases, width=100), sum_phases(plan.times.phases))

    assert "\n".join(drawing) in (DOCS / "plan.md").read_text()


def test_a_phase_without_length_is_not_told() -> None:
    assert "activating" not in sum_phases((phase(PhaseName.ACTIVATING, 0), *CANARY))


@given(
    strategy=st.sampled_from(["rolling", "canary", "linear", "all-at-once", "redeploy"]),
    instances=st.integers(2, 50),
    ready_seconds=st.integers(30, 1200),
    width=st.integers(60, 120),
)
def test_no_line_is_wider_than_the_terminal(
    strategy: str, instances: int, ready_seconds: int, width: int
) -> None:
    plan = samples.plan(
        instances, strategy=strategy, ready_seconds=ready_seconds, allow_downtime=True
    )

    lines = draw_timeline(plan.times.phases, width=width)

    assert max(map(len, lines)) <= width


@pytest.mark.parametrize("instances", [1, 4, 50])
def test_equal_phases_are_named_alike(instances: int) -> None:
    phases = tuple(
        phase(name, seconds, 50, done, 0.5)
        for done in range(1, instances + 1)
        for name, seconds in ((PhaseName.LAUNCHING, 600), (PhaseName.BAKING, 300))
    )

    names = {name.strip() for name in row(draw_timeline(phases, width=100), "phases").split("│")}

    assert len(names - {"", "done"}) <= 2
