"""A reason names file, field, value and remedy, in words for people."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from switchover.domain.reasons import Reason, reasons_from


class _Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    depth: Annotated[int, Field(le=5)] = 1


class _Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")

    inner: _Inner = _Inner()
    rows: list[_Inner] = []
    renamed: Annotated[int, Field(alias="said")] = 0


def reasons(content: object, subjects: dict[str, str] | None = None) -> tuple[Reason, ...]:
    with pytest.raises(ValidationError) as caught:
        _Outer.model_validate(content)
    return reasons_from(
        caught.value, code="test", subjects=subjects or {}, source="a.yaml", model=_Outer
    )


def test_a_reason_reads_as_one_line() -> None:
    reason = Reason(code="x", subject="a.yaml: b", message="is wrong.", remedy="Mend it.")
    assert str(reason) == "a.yaml: b: is wrong. Mend it."


def test_fields_within_lists_are_numbered() -> None:
    [reason] = reasons({"rows": [{"depth": 1}, {"depth": 9}]})
    assert reason.subject == "a.yaml: rows[1].depth"


def test_the_value_is_shown() -> None:
    [reason] = reasons({"inner": {"depth": 9}})
    assert reason.message == "9 is not accepted: input should be less than or equal to 5."


def test_a_long_value_is_cut() -> None:
    [reason] = reasons({"inner": "x" * 500})
    assert len(reason.message) < 200
    assert "..." in reason.message


def test_the_nearest_source_is_named() -> None:
    [reason] = reasons({"inner": {"depth": 9}}, {"inner": "b.yaml", "inner.depth": "c.yaml"})
    assert reason.subject == "c.yaml: inner.depth"


def test_a_source_is_that_of_the_whole_key_not_of_its_beginning() -> None:
    [reason] = reasons({"inner": {"depth": 9}}, {"inn": "b.yaml"})
    assert reason.subject == "a.yaml: inner.depth"


def test_a_fault_inside_a_list_has_the_lists_source() -> None:
    [reason] = reasons({"rows": [{"depth": 9}]}, {"rows": "b.yaml"})
    assert reason.subject == "b.yaml: rows[0].depth"


def test_names_are_suggested_where_the_fault_lies() -> None:
    [reason] = reasons({"inner": {"dept": 1}})
    assert reason.remedy == "Did you mean 'depth'?"


def test_the_name_that_people_write_is_suggested() -> None:
    [reason] = reasons({"sayd": 1})
    assert reason.remedy == "Did you mean 'said'?"


def test_every_fault_has_its_reason() -> None:
    assert len(reasons({"inner": {"depth": 9}, "rows": 5, "x": 1})) == 3
