"""Decide who answers the call, and rank those who do."""

import asyncio
import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from marketplace import __version__
from marketplace.bids.actions import offering, opening
from marketplace.bids.queries import bids
from marketplace.bids.rules.lifecycle import BidState
from marketplace.bids.tables.bids import Bid
from marketplace.events import actions as events
from marketplace.events.rules.catalogue.scoring import RoundRanked
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.queries import people as identity
from marketplace.identity.rules import access, duties
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.rules.duties import Duty
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.kit.digests import canonical_json, sha256_hex
from marketplace.profiles.rules.profile import RuleProfile
from marketplace.scenarios.actions import calls
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries.calls import Call
from marketplace.scoring.actions.marking import check_all_checked, evaluating_call
from marketplace.scoring.actions.panels import check_composition
from marketplace.scoring.errors.rounds import (
    AbnormallyLow,
    DecidedAlready,
    JudgeConflicted,
    NotEvaluating,
    NotOnPanel,
    RoundReasonNeeded,
    SheetsUnsigned,
)
from marketplace.scoring.errors.submissions import SubmissionsPending
from marketplace.scoring.queries import rounds as queries
from marketplace.scoring.queries import submissions
from marketplace.scoring.rules import points, price
from marketplace.scoring.rules import sheet as sheets
from marketplace.scoring.rules.ranking import Ranking, rank
from marketplace.scoring.rules.sheet import ScoreSheet
from marketplace.scoring.tables.rounds import RankingRound, ResponsivenessDecision, RoundReason

OVER_MAXIMUM = "over_maximum_price"
OVER_MAXIMUM_REASON = {"zh": "报价高于最高限价", "en": "The quote is above the maximum price"}
HARD_FLOOR_REASON = {
    "zh": "未达到榜单公布的硬性指标",
    "en": "A published hard floor was not met",
}
STILL_IN = frozenset({BidState.ELIGIBLE, BidState.RESPONSIVE, BidState.SCORED, BidState.RANKED})


async def decide_responsiveness(
    session: WriteSession,
    actor: Actor,
    bid_id: UUID,
    *,
    responsive: bool,
    reason_code: str,
    reason: dict[str, str],
    now: dt.datetime,
) -> ResponsivenessDecision:
    """Record the panel's word on one bid (B10), such as on the explanation of a very low price.

    Refuses  NotPermitted for anybody but the chair of this panel, SameHands, JudgeConflicted for a
             bidder the chair belongs to, NotEvaluating for a bid that is out already,
             DecidedAlready.
    """
    access.require(actor, Permission.MARKS_RECORD)
    call = await evaluating_call(session, await bids.scenario_of(session, bid_id))
    seat = await queries.seat_of(session, call.id, actor.person_id)
    if seat is None or seat.recused_at is not None:
        raise NotOnPanel()
    if not seat.is_chair:
        raise NotPermitted(duty="panel chair")
    scenario = await scenarios.scenario(session, call.id)
    duties.require(actor, Duty.JUDGE, await queries.hands_on(session, scenario))
    bid = await bids.opened_bid(session, bid_id, lock=True)
    if bid.state not in STILL_IN:
        raise NotEvaluating(state=call.state.value, bid_state=bid.state.value)
    if bid.solver_id in await identity.organizations_of(session, actor.person_id):
        raise JudgeConflicted(bid_id=str(bid_id))
    if await queries.responsiveness(session, bid_id) is not None:
        raise DecidedAlready(bid_id=str(bid_id))
    row = ResponsivenessDecision(
        bid_id=bid_id,
        responsive=responsive,
        reason_code=reason_code,
        reason=reason,
        decided_by=actor.person_id,
        decided_at=now,
    )
    session.add(row)
    await session.flush()
    if not responsive:
        await opening.exclude(session, actor, bid, code=reason_code, reason=reason, now=now)
    return row


