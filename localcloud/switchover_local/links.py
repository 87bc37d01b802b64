"""Function URLs that lead to the local cloud.

The engine hands out URLs with AWS's host names, as AWS does, and answers them under a path of its own
port. Left as they are, a link in a message would lead out of this cloud, and carry its secret along.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from switchover_local.stack import LocalCloud

_FUNCTION_URL = re.compile(r"https://([a-z0-9]+)\.lambda-url\.[a-z0-9-]+\.on\.aws/")
_PATH = "/_aws/lambda-url/"


def lead_links_here(cloud: LocalCloud) -> None:
    """Have every function that is told a function's URL tell one that this cloud answers."""
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
