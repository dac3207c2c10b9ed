"""What the register says against an organisation, recorded by the identity room's own actions."""

import datetime as dt
from uuid import UUID

from marketplace.identity.actions import standing
from marketplace.identity.rules.access import SYSTEM
from marketplace.identity.rules.standing import RegistrationStatus
from marketplace.identity.tables.standing import BlacklistEntry, RegistrationEntry
from marketplace.kit.database import Database
from tests.conftest import START

DAY = START.date()


async def a_listing(
    database: Database,
    organization_id: UUID,
    *,
    listed_from: dt.date = DAY,
    listed_until: dt.date | None = None,
) -> BlacklistEntry:
    """An entry on the list of dishonest parties, from today on unless told otherwise."""
    listing = standing.ListingFacts(
        listed_from=listed_from,
        listed_until=listed_until,
        authority="某法院(示例)",
        reason="示例",
        source="(2026)示例 1 号",
    )
    async with database.writing() as session:
        return await standing.blacklist(
            session, SYSTEM, organization_id, listing=listing, now=START
        )


async def a_registration(
    database: Database,
    organization_id: UUID,
    status: RegistrationStatus,
    *,
    since: dt.date = DAY,
) -> RegistrationEntry:
    """What the company register says from a day on, today unless told otherwise."""
    async with database.writing() as session:
        return await standing.record_registration(
            session,
            SYSTEM,
            organization_id,
            status=status,
            effective_from=since,
            source="公示系统摘录(示例)",
            now=START,
        )
