"""Seat a panel, let a judge go and seat another."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from marketplace.events import actions as events
from marketplace.events.rules.catalogue.scoring import JudgeRecused, PanelSeated
from marketplace.events.rules.envelope import Event
from marketplace.identity.errors.people import PersonUnknown
from marketplace.identity.queries import people as identity
from marketplace.identity.rules import access, duties
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.rules.duties import Duty
from marketplace.identity.rules.roles import REGULATORS
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.scenarios.actions import calls
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries.calls import Call
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scenarios.tables import Scenario
from marketplace.scoring.actions import voting
from marketplace.scoring.errors.panels import DrawNeeded, ReasonForNamingMissing
from marketplace.scoring.errors.rounds import (
    NotEvaluating,
    NotOnPanel,
    PanelSeatedAlready,
    PanelUnfit,
)
from marketplace.scoring.queries import reserves
from marketplace.scoring.queries import rounds as queries
from marketplace.scoring.rules import composition
from marketplace.scoring.rules.composition import Seated
from marketplace.scoring.tables.rounds import PanelSeat

SEATING = frozenset({ScenarioState.PUBLISHED, ScenarioState.CLOSED})
"""A panel is seated before its bids are opened: nobody can choose judges for a bidder."""
CHANGING = SEATING | {ScenarioState.EVALUATING}
"""A judge leaves or is replaced until the award is decided; later the panel's work is history."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A person to be seated."""

    person_id: UUID
    chair: bool = False


async def seat_panel(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    seats: Sequence[Seat],
    reason: str | None,
    now: dt.datetime,
) -> Sequence[PanelSeat]:
    """Name the panel of a call, before its bids are opened, where the track lets it be named.

    Shape    one of the experts may be named to chair; otherwise the panel elects one.
    Refuses  DrawNeeded where judges are drawn; ReasonForNamingMissing; PanelUnfit with the rule
             that is not met: size, odd number, share of experts, a chair who is an expert, nobody
             who supervises; SameHands for whoever had the call in hand.
    """
    access.require(actor, Permission.PANELS_SEAT)
    row, call = await locked(session, actor, scenario_id, SEATING)
    if composition.is_drawn(call.profile):
        raise DrawNeeded(source=call.profile.parameter("panel_selection").source)
    if reason is None:
        raise ReasonForNamingMissing()
    if await queries.seats(session, scenario_id):
        raise PanelSeatedAlready()
    await check_hands(session, actor, row, [seat.person_id for seat in seats])
    rows = []
    for index, seat in enumerate(seats, start=1):
        rows.append(
            PanelSeat(
                scenario_id=scenario_id,
                person_id=seat.person_id,
                label=f"J{index}",
                is_expert=await is_expert(session, seat.person_id, call.poster_id),
                is_chair=seat.chair,
                seated_by=None if actor.is_system else actor.person_id,
                seated_at=now,
                named_reason=reason,
            )
        )
    await check_composition(session, rows, call, chaired=False)
    session.add_all(rows)
    await calls.note_panel(session, row, now=now)
    said = PanelSeated(scenario_id=scenario_id, seats=len(rows))
    await tell(session, actor, call, said, now=now)
    return rows


async def check_hands(
    session: WriteSession, actor: Actor, row: Scenario, seated: Sequence[UUID]
) -> None:
    """Refuse to seat whoever had this call in hand, and judges who change their own panel."""
    done = await queries.hands_on(session, row)
    duties.require(actor, Duty.SEATER, done)
    if not actor.is_system:
        done[Duty.SEATER] |= {actor.person_id}
    for person_id in seated:
        duties.check(person_id, Duty.JUDGE, done)


async def is_expert(session: WriteSession, person_id: UUID, poster_id: UUID) -> bool:
    """Tell whether a person sits as an expert: in the pool, and not the poster's own."""
    await identity.person(session, person_id)
    for _, roles in await identity.roles_of(session, person_id):
        if roles & REGULATORS:
            raise PanelUnfit(rule="supervisors_never_judge", person_id=str(person_id))
    try:
        profile = await identity.expert_profile(session, person_id)
    except PersonUnknown:
        return False
    return profile.available and poster_id not in await identity.organizations_of(
        session, person_id
    )


async def check_composition(
    session: ReadSession, rows: Sequence[PanelSeat], call: Call, *, chaired: bool = True
) -> None:
    """Refuse judges who may not judge this call together; recused ones are not among `rows`."""
    panel = [
        Seated(
            person_id=row.person_id,
            is_expert=row.is_expert,
            is_chair=row.is_chair,
            specialities=await _specialities(session, row) if row.is_expert else frozenset(),
        )
        for row in rows
    ]
    budget_fen = call.content.budget.ceiling_fen
    composition.check(panel, call.profile, budget_fen=budget_fen, chaired=chaired)


async def _specialities(session: ReadSession, row: PanelSeat) -> frozenset[str]:
    return frozenset((await identity.expert_profile(session, row.person_id)).specialities)


