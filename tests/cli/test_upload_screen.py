"""An upload's screen shows totals and a few files, however many there are."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from switchover_cli.screens.upload import UploadScreen
from switchover_cli.upload.progress import Progress, Step


def draw(screen: UploadScreen) -> list[str]:
    """What stands on the screen now, line by line."""
    console = Console(file=StringIO(), width=100)
    with console.capture() as captured:
        console.print(screen)
    return captured.get().splitlines()


def make_screen() -> UploadScreen:
    return UploadScreen(Console(file=StringIO()))


def test_the_totals_and_the_files_that_move_are_shown() -> None:
    screen = make_screen()
    screen.advance(Progress("done.bin", Step.SENT, 10, 10))
    screen.advance(Progress("moving.bin", Step.SENT, 5, 20))

    total, moving = draw(screen)

    assert total.startswith("sending")
    assert "15/30 bytes" in total
    assert "moving.bin" in moving
    assert "5/20 bytes" in moving


def test_of_5_000_files_that_move_eight_are_shown() -> None:
    screen = make_screen()
    for number in range(5_000):
        screen.advance(Progress(f"{number}.bin", Step.SENT, 1, 2))

    lines = draw(screen)

    assert len(lines) == 1 + 8
    assert "5.0/10.0 kB" in lines[0]


def test_a_file_that_has_arrived_makes_room_for_another() -> None:
    screen = make_screen()
    for number in range(9):
        screen.advance(Progress(f"{number}.bin", Step.SENT, 1, 2))
    before = draw(screen)
    screen.advance(Progress("0.bin", Step.SENT, 1, 2))

    after = draw(screen)

    assert [line.split()[0] for line in before[1:]] == [f"{n}.bin" for n in range(8)]
    assert [line.split()[0] for line in after[1:]] == [f"{n}.bin" for n in range(1, 9)]


def test_bytes_that_must_be_sent_again_are_taken_back() -> None:
    screen = make_screen()
    screen.advance(Progress("x.bin", Step.SENT, 10, 10))
    screen.advance(Progress("x.bin", Step.SENT, -4, 10))

    total, again = draw(screen)

    assert "6/10 bytes" in total
    assert again.split()[0] == "x.bin"


def test_only_the_totals_stay_at_the_end() -> None:
    terminal = StringIO()
    with UploadScreen(Console(file=terminal, force_terminal=True, width=100)) as screen:
        screen.advance(Progress("x.bin", Step.READ, 1, 2))

    (total,) = draw(screen)
    assert total.startswith("reading")
    assert "reading" in terminal.getvalue()


def test_nothing_is_drawn_where_nobody_looks() -> None:
    written = StringIO()
    with UploadScreen(Console(file=written, force_terminal=True), is_silent=True) as screen:
        screen.advance(Progress("x.bin", Step.READ, 1, 2))

    assert written.getvalue() == ""
