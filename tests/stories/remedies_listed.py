"""Printed commands that no story here types: other tests do, or nobody can."""

from __future__ import annotations

from tests.stories.remedies import CLI, DOMAIN
from tests.support.printed_commands import Printed

_OWN = "test_remedies"
_DOCTOR = "test_cli_doctor:test_every_command_mends_what_it_stands_under"

# By module and test.
TYPED_ELSEWHERE = {
    Printed(f"{CLI}/abort.py", "switchover queue {}"): (
        f"{_OWN}:test_an_abort_with_nothing_to_stop_names_what_is_there_to_see"
    ),
    Printed(f"{CLI}/abort.py", "switchover status {}"): (
        f"{_OWN}:test_an_abort_with_nothing_to_stop_names_what_is_there_to_see"
    ),
    Printed(f"{CLI}/following.py", "switchover watch --update {}"): (
        f"{_OWN}:test_what_was_started_without_watching_says_how_to_follow_it"
    ),
    Printed(f"{DOMAIN}/aborting.py", "switchover cancel {} {}"): (
        f"{_OWN}:test_what_waits_in_the_queue_is_not_aborted_but_taken_out"
    ),
    Printed(f"{DOMAIN}/marks.py", "switchover start --endpoint {} --version {}"): (
        f"{_OWN}:test_a_version_that_is_marked_bad_starts_by_name"
    ),
    Printed(f"{DOMAIN}/marks.py", "switchover unpin {}"): f"{_OWN}:test_a_pinned_endpoint_is_freed",
    Printed(f"{DOMAIN}/diagnosis/commands.py", "switchover unclaim"): _DOCTOR,
    Printed(f"{DOMAIN}/diagnosis/commands.py", "switchover unpin"): _DOCTOR,
}

_CLOUD = "begins, shows or ends a local cloud, which a story has none of (tests/localcloud)"
_TOOL = "names the tool that writes a release; the folder and the names are the reader's"

NOT_TYPED = {
    **{
        Printed(f"{CLI}/{file}.py", f"switchover {command}"): _CLOUD
        for file, command in (
            ("cloud", "local up"),
            ("demo", "history {} --local"),
            ("demo", "local demo"),
            ("demo", "local down"),
            ("demo", "local env"),
            ("demo", "local up"),
            ("demo", "rollback {}"),
            ("demo", "status {} --local"),
            ("demo", "upload --help"),
            ("local", "and aws there"),
            ("local", "local demo"),
            ("local", "local down"),
            ("local", "local env"),
            ("refusals", "local up"),
        )
    },
    Printed(f"{DOMAIN}/approvals/four_eyes.py", "switchover approve"): (
        "names the only way of answering that tells who answers; the remedy beside has the command"
    ),
    **{
        Printed(f"layers/core/switchover/{file}.py", "switchover upload"): _TOOL
        for file in ("aws/models", "domain/places", "domain/release")
    },
}