async def rank_round(
    session: WriteSession,
    actor: Actor,
    scenario_id: UUID,
    *,
    reason: RoundReason,
    note: str | None,
    clock: Clock,
) -> RankingRound:
    """Compute a ranking round and keep its input and output for ever (B10-B12, SC13).

    Refuses  SubmissionsPending, SheetsUnsigned, PanelUnfit while a recused judge is not
             replaced, EligibilityPending, AbnormallyLow with the quotes to decide on,
             RoundReasonNeeded, NotEnoughBids when fewer are left than the track asks for: the call
             then fails.
    """
    access.require(actor, Permission.ROUNDS_RANK)
    call = await evaluating_call(session, scenario_id)
    await _check_right(session, actor, call)
    now = clock.now()
    earlier = await queries.latest_round(session, scenario_id)
    if (earlier is None) != (reason is RoundReason.FIRST):
        allowed = sorted(set(RoundReason) - {RoundReason.FIRST}) if earlier else ["first"]
        raise RoundReasonNeeded(allowed=allowed, received=reason.value)
    waiting = await submissions.unfinished(session, scenario_id)
    if waiting:
        raise SubmissionsPending(count=waiting)
    await _check_panel(session, call)
    await _sift_prices(session, actor, call, now=now)
    number = 1 if earlier is None else earlier.number + 1
    sheet = await queries.score_sheet(session, call, round_number=number, code_version=__version__)
    ranking = await asyncio.to_thread(rank, sheet)
    row = _round(sheet, ranking, actor, call, reason=reason, note=note, now=now)
    session.add(row)
    if earlier is not None:
        earlier.superseded_at = now
        scenario = await scenarios.scenario(session, scenario_id, lock=True)
        await calls.advance(session, actor, scenario, "new_round", now=now)
    await session.flush()
    await _move_bids(session, actor, scenario_id, ranking, now=now)
    said = RoundRanked(
        scenario_id=scenario_id,
        round_id=row.id,
        number=number,
        reason=reason.value,
        sheet_sha256=row.sheet_sha256,
        standings_sha256=row.standings_sha256,
    )
    await events.record(
        session, said, by=actor.kind, now=now, organization_id=call.poster_id, scenario_id=call.id
    )
    return row


async def _check_right(session: WriteSession, actor: Actor, call: Call) -> None:
    """A chair ranks only where they chair; an approver may rank any call of their bureau."""
    if actor.is_system or actor.at(call.organizer_id).may(Permission.AWARDS_DECIDE):
        return
    seat = await queries.seat_of(session, call.id, actor.person_id)
    if seat is None or seat.recused_at is not None or not seat.is_chair:
        raise NotOnPanel()


async def _check_panel(session: WriteSession, call: Call) -> None:
    """Refuse to rank before a lawful panel has signed everything there is to judge."""
    present = [seat for seat in await queries.seats(session, call.id) if seat.recused_at is None]
    await check_composition(session, present, call)
    unsigned = [seat.label for seat in present if seat.signed_at is None]
    if unsigned:
        raise SheetsUnsigned(judges=unsigned)
    check_all_checked([bid for bid, _ in await bids.opened_bids(session, call.id)])


async def _sift_prices(
    session: WriteSession, actor: Actor, call: Call, *, now: dt.datetime
) -> None:
    """Put bids above the maximum out, and stop at quotes so low that the panel must decide."""
    below = await _below_floor(session, call)
    staying = [
        bid
        for bid, _ in await bids.opened_bids(session, call.id)
        if bid.state in STILL_IN and str(bid.id) not in below
    ]
    # Where no price is asked, an offer for nothing is no low price.
    quotes = {str(bid.id): bid.quote_fen for bid in staying if bid.quote_fen}
    report = price.abnormally_low(
        quotes,
        maximum_price_fen=call.content.budget.max_price_fen,
        shares=_shares(call.profile),
    )
    for bid in staying:
        if str(bid.id) in report.over_maximum:
            await opening.exclude(
                session, actor, bid, code=OVER_MAXIMUM, reason=OVER_MAXIMUM_REASON, now=now
            )
    undecided = [
        low
        for low in report.low_quotes
        if await queries.responsiveness(session, UUID(low.bid_id)) is None
    ]
    if undecided:
        raise AbnormallyLow(
            quotes=[
                {
                    "bid": low.bid_id,
                    "quote_fen": low.quote_fen,
                    "lines_fen": {rule.value: line for rule, line in low.hits.items()},
                }
                for low in undecided
            ]
        )


