"""The commands about what was said: take the whole log out, and check it anywhere."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from marketplace.events.rules import export as log
from marketplace.events.rules.export import Finding
from marketplace.feed.queries import exports
from marketplace.house import House
from marketplace.kit import signing
from marketplace.kit.errors import MarketplaceError
from marketplace.notary import queries as notary
from marketplace.scheduler import vouch
from marketplace.terminal import data_option, prepared, settings_for, within, witnessed

FINDINGS_SHOWN = 20
A_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def export() -> None:
    """Take things out of the installation, whole and checkable."""


@export.command("events")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@data_option
def export_events(file: Path, data: Path | None) -> None:
    """Write every event and checkpoint to FILE; exit 1 if the database contradicts its records.

    A checkpoint is closed first, so that everything in the file is vouched for.
    """

    async def work(house: House) -> list[Finding]:
        await witnessed(house, "export events")
        await vouch(house, at_once=True)
        async with house.database.reading() as session:
            keys = [one.public_key for one in await notary.signing_keys(session)]
            with file.open("wb") as out:
                async for line in exports.export(session, keys=keys):
                    out.write(line)
        async with house.database.reading() as session:
            return await exports.contradictions(session)

    _say(within(prepared(settings_for(data)), work))
    click.echo(f"已导出 exported to {file}")


@click.command("events")
@click.argument("file", type=A_FILE)
@click.option(
    "--key-file",
    "keys",
    type=A_FILE,
    help="What GET /v1/signing-keys answered when you trusted it.",
)
@click.option(
    "--checkpoint",
    "kept",
    type=A_FILE,
    help="What GET /v1/event-checkpoints/… answered once: the file must contain it.",
)
def verify_events(file: Path, keys: Path | None, kept: Path | None) -> None:
    """Check an exported log offline; exit 1 with what is not as it was vouched for."""
    trusted = None if keys is None else _keys_in(keys)
    held = None if kept is None else _checkpoint_in(kept)
    with file.open(encoding="utf-8", errors="replace", newline="\n") as lines:
        found = log.check(lines, trusted=trusted, held=held)
    click.echo(f"{found.events} events, {found.checkpoints} checkpoints")
    if found.last_checkpoint:
        click.echo(f"last checkpoint sha256 {found.last_checkpoint}")
    _say(found.findings)
    if found.unvouched:
        click.echo(f"{found.unvouched} 条尚未纳入检查点 not vouched for yet")
    if trusted is None:
        click.echo("公钥取自文件本身 the keys are those of the file: compare them with --key-file")
    click.echo("一致 nothing was changed")


def _say(findings: Sequence[Finding]) -> None:
    """Name what is wrong, and exit."""
    for one in findings[:FINDINGS_SHOWN]:
        click.echo(f"line {one.line}: {one.rule} {one.subject}", err=True)
    if findings:
        click.echo(f"不一致 CHANGED  {len(findings)} findings")
        sys.exit(1)


def _keys_in(file: Path) -> dict[str, bytes]:
    try:
        found = json.loads(file.read_bytes())
        listed = found["items"] if isinstance(found, dict) else found
        keys = [signing.from_text(one["public_key"]) for one in listed]
    except (ValueError, KeyError, TypeError, MarketplaceError) as unreadable:
        raise click.ClickException("the key file is not a list of signing keys") from unreadable
    return {signing.key_id(one): one for one in keys}


def _checkpoint_in(file: Path) -> bytes:
    try:
        return str(json.loads(file.read_bytes())["document"]).encode()
    except (ValueError, KeyError, TypeError) as unreadable:
        raise click.ClickException("the checkpoint file holds no checkpoint") from unreadable
