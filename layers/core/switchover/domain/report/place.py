"""Where the report of an update lies, as the execution carries it from WriteReport to Announce."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

WRITTEN, NOT_NEEDED, MISSING = "written", "not_needed", "missing"


class ReportPlace(BaseModel):
    """The answer of WriteReport. `place` is the report's S3 URI.

    `link` shows the report to any holder, for `link_hours` at most; it is empty if the stack makes none.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    verdict: str
    place: str = ""
    link: str = ""
    link_hours: int = 0
