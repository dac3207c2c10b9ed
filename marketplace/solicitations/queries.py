"""What the solicitations room can answer."""

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.orm import aliased
from sqlmodel import col, func, select

from marketplace.board.queries import cards as board
from marketplace.datasets.rules.lifecycle import ProfileState, VersionState
from marketplace.datasets.rules.manifest import manifest_from
from marketplace.datasets.tables.data import Dataset, DatasetFile, DatasetVersion
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.database import ReadSession
from marketplace.kit.days import SHANGHAI
from marketplace.scenarios.rules.content import content_from
from marketplace.scenarios.tables import Scenario, ScenarioVersion
from marketplace.solicitations.errors import (
    ProposalUnknown,
    RoundUnknown,
    SchemeUnknown,
    SolicitationUnknown,
)
from marketplace.solicitations.rules.data_readiness import Measured, measured_from
from marketplace.solicitations.rules.readiness import Declaration, Proposed
from marketplace.solicitations.rules.scheme import Scheme, scheme_from
from marketplace.solicitations.tables import (
    Proposal,
    ReadinessRound,
    ReadinessScheme,
    Solicitation,
)

MEASURED_STATES = (VersionState.SEALED, VersionState.PUBLISHED)
"""States in which the files of a version can neither change nor have been taken back."""


async def scheme_row(session: ReadSession, code: str, number: int) -> ReadinessScheme | None:
    """Find one version of a scheme."""
    found = await session.exec(
        select(ReadinessScheme)
        .where(ReadinessScheme.code == code)
        .where(ReadinessScheme.number == number)
    )
    return found.first()


async def scheme(session: ReadSession, code: str, number: int | None = None) -> Scheme:
    """Read one version of a scheme, or without a number the newest."""
    statement = select(ReadinessScheme).where(ReadinessScheme.code == code)
    if number is not None:
        statement = statement.where(ReadinessScheme.number == number)
    found = await session.exec(statement.order_by(col(ReadinessScheme.number).desc()).limit(1))
    row = found.first()
    if row is None:
        raise SchemeUnknown(scheme=code, version=number)
    return scheme_from(msgspec.json.decode(row.document))


async def schemes(session: ReadSession) -> Sequence[ReadinessScheme]:
    """List every version of every scheme."""
    found = await session.exec(
        select(ReadinessScheme).order_by(col(ReadinessScheme.code), col(ReadinessScheme.number))
    )
    return found.all()


