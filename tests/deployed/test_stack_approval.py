"""Approval links: from the message, over HTTP to the deployed function, like a browser."""

from __future__ import annotations

import http.client
import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import boto3
import pytest
from tests.support.offering import checkpoint, describe_release, release_text, upload

from switchover.aws.ledger import Ledger
from switchover.domain.outcome import Outcome
from switchover.domain.update.approval import Approval, Channel, Reply
from switchover_cli.connect import find_deployment
from switchover_cli.start.vouching import vouch
from switchover_cli.steering.answering import answer_waiting
from switchover_local.deploy import STACK_NAME, deploy
from switchover_local.engine import REGION
from switchover_local.stack import LocalCloud

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from switchover.domain.update.update import Update

PROJECT = Path(__file__).parents[2]
PATIENCE_SECONDS = 300  # a dozen cold starts, on a machine that may have other things to do
APPROVAL_SECONDS = 12 * 3600  # enough to answer, on a busy machine, while updates run at their pace
APPROVED, DECLINED, UNANSWERED, BY_CALLER = "let-in", "kept-out", "unanswered", "by-caller"
POLICY = {"strategy": "all-at-once", "guard": {"min_requests": 0}, "approval": {"required": True}}

pytestmark = pytest.mark.deployed


@dataclass(frozen=True, slots=True)
class Answered:
    """What a browser gets."""

    status: int
    headers: Mapping[str, str]
    body: str


def ask(method: str, url: str, form: Mapping[str, str] | None = None) -> Answered:
    """Visit a page, or press its button, as a browser does: form-encoded."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE_SECONDS)
    try:
        connection.request(
            method,
            f"{parts.path}?{parts.query}",
            body=None if form is None else urlencode(form),
            headers={} if form is None else {"Content-Type": "application/x-www-form-urlencoded"},
        )
        response = connection.getresponse()
        body = response.read().decode()
        return Answered(response.status, {k.lower(): v for k, v in response.getheaders()}, body)
    finally:
        connection.close()


class Deployed:
    """The stack with links turned on, and a person who is subscribed to its topic."""

    def __init__(self, cloud: LocalCloud) -> None:
        parameters = {"ApprovalLinks": "on", "ApprovalSeconds": str(APPROVAL_SECONDS)}
        self.outputs = deploy(cloud, PROJECT, parameters)
        session = cloud.session()
        self.cloud = cloud
        self.s3 = session.client("s3")
        self.sqs = session.client("sqs")
        self.ledger = Ledger(session.client("dynamodb"), self.outputs["TableName"])
        self.inbox = self.sqs.create_queue(QueueName="people")["QueueUrl"]
        asked = self.sqs.get_queue_attributes(QueueUrl=self.inbox, AttributeNames=["QueueArn"])
        session.client("sns").subscribe(
            TopicArn=self.outputs["TopicArn"],
            Protocol="sqs",
            Endpoint=asked["Attributes"]["QueueArn"],
        )
        self._letters: dict[str, str] = {}

    def offer(self, endpoint: str) -> None:
        """Have v1 serve, and offer v2, about which people are asked."""
        bucket, files = self.outputs["BucketName"], checkpoint()
        self.cloud.seed_endpoint(endpoint, f"s3://{bucket}/models/{endpoint}/v1/", instances=2)
        upload(self.s3, bucket, f"models/{endpoint}/v2/", files)
        release = describe_release("v2", files, endpoint)
        self.s3.put_object(
            Bucket=bucket, Key=f"policies/{endpoint}.yaml", Body=json.dumps(POLICY).encode()
        )
        self.s3.put_object(
            Bucket=bucket, Key=f"releases/{endpoint}/v2/release.json", Body=release_text(release)
        )

    def links(self, endpoint: str) -> dict[str, str]:
        """The links of the message that asks about an endpoint, by what they answer."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (subject := f"Approve? {endpoint} v2") not in self._letters:
            assert time.monotonic() < deadline, self._letters.keys()
            found = self.sqs.receive_message(
                QueueUrl=self.inbox, MaxNumberOfMessages=10, WaitTimeSeconds=1
            )
            bodies = [json.loads(letter["Body"]) for letter in found.get("Messages", [])]
            self._letters |= {body["Subject"]: body["Message"] for body in bodies}
        urls = re.findall(r"https?://\S+", self._letters[subject])
        return {"declined" if "verdict=declined" in url else "approved": url for url in urls}

    def update(self, endpoint: str) -> Update:
        return self.ledger.history(endpoint)[0]

    def await_outcome(self, endpoint: str) -> Update:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (update := self.update(endpoint)).outcome is None and time.monotonic() < deadline:
            time.sleep(0.5)
        return update


