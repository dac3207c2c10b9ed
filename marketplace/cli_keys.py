"""The commands for the master key: make one, change over to it, take the old one away."""

import sys
from collections import Counter
from pathlib import Path

import click

from marketplace import registry
from marketplace.house import House
from marketplace.kit import keyfiles, rotation
from marketplace.kit.rotation import Turned, each
from marketplace.notary import actions as notary
from marketplace.settings import PREFIX, Settings
from marketplace.terminal import data_option, prepared, settings_for, within, witnessed


@click.group()
def keys() -> None:
    """Make and change the master key that encrypts secrets at rest."""


@keys.command()
def generate() -> None:
    """Print a fresh key for MARKETPLACE_SECRET_KEY."""
    click.echo(keyfiles.generate())


@keys.command()
@data_option
@click.option("--new", "renewing", is_flag=True, help="Only make a new key file; the old stays.")
@click.option("--check", "checking", is_flag=True, help="Only count; exit 1 if any is outstanding.")
@click.option("--batch", type=click.IntRange(1, 10_000), default=rotation.BATCH, show_default=True)
def rotate(data: Path | None, renewing: bool, checking: bool, batch: int) -> None:
    """Seal everything again that an older key sealed.  Can be stopped and repeated."""
    settings = prepared(settings_for(data))
    if renewing:
        _renew(settings)
        return
    turned = Turned() if checking else within(settings, lambda house: _rotated(house, batch))
    for column, number in sorted(turned.exchanged.items()):
        click.echo(f"{column}: {number} sealed again")
    for column, key, number in each(turned.unreadable):
        click.echo(
            f"{column}: {number} sealed under a key that is not among the settings ({key})",
            err=True,
        )
    left = within(settings, _outstanding)
    for column, key, number in each(left):
        click.echo(f"{column}: {number} not under the current key yet ({key})", err=True)
    if left:
        sys.exit(1)
    click.echo("everything is sealed under the current key")


@keys.command("rotate-signing")
@data_option
def rotate_signing(data: Path | None) -> None:
    """Let a new key sign receipts and records; the old public key stays listed."""

    async def work(house: House) -> str:
        async with house.database.writing() as session:
            row = await notary.rotate(session, keeper=house.keeper, now=house.clock.now())
        await witnessed(house, "keys rotate-signing")
        return row.key_id

    click.echo(f"signs from now on: {within(prepared(settings_for(data)), work)}")


@keys.command()
@data_option
def retire(data: Path | None) -> None:
    """Delete old key files, if nothing is sealed under them any more."""
    settings = prepared(settings_for(data))
    left = within(settings, _outstanding)
    if left:
        what = ", ".join(f"{number} in {column} ({key})" for column, key, number in each(left))
        raise click.ClickException(f"still needed, run `jiebang keys rotate` first: {what}")
    if settings.secret_key:
        click.echo(f"nothing is sealed under an old key: {PREFIX}SECRET_KEYS_OLD may be emptied")
        return
    within(settings, lambda house: witnessed(house, "keys_retire"))
    for path in keyfiles.old_files(settings.data_dir):
        path.unlink()
        click.echo(f"{path.name} is deleted")


def _renew(settings: Settings) -> None:
    if settings.secret_key:
        raise click.ClickException(
            f"the key is in {PREFIX}SECRET_KEY: move it to {PREFIX}SECRET_KEYS_OLD, "
            "and put what `jiebang keys generate` prints in its place"
        )
    within(settings, lambda house: witnessed(house, "keys_renew"))
    name = keyfiles.renew(settings.data_dir)
    click.echo(f"new key {name}; now restart every server, then run `jiebang keys rotate`")


async def _rotated(house: House, batch: int) -> Turned:
    await witnessed(house, "keys_rotate")
    everything = Turned()
    metadata = registry.metadata()
    async for turned in rotation.rotate(house.database, metadata, house.keeper, batch=batch):
        everything.add(turned)
    return everything


async def _outstanding(house: House) -> dict[str, Counter[str]]:
    async with house.database.reading() as session:
        counted = await rotation.census(session, registry.metadata())
    return rotation.outstanding(counted, house.keeper)
