"""Every function may make its code's calls, and those that AWS requires in addition, and no others."""

from __future__ import annotations

import re

import pytest
from tests.support.aws_actions import arn_formats, resource_types
from tests.support.called_actions import called_actions
from tests.support.template_parts import (
    ROOT,
    TEMPLATE_PATH,
    Function,
    Statement,
    functions,
    resources,
    roles,
    statements_of,
)

from switchover.domain.naming import CONFIG_PREFIX

# What AWS wants of the caller of an operation beside the permission of its name.
_COMPANIONS = {
    # EventBridge Scheduler User Guide, "Identity-based policies": a schedule acts as a role.
    "scheduler:CreateSchedule": {"iam:PassRole"},
    # S3 User Guide, GetObject: without it a missing key is a 403, and "missing" would read "denied".
    # With SSE-KMS, S3 uses its caller's right to the key ("Protecting data with SSE-KMS").
    "s3:GetObject": {"s3:ListBucket", "kms:Decrypt"},
    "s3:PutObject": {"kms:GenerateDataKey"},
    # SageMaker Developer Guide, "API Permissions" (roles, keys); AddTags for tags given at creation.
    "sagemaker:CreateModel": {"iam:PassRole", "sagemaker:AddTags"},
    "sagemaker:CreateEndpointConfig": {"iam:PassRole", "sagemaker:AddTags"},
    "sagemaker:CreateEndpoint": {"sagemaker:AddTags", "kms:CreateGrant"},
    # SageMaker Developer Guide, "Auto-Rollback Configuration and Monitoring".
    "sagemaker:UpdateEndpoint": {"cloudwatch:DescribeAlarms"},
    # SageMaker Developer Guide, "Endpoint autoscaling": deletion deregisters in the caller's name.
    "sagemaker:DeleteEndpoint": {"application-autoscaling:DeregisterScalableTarget"},
    # Application Auto Scaling User Guide, "Permissions validation".
    "application-autoscaling:RegisterScalableTarget": {
        "sagemaker:DescribeEndpoint",
        "sagemaker:UpdateEndpointWeightsAndCapacities",
    },
    # The same guide, "Additional permissions": a target-tracking policy owns alarms; and scaling that is
    # put back from nothing may have lost its service-linked role.
    "application-autoscaling:PutScalingPolicy": {
        "cloudwatch:PutMetricAlarm",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:DeleteAlarms",
        "iam:CreateServiceLinkedRole",
    },
}

# AWS's own list has no resource for it, yet SAM's StepFunctionsCallbackPolicy and CDK's grantTaskResponse
# both grant it on the machine.
_NARROWER_THAN_LISTED = {"states:SendTaskSuccess"}

# AWS knows resources for these, but tells of composite alarms only whom it lets see all (CloudWatch API
# Reference, DescribeAlarms and DescribeAlarmHistory).
_WIDER_THAN_LISTED = {
    "cloudwatch:DescribeAlarms",
    "cloudwatch:DescribeAlarmHistory",
    # Their one resource, a dataset, isn't what metrics of AWS's own or of alarms are kept in.
    "cloudwatch:GetMetricData",
    "cloudwatch:PutMetricData",
}

# Each acts for somebody else: what it may be used for is in the condition.
_CONDITIONS = {
    "iam:PassRole": "iam:PassedToService",
    "iam:CreateServiceLinkedRole": "iam:AWSServiceName",
    "sagemaker:AddTags": "sagemaker:TaggingAction",
    "events:PutEvents": "events:source",
    "cloudwatch:PutMetricData": "cloudwatch:namespace",
    "kms:CreateGrant": "kms:GrantIsForAWSResource",
    "kms:Decrypt": "kms:ViaService",
    "kms:GenerateDataKey": "kms:ViaService",
    "application-autoscaling:RegisterScalableTarget": "application-autoscaling:service-namespace",
    "application-autoscaling:DeregisterScalableTarget": "application-autoscaling:service-namespace",
    "application-autoscaling:PutScalingPolicy": "application-autoscaling:service-namespace",
    "application-autoscaling:PutScheduledAction": "application-autoscaling:service-namespace",
}

# Lambda Developer Guide, "Process Amazon DynamoDB records with Lambda": it reads as the function's role.
_READS_A_STREAM = {
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
}
_FED_BY_A_STREAM = {
    mapping["FunctionName"]["Ref"]
    for mapping in resources("AWS::Lambda::EventSourceMapping").values()
}

_OURS = {
    "dynamodb": list(resources("AWS::DynamoDB::Table")),
    "iam": list(resources("AWS::IAM::Role")),
    "kms": ["EndpointKmsKeyArn", "ModelBucketKeyArn"],
    "lambda": [function.name for function in functions()],
    "s3": list(resources("AWS::S3::Bucket")),
    "sns": list(resources("AWS::SNS::Topic")),
    "sqs": list(resources("AWS::SQS::Queue")),
    "states": list(resources("AWS::Serverless::StateMachine")),
}

_STATEMENTS = [
    pytest.param(statement, id=f"{name}-{number}")
    for name, statements in (
        *((function.name, function.statements) for function in functions()),
        *((name, statements_of(role)) for name, role in resources("AWS::IAM::Role").items()),
    )
    for number, statement in enumerate(statements)
]


@pytest.mark.parametrize("function", functions(), ids=lambda function: function.name)
def test_a_function_may_do_exactly_what_its_code_can_reach(function: Function) -> None:
    called = called_actions(function.handler.removesuffix(".handler"))
    beside = {action for call in called for action in _COMPANIONS.get(call, ())}

    beside |= _READS_A_STREAM if function.name in _FED_BY_A_STREAM else set()

    assert function.actions == called | beside


