"""The one place where a score sheet is put together."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from sqlmodel import col, select

from marketplace.bids.queries import bids
from marketplace.bids.rules.lifecycle import LEFT
from marketplace.bids.tables.bids import Bid
from marketplace.identity.tables.organizations import Organization
from marketplace.kit.database import ReadSession
from marketplace.scenarios.queries.calls import Call
from marketplace.scoring.queries import inference, rounds, submissions
from marketplace.scoring.rules import row_groups
from marketplace.scoring.rules.marks import Judge, Mark
from marketplace.scoring.rules.price import Deduction
from marketplace.scoring.rules.row_groups import GroupedOutcomes
from marketplace.scoring.rules.rubric import Rubric
from marketplace.scoring.rules.sampling import Sampling
from marketplace.scoring.rules.sheet import ScoreSheet, SheetBid
from marketplace.scoring.tables.rounds import MarkRow, PanelSeat, Submission


async def score_sheet(
    session: ReadSession,
    call: Call,
    *,
    round_number: int,
    code_version: str,
    retried: frozenset[UUID] = frozenset(),
) -> ScoreSheet:
    """Put together everything that decides one round, frozen; it judges `retried` bids anew."""
    rubric = rounds.rubric_of(call)
    opening = await bids.opening(session, call.id)
    opened = await bids.opened_bids(session, call.id)
    seated = await rounds.seats(session, call.id)
    truths = [await rounds.hidden_set(session, call.id, one.code) for one in rubric.criteria]
    newest = frozenset(truth.id for truth in truths if truth is not None)
    # Nobody could know the digest of the opening record when the bids were sealed.
    seed = None if opening is None else opening.record_sha256
    counted = {
        bid.id: await submissions.that_count(session, call, bid.id, rubric, newest)
        for bid, _ in opened
    }
    called = {
        bid_id: await inference.values_of_calls(session, call, found)
        for bid_id, found in counted.items()
    }
    sheet_bids = tuple(
        _sheet_bid(one, rubric, counted[one[0].id], called[one[0].id], retried) for one in opened
    )
    return ScoreSheet(
        scenario_number=call.number,
        round_number=round_number,
        profile_code=call.profile.code,
        profile_version=call.profile.version,
        code_version=code_version,
        rubric=rubric,
        bids=sheet_bids,
        judges=tuple(
            Judge(label=seat.label, recused=seat.recused_at is not None) for seat in seated
        ),
        marks=await _marks(session, call.id, seated),
        minimum_bids=call.profile.integer("minimum_bids"),
        draw_seed=seed,
        # Fixed before anything is drawn, and nobody's choice.
        certainty=Sampling(seed=seed or f"{call.number}/{round_number}"),
        outcomes=await _outcomes(
            session, rubric, [counted[UUID(one.id)] for one in sheet_bids if not one.exclusion]
        ),
    )


async def _outcomes(
    session: ReadSession, rubric: Rubric, counted: Sequence[Mapping[str, Submission]]
) -> dict[str, GroupedOutcomes]:
    """Read what the bids that stay in got by group of rows, on each benchmark that all can tell."""
    if len(counted) > row_groups.BIDS_MAX:
        return {}
    found = {}
    for criterion in rubric.criteria:
        own = [one[criterion.code] for one in counted if criterion.code in one]
        told = await submissions.outcomes_of(session, own) if own else {}
        if told and len(told) == len(counted):
            by_bid = {str(one.bid_id): told[one.id] for one in own}
            found[criterion.code] = row_groups.joined(by_bid)
    return found


def _sheet_bid(
    opened: tuple[Bid, Organization],
    rubric: Rubric,
    counted: Mapping[str, Submission],
    called: Mapping[str, str],
    retried: frozenset[UUID],
) -> SheetBid:
    bid, bidder = opened
    offer = bid.offer or {}
    assert bid.submitted_at is not None
    # Nothing is asked and nothing offered: where no price is judged, that is no price at all.
    free = not bid.quote_fen and not rubric.needs_quotes
    return SheetBid(
        id=str(bid.id),
        bidder=bidder.name_zh,
        received_at=bid.submitted_at.isoformat(),
        quote_fen=None if free else bid.quote_fen,
        deductions=tuple(
            Deduction(policy=one["policy"], bps=one["bps"]) for one in offer.get("deductions", ())
        ),
        metric_values={code: Decimal(one.value) for code, one in counted.items() if one.value}
        | {code: Decimal(value) for code, value in called.items()},
        formula_values={code: Decimal(value) for code, value in offer.get("figures", {}).items()},
        exclusion=_exclusion(bid, retried),
    )


def _exclusion(bid: Bid, retried: frozenset[UUID]) -> str | None:
    found = None if bid.id in retried else bid.exclusion
    return bid.state.value if bid.state in LEFT else found


async def _marks(
    session: ReadSession, scenario_id: UUID, seated: Sequence[PanelSeat]
) -> tuple[Mark, ...]:
    """Read every mark; an objective one was decided once for all and stands under one label."""
    labels = {seat.id: seat.label for seat in seated}
    given = await session.exec(select(MarkRow).where(col(MarkRow.seat_id).in_(list(labels))))
    present = [seat for seat in seated if seat.recused_at is None]
    # Marks of a recused judge do not count: one that was decided for all must not go with them.
    bearer = next((seat for seat in present if seat.is_chair), present[0] if present else None)
    marks = [
        Mark(
            judge=labels[row.seat_id],
            bid_id=str(row.bid_id),
            criterion=row.criterion,
            value=Decimal(row.value),
        )
        for row in given.all()
    ]
    if bearer is not None:
        marks += [
            Mark(
                judge=bearer.label,
                bid_id=str(row.bid_id),
                criterion=row.criterion,
                value=Decimal(row.value),
            )
            for row in await rounds.objective_marks(session, scenario_id)
        ]
    return tuple(marks)
