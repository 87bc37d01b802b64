"""A model with code, pickles or unknown files is rejected before anything is changed."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest
from tests.support.expectations import assert_untouched, codes
from tests.support.offering import checkpoint, describe_release, release_text
from tests.support.scene import ENDPOINT

if TYPE_CHECKING:
    from tests.support.world import World


def offer_with(world: World, path: str, content: bytes) -> None:
    files = {**checkpoint(), path: content}
    world.offer(files=files, raw=release_text(describe_release("v2", files, ENDPOINT)))


@pytest.mark.parametrize(
    ("path", "content", "code"),
    [
        ("code/inference.py", b"import os", "model.remote-code"),
        ("serving.properties", b"option.trust_remote_code=true", "model.remote-code"),
        ("audio_config.json", b'{"a": {"auto_map": {"A": "x.A"}}}', "model.remote-code"),
        ("weights", pickle.dumps([1]), "model.pickle-weights"),
        ("lookup.dat", b"x", "model.unknown-file"),
    ],
)
def test_a_release_that_brings_what_nobody_allowed_is_rejected(
    world: World, path: str, content: bytes, code: str
) -> None:
    offer_with(world, path, content)

    end = world.run()

    assert end.state == "Rejected"
    assert codes(assert_untouched(world)) == [code]


@pytest.mark.parametrize(
    ("path", "policy"),
    [
        ("code/inference.py", "model: {allow_remote_code: true}"),
        ("weights.pkl", "model: {allow_pickle: true}"),
        ("lookup.dat", "model: {data_files: ['*.dat']}"),
    ],
)
def test_the_endpoints_policy_may_allow_it(world: World, path: str, policy: str) -> None:
    world.put_policy(policy)
    offer_with(world, path, b"x")

    assert world.run().state == "Updated"
