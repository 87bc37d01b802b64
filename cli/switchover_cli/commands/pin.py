"""`switchover pin`: an endpoint that takes releases of one version only."""

from switchover.domain.marks import Pin
from switchover_cli.connect import connect
from switchover_cli.options import DEFAULT_STACK, Endpoint, Local, MustSayWhy, Stack, Version
from switchover_cli.output import open_console
from switchover_cli.releases.known_versions import check_known


def pin(
    endpoint: Endpoint,
    version: Version,
    *,
    reason: MustSayWhy,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
) -> None:
    """Have an endpoint refuse every other version; rollbacks still work."""
    deployment = connect(stack, local=local)
    check_known(deployment, endpoint, version)
    deployment.wishes.set_pin(
        Pin(
            endpoint=endpoint,
            version=version,
            reason=reason,
            at=deployment.sagemaker.read(endpoint).read_at,
        )
    )
    open_console(soft_wrap=True).print(f"{endpoint} is pinned to {version}.")


def unpin(endpoint: Endpoint, *, stack: Stack = DEFAULT_STACK, local: Local = False) -> None:
    """Let an endpoint take any version again."""
    connect(stack, local=local).wishes.remove_pin(endpoint)
    open_console(soft_wrap=True).print(f"{endpoint} is not pinned.")
