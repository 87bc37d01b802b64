"""The log of this process: one structured line per decision."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger


@cache
def logger() -> Logger:
    """The process's logger; service and level come from the POWERTOOLS_ variables."""
    from aws_lambda_powertools import Logger as PowertoolsLogger

    return PowertoolsLogger()
