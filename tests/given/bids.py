"""Bids at every stage, made by the bids room's own actions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from marketplace.bids.actions import offering, opening
from marketplace.bids.actions.opening import Hands
from marketplace.bids.actions.receipts import Receipt
from marketplace.bids.queries import bids as queries
from marketplace.bids.rules.completeness import DECLARATIONS
from marketplace.bids.rules.offer import Deduction, Offer
from marketplace.bids.rules.statements import SME as SME_DECLARATION
from marketplace.custody.actions.releasing import Release
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.secrets import Keeper
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios.queries import calls as scenarios
from tests.given import custody
from tests.given.identity import Someone, someone
from tests.given.scenarios import Called, a_published_call, the_panel_seated

KEEPER = custody.KEEPER
"""The keeper of the `house` fixture, for tests that have no house."""
QUOTE_FEN = 437_261_95


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A bid, and who makes it."""

    id: UUID
    solver: Someone
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A call whose bids are open."""

    call: Called
    bids: tuple[Begun, ...] = field(default=())


def an_offer(
    *,
    quote_fen: int | None = QUOTE_FEN,
    deductions: tuple[Deduction, ...] = (),
    figures: Mapping[str, str] | None = None,
    summary: str = "端到端方案:设备端推理,无把握转人工。",
) -> Offer:
    """An offer with every declaration it needs."""
    needed = {*DECLARATIONS} | ({SME_DECLARATION} if deductions else set())
    return Offer(
        quote_fen=quote_fen,
        deductions=deductions,
        figures=figures or {},
        declarations=frozenset(needed),
        summary=summary,
    )


def an_offer_body(**changes: object) -> dict[str, Any]:
    """An offer as it is sent."""
    return an_offer().to_document() | changes


async def a_draft_bid(
    database: Database, clock: FixedClock, call: Called, *, solver: Someone | None = None
) -> Begun:
    """A bid without content, of a new solver unless one is given."""
    solver = solver or await someone(database, Role.SOLVER, name="揭榜人")
    async with database.writing() as session:
        row = await offering.create_bid(session, solver.actor, call.id, clock=clock)
    return Begun(id=row.id, solver=solver)


async def a_sealed_bid(
    database: Database,
    clock: FixedClock,
    call: Called,
    *,
    solver: Someone | None = None,
    offer: Offer | None = None,
    keeper: Keeper = KEEPER,
) -> Begun:
    """A submitted bid with its receipt."""
    begun = await a_draft_bid(database, clock, call, solver=solver)
    return await sealed(database, clock, begun, offer=offer, keeper=keeper)


async def sealed(
    database: Database,
    clock: FixedClock,
    begun: Begun,
    *,
    offer: Offer | None = None,
    keeper: Keeper = KEEPER,
) -> Begun:
    """A bid that was begun, submitted."""
    async with database.writing() as session:
        row = await queries.own_bid(session, begun.solver.actor, begun.id)
        _, receipt = await offering.submit_bid(
            session,
            begun.solver.actor,
            begun.id,
            verb="submit",
            offer=offer or an_offer(),
            expected_version=row.version,
            keeper=keeper,
            clock=clock,
        )
    return Begun(id=begun.id, solver=begun.solver, receipt=receipt)


async def the_deadline_passed(database: Database, clock: FixedClock, call: Called) -> None:
    """Move the clock to the moment at which the call closes; no job runs."""
    async with database.reading() as session:
        row = await scenarios.scenario(session, call.id)
    assert row.bid_deadline_at is not None
    clock.move_to(row.bid_deadline_at)


async def the_opening(
    database: Database, clock: FixedClock, call: Called, *, keeper: Keeper = KEEPER
) -> None:
    """Officer and supervisor open every timely bid; the panel is noted first."""
    await the_panel_seated(database, clock, call)
    await requested(database, clock, call, keeper=keeper)
    await witnessed(database, clock, call, keeper=keeper)


async def requested(
    database: Database, clock: FixedClock, call: Called, *, keeper: Keeper = KEEPER
) -> None:
    """The officer releases the own share."""
    officer = call.cast.officer
    brought = await custody.released(database, call.id, officer)
    async with database.writing() as session:
        await opening.request_opening(
            session,
            officer.actor,
            call.id,
            brought=brought,
            hands=Hands(keeper=keeper, hasher=custody.HASHER),
            clock=clock,
        )


async def witnessed(
    database: Database,
    clock: FixedClock,
    call: Called,
    *,
    keeper: Keeper = KEEPER,
    brought: Release | None = None,
) -> None:
    """The supervisor releases the other share, fetched before or now, and everything is open."""
    supervisor = call.cast.supervisor
    brought = brought or await custody.released(database, call.id, supervisor)
    async with database.writing() as session:
        await opening.witness_opening(
            session,
            supervisor.actor,
            call.id,
            brought=brought,
            hands=Hands(keeper=keeper, hasher=custody.HASHER),
            clock=clock,
        )


async def an_opened_call(
    database: Database,
    clock: FixedClock,
    *,
    call: Called | None = None,
    track: Track = Track.PRIVATE,
    content: dict[str, Any] | None = None,
    offers: tuple[Offer, ...] | None = None,
    keeper: Keeper = KEEPER,
) -> Opened:
    """A call past its deadline with opened bids: three of them unless offers are given."""
    call = call or await a_published_call(database, clock, track=track, content=content)
    offers = offers if offers is not None else (an_offer(), an_offer(), an_offer())
    begun = [
        await a_sealed_bid(database, clock, call, offer=offer, keeper=keeper) for offer in offers
    ]
    await the_deadline_passed(database, clock, call)
    await the_opening(database, clock, call, keeper=keeper)
    return Opened(call=call, bids=tuple(begun))
