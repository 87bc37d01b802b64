"""Answers are compared with expectations; the stored part of them is bounded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.golden_samples import (
    answer,
    chat_answer,
    golden_request,
    question,
    stream_answer,
)

from switchover.domain.golden.answers import Answer
from switchover.domain.golden.assessing import GoldenVerdict, assess, verdict_of
from switchover.domain.golden.results import judge

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}},
    "required": ["name"],
}
REFERENCE = "The red sign at the corner says STOP in white letters."


def faults(given: Answer, **expect: Any) -> list[str]:
    return [str(reason) for reason in assess(golden_request(expect=expect), given, 5)]


def stream_faults(given: Answer, **expect: Any) -> list[str]:
    asked = golden_request(expect=expect, stream=True)
    return [str(reason) for reason in assess(asked, given, 5)]


def test_an_answer_as_expected_has_no_fault() -> None:
    given = answer('{"choices": [{"text": "a cat"}]}')
    assert faults(given, matches="cat", values={"choices[0].text": "a cat"}) == []


def test_another_status_is_told_with_what_the_container_said() -> None:
    [fault] = faults(answer("CUDA out of memory", status=500))
    assert fault.startswith(
        "golden request 'hello': status 500 instead of 200: CUDA out of memory."
    )


def test_no_answer_at_all_is_inconclusive() -> None:
    """Nobody was measured: neither that the model is bad nor that it is good."""
    reasons = assess(golden_request(), answer("ThrottlingException", status=0), 5)
    assert verdict_of(reasons) is GoldenVerdict.INCONCLUSIVE
    assert "got no answer: ThrottlingException" in str(reasons[0])


def test_a_refusal_of_sagemakers_is_not_the_status_that_was_expected_of_the_container() -> None:
    """SageMaker throttles with 400, too."""
    reasons = assess(golden_request(expect={"status": 400}), answer("throttled", status=0), 5)
    assert verdict_of(reasons) is GoldenVerdict.INCONCLUSIVE


def test_an_endpoint_that_fails_everybody_is_bad() -> None:
    reasons = assess(golden_request(), answer("ServiceUnavailable", status=0, is_outage=True), 5)
    assert verdict_of(reasons) is GoldenVerdict.FAILED
    assert "SageMaker's failure instead of 200" in str(reasons[0])


def test_an_expected_error_is_no_fault() -> None:
    assert faults(answer(status=400), status=400) == []


def test_a_slow_answer_is_told_with_both_numbers() -> None:
    assert "took 5.1 s, more than 5 s" in faults(answer(latency_us=5_100_000))[0]


def test_an_answer_at_the_limit_is_not_slow() -> None:
    assert faults(answer(latency_us=5_000_000)) == []


def test_a_requests_own_limit_goes_before_the_policys() -> None:
    assert "more than 1 s" in faults(answer(latency_us=2_000_000), latency_seconds=1)[0]


def test_a_text_that_does_not_match_is_told() -> None:
    assert "does not match 'cat'" in faults(answer("a dog"), matches="cat")[0]


def test_a_text_that_holds_what_must_not_occur_is_told() -> None:
    assert faults(answer("a dog"), matches_not="(?i)sorry") == []
    [fault] = faults(answer("Sorry, I can't."), matches_not="(?i)sorry")
    assert "matches '(?i)sorry': Sorry, I can't." in fault


@pytest.mark.parametrize("expect", [{"matches": "(a+)+$"}, {"schema": {"pattern": "(a+)+$"}}])
def test_a_pattern_that_would_backtrack_for_ever_is_answered_at_once(
    expect: dict[str, Any],
) -> None:
    """Python's own engine is still at it when the sun has gone out."""
    text = f"{'a' * 90_000}!"
    given = answer(json.dumps(text) if "schema" in expect else text)
    assert len(faults(given, **expect)) == 1


@pytest.mark.parametrize(
    "expect", [{"matches": "a"}, {"matches_not": "b"}, {"schema": {"type": "string"}}]
)
def test_a_text_that_is_too_long_to_look_at_is_inconclusive(expect: dict[str, Any]) -> None:
    """Its beginning alone might match where the whole does not."""
    reasons = assess(golden_request(expect=expect), answer(json.dumps("a" * 100_000)), 5)
    assert verdict_of(reasons) is GoldenVerdict.INCONCLUSIVE
    assert "has a text of 100,002 characters" in str(reasons[0])


def test_what_a_model_writes_is_told_in_one_line_and_without_control_codes() -> None:
    [fault] = faults(answer("Zürich\n\x1b[2J" + "b" * 300), matches=r"^\d$")
    assert r"does not match '^\d$': Zürich\n\x1b[2Jbbb" in fault
    assert fault.split(". ")[0].endswith("b…")


def test_another_value_is_told_with_both() -> None:
    [fault] = faults(answer('{"version": "v1"}'), values={"version": "v2"})
    assert "version is 'v1', not 'v2'" in fault


def test_a_value_that_is_not_there_is_told() -> None:
    assert "version is None, not 'v2'" in faults(answer(), values={"version": "v2"})[0]


