"""Function URLs that lead to the local cloud.

The engine gives URLs with AWS's host names, as AWS does, but answers them under a path of its own
port. Unchanged, a link in a message would point out of this cloud, and send its secret there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from switchover_local.stack import LocalCloud

_FUNCTION_URL = re.compile(r"https://([a-z0-9]+)\.lambda-url\.[a-z0-9-]+\.on\.aws/")
_PATH = "/_aws/lambda-url/"


def lead_links_here(cloud: LocalCloud) -> None:
    """Replace function URLs in the environment of functions with URLs that this cloud answers."""
    functions = cloud.session().client("lambda")
    for page in functions.get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            told = function.get("Environment", {}).get("Variables", {})
            here = {name: _lead_here(value, cloud.engine_url) for name, value in told.items()}
            if here != told:
                functions.update_function_configuration(
                    FunctionName=function["FunctionName"], Environment={"Variables": here}
                )


def _lead_here(text: str, engine_url: str) -> str:
    return _FUNCTION_URL.sub(lambda found: f"{engine_url}{_PATH}{found[1]}/", text)