async def _below_floor(session: WriteSession, call: Call) -> frozenset[str]:
    """Name the bids that miss a hard floor: they are not responsive, so no mean may hold them."""
    sheet = await queries.score_sheet(session, call, round_number=1, code_version=__version__)
    sheets.check(sheet)
    return frozenset(
        bid.id
        for bid in sheet.bids
        if bid.exclusion is None and points.missed_floors(sheet.rubric, bid)
    )


def _shares(profile: RuleProfile) -> price.LowQuoteShares:
    """Read the three thresholds of the track; a track without one does not apply that rule."""

    def threshold(name: str) -> int | None:
        return profile.integer(name) if profile.has(name) else None

    return price.LowQuoteShares(
        mean_bps=threshold("abnormal_low_mean_bps"),
        second_lowest_bps=threshold("abnormal_low_second_bps"),
        maximum_bps=threshold("abnormal_low_ceiling_bps"),
    )


def _round(
    sheet: ScoreSheet,
    ranking: Ranking,
    actor: Actor,
    call: Call,
    *,
    reason: RoundReason,
    note: str | None,
    now: dt.datetime,
) -> RankingRound:
    sheet_bytes = canonical_json(sheet.to_document())
    standings_bytes = canonical_json(ranking.to_document())
    return RankingRound(
        scenario_id=call.id,
        number=sheet.round_number,
        reason=reason,
        note=note,
        sheet=sheet_bytes,
        sheet_sha256=sha256_hex(sheet_bytes),
        standings=standings_bytes,
        standings_sha256=sha256_hex(standings_bytes),
        explanations=canonical_json(ranking.explanations_document()),
        summary={"ranked": len(ranking.standings), "excluded": len(ranking.excluded)},
        computed_by=actor.person_id,
        computed_at=now,
    )


async def _move_bids(
    session: WriteSession, actor: Actor, scenario_id: UUID, ranking: Ranking, *, now: dt.datetime
) -> None:
    """Write down where the round leaves each bid."""
    ranked = {one.bid_id for one in ranking.standings}
    for bid, _ in await bids.opened_bids(session, scenario_id):
        if str(bid.id) in ranked:
            for verb in _verbs_to_rank(bid):
                await offering.make_move(session, access.SYSTEM, bid, verb, now=now)
        elif bid.state in STILL_IN:
            code = next(one.reason for one in ranking.excluded if one.bid_id == str(bid.id))
            await opening.exclude(session, actor, bid, code=code, reason=HARD_FLOOR_REASON, now=now)


def _verbs_to_rank(bid: Bid) -> Sequence[str]:
    path = {
        BidState.ELIGIBLE: ("find_responsive", "score", "rank"),
        BidState.RESPONSIVE: ("score", "rank"),
        BidState.SCORED: ("rank",),
        BidState.RANKED: (),
    }
    return path[bid.state]


def document_of(row: RankingRound) -> bytes:
    """Put sheet, standings and both digests into the one document that `verify` reads.

    The stored bytes are joined as they are: parsing and writing them again could only change them.
    """
    return b"".join(
        (
            b'{"sheet":', row.sheet,
            b',"sheet_digest":"', row.sheet_sha256.encode(),
            b'","standings":', row.standings,
            b',"standings_digest":"', row.standings_sha256.encode(),
            b'"}',
        )
    )  # fmt: skip
