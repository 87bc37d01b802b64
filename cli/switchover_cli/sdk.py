"""Loads boto3 without the parts that no client uses."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from switchover.lean import load_botocore, make_module, standing_in


class LateResources:
    """Stands in for boto3's factory of resources, which is loaded when a resource is made."""

    def __init__(self, emitter: Any) -> None:
        """Take the same argument as the factory."""
        self._emitter = emitter

    def load_from_definition(self, *given: Any, **named: Any) -> Any:
        """Have boto3's factory make the class of a resource."""
        from boto3.resources.factory import ResourceFactory

        return ResourceFactory(self._emitter).load_from_definition(*given, **named)


def load_sdk() -> None:
    """Load boto3, so that later imports find it loaded."""
    load_botocore()
    name = "boto3.resources.factory"
    with standing_in({name: make_module(name, ResourceFactory=LateResources)}):
        import_module("boto3")
