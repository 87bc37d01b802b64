"""Adopting: records the config that a person wants to have as a version, if that config serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.adoption import LASTS, check_adoption
from switchover.domain.served import Served

if TYPE_CHECKING:
    from switchover.aws.ledger import Ledger
    from switchover.aws.sagemaker import SageMaker
    from switchover.aws.wishes import Wishes


def adopt_wished(endpoint: str, sagemaker: SageMaker, ledger: Ledger, wishes: Wishes) -> bool:
    """Record the serving config as the version in a person's wish; returns whether it was recorded now.

    Only the config that serves according to SageMaker is recorded, whatever the wish names. So permission
    to write wishes can't lead to a rollback to a config that never served. Safe to repeat.
    """
    wish = wishes.adoption(endpoint)
    if wish is None or wish.endpoint != endpoint:
        return False
    served = ledger.served(endpoint)
    if any(entry.config_name == wish.config_name for entry in served):
        wishes.settle_adoption(wish)
        return False
    holder = ledger.claim(endpoint)
    reading = sagemaker.read(endpoint)
    if any(check_adoption(wish, reading, served, holder.update_id if holder else None)):
        if reading.read_at - wish.at >= LASTS:
            wishes.settle_adoption(wish)
        return False
    model_name = sagemaker.find_model_name(wish.config_name)
    if model_name is None:
        return False
    ledger.add_served(
        Served(
            endpoint=endpoint,
            version=wish.version,
            config_name=wish.config_name,
            model_name=model_name,
            update_id="",
            at=reading.read_at,
        )
    )
    wishes.settle_adoption(wish)
    return True
