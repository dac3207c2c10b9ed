"""The commands.  Each one opens what it needs, calls the house, and says how it went."""

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

import click
import uvicorn
from rich.console import Console

from marketplace import __version__
from marketplace.app import create_app
from marketplace.cli_custody import bid, custody, verify_receipt
from marketplace.cli_events import export, verify_events
from marketplace.cli_keys import keys
from marketplace.cli_listen import listen
from marketplace.demo import report
from marketplace.demo.run import demo_settings, run_demo
from marketplace.demo.seeding import seed
from marketplace.demo.stage import Stage
from marketplace.house import House
from marketplace.identity.actions import keys as identity
from marketplace.identity.rules.access import SYSTEM, Role
from marketplace.kit.confinement import give_way
from marketplace.kit.errors import MarketplaceError
from marketplace.kit.logs import configure_logs
from marketplace.ledger.audit import audit as audit_ledger
from marketplace.pilots import queries as pilots
from marketplace.scheduler import running, tick_once
from marketplace.scorers import score_on
from marketplace.scoring.rules import draw as drawing
from marketplace.scoring.rules import verification
from marketplace.settings import SettingInvalid, Settings
from marketplace.terminal import data_option, prepared, run, settings_for, within, witnessed
from marketplace.wire import openapi
from marketplace.wire.server import server_config

WIDTH_MIN = 120
"""Figures may not be cut: a narrow terminal wraps the lines of a table, a pipe gets them whole."""
console = Console(highlight=False, width=max(Console().width, WIDTH_MIN))


class Commands(click.Group):
    """Says what is wrong with a setting in one line, whichever command found out."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except SettingInvalid as invalid:
            raise click.ClickException(str(invalid)) from invalid


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="jiebang")
def main() -> None:
    """揭榜 Jiebang: open calls for AI scenarios, from posting to settlement."""
    configure_logs(json_lines=not sys.stderr.isatty())


main.add_command(keys)
main.add_command(custody)
main.add_command(bid)
main.add_command(listen)
main.add_command(export)


@main.command()
@data_option
def migrate(data: Path | None) -> None:
    """Bring the database to the newest schema."""
    prepared(settings_for(data))
    click.echo("schema is up to date")


@main.command("seed")
@data_option
def seed_command(data: Path | None) -> None:
    """Load the seed files; on an empty installation also make the first administrator's key."""
    settings = prepared(settings_for(data))

    async def work(house: House) -> str | None:
        seeded = await seed(house.database, settings.seeds_dir, now=house.clock.now())
        admin = seeded.actor_with(Role.PLATFORM_ADMIN)
        await witnessed(house, "seed")
        async with house.database.writing() as session:
            return await identity.first_key(session, SYSTEM, admin, now=house.clock.now())

    key = within(settings, work)
    click.echo("seeds are loaded")
    if key:
        click.echo(f"administrator key, shown this once: {key}")


@main.command()
@data_option
@click.option("--host", help="Address to listen on (default 127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (default 8000).")
def serve(data: Path | None, host: str | None, port: int | None) -> None:
    """Serve the API, its documentation at /schema, and the list of calls at /."""
    run_server(prepared(settings_for(data)), host, port)


def run_server(settings: Settings, host: str | None, port: int | None) -> None:
    """Serve until stopped."""

    async def work(house: House) -> None:
        app = create_app(house, lifespan=[running(house)])
        config = server_config(app, settings, host=host, port=port)
        await uvicorn.Server(config).serve()

    within(settings, work)


@main.command()
@data_option
def tick(data: Path | None) -> None:
    """Run every periodic job once."""
    done = within(prepared(settings_for(data)), tick_once)
    for name, result in done.items():
        click.echo(f"{name}: {result}")


@main.command("work")
@data_option
def work_command(data: Path | None) -> None:
    """Ask endpoints and measure files until stopped; any number may run beside the server."""
    give_way()

    async def work(house: House) -> None:
        stopping = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, stopping.set)
        await score_on(house, stopping=stopping)

    within(prepared(settings_for(data)), work)


@main.command()
@data_option
def schema(data: Path | None) -> None:
    """Write the OpenAPI document to standard output."""
    settings = settings_for(data)

    async def work(house: House) -> str:
        return openapi.document_text(create_app(house))

    click.echo(within(settings, work), nl=False)


