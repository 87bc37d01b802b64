"""A config that served an endpoint: the target of a rollback."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class Served(BaseModel):
    """A config that was confirmed to serve an endpoint."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: str
    version: str
    config_name: str
    model_name: str
    update_id: str
    at: datetime
