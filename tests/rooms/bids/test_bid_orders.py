"""In no order of what bidders, bureau and time can do does an organisation have two live bids.

Hypothesis chooses the orders; the real actions run on a real database, one copy for each order.
`JIEBANG_BID_ORDERS` plays more of them.
"""

import asyncio
import dataclasses
import datetime as dt
import os
import shutil
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from marketplace.bids.actions import offering, own_sealing
from marketplace.bids.actions.sealing import recipients_of
from marketplace.bids.queries import bids as queries
from marketplace.bids.rules.lifecycle import LIVE_STATES, BidState
from marketplace.bids.rules.offer import Offer
from marketplace.bids.rules.participation import parties_of
from marketplace.bids.schemas.sealing import SealedOfferIn
from marketplace.bids.tables.bids import Bid
from marketplace.bids.tables.participation import Participation
from marketplace.client import sealing
from marketplace.identity.rules.access import Role
from marketplace.kit import envelopes
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.errors import MarketplaceError
from marketplace.scenarios.queries import calls as scenarios
from tests.conftest import START
from tests.given import bids as given_bids
from tests.given import offers
from tests.given.amending import amended
from tests.given.identity import Someone, someone
from tests.given.scenarios import Called, a_published_call

ORDERS: Final = int(os.environ.get("JIEBANG_BID_ORDERS", "12"))
SOLVERS: Final = 3
_, READING_PUBLIC = envelopes.new_pair()
SEALED: Final = frozenset({BidState.SUBMITTED, BidState.NEEDS_RECONFIRM})
NEVER_OPENED: Final = frozenset({BidState.WITHDRAWN, BidState.LAPSED})

who = st.integers(min_value=0, max_value=SOLVERS - 1)
steps = st.one_of(
    st.tuples(st.sampled_from(["create", "withdraw", "reconfirm"]), who),
    # Alone, or with a member, who may be the bidder's own organisation.
    st.tuples(st.sampled_from(["submit", "replace"]), who, st.none() | who),
    # The bidder's own program seals: the platform learns of no member before the opening.
    st.tuples(st.sampled_from(["submit at home", "replace at home"]), who),
    st.tuples(st.sampled_from(["amend", "deadline", "open"])),
)


ONE_AFTER_THE_OTHER: Final[list[object]] = [
    ("submit", 0, 1),
    ("submit", 1, None),
    ("submit", 2, 1),
    ("submit at home", 2),
    ("replace", 0, 2),
    ("replace at home", 0),
    ("submit at home", 2),
    ("submit", 1, None),
    ("amend",),
    ("reconfirm", 0),
    ("deadline",),
    ("reconfirm", 1),
    ("open",),
    ("withdraw", 0),
]
"""A member on its own, also sealed at home, a second consortium, a member let go, and one who
confirms too late.
"""


