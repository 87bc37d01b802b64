"""Adopting: what a person wishes to have as a version is looked at, and recorded if it serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.adoption import LASTS, check_adoption
from switchover.domain.served import Served

if TYPE_CHECKING:
    from switchover.aws.ledger import Ledger
    from switchover.aws.sagemaker import SageMaker
    from switchover.aws.wishes import Wishes


def adopt_wished(endpoint: str, sagemaker: SageMaker, ledger: Ledger, wishes: Wishes) -> bool:
    """Record what serves an endpoint as the version that a person wishes; whether that was done now.

    Only what SageMaker says serves is recorded, whatever the wish names: whoever may write wishes gets no
    way to move an endpoint to a config that never served it. Safe to repeat.
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
