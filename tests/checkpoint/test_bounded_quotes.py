"""A string that never ends, with many quotes in it, is read once and not again from each quote."""

from __future__ import annotations

import subprocess
import sys

import pytest

# Read in milliseconds; from each quote again it would take minutes.
_HARD_STOP_SECONDS = 30
_READ = {
    "json": """
from switchover.domain.bounded import Limits, Unreadable, read_json
try:
    read_json("[" + "1," * 21_000 + '"' + chr(92) + (chr(34) + chr(92)) * 100_000, Limits(bytes=2**20))
except Unreadable as error:
    print(error)
""",
    "nesting": """
from switchover.checkpoint.carriers import find_in_json
print(list(find_in_json(b'{"auto_map": "' + b'\\\\"' * 200_000)))
""",
    "pbtxt": """
from switchover.checkpoint.carriers import find_in_pbtxt
print(list(find_in_pbtxt(b'"' + b'\\\\"' * 200_000)))
""",
    "template": """
from switchover.checkpoint.templates import find_template_fault
print(find_template_fault("{{ '" + chr(92) + ("'" + chr(92)) * 200_000))
""",
}


@pytest.mark.parametrize(
    ("reader", "said"),
    [
        ("json", "holds more than 20000 values"),
        ("nesting", "[]"),
        ("pbtxt", "[]"),
        ("template", "has no }} for the {{ in line 1"),
    ],
)
def test_a_string_that_never_ends_is_read_once(reader: str, said: str) -> None:
    ended = subprocess.run(  # noqa: S603 - the programs above
        [sys.executable, "-c", _READ[reader]],
        capture_output=True,
        text=True,
        check=True,
        timeout=_HARD_STOP_SECONDS,
    )

    assert ended.stdout.strip() == said
