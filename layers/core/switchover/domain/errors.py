"""Errors of the core.

SwitchoverError
├── FleetTooSmall        a strategy can't be resolved for this fleet
├── EndpointNotFound     SageMaker knows no endpoint of that name
├── EndpointBusy         the endpoint refuses a change now; a retry may help
├── CallRefused          AWS refused a call finally; the message is AWS's
├── NameTaken            another resource has the name; the message names the difference
├── UpdateUnknown        the ledger holds no update of that id
├── UpdateUnreadable     the ledger's record of the update can't be read
├── StaleUpdate          the update was changed since it was read
├── LedgerRefused        DynamoDB refused a write finally
├── NotAsked             people couldn't be asked; the state machine retries
└── Unavailable          AWS gave no usable answer; a retry may help
    └── NoAnswer         AWS throttled, failed or was silent; the state machine retries for longer
"""

from __future__ import annotations


class SwitchoverError(Exception):
    """The root of Switchover's exceptions."""


class FleetTooSmall(SwitchoverError):
    """A strategy needs more instances than the fleet has."""

    def __init__(self, what: str, instances: int) -> None:
        super().__init__(f"{what} needs at least 2 instances, and the fleet has {instances}")
        self.what = what
        self.instances = instances


class EndpointNotFound(SwitchoverError):
    """SageMaker knows no endpoint of that name."""


class EndpointBusy(SwitchoverError):
    """The endpoint is being changed and refuses another change."""


class CallRefused(SwitchoverError):
    """AWS refused a call, and a retry can't help."""


class NameTaken(SwitchoverError):
    """Another resource has the name of the one to create."""


class UpdateUnknown(SwitchoverError):
    """The ledger holds no update of that id."""


class UpdateUnreadable(SwitchoverError):
    """The ledger's record of an update can't be read; recovering the update ends it."""


class StaleUpdate(SwitchoverError):
    """The update was changed since it was read; read it again and decide anew."""


class LedgerRefused(SwitchoverError):
    """DynamoDB refused to write into the ledger, and a retry can't help."""


class NotAsked(SwitchoverError):
    """People couldn't be asked. The state machine matches this name, and retries."""


class Unavailable(SwitchoverError):
    """AWS didn't answer, or throttled; the state machine retries."""


class NoAnswer(Unavailable):
    """AWS throttled, failed or didn't answer in time.

    It is unknown whether AWS carried out the call. The state machine matches this name, and retries
    for longer.
    """
