"""Bring a database to the newest schema; doing it again does nothing."""

from pathlib import Path

from alembic import command
from alembic.config import Config

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def migration_config(url: str) -> Config:
    """Point Alembic at this house's migrations and one database."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["url"] = url
    return config


def migrate(url: str, revision: str = "head") -> None:
    """Upgrade the database at `url`; runs its own event loop, so call it from none."""
    command.upgrade(migration_config(url), revision)
