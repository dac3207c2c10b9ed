"""Every table of the house in one place, for migrations and tests."""

import importlib
from types import ModuleType
from typing import Final

from sqlalchemy import MetaData

from marketplace.kit.tables import metadata as metadata_of_all

ROOMS_WITH_TABLES: Final = (
    "wire",
    "events",
    "identity",
    "relations",
    "webhooks",
    "ledger",
    "profiles",
    "funding",
    "scenarios",
    "bids",
    "scoring",
    "awards",
    "pilots",
)


def tables() -> list[ModuleType]:
    """Import every room's tables, in the order of the storeys."""
    return [importlib.import_module(f"marketplace.{room}.tables") for room in ROOMS_WITH_TABLES]


def metadata() -> MetaData:
    """Describe the whole database."""
    tables()
    return metadata_of_all
