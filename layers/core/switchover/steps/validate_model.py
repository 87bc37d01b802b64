"""ValidateModel: checks that every file of the release exists and is valid, without downloading it."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from switchover.aws import gateways
from switchover.aws.manifests import FILES
from switchover.domain.answers import StateAnswer
from switchover.domain.manifest import Manifest, warn_unversioned
from switchover.domain.policies.sections import Model
from switchover.domain.reasons import Reason
from switchover.domain.update.records import Moment


class ValidateModelAnswer(StrEnum):
    """Whether the files are as the release says. PlanUpdate follows in both cases."""

    VALID = "valid"
    INVALID = "invalid"


def validate_model(update_id: str) -> StateAnswer[ValidateModelAnswer]:
    """Record every fault of the files; PlanUpdate refuses them together with its own."""
    ledger = gateways.ledger()
    update = ledger.update(update_id)
    if update.release is None:
        return StateAnswer(ValidateModelAnswer.VALID)
    policy = gateways.files().effective_policy(update)
    # PlanUpdate reports a faulty policy. Here the files are checked with the strict defaults.
    allowed = Model() if isinstance(policy, tuple) else policy.policy.model
    model_files, place = gateways.model_files(), (update.bucket, update.release.prefix)
    listed = model_files.list_versions(*place)
    if isinstance(listed, Reason):
        ledger.save(update.with_reasons(listed))
        return StateAnswer(ValidateModelAnswer.INVALID, (listed,))
    found = gateways.release_files().inspect(
        update.release, update.bucket, allowed, versions=listed
    )
    checksums = found.checksums
    manifest = Manifest(tuple(replace(f, checksum=checksums.get(f.path, "")) for f in listed))
    gateways.manifests().keep(update.update_id, FILES, manifest)
    warnings = (*found.warnings, *warn_unversioned(manifest, update.bucket))
    ledger.save(update.inspected(found.reasons, warnings, manifest.digest))
    if found.unchecked:
        text = f"Not checked: {' '.join(found.unchecked[:5])}"
        moment = Moment(at=update.started_at, state="ValidateModel", text=text)
        ledger.add_moment(update, moment)
    if warnings:
        text = f"Warnings: {' '.join(map(str, warnings[:5]))}"
        ledger.add_moment(update, Moment(at=update.started_at, state="ValidateModel", text=text))
    verdict = ValidateModelAnswer.INVALID if found.reasons else ValidateModelAnswer.VALID
    return StateAnswer(verdict, found.reasons)