async def solicitation(
    session: ReadSession, solicitation_id: UUID, *, lock: bool = False
) -> Solicitation:
    """Find one solicitation, locked for change on request."""
    statement = select(Solicitation).where(Solicitation.id == solicitation_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = (await session.exec(statement)).first()
    if row is None:
        raise SolicitationUnknown(solicitation_id=str(solicitation_id))
    return row


async def solicitation_by_number(session: ReadSession, number: str) -> Solicitation | None:
    """Find a solicitation by its public number."""
    return (await session.exec(select(Solicitation).where(Solicitation.number == number))).first()


async def solicitations(session: ReadSession, *, after: UUID, limit: int) -> Sequence[Solicitation]:
    """List solicitations in the order in which they were announced."""
    found = await session.exec(
        select(Solicitation)
        .where(col(Solicitation.id) > after)
        .order_by(col(Solicitation.id))
        .limit(limit)
    )
    return found.all()


async def proposal(session: ReadSession, proposal_id: UUID, *, lock: bool = False) -> Proposal:
    """Find one proposal, locked for change on request."""
    statement = select(Proposal).where(Proposal.id == proposal_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row = (await session.exec(statement)).first()
    if row is None:
        raise ProposalUnknown(proposal_id=str(proposal_id))
    return row


async def proposal_seen_by(session: ReadSession, actor: Actor, proposal_id: UUID) -> Proposal:
    """Find a proposal of one's own organisation; the bureau sees all."""
    row = await proposal(session, proposal_id)
    invited = await solicitation(session, row.solicitation_id)
    own = actor.organization_id == row.poster_id
    if not own and not actor.at(invited.organizer_id).may(Permission.SCENARIOS_READ_ALL):
        raise ProposalUnknown(proposal_id=str(proposal_id))
    return row


async def proposal_of(
    session: ReadSession, solicitation_id: UUID, scenario_id: UUID
) -> Proposal | None:
    """Find the proposal of a scenario under a solicitation, withdrawn or not."""
    found = await session.exec(
        select(Proposal)
        .where(Proposal.solicitation_id == solicitation_id)
        .where(Proposal.scenario_id == scenario_id)
    )
    return found.first()


async def proposals_seen_by(
    session: ReadSession, actor: Actor, solicitation_id: UUID, *, after: UUID, limit: int
) -> Sequence[tuple[Proposal, Scenario]]:
    """List the proposals of a solicitation: all for the bureau, one's own for everybody else."""
    statement = (
        select(Proposal, Scenario)
        .where(Proposal.solicitation_id == solicitation_id)
        .where(Proposal.scenario_id == Scenario.id)
        .where(col(Proposal.id) > after)
    )
    invited = await solicitation(session, solicitation_id)
    if not actor.at(invited.organizer_id).may(Permission.SCENARIOS_READ_ALL):
        statement = statement.where(Proposal.poster_id == actor.organization_id)
    return (await session.exec(statement.order_by(col(Proposal.id)).limit(limit))).all()


async def proposed(session: ReadSession, solicitation_id: UUID) -> list[Proposed]:
    """Read every live proposal as a round sees it, with the content in force."""
    rows = await session.exec(
        select(Proposal, Scenario, ScenarioVersion.content)
        .where(Proposal.solicitation_id == solicitation_id)
        .where(col(Proposal.withdrawn_at).is_(None))
        .where(Proposal.scenario_id == Scenario.id)
        .where(ScenarioVersion.scenario_id == Scenario.id)
        .where(ScenarioVersion.number == Scenario.content_version)
        .order_by(col(Proposal.id))
    )
    found = await measured(session, solicitation_id)
    return [
        Proposed(
            id=str(row.id),
            scenario_number=scenario.number,
            filed_at=row.filed_at.astimezone(dt.UTC).isoformat(),
            state=scenario.state,
            content=content_from(document),
            declaration=Declaration(**row.declaration),
            measured=found.get(scenario.id, {}),
        )
        for row, scenario, document in rows.all()
    ]


async def measured(
    session: ReadSession, solicitation_id: UUID
) -> Mapping[UUID, Mapping[str, Measured]]:
    """Read what was computed of the data of every live proposal: by scenario, by code of dataset.

    Of a dataset the newest version counts that is sealed or published and has a profiled file.
    """
    version, file = aliased(DatasetVersion), aliased(DatasetFile)
    newest = (
        select(func.max(version.number))
        .where(version.dataset_id == Dataset.id)
        .where(col(version.state).in_(MEASURED_STATES))
        .where(file.version_id == version.id)
        .where(file.profile_state == ProfileState.DONE)
        .scalar_subquery()
    )
    rows = await session.exec(
        select(Dataset.scenario_id, Dataset.code, DatasetVersion, DatasetFile.profile)
        .where(Proposal.solicitation_id == solicitation_id)
        .where(col(Proposal.withdrawn_at).is_(None))
        .where(Dataset.scenario_id == Proposal.scenario_id)
        .where(DatasetVersion.dataset_id == Dataset.id)
        .where(DatasetVersion.number == newest)
        .where(DatasetFile.version_id == DatasetVersion.id)
        .where(DatasetFile.profile_state == ProfileState.DONE)
        .order_by(col(Dataset.scenario_id), col(Dataset.code))
    )
    found: dict[UUID, dict[str, Measured]] = {}
    for (scenario_id, code), files in groupby(rows.all(), key=lambda row: (row[0], row[1])):
        delivered = list(files)
        one = measured_from(
            [profile for *_, profile in delivered if profile is not None],
            dated=_names_a_date(delivered[0][2]),
        )
        if one is not None:
            found.setdefault(scenario_id, {})[code] = one
    return found


def _names_a_date(version: DatasetVersion) -> bool:
    return manifest_from(version.manifest).profile.date_column is not None


async def published_this_year(session: ReadSession, now: dt.datetime) -> dict[str, int]:
    """Count the calls published since the new year of Beijing, by domain."""
    year = now.astimezone(SHANGHAI).year
    since = dt.datetime(year, 1, 1, tzinfo=SHANGHAI).astimezone(dt.UTC)
    return await board.published_by_domain(session, since=since, until=now)


async def rounds(
    session: ReadSession, solicitation_id: UUID, *, after: int, limit: int
) -> Sequence[ReadinessRound]:
    """List the rounds of a solicitation, oldest first."""
    found = await session.exec(
        select(ReadinessRound)
        .where(ReadinessRound.solicitation_id == solicitation_id)
        .where(col(ReadinessRound.number) > after)
        .order_by(col(ReadinessRound.number))
        .limit(limit)
    )
    return found.all()


async def round_numbered(
    session: ReadSession, solicitation_id: UUID, number: int
) -> ReadinessRound:
    """Find one round."""
    found = await session.exec(
        select(ReadinessRound)
        .where(ReadinessRound.solicitation_id == solicitation_id)
        .where(ReadinessRound.number == number)
    )
    row = found.first()
    if row is None:
        raise RoundUnknown(solicitation_id=str(solicitation_id), number=number)
    return row


async def place_of(session: ReadSession, row: Proposal) -> dict[str, Any] | None:
    """Tell a proposal its own place in the latest round, in figures and words."""
    found = await session.exec(
        select(ReadinessRound)
        .where(ReadinessRound.solicitation_id == row.solicitation_id)
        .order_by(col(ReadinessRound.number).desc())
        .limit(1)
    )
    latest = found.first()
    if latest is None:
        return None
    standings = msgspec.json.decode(latest.document)["standings"]
    words = msgspec.json.decode(latest.explanations)["bids"]
    listed = [*standings["standings"], *standings["excluded"]]
    for one in listed:
        if one["bid_id"] == str(row.id):
            return {
                "round_number": latest.number,
                "rank": one.get("rank"),
                "ranked": len(standings["standings"]),
                "total": one.get("total"),
                "points": one.get("points", {}),
                "reason": one.get("reason"),
                "explanation": words[str(row.id)],
            }
    return None
