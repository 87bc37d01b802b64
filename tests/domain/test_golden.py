"""Golden requests are read completely with their files, or refused line by line."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.support.golden_samples import beside, golden_request, question

from switchover.domain.golden import questions
from switchover.domain.golden.questions import GoldenQuestion, parse_golden
from switchover.domain.reasons import Reason

DOCS = Path(__file__).parents[2] / "docs"
SOURCE = "s3://models/golden/chat.jsonl"
GOOD = b'{"name": "hello", "body": {"prompt": "Hello"}}'
SIGN = b"\x89PNG sign"


def refusals(raw: bytes, files: dict[str, bytes] | None = None) -> list[str]:
    parsed = parse_golden(raw, SOURCE, beside(files or {}))
    assert all(isinstance(entry, Reason) for entry in parsed)
    return [str(entry) for entry in parsed]


def sent(files: dict[str, bytes] | None = None, **fields: Any) -> Any:
    return json.loads(question(files, **fields).body)


def test_one_object_per_line_is_one_request_per_line() -> None:
    parsed = parse_golden(GOOD + b"\n\n" + GOOD.replace(b"hello", b"again"), SOURCE, beside({}))
    assert [type(entry) for entry in parsed] == [GoldenQuestion, GoldenQuestion]


def test_a_body_is_sent_as_json() -> None:
    assert sent(body={"prompt": "Hello"}) == {"prompt": "Hello"}


def test_a_text_body_is_sent_as_it_is() -> None:
    assert question(body="Hello").body == b"Hello"


def test_a_body_file_is_sent_byte_by_byte() -> None:
    assert question({"images/sign.png": SIGN}, body_file="images/sign.png").body == SIGN


@pytest.mark.parametrize(
    ("fields", "content_type"),
    [
        ({}, "application/json"),
        ({"body_file": "sign.PNG"}, "image/png"),
        ({"body_file": "rows.csv"}, "text/csv"),
        ({"body_file": "tensor.npy"}, "application/octet-stream"),
        ({"body_file": "sign.png", "content_type": "image/x-ours"}, "image/x-ours"),
    ],
)
def test_the_content_type_is_what_the_file_says_unless_it_is_given(
    fields: dict[str, str], content_type: str
) -> None:
    assert golden_request(**fields).sent_type == content_type


def test_a_chat_is_one_message_of_the_user() -> None:
    body = sent(chat={"prompt": "Hi", "model": "vlm", "max_tokens": 9, "system": "Be brief"})
    assert body == {
        "model": "vlm",
        "messages": [
            {"role": "system", "content": "Be brief"},
            {"role": "user", "content": "Hi"},
        ],
        "temperature": 0,
        "max_tokens": 9,
    }


def test_a_chats_images_are_sent_as_data_urls_before_the_prompt() -> None:
    body = sent({"sign.png": SIGN}, chat={"prompt": "What does it say?", "images": ["sign.png"]})
    image, text = body["messages"][0]["content"]
    head, _, content = image["image_url"]["url"].partition(",")
    assert (head, base64.b64decode(content)) == ("data:image/png;base64", SIGN)
    assert text == {"type": "text", "text": "What does it say?"}


def test_a_streamed_chat_asks_for_a_stream_that_tells_its_tokens() -> None:
    body = sent(chat={"prompt": "Hi"}, stream=True)
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"{", "is not JSON"),
        (b'{"name": "a"}', "give one of `body`, `body_file` and `chat`"),
        (b'{"name": "a", "body": "x", "body_file": "x.bin"}', "give one of"),
        (b'{"name": "a", "body": 5}', "body: 5 is not accepted"),
        (b'{"name": "", "body": "x"}', "name: '' is not accepted"),
        (b'{"name": "a", "body": "x", "expct": {}}', "Did you mean 'expect'?"),
        (
            b'{"name": "a", "body": "x", "expect": {"matches": "("}}',
            "is not an accepted regular expression",
        ),
        (b'{"name": "a", "body": "x", "expect": {"values": {"a[": 1}}}', "is not a JMESPath"),
        (b'{"name": "a", "body": "x", "expect": {"text_at": "a["}}', "is not a JMESPath"),
        (
            b'{"name": "a", "body": "x", "expect": {"values": {"a[?size(b)]": 1}}}',
            "there is no function size()",
        ),
        (b'{"name": "a", "body": "x", "expect": {"matches": "^(?!No)"}}', "Use `matches_not`"),
        (
            rb'{"name": "a", "body": "x", "expect": {"matches_not": "(a)\\1"}}',
            "backreferences are not supported",
        ),
        (
            b'{"name": "a", "body": "x", "expect": {"matches": "(?:a{1000}){1000}"}}',
            "Use smaller repetitions",
        ),
        (b'{"name": "a", "body": "x", "expect": {"matches": ""}}', "at least 1 character"),
        (b'{"name": "a", "body": "x", "expect": {"schema": {"type": 5}}}', "is not a JSON Schema"),
        (
            b'{"name": "a", "body": "x", "expect": {"schema": {"$ref": "http://x.invalid/"}}}',
            "which is not fetched",
        ),
        (
            b'{"name": "a", "body": "x", "expect": {"schema": {"requried": ["a"]}}}',
            "did you mean 'required'?",
        ),
        (
            b'{"name": "a", "body": "x", "expect": {"schema": {"items": {"format": "emial"}}}}',
            "did you mean 'email'?",
        ),
        (
            b'{"name": "a", "body": "x", "expect": {"schema": {"not": {"pattern": "(?=a)"}}}}',
            "look-around",
        ),
        (
            b'{"name": "a", "body": "x", "expect": {"schema": {"$schema": "https://x.invalid/2020-12"}}}',
            "only draft 7 is supported",
        ),
        (
            b'{"name": "a", "body": "x", "expect": {"schema": {"not": {"$ref": "#/a", "minLength": 1}}}}',
            "'minLength' is not checked beside a $ref",
        ),
        (
            b'{"name": "a", "body": "x", "expect": {"similar_to": {"text": "x", "at_least": 90}}}',
            "less than or equal to 1",
        ),
        (b'{"name": "a", "body": "x", "expect": {"latency_seconds": 61}}', "is at most 60"),
        (b'{"name": "a", "body": "x", "expect": {"first_token_seconds": 1}}', "set `stream`"),
        (b'{"name": "a", "body": "x", "expect": {"tokens_per_second": 1}}', "set `stream`"),
        (b'{"name": "a", "body_file": "../secret"}', "or a subfolder"),
        (b'{"name": "a", "body_file": "/etc/passwd"}', "or a subfolder"),
        (b'{"name": "a", "chat": {"prompt": "x", "images": ["a.pdf"]}}', "an image is one of .png"),
        (b'{"name": "a", "body": "x", "custom_attributes": "a\\nb"}', "custom_attributes"),
        (b'{"name": "hello", "body": "x"}', "'hello' is also the name of line 1"),
        (b'{"name": "a", "body_file": "x.bin"}', "x.bin is not beside the golden file"),
    ],
)
def test_a_wrong_line_is_told_once_with_its_number(line: bytes, words: str) -> None:
    [fault] = refusals(GOOD + b"\n" + line)
    assert fault.startswith(f"{SOURCE} line 2: ")
    assert words in fault


def test_every_wrong_line_and_every_missing_file_is_told() -> None:
    missing = b'{"name": "a", "chat": {"prompt": "x", "images": ["a.png", "b.png"]}}'
    told = refusals(b"{\n" + missing + b"\n{")
    assert [fault.split(": ")[0].rpartition(" ")[2] for fault in told] == ["1", "2", "2", "3"]


@pytest.mark.parametrize("raw", [b"", b"\n \n"])
def test_an_empty_file_asks_nothing_and_is_refused(raw: bytes) -> None:
    assert refusals(raw) == [
        f"{SOURCE}: contains no request. Write at least one JSON object per line."
    ]


def test_a_body_that_sagemaker_does_not_take_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Base64 counts: a file below the limit may be above it as an image of a chat."""
    monkeypatch.setattr(questions, "BODY_LIMIT_BYTES", 1000)
    line = b'{"name": "a", "chat": {"prompt": "x", "images": ["a.png"]}}'
    [fault] = refusals(line, {"a.png": bytes(900)})
    assert fault.startswith(f"{SOURCE} line 1: the body is larger than")


