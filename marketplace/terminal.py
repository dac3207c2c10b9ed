"""What every command needs: the folder it works in, a database that is ready, a house."""

import asyncio
import dataclasses
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import click
from sqlalchemy.exc import SQLAlchemyError

from marketplace.demo.kept import clock_of
from marketplace.house import House, open_house
from marketplace.identity.actions import audit
from marketplace.identity.actions.audit import Act
from marketplace.identity.rules.access import SYSTEM
from marketplace.kit.loops import new_loop
from marketplace.migrate import migrate as migrate_database
from marketplace.settings import Settings

T = TypeVar("T")

data_option = click.option(
    "--data",
    "data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the database and stored files (default: var/, or MARKETPLACE_DATA_DIR).",
)


def settings_for(data: Path | None) -> Settings:
    """Read the settings, with the folder of the command line if one was given."""
    settings = Settings.from_environment()
    return settings if data is None else dataclasses.replace(settings, data_dir=data)


def prepared(settings: Settings) -> Settings:
    """Make the data folder and bring the database to the newest schema."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        migrate_database(settings.url)
    except (OSError, SQLAlchemyError, asyncpg.PostgresError) as unreachable:
        # The URL may hold a password, so it is not repeated here.
        raise click.ClickException(f"cannot use the database: {unreachable}") from unreachable
    return settings


async def witnessed(house: House, command: str) -> None:
    """Write down that somebody at the machine itself ran a command that needs no key."""
    act = Act(actor=SYSTEM, operation=f"cli:{command}")
    async with house.database.writing() as session:
        await audit.witness(session, act, now=house.clock.now())


def within(settings: Settings, work: Callable[[House], Coroutine[Any, Any, T]]) -> T:
    """Open the house, do one thing in it, and close it again."""

    async def opened() -> T:
        house = open_house(settings, clock_of(settings.data_dir))
        try:
            return await work(house)
        finally:
            await house.database.close()

    return run(opened())


def run(work: Coroutine[Any, Any, T]) -> T:
    """Do some work on an event loop of its own: the fastest that there is on this system."""
    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(work)
