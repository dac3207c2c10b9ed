"""Draw judges: freeze the pool, bind the officer, take the supervisor's part, seat whom it names.

Neither side chooses.  The officer's secret is sealed when the draw is opened and nobody has seen it
when the supervisor gives theirs; the draw is made in that same act, so nobody can look at a result
and walk away from it.  Locks are taken in this order: call, draw.
"""

import datetime as dt
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from marketplace.events.rules.catalogue.scoring import (
    PanelDrawGivenUp,
    PanelDrawn,
    PanelDrawOpened,
    PanelSeated,
)
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.queries import people as identity
from marketplace.identity.rules import access, duties
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.rules.duties import Duty
from marketplace.identity.rules.roles import REGULATORS
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.days import day_of
from marketplace.kit.digests import canonical_json, sha256_hex
from marketplace.kit.ids import new_id
from marketplace.kit.secrets import Keeper, new_key
from marketplace.kit.tables import sealed_context
from marketplace.profiles import queries as profiles
from marketplace.profiles.rules.deadlines import deadline
from marketplace.scenarios.actions import calls
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries.calls import Call
from marketplace.scenarios.tables import Scenario
from marketplace.scoring.actions.panels import (
    CHANGING,
    SEATING,
    check_composition,
    check_hands,
    label_after,
    locked,
    tell,
)
from marketplace.scoring.errors.panels import (
    DrawNotNeeded,
    DrawOpenAlready,
    DrawOver,
    DrawTooEarly,
    ReserveEmpty,
    ReviewMisdated,
)
from marketplace.scoring.errors.rounds import NotEvaluating, PanelUnfit
from marketplace.scoring.queries import panels as queries
from marketplace.scoring.queries import reserves, rounds
from marketplace.scoring.queries.reserves import Asked, Pool
from marketplace.scoring.rules import composition
from marketplace.scoring.rules import draw as drawing
from marketplace.scoring.tables.panels import PanelDraw
from marketplace.scoring.tables.rounds import PanelSeat

LEAD: Final = "panel_draw_lead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is drawn, and for when."""

    review_at: dt.datetime
    size: int | None = None
    """Judges in all; None: as few as the track allows.  An empty seat decides for itself."""
    representatives: Sequence[UUID] = ()
    """People of the poster, who sit beside the experts and are not drawn."""
    fields: frozenset[str] = frozenset()
    interested: frozenset[UUID] = frozenset()
    secret: str | None = None
    """The officer's 32 bytes; None: made here."""


async def open_draw(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    plan: Plan,
    keeper: Keeper,
    clock: Clock,
) -> PanelDraw:
    """Freeze who can be drawn and bind the officer's side.

    Shape    for a whole panel while there is none, for its empty seats once there is one.
    Refuses  DrawOpenAlready; DrawTooEarly and ReviewMisdated by the database's clock;
             DrawNotNeeded; PanelUnfit with the rule; PoolTooSmall with what is missing; SameHands.
    """
    _require_person(actor, Permission.PANELS_SEAT)
    scenario, call = await locked(session, actor, scenario_id, CHANGING)
    await check_hands(session, actor, scenario, [])
    now = await clock.decisive(session)
    earlier = await queries.draws(session, scenario_id)
    if any(one.drawn_at is None and one.given_up_at is None for one in earlier):
        raise DrawOpenAlready()
    first = not await rounds.seats(session, scenario_id)
    seats = await _seats_to_draw(session, scenario, call, plan, first=first, now=now)
    lead = await _check_time(session, call, plan, first=first, now=now)
    asked = Asked(
        review_on=day_of(plan.review_at),
        fields=plan.fields,
        required=await reserves.required_kinds(session, call),
        seater=actor.person_id,
        interested=plan.interested,
    )
    pool = await reserves.pool(session, scenario, call, asked, on=day_of(now))
    drawing.check_pool(pool.eligible, seats=seats, required=asked.required, ineligible=pool.codes)
    number = len(earlier) + 1
    document = _document(call, plan, asked, pool, seats=seats, number=number) | {
        "earliest": lead,
        "frozen_at": now.astimezone(dt.UTC).isoformat(),
    }
    row = _bound(scenario_id, actor, document, number, plan, keeper=keeper, now=now)
    session.add(row)
    await session.flush()
    said = PanelDrawOpened(
        scenario_id=scenario_id,
        draw_id=row.id,
        number=number,
        pool_sha256=row.pool_sha256,
        commitment=row.commitment,
    )
    await tell(session, actor, call, said, now=now)
    return row


