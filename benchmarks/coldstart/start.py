"""One cold start in a separate process; prints the processor time (ms) used until each step.

python start.py handler NAME SERVICE…     imports the handler, then makes these clients
python start.py call NAME EVENT           imports the handler, then calls it once
python start.py boto3 SERVICE             imports boto3, then makes one client
"""

import contextlib
import importlib
import json
import os
import sys
import time


class Context:
    """The parts of Lambda's context that handlers read."""

    aws_request_id = "request"
    function_name = "function"
    invoked_function_arn = "arn:aws:lambda:eu-west-1:111122223333:function:function"
    memory_limit_in_mb = 512

    def get_remaining_time_in_millis(self) -> int:
        """The full time of a function, as at its start."""
        return 50_000


def main() -> None:
    """Make the start that the command line names."""
    what, name, *given = sys.argv[1:]
    steps = []
    if what == "boto3":
        import boto3

        steps.append(time.process_time())
        boto3.client(name)
    else:
        handler = importlib.import_module(name).handler
        steps.append(time.process_time())
        if what == "handler":
            from switchover.aws.clients import client

            for service in given:
                client(service)
        else:
            out = os.dup(1)
            with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - no more imports than needed
                os.dup2(nowhere.fileno(), 1)  # its log lines
                # The stub has few answers: only the call's cost matters, not its result.
                with contextlib.suppress(Exception):
                    handler(json.loads(given[0]), Context())
                sys.stdout.flush()
                os.dup2(out, 1)
    steps.append(time.process_time())
    print(json.dumps([1000 * step for step in steps]))


if __name__ == "__main__":
    main()
