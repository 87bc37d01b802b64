"""Draw a recorded screen: `switchover watch` over a canary update whose release answers with errors.

    python -m docs.recorded           # writes docs/images/watch.svg
    python -m docs.recorded --check   # fails if the picture is out of date

The update is a real run of the deployed definition and functions on the twin, in virtual time. So every
machine draws the same picture.
"""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from hashlib import sha256
from io import StringIO
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

from rich.console import Group
from tests.support.laptop import deployment_of
from tests.support.world import World

from switchover.aws import clients as product_clients
from switchover.settings import settings
from switchover_cli.output import open_console
from switchover_cli.scene import read_scene
from switchover_cli.screens.update import PANEL_WIDTH, draw_outcome, draw_scene
from switchover_cli.start.vouching import vouch
from switchover_local.twin.scenario import Behaviour, ModelBehaviour, Scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from switchover_cli.scene import Scene

PICTURE = Path(__file__).parent / "images" / "watch.svg"
_POLICY = """\
strategy: canary
canary: {percent: 25, bake_seconds: 5m}
alarms: {error_rate: 0.05}
"""
_SCENARIO = Scenario(
    models=(ModelBehaviour(model="s3://*/v2/*", behaviour=Behaviour(server_error_rate=0.12)),)
)
_LOOK_SECONDS = 15
_MOST_LOOKS = 400
_FRAME_SECONDS = 3.5
_LAST_SECONDS = 9.0
# rich's own format, but for the fonts, which it fetches from the network.
_FRAME = """\
<svg class="frame {unique_id}" viewBox="0 0 {width} {height}" width="{width}" height="{height}">
<style>
.{unique_id}-matrix {{ font: {char_height}px/{line_height}px ui-monospace, Menlo, Consolas, monospace; }}
.{unique_id}-title {{ font: bold 18px sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g>
</g>
</svg>
"""


def main() -> int:
    """Write or check the picture; the exit code says whether it was current."""
    logging.disable()
    drawn = draw()
    if PICTURE.exists() and PICTURE.read_text() == drawn:
        return 0
    if "--check" in sys.argv[1:]:
        print(f"{PICTURE.name} is out of date: run `python -m docs.recorded`", file=sys.stderr)
        return 1
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(drawn)
    print(f"wrote {PICTURE}")
    return 0


def draw() -> str:
    """The recorded screen as one SVG, whose frames follow each other without any script."""
    with _staged() as world:
        scenes = _last_of_each_phase(_look_on(world))
    screens: list[RenderableType] = [draw_scene(scene) for scene in scenes]
    ended = scenes[-1].update
    screens[-1] = Group(draw_outcome(ended))
    height = max(_count_lines(screen) for screen in screens)
    frames = [_frame(screen, height, number) for number, screen in enumerate(screens)]
    return _animate(frames)


@contextmanager
def _staged() -> Iterator[World]:
    world = World(_SCENARIO)
    with patch.object(product_clients, "client", world.client):
        world.begin(instances=4, requests_per_second=2)
        yield world
    settings.cache_clear()


def _look_on(world: World) -> Iterator[Scene]:
    """Each look at the update, until its outcome is recorded."""
    deployment = deployment_of(world)
    world.put_policy(_POLICY)
    event = world.offer(reason="reads small print better", is_told=False)
    key = event["detail"]["object"]["key"]
    release = world.s3.get_object(Bucket=world.bucket, Key=key)["Body"].read()
    vouch(deployment, sha256(release).hexdigest())
    world.outlets.emit(event)
    for _ in range(_MOST_LOOKS):
        world.clock.advance(_LOOK_SECONDS)
        scene = read_scene(deployment, world.executions[0].name)
        yield scene
        if scene.update.outcome is not None:
            return
    raise AssertionError("the update does not end")


def _last_of_each_phase(scenes: Iterator[Scene]) -> list[Scene]:
    return [list(looks)[-1] for _, looks in groupby(scenes, lambda scene: scene.phase)]


def _count_lines(screen: RenderableType) -> int:
    console = open_console(width=PANEL_WIDTH, file=StringIO())
    return len(console.render_lines(screen))


def _frame(screen: RenderableType, height: int, number: int) -> str:
    console = open_console(
        width=PANEL_WIDTH,
        file=StringIO(),
        record=True,
        force_terminal=True,
        color_system="truecolor",
    )
    console.print(screen)
    for _ in range(height - _count_lines(screen)):
        console.print()
    return console.export_svg(
        title="switchover watch vlm", code_format=_FRAME, unique_id=f"f{number}"
    )


def _animate(frames: list[str]) -> str:
    """Show one frame after the other, for ever; who asked for less motion sees the last one."""
    total = _FRAME_SECONDS * (len(frames) - 1) + _LAST_SECONDS
    rules = []
    for number in range(len(frames)):
        begins = number * _FRAME_SECONDS / total * 100
        ends = 100.0 if number == len(frames) - 1 else (number + 1) * _FRAME_SECONDS / total * 100
        before = "" if number == 0 else "0% { visibility: hidden; } "
        after = "" if ends == 100 else f"{ends:.3f}%, 100% {{ visibility: hidden; }} "
        rules.append(
            f"@keyframes show{number} {{ {before}{begins:.3f}% {{ visibility: visible; }} {after}}}"
            f" .f{number} {{ animation: show{number} {total:.1f}s step-end infinite; }}"
        )
    size = frames[0].partition('viewBox="')[2].partition('"')[0]
    last = len(frames) - 1
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}">',
            "<style>",
            ".frame { visibility: hidden; }",
            *rules,
            "@media (prefers-reduced-motion: reduce) {",
            f".frame {{ animation: none; }} .f{last} {{ visibility: visible; }} }}",
            "</style>",
            *(frame.strip() for frame in frames),
            "</svg>\n",
        )
    )


if __name__ == "__main__":
    sys.exit(main())
