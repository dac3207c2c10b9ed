"""Every table of the house in one place, for migrations and tests."""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType
from typing import Final

from sqlalchemy import MetaData

from marketplace.kit.tables import metadata as metadata_of_all

ROOMS_WITH_TABLES: Final = (
    "wire",
    "notary",
    "events",
    "identity",
    "relations",
    "custody",
    "webhooks",
    "replays",
    "ledger",
    "profiles",
    "funding",
    "board",
    "scenarios",
    "datasets",
    "matching",
    "bids",
    "scoring",
    "signals",
    "solicitations",
    "awards",
    "pilots",
)


def tables() -> list[ModuleType]:
    """Import every room's tables, in the order of the storeys."""
    return [module for room in ROOMS_WITH_TABLES for module in _tables_of(room)]


def _tables_of(room: str) -> Iterator[ModuleType]:
    """Import the word `tables` of a room, be it a file or a folder."""
    word = importlib.import_module(f"marketplace.{room}.tables")
    yield word
    for inner in pkgutil.iter_modules(getattr(word, "__path__", ())):
        yield importlib.import_module(f"{word.__name__}.{inner.name}")


def metadata() -> MetaData:
    """Describe the whole database."""
    tables()
    return metadata_of_all
