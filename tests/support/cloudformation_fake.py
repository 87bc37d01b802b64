"""The part of CloudFormation that the CLI needs: DescribeStacks, over loopback HTTP.

moto's CloudFormation needs packages that this project doesn't use otherwise.
"""

from __future__ import annotations

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NAMESPACE = "http://cloudformation.amazonaws.com/doc/2010-05-15/"


@contextmanager
def serve_stacks(
    stacks: Mapping[str, Mapping[str, str]], parameters: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Answer for stacks with these outputs, each with these parameters, at the URL that is yielded."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            name = form["StackName"][0]
            if name in stacks:
                self._answer(200, _described(name, stacks[name], parameters or {}))
            else:
                self._answer(400, _unknown(name))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nothing: tests print only what they test."""

        def _answer(self, status: int, body: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _described(name: str, outputs: Mapping[str, str], parameters: Mapping[str, str]) -> str:
    given = "".join(
        f"<member><ParameterKey>{key}</ParameterKey><ParameterValue>{value}</ParameterValue></member>"
        for key, value in parameters.items()
    )
    members = "".join(
        f"<member><OutputKey>{key}</OutputKey><OutputValue>{value}</OutputValue></member>"
        for key, value in outputs.items()
    )
    return (
        f'<DescribeStacksResponse xmlns="{_NAMESPACE}"><DescribeStacksResult><Stacks><member>'
        f"<StackName>{name}</StackName><StackStatus>CREATE_COMPLETE</StackStatus>"
        f"<CreationTime>2026-01-05T12:00:00Z</CreationTime><Outputs>{members}</Outputs><Parameters>{given}</Parameters>"
        "</member></Stacks></DescribeStacksResult></DescribeStacksResponse>"
    )


def _unknown(name: str) -> str:
    return (
        f'<ErrorResponse xmlns="{_NAMESPACE}"><Error><Type>Sender</Type>'
        f"<Code>ValidationError</Code><Message>Stack with id {name} does not exist</Message>"
        "</Error></ErrorResponse>"
    )
