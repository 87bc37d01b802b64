"""Errors of the core.

SwitchoverError
├── FleetTooSmall        a strategy can't be resolved for this fleet
├── EndpointNotFound     SageMaker knows no endpoint of that name
├── EndpointBusy         the endpoint refuses a change now; later may do
├── CallRefused          AWS refused a call for good; the message is AWS's
├── NameTaken            something else bears the name that is to be made; the message says what differs
├── UpdateUnknown        the ledger holds no update of that id
├── UpdateUnreadable     the ledger's record of the update can't be read
├── StaleUpdate          the update was changed since it was read
├── LedgerRefused        DynamoDB refused a write for good
├── NotAsked             people couldn't be asked; the state machine retries
└── Unavailable          AWS did not answer well; a retry may do
    └── NoAnswer         AWS asked to slow down, failed by itself or was silent; the state machine waits
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
    """AWS refused a call in a way that a retry can't mend."""


class NameTaken(SwitchoverError):
    """Something else bears the name of what is to be made."""


class UpdateUnknown(SwitchoverError):
    """The ledger holds no update of that id."""


class UpdateUnreadable(SwitchoverError):
    """The ledger's record of an update can't be read; recovering the update ends it."""


class StaleUpdate(SwitchoverError):
    """The update was changed since it was read; read it again and decide anew."""


class LedgerRefused(SwitchoverError):
    """DynamoDB refused to write into the ledger in a way that a retry can't mend."""


class NotAsked(SwitchoverError):
    """People couldn't be asked. The state machine knows it by this name, and asks again."""


class Unavailable(SwitchoverError):
    """AWS didn't answer, or asked to slow down; the state machine retries."""


class NoAnswer(Unavailable):
    """AWS asked to slow down, failed by itself or didn't answer in time.

    Says nothing about what was asked. The state machine knows it by this name, and has more patience.
    """
