"""The recipe for webhooks deploys, sends what a real event says, and holds no secret."""

from __future__ import annotations

import json
import re
from typing import Any

import jmespath
import pytest
from cfnlint.api import ManualArgs, lint
from samtranslator.yaml_helper import yaml_parse
from tests.support.samples import later, plan, reason, update
from tests.support.template_parts import ROOT

from switchover.domain.outcome import Outcome
from switchover.explain.announcement import announce_outcome

_TEXT = (ROOT / "docs/recipes/webhooks.yaml").read_text(encoding="utf-8")
_RESOURCES: dict[str, Any] = yaml_parse(_TEXT)["Resources"]
_RULES = {
    name: resource["Properties"]
    for name, resource in _RESOURCES.items()
    if resource["Type"] == "AWS::Events::Rule"
}
_SHORT = "chat NeedsOperator v2. Act now: switchover explain chat-v2-0a1b2c3d"
_SENT = {
    "SlackRule": {
        "text": _SHORT,
        "mrkdwn": False,
        "unfurl_links": False,
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "NeedsOperator: chat"}},
            {"type": "section", "text": {"type": "plain_text", "text": _SHORT}},
            {
                "type": "context",
                "elements": [{"type": "plain_text", "text": "chat-v2-0a1b2c3d"}],
            },
        ],
    },
    "TeamsRule": {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "content": {
                    "type": "AdaptiveCard",
                    "version": "1.4",
                    "body": [
                        {"type": "TextBlock", "weight": "Bolder", "text": "NeedsOperator"},
                        {
                            "type": "RichTextBlock",
                            "inlines": [{"type": "TextRun", "text": _SHORT}],
                        },
                        {
                            "type": "FactSet",
                            "facts": [
                                {"title": "Endpoint", "value": "chat"},
                                {"title": "Update", "value": "chat-v2-0a1b2c3d"},
                            ],
                        },
                    ],
                },
            }
        ],
    },
    "PagerDutyRule": {
        "event_action": "trigger",
        "dedup_key": "chat-v2-0a1b2c3d",
        "payload": {
            "summary": _SHORT,
            "source": "chat",
            "severity": "critical",
            "component": "chat",
            "class": "NeedsOperator",
        },
    },
}


def _event(**changes: Any) -> dict[str, Any]:
    """The event that the product sends, as EventBridge hands it to a rule."""
    told = announce_outcome(
        update(
            **{
                "outcome": Outcome.NEEDS_OPERATOR,
                "summary": 'the "rollback"\nfailed \\',
                "reasons": (reason(),),
                "ended_at": later(600),
                "plan": plan(),
                **changes,
            }
        )
    )
    return {"source": "switchover", "detail-type": told.detail_type, "detail": told.detail}


def _send(rule: str, event: dict[str, Any]) -> Any:
    """What the target of a rule gets. A value is copied without escapes: AWS doesn't promise any."""
    transformer = _RULES[rule]["Targets"][0]["InputTransformer"]
    paths: dict[str, str] = transformer["InputPathsMap"]

    def value(found: re.Match[str]) -> str:
        return str(jmespath.search(paths[found[1]].removeprefix("$."), event))

    return json.loads(re.sub(r"<([\w.-]+)>", value, transformer["InputTemplate"]))


@pytest.mark.long
def test_cfn_lint_finds_nothing_in_the_recipe() -> None:
    found = lint(_TEXT, config=ManualArgs(regions=["us-east-1"]))

    assert [str(match) for match in found] == []


@pytest.mark.parametrize("rule", _RULES)
def test_a_receiver_gets_what_a_real_event_says(rule: str) -> None:
    assert _send(rule, _event()) == _SENT[rule]


@pytest.mark.parametrize("rule", _RULES)
def test_a_body_stays_json_whatever_the_version_is_called(rule: str) -> None:
    sent = _send(rule, _event(version='v2" \\ \n é'))

    assert "chat NeedsOperator v2' ? ? ?." in json.dumps(sent)


@pytest.mark.parametrize("outcome", [one for one in Outcome if one is not Outcome.QUEUED])
def test_people_in_chats_get_every_end_of_an_update(outcome: Outcome) -> None:
    wanted = f"Update {outcome.value}"

    assert wanted in _RULES["SlackRule"]["EventPattern"]["detail-type"]
    assert wanted in _RULES["TeamsRule"]["EventPattern"]["detail-type"]


def test_a_pager_rings_only_for_an_operator() -> None:
    assert _RULES["PagerDutyRule"]["EventPattern"]["detail-type"] == ["Update NeedsOperator"]


def test_each_secret_stays_in_secrets_manager() -> None:
    written = json.dumps([r for r in _RESOURCES.values() if r["Type"] == "AWS::Events::Connection"])

    assert re.findall(r"\{\{resolve:secretsmanager:\$\{\w+\}:SecretString:(\w+)\}\}", written) == [
        "authorization",
        "sig",
        "routing_key",
    ]
    assert not re.search(r"xox[bp]-|hooks\.slack\.com|sig=", _TEXT)
