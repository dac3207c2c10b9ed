"""Around the deadline, by the database's own clock: what was in time is in, and nothing is lost.

`make test` races a dozen bidders; `JIEBANG_SOAK_DEADLINE` races as many as it says, in rounds.
"""

import asyncio
import datetime as dt
import os
from typing import Final

import pytest
from sqlalchemy import update
from sqlmodel import col

from marketplace.bids.actions import opening, receipts
from marketplace.bids.errors.bids import CallClosed, TooEarlyToOpen
from marketplace.bids.queries import bids as queries
from marketplace.bids.rules.lifecycle import BidState
from marketplace.client import sealing
from marketplace.identity.rules.access import Role
from marketplace.kit import signing
from marketplace.kit.clock import FixedClock, SystemClock
from marketplace.kit.database import Database
from marketplace.notary import queries as notary
from marketplace.scenarios.jobs import close_due_calls
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scenarios.tables import Scenario
from tests.given import bids as given
from tests.given import custody
from tests.given.bids import Begun
from tests.given.identity import someone
from tests.given.scenarios import Called, a_published_call, the_panel_seated

BIDDERS: Final = int(os.environ.get("JIEBANG_SOAK_DEADLINE", "16"))
ROUNDS: Final = 5 if "JIEBANG_SOAK_DEADLINE" in os.environ else 1
AHEAD: Final = dt.timedelta(milliseconds=400)
"""How far off the deadline is when the race begins."""


class Real(FixedClock):
    """The clock of a story for stamps, and the database's own for what decides."""

    async def decisive(self, session: object) -> dt.datetime:
        """Ask the database."""
        return await SystemClock().decisive(session)  # type: ignore[arg-type]


async def a_call_about_to_close(
    database: Database, clock: FixedClock
) -> tuple[Called, list[Begun], dt.datetime]:
    """Bids that are begun on a call whose deadline comes in a moment."""
    call = await a_published_call(database, clock)
    await the_panel_seated(database, clock, call)
    solvers = [await someone(database, Role.SOLVER) for _ in range(BIDDERS)]
    bids = [await given.a_draft_bid(database, clock, call, solver=one) for one in solvers]
    async with database.writing() as session:
        deadline = await SystemClock().decisive(session) + AHEAD
        await session.exec(
            update(Scenario).where(col(Scenario.id) == call.id).values(bid_deadline_at=deadline)
        )
    return call, bids, deadline


async def race(
    database: Database, clock: FixedClock, call: Called, bids: list[Begun]
) -> dict[str, object]:
    """Everybody submits a little later than the one before, while others try to close and open."""
    told: dict[str, object] = {}
    officer = call.cast.officer
    brought = await custody.released(database, call.id, officer)
    step = 2 * AHEAD / len(bids)

    async def submit(number: int, bid: Begun) -> None:
        await asyncio.sleep((number * step).total_seconds())
        try:
            told[str(bid.id)] = (await given.sealed(database, clock, bid)).receipt
        except CallClosed as late:
            told[str(bid.id)] = late

    async def close() -> None:
        for _ in range(20):
            await close_due_calls(database, clock)
            await asyncio.sleep((AHEAD / 10).total_seconds())

    async def open_() -> None:
        while True:
            try:
                async with database.writing() as session:
                    await opening.request_opening(
                        session,
                        officer.actor,
                        call.id,
                        brought=brought,
                        hands=custody.HANDS,
                        clock=clock,
                    )
            except TooEarlyToOpen:
                await asyncio.sleep((AHEAD / 10).total_seconds())
            else:
                return

    await asyncio.gather(*(submit(*one) for one in enumerate(bids)), close(), open_())
    return told


@pytest.mark.postgres
@pytest.mark.parametrize("number", range(ROUNDS))
async def test_exactly_what_was_in_time_is_in_and_opened(database: Database, number: int) -> None:
    """Each receipt verifies offline and is of a moment before the deadline; each refusal is of one
    at or after it; the opening has every receipted bid and no other, whoever else was running.
    """
    clock = Real(dt.datetime.now(dt.UTC))
    call, bids, deadline = await a_call_about_to_close(database, clock)

    told = await race(database, clock, call, bids)
    await given.witnessed(database, clock, call)

    receipts_given = {one: r for one, r in told.items() if isinstance(r, receipts.Receipt)}
    late = {one: r for one, r in told.items() if isinstance(r, CallClosed)}
    async with database.reading() as session:
        keys = await notary.signing_keys(session)
        opened = {str(bid.id): bid for bid, _ in await queries.opened_bids(session, call.id)}
        row = await scenarios.scenario(session, call.id)
        rows = [await queries.own_bid(session, bid.solver.actor, bid.id) for bid in bids]
    trusted = {one.key_id: one.public_key for one in keys}
    assert len(told) == len(bids) == len(receipts_given) + len(late), number
    assert receipts_given and late
    for one in late.values():
        received_at = one.facts["received_at"]
        assert isinstance(received_at, dt.datetime) and received_at >= deadline
    for bid_id, receipt in receipts_given.items():
        signed = receipt.signed
        part = {
            "document": signed.content.decode(),
            "key_id": signed.key_id,
            "signature": signing.to_text(signed.signature),
        }
        said = sealing.verified(part, trusted, kind=receipts.KIND)
        assert (said["bid"], receipt.received_at < deadline) == (bid_id, True)
    assert set(opened) == set(receipts_given)
    assert {str(one.id) for one in rows if one.state is BidState.LAPSED} == set(late)
    assert row.state is ScenarioState.EVALUATING
