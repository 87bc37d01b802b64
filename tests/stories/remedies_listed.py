"""Printed commands that no story here types: other tests type them, or they can't be typed."""

from __future__ import annotations

from tests.stories.remedies import CLI, DOMAIN, EXPLAIN, WEB
from tests.support.printed_commands import Printed

_OWN = "test_remedies"
_DOCTOR = "test_cli_doctor:test_every_command_mends_what_it_stands_under"

# By module and test.
TYPED_ELSEWHERE = {
    Printed(f"{CLI}/steering/aborting.py", "switchover queue {}"): (
        f"{_OWN}:test_an_abort_with_nothing_to_stop_names_what_is_there_to_see"
    ),
    Printed(f"{CLI}/steering/aborting.py", "switchover status {}"): (
        f"{_OWN}:test_an_abort_with_nothing_to_stop_names_what_is_there_to_see"
    ),
    Printed(f"{CLI}/watching/ending.py", "switchover watch --update {}"): (
        f"{_OWN}:test_what_was_started_without_watching_says_how_to_follow_it"
    ),
    Printed(f"{DOMAIN}/aborting.py", "switchover cancel {} {}"): (
        f"{_OWN}:test_what_waits_in_the_queue_is_not_aborted_but_taken_out"
    ),
    Printed(f"{DOMAIN}/marks.py", "switchover start --endpoint {} --version {}"): (
        f"{_OWN}:test_a_version_that_is_marked_bad_starts_by_name"
    ),
    Printed(f"{DOMAIN}/manifest.py", "switchover doctor"): _DOCTOR,
    Printed(f"{DOMAIN}/marks.py", "switchover unpin {}"): f"{_OWN}:test_a_pinned_endpoint_is_freed",
    Printed(f"{CLI}/doctor/commands.py", "switchover unclaim"): _DOCTOR,
    Printed(f"{CLI}/doctor/commands.py", "switchover unpin"): _DOCTOR,
}

_CLOUD = "begins, shows or ends a local cloud, which a story has none of (tests/localcloud)"
_TOOL = "names the tool that writes a release; the folder and the names are the reader's"
_LONG = "stands where a page had to leave something out (tests/explain/test_report_page)"

NOT_TYPED = {
    **{
        Printed(f"{CLI}/{file}.py", f"switchover {command}"): _CLOUD
        for file, command in (
            ("cloud", "local up"),
            ("demo/acts", "history {} --local"),
            ("demo/acts", "local demo"),
            ("demo/acts", "local down"),
            ("demo/acts", "local env"),
            ("demo/acts", "local up"),
            ("demo/acts", "rollback {}"),
            ("demo/acts", "status {} --local"),
            ("demo/acts", "upload --help"),
            ("screens/local", "and aws there"),
            ("screens/local", "local demo"),
            ("screens/local", "local down"),
            ("screens/local", "local env"),
            ("refusals", "local up"),
        )
    },
    Printed(f"{EXPLAIN}/announcement.py", "switchover approve"): (
        "names the only way of answering that counts; the line before has the command"
    ),
    Printed(f"{DOMAIN}/golden/assessing.py", "switchover test"): (
        "names the tool; the remedy of an unanswered request has the command"
    ),
    Printed(f"{DOMAIN}/approvals/four_eyes.py", "switchover approve"): (
        "names the only way of answering that tells who answers; the remedy beside has the command"
    ),
    Printed(f"{EXPLAIN}/chat.py", "switchover approve"): (
        "names the only way of answering that counts; the line before has the command"
    ),
    Printed(f"{DOMAIN}/report/making.py", "switchover explain {} --json"): _LONG,
    Printed(f"{WEB}/report.html.j2", "switchover explain {} --json"): _LONG,
    **{
        Printed(f"layers/core/switchover/{file}.py", "switchover upload"): _TOOL
        for file in ("aws/release_files", "domain/places", "domain/release")
    },
}
