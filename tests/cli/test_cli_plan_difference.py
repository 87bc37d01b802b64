"""What a plan changes about config and model, field by field."""

from __future__ import annotations

from tests.support import samples

from switchover.domain.plans.difference import Change, find_difference


def test_a_release_changes_names_and_where_the_model_lies() -> None:
    plan = samples.plan()

    found = find_difference(plan, samples.live_release())

    assert found.config == (
        Change(field="EndpointConfigName", old=samples.OLD, new=plan.target.config),
        Change(field="ProductionVariants[0].ModelName", old="model-v1", new=plan.target.model),
    )
    assert found.model == (
        Change(field="ModelName", old="model-v1", new=plan.target.model),
        Change(
            field="PrimaryContainer.ModelDataSource.S3DataSource.S3Uri",
            old="s3://models/models/chat/v1/",
            new="s3://models/models/chat/v2/",
        ),
    )


def test_what_stays_is_counted() -> None:
    # VariantName, InitialInstanceCount, InstanceType; Image, S3DataType, CompressionType.
    assert find_difference(samples.plan(), samples.live_release()).unchanged == 6


def test_a_field_that_goes_has_no_new_side() -> None:
    live = samples.live_release(
        model=samples.live_model(ModelDataUrl="s3://models/chat/v1/model.tar.gz")
    )

    changes = find_difference(samples.plan(), live).model

    assert (
        Change(
            field="PrimaryContainer.ModelDataUrl", old="s3://models/chat/v1/model.tar.gz", new=None
        )
        in changes
    )


def test_tags_that_only_aws_writes_are_no_difference() -> None:
    live = samples.live_release(config_tags=({"Key": "aws:cloudformation:stack", "Value": "x"},))

    fields = {change.field for change in find_difference(samples.plan(), live).config}

    assert not any(field.startswith("Tags") for field in fields)
