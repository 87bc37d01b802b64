"""AWS clients that always reach a local cloud, independently of the caller's environment."""

from __future__ import annotations

from typing import Any

import botocore.session

from switchover_local.engine import TWIN_SERVICES


class CloudSession(botocore.session.Session):
    """A session with fixed service addresses; it reads no profile, config file or endpoint variable."""

    def __init__(self, engine_url: str, twin_url: str) -> None:
        nothing = (None, None, None, None)
        super().__init__(session_vars={"profile": nothing, "config_file": nothing})
        self._engine_url = engine_url
        self._twin_url = twin_url

    def create_client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
        """A client of the local service, unless an endpoint is given."""
        url = self._twin_url if service_name in TWIN_SERVICES else self._engine_url
        kwargs["endpoint_url"] = kwargs.get("endpoint_url") or url
        return super().create_client(service_name, *args, **kwargs)
