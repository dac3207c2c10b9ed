"""What the scoring room can answer about who can be drawn, and who is next in reserve."""

import datetime as dt
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from marketplace.identity.errors.access import SameHands
from marketplace.identity.queries import experts
from marketplace.identity.rules import duties
from marketplace.identity.rules.duties import Duty
from marketplace.identity.rules.roles import REGULATORS
from marketplace.identity.tables.people import ExpertProfile, Person
from marketplace.kit.database import ReadSession
from marketplace.kit.days import day_of
from marketplace.scenarios.queries.calls import Call
from marketplace.scenarios.tables import Scenario
from marketplace.scoring.errors.panels import ReserveEmpty
from marketplace.scoring.queries import conflicts, panels, rounds
from marketplace.scoring.rules.conflicts import Conflict
from marketplace.scoring.rules.draw import Eligible

Reasons = list[dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a panel is drawn for."""

    review_on: dt.date
    fields: frozenset[str] = frozenset()
    """Fields of knowledge of which an expert has one; empty: any."""
    required: frozenset[str] = frozenset()
    """Kinds of expert of which the panel must have one each."""
    seater: UUID | None = None
    """Who opens the draw: nobody seats himself."""
    interested: frozenset[UUID] = frozenset()
    """Organisations that openly mean to bid; who has bid is known to nobody before the opening."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Everybody in the pool: who can be drawn, and why the others cannot."""

    eligible: tuple[Eligible, ...]
    ineligible: tuple[tuple[str, Reasons], ...]

    @property
    def codes(self) -> list[str]:
        """The first reason of everybody who cannot be drawn."""
        return [reasons[0]["code"] for _, reasons in self.ineligible]


async def pool(
    session: ReadSession, scenario: Scenario, call: Call, asked: Asked, *, on: dt.date
) -> Pool:
    """Look at every expert of the pool: can they be drawn for this call, and if not, why?"""
    everybody = await experts.whole_pool(session)
    people = [profile.person_id for profile, _ in everybody]
    parties = [
        *conflicts.parties_of_call(call, interested=asked.interested),
        *await conflicts.bidding_parties(session, call.id),
    ]
    grounds: dict[UUID, list[Conflict]] = {}
    for one in await conflicts.found(session, people, parties, on=on):
        grounds.setdefault(one.person_id, []).append(one)
    roles = await experts.roles_of_all(session, people)
    done = await rounds.hands_on(session, scenario)
    if asked.seater is not None:
        done[Duty.SEATER] |= {asked.seater}
    sat = {seat.person_id for seat in await rounds.seats(session, call.id)}
    recused = await panels.recused_people(session, call.id)
    eligible, ineligible = [], []
    for profile, person in everybody:
        reasons = [
            *_of_the_profile(profile, person, asked),
            *([{"code": "regulator"}] if roles.get(person.id, frozenset()) & REGULATORS else ()),
            *([{"code": "sat_before"}] if person.id in sat else ()),
            *([{"code": "recused"}] if person.id in recused else ()),
            *_of_the_hands(person.id, done),
            *({"code": "tied", **one.facts()} for one in grounds.get(person.id, ())),
        ]
        if reasons:
            ineligible.append((str(person.id), reasons))
        else:
            kinds = asked.required & frozenset(profile.specialities)
            eligible.append(Eligible(expert=str(person.id), kinds=kinds))
    return Pool(eligible=tuple(eligible), ineligible=tuple(ineligible))


def _of_the_profile(profile: ExpertProfile, person: Person, asked: Asked) -> Reasons:
    known = frozenset(profile.specialities)
    reasons = []
    if person.erased_at is not None or not profile.available:
        reasons.append({"code": "not_available"})
    if profile.away_until is not None and asked.review_on < profile.away_until:
        reasons.append({"code": "away", "until": str(profile.away_until)})
    if asked.fields and not known & (asked.fields | asked.required):
        reasons.append({"code": "other_field"})
    return reasons


def _of_the_hands(person_id: UUID, done: dict[Duty, frozenset[UUID]]) -> Reasons:
    try:
        duties.check(person_id, Duty.JUDGE, done)
    except SameHands as same:
        earlier: Any = same.facts["earlier"]
        return [{"code": "same_hands", "duty": earlier["code"]}]
    return []


def missing_kinds(required: Iterable[str], seated: Collection[frozenset[str]]) -> frozenset[str]:
    """Name the kinds of expert that nobody who sits has."""
    return frozenset(required) - frozenset[str]().union(*seated)


async def required_kinds(session: ReadSession, call: Call) -> frozenset[str]:
    """Name the kinds of expert that the track asks for and that nobody who sits has."""
    name = "panel_expertise"
    wanted = call.profile.allowed(name) if call.profile.has(name) else ()
    seated = [
        frozenset((await experts.profile(session, seat.person_id)).specialities)
        for seat in await panels.present(session, call.id)
        if seat.is_expert
    ]
    return missing_kinds(wanted, seated)


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """Who takes the next empty seat, and the draw they come from."""

    person_id: UUID
    draw_id: UUID


async def next_in_line(
    session: ReadSession, scenario: Scenario, call: Call, *, on: dt.datetime
) -> Follower:
    """Find the first in reserve who can still judge and leaves the panel lawful.

    Refuses  ReserveEmpty with how many were passed over for which reasons.
    """
    done = [one for one in await panels.draws(session, call.id) if one.record is not None]
    if not done:
        raise ReserveEmpty(passed_over={})
    record = json.loads(done[-1].record or b"{}")
    required = await required_kinds(session, call)
    asked = Asked(review_on=day_of(on), required=required)
    known = await pool(session, scenario, call, asked, on=day_of(on))
    able = {one.expert: one for one in known.eligible}
    # Whoever is missed most sits first: a seat that needs a kind of expert goes to one who has it.
    line = [able[expert] for expert in record["reserve"] if expert in able]
    fitting = [one for one in line if not required or one.kinds] or line
    if not fitting:
        passed = {
            expert: reasons[0]["code"]
            for expert, reasons in known.ineligible
            if expert in set(record["reserve"])
        }
        raise ReserveEmpty(passed_over=passed)
    return Follower(person_id=UUID(fitting[0].expert), draw_id=done[-1].id)


async def empty_seats(session: ReadSession, scenario_id: UUID) -> list[str]:
    """Name the seats of recused experts that nobody has taken."""
    seated = await rounds.seats(session, scenario_id)
    turns: dict[str, int] = {}
    for seat in seated:
        base = seat.label.partition("-")[0]
        turns[base] = turns.get(base, 0) + 1
    return [
        seat.label
        for seat in seated
        if seat.recused_at is not None and seat.is_expert and _is_last(seat.label, turns)
    ]


def _is_last(label: str, turns: dict[str, int]) -> bool:
    base, _, turn = label.partition("-")
    return int(turn or 1) == turns[base]
