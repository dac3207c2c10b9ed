"""One live bid for each organisation, alone or as a member: in any order, and both at once."""

import asyncio
from collections.abc import Awaitable

import pytest
from sqlmodel import col, select

from marketplace.bids.actions import offering
from marketplace.bids.errors.consortia import (
    CannotBeMember,
    InvitationUnknown,
    InvitedAlready,
    MemberTakesPartAlready,
    NoConsortia,
    TakesPartAlready,
)
from marketplace.bids.queries import bids as queries
from marketplace.bids.queries import participation
from marketplace.bids.tables.participation import ConsortiumInvitation, Participation
from marketplace.events.tables import EventRow
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.errors.organizations import NotInGoodStanding
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.errors import MarketplaceError
from tests.given import bids as given
from tests.given import offers
from tests.given.amending import amended
from tests.given.identity import Someone, an_organization, someone
from tests.given.scenarios import Called, a_content, a_published_call
from tests.given.standing import a_listing
from tests.given.traces import everything


async def a_joint_call(database: Database, clock: FixedClock) -> tuple[Called, Someone, Someone]:
    """A call on which two may bid together, a lead and a member."""
    call = await a_published_call(database, clock, content=offers.a_content_for_consortia())
    lead = await someone(database, Role.SOLVER)
    return call, lead, await someone(database, Role.SOLVER)


async def a_joint_bid(
    database: Database, clock: FixedClock, call: Called, lead: Someone, member: Someone
) -> given.Begun:
    """A sealed bid of a lead and a member that has agreed."""
    await offers.agreed(database, clock, call, lead=lead, member=member)
    offer = offers.a_joint_offer(member.organization_id)
    return await given.a_sealed_bid(database, clock, call, solver=lead, offer=offer)


async def withdraw(database: Database, clock: FixedClock, bid: given.Begun) -> None:
    """Take a bid back."""
    async with database.writing() as session:
        row = await queries.own_bid(session, bid.solver.actor, bid.id)
        await offering.withdraw_bid(
            session, bid.solver.actor, bid.id, expected_version=row.version, clock=clock
        )


