"""Published models are judged by the code in them that a container would run."""

from __future__ import annotations

from collections import defaultdict

import pytest
from tests.support.model_repositories import REFUSED, SOUND

from switchover.checkpoint.contents import STRICT, refuse
from switchover.checkpoint.openings import read_findings

PICKLED = (".bin", ".pt", ".pth", ".ot")
RAW = ("metal/model.bin", "model.bin")  # not pickles, whatever their suffix says
BYTES = 16


class Plausible:
    """Files that begin as files of their names do."""

    def read(self, path: str, start: int, length: int) -> bytes:
        assert start == 0
        if path in RAW or "openvino" in path:
            return bytes(length)
        begins = {
            ".zip": b"PK\x03\x04",
            ".npy": b"\x93NUMPY\x01\0\x05\0'<f4'",
            ".png": b"\x89PNG\r\n\x1a\n",
            ".json": b"{}",
        }
        opening = b"\x80\x02" if path.endswith(PICKLED) else b"text"
        return begins.get(path[path.rfind(".") :], opening).ljust(length)[:length]


def refusals(paths: str) -> dict[str, set[str]]:
    answers = read_findings(dict.fromkeys(paths.split(), BYTES), {}, Plausible(), map)
    findings = [finding for _, found in answers for finding in found]
    by_code: dict[str, set[str]] = defaultdict(set)
    has_weights = any("/" not in path and path.endswith(".safetensors") for path in paths.split())
    for reason in refuse(findings, STRICT, has_weights=has_weights):
        by_code[reason.code].add(reason.subject)
    return by_code


@pytest.mark.parametrize("paths", SOUND.values(), ids=SOUND.keys())
def test_repositories_without_code_and_pickles_are_sound(paths: str) -> None:
    assert refusals(paths) == {}


@pytest.mark.parametrize(("paths", "expected"), REFUSED.values(), ids=REFUSED.keys())
def test_repositories_with_code_or_pickles_are_refused_for_these_alone(
    paths: str, expected: dict[str, str]
) -> None:
    assert refusals(f"{paths} {' '.join(expected.values())}") == {
        code: {*subjects.split()} for code, subjects in expected.items()
    }