def _bound(
    scenario_id: UUID,
    actor: Actor,
    document: dict[str, Any],
    number: int,
    plan: Plan,
    *,
    keeper: Keeper,
    now: dt.datetime,
) -> PanelDraw:
    secret = new_key() if plan.secret is None else drawing.bytes_of(plan.secret)
    pool, row_id = canonical_json(document), new_id()
    context = sealed_context(PanelDraw, "sealed_secret", id=row_id)
    sealed = keeper.seal(secret, context=context)
    return PanelDraw(
        id=row_id,
        scenario_id=scenario_id,
        number=number,
        pool=pool,
        pool_sha256=sha256_hex(pool),
        commitment=drawing.commitment_of(secret),
        sealed_secret=sealed,
        opened_by=actor.person_id,
        opened_at=now,
    )


def _document(
    call: Call, plan: Plan, asked: Asked, pool: Pool, *, seats: int, number: int
) -> dict[str, Any]:
    return {
        "form": drawing.POOL_FORM,
        "scenario": call.number,
        "draw": number,
        "profile": f"{call.profile.code}@{call.profile.version}",
        "review_at": plan.review_at.astimezone(dt.UTC).isoformat(),
        "seats": seats,
        "representatives": [str(one) for one in plan.representatives],
        "required": sorted(asked.required),
        "fields": sorted(asked.fields),
        "interested": sorted(str(one) for one in asked.interested),
        "eligible": [{"expert": one.expert, "kinds": sorted(one.kinds)} for one in pool.eligible],
        "ineligible": [
            {"expert": expert, "reasons": reasons} for expert, reasons in pool.ineligible
        ],
    }


async def _check_time(
    session: ReadSession, call: Call, plan: Plan, *, first: bool, now: dt.datetime
) -> dict[str, Any] | None:
    """Refuse a draw that gives anybody more time than the track allows to find the judges out."""
    closes_at = call.closes_at or call.bid_deadline_at
    if plan.review_at < now or (first and plan.review_at < closes_at):
        raise ReviewMisdated(review_at=plan.review_at, closes_at=closes_at)
    if not first or not call.profile.has(LEAD):
        return None
    calendar = await profiles.work_calendar(session)
    earliest = deadline(plan.review_at, call.profile.period(LEAD), calendar)
    if day_of(now) < earliest.on:
        raise DrawTooEarly(earliest_on=str(earliest.on), source=earliest.period.source)
    return {"on": str(earliest.on), "source": earliest.period.source}


async def _seats_to_draw(
    session: WriteSession,
    scenario: Scenario,
    call: Call,
    plan: Plan,
    *,
    first: bool,
    now: dt.datetime,
) -> int:
    """Count the seats to fill, and refuse a panel that would not be lawful however it is drawn."""
    if first:
        if scenario.state not in SEATING:
            raise NotEvaluating(state=scenario.state.value)
        budget_fen = call.content.budget.ceiling_fen
        least = composition.size_min(call.profile, budget_fen=budget_fen)[1]
        size = least if plan.size is None else plan.size
        seats = size - len(plan.representatives)
        composition.check_shape(call.profile, size=size, experts=seats, budget_fen=budget_fen)
        await _check_representatives(session, scenario, plan.representatives)
        return seats
    empty = await reserves.empty_seats(session, call.id)
    if plan.representatives or plan.size is not None:
        raise PanelUnfit(rule="an_empty_seat_decides_for_itself")
    if not empty or await _can_follow(session, scenario, call, now=now):
        raise DrawNotNeeded(empty=empty)
    return len(empty)


async def _can_follow(
    session: ReadSession, scenario: Scenario, call: Call, *, now: dt.datetime
) -> bool:
    try:
        await reserves.next_in_line(session, scenario, call, on=now)
    except ReserveEmpty:
        return False
    return True


async def _check_representatives(
    session: WriteSession, scenario: Scenario, people: Collection[UUID]
) -> None:
    done = await rounds.hands_on(session, scenario)
    if len(set(people)) != len(people):
        raise PanelUnfit(rule="nobody_sits_twice")
    for person_id in people:
        duties.check(person_id, Duty.JUDGE, done)
        held = await identity.roles_of(session, person_id)
        if any(roles & REGULATORS for _, roles in held):
            raise PanelUnfit(rule="supervisors_never_judge", person_id=str(person_id))
        if scenario.poster_id not in {organization_id for organization_id, _ in held}:
            raise PanelUnfit(rule="representatives_are_the_posters", person_id=str(person_id))