@pytest.mark.parametrize("statement", _STATEMENTS)
def test_all_resources_are_granted_only_where_aws_knows_none(statement: Statement) -> None:
    narrowable = {action for action in statement.actions if resource_types(action)}
    narrowable |= statement.actions & _NARROWER_THAN_LISTED
    narrowable -= _WIDER_THAN_LISTED

    assert narrowable in (frozenset(), statement.actions)
    assert ("*" in statement.resources) == (not narrowable)


@pytest.mark.parametrize("statement", _STATEMENTS)
def test_a_grant_is_on_what_its_actions_are_about(statement: Statement) -> None:
    unfit = {
        (action, resource)
        for action in statement.actions
        for resource in statement.resources - {"*"}
        if not resource.startswith(tuple(_places(action)))
    }

    assert unfit == set()


@pytest.mark.parametrize("statement", _STATEMENTS)
def test_no_statement_grants_a_family_of_actions(statement: Statement) -> None:
    assert [action for action in statement.actions if "*" in action or "?" in action] == []


@pytest.mark.parametrize("statement", _STATEMENTS)
def test_acting_for_somebody_else_has_its_condition(statement: Statement) -> None:
    wanted = {_CONDITIONS[action] for action in statement.actions & set(_CONDITIONS)}

    assert statement.conditions == wanted


def test_each_grant_on_all_resources_says_why() -> None:
    lines = TEMPLATE_PATH.read_text(encoding="utf-8").splitlines()
    wide = [number for number, line in enumerate(lines) if 'Resource: "*"' in line]
    begins = [max(n for n in range(number + 1) if "Effect: Allow" in lines[n]) for number in wide]

    unexplained = [n for n in begins if not lines[n - 1].strip().startswith("#")]

    assert len(wide) == sum("*" in statement.values[0].resources for statement in _STATEMENTS)
    assert unexplained == []


def test_an_endpoint_is_always_narrowed_by_the_pattern() -> None:
    """But for looking at what others hold of the account's quota, which they may be called anything."""
    granted = {
        (action, resource)
        for function in functions()
        for statement in function.statements
        for resource in statement.resources
        for action in statement.actions
        if resource.startswith("sagemaker:endpoint/")
    }
    unnarrowed = {
        (action, r) for action, r in granted if r != "sagemaker:endpoint/${EndpointPattern}"
    }

    assert unnarrowed == {("sagemaker:DescribeEndpoint", "sagemaker:endpoint/*")}


_MAKES_OR_REMOVES = re.compile(r"sagemaker:(Create|Delete)(Model|EndpointConfig)")


def test_only_models_and_configs_of_our_name_are_made_tagged_and_deleted() -> None:
    granted = {
        resource
        for function in functions()
        for statement in function.statements
        for resource in statement.resources
        for action in statement.actions
        if _MAKES_OR_REMOVES.fullmatch(action)
        or (action == "sagemaker:AddTags" and not resource.startswith("sagemaker:endpoint/"))
    }

    assert granted == {
        f"sagemaker:model/{CONFIG_PREFIX}*",
        f"sagemaker:endpoint-config/{CONFIG_PREFIX}*",
    }


def test_sam_adds_only_logs_traces_and_dead_letters() -> None:
    """The roles that SAM makes carry managed policies that no line of the template shows."""
    managed = {arn for role in roles() for arn in role["ManagedPolicyArns"]}
    inline = [policy["PolicyDocument"] for role in roles() for policy in role["Policies"]]
    single = [entry["Statement"][0]["Action"] for entry in inline if len(entry["Statement"]) == 1]
    own = [action for each in functions() if len(each.statements) == 1 for action in each.actions]

    assert {arn.rpartition("/")[2] for arn in managed} == {
        "AWSLambdaBasicExecutionRole",
        "AWSXrayWriteOnlyAccess",
    }
    assert [document["Version"] for document in inline] == ["2012-10-17"] * len(inline)
    added = len(inline) - len(functions())
    assert sorted(single) == sorted([*own, *["sqs:SendMessage"] * added])


@pytest.mark.parametrize("function", functions(), ids=lambda function: function.name)
def test_the_documented_permissions_are_the_granted_ones(function: Function) -> None:
    documented = {
        (frozenset(_quoted(actions)), frozenset(_quoted(granted)))
        for name, actions, granted, why in _documented_rows()
        if name == function.name and why
    }

    assert documented == {
        (statement.actions, statement.resources) for statement in function.statements
    }


def test_only_functions_that_exist_are_documented() -> None:
    assert {row[0] for row in _documented_rows()} == {function.name for function in functions()}


def _places(action: str) -> list[str]:
    """How a resource that an action is about can begin: its short ARN, or a resource of ours."""
    prefix = action.partition(":")[0]
    types = resource_types(action) or ["statemachine"] * (action in _NARROWER_THAN_LISTED)
    arns = arn_formats(action, types)
    short = [f"{prefix}:{arn.split(':', 5)[5].split('.*')[0]}" for arn in arns]
    return short + _OURS.get(prefix, [])


def _documented_rows() -> list[tuple[str, str, str, str]]:
    """The rows of the table; a row that names no function goes on with the one above."""
    text = (ROOT / "docs/permissions.md").read_text(encoding="utf-8")
    rows: list[tuple[str, str, str, str]] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[1].startswith("`"):
            name = cells[0].strip("`") or rows[-1][0]
            rows.append((name, cells[1], cells[2], cells[3]))
    return rows


def _quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)
