"""Load what the board needs: vocabulary, readiness schemes, listings and wishes."""

import datetime as dt
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from marketplace.board.actions import capabilities
from marketplace.board.queries import capabilities as known
from marketplace.board.rules.matching import word_from
from marketplace.identity.rules.access import SYSTEM
from marketplace.kit.database import Database
from marketplace.matching import actions as matching
from marketplace.solicitations import actions as solicitations
from marketplace.solicitations.rules.scheme import scheme_from


async def load_words(database: Database, folder: Path, *, now: dt.datetime) -> None:
    """Load the vocabulary and the readiness schemes; loading them again changes nothing."""
    words = _read(folder / "vocabulary/capabilities.toml")["capabilities"]
    async with database.writing() as session:
        await capabilities.load_vocabulary(session, SYSTEM, [word_from(word) for word in words])
        for path in sorted((folder / "readiness").glob("*.toml")):
            await solicitations.load_scheme(session, SYSTEM, scheme_from(_read(path)), now=now)


async def load_listings(
    database: Database,
    folder: Path,
    *,
    organizations: Mapping[str, UUID],
    scenarios: Mapping[str, UUID],
    now: dt.datetime,
) -> None:
    """Declare what solvers can do and posters hope for, where nobody has declared anything yet."""
    document = _read(folder / "board.toml")
    async with database.writing() as session:
        for entry in document["listings"]:
            organization_id = organizations[entry["organisation"]]
            if await known.listing(session, organization_id) is None:
                await capabilities.declare(
                    session,
                    SYSTEM,
                    organization_id,
                    codes=entry["codes"],
                    recommendable=entry["recommendable"],
                    expected_version=0,
                    now=now,
                )
        for entry in document["wishes"]:
            scenario_id = scenarios[entry["scenario"]]
            if await known.wish(session, scenario_id) is None:
                await matching.wish(
                    session,
                    SYSTEM,
                    scenario_id,
                    codes=entry["codes"],
                    expected_version=0,
                    now=now,
                )


def _read(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return tomllib.load(file)
