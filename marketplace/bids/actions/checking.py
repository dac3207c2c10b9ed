"""Look at the content of opened documents: lease one, read it with no session open, write down what
was found.  A run that dies comes due again when its lease is over; nothing is written twice.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from marketplace.bids.actions import opened_documents
from marketplace.bids.actions.opened_documents import Looked, Readable
from marketplace.bids.queries import bids as queries
from marketplace.bids.queries import documents as papers
from marketplace.bids.rules.documents import UNSOUND, Finding
from marketplace.kit.database import WriteSession
from marketplace.kit.secrets import Keeper

LEASE: Final = dt.timedelta(minutes=10)
PROPERTIES: Final = "marketplace.bids.rules.properties:read_properties"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """One document to look at."""

    opened_id: UUID
    attempt: int
    document: Readable


async def lease(
    session: WriteSession, opened_id: UUID, *, keeper: Keeper, now: dt.datetime
) -> Leased | None:
    """Take a document that is due; None: somebody else has it, or it is done."""
    row = await papers.opened_row(session, opened_id)
    if row is None or row.finding is not Finding.PENDING or row.due_at > now:
        return None
    row.attempts += 1
    row.due_at = now + LEASE
    await session.flush()
    document = await papers.document_of(session, row)
    readable = await opened_documents.readable(session, row, document, keeper=keeper)
    return Leased(opened_id=row.id, attempt=row.attempts, document=readable)


async def record(
    session: WriteSession,
    leased: Leased,
    looked: Looked,
    properties: dict[str, Any] | None,
    *,
    now: dt.datetime,
) -> bool:
    """Write down what was found, and tell the bidder and the bureau if it is not sound."""
    row = await papers.opened_row(session, leased.opened_id)
    if row is None or row.finding is not Finding.PENDING or row.attempts != leased.attempt:
        return False
    row.finding, row.found_sha256 = looked.finding, looked.sha256
    row.properties, row.checked_at = properties, now
    await session.flush()
    if row.finding in UNSOUND:
        bid = await queries.opened_bid(session, row.bid_id)
        await opened_documents.tell_unsound(session, bid, row.named, row.finding, now=now)
    return True