@dataclasses.dataclass(slots=True)
class World:
    """One call, three solvers who have all agreed to join each other, and what was offered."""

    database: Database
    clock: FixedClock
    call: Called
    solvers: list[Someone]
    offered: dict[object, Offer] = dataclasses.field(default_factory=dict)
    amendments: int = 0
    opened: bool = False
    gone: set[object] = dataclasses.field(default_factory=set)

    async def step(self, name: str, *more: int | None) -> None:
        """Do one thing; what is refused is refused, everything else is a mistake."""
        try:
            if name.endswith(" at home"):
                assert more[0] is not None
                await self.seal_at_home(name.removesuffix(" at home"), self.solvers[more[0]])
            elif name in {"submit", "replace"}:
                assert more[0] is not None
                await self.seal(name, self.solvers[more[0]], more[1])
            else:
                solver = self.solvers[more[0]] if more and more[0] is not None else None
                await self.moves[name](solver)
        except MarketplaceError:
            pass

    @property
    def moves(self) -> dict[str, Callable[[Someone | None], Awaitable[object]]]:
        """What can happen besides sealing, by name."""
        return {
            "create": self.create,
            "withdraw": self.withdraw,
            "reconfirm": self.reconfirm,
            "amend": self.amend,
            "deadline": self.deadline,
            "open": self.open,
        }

    async def create(self, solver: Someone | None) -> None:
        """Begin a bid."""
        assert solver is not None
        async with self.database.writing() as session:
            await offering.create_bid(
                session,
                solver.actor,
                self.call.id,
                reading_public_key=READING_PUBLIC,
                clock=self.clock,
            )

    async def seal(self, verb: str, solver: Someone, member: int | None) -> None:
        """Seal or replace an offer, alone or together."""
        offer = (
            given_bids.an_offer()
            if member is None
            else offers.a_joint_offer(self.solvers[member].organization_id)
        )
        async with self.database.writing() as session:
            row = await self._live(session, solver)
            await offering.submit_bid(
                session,
                solver.actor,
                row.id,
                verb=verb,
                offer=offer,
                expected_version=row.version,
                keeper=given_bids.KEEPER,
                clock=self.clock,
            )
        self.offered[row.id] = offer

    async def seal_at_home(self, verb: str, solver: Someone) -> None:
        """Seal or replace an offer in the bidder's own program, alone."""
        offer = given_bids.an_offer()
        async with self.database.writing() as session:
            row = await self._live(session, solver)
            call = await scenarios.scenario(session, self.call.id)
            lockbox, reading = await recipients_of(session, row, call.lockbox_id)
            made = sealing.seal_offer(
                offer.to_document(), bid_id=str(row.id), sealing_key=lockbox, reading_key=reading
            )
            await own_sealing.submit_own(
                session,
                solver.actor,
                row.id,
                verb=verb,
                own=SealedOfferIn.model_validate(made.request).own(),
                expected_version=row.version,
                keeper=given_bids.KEEPER,
                clock=self.clock,
            )
        self.offered[row.id] = offer

    async def withdraw(self, solver: Someone | None) -> None:
        """Take a bid back."""
        assert solver is not None
        async with self.database.writing() as session:
            row = await self._live(session, solver)
            await offering.withdraw_bid(
                session, solver.actor, row.id, expected_version=row.version, clock=self.clock
            )

    async def reconfirm(self, solver: Someone | None) -> None:
        """Confirm under an amended call."""
        assert solver is not None
        async with self.database.writing() as session:
            row = await self._live(session, solver)
            await offering.reconfirm_bid(
                session, solver.actor, row.id, expected_version=row.version, clock=self.clock
            )

    async def amend(self, _: Someone | None) -> None:
        """Change the call so that every bid is to be confirmed."""
        self.amendments += 1
        problem = {"zh": f"第 {self.amendments} 次澄清(示例)"}
        content = offers.a_content_for_consortia(problem=problem)
        await amended(self.database, self.clock, self.call, content)

    async def deadline(self, _: Someone | None) -> None:
        """Let the time for bids run out."""
        await given_bids.the_deadline_passed(self.database, self.clock, self.call)

    async def open(self, _: Someone | None) -> None:
        """Officer and supervisor open what there is, once: no share is left for a second time."""
        if not self.opened:
            await given_bids.the_opening(self.database, self.clock, self.call)
            self.opened = True

    async def _live(self, session: object, solver: Someone) -> Bid:
        row = await queries.live_bid(
            session,  # type: ignore[arg-type]
            self.call.id,
            solver.organization_id,
        )
        if row is None:
            raise MarketplaceError()
        return row

    async def faults(self) -> list[str]:
        """Look at the whole call, and say what must not be."""
        async with self.database.reading() as session:
            rows = (await session.exec(select(Bid))).all()
            held = set((await session.exec(select(Participation.bid_id))).all())
        bidders = Counter(row.solver_id for row in rows if row.state in LIVE_STATES)
        parties = Counter(
            party
            for row in rows
            if row.state in SEALED
            for party in parties_of(str(row.solver_id), self.offered[row.id])
        )
        gone = {row.id for row in rows if row.state in NEVER_OPENED}
        found = [f"{one} has {count} live bids" for one, count in bidders.items() if count > 1]
        found += [f"{one} is in {count} sealed bids" for one, count in parties.items() if count > 1]
        found += [f"{one} left and still stands in the way" for one in gone & held]
        found += [f"{one} came back" for one in self.gone - gone]
        found += [f"{row.id} shows" for row in rows if row.id in gone and row.offer is not None]
        self.gone |= gone
        return found


async def prepared(path: Path) -> tuple[Called, list[Someone]]:
    """A published call whose three solvers have all agreed to be led by each other."""
    database, clock = Database(f"sqlite+aiosqlite:///{path}"), FixedClock(START)
    content = offers.a_content_for_consortia()
    call = await a_published_call(database, clock, content=content)
    solvers = [await someone(database, Role.SOLVER) for _ in range(SOLVERS)]
    for lead in solvers:
        for member in solvers:
            if member is not lead:
                await offers.agreed(database, clock, call, lead=lead, member=member)
    await database.close()
    return call, solvers


async def played(
    path: Path, call: Called, solvers: list[Someone], order: list[object]
) -> list[str]:
    """Play one order on a copy, looking after every step; say what must not be."""
    copy = path.with_name("order.db")
    for suffix in ("", "-wal", "-shm"):
        copy.with_name(copy.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(path, copy)
    clock = FixedClock(START + dt.timedelta(hours=1))
    database = Database(f"sqlite+aiosqlite:///{copy}")
    world = World(database=database, clock=clock, call=call, solvers=solvers)
    found: list[str] = []
    for one in order:
        await world.step(*one)  # type: ignore[misc]
        found += [f"after {one}: {fault}" for fault in await world.faults()]
    await database.close()
    return found


@pytest.fixture(scope="module")
def stage(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Called, list[Someone]]:
    """The prepared call, made once."""
    path = tmp_path_factory.mktemp("orders") / "prepared.db"
    shutil.copyfile(sqlite_template, path)
    return path, *asyncio.run(prepared(path))


@settings(
    max_examples=ORDERS,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@example(order=ONE_AFTER_THE_OTHER)
@given(order=st.lists(steps, min_size=4, max_size=12))
def test_no_order_leaves_two_live_bids_of_an_organisation(
    stage: tuple[Path, Called, list[Someone]], order: list[object]
) -> None:
    """Alone or as a member; and nothing that lapsed or was taken back is ever opened."""
    begun: list[object] = [("create", number) for number in range(SOLVERS)]

    assert asyncio.run(played(*stage, begun + order)) == []
