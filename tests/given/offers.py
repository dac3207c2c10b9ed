"""Offers with everything in them, and consortia, made by the bids room's own actions."""

from typing import Any
from uuid import UUID

from marketplace.bids.actions import inviting, own_sealing, sealing
from marketplace.bids.actions.own_sealing import OwnEnvelope
from marketplace.bids.queries import bids as queries
from marketplace.bids.queries.participation import Invitation
from marketplace.bids.rules.amounts import write_amount
from marketplace.bids.rules.consortia import AGREEMENT
from marketplace.bids.rules.offer import Consortium, Item, Line, Member, Offer, PriceSheet
from marketplace.kit import envelopes
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.digests import canonical_json, sha256_hex
from marketplace.kit.secrets import Keeper
from marketplace.scenarios.queries import calls as scenarios
from tests.given.bids import KEEPER, Begun, an_offer
from tests.given.identity import Someone, credit_code_of
from tests.given.scenarios import Called, a_content

TOGETHER = {"consortium_members_max": 2, "subcontract_max_bps": 4000}


def a_line(unit_price_fen: int, quantity: str = "1", *, total_fen: int | None = None) -> Line:
    """A line of a price sheet whose total is right unless another is given."""
    exact = unit_price_fen * int(quantity) if quantity.isdigit() else 0
    return Line(
        item=Item(zh="标注服务"),
        unit="项",
        quantity=quantity,
        unit_price_fen=unit_price_fen,
        line_total_fen=exact if total_fen is None else total_fen,
    )


def a_priced_offer(
    quote_fen: int,
    *lines: Line,
    total_fen: int | None = None,
    words_fen: int | None = None,
    **changes: Any,
) -> Offer:
    """An offer with a price sheet in which everything agrees unless told otherwise."""
    sheet = PriceSheet(
        lines=lines,
        total_fen=quote_fen if total_fen is None else total_fen,
        total_words=write_amount(quote_fen if words_fen is None else words_fen),
    )
    base = an_offer(quote_fen=quote_fen)
    return Offer(
        quote_fen=quote_fen,
        declarations=base.declarations,
        summary=base.summary,
        price_sheet=sheet,
        **changes,
    )


def a_joint_offer(*members: UUID, quote_fen: int = 1_000_000, share_bps: int = 3000) -> Offer:
    """An offer of a consortium in which each member has the same share."""
    base = an_offer(quote_fen=quote_fen)
    return Offer(
        quote_fen=quote_fen,
        declarations=base.declarations,
        consortium=Consortium(
            lead_share_bps=10_000 - share_bps * len(members),
            members=tuple(
                Member(organization_id=str(one), share_bps=share_bps, part="测试")
                for one in members
            ),
            agreement=AGREEMENT,
        ),
    )


def a_content_for_consortia(**changes: object) -> dict[str, Any]:
    """A call on which two members may join a lead."""
    return a_content(offer_requirements=TOGETHER, **changes)


async def invited(
    database: Database,
    clock: FixedClock,
    call: Called,
    *,
    lead: Someone,
    member: Someone,
    share_bps: int = 3000,
    keeper: Keeper = KEEPER,
) -> Invitation:
    """A member asked to bid together."""
    uscc = await credit_code_of(database, member)
    async with database.writing() as session:
        return await inviting.invite_member(
            session,
            lead.actor,
            call.id,
            uscc=uscc,
            share_bps=share_bps,
            part="测试",
            keeper=keeper,
            clock=clock,
        )


async def moved(
    database: Database,
    clock: FixedClock,
    found: Invitation,
    who: Someone,
    verb: str,
    *,
    keeper: Keeper = KEEPER,
) -> Invitation:
    """An invitation accepted, declined or revoked."""
    async with database.writing() as session:
        return await inviting.move_invitation(
            session,
            who.actor,
            found.row.id,
            verb=verb,
            expected_version=found.row.version,
            keeper=keeper,
            clock=clock,
        )


async def agreed(
    database: Database,
    clock: FixedClock,
    call: Called,
    *,
    lead: Someone,
    member: Someone,
    share_bps: int = 3000,
    keeper: Keeper = KEEPER,
) -> Invitation:
    """A member that has agreed to bid together."""
    found = await invited(
        database, clock, call, lead=lead, member=member, share_bps=share_bps, keeper=keeper
    )
    return await moved(database, clock, found, member, "accept", keeper=keeper)


async def sealed_at_home(
    database: Database, clock: FixedClock, call: Called, begun: Begun, offer: Offer
) -> Begun:
    """A bid that was begun, with an offer that its bidder sealed: nobody can look before."""
    plaintext = canonical_json({"offer": offer.to_document(), "salt": "home"})
    async with database.writing() as session:
        row = await queries.own_bid(session, begun.solver.actor, begun.id)
        lockbox_id = (await scenarios.scenario(session, call.id)).lockbox_id
        recipients = await sealing.recipients_of(session, row, lockbox_id)
        envelope = envelopes.close(
            plaintext, recipients=recipients, context=sealing.offer_context(row.id)
        )
        own = OwnEnvelope(
            envelope=envelope,
            sealed_sha256=sha256_hex(envelope),
            content_sha256=sha256_hex(plaintext),
        )
        await own_sealing.submit_own(
            session,
            begun.solver.actor,
            begun.id,
            verb="submit",
            own=own,
            expected_version=row.version,
            keeper=KEEPER,
            clock=clock,
        )
    return begun