async def recuse(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    label: str,
    *,
    reason: str,
    now: dt.datetime,
) -> PanelSeat:
    """Let a judge go; none of their marks counts from now on.

    Refuses  SameHands for a judge of this call; NotEvaluating once the award is decided: the way
             from there is a complaint.
    """
    access.require(actor, Permission.PANELS_SEAT)
    scenario, call = await locked(session, actor, scenario_id, CHANGING)
    await check_hands(session, actor, scenario, [])
    seat = await _labelled(session, scenario_id, label)
    return await let_go(session, actor, call, seat, reason=reason, now=now)


async def let_go(
    session: WriteSession,
    actor: Actor,
    call: Call,
    seat: PanelSeat,
    *,
    reason: str,
    now: dt.datetime,
) -> PanelSeat:
    """Write down that a judge is recused, once; the call is locked and the right was checked."""
    if seat.recused_at is None:
        seat.recused_at, seat.recusal_reason = now, reason
        seat.recused_by = None if actor.is_system else actor.person_id
        await session.flush()
        await voting.recount(session, actor, call.id, now=now)
        said = JudgeRecused(scenario_id=call.id, judge=seat.label, reason=reason)
        await tell(session, actor, call, said, now=now)
    return seat


async def replace(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    label: str,
    *,
    person_id: UUID | None,
    now: dt.datetime,
) -> PanelSeat:
    """Seat somebody in place of a recused judge; they mark every bid themselves.

    Shape    J3 is followed by J3-2, J3-2 by J3-3: each recused seat is filled once.  A drawn judge
             is followed by the next in reserve, a named one by `person_id`, the chair included;
             where the chair was elected, the panel elects again.
    Refuses  DrawNeeded for a name where judges are drawn, ReserveEmpty where nobody can follow;
             PanelUnfit for a seat that is not empty or a person who sat here before, and when the
             panel is full again and does not meet the rules.
    """
    access.require(actor, Permission.PANELS_SEAT)
    scenario, call = await locked(session, actor, scenario_id, CHANGING)
    leaving = await _labelled(session, scenario_id, label)
    seated = await queries.seats(session, scenario_id)
    following = label_after(leaving.label)
    if leaving.recused_at is None or any(seat.label == following for seat in seated):
        raise PanelUnfit(rule="an_empty_seat_is_filled_once", judge=label)
    drawn = leaving.is_expert and composition.is_drawn(call.profile)
    if drawn and person_id is not None:
        raise DrawNeeded(source=call.profile.parameter("panel_selection").source)
    follower = await reserves.next_in_line(session, scenario, call, on=now) if drawn else None
    if follower is not None:
        person_id = follower.person_id
    if person_id is None:
        raise PanelUnfit(rule="a_named_seat_is_filled_by_name", judge=label)
    await check_hands(session, actor, scenario, [person_id])
    if any(seat.person_id == person_id for seat in seated):
        raise PanelUnfit(rule="nobody_sits_twice", person_id=str(person_id))
    row = PanelSeat(
        scenario_id=scenario_id,
        person_id=person_id,
        label=following,
        is_expert=await is_expert(session, person_id, call.poster_id),
        is_chair=leaving.is_chair and not drawn,
        seated_by=None if actor.is_system else actor.person_id,
        seated_at=now,
        draw_id=None if follower is None else follower.draw_id,
        named_reason=None if follower is not None else leaving.named_reason,
    )
    present = [*(seat for seat in seated if seat.recused_at is None), row]
    if len(present) == sum("-" not in seat.label for seat in seated):
        await check_composition(session, present, call, chaired=False)
    session.add(row)
    await session.flush()
    said = PanelSeated(scenario_id=scenario_id, seats=len(present))
    await tell(session, actor, call, said, now=now)
    return row


def label_after(label: str) -> str:
    """Name the seat that follows an empty one.

    >>> label_after("J3"), label_after("J3-2")
    ('J3-2', 'J3-3')
    """
    base, _, turn = label.partition("-")
    return f"{base}-{int(turn or 1) + 1}"


async def locked(
    session: WriteSession, actor: Actor, scenario_id: UUID, states: Collection[ScenarioState]
) -> tuple[Scenario, Call]:
    """Lock a call in one of some states, for somebody who seats panels in its bureau."""
    row = await scenarios.scenario(session, scenario_id, lock=True)
    access.require(actor.at(row.organizer_id), Permission.PANELS_SEAT)
    if row.state not in states:
        raise NotEvaluating(state=row.state.value)
    return row, await scenarios.call(session, scenario_id)


async def _labelled(session: WriteSession, scenario_id: UUID, label: str) -> PanelSeat:
    for seat in await queries.seats(session, scenario_id):
        if seat.label == label:
            return seat
    raise NotOnPanel(judge=label)


async def tell(
    session: WriteSession, actor: Actor, call: Call, said: Event, *, now: dt.datetime
) -> None:
    """Record what happened to a panel, for the bureau of its call."""
    await events.record(
        session, said, by=actor.kind, now=now, organization_id=call.poster_id, scenario_id=call.id
    )
