"""How far answers prove that the release serves, and which fleet answered in a bake."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.samples import (
    NOW,
    amend_plan,
    live_config,
    live_release,
    plan,
    policy,
    release,
    update,
    variant,
)

from switchover.domain.golden.answers import Answer
from switchover.domain.golden.assessing import GoldenVerdict, verdict_of
from switchover.domain.golden.identity import (
    UNASKED,
    Identity,
    IdentityCheck,
    Level,
    Proof,
    prove_identity,
)
from switchover.domain.golden.questions import GoldenQuestion
from switchover.domain.golden.requests import GoldenRequest
from switchover.domain.guarding import Probes, aim
from switchover.domain.outcome import Outcome
from switchover.domain.plans.plan import Plan
from switchover.domain.plans.release_plan import plan_release
from switchover.domain.plans.routing import keeps_to_instances, note_routing
from switchover.explain.account import tell_outcome
from switchover.explain.announcement import announce_outcome

CHECK = IdentityCheck(at="model", equals="qwen-v2", names_version=True)


def question(name: str = "reads", **request: Any) -> GoldenQuestion:
    asked = {"name": name, "chat": {"prompt": "What?"}, **request}
    return GoldenQuestion(GoldenRequest.model_validate(asked), b'{"messages": []}')


def answered(content: object, status: int = 200, parts: int | None = None) -> Answer:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Answer(status=status, body=body, latency_us=1, parts=parts)


def prove(*answers: Answer | None, check: IdentityCheck | None = CHECK) -> tuple[Proof, list[str]]:
    questions = [question(f"q{number}") for number in range(len(answers))]
    proof, reasons = prove_identity(check, questions, answers)
    return proof, [reason.code for reason in reasons]


def test_without_a_check_only_the_config_vouches() -> None:
    assert prove(answered({"model": "x"}), check=None) == (UNASKED, [])


def test_answers_that_say_the_release_prove_it() -> None:
    proof, reasons = prove(answered({"model": "qwen-v2"}), answered({"other": 1}))
    assert (proof.level, reasons) == (Level.MODEL_VERSION, [])
    assert "1 of 2 answers say 'qwen-v2' at model" in proof.told


def test_a_name_without_version_proves_no_version() -> None:
    check = CHECK.model_copy(update={"names_version": False})
    proof, _ = prove(answered({"model": "qwen-v2"}), check=check)
    assert proof.level is Level.MODEL_NAME
    assert "as any other version would" in proof.told


def test_one_stranger_is_a_wrong_model_whatever_the_others_say() -> None:
    proof, reasons = prove(answered({"model": "qwen-v2"}), answered({"model": "qwen-v1"}))
    assert (proof.level, reasons) == (Level.CONFIG, ["golden.wrong-model"])


@pytest.mark.parametrize(
    "silent",
    [
        None,
        answered({"choices": []}),
        answered(b"not json"),
        answered(b"\xff\xfe"),
        answered({"model": None}),
        answered({"model": "qwen-v2"}, status=500),
        answered({"model": "qwen-v2"}, status=0),
        answered([]),
        answered("text"),
    ],
)
def test_silence_proves_nothing_and_accuses_nobody(silent: Answer | None) -> None:
    questions = [question()]
    proof, reasons = prove_identity(CHECK, questions, [silent])
    assert [reason.code for reason in reasons] == ["golden.identity-untold"]
    assert proof == UNASKED
    assert verdict_of(reasons) is GoldenVerdict.INCONCLUSIVE


def test_a_stream_tells_it_in_its_events() -> None:
    events = b'data: {"x": 1}\n\ndata: {"model": "qwen-v2"}\n\ndata: [DONE]\n\n'
    proof, _ = prove(answered(events, parts=3))
    assert proof.level is Level.MODEL_VERSION


def test_a_number_is_compared_as_it_reads() -> None:
    check = IdentityCheck(at="meta.revision", equals="7", names_version=True)
    proof, _ = prove(answered({"meta": {"revision": 7}}), check=check)
    assert proof.level is Level.MODEL_VERSION


def test_version_and_name_are_the_releases() -> None:
    check = Identity(equals="{name}:{version}").of_release(release())
    assert (check.equals, check.names_version) == ("qwen:v2", True)


def test_a_plain_text_names_no_version() -> None:
    assert not Identity(equals="qwen").of_release(release()).names_version


def test_identity_needs_golden_requests() -> None:
    with pytest.raises(ValueError, match="set golden too"):
        policy(tests={"identity": {"equals": "{version}"}})


def test_the_plan_fixes_what_answers_must_say() -> None:
    made = plan(tests={"golden": "golden/a.jsonl", "identity": {"equals": "{version}"}})
    assert made.tests.identity == IdentityCheck(at="model", equals="v2", names_version=True)


# What people and machines are told


def updated(proof: Proof | None) -> tuple[str, ...]:
    told = update(outcome=Outcome.UPDATED, summary="chat serves v2.", identity=proof)
    return tell_outcome(told)


def test_an_outcome_says_how_far_it_was_proven() -> None:
    proof = Proof(level=Level.MODEL_VERSION, told="by the model itself: 2 of 2 answers say 'v2'")
    assert "Proven by the model itself: 2 of 2 answers say 'v2'." in updated(proof)


def test_an_outcome_that_asked_nobody_says_so() -> None:
    [line] = [line for line in updated(None) if line.startswith("Proven")]
    assert "the model itself was not asked" in line


def test_a_rollback_claims_no_proof_of_the_release() -> None:
    told = tell_outcome(update(outcome=Outcome.ROLLED_BACK, summary="chat is back on v1."))
    assert not any(line.startswith("Proven") for line in told)


def test_machines_get_the_level() -> None:
    told = update(outcome=Outcome.UPDATED, summary="chat serves v2.")
    assert announce_outcome(told).detail["identity"]["level"] == "config"


# Routing, and who answered in a bake


@pytest.mark.parametrize("routing", ["PREFIX_AWARE", "KV_AWARE"])
def test_routing_that_keeps_to_instances_is_noted(routing: str) -> None:
    assert keeps_to_instances(routing)
    assert routing in " ".join(note_routing(routing))


@pytest.mark.parametrize("routing", ["", "RANDOM", "LEAST_OUTSTANDING_REQUESTS"])
def test_ordinary_routing_is_not(routing: str) -> None:
    assert not keeps_to_instances(routing)
    assert list(note_routing(routing)) == []


def routed(**config: Any) -> Plan:
    made = plan_release(
        update_id="chat-v2-0a1b2c3d",
        started_at=NOW,
        release=release(),
        bucket="models",
        policy=policy(),
        live=live_release(config=live_config(**config)),
        variant=variant(),
        previous_version="v1",
    )
    assert isinstance(made, Plan)
    return made


def test_the_plan_tells_people_of_the_routing() -> None:
    made = routed(RoutingConfig={"RoutingStrategy": "PREFIX_AWARE"})
    assert made.destination.routing == "PREFIX_AWARE"
    assert any("PREFIX_AWARE" in note for note in made.notes)


def test_varied_probes_begin_differently_and_ask_the_same() -> None:
    probes = Probes((question(),), varies=True)
    first = probes.next_question
    probes.note(first, answered({}))
    second = probes.next_question
    assert first.body[:24] != second.body[:24]
    assert json.loads(first.body)["messages"] == json.loads(second.body)["messages"]


def test_a_body_of_ones_own_is_never_changed() -> None:
    own = GoldenQuestion(GoldenRequest(name="raw", body={"inputs": 1}), b'{"inputs": 1}')
    assert Probes((own,), varies=True).next_question.body == b'{"inputs": 1}'


def test_without_that_routing_probes_stay_as_they_are() -> None:
    assert Probes((question(),)).next_question == question()


def test_who_answered_is_counted_by_their_own_words() -> None:
    probes = Probes((question(),), identity=CHECK)
    for said in ("qwen-v1", "qwen-v2", "qwen-v1"):
        probes.note(question(), answered({"model": said}))
    assert probes.told_fleets == "2 by 'qwen-v1', 1 by 'qwen-v2'"


def test_where_containers_are_asked_one_by_one_each_request_names_its_own() -> None:
    made = amend_plan(plan(), target_container="vlm")
    assert [each.container for each in aim(made, [question()])] == ["vlm"]
