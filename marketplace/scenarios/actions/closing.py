"""What time does to a published call: its bid clock stands, runs again, and runs out."""

import datetime as dt

from marketplace.events.rules.catalogue.scenarios import DeadlineShifted, ScenarioClosed
from marketplace.identity.rules import access
from marketplace.kit.database import WriteSession
from marketplace.profiles.rules.suspensions import Shifted
from marketplace.scenarios.actions.moving import make_move, tell
from marketplace.scenarios.queries import calls as queries
from marketplace.scenarios.queries import suspensions
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scenarios.rules.suspensions import bid_clock
from marketplace.scenarios.tables import Scenario


async def close_if_due(session: WriteSession, row: Scenario, *, now: dt.datetime) -> bool:
    """Write down that the deadline has passed (SC10), if it has; the row must be locked."""
    if row.clock_stopped_at is not None:
        await read_clock(session, row, now=now)
    if queries.state_at(row, now) is row.state:
        return False
    row.closed_at = row.bid_deadline_at
    await make_move(session, access.SYSTEM, row, "close", now=now, silent=True)
    assert row.bid_deadline_at is not None
    said = ScenarioClosed(scenario_id=row.id, closed_at=row.bid_deadline_at)
    await tell(session, access.SYSTEM, row, said, now=now)
    return True


async def read_clock(session: WriteSession, row: Scenario, *, now: dt.datetime) -> None:
    """Read the bid clock anew after something that holds it began, ended, or moved the deadline.

    Shape    once every suspension is over, its time is added to the deadline for good, with the
             steps in `deadline_basis`, and the clock runs.  The row must be locked.
    """
    if row.state is not ScenarioState.PUBLISHED or row.bid_deadline_at is None:
        return
    waiting = await suspensions.uncounted(session, row.id)
    clock = bid_clock(row.bid_deadline_at, map(suspensions.order_of, waiting), now=now)
    if clock.due and clock.shift is not None:
        row.clock_stopped_at = row.clock_resumes_at = row.shifted_deadline_at = None
        for one in waiting:
            one.counted_at = now
        if clock.shift.moved:
            await _shift(session, row, clock.shift, now=now)
    else:
        row.clock_stopped_at, row.clock_resumes_at = clock.stopped_at, clock.resumes_at
        row.shifted_deadline_at = None if clock.shift is None else clock.shift.at
    await session.flush()


async def _shift(session: WriteSession, row: Scenario, shift: Shifted, *, now: dt.datetime) -> None:
    """Move the deadline out, with the reasons beside it."""
    assert row.bid_deadline_at is not None
    basis = dict(row.deadline_basis or {})
    basis["shifts"] = [*basis.get("shifts", []), shift.to_document()]
    old = row.bid_deadline_at
    row.bid_deadline_at, row.deadline_basis = shift.at, basis
    row.version += 1
    await tell_shift(session, row, old, rule="suspension", now=now)


async def tell_shift(
    session: WriteSession, row: Scenario, old: dt.datetime, *, rule: str, now: dt.datetime
) -> None:
    """Tell everybody that the deadline of a call has moved out."""
    assert row.bid_deadline_at is not None
    said = DeadlineShifted(
        scenario_id=row.id,
        old_deadline_at=old,
        new_deadline_at=row.bid_deadline_at,
        rule=rule,
    )
    await tell(session, access.SYSTEM, row, said, now=now)
