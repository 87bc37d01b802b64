"""A printed command has `--local` and `--stack X` only if they were typed."""

from __future__ import annotations

import inspect
from io import StringIO

import pytest
from rich.table import Table
from rich.text import Text

from switchover_cli.app import main
from switchover_cli.hints import asks_a_stack, carry_option, forget_options
from switchover_cli.loading import each_function
from switchover_cli.output import open_console


@pytest.fixture(autouse=True)
def _nothing_is_typed() -> None:
    forget_options()


def printed(shown: object) -> str:
    console = open_console(file=StringIO(), width=200)
    console.print(shown)
    return console.file.getvalue().rstrip()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Follow it: switchover watch vlm.", "Follow it: switchover watch --local vlm."),
        ("(`switchover history`), or", "(`switchover history --local`), or"),
        ("switchover release unmark vlm v2", "switchover release unmark --local vlm v2"),
        (
            "switchover status a; switchover queue a",
            "switchover status --local a; switchover queue --local a",
        ),
        ("switchover local up", "switchover local up"),
        ("switchover policy check FILE", "switchover policy check FILE"),
        ("See: switchover watch --help", "See: switchover watch --help"),
        ("this shell's switchover and aws", "this shell's switchover and aws"),
        ("alarms named switchover/vlm/ that", "alarms named switchover/vlm/ that"),
    ],
)
def test_what_was_typed_stands_behind_the_commands_name(text: str, told: str) -> None:
    carry_option("--local")

    assert printed(text) == told


def test_both_are_carried_and_a_stacks_name_is_quoted_for_the_shell() -> None:
    carry_option("--stack", "my stack")
    carry_option("--local")

    assert printed("switchover queue vlm") == "switchover queue --stack 'my stack' --local vlm"


def test_a_command_in_a_table_carries_them_too() -> None:
    carry_option("--local")
    table = Table.grid()
    table.add_row(Text("→ switchover queue vlm, and what else there is", style="cyan"))

    assert "switchover queue --local vlm" in " ".join(printed(table).split())


def test_nothing_is_added_where_nothing_was_typed() -> None:
    assert printed("switchover queue vlm") == "switchover queue vlm"


def test_a_command_forgets_what_was_typed_with_the_one_before() -> None:
    carry_option("--local")

    main(("--version",))

    assert printed("switchover queue vlm") == "switchover queue vlm"


@pytest.mark.parametrize("name", [name for name, _ in each_function()])
def test_the_commands_that_take_them_are_known(name: str) -> None:
    function = dict(each_function())[name]

    assert asks_a_stack(name) == ({"local", "stack"} <= set(inspect.signature(function).parameters))
