"""Python runs this at the start of each Lambda worker of a local cloud: it makes sleeps virtual.

A sleeping function waits for SageMaker or for a retry. On a local cloud, SageMaker uses virtual time,
which stops while the function works.
"""

import http.client
import json
import os
import sys
import time
from urllib.parse import urlsplit


def sleep(seconds: float) -> None:
    """Return after a number of virtual seconds; end the worker if its cloud is gone."""
    twin = urlsplit(os.environ["AWS_ENDPOINT_URL_SAGEMAKER"]).netloc
    asked = json.dumps({"process": os.getpid(), "seconds": seconds})
    connection = http.client.HTTPConnection(twin)
    try:
        connection.request("POST", "/_switchover/sleep", asked)
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        sys.exit("The local cloud that this function ran on is gone.")
    finally:
        connection.close()


time.sleep = sleep  # type: ignore[assignment]  # floats only, as everywhere here
