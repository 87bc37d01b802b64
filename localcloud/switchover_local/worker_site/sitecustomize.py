"""Python runs this at the start of each Lambda worker of a local cloud: its pauses are virtual.

A function that sleeps waits for SageMaker or for another try; on a local cloud SageMaker's time is the
twin's, which stands while the function works.
"""

import http.client
import json
import os
import sys
import time
from urllib.parse import urlsplit


def sleep(seconds: float) -> None:
    """Return once so many virtual seconds have passed; end the worker if its cloud is gone."""
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