def test_values_are_not_looked_for_in_what_is_not_json() -> None:
    assert "is not JSON: hello" in faults(answer("hello"), values={"a": 1})[0]


def test_a_path_that_cannot_be_followed_is_a_fault_of_the_answer() -> None:
    """An error body has no choices to count: the model is measured bad, the check is not broken."""
    [fault] = faults(answer('{"error": "overloaded"}'), values={"length(choices)": 1})
    assert "length(choices) is None, not 1" in fault


def test_bytes_that_are_no_text_are_still_judged() -> None:
    given = Answer(status=200, body=b"\xff\xfe", latency_us=1)
    assert len(faults(given, matches="cat")) == 1


@pytest.mark.parametrize("expect", [{"values": {"a": 1}}, {"schema": {"type": "array"}}])
def test_an_answer_that_nests_for_ever_is_a_wrong_one(expect: dict[str, Any]) -> None:
    """A model that is out of its mind writes `[[[[…`, which Python's reader can't follow."""
    assert "is not JSON" in faults(answer("[" * 50_000), **expect)[0]


def test_a_character_that_a_stream_brings_in_two_halves_is_whole() -> None:
    assert stream_faults(stream_answer("\ud83d", "\ude00"), matches="^😀$") == []


def test_half_a_character_is_kept_as_text() -> None:
    """JSON can say it, the ledger can't."""
    [result] = judge([question()], [chat_answer("so \ud83d")], 5).results
    assert result.answer_excerpt == "so \ufffd"


def test_half_a_character_in_a_key_is_told_as_text() -> None:
    schema = {"patternProperties": {"^a": {"type": "integer"}}}
    text = json.dumps({"a\ud83d": "x"})
    assert r"data.a\ud83d must be integer" in faults(answer(text), schema=schema)[0]


def test_every_difference_is_told() -> None:
    given = answer(latency_us=9_000_000)
    assert len(faults(given, matches="cat", values={"a": 1, "b": 2})) == 4


def test_of_a_chat_the_message_is_looked_at() -> None:
    """`^STOP$` would never match the JSON around it."""
    assert faults(chat_answer("STOP"), matches="^STOP$") == []


def test_an_empty_message_is_not_taken_for_the_json_around_it() -> None:
    assert len(faults(chat_answer(""), matches="assistant")) == 1


def test_the_text_is_looked_for_where_the_request_says() -> None:
    assert (
        faults(answer('{"out": {"caption": "a cat"}}'), text_at="out.caption", matches="^a cat$")
        == []
    )


def test_a_text_that_is_not_where_the_request_says_is_told() -> None:
    [fault] = faults(answer('{"error": "no"}'), text_at="out.caption", matches="cat")
    assert "has no value at out.caption" in fault


def test_a_text_that_fits_the_schema_has_no_fault() -> None:
    assert faults(chat_answer('{"name": "Ada"}'), schema=PERSON) == []


def test_a_text_that_does_not_fit_the_schema_is_told_with_what_is_missing() -> None:
    [fault] = faults(chat_answer('{"age": 36}'), schema=PERSON)
    assert "does not fit the schema" in fault
    assert "name" in fault


def test_a_text_that_is_no_json_does_not_fit_a_schema() -> None:
    assert "is not JSON, but the schema is for JSON" in faults(chat_answer("Ada"), schema=PERSON)[0]


def test_case_and_white_space_make_no_difference_to_similarity() -> None:
    wanted = {"text": REFERENCE, "at_least": 1}
    assert faults(chat_answer(REFERENCE.upper().replace(" ", " \n ")), similar_to=wanted) == []


def test_how_an_accent_is_written_makes_no_difference_to_similarity() -> None:
    wanted = {"text": "caf\u00e9 cr\u00e8me", "at_least": 1}
    assert faults(chat_answer("cafe\u0301 cre\u0300me"), similar_to=wanted) == []


def test_a_text_that_says_something_else_is_told_with_its_similarity() -> None:
    wanted = {"text": REFERENCE, "at_least": 0.8}
    [fault] = faults(chat_answer("A cat sleeps on a green sofa."), similar_to=wanted)
    assert "similar to the reference, less than 0.8" in fault


def test_a_long_text_is_compared_letter_by_letter_too() -> None:
    """Left to itself, difflib takes no notice of frequent letters in texts of 200 and more."""
    wanted = {"text": REFERENCE * 10, "at_least": 0.9}
    told = (REFERENCE * 10).replace("sign", "plate")
    assert faults(chat_answer(told), similar_to=wanted) == []


def test_a_text_that_goes_on_for_ever_is_told_apart_without_comparing_it() -> None:
    """Comparing texts costs the product of their lengths: this would take minutes."""
    wanted = {"text": "a" * 1000, "at_least": 0.5}
    assert "is 0.00 similar" in faults(answer("a" * 400_000), similar_to=wanted)[0]


def test_the_pieces_of_a_stream_are_one_text() -> None:
    assert stream_faults(stream_answer("ST", "OP"), matches="^STOP$") == []


