"""Links of a notification: opening one changes nothing, the secret authorises, one answer counts."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from tests.support.expectations import assert_nothing_left_behind, assert_untouched, codes

from switchover.domain.update.approval import Channel, Reply

if TYPE_CHECKING:
    from tests.stories.conftest import MakeWorld
    from tests.support.world import World

_URL = "https://abc.lambda-url.us-east-1.on.aws/"
_BROWSER_HEADERS = {
    "host": "abc.lambda-url.us-east-1.on.aws",
    "user-agent": "browser",
    "content-type": "application/x-www-form-urlencoded",
}
_YES = {"by": "Kim", "reason": "go"}
_NO = {"by": "Kim", "reason": "not on Friday"}


@pytest.fixture
def asked(world: World) -> World:
    """v2 waits for approval, and people have links."""
    wait_for_approval(world, "approval: {required: true}")
    return world


def wait_for_approval(world: World, policy: str) -> None:
    """Offer v2 to a stack with links, and let it run until people have them."""
    world.lambdas.overrides["SWITCHOVER_LINKS_URL"] = _URL
    world.put_policy(policy)
    world.offer()
    world.run_to("RequestApproval")
    world.clock.advance(60)


def links(world: World) -> dict[str, str]:
    """The links of the newest message, by what they answer."""
    found = re.findall(r"https://\S+", world.outlets.messages[-1]["Message"])
    return {parse_qs(urlsplit(url).query)["verdict"][0]: url for url in found}


def visit(
    world: World, url: str, method: str = "GET", form: dict[str, str] | None = None, **changes: Any
) -> dict[str, Any]:
    """A request to the function URL (Lambda Developer Guide, payload format 2.0)."""
    parts = urlsplit(url)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/",
        "rawQueryString": parts.query,
        "headers": _BROWSER_HEADERS,
        "queryStringParameters": {k: v[0] for k, v in parse_qs(parts.query).items()},
        "requestContext": {
            "accountId": "anonymous",
            "domainName": _BROWSER_HEADERS["host"],
            "http": {"method": method, "path": "/", "sourceIp": "192.0.2.7"},
            "stage": "$default",
            "timeEpoch": int(world.clock.now().timestamp() * 1000),
        },
        "isBase64Encoded": form is not None,
    }
    if form is not None:
        event["body"] = base64.b64encode(urlencode(form).encode()).decode()
    if not parts.query:
        del event["queryStringParameters"]
    answer: dict[str, Any] = world.lambdas.invoke(
        "arn:aws:lambda:::function:AnswerApprovalFunction", {**event, **changes}
    )
    return answer


def test_looking_at_a_link_shows_what_is_asked_and_answers_nothing(asked: World) -> None:
    pages = [visit(asked, url) for url in links(asked).values()]

    assert [page["statusCode"] for page in pages] == [200, 200]
    assert "May vlm move to v2?" in pages[0]["body"]
    assert asked.executions[0].state == "RequestApproval"
    assert asked.update().asking.given == ()


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
def test_what_scanners_send_answers_nothing(asked: World, method: str) -> None:
    visit(asked, links(asked)["approved"], method)

    assert asked.executions[0].state == "RequestApproval"
    assert asked.update().asking.given == ()


@pytest.mark.parametrize("verdict", ["approved", "declined"])
@pytest.mark.parametrize(
    ("form", "status", "told"),
    [
        ({}, 422, "Your name is missing."),
        ({"by": ""}, 422, "Your name is missing."),
        ({"by": " \t", "reason": "go"}, 422, "Your name is missing."),
        ({"by": "\u200b\u2800", "reason": "go"}, 422, "Your name is missing."),
        ({"by": "K" * 101, "reason": "go"}, 422, "at most 100 characters"),
        ({"by": "Kim", "reason": "x" * 501}, 422, "at most 500 characters"),
        ({"by": "K" * 300_000}, 413, "More than 8192 bytes"),
        ({str(number): "x" for number in range(9)}, 422, "not a form of this page"),
    ],
)
def test_an_answer_that_names_nobody_or_says_too_much_is_not_taken(
    asked: World, verdict: str, form: dict[str, str], status: int, told: str
) -> None:
    page = visit(asked, links(asked)[verdict], "POST", form)

    assert (page["statusCode"], told in page["body"]) == (status, True)
    assert "<button" in page["body"]
    assert asked.executions[0].state == "RequestApproval"
    assert asked.update().asking.given == ()


@pytest.mark.parametrize("reason", ["", " ", "\u2060"])
def test_a_rejection_must_say_why(asked: World, reason: str) -> None:
    page = visit(asked, links(asked)["declined"], "POST", {"by": "Kim", "reason": reason})

    assert page["statusCode"] == 422
    assert "A rejection needs a reason." in page["body"]
    assert 'value="Kim"' in page["body"]
    assert asked.executions[0].state == "RequestApproval"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"headers": {"content-type": "text/plain"}}, 415),
        ({"headers": {"content-type": "application/json"}}, 415),
        ({"headers": {}}, 415),
        ({"body": "%%%"}, 400),
        ({"body": base64.b64encode(b"by=\xff&reason=go").decode()}, 422),
        ({"body": base64.b64encode(b"by=Kim&by=Ana").decode()}, 422),
        ({"body": base64.b64encode(b"x" * 9_000).decode()}, 413),
    ],
)
def test_what_is_no_form_of_the_page_is_not_taken(
    asked: World, changes: dict[str, Any], status: int
) -> None:
    page = visit(asked, links(asked)["approved"], "POST", _YES, **changes)

    assert page["statusCode"] == status
    assert asked.executions[0].state == "RequestApproval"


def test_the_button_approves_and_records_who_said_they_are(asked: World) -> None:
    page = visit(asked, links(asked)["approved"], "POST", _YES)
    end = asked.run()

    (given,) = asked.update().asking.given
    assert page["statusCode"] == 200
    assert "Approved." in page["body"]
    assert end.state == "Updated"
    assert (given.channel, given.by, given.reason) == (Channel.LINK, "Kim", "go")
    assert_nothing_left_behind(asked)


def test_the_other_link_rejects(asked: World) -> None:
    visit(asked, links(asked)["declined"], "POST", _NO)
    end = asked.run()

    assert end.state == "Rejected"
    assert codes(assert_untouched(asked)) == ["approval.declined"]
    assert asked.update().asking.given[0].verdict is Reply.DECLINED


def test_a_second_answer_is_refused(asked: World) -> None:
    visit(asked, links(asked)["approved"], "POST", _YES)

    at_once = visit(asked, links(asked)["declined"], "POST", _NO)
    asked.clock.advance(60)
    later = visit(asked, links(asked)["declined"], "POST", _NO)

    assert [at_once["statusCode"], later["statusCode"]] == [409, 409]
    said = "Approved by <bdi>“Kim”</bdi> (as claimed by the holder of the link): <bdi>“go”</bdi>."
    assert said in later["body"]
    assert asked.run().state == "Updated"


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "?update=nobody&secret=x&verdict=approved",
        "?update=&secret=&verdict=approved",
        "?verdict=approved",
    ],
)
def test_a_link_without_the_secret_opens_nothing(asked: World, broken: str) -> None:
    page = visit(asked, f"{_URL}{broken}", "POST", {})

    assert page["statusCode"] == 403
    assert "vlm" not in page["body"]
    assert asked.executions[0].state == "RequestApproval"


def test_a_guessed_secret_opens_nothing(asked: World) -> None:
    guessed = re.sub(r"secret=[^&]+", "secret=guessed", links(asked)["approved"])

    page = visit(asked, guessed, "POST", {})

    assert page["statusCode"] == 403
    assert "vlm" not in page["body"]


@pytest.mark.parametrize("verdict", ["expired", "failed", "yes", ""])
def test_a_link_answers_only_yes_or_no(asked: World, verdict: str) -> None:
    bent = re.sub(r"verdict=\w+", f"verdict={verdict}", links(asked)["approved"])

    assert visit(asked, bent, "POST", {})["statusCode"] == 403
    assert asked.executions[0].state == "RequestApproval"


def test_another_method_is_refused_with_those_that_are_taken(asked: World) -> None:
    page = visit(asked, links(asked)["approved"], "DELETE")

    assert page["statusCode"] == 405
    assert page["headers"]["Allow"] == "GET, HEAD, POST"


def test_an_expired_link_says_so(asked: World) -> None:
    url = links(asked)["approved"]
    asked.run()

    page = visit(asked, url, "POST", _YES)

    assert asked.update().asking.given[0].verdict is Reply.EXPIRED
    assert page["statusCode"] == 410
    assert "The update ended as Rejected." in page["body"]


def test_a_page_says_why_people_must_decide_what_no_policy_asks(make_world: MakeWorld) -> None:
    world = make_world(requests_per_second=0)
    world.lambdas.overrides["SWITCHOVER_LINKS_URL"] = _URL
    world.offer()
    world.run_to("RequestPromotion")
    world.clock.advance(60)

    page = visit(world, links(world)["approved"])

    assert "May vlm stay on v2?" in page["body"]
    assert "answered 0 requests during its bake" in page["body"]


def test_the_links_of_the_first_gate_do_not_open_the_second(world: World) -> None:
    wait_for_approval(world, "approval: {required: true, promotion: true}")
    first = links(world)["approved"]
    visit(world, first, "POST", _YES)
    world.run_to("RequestPromotion")
    world.clock.advance(60)

    page = visit(world, first, "POST", _YES)

    assert page["statusCode"] == 403
    assert world.executions[0].state == "RequestPromotion"


def test_without_the_stacks_parameter_there_are_no_links(world: World) -> None:
    world.put_policy("approval: {required: true}")
    world.offer()
    world.run_to("RequestApproval")
    world.clock.advance(60)

    assert "https://" not in world.outlets.messages[-1]["Message"]
    assert world.update().asking.link is None
