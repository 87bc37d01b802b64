"""Text of others can't act on a terminal, open a link, or look like a line of ours."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchover.domain.plain_text import (
    for_message,
    for_terminal,
    has_words,
    is_plain,
    one_line,
    quote,
    split_quotations,
)


@pytest.mark.parametrize(
    ("poison", "shown"),
    [
        ("\x1b]52;c;cm0gLXJm\x07", r"\x1b]52;c;cm0gLXJm\x07"),  # writes the clipboard
        ("\x1b[2Jgone", r"\x1b[2Jgone"),  # clears the screen
        ("\x9b31mred", r"\x9b31mred"),  # the same, as one C1 character
        ("\x90q\x9c", r"\x90q\x9c"),
        ("right\rwrong", r"right\rwrong"),  # writes over what stands there
        ("two\nlines", r"two\nlines"),
        ("a\x85b\u2028c\u2029d", r"a\x85b\u2028c\u2029d"),
        ("a\tb\vc\fd", r"a\tb\x0bc\x0cd"),
        ("\u202egpj.exe", r"\u202egpj.exe"),  # reads backwards
        ("\u2066a\u2069\u200f\u061c", r"\u2066a\u2069\u200f\u061c"),
        ("ap\u200bprove\ufeff\u00ad", r"ap\u200bprove\ufeff\xad"),
        ("\U000e0041\U000e0042", r"\U000e0041\U000e0042"),  # tags, unseen by all
        ("\u3164\u115f\u2800", r"\u3164\u115f\u2800"),  # letters that show nothing
        ("\ud800", r"\ud800"),
        ("\ue000\x7f\x00", r"\ue000\x7f\x00"),
        ("a\u200db\u200cc", r"a\u200db\u200cc"),  # a joiner where nothing joins
        ("\u0645\u06cc\u200c\u200c\u062e", "\u0645\u06cc\\u200c\\u200c\u062e"),
        ("a\ufe0fb\U000e0100\U000e0101", r"a\ufe0fb\U000e0100\U000e0101"),  # hold any bytes unseen
        ("\u845b\U000e0100\U000e0101", "\u845b\U000e0100\\U000e0101"),
        ("a" + "\u0301" * 8, "a" + "\u0301" * 6 + r"\u0301\u0301"),  # runs over other lines
    ],
)
def test_what_does_not_show_is_written_out(poison: str, shown: str) -> None:
    assert one_line(poison) == shown
    assert not is_plain(poison)


@pytest.mark.parametrize(
    "good",
    [
        "Kim Østergård",
        "修复 🚑",
        "שלום",
        "שָׁלוֹם",
        "é vs é",
        "a [/] b",
        "50 % → 2",
        "علی\u200cرضا می\u200cخواهم",  # Persian
        "क्\u200dष श्\u200cर",  # Hindi
        "ශ්\u200dරී ලංකා",  # Sinhala
        "สวัสดี Việt Nam",
        "\U0001f469\u200d\U0001f692 \u2764\ufe0f\u200d\U0001f525 \U0001f3f3\ufe0f\u200d\U0001f308",
        "1\ufe0f\u20e3 ©\ufe0f \U0001f44d\U0001f3fd \U0001f1e9\U0001f1f0",
        "葛\U000e0100城",  # a Japanese name
    ],
)
def test_what_people_write_stays_as_it_is(good: str) -> None:
    assert one_line(good) == good
    assert for_terminal(good) == good
    assert quote(good) == f"“{good}”"


@given(st.text())
def test_nothing_unsafe_comes_through_any_medium(text: str) -> None:
    shown = one_line(text) + for_message(text) + quote(text)

    active = {
        char for char in shown if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    }
    assert active <= {"\u200c", "\u200d"}
    assert not find_in_vain(shown)


def find_in_vain(shown: str) -> list[str]:
    """Joiners with nothing on one side that they could join."""
    return re.findall("(?:^|[\x00-\u02ff])[\u200c\u200d]|[\u200c\u200d](?:[\x00-\u02ff]|$)", shown)


@given(st.text())
def test_nobody_closes_their_own_quotation(text: str) -> None:
    assert quote(text).count("”") == 1
    assert for_message(quote(text)).endswith("”")


def test_long_text_is_cut_and_the_rest_counted() -> None:
    assert one_line("x" * 5_000, 10) == "xxxxxxxxxx … (+4990 characters)"
    assert len(for_message("x" * 10**6)) < 2_100
    assert one_line("ab\u200b\u200b\u200b", 10) == r"ab\u200b … (+2 characters)"
    assert len(quote("\u200b" * 400)) < 450


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://evil.example", "http[:]//evil.example"),
        ("HTTPS://evil.example/x?verdict=approved", "HTTPS[:]//evil.example/x?verdict=approved"),
        ("see www.evil.example", "see www[.]evil.example"),
        ("ftp://a slack://b x-apple.c://d", "ftp[:]//a slack[:]//b x-apple.c[:]//d"),
        ("mailto:kim@evil.example", "mailto[:]kim[@]evil.example"),
        ("javascript:alert(1)", "javascript[:]alert(1)"),
        ("tel:+4512345678", "tel[:]+4512345678"),
        ("“evil.example”", "“evil[.]example”"),
        ("“login.evil.co.uk/x”", "“login[.]evil[.]co[.]uk/x”"),
        ("evil.example/x.json: is", "evil[.]example/x.json: is"),
        ("at s3.amazonaws.com/evil", "at s3[.]amazonaws[.]com/evil"),
        ("evil.example?x", "evil[.]example?x"),
        ("<!here> <@U1> <#C1>", "[<]!here> [<]@U1> [<]#C1>"),
        ("@here @Channel @everyone", "[@]here [@]Channel [@]everyone"),
    ],
)
def test_a_message_holds_no_link_that_others_wrote(address: str, shown: str) -> None:
    assert for_message(address) == shown


@pytest.mark.parametrize(
    "line",
    [
        "s3://models/vlm/v2/config.json: is missing.",
        "alarms.error_rate: 0.05 at ml.g6e.2xlarge, 09:30",
        "Next: switchover rollback vlm --to v1.2",
        "arn:aws:iam::000000000000:user/kim",
        "code/inference.py: p99 < 2 s, 1.5/s, models/chat/v1.2/config.json",
        "000000000000.dkr.ecr.us-east-1.amazonaws.com/vllm:0.9",
    ],
)
def test_a_message_leaves_our_own_words_as_they_are(line: str) -> None:
    assert for_message(line) == line


@given(st.text(alphabet="“”a "))
def test_the_pieces_of_a_text_are_the_text(text: str) -> None:
    assert "".join(piece for piece, _ in split_quotations(text)) == text


def test_a_quotation_that_was_cut_off_is_a_quotation_to_its_end() -> None:
    assert list(split_quotations("a “b” c “d")) == [
        ("a ", False),
        ("“b”", True),
        (" c ", False),
        ("“d", True),
        ("", False),
    ]


@pytest.mark.parametrize(
    "blank",
    [
        "",
        " ",
        "\t\n",
        "\u200b\u200b",
        "\u3164",
        "\u2800 \u202e",
        "\xa0",
        "\ufe0f",
        " \u0301",
        "\u200d",
    ],
)
def test_a_text_without_anything_to_read_has_no_words(blank: str) -> None:
    assert not has_words(blank)
    assert has_words(f"{blank}K")
