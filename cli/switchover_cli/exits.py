"""How a command ends, for scripts."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of every command; `--help` shows this table."""

    DONE = 0
    UNEXPECTED = 1
    USAGE = 2
    REJECTED = 3
    ROLLED_BACK = 4
    NEEDS_OPERATOR = 5
    WRONG_ANSWERS = 6
    INTERRUPTED = 130


MEANINGS = {
    ExitCode.DONE: "success",
    ExitCode.UNEXPECTED: "unexpected error: AWS, the network, a defect",
    ExitCode.USAGE: "wrong usage",
    ExitCode.REJECTED: "Rejected or Superseded: the endpoint is unchanged",
    ExitCode.ROLLED_BACK: "RolledBack: the previous config serves",
    ExitCode.NEEDS_OPERATOR: "NeedsOperator, or a finding of doctor: a person must act",
    ExitCode.WRONG_ANSWERS: "a golden request was answered wrongly, or could not be measured",
    ExitCode.INTERRUPTED: "stopped by Ctrl-C; the update continues",
}