class TestTakingPart:
    """Whoever is in one sealed bid is in no other."""

    @pytest.mark.postgres
    async def test_a_member_cannot_bid_alone_until_the_consortium_is_gone(
        self, database: Database, clock: FixedClock
    ) -> None:
        """Refused without a word about whose consortium it is, and free again afterwards."""
        call, lead, member = await a_joint_call(database, clock)
        joint = await a_joint_bid(database, clock, call, lead, member)
        alone = await given.a_draft_bid(database, clock, call, solver=member)

        with pytest.raises(TakesPartAlready) as refused:
            await given.sealed(database, clock, alone)
        await withdraw(database, clock, joint)
        await given.sealed(database, clock, alone)

        assert refused.value.facts == {"scenario_id": str(call.id)}

    @pytest.mark.postgres
    async def test_a_consortium_cannot_take_somebody_who_bids_alone(
        self, database: Database, clock: FixedClock
    ) -> None:
        """The lead is told that a member takes part, not through what."""
        call, lead, member = await a_joint_call(database, clock)
        alone = await given.a_sealed_bid(database, clock, call, solver=member)

        with pytest.raises(MemberTakesPartAlready) as refused:
            await a_joint_bid(database, clock, call, lead, member)

        told = str(refused.value)
        assert str(alone.id) not in told
        assert str(member.organization_id) not in told

    async def test_a_member_of_two_consortia_is_in_the_first(
        self, database: Database, clock: FixedClock
    ) -> None:
        """It may say yes to both; only one of them is sealed."""
        call, lead, member = await a_joint_call(database, clock)
        await a_joint_bid(database, clock, call, lead, member)

        with pytest.raises(MemberTakesPartAlready):
            await a_joint_bid(database, clock, call, await someone(database, Role.SOLVER), member)

    async def test_replacing_an_offer_lets_a_member_go(
        self, database: Database, clock: FixedClock
    ) -> None:
        """The lead goes on alone, and the member can too."""
        call, lead, member = await a_joint_call(database, clock)
        joint = await a_joint_bid(database, clock, call, lead, member)

        async with database.writing() as session:
            row = await queries.own_bid(session, lead.actor, joint.id)
            await offering.submit_bid(
                session,
                lead.actor,
                joint.id,
                verb="replace",
                offer=given.an_offer(),
                expected_version=row.version,
                keeper=given.KEEPER,
                clock=clock,
            )
        alone = await given.a_sealed_bid(database, clock, call, solver=member)

        assert alone.receipt is not None

    async def test_a_bid_that_lapses_holds_nobody(
        self, database: Database, clock: FixedClock
    ) -> None:
        """What was never opened leaves no trace of who was in it."""
        call, lead, member = await a_joint_call(database, clock)
        await a_joint_bid(database, clock, call, lead, member)
        other = await given.a_sealed_bid(database, clock, call)
        content = offers.a_content_for_consortia(problem={"zh": "新的说明(示例)"})
        await amended(database, clock, call, content)
        async with database.writing() as session:
            row = await queries.own_bid(session, other.solver.actor, other.id)
            await offering.reconfirm_bid(
                session, other.solver.actor, other.id, expected_version=row.version, clock=clock
            )
        await given.the_deadline_passed(database, clock, call)

        await given.the_opening(database, clock, call)

        async with database.reading() as session:
            left = (await session.exec(select(Participation.bid_id))).all()
        assert left == [other.id]

    @pytest.mark.postgres
    async def test_two_at_once_are_one_after_the_other(
        self, database: Database, clock: FixedClock
    ) -> None:
        """A consortium and its member on their own, at the same moment: one of them gets in."""
        call, lead, member = await a_joint_call(database, clock)
        await offers.agreed(database, clock, call, lead=lead, member=member)
        joint = await given.a_draft_bid(database, clock, call, solver=lead)
        alone = await given.a_draft_bid(database, clock, call, solver=member)
        offer = offers.a_joint_offer(member.organization_id)

        outcomes = await asyncio.gather(
            outcome(given.sealed(database, clock, joint, offer=offer)),
            outcome(given.sealed(database, clock, alone)),
        )

        assert sorted(outcomes) in (
            ["", "bids.takes_part_already"],
            ["", "bids.member_takes_part_already"],
        )

    async def test_the_database_does_not_say_who_takes_part(
        self, database: Database, clock: FixedClock
    ) -> None:
        """Neither the invitation nor the participation names a member, in any form."""
        call, lead, member = await a_joint_call(database, clock)
        await a_joint_bid(database, clock, call, lead, member)

        rows = await everything(database)
        told = repr(
            {name: rows[name] for name in ("participation", "consortium_invitation", "bid_version")}
        )

        assert str(member.organization_id) not in told
        assert member.organization_id.hex not in told
        assert str(lead.organization_id) not in told

    async def test_the_same_organisation_is_another_token_in_another_call(
        self, database: Database, clock: FixedClock
    ) -> None:
        """So nobody can follow a firm from call to call."""
        solver = await someone(database, Role.SOLVER)
        for _ in range(2):
            call = await a_published_call(database, clock)
            await given.a_sealed_bid(database, clock, call, solver=solver)

        async with database.reading() as session:
            tokens = (await session.exec(select(Participation.token))).all()
        assert len(set(tokens)) == 2


async def outcome(work: Awaitable[object]) -> str:
    """The code of a refusal, or nothing."""
    try:
        await work
    except MarketplaceError as refused:
        return refused.code
    return ""