def test_bodies_that_are_too_large_together_are_refused_and_not_read_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(questions, "TOTAL_LIMIT_BYTES", 1000)
    lines = [f'{{"name": "{n}", "body_file": "{n}.bin"}}' for n in range(5)]
    read: list[str] = []

    def read_beside(name: str) -> bytes:
        read.append(name)
        return bytes(600)

    [fault] = parse_golden("\n".join(lines).encode(), SOURCE, read_beside)

    assert isinstance(fault, Reason)
    assert fault.code == "golden.too-large"
    assert read == ["0.bin", "1.bin"]


def test_more_requests_than_can_be_kept_are_refused() -> None:
    lines = "\n".join(f'{{"name": "{n}", "body": "x"}}' for n in range(201))
    assert refusals(lines.encode()) == [
        (
            f"{SOURCE}: holds 201 requests; at most 200 are accepted."
            " Keep the requests that show a wrong model."
        )
    ]


def test_of_far_too_many_lines_no_file_is_read_and_not_every_fault_is_told() -> None:
    """What is told travels with the update through 256 KB of payload."""
    told = refusals(b'{"name": "a", "body_file": "x.bin"\n' * 10_000)
    assert told[0].startswith(f"{SOURCE}: holds 10000 requests; at most 200 are accepted.")
    assert len(told) == 21
    assert "has 181 more faults" in told[-1]


def test_a_file_of_a_windows_editor_is_read() -> None:
    """It begins with a mark, and its lines end otherwise."""
    raw = b"\xef\xbb\xbf" + GOOD + b"\r\n" + GOOD.replace(b"hello", b"again") + b"\r\n"
    parsed = parse_golden(raw, SOURCE, beside({}))
    assert [type(entry) for entry in parsed] == [GoldenQuestion, GoldenQuestion]


def test_the_examples_of_the_docs_are_golden_requests() -> None:
    pages = [page.read_text() for page in DOCS.glob("golden.md")]
    blocks = [
        block for page in pages for block in re.findall(r"```jsonl\n(.*?)```", page, re.DOTALL)
    ]
    files = dict.fromkeys(re.findall(r'"(images/[^"]+)"', "".join(blocks)), SIGN)

    parsed = parse_golden("".join(blocks).encode(), "golden.md", beside(files))

    assert len(parsed) >= 5
    assert all(isinstance(entry, GoldenQuestion) for entry in parsed), parsed
