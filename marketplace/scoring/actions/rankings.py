"""Rank the bids that answer the call."""

import asyncio
import datetime as dt
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from marketplace import __version__
from marketplace.bids.actions import correcting, offering, sifting
from marketplace.bids.queries import bids
from marketplace.bids.rules.lifecycle import FORMER_RANKS, STILL_IN, BidState
from marketplace.bids.tables.bids import Bid
from marketplace.events import actions as events
from marketplace.events.rules.catalogue.scoring import RoundRanked
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.kit.days import day_of
from marketplace.kit.digests import canonical_json, sha256_hex
from marketplace.scenarios.actions import calls
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.queries.calls import Call
from marketplace.scoring.actions import boards, prices
from marketplace.scoring.actions.marking import evaluating_call
from marketplace.scoring.actions.panels import check_composition
from marketplace.scoring.actions.prices import check_all_checked
from marketplace.scoring.actions.voting import ABNORMALLY_LOW
from marketplace.scoring.errors.panels import ChairNeeded, RecusalPending
from marketplace.scoring.errors.rounds import (
    AbnormallyLow,
    JudgeConflicted,
    NotOnPanel,
    RoundReasonNeeded,
    SheetsUnsigned,
)
from marketplace.scoring.errors.submissions import SubmissionsPending
from marketplace.scoring.errors.votes import ResponsivenessPending
from marketplace.scoring.queries import conflicts, panels, sheets, submissions, votes
from marketplace.scoring.queries import rounds as queries
from marketplace.scoring.rules.explanations import HARD_FLOOR
from marketplace.scoring.rules.inquiries import NOT_EXPLAINED
from marketplace.scoring.rules.ranking import Ranking, rank
from marketplace.scoring.rules.sheet import ScoreSheet
from marketplace.scoring.tables.rounds import RankingRound, RoundReason

