"""One finding of the diagnosis."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict


class Finding(BaseModel):
    """Something that is wrong or left over: the evidence, since when, and the commands that fix it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    subject: str
    evidence: str
    since: datetime | None
    commands: tuple[str, ...]
