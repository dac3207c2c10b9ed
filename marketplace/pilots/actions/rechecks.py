"""Look at the parties again before a contract and before every step of a payment.

Standing always counts.  A relation between poster and solver counts where public money would be
drawn: what a company pays its own affiliate is its own affair.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from uuid import UUID

from marketplace.awards.tables import Award
from marketplace.identity.queries import organizations as identity
from marketplace.identity.rules.access import Actor
from marketplace.identity.tables.organizations import OrganizationKind
from marketplace.kit.database import WriteSession
from marketplace.pilots import queries
from marketplace.pilots.rules import public_money
from marketplace.pilots.rules.settlement import PhaseTerms
from marketplace.pilots.tables import Claim, Phase, Pilot
from marketplace.relations.actions import rechecks
from marketplace.relations.rules.rechecks import Occasion, Stage


async def recheck_contract(
    session: WriteSession,
    actor: Actor,
    award: Award,
    poster_id: UUID,
    *,
    terms: Sequence[PhaseTerms],
    now: dt.datetime,
) -> None:
    """Check poster and solver before they sign; related parties may sign without public money.

    Refuses  NotInGoodStanding for either; RelatedParties where the terms promise public money.
    """
    funders = await _public_funders(session, poster_id)
    signing = Occasion(stage=Stage.CONTRACT, subject_type="award", subject_id=award.id)
    await rechecks.recheck(session, actor, poster_id, occasion=signing, now=now)
    paid = Occasion(
        stage=Stage.CONTRACT,
        subject_type="award",
        subject_id=award.id,
        counterpart_id=poster_id,
        public_money=public_money.promises(terms, funders),
    )
    await rechecks.recheck(session, actor, award.solver_id, occasion=paid, now=now)


async def recheck_filed(
    session: WriteSession, actor: Actor, pilot: Pilot, claim: Claim, phase: Phase, now: dt.datetime
) -> None:
    """Check the payee of a claim whose shares are not settled yet, by the terms of its phase.

    Refuses  NotInGoodStanding; RelatedParties where the terms promise public money.
    """
    funders = await _public_funders(session, pilot.poster_id)
    public = public_money.promises([queries.terms_of(phase)], funders)
    await _recheck_payee(session, actor, pilot, claim, public=public, now=now)


async def recheck_settled(
    session: WriteSession,
    actor: Actor,
    pilot: Pilot,
    claim: Claim,
    shares_fen: Mapping[str, int],
    now: dt.datetime,
) -> None:
    """Check the payee of a claim by what each funder pays of it.

    Refuses  NotInGoodStanding; RelatedParties where a share is public money.
    """
    funders = await _public_funders(session, pilot.poster_id)
    public = public_money.draws_on(shares_fen, funders)
    await _recheck_payee(session, actor, pilot, claim, public=public, now=now)


async def _recheck_payee(
    session: WriteSession,
    actor: Actor,
    pilot: Pilot,
    claim: Claim,
    *,
    public: bool,
    now: dt.datetime,
) -> None:
    occasion = Occasion(
        stage=Stage.PAYMENT,
        subject_type="claim",
        subject_id=claim.id,
        counterpart_id=pilot.poster_id,
        public_money=public,
    )
    await rechecks.recheck(session, actor, pilot.solver_id, occasion=occasion, now=now)


async def _public_funders(session: WriteSession, poster_id: UUID) -> frozenset[str]:
    poster = await identity.organization(session, poster_id)
    government = poster.kind is OrganizationKind.GOVERNMENT
    return public_money.public_funders(poster_is_government=government)
