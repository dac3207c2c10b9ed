"""What the solicitations room can do: invite, file, take back, rank."""

import asyncio
import datetime as dt
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from marketplace import __version__
from marketplace.events import actions as events
from marketplace.events.rules.catalogue.board import (
    ProposalFiled,
    ReadinessRanked,
    SolicitationAnnounced,
)
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.kit.days import day_of
from marketplace.kit.digests import canonical_json, sha256_hex
from marketplace.kit.errors import Stale
from marketplace.scenarios.errors import NotThePoster, ScenarioUnknown
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.tables import Scenario
from marketplace.scoring.rules import ranking
from marketplace.scoring.rules.ranking import Ranking
from marketplace.solicitations import queries
from marketplace.solicitations.errors import (
    AlreadyFiled,
    DomainNotInvited,
    NotAProposal,
    NothingToRank,
    ProposalUnknown,
    ProposalWithdrawn,
    SchemeHasOtherContent,
    SolicitationNumberTaken,
    WindowClosed,
    WindowStillOpen,
    WindowUnfit,
)
from marketplace.solicitations.rules import readiness
from marketplace.solicitations.rules.readiness import PROPOSABLE_STATES, Declaration
from marketplace.solicitations.rules.scheme import Scheme
from marketplace.solicitations.tables import (
    Proposal,
    ReadinessRound,
    ReadinessScheme,
    Solicitation,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A solicitation to announce."""

    number: str
    title: dict[str, str]
    notice: dict[str, str]
    domains: tuple[str, ...]
    opens_at: dt.datetime
    closes_at: dt.datetime
    scheme_code: str


async def load_scheme(
    session: WriteSession, actor: Actor, scheme: Scheme, *, now: dt.datetime
) -> ReadinessScheme:
    """Load one version of a scheme; loading the same version again changes nothing.

    Refuses  SchemeHasOtherContent if this version is loaded with other content.
    """
    access.require(actor, Permission.PROFILES_LOAD)
    document = canonical_json(dict(scheme.document))
    sha256 = sha256_hex(document)
    loaded = await queries.scheme_row(session, scheme.code, scheme.version)
    if loaded is not None:
        if loaded.document_sha256 != sha256:
            raise SchemeHasOtherContent(scheme=scheme.code, version=scheme.version)
        return loaded
    row = ReadinessScheme(
        code=scheme.code,
        number=scheme.version,
        document=document,
        document_sha256=sha256,
        loaded_at=now,
    )
    session.add(row)
    await session.flush()
    return row


async def announce(
    session: WriteSession, actor: Actor, invitation: Invitation, *, now: dt.datetime
) -> Solicitation:
    """Invite proposals; the newest version of the scheme is pinned.

    Refuses  WindowUnfit, SolicitationNumberTaken, SchemeUnknown.
    """
    access.require(actor, Permission.SOLICITATIONS_RUN)
    if invitation.closes_at <= max(invitation.opens_at, now):
        raise WindowUnfit(opens_at=invitation.opens_at, closes_at=invitation.closes_at)
    if await queries.solicitation_by_number(session, invitation.number) is not None:
        raise SolicitationNumberTaken(number=invitation.number)
    scheme = await queries.scheme(session, invitation.scheme_code)
    row = Solicitation(
        number=invitation.number,
        title=invitation.title,
        notice=invitation.notice,
        domains=sorted(set(invitation.domains)),
        organizer_id=actor.organization_id,
        opens_at=invitation.opens_at,
        closes_at=invitation.closes_at,
        scheme_code=scheme.code,
        scheme_version=scheme.version,
        announced_by=None if actor.is_system else actor.person_id,
        announced_at=now,
    )
    session.add(row)
    await session.flush()
    said = SolicitationAnnounced(
        solicitation_id=row.id,
        number=row.number,
        title=row.title,
        domains=tuple(row.domains),
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        scheme=f"{scheme.code}@{scheme.version}",
    )
    await events.record(session, said, by=actor.kind, now=now, organization_id=row.organizer_id)
    return row


async def file(
    session: WriteSession,
    actor: Actor,
    solicitation_id: UUID,
    *,
    scenario_id: UUID,
    declaration: Declaration,
    clock: Clock,
) -> Proposal:
    """File a scenario in preparation under a solicitation; one that was withdrawn may come again.

    Refuses  WindowClosed, NotThePoster, NotAProposal, DomainNotInvited, AlreadyFiled.
    """
    access.require(actor, Permission.SCENARIOS_DRAFT)
    invited = await queries.solicitation(session, solicitation_id, lock=True)
    now = await clock.decisive(session)
    scenario = await _own_scenario(session, actor, scenario_id)
    _check_window(invited, now)
    await _check_fit(session, invited, scenario)
    row = await queries.proposal_of(session, solicitation_id, scenario_id)
    if row is not None and row.withdrawn_at is None:
        raise AlreadyFiled(proposal_id=str(row.id))
    if row is None:
        row = Proposal(
            solicitation_id=solicitation_id,
            scenario_id=scenario_id,
            poster_id=scenario.poster_id,
            declaration={},
            filed_at=now,
        )
        session.add(row)
    else:
        row.version += 1
    row.filed_at, row.withdrawn_at = now, None
    return await _declare(session, actor, row, declaration, now=now)


async def correct(
    session: WriteSession,
    actor: Actor,
    proposal_id: UUID,
    *,
    declaration: Declaration,
    expected_version: int,
    clock: Clock,
) -> Proposal:
    """Replace what a proposal states, while the window is open; it keeps when it was filed."""
    access.require(actor, Permission.SCENARIOS_DRAFT)
    row, now = await _own_proposal(session, actor, proposal_id, expected_version, clock)
    scenario = await scenarios.scenario(session, row.scenario_id, lock=True)
    await _check_fit(session, await queries.solicitation(session, row.solicitation_id), scenario)
    row.version += 1
    return await _declare(session, actor, row, declaration, now=now)


async def withdraw(
    session: WriteSession,
    actor: Actor,
    proposal_id: UUID,
    *,
    expected_version: int,
    clock: Clock,
) -> Proposal:
    """Take a proposal back, while the window is open."""
    access.require(actor, Permission.SCENARIOS_DRAFT)
    row, now = await _own_proposal(session, actor, proposal_id, expected_version, clock)
    row.withdrawn_at = now
    row.version += 1
    return await _tell(session, actor, row, now=now)


async def rank(
    session: WriteSession, actor: Actor, solicitation_id: UUID, *, clock: Clock
) -> ReadinessRound:
    """Rank the proposals of a solicitation whose window has closed, as one more round.

    Refuses  WindowStillOpen, NothingToRank.
    """
    access.require(actor, Permission.SOLICITATIONS_RUN)
    invited = await queries.solicitation(session, solicitation_id, lock=True)
    access.require(actor.at(invited.organizer_id), Permission.SOLICITATIONS_RUN)
    now = await clock.decisive(session)
    if now < invited.closes_at:
        raise WindowStillOpen(closes_at=invited.closes_at)
    proposed = await queries.proposed(session, solicitation_id)
    if all(one.state in readiness.WITH_POSTER for one in proposed):
        raise NothingToRank(proposals=len(proposed))
    scheme = await queries.scheme(session, invited.scheme_code, invited.scheme_version)
    today = day_of(now)
    sheet = readiness.sheet(
        proposed,
        scheme,
        solicitation_number=invited.number,
        round_number=invited.rounds_numbered + 1,
        published=await queries.published_this_year(session, now),
        on=today,
        code_version=__version__,
    )
    ranked = await asyncio.to_thread(ranking.rank, sheet)
    ranked = readiness.explained(ranked, proposed, on=today)
    invited.rounds_numbered += 1
    invited.version += 1
    return await _keep(session, actor, invited, sheet.to_document(), ranked, now=now)


async def _keep(
    session: WriteSession,
    actor: Actor,
    invited: Solicitation,
    sheet: dict[str, Any],
    ranked: Ranking,
    *,
    now: dt.datetime,
) -> ReadinessRound:
    """Write a round once, as the bytes that are served and verified."""
    document = {
        "sheet": sheet,
        "sheet_digest": ranked.sheet_digest,
        "standings": ranked.to_document(),
        "standings_digest": ranked.digest(),
    }
    row = ReadinessRound(
        solicitation_id=invited.id,
        number=invited.rounds_numbered,
        ranked_at=now,
        ranked_by=None if actor.is_system else actor.person_id,
        sheet_sha256=ranked.sheet_digest,
        standings_sha256=ranked.digest(),
        document=canonical_json(document),
        explanations=canonical_json(ranked.explanations_document()),
    )
    session.add(row)
    await session.flush()
    said = ReadinessRanked(
        solicitation_id=invited.id,
        round_number=row.number,
        sheet_sha256=row.sheet_sha256,
        standings_sha256=row.standings_sha256,
    )
    await events.record(session, said, by=actor.kind, now=now, organization_id=invited.organizer_id)
    return row


def _check_window(invited: Solicitation, now: dt.datetime) -> None:
    if not invited.opens_at <= now < invited.closes_at:
        raise WindowClosed(opens_at=invited.opens_at, closes_at=invited.closes_at)


async def _check_fit(session: WriteSession, invited: Solicitation, scenario: Scenario) -> None:
    if scenario.state not in PROPOSABLE_STATES:
        raise NotAProposal(state=scenario.state.value)
    content = await scenarios.content(session, scenario)
    if content.domain not in invited.domains:
        raise DomainNotInvited(domain=content.domain, invited=list(invited.domains))


async def _own_scenario(session: WriteSession, actor: Actor, scenario_id: UUID) -> Scenario:
    row = await scenarios.scenario(session, scenario_id, lock=True)
    if not scenarios.may_see(actor, row):
        raise ScenarioUnknown(scenario_id=str(scenario_id))
    own = actor.organization_id == row.poster_id or actor.is_system
    if not own and actor.person_id != row.author_id:
        raise NotThePoster(poster_id=str(row.poster_id))
    return row


async def _own_proposal(
    session: WriteSession,
    actor: Actor,
    proposal_id: UUID,
    expected_version: int,
    clock: Clock,
) -> tuple[Proposal, dt.datetime]:
    """Lock a live proposal of the actor's own organisation while its window is open."""
    found = await queries.proposal(session, proposal_id)
    if actor.organization_id != found.poster_id and not actor.is_system:
        raise ProposalUnknown(proposal_id=str(proposal_id))
    invited = await queries.solicitation(session, found.solicitation_id, lock=True)
    now = await clock.decisive(session)
    row = await queries.proposal(session, proposal_id, lock=True)
    if row.version != expected_version:
        raise Stale(version=row.version, expected=expected_version)
    if row.withdrawn_at is not None:
        raise ProposalWithdrawn(withdrawn_at=row.withdrawn_at)
    _check_window(invited, now)
    return row, now


async def _declare(
    session: WriteSession,
    actor: Actor,
    row: Proposal,
    declaration: Declaration,
    *,
    now: dt.datetime,
) -> Proposal:
    row.declaration = asdict(declaration)
    row.filed_by = None if actor.is_system else actor.person_id
    return await _tell(session, actor, row, now=now)


async def _tell(
    session: WriteSession, actor: Actor, row: Proposal, *, now: dt.datetime
) -> Proposal:
    await session.flush()
    said = ProposalFiled(
        proposal_id=row.id,
        solicitation_id=row.solicitation_id,
        scenario_id=row.scenario_id,
        withdrawn=row.withdrawn_at is not None,
    )
    await events.record(session, said, by=actor.kind, now=now, organization_id=row.poster_id)
    return row
