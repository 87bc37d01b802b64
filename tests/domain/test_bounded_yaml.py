"""YAML is read within bounds, also if its aliases would expand beyond them."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.support.peak_memory import MIB, measure_peak_bytes

from switchover.domain.bounded import Unreadable
from switchover.domain.bounded_yaml import BoundedLoader
from switchover.domain.policies.layers import parse_policy

EIGHT_KEYS = "{k1: 1, k2: 2, k3: 3, k4: 4, k5: 5, k6: 6, k7: 7, k8: 8}"


def merges(levels: int, width: int = 9) -> str:
    """Each line merges the one before it many times."""
    lines = [
        f"b{n}: &b{n} {{<<: [{','.join([f'*b{n - 1}'] * width)}]}}" for n in range(1, levels + 1)
    ]
    return "\n".join([f"b0: &b0 {EIGHT_KEYS}", *lines])


def aliases(levels: int, width: int = 9) -> str:
    lines = [f"b{n}: &b{n} [{','.join([f'*b{n - 1}'] * width)}]" for n in range(1, levels + 1)]
    return "\n".join(["b0: &b0 [x]", *lines])


TOO_MUCH = {
    "merge keys": (merges(9), "more than 20000 values"),
    "aliases": (aliases(9), "more than 20000 values"),
    "a chain of aliases": (aliases(60, 1), "deeper than 32 levels"),
    "an alias of itself": ("&a [*a]", "contains itself in line 1"),
    "a merge of itself": ("a: &a\n  <<: *a", "contains itself in line 2"),
    "brackets": ("[" * 10_000, "deeper than 32 levels"),
    "dashes": ("- " * 10_000, "deeper than 32 levels"),
    "braces": ("{a: " * 200, "deeper than 32 levels"),
    "keys of keys": ("? " * 200 + "a", "deeper than 32 levels"),
    "40 KB of hex digits": (f"a: 0x{'f' * 40_000}", "more than 40 digits in line 1"),
    "sexagesimal digits": (f"a: 1{':59' * 2_000}", "more than 40 digits in line 1"),
    "digits": (f"x:\n  a: {'9' * 5_000}", "more than 40 digits in line 2"),
    "a long fraction": (f"a: 0.{'1' * 5_000}", "more than 40 digits in line 1"),
    "infinity": ("a: .inf", "holds inf, which is not a number in line 1"),
    "not a number": ("a: .NaN", "holds nan, which is not a number in line 1"),
    "an overflow": ("a: 1.0e+999", "holds inf, which is not a number in line 1"),
    "half a character": ('a: "\\ud800"', "half of a surrogate pair, which is no text in line 1"),
    "a character beyond Unicode": (
        'a: "\\UFFFFFFFF"',
        "names a character that doesn't exist in Unicode",
    ),
    "no whole number": (
        "a: !!int ''",
        "holds an invalid value for the tag !!int in line 1",
    ),
    "no fraction": (
        "a: !!float ''",
        "holds an invalid value for the tag !!float in line 1",
    ),
    "neither yes nor no": (
        "x:\n  a: !!bool maybe",
        "holds an invalid value for the tag !!bool in line 2",
    ),
    "bytes": ("a: !!binary SGVsbG8=", "could not determine a constructor"),
    "a set": ("a: !!set {a, b}", "could not determine a constructor"),
    "an ordered map": ("a: !!omap [a: 1]", "could not determine a constructor"),
    "Python": ("a: !!python/name:os.system", "could not determine a constructor"),
    "entries": ("- a\n" * 21_000, "more than 20000 values"),
    "length": ("#" * 200_000, "longer than 131072 bytes"),
}


@pytest.mark.long
@pytest.mark.parametrize(("text", "said"), TOO_MUCH.values(), ids=TOO_MUCH)
def test_too_much_is_a_fault_of_the_policy_that_takes_little_memory(text: str, said: str) -> None:
    found: list[Any] = []
    peak = measure_peak_bytes(lambda: found.append(parse_policy(text.encode(), "p.yaml")))

    [fault] = found[0].faults
    assert (fault.code, fault.subject) == ("policy.not-yaml", "p.yaml")
    assert said in fault.message
    assert peak < 32 * MIB


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\nb: [x, {c: y}]",
        f"base: &base {EIGHT_KEYS}\nown: {{<<: *base, k1: 9}}",
        aliases(3),
        merges(2),
        "[" * 32 + "x" + "]" * 32,
        "a: 0x1f\nb: 1_000\nc: 0.5\nd: on",
        "? [a]\n: b",
        "",
    ],
)
def test_what_is_within_bounds_is_read_as_yaml_reads_it(text: str) -> None:
    assert _load(text, BoundedLoader) == _load(text, yaml.SafeLoader)


PIECES = st.sampled_from(
    [
        "a: ", "&a ", "*a", "<<: ", "[", "]", "{", "}", "- ", "? ", "\n", "\n  ", ", ", "x", "|\n", '"',
        "1.5", "0x1", "!!int ", "!!binary ", "%", "---\n", "#", "b: &b", " *b", "2026-01-01", "~",
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=40).map("".join) | st.text() | st.binary())
def test_any_text_gives_a_layer_with_values_or_faults(text: str | bytes) -> None:
    raw = text.encode("utf-8", "replace") if isinstance(text, str) else text

    layer = parse_policy(raw, "p.yaml")

    assert not (layer.values and any(fault.code == "policy.not-yaml" for fault in layer.faults))


def test_a_thousand_repeated_keys_are_some_faults() -> None:
    layer = parse_policy(b"tier: a\n" * 1_000, "p.yaml")

    assert len(layer.faults) == 21


def _load(text: str, loader: type[yaml.SafeLoader]) -> object:
    try:
        return yaml.load(text, loader)  # noqa: S506  (both are SafeLoaders)
    except Unreadable:
        raise
    except yaml.YAMLError as error:
        return type(error)
