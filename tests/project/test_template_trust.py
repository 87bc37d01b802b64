"""Who may assume a role, invoke a function or publish to a topic, in the translated template."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.template_parts import granted, resources, template, translated

_ARN = "arn:${AWS::Partition}:%s:${AWS::Region}:${AWS::AccountId}:%s"
_OURS = {
    "UpdateStateMachineRole": _ARN % ("states", "stateMachine:${AWS::StackName}-update"),
    "GuardStateMachineRole": _ARN % ("states", "stateMachine:${AWS::StackName}-guard"),
    "QueueScheduleRole": _ARN % ("scheduler", "schedule-group/${AWS::StackName}"),
}
_TRUST = {
    name: entry["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    for name, entry in translated().items()
    if entry["Type"] == "AWS::IAM::Role"
}
_PERMISSIONS = {
    name: entry["Properties"]
    for name, entry in translated().items()
    if entry["Type"] == "AWS::Lambda::Permission"
}


@pytest.mark.parametrize("name", _OURS)
def test_a_service_may_become_a_role_for_our_own_resource_only(name: str) -> None:
    [statement] = _TRUST[name]

    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
        "ArnEquals": {"aws:SourceArn": {"Fn::Sub": _OURS[name]}},
    }


@pytest.mark.parametrize("name", sorted(set(_TRUST) - set(_OURS)))
def test_every_other_role_is_a_functions(name: str) -> None:
    """Lambda documents no source by which the trust of an execution role could be narrowed."""
    assert _TRUST[name] == [
        {
            "Action": ["sts:AssumeRole"],
            "Effect": "Allow",
            "Principal": {"Service": ["lambda.amazonaws.com"]},
        }
    ]


def test_every_schedule_is_of_the_group_that_the_role_trusts() -> None:
    group = resources("AWS::Scheduler::ScheduleGroup")["QueueSchedules"]
    schedules = resources("AWS::Scheduler::Schedule").values()

    assert group["Name"] == {"Ref": "AWS::StackName"}
    assert [schedule["GroupName"] for schedule in schedules] == [{"Ref": "QueueSchedules"}]


@pytest.mark.parametrize("name", sorted(_PERMISSIONS))
def test_a_function_is_invoked_by_our_own_rules_and_topics_or_by_its_url(name: str) -> None:
    permission = _PERMISSIONS[name]
    source = permission.get("SourceArn", {}).get("Fn::GetAtt", [None])[0]
    topic = permission.get("SourceArn", {}).get("Ref", "")
    is_topic = topic in resources("AWS::SNS::Topic")
    is_rule = source in translated() and translated()[source]["Type"] == "AWS::Events::Rule"
    is_url = "FunctionUrlAuthType" in permission or permission.get("InvokedViaFunctionUrl") is True

    assert (permission["Principal"] == "events.amazonaws.com") == is_rule
    assert (permission["Principal"] == "sns.amazonaws.com") == is_topic
    assert [is_rule, is_url, is_topic].count(True) == 1


def test_what_is_public_runs_a_bounded_number_of_times_at_once() -> None:
    public = [
        properties
        for properties in resources("AWS::Serverless::Function").values()
        if properties.get("FunctionUrlConfig", {}).get("AuthType") == "NONE"
    ]
    reserved = {"Ref": "ApprovalConcurrency"}

    assert public
    assert [properties["ReservedConcurrentExecutions"]["Fn::If"][1] for properties in public] == [
        reserved
    ] * len(public)


_POLICIES = [
    *resources("AWS::SNS::TopicPolicy").items(),
    *resources("AWS::SQS::QueuePolicy").items(),
    *resources("AWS::S3::BucketPolicy").items(),
]


@pytest.mark.parametrize(("name", "policy"), _POLICIES, ids=[name for name, _ in _POLICIES])
def test_plain_http_is_refused(name: str, policy: dict[str, Any]) -> None:
    statements = map(granted, policy["PolicyDocument"]["Statement"])
    denied = [entry for entry in statements if entry["Effect"] == "Deny"]

    assert {"Bool": {"aws:SecureTransport": False}} in [entry.get("Condition") for entry in denied]


@pytest.mark.parametrize("topic", resources("AWS::SNS::Topic"))
def test_a_topic_has_a_policy_of_its_own(topic: str) -> None:
    """SNS's default one lets every principal of the account publish."""
    governed = [
        reference
        for policy in resources("AWS::SNS::TopicPolicy").values()
        for reference in policy["Topics"]
    ]

    assert {"Ref": topic} in governed


@pytest.mark.parametrize(("name", "policy"), _POLICIES, ids=[name for name, _ in _POLICIES])
def test_only_services_for_our_own_resources_are_let_in(name: str, policy: dict[str, Any]) -> None:
    statements = map(granted, policy["PolicyDocument"]["Statement"])
    allowed = [entry for entry in statements if entry["Effect"] == "Allow"]
    keys = [{key for test in entry["Condition"].values() for key in test} for entry in allowed]

    assert [list(entry["Principal"]) for entry in allowed] == [["Service"]] * len(allowed)
    assert ["aws:SourceArn" in named for named in keys] == [True] * len(allowed)


def test_the_ledger_can_be_protected_and_the_bucket_watched() -> None:
    written = template()["Resources"]

    assert written["LedgerTable"]["Properties"]["DeletionProtectionEnabled"] == {
        "Fn::If": ["HasDeletionProtection", True, False]
    }
    assert written["ModelBucket"]["Properties"]["LoggingConfiguration"]["Fn::If"][0] == (
        "HasAccessLogBucket"
    )
