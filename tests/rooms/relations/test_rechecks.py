"""Looking again: what is kept, what stops, and what records in disorder mean for each stage."""

import asyncio
from uuid import UUID

import pytest

from marketplace.identity.actions import standing
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.errors.organizations import ListingLifted, NotInGoodStanding
from marketplace.identity.rules.access import SYSTEM, Role
from marketplace.identity.rules.standing import RegistrationStatus
from marketplace.kit.database import Database
from marketplace.kit.ids import new_id
from marketplace.relations import queries
from marketplace.relations.actions import rechecks
from marketplace.relations.actions.ties import PartyNamed
from marketplace.relations.errors import ChainTooLong
from marketplace.relations.rules.rechecks import Occasion, Stage
from marketplace.relations.rules.relations import DEPTH_MAX
from marketplace.relations.tables import StandingCheck
from tests.conftest import START
from tests.given.identity import an_organization, someone
from tests.given.relations import DAY, a_tie, organization
from tests.given.standing import a_listing, a_registration

NIL = UUID(int=0)


def payment(counterpart_id: UUID, *, public_money: bool = False) -> Occasion:
    """A payment that depends on somebody."""
    return Occasion(
        stage=Stage.PAYMENT,
        subject_type="claim",
        subject_id=new_id(),
        counterpart_id=counterpart_id,
        public_money=public_money,
    )


async def look(database: Database, who: UUID, occasion: Occasion) -> StandingCheck:
    """Look again on behalf of the platform."""
    async with database.writing() as session:
        return await rechecks.recheck(session, SYSTEM, who, occasion=occasion, now=START)


async def kept(database: Database, who: UUID) -> list[StandingCheck]:
    """What was kept about somebody."""
    async with database.reading() as session:
        return list(await queries.standing_checks(session, who, after=NIL, limit=10))


@pytest.mark.postgres
async def test_a_clean_check_is_kept_and_a_refused_one_leaves_nothing(database: Database) -> None:
    """The notice of a warning is in the evidence; a refusal takes its transaction with it."""
    who, other = await an_organization(database), await an_organization(database)
    await a_registration(database, who, RegistrationStatus.ABNORMAL)

    await look(database, who, payment(other))
    await a_listing(database, who)
    with pytest.raises(NotInGoodStanding) as refused:
        await look(database, who, payment(other))

    (row,) = await kept(database, who)
    assert (row.blocked, row.related, row.on_day) == (False, False, DAY)
    assert [one["code"] for one in row.findings] == ["registration_abnormal"]
    findings = refused.value.facts["findings"]
    assert isinstance(findings, list)
    # Only what blocks is the reason of a refusal.
    assert [one["code"] for one in findings] == ["blacklisted"]


async def test_records_in_disorder_stop_public_money_only(database: Database) -> None:
    """Where the chain of control is too long to follow, private steps pass without an answer."""
    who, other = await an_organization(database), await an_organization(database)
    await a_tie(database, PartyNamed(name="旁人"), organization(other))
    row = await a_tie(database, PartyNamed(name="上级"), organization(who))
    for _ in range(DEPTH_MAX):
        row = await a_tie(database, PartyNamed(name="上级"), PartyNamed(party_id=row.holder_id))

    private = await look(database, who, payment(other))
    with pytest.raises(ChainTooLong):
        await look(database, who, payment(other, public_money=True))

    assert (private.related, private.ground, private.path) == (None, None, [])


def test_public_money_needs_somebody_to_compare_with() -> None:
    """A caller that forgets the counterpart is a fault of ours, not a clean check."""
    with pytest.raises(ValueError, match="counterpart"):
        Occasion(stage=Stage.PAYMENT, subject_type="claim", subject_id=new_id(), public_money=True)


async def test_only_who_verifies_organisations_keeps_a_check(database: Database) -> None:
    """A solver cannot write evidence about itself, nor an auditor about anybody."""
    other = await an_organization(database)
    for role in (Role.SOLVER, Role.AUDITOR, Role.ORGANIZATION_ADMIN):
        who = await someone(database, role)
        async with database.writing() as session:
            with pytest.raises(NotPermitted):
                await rechecks.keep_check(
                    session, who.actor, who.organization_id, occasion=payment(other), now=START
                )


@pytest.mark.postgres
async def test_of_two_that_lift_one_entry_at_once_one_does(database: Database) -> None:
    """Who lifted it and why is written once."""
    who = await an_organization(database)
    entry = await a_listing(database, who)

    async def lift(reason: str) -> str | None:
        async with database.writing() as session:
            row = await standing.lift_blacklist(
                session, SYSTEM, who, entry.id, lifted_on=DAY, reason=reason, now=START
            )
            return row.lift_reason

    answers = await asyncio.gather(lift("甲"), lift("乙"), return_exceptions=True)

    won = [one for one in answers if isinstance(one, str)]
    assert len(won) == 1
    assert [one for one in answers if isinstance(one, ListingLifted)]
