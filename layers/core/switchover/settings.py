"""The environment as one frozen object, read once per process and never at import."""

from __future__ import annotations

import os
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """The environment variables that the template sets. Each function gets only those that it uses."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    table: str = Field(alias="SWITCHOVER_TABLE")
    bucket: str = Field(alias="SWITCHOVER_BUCKET")
    state_machine_arn: str | None = Field(default=None, alias="SWITCHOVER_STATE_MACHINE_ARN")
    topic_arn: str | None = Field(default=None, alias="SWITCHOVER_TOPIC_ARN")
    dashboard: str = Field(default="", alias="SWITCHOVER_DASHBOARD")
    schedule_group: str | None = Field(default=None, alias="SWITCHOVER_SCHEDULE_GROUP")
    schedule_target_arn: str | None = Field(default=None, alias="SWITCHOVER_SCHEDULE_TARGET_ARN")
    schedule_role_arn: str | None = Field(default=None, alias="SWITCHOVER_SCHEDULE_ROLE_ARN")
    dead_letters_arn: str | None = Field(default=None, alias="SWITCHOVER_DEAD_LETTERS_ARN")
    approval_seconds: int = Field(default=0, alias="SWITCHOVER_APPROVAL_SECONDS")
    links_url: str = Field(default="", alias="SWITCHOVER_LINKS_URL")
    report_link_hours: int = Field(default=0, alias="SWITCHOVER_REPORT_LINK_HOURS")
    guard_machine_arn: str | None = Field(default=None, alias="SWITCHOVER_GUARD_MACHINE_ARN")
    event_bus: str = Field(default="default", alias="SWITCHOVER_EVENT_BUS")
    chat_topic_arn: str = Field(default="", alias="SWITCHOVER_CHAT_TOPIC_ARN")
    chat_buttons: Literal["on", "off"] = Field(default="off", alias="SWITCHOVER_CHAT_BUTTONS")
    chat_user_roles: Literal["on", "off"] = Field(default="off", alias="SWITCHOVER_CHAT_USER_ROLES")

    releases_may_text: str = Field(default="", alias="SWITCHOVER_RELEASES_MAY")

    @property
    def releases_may(self) -> tuple[str, ...]:
        """The settings that releases may override freely, unless the policy file says otherwise."""
        return split_names(self.releases_may_text)

    @property
    def machine_arn(self) -> str:
        """The update state machine.

        Raises:
            ValueError: this function's environment doesn't name it.
        """
        if self.state_machine_arn is None:
            raise ValueError("SWITCHOVER_STATE_MACHINE_ARN is not set for this function")
        return self.state_machine_arn


def split_names(text: str) -> tuple[str, ...]:
    """The names in a stack parameter, separated by commas."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


@cache
def settings() -> Settings:
    """The settings of this process.

    Raises:
        ValidationError: a required name is missing from the environment.
    """
    return Settings.model_validate(dict(os.environ))