@main.command()
@data_option
def audit(data: Path | None) -> None:
    """Check every promise of the ledger; exit 1 with what is wrong."""

    async def work(house: House) -> list[Any]:
        async with house.database.reading() as session:
            return [*await audit_ledger(session), *await pilots.broken_promises(session)]

    findings = within(prepared(settings_for(data)), work)
    for finding in findings:
        click.echo(f"{finding.promise}: {finding.subject} {finding.facts}", err=True)
    click.echo("账目一致 the ledger is clean" if not findings else f"{len(findings)} findings")
    sys.exit(1 if findings else 0)


@main.command()
@data_option
@click.option("--until", type=click.Choice([s.value for s in Stage]), default=Stage.SETTLED.value)
@click.option("--json", "target", type=click.Path(dir_okay=False, path_type=Path),
              help="Write the whole result as JSON and exit.")  # fmt: skip
@click.option("--serve", "serving", is_flag=True, help="Serve when the story is told.")
@click.option("--host", help="With --serve: address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), help="With --serve: port to listen on.")
def demo(
    data: Path | None,
    until: str,
    target: Path | None,
    serving: bool,
    host: str | None,
    port: int | None,
) -> None:
    """Play complete calls on seed data, and show how they ended."""
    settings = demo_settings(prepared(settings_for(data)))
    work = run_demo(settings, until=Stage(until), say=lambda line: click.echo(f"  {line}"))
    result, keys = run(work)
    if target is not None:
        text = json.dumps(result, ensure_ascii=False, indent=1, sort_keys=True)
        target.write_text(text + "\n", encoding="utf-8")
        return
    report.print_report(result, console)
    address = f"http://{host or settings.host}:{settings.port if port is None else port}"
    _say_next(settings, keys, address, serving=serving)
    if serving:
        run_server(settings, host, port)


def _say_next(settings: Settings, keys: dict[str, str], address: str, *, serving: bool) -> None:
    console.rule("接下来 what next")
    for name, key in keys.items():
        click.echo(f"  {name:<16} {key}")
    if not serving:
        click.echo(f"  jiebang serve --data {settings.data_dir}")
    click.echo(f"  榜单 calls   {address}/")
    click.echo(f"  接口 API     {address}/schema")
    click.echo(f'  curl -H "Authorization: Bearer KEY" {address}/v1/me')
    click.echo("  jiebang verify ranking SHEET   复算任一排名 recompute any ranking above")


@main.group()
def verify() -> None:
    """Check documents offline, with nothing but this program."""


verify.add_command(verify_receipt)
verify.add_command(verify_events)


@verify.command("ranking")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify_ranking(file: Path) -> None:
    """Compute the ranking of a round again from its sheet; exit 1 at the first difference."""
    try:
        found = verification.verify(verification.parse(file.read_bytes()))
    except MarketplaceError as unreadable:
        raise click.ClickException(str(unreadable)) from unreadable
    click.echo(f"sheet      sha256 {found.sheet_digest}")
    click.echo(f"standings  sha256 {found.standings_digest}")
    if found.sensitivity_digest is not None:
        click.echo(f"certainty  sha256 {found.sensitivity_digest}")
    if not found.equal:
        click.echo(f"不一致 DIFFERENT  {found.first_difference}")
        sys.exit(1)
    click.echo("一致 equal: the standings follow from the sheet")


@verify.command("draw")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify_draw(file: Path) -> None:
    """Draw the judges of a record again from its pool and both secrets; exit 1 if they differ."""
    try:
        document = verification.parse(file.read_bytes())
        computed = drawing.computed_again(document)
    except MarketplaceError as unreadable:
        raise click.ClickException(str(unreadable)) from unreadable
    difference = verification.compare(document, computed, pointer="")
    click.echo(f"pool    sha256 {computed['pool_sha256']}")
    click.echo(f"seed           {computed['seed']}")
    if difference is not None:
        click.echo(f"不一致 DIFFERENT  {difference}")
        sys.exit(1)
    click.echo("一致 equal: the judges follow from the pool and what both sides gave")