def test_the_values_of_a_stream_stand_in_the_list_of_its_events() -> None:
    given = stream_answer("a", usage=7)
    assert stream_faults(given, values={"[0].model": "v2", "[-1].usage.completion_tokens": 7}) == []


def test_a_stream_of_json_lines_is_one_text_too() -> None:
    given = answer('{"token": "ST"}\n{"token": "OP"}\n', parts=2, first_token_us=1)
    assert stream_faults(given, text_at="[].token", matches="^STOP$") == []


def test_a_stream_that_begins_late_is_told() -> None:
    given = stream_answer("a", first_token_us=2_500_000, latency_us=3_000_000)
    assert "began after 2.5 s, more than 2 s" in stream_faults(given, first_token_seconds=2)[0]


def test_a_stream_that_had_not_ended_is_a_fault() -> None:
    given = stream_answer("a", cut_short="had not ended after 3.0 s", latency_us=3_000_000)
    assert "had not ended after 3.0 s" in stream_faults(given)[0]


def test_a_stream_that_brings_nothing_has_no_first_token() -> None:
    given = answer("", parts=0, latency_us=1_000_000)
    told = stream_faults(given, first_token_seconds=2, tokens_per_second=1)
    assert "ended without any content" in told[0]
    assert "came at 0 tokens per second" in told[1]


def test_what_took_no_time_has_no_speed_to_pass_by() -> None:
    asked = golden_request(expect={"tokens_per_second": 1}, stream=True)
    reasons = assess(asked, stream_answer("a", latency_us=0), 5)
    assert verdict_of(reasons) is GoldenVerdict.INCONCLUSIVE


def test_tokens_are_counted_by_the_usage_that_the_answer_tells() -> None:
    given = stream_answer("a", "b", usage=30, latency_us=2_000_000)
    [fault] = stream_faults(given, tokens_per_second=20)
    assert "15 tokens per second (by its usage), less than 20" in fault


def test_without_usage_each_part_of_a_stream_is_a_token() -> None:
    given = stream_answer("a", "b", latency_us=2_000_000)
    [fault] = stream_faults(given, tokens_per_second=20)
    assert "1 tokens per second (by its parts of the stream)" in fault


def test_a_result_tells_times_tokens_and_what_was_answered() -> None:
    given = stream_answer(
        "ST", "OP", usage=2, latency_us=1_000_000, first_token_us=400_000, tries=2
    )
    [result] = judge([question(stream=True)], [given], 5).results
    assert result.has_passed
    assert (result.first_token_us, result.tries, result.answer_excerpt) == (400_000, 2, "STOP")
    assert result.speed is not None
    assert (result.speed.tokens_per_second, result.speed.counts) == (2, "usage")


def test_a_plain_answer_without_usage_has_no_speed() -> None:
    assert judge([question()], [answer()], 5).results[0].speed is None


def test_right_answers_pass() -> None:
    assert judge([question()], [answer()], 5).verdict is GoldenVerdict.PASSED


def test_a_request_that_could_not_be_asked_is_inconclusive_and_said() -> None:
    judged = judge([question(), question(name="b")], [answer(), None], 5)
    assert judged.verdict is GoldenVerdict.INCONCLUSIVE
    assert [reason.code for reason in judged.reasons] == ["golden.unasked"]
    assert judged.results[1].status is None
    assert judged.results[1].verdict is GoldenVerdict.INCONCLUSIVE


def test_a_wrong_answer_fails_whatever_could_not_be_asked() -> None:
    judged = judge([question(), question(name="b")], [answer(status=500), None], 5)
    assert judged.verdict is GoldenVerdict.FAILED


def test_no_requests_pass() -> None:
    assert judge([], [], 5).verdict is GoldenVerdict.PASSED


def test_what_is_kept_of_the_most_requests_with_the_worst_answers_fits_into_an_event() -> None:
    """EventBridge's has 256 KB for everything that is known of an update, DynamoDB's item 400 KB."""
    values = {f"v{n}": "錯" * 500 for n in range(9)}
    questions = [question(name="名" * 97 + str(n), expect={"values": values}) for n in range(200)]
    given = answer(json.dumps({"v0": "答" * 100_000}, ensure_ascii=False))
    judged = judge(questions, [given] * 200, 5)
    kept = sum(len(result.model_dump_json().encode()) for result in judged.results)
    told = sum(len(reason.model_dump_json().encode()) for reason in judged.reasons)
    assert kept < 180_000
    assert told < 40_000


def test_what_is_wrong_is_told_before_what_was_not_asked() -> None:
    questions = [question(name=str(n)) for n in range(30)]
    judged = judge(questions, [*[None] * 29, answer(status=500)], 5)
    assert judged.verdict is GoldenVerdict.FAILED
    assert judged.reasons[0].code == "golden.failed"


def test_reasons_that_are_too_many_end_with_their_number() -> None:
    questions = [question(name=str(n)) for n in range(30)]
    judged = judge(questions, [answer(status=500)] * 30, 5)
    assert len(judged.reasons) == 21
    assert judged.reasons[-1].message == "10 more differences."
    assert judged.reasons[-1].code == "golden.failed"
