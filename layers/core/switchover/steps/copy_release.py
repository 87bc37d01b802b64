"""CopyRelease: lets S3 copy a release's files from another place into the model bucket."""

from __future__ import annotations

from switchover.aws import gateways
from switchover.domain.answers import StateAnswer
from switchover.domain.copying import CopyVerdict, describe_copy
from switchover.domain.update.records import Moment


def copy_release(update_id: str) -> StateAnswer[CopyVerdict]:
    """Copy for one round. Files that are already there, from any round, aren't copied again."""
    ledger = gateways.ledger()
    update = ledger.update(update_id)
    if update.release is None or update.release.source is None:
        return StateAnswer(CopyVerdict.COPIED)
    copying = gateways.copying()
    standing = copying.compare(update.release, update.bucket, update.pins.source_digest)
    if standing.verdict is CopyVerdict.COPYING and not update.pins.source_digest:
        # The source of leftover multipart uploads is unknown.
        copying.abort(standing)
        update = ledger.save(update.copying_from(standing.source_digest))
    if standing.verdict is CopyVerdict.COPYING:
        standing = copying.copy(standing)
    if standing.verdict is CopyVerdict.REJECTED and update.pins.source_digest:
        copying.abort(standing)
    if standing.verdict is CopyVerdict.COPIED:
        text = describe_copy(standing)
        ledger.add_moment(update, Moment(at=update.started_at, state="CopyRelease", text=text))
    return StateAnswer(standing.verdict, standing.reasons)
