"""What can be asked of inference endpoints, of hidden inputs, and of the calls that were made."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlmodel import col, select

from marketplace.bids.errors.bids import BidUnknown
from marketplace.bids.queries import bids
from marketplace.bids.tables.bids import Bid
from marketplace.identity.rules.access import Actor
from marketplace.kit.database import ReadSession
from marketplace.scenarios.queries.calls import Call
from marketplace.scenarios.rules.endpoint_terms import EndpointTerms
from marketplace.scoring.errors.inference import (
    EndpointsNotTaken,
    EvidenceSealed,
    InferenceEndpointUnknown,
    NoEvidence,
)
from marketplace.scoring.queries import rounds
from marketplace.scoring.queries.submissions import benchmark_of, judging_calls
from marketplace.scoring.rules.submissions import OPEN_STATES
from marketplace.scoring.tables.inference import (
    EndpointAnswers,
    EndpointRun,
    HiddenInputs,
    InferenceEndpoint,
)
from marketplace.scoring.tables.rounds import Submission


def terms_of(call: Call, criterion: str) -> EndpointTerms:
    """Find under which terms endpoints are called for a criterion.  Refuses EndpointsNotTaken."""
    terms = benchmark_of(call, criterion).endpoint
    if terms is None:
        raise EndpointsNotTaken(criterion=criterion[:64])
    return terms


async def endpoints_of(session: ReadSession, bid_id: UUID) -> Sequence[InferenceEndpoint]:
    """List the endpoints of a bid, oldest first, retired ones included."""
    found = await session.exec(
        select(InferenceEndpoint)
        .where(InferenceEndpoint.bid_id == bid_id)
        .order_by(col(InferenceEndpoint.id))
    )
    return found.all()


async def own_endpoint(
    session: ReadSession, actor: Actor, endpoint_id: UUID
) -> tuple[InferenceEndpoint, Bid]:
    """Find an endpoint of the actor's own organisation, and its bid; any other does not exist."""
    row = await session.get(InferenceEndpoint, endpoint_id)
    try:
        if row is not None:
            return row, await bids.own_bid(session, actor, row.bid_id)
    except BidUnknown:
        pass
    raise InferenceEndpointUnknown(inference_endpoint_id=str(endpoint_id))


async def newest_inputs(
    session: ReadSession, scenario_id: UUID, criterion: str
) -> HiddenInputs | None:
    """Find the hidden inputs that endpoints are asked now."""
    found = await session.exec(
        select(HiddenInputs)
        .where(HiddenInputs.scenario_id == scenario_id)
        .where(HiddenInputs.criterion == criterion)
        .order_by(col(HiddenInputs.number).desc())
    )
    return found.first()


async def runs_of(
    session: ReadSession, submission_ids: Collection[UUID]
) -> Mapping[UUID, EndpointRun]:
    """Find the calls of submissions, by submission."""
    found = await session.exec(
        select(EndpointRun).where(col(EndpointRun.submission_id).in_(submission_ids))
    )
    return {row.submission_id: row for row in found.all()}


async def run_of(session: ReadSession, submission_id: UUID) -> EndpointRun:
    """Find the calls of one submission that was made by an endpoint."""
    return (await runs_of(session, [submission_id]))[submission_id]


async def open_run_of(session: ReadSession, endpoint_id: UUID) -> Submission | None:
    """Find the submission for which an endpoint is being asked, or is going to be."""
    found = await session.exec(
        select(Submission)
        .join(EndpointRun, col(EndpointRun.submission_id) == col(Submission.id))
        .where(EndpointRun.endpoint_id == endpoint_id)
        .where(col(Submission.state).in_(OPEN_STATES))
    )
    return found.first()


async def answers_of(session: ReadSession, run_id: UUID) -> Sequence[EndpointAnswers]:
    """List what is kept of a run that is under way, in order."""
    found = await session.exec(
        select(EndpointAnswers)
        .where(EndpointAnswers.run_id == run_id)
        .order_by(col(EndpointAnswers.number))
    )
    return found.all()


async def left_over(session: ReadSession, *, limit: int) -> Sequence[EndpointAnswers]:
    """Find pieces of runs of which nothing more will come."""
    found = await session.exec(
        select(EndpointAnswers)
        .join(EndpointRun, col(EndpointRun.id) == col(EndpointAnswers.run_id))
        .join(Submission, col(Submission.id) == col(EndpointRun.submission_id))
        .where(col(Submission.state).not_in(OPEN_STATES))
        .limit(limit)
    )
    return found.all()


async def known_files(session: ReadSession, names: Collection[str]) -> frozenset[str]:
    """Tell which of these names of files on the shelf of answers some row refers to."""
    pieces = await session.exec(
        select(EndpointAnswers.file_name).where(col(EndpointAnswers.file_name).in_(names))
    )
    whole = await session.exec(
        select(EndpointRun.evidence_name).where(col(EndpointRun.evidence_name).in_(names))
    )
    return frozenset(one for one in (*pieces.all(), *whole.all()) if one is not None)


async def evidence_seen_by(session: ReadSession, actor: Actor, submission_id: UUID) -> EndpointRun:
    """Find the kept answers of a submission of an opened bid, for whoever may read it.

    Refuses  SubmissionUnknown, EvidenceSealed before the opening, also for the solver themself:
             their answers are their own, but which rows are asked is not; NoEvidence.
    """
    submission = await rounds.submission_seen_by(session, actor, submission_id)
    bid = await session.get_one(Bid, submission.bid_id)
    if bid.state not in bids.OPENED_STATES:
        raise EvidenceSealed(submission_id=str(submission_id))
    run = (await runs_of(session, [submission_id])).get(submission_id)
    if run is None or run.evidence_name is None:
        raise NoEvidence(submission_id=str(submission_id))
    return run


async def values_of_calls(
    session: ReadSession, call: Call, counted: Mapping[str, Submission]
) -> dict[str, str]:
    """Tell how the calls of what counts went, for each criterion that judges them.

    Shape    nothing for a submission that is a file.
    """
    found: dict[str, str] = {}
    runs = await runs_of(session, [one.id for one in counted.values()])
    for code, submission in counted.items():
        run = runs.get(submission.id)
        for criterion in judging_calls(call, code) if run is not None else ():
            value = value_of_calls(run, criterion.code)
            if value is not None:
                found[criterion.code] = value
    return found


def value_of_calls(run: EndpointRun | None, criterion: str) -> str | None:
    """Tell what a run is worth to a criterion that judges its calls; None: nothing."""
    values = ((run.summary or {}) if run is not None else {}).get("values", {})
    value: str | None = values.get(criterion)
    return value
