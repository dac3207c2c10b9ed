"""Keep where a sealed offer came from, so that nobody can read it before the opening.

The address is closed for the lockbox of the call alone.  At the opening it becomes a fingerprint
under the master key, another one for each call: enough to see that two offers came from one place,
not enough to follow anybody.  Fingerprints are forgotten half a year later, what was never opened
with the opening.
"""

import datetime as dt
from ipaddress import IPv6Address, ip_address
from typing import Final
from uuid import UUID

import msgspec

from marketplace.bids.actions.sealing import recipients_of
from marketplace.bids.queries import documents as papers
from marketplace.bids.tables.bids import Bid
from marketplace.bids.tables.documents import BidTrace
from marketplace.identity.rules.access import Actor
from marketplace.kit import envelopes
from marketplace.kit.database import WriteSession
from marketplace.kit.digests import canonical_json
from marketplace.kit.envelopes import CannotOpenEnvelope
from marketplace.kit.ids import new_id
from marketplace.kit.secrets import Keeper
from marketplace.scenarios.queries import calls as scenarios

KEPT: Final = dt.timedelta(days=180)
PADDED_TO: Final = 128


async def note(session: WriteSession, actor: Actor, bid: Bid, *, address: str) -> None:
    """Keep from where, and by whom, the content that was just sealed was sent."""
    call = await scenarios.scenario(session, bid.scenario_id)
    lockbox_key, *_ = await recipients_of(session, bid, call.lockbox_id)
    trace_id = new_id()
    plain = canonical_json({"address": address, "person": str(actor.person_id)}).ljust(PADDED_TO)
    context = _context(bid.id, trace_id)
    session.add(
        BidTrace(
            id=trace_id,
            bid_id=bid.id,
            number=bid.content_number,
            closed=envelopes.close(plain, recipients=[lockbox_key], context=context),
        )
    )
    await session.flush()


async def open_all(
    session: WriteSession,
    scenario_id: UUID,
    opened: dict[UUID, int],
    *,
    private_key: bytes,
    keeper: Keeper,
    now: dt.datetime,
) -> None:
    """Open the traces of the opened contents of a call, and forget all others.

    Shape    `opened` tells for each opened bid which content of it counts.
    """
    for row in await papers.traces_on_call(session, scenario_id):
        closed, row.closed = row.closed, None
        if closed is None or opened.get(row.bid_id) != row.number:
            continue
        try:
            plain = envelopes.open_(
                closed, private_key=private_key, context=_context(row.bid_id, row.id)
            )
        except CannotOpenEnvelope:
            # A trace that was tampered with tells nothing; it must not stop the opening.
            continue
        told = msgspec.json.decode(plain)
        place = f"bid_trace/{scenario_id}"
        row.address_fingerprint = keeper.fingerprint(network_of(told["address"]), context=place)
        row.person_id, row.kept_until = UUID(told["person"]), now + KEPT
    await session.flush()


async def forget_due(session: WriteSession, *, now: dt.datetime) -> int:
    """Forget the fingerprints whose time is over; say how many."""
    due = await papers.traces_due(session, now=now)
    for row in due:
        row.address_fingerprint = row.kept_until = None
    await session.flush()
    return len(due)


def network_of(address: str) -> str:
    """Name the line that an address belongs to: of IPv6 a line has a whole /64.

    >>> network_of("2001:db8::1:2:3:4"), network_of("::ffff:192.0.2.7"), network_of("192.0.2.7")
    ('2001:db8::/64', '192.0.2.7', '192.0.2.7')
    """
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return f"{IPv6Address(int(found) >> 64 << 64)}/64"


def _context(bid_id: UUID, trace_id: UUID) -> bytes:
    return f"bid/{bid_id}/trace/{trace_id}".encode()
