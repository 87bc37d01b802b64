"""Python runs this at the start of each Lambda worker of a local cloud: its pauses are virtual.

A function that sleeps waits for SageMaker or for another try; on a local cloud SageMaker's time is the
twin's, which stands while the function works.
"""

import http.client
import json
import os
import time
from urllib.parse import urlsplit

_sleep_really = time.sleep


def sleep(seconds: float) -> None:
    """Return once so many virtual seconds have passed; real ones if the twin is gone."""
    twin = urlsplit(os.environ["AWS_ENDPOINT_URL_SAGEMAKER"]).netloc
    asked = json.dumps({"process": os.getpid(), "seconds": seconds})
    connection = http.client.HTTPConnection(twin)
    try:
        connection.request("POST", "/_switchover/sleep", asked)
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        _sleep_really(seconds)
    finally:
        connection.close()


time.sleep = sleep  # type: ignore[assignment]  # floats only, as everywhere here