@pytest.fixture(name="deployed", scope="module")
def deploy_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    cloud = LocalCloud.up(folder=tmp_path_factory.mktemp("cloud"), speed=120)
    deployed = Deployed(cloud)
    deployed.offer(UNANSWERED)  # first, so that some of its time runs out while others are answered
    yield deployed
    cloud.down()


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that people did with the links of one message, and what came of it."""

    looks: Mapping[str, Answered]
    gate_after_looks: str | None
    guess: Answered
    empty: Answered
    gate_after_empty_form: str | None
    answer: Answered
    again: Answered
    update: Update
    serving: str

    @property
    def approval(self) -> Approval:
        (given,) = self.update.asking.given
        return given


@pytest.fixture(name="story", scope="module")
def look_guess_and_approve(deployed: Deployed) -> Story:
    deployed.offer(APPROVED)
    links = deployed.links(APPROVED)
    looks = {
        f"{method} {verdict}": ask(method, url)
        for verdict, url in links.items()
        for method in ("GET", "HEAD")
    }
    gate = deployed.update(APPROVED).open_gate
    guess = ask("POST", re.sub(r"secret=[\w-]+", "secret=guessed", links["approved"]), {})
    empty = ask("POST", links["approved"], {})
    gate_after_empty_form = deployed.update(APPROVED).open_gate
    answer = ask("POST", links["approved"], {"by": "Kim Østergård", "reason": "read it & agreed"})
    update = deployed.await_outcome(APPROVED)
    return Story(
        looks=looks,
        gate_after_looks=gate,
        guess=guess,
        empty=empty,
        gate_after_empty_form=gate_after_empty_form,
        answer=answer,
        again=ask("POST", links["declined"], {"by": "Sam", "reason": "too late"}),
        update=update,
        serving=deployed.cloud.state().endpoints[APPROVED].serving_config,
    )


def test_a_link_leads_to_a_page_that_says_what_is_asked(story: Story) -> None:
    page = story.looks["GET approved"]

    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert f"May {APPROVED} move to v2?" in page.body


def test_looking_answers_nothing(story: Story) -> None:
    assert {page.status for page in story.looks.values()} == {200}
    assert story.gate_after_looks == "approval"


def test_the_urls_headers_keep_the_link_to_whoever_holds_it(story: Story) -> None:
    headers = story.looks["GET declined"].headers

    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["content-security-policy"].startswith("default-src 'none'")


def test_a_guessed_secret_is_refused_and_told_nothing(story: Story) -> None:
    assert story.guess.status == 403
    assert APPROVED not in story.guess.body


def test_the_button_approves_and_the_update_goes_on_to_its_end(story: Story) -> None:
    assert story.answer.status == 200
    assert story.update.outcome is Outcome.UPDATED, story.update.summary
    assert story.serving == story.update.planned.target.config


def test_who_approved_and_why_is_recorded(story: Story) -> None:
    given = story.approval

    assert (given.verdict, given.channel) == (Reply.APPROVED, Channel.LINK)
    assert (given.by, given.reason) == ("Kim Østergård", "read it & agreed")


def test_a_second_answer_is_told_of_the_first(story: Story) -> None:
    assert story.again.status == 409
    assert (
        "Approved by <bdi>“Kim Østergård”</bdi> (as claimed by the holder of the link):"
        " <bdi>“read it &amp; agreed”</bdi>." in story.again.body
    )


def test_an_empty_form_approves_nothing(story: Story) -> None:
    assert story.empty.status == 422
    assert "Your name is missing." in story.empty.body
    assert story.gate_after_empty_form == "approval"


def session_of(cloud: LocalCloud, name: str) -> boto3.Session:
    """Somebody's own session: a user with a key."""
    iam = cloud.session().client("iam")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    own = cloud.session()._session
    return boto3.Session(
        key["AccessKeyId"], key["SecretAccessKey"], region_name=REGION, botocore_session=own
    )


def test_who_approves_by_command_is_known_by_the_signature(deployed: Deployed) -> None:
    kim = find_deployment(STACK_NAME, session_of(deployed.cloud, "kim"))
    vouch(kim, "0" * 64)
    deployed.offer(BY_CALLER)
    deployed.links(BY_CALLER)

    answer_waiting(kim, BY_CALLER, None, Reply.APPROVED, "looked at it")

    update = deployed.await_outcome(BY_CALLER)
    (given,) = update.asking.given
    assert (given.channel, given.by) == (Channel.IAM, "arn:aws:iam::000000000000:user/kim")
    assert update.outcome is Outcome.UPDATED, update.summary


@pytest.mark.parametrize("output", ["DecideUrl", "VouchUrl"])
def test_whoever_does_not_sign_is_refused_before_the_function_runs(
    deployed: Deployed, output: str
) -> None:
    host = urlsplit(deployed.outputs[output]).netloc
    connection = http.client.HTTPConnection(urlsplit(deployed.cloud.engine_url).netloc, timeout=60)

    connection.request("POST", "/", body=b"{}", headers={"Host": host})
    response = connection.getresponse()

    assert response.status == 403
    assert b"Forbidden" in response.read()
    connection.close()


def test_a_rejection_by_link_leaves_what_serves(deployed: Deployed) -> None:
    deployed.offer(DECLINED)
    link = deployed.links(DECLINED)["declined"]

    page = ask("POST", link, {"by": "Kim", "reason": "not on Friday"})

    update = deployed.await_outcome(DECLINED)
    assert page.status == 200
    assert update.outcome is Outcome.REJECTED
    assert (
        "“Kim” (as claimed by the holder of the link) said no: “not on Friday”." in update.summary
    )
    assert deployed.cloud.state().endpoints[DECLINED].serving_config == f"{DECLINED}-seed"


def test_silence_is_a_no_and_its_link_says_so(deployed: Deployed) -> None:
    link = deployed.links(UNANSWERED)["approved"]
    with deployed.cloud.at_speed(3600):
        update = deployed.await_outcome(UNANSWERED)

    page = ask("POST", link, {"by": "Kim"})

    assert page.status == 410
    assert [reason.code for reason in update.reasons] == ["approval.expired"]
    assert update.outcome is Outcome.REJECTED
