"""Remembered answers are as good as new ones."""

from __future__ import annotations

from tests.support.remembered import Remembered, digest_of


def test_a_reader_that_changes_an_answer_changes_it_for_nobody_else() -> None:
    known = Remembered()
    known.find("key", lambda: {"Items": [1]})["Items"].append(2)
    known.find("key", dict)["Items"].append(3)

    assert known.find("key", dict) == {"Items": [1]}


def test_calls_that_differ_only_in_a_type_are_checked_apart() -> None:
    assert digest_of({"Limit": 1}) != digest_of({"Limit": True})


def test_what_can_be_read_only_once_is_never_remembered() -> None:
    assert digest_of({"Body": (chunk for chunk in (b"1",))}) is None
