"""What can be asked of re-scorings, and of the hidden set they wait for."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from marketplace.bids.queries import bids
from marketplace.bids.tables.bids import Bid
from marketplace.identity.rules.access import Actor
from marketplace.kit.database import ReadSession
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scoring.errors.submissions import NothingToRescore, RescoringUnknown
from marketplace.scoring.queries import rounds
from marketplace.scoring.rules.submissions import OUT_BIDS, SubmissionState
from marketplace.scoring.tables.rounds import HiddenSet, Submission
from marketplace.scoring.tables.submissions import Rescoring, SubmissionResult


async def rescoring(session: ReadSession, rescoring_id: UUID) -> Rescoring:
    """Find one re-scoring."""
    row = await session.get(Rescoring, rescoring_id, populate_existing=True)
    if row is None:
        raise RescoringUnknown(rescoring_id=str(rescoring_id))
    return row


async def rescoring_seen_by(session: ReadSession, actor: Actor, rescoring_id: UUID) -> Rescoring:
    """Find a re-scoring of a call the actor watches: bureau, auditors, its poster."""
    row = await rescoring(session, rescoring_id)
    scenario = await scenarios.scenario(session, row.scenario_id)
    if not bids.may_read_opened(actor, scenario):
        raise RescoringUnknown(rescoring_id=str(rescoring_id))
    return row


def check_open(row: Rescoring) -> None:
    """Refuse one that was committed or given up."""
    if row.committed_at is not None or row.cancelled_at is not None:
        raise NothingToRescore(criterion=row.criterion)


async def waiting_set(session: ReadSession, scenario_id: UUID, criterion: str) -> HiddenSet | None:
    """Find the newest hidden set of a criterion, if it does not count yet."""
    newest = await rounds.newest_hidden_set(session, scenario_id, criterion)
    return newest if newest is not None and newest.counts_from is None else None


async def open_rescoring(
    session: ReadSession, scenario_id: UUID, criterion: str
) -> Rescoring | None:
    """Find the re-scoring of a criterion that is neither committed nor given up."""
    found = await session.exec(
        select(Rescoring)
        .where(Rescoring.scenario_id == scenario_id)
        .where(Rescoring.criterion == criterion)
        .where(col(Rescoring.committed_at).is_(None))
        .where(col(Rescoring.cancelled_at).is_(None))
    )
    return found.first()


async def results(
    session: ReadSession, row: Rescoring
) -> Sequence[tuple[Submission, SubmissionResult]]:
    """List the new results of all submissions that still have a value, in order of receipt."""
    found = await session.exec(
        select(Submission, SubmissionResult)
        .join(SubmissionResult, col(SubmissionResult.submission_id) == col(Submission.id))
        .where(SubmissionResult.hidden_set_id == row.hidden_set_id)
        .where(Submission.state == SubmissionState.SCORED)
        .order_by(col(Submission.id))
    )
    return found.all()


async def bids_out(session: ReadSession, scenario_id: UUID) -> frozenset[UUID]:
    """Name the bids of a call that stand on no board."""
    found = await session.exec(
        select(Bid.id).where(Bid.scenario_id == scenario_id).where(col(Bid.state).in_(OUT_BIDS))
    )
    return frozenset(found.all())
