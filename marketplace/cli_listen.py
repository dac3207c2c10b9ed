"""The command that receives webhooks on this machine, and fails on purpose where it is asked to."""

import asyncio
import signal
from collections import Counter

import click
from standardwebhooks.webhooks import EmptyWebhookSecretError

from marketplace.client.listen import (
    NAME_ZH,
    Mischief,
    Outcome,
    Received,
    create_receiver,
    serve_receiver,
)

STATUS_TO_FAIL_WITH = 503


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8600, show_default=True)
@click.option("--secret", required=True, help="The endpoint's whsec_… secret.")
@click.option("--fail-first", is_flag=True, help="Refuse the first attempt of each message.")
@click.option(
    "--fail-rate",
    type=click.FloatRange(0, 1),
    default=0.0,
    help="Refuse this share of attempts, 0 to 1, chosen at random.",
)
@click.option(
    "--status",
    type=click.IntRange(300, 599),
    help="What a refused attempt is answered (default 503); alone: refuse every attempt.",
)
@click.option(
    "--slow",
    "slow_seconds",
    metavar="SECONDS",
    type=click.FloatRange(0, 3600),
    default=0.0,
    help="Hold each answer back; the platform gives up after 15 seconds.",
)
@click.option("--once", is_flag=True, help="Stop after the first message that was accepted.")
def listen(
    port: int,
    secret: str,
    fail_first: bool,
    fail_rate: float,
    status: int | None,
    slow_seconds: float,
    once: bool,
) -> None:
    """Receive webhooks on this machine: check signatures, print each request.

    Duplicates are told by their webhook-id and printed as such.
    """
    mischief = Mischief(
        first=fail_first,
        every=status is not None and not fail_first and not fail_rate,
        rate=fail_rate,
        status=status or STATUS_TO_FAIL_WITH,
        slow_seconds=slow_seconds,
    )
    asyncio.run(_receive(secret, mischief, port=port, once=once))


async def _receive(secret: str, mischief: Mischief, *, port: int, once: bool) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    seen: Counter[Outcome] = Counter()

    def show(received: Received) -> None:
        seen[received.outcome] += 1
        click.echo(received.line)

    def look(received: Received) -> None:
        if once and received.outcome is Outcome.ACCEPTED:
            stop.set()

    try:
        receiver = create_receiver(secret, mischief=mischief, on_event=show, on_answered=look)
    except (ValueError, EmptyWebhookSecretError) as unreadable:
        raise click.BadParameter("密钥无法读取 not a whsec_ secret", param_hint="--secret") from (
            unreadable
        )
    async with serve_receiver(receiver, port=port) as url:
        click.echo(f"正在监听 listening on {url}")
        await stop.wait()
    click.echo("已停止 stopped")
    for outcome, times in seen.items():
        click.echo(f"  {NAME_ZH[outcome]} {outcome.value}: {times}")
