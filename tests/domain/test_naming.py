"""Names are the same at a retry, new for each update, and valid for AWS."""

from __future__ import annotations

import re
from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.samples import NOW, later

from switchover.domain.naming import (
    alarm_name,
    config_name,
    endpoint_of_alarm,
    execution_name,
    is_config_of,
    short_config_name,
)

ALNUM = "abcXYZ019"
ENDPOINTS = st.builds(
    "{}{}{}".format,
    st.sampled_from(ALNUM),
    st.text(f"{ALNUM}-", max_size=61),
    st.sampled_from(ALNUM),
)
VERSIONS = st.builds("{}{}".format, st.sampled_from(ALNUM), st.text(f"{ALNUM}._+-", max_size=62))


@given(endpoint=ENDPOINTS, version=VERSIONS, update_id=st.text(min_size=1))
def test_a_config_name_is_one_that_sagemaker_takes(
    endpoint: str, version: str, update_id: str
) -> None:
    """EndpointConfigName and ModelName, the narrower of both patterns (rules §1.2, §1.6)."""
    name = config_name(endpoint, version, update_id, NOW)
    assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", name)
    assert len(name) <= 63


@given(endpoint=ENDPOINTS, version=VERSIONS | st.just(""), source=st.text(min_size=1))
def test_an_execution_name_is_one_that_step_functions_takes(
    endpoint: str, version: str, source: str
) -> None:
    """At most 80 characters (rules §6)."""
    assert re.fullmatch(r"[a-zA-Z0-9-]{1,80}", execution_name(endpoint, version, source))


@given(ids=st.lists(st.uuids(), min_size=2, max_size=2, unique=True))
def test_two_updates_to_the_same_version_have_different_configs(ids: list[object]) -> None:
    """Otherwise the serving config couldn't tell success from a rollback (rules §2.2)."""
    first, second = (config_name("e" * 63, "v" * 63, str(one), NOW) for one in ids)
    assert first != second


def test_two_endpoints_whose_names_read_alike_share_no_execution() -> None:
    """The SHA-256 of both sources begin with the same 32 bits: such a pair is found in minutes."""
    ours = execution_name("chat", "eu-v2", "models/releases/x/29795")
    theirs = execution_name("chat-eu", "v2", "models/releases/x/50594")

    assert ours[: len("chat-eu-v2-b2ba4cfd")] == theirs[: len("chat-eu-v2-b2ba4cfd")]
    assert ours != theirs


def test_two_endpoints_whose_names_read_alike_share_no_config() -> None:
    """A rejected update deletes the config that bears its name."""
    ours = config_name("chat", "eu-v2", "chat-eu-v2-000000000001511f", NOW)
    theirs = config_name("chat-eu", "v2", "chat-eu-v2-0000000000019c98", NOW)

    assert ours.startswith("switchover-chat-eu-v2-20260105-606f694b")
    assert theirs.startswith("switchover-chat-eu-v2-20260105-606f694b")
    assert ours != theirs


def test_a_retry_makes_the_same_names() -> None:
    assert config_name("chat", "v2", "id", NOW) == config_name("chat", "v2", "id", NOW)
    assert execution_name("chat", "v2", "etag") == execution_name("chat", "v2", "etag")


def test_names_can_be_read() -> None:
    assert config_name("chat", "2025.06_rc+1", "id", NOW).startswith(
        "switchover-chat-2025-06-rc-1-"
    )


def test_a_config_says_the_day_on_which_its_update_started() -> None:
    name = config_name("vlm-prod", "v2", "vlm-prod-v2-0409f40a", NOW)

    assert re.fullmatch(r"switchover-vlm-prod-v2-20260105-[0-9a-f]{16}", name)


def test_the_day_is_that_of_utc() -> None:
    late = NOW.replace(hour=23, minute=30)

    there = late.astimezone(timezone(timedelta(hours=8)))

    assert config_name("chat", "v2", "id", there) == config_name("chat", "v2", "id", late)


@pytest.mark.parametrize("length", [26, 27, 35])
def test_the_date_gives_way_to_the_endpoints_name_which_rights_are_narrowed_to(length: int) -> None:
    endpoint = "e" * length

    name = config_name(endpoint, "v2", "id", NOW)

    assert name.startswith(f"switchover-{endpoint}-")
    assert ("-20260105-" in name) == (length == 26)


def test_another_update_or_another_day_is_another_config() -> None:
    name = config_name("chat", "v2", "id", NOW)

    assert is_config_of(name, "chat", "v2", "id", NOW)
    assert not is_config_of(name, "chat", "v2", "other", NOW)
    assert not is_config_of(name, "chat", "v2", "id", later(86_400))


@given(endpoint=ENDPOINTS, version=VERSIONS, update_id=st.text(min_size=1))
def test_every_config_has_the_prefix_that_the_policies_are_narrowed_to(
    endpoint: str, version: str, update_id: str
) -> None:
    """However long the endpoint's name; as SageMaker writes it in ARNs, in lower case."""
    assert config_name(endpoint, version, update_id, NOW).startswith("switchover-")


@pytest.mark.parametrize("name", ["chat-v1", "", "my-switchover-chat"])
def test_the_short_name_of_somebody_elses_config_is_its_name(name: str) -> None:
    assert short_config_name(name) == name


@given(endpoint=ENDPOINTS, config=ENDPOINTS)
def test_an_alarm_leads_back_to_its_endpoint(endpoint: str, config: str) -> None:
    assert endpoint_of_alarm(alarm_name(endpoint, config, "latency")) == endpoint


@pytest.mark.parametrize("name", ["", "chat", "team/chat/x/latency", "switchover/chat", "a/b/c"])
def test_somebody_elses_alarm_leads_nowhere(name: str) -> None:
    assert endpoint_of_alarm(name) is None


@given(endpoint=ENDPOINTS, config=ENDPOINTS)
def test_an_alarm_name_fits(endpoint: str, config: str) -> None:
    """AlarmName: 1–255 (rules §1.2)."""
    assert len(alarm_name(endpoint, config, "model-errors")) <= 255