async def contribute(
    session: WriteSession,
    actor: Actor,
    draw_id: UUID,
    *,
    contribution: str,
    keeper: Keeper,
    clock: Clock,
) -> PanelDraw:
    """Give the supervisor's part: the judges are drawn and seated in this act.

    Refuses  SameHands for whoever opened the draw; DrawOver; EntropyUnfit; NotEvaluating when the
             call has moved on, DrawNotNeeded when its seats were filled meanwhile.
    """
    _require_person(actor, Permission.DRAWS_WITNESS)
    given = drawing.bytes_of(contribution)
    unlocked = await queries.draw(session, draw_id)
    scenario = await scenarios.scenario(session, unlocked.scenario_id, lock=True)
    row = await queries.draw(session, draw_id, lock=True)
    _check_open(row)
    if scenario.state not in CHANGING:
        raise NotEvaluating(state=scenario.state.value)
    duties.require(actor, Duty.DRAW_WITNESS, {Duty.SEATER: row.opened_by})
    now = await clock.decisive(session)
    assert row.sealed_secret is not None
    context = sealed_context(PanelDraw, "sealed_secret", id=row.id)
    record = drawing.record_of(
        json.loads(row.pool),
        secret=keeper.unseal(row.sealed_secret, context=context),
        contribution=given,
        facts={
            "officer": str(row.opened_by),
            "supervisor": str(actor.person_id),
            "opened_at": row.opened_at.astimezone(dt.UTC).isoformat(),
            "drawn_at": now.astimezone(dt.UTC).isoformat(),
        },
    )
    row.contributed_by, row.drawn_at, row.sealed_secret = actor.person_id, now, None
    row.record = canonical_json(record)
    row.record_sha256 = sha256_hex(row.record)
    call = await scenarios.call(session, scenario.id)
    await _seat(session, row, record, call, now=now)
    if scenario.panel_seated_at is None:
        await calls.note_panel(session, scenario, now=now)
    said = PanelDrawn(
        scenario_id=scenario.id,
        draw_id=row.id,
        number=row.number,
        record_sha256=row.record_sha256,
    )
    await tell(session, actor, call, said, now=now)
    seated = await queries.present(session, scenario.id)
    await tell(
        session, actor, call, PanelSeated(scenario_id=scenario.id, seats=len(seated)), now=now
    )
    return row


async def _seat(
    session: WriteSession, row: PanelDraw, record: dict[str, Any], call: Call, *, now: dt.datetime
) -> None:
    """Seat whom the draw names: experts first, then the representatives; nobody chairs yet."""
    drawn = [UUID(one) for one in record["seats"]]
    beside = [UUID(one) for one in record["pool"]["representatives"]]
    labels = [f"J{at}" for at in range(1, len(drawn) + len(beside) + 1)]
    if await rounds.seats(session, call.id):
        # Seats may have been emptied or filled since the draw was opened.
        empty = await reserves.empty_seats(session, call.id)
        labels = [label_after(one) for one in empty][: len(drawn)]
        if len(labels) < len(drawn) or beside:
            raise DrawNotNeeded(empty=empty)
    for label, person_id in zip(labels, [*drawn, *beside], strict=True):
        session.add(
            PanelSeat(
                scenario_id=call.id,
                person_id=person_id,
                label=label,
                is_expert=person_id in drawn,
                seated_by=row.opened_by,
                seated_at=now,
                draw_id=row.id if person_id in drawn else None,
            )
        )
    await session.flush()
    present = await queries.present(session, call.id)
    if not await reserves.empty_seats(session, call.id):
        chaired = any(one.is_chair for one in present)
        await check_composition(session, present, call, chaired=chaired)


async def give_up(
    session: WriteSession, actor: Actor, draw_id: UUID, *, reason: str, now: dt.datetime
) -> PanelDraw:
    """Give a draw up while nobody knows how it would end; the next one has a number of its own.

    Refuses  DrawOver.
    """
    access.require(actor, Permission.PANELS_SEAT)
    unlocked = await queries.draw(session, draw_id)
    _, call = await locked(session, actor, unlocked.scenario_id, CHANGING)
    row = await queries.draw(session, draw_id, lock=True)
    _check_open(row)
    row.given_up_by, row.given_up_at, row.given_up_reason = actor.person_id, now, reason
    row.sealed_secret = None
    await session.flush()
    said = PanelDrawGivenUp(
        scenario_id=row.scenario_id, draw_id=row.id, number=row.number, reason=reason
    )
    await tell(session, actor, call, said, now=now)
    return row


def _check_open(row: PanelDraw) -> None:
    if row.drawn_at is not None or row.given_up_at is not None:
        raise DrawOver(draw_id=str(row.id))


def _require_person(actor: Actor, permission: Permission) -> None:
    """Refuse whoever may not do this, and the platform itself: the record names two people."""
    access.require(actor, permission)
    if actor.is_system:
        raise NotPermitted(permission=permission.value)