RANKED = frozenset({BidState.RANKED}) | FORMER_RANKS
HARD_FLOOR_REASON = {
    "zh": "未达到榜单公布的硬性指标",
    "en": "A published hard floor was not met",
}
REASON_OF_FALL: Final = {
    HARD_FLOOR: RoundReason.HIDDEN_SET_REPLACED,
    "panel": RoundReason.JUDGE_REPLACED,
}
"""What a new round must be for, if a ranked bid is to leave the ranking in it."""


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
             ResponsivenessPending, CorrectionsPending, RoundReasonNeeded, NotEnoughBids when fewer
             are left than the track asks for: the call then fails.
    """
    access.require(actor, Permission.ROUNDS_RANK)
    call = await evaluating_call(session, scenario_id)
    await _check_right(session, actor, call)
    await correcting.refuse_if_pending(session, scenario_id, clock=clock)
    now = clock.now()
    earlier = await queries.latest_round(session, scenario_id)
    if (earlier is None) != (reason is RoundReason.FIRST):
        allowed = sorted(set(RoundReason) - {RoundReason.FIRST}) if earlier else ["first"]
        raise RoundReasonNeeded(allowed=allowed, received=reason.value)
    await _check_reason(session, earlier, reason)
    waiting = await submissions.unfinished(session, scenario_id)
    if waiting:
        raise SubmissionsPending(count=waiting)
    await _check_panel(session, call, now=now)
    await _settle_prices(session, actor, call, clock=clock)
    await _check_found(session, call)
    await _fall_by_the_panel(session, call, reason, now=now)
    retried = await _retried(session, call, reason)
    number = 1 if earlier is None else earlier.number + 1
    sheet = await sheets.score_sheet(
        session, call, round_number=number, code_version=__version__, retried=retried
    )
    ranking = await asyncio.to_thread(rank, sheet)
    row = _round(sheet, ranking, actor, call, reason=reason, note=note, now=now)
    session.add(row)
    if earlier is not None:
        earlier.superseded_at = now
        scenario = await scenarios.scenario(session, scenario_id, lock=True)
        await calls.advance(session, actor, scenario, "new_round", now=now)
    await session.flush()
    await _move_bids(session, actor, call, ranking, reason, now=now)
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
    if seat is None or seat.recused_at is not None:
        raise NotOnPanel()
    if not seat.is_chair:
        raise ChairNeeded()


async def _check_reason(
    session: WriteSession, earlier: RankingRound | None, reason: RoundReason
) -> None:
    """Refuse another reason than the replaced judge where one was replaced since the last round."""
    gone = [] if earlier is None else await panels.changed_since(session, earlier)
    if bool(gone) != (reason is RoundReason.JUDGE_REPLACED):
        allowed = {RoundReason.JUDGE_REPLACED} if gone else set(RoundReason) - _NOT_NOW
        raise RoundReasonNeeded(allowed=sorted(allowed), received=reason.value)


_NOT_NOW = {RoundReason.FIRST, RoundReason.JUDGE_REPLACED}


async def _check_panel(session: WriteSession, call: Call, *, now: dt.datetime) -> None:
    """Refuse to rank before a lawful panel, clean of ties, has signed all there is to judge."""
    present = [seat for seat in await queries.seats(session, call.id) if seat.recused_at is None]
    await check_composition(session, present, call)
    unsigned = [seat.label for seat in present if seat.signed_at is None]
    if unsigned:
        raise SheetsUnsigned(judges=unsigned)
    for seat in present:
        if await panels.declaration_pending(session, call.id, seat.person_id):
            raise RecusalPending(judge=seat.label)
    # A tie may have been recorded after a judge had signed.
    parties = await conflicts.bidding_parties(session, call.id)
    people = [seat.person_id for seat in present]
    for one in await conflicts.found(session, people, parties, on=day_of(now)):
        label = next(seat.label for seat in present if seat.person_id == one.person_id)
        raise JudgeConflicted(judge=label, bid_id=str(one.party.bid_id))
    check_all_checked([bid for bid, _ in await bids.opened_bids(session, call.id)])


async def _settle_prices(session: WriteSession, actor: Actor, call: Call, *, clock: Clock) -> None:
    """Stop at quotes so low that they must be explained and the panel must decide."""
    pending = await prices.settle(session, actor, call, now=await clock.decisive(session))
    if pending:
        raise AbnormallyLow(
            quotes=[
                {
                    "bid": one.bid_id,
                    "quote_fen": one.quote_fen,
                    "lines_fen": one.lines_fen,
                    "answer_until": one.inquiry.answer_until,
                    "explained": one.inquiry.explained_at is not None,
                }
                for one in pending
            ]
        )


async def _check_found(session: WriteSession, call: Call) -> None:
    """Refuse to rank while the panel has no majority on a bid."""
    undecided = [
        str(bid.id)
        for bid, _ in await bids.opened_bids(session, call.id)
        if bid.state in STILL_IN | FORMER_RANKS
        and await votes.responsiveness(session, bid.id) is None
    ]
    if undecided:
        raise ResponsivenessPending(bids=undecided)


async def _fall_by_the_panel(
    session: WriteSession, call: Call, reason: RoundReason, *, now: dt.datetime
) -> None:
    """Put out ranked bids against which the panel decided when one of its judges was replaced."""
    for bid, _ in await bids.opened_bids(session, call.id):
        if bid.state not in RANKED:
            continue
        found = await votes.responsiveness(session, bid.id)
        price = await votes.inquiry(session, bid.id)
        if found is not None and not found.responsive:
            await _fall(session, bid, "panel", reason, found.reason_code, found.reason, now=now)
        elif price is not None and price.accepted is False:
            await _fall(session, bid, "panel", reason, ABNORMALLY_LOW, NOT_EXPLAINED, now=now)


async def _fall(
    session: WriteSession,
    bid: Bid,
    cause: str,
    reason: RoundReason,
    code: str,
    words: dict[str, str],
    *,
    now: dt.datetime,
) -> None:
    """Put a ranked bid out (B10d), which only a new round of the right reason may do."""
    needed = REASON_OF_FALL[cause]
    if reason is not needed:
        raise RoundReasonNeeded(allowed=[needed.value], received=reason.value)
    await offering.make_move(session, access.SYSTEM, bid, "rank_again", now=now)
    await sifting.exclude(
        session, access.SYSTEM, bid, code=code, reason=words, verb="fall_out", now=now
    )


async def _retried(session: WriteSession, call: Call, reason: RoundReason) -> frozenset[UUID]:
    """Name the bids that were out by a hard floor, in a round that measures everybody anew."""
    if reason is not RoundReason.HIDDEN_SET_REPLACED:
        return frozenset()
    return frozenset(
        bid.id
        for bid, _ in await bids.opened_bids(session, call.id)
        if bid.state is BidState.NON_RESPONSIVE and bid.exclusion == HARD_FLOOR
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
        summary={
            "ranked": len(ranking.standings),
            "excluded": len(ranking.excluded),
            "judges": [judge.label for judge in sheet.judges if not judge.recused],
        },
        computed_by=actor.person_id,
        computed_at=now,
    )


async def _move_bids(
    session: WriteSession,
    actor: Actor,
    call: Call,
    ranking: Ranking,
    reason: RoundReason,
    *,
    now: dt.datetime,
) -> None:
    """Write down where the round leaves each bid."""
    ranked = {one.bid_id for one in ranking.standings}
    for bid, _ in await bids.opened_bids(session, call.id):
        if str(bid.id) in ranked:
            if bid.state is BidState.NON_RESPONSIVE:
                await sifting.readmit(session, bid, "come_back", now=now)
                await boards.take_back(session, call, bid, now=now)
            for verb in _verbs_to_rank(bid):
                await offering.make_move(session, access.SYSTEM, bid, verb, now=now)
            continue
        code = next((one.reason for one in ranking.excluded if one.bid_id == str(bid.id)), "")
        if bid.state in RANKED:
            await _fall(session, bid, code, reason, code, HARD_FLOOR_REASON, now=now)
        elif bid.state in STILL_IN:
            await sifting.exclude(session, actor, bid, code=code, reason=HARD_FLOOR_REASON, now=now)


def _verbs_to_rank(bid: Bid) -> Sequence[str]:
    path = {
        BidState.ELIGIBLE: ("find_responsive", "score", "rank"),
        BidState.RESPONSIVE: ("score", "rank"),
        BidState.SCORED: ("rank",),
    }
    return path.get(bid.state, ("rank_again",))


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
