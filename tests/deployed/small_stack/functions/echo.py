"""Answers with its input and the endpoints of its AWS clients; slowly, on request."""

import os
import time

ANSWER = "first"


def handle(event: dict[str, object], context: object) -> dict[str, object]:
    time.sleep(float(str(event.get("seconds", 0))))
    endpoints = {name: url for name, url in os.environ.items() if name.startswith("AWS_ENDPOINT")}
    return {"answer": ANSWER, "event": event, "endpoints": endpoints}