class TestInvitations:
    """A lead asks, a member answers, and nobody else learns of it."""

    async def test_without_agreement_no_member(self, database: Database, clock: FixedClock) -> None:
        """Asked is not agreed, and neither is declined nor revoked."""
        call, lead, member = await a_joint_call(database, clock)
        bid = await given.a_draft_bid(database, clock, call, solver=lead)
        offer = offers.a_joint_offer(member.organization_id)
        asked = await offers.invited(database, clock, call, lead=lead, member=member)

        async def refused() -> str:
            return await outcome(given.sealed(database, clock, bid, offer=offer))

        codes = [await refused()]
        agreed = await offers.moved(database, clock, asked, member, "accept")
        await offers.moved(database, clock, agreed, lead, "revoke")
        codes.append(await refused())
        again = await offers.invited(database, clock, call, lead=lead, member=member)
        await offers.moved(database, clock, again, member, "decline")
        codes.append(await refused())

        assert codes == ["bids.member_not_agreed"] * 3

    @pytest.mark.postgres
    async def test_only_the_two_know_of_it(self, database: Database, clock: FixedClock) -> None:
        """For a third there is none, in the list and by its id; each hears what the other does."""
        call, lead, member = await a_joint_call(database, clock)
        third = await someone(database, Role.SOLVER)
        asked = await offers.invited(database, clock, call, lead=lead, member=member)

        for who in (third, call.cast.officer, call.cast.poster):
            async with database.reading() as session:
                found = await participation.invitations(
                    session, who.actor, call.id, keeper=given.KEEPER
                )
                with pytest.raises(InvitationUnknown):
                    await participation.invitation(
                        session, who.actor, asked.row.id, keeper=given.KEEPER
                    )
            assert found == []
        await offers.moved(database, clock, asked, member, "accept")
        async with database.reading() as session:
            said = await session.exec(
                select(EventRow.type, EventRow.organization_id, EventRow.visibility)
                .where(col(EventRow.subject_id) == asked.row.id)
                .order_by(col(EventRow.sequence))
            )
            assert said.all() == [
                ("consortium.invited", member.organization_id, "sealed"),
                ("consortium.moved", lead.organization_id, "sealed"),
            ]

    @pytest.mark.parametrize(("who", "verb"), [("lead", "accept"), ("member", "revoke")])
    async def test_each_answers_for_themselves(
        self, database: Database, clock: FixedClock, who: str, verb: str
    ) -> None:
        """A lead cannot agree in the member's name, nor a member take an invitation back."""
        call, lead, member = await a_joint_call(database, clock)
        asked = await offers.invited(database, clock, call, lead=lead, member=member)

        with pytest.raises(InvitationUnknown):
            await offers.moved(database, clock, asked, {"lead": lead, "member": member}[who], verb)

    async def test_a_second_invitation_waits_for_the_first(
        self, database: Database, clock: FixedClock
    ) -> None:
        """To change a share, revoke and ask again."""
        call, lead, member = await a_joint_call(database, clock)
        await offers.invited(database, clock, call, lead=lead, member=member)

        with pytest.raises(InvitedAlready):
            await offers.invited(database, clock, call, lead=lead, member=member, share_bps=1)

    async def test_who_cannot_be_a_member(self, database: Database, clock: FixedClock) -> None:
        """The poster, the lead itself, whoever is not verified, a designer of the need."""
        designer = await someone(
            database,
            Role.SOLVER,
            organization_id=await an_organization(database, name="某设计院(示例)"),
        )
        content = offers.a_content_for_consortia(need_designers=["某设计院(示例)"])
        call = await a_published_call(database, clock, content=content)
        lead = await someone(database, Role.SOLVER)
        unverified = await someone(
            database,
            Role.SOLVER,
            organization_id=await an_organization(database, verified=False),
        )
        reasons = {}
        members = {
            "poster": call.cast.poster,
            "lead": lead,
            "organization_not_verified": unverified,
            "designer": designer,
        }
        for name, member in members.items():
            with pytest.raises(CannotBeMember) as refused:
                await offers.invited(database, clock, call, lead=lead, member=member)
            reasons[name] = refused.value.facts["reason"]

        assert reasons == {name: name for name in members}

    async def test_a_member_on_the_list_of_the_dishonest_is_refused_when_it_is_sealed(
        self, database: Database, clock: FixedClock
    ) -> None:
        """It had agreed in good standing."""
        call, lead, member = await a_joint_call(database, clock)
        await offers.agreed(database, clock, call, lead=lead, member=member)
        await a_listing(database, member.organization_id)
        bid = await given.a_draft_bid(database, clock, call, solver=lead)
        offer = offers.a_joint_offer(member.organization_id)

        assert await outcome(given.sealed(database, clock, bid, offer=offer)) == (
            "bids.member_unfit"
        )

    async def test_no_invitations_where_nobody_may_bid_together(
        self, database: Database, clock: FixedClock
    ) -> None:
        """Or to anybody who may not bid at all."""
        alone = await a_published_call(database, clock)
        call, lead, member = await a_joint_call(database, clock)

        with pytest.raises(NoConsortia):
            await offers.invited(database, clock, alone, lead=lead, member=member)
        with pytest.raises(NotPermitted):
            await offers.invited(database, clock, call, lead=call.cast.officer, member=member)
        async with database.reading() as session:
            assert (await session.exec(select(ConsortiumInvitation))).all() == []


async def test_confirming_looks_at_the_bidder_again(database: Database, clock: FixedClock) -> None:
    """Whoever came on the list of the dishonest meanwhile cannot keep a bid alive."""
    call = await a_published_call(database, clock)
    bid = await given.a_sealed_bid(database, clock, call)
    await amended(database, clock, call, a_content(problem={"zh": "新的说明(示例)"}))
    await a_listing(database, bid.solver.organization_id)

    with pytest.raises(NotInGoodStanding):
        async with database.writing() as session:
            row = await queries.own_bid(session, bid.solver.actor, bid.id)
            await offering.reconfirm_bid(
                session, bid.solver.actor, bid.id, expected_version=row.version, clock=clock
            )
    async with database.reading() as session:
        row = await queries.own_bid(session, bid.solver.actor, bid.id)
        assert row.state == "needs_reconfirm"
