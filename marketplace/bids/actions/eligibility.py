"""Answer the eligibility of an opened bid, and put a bid out of the evaluation."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from marketplace.bids.actions import sifting
from marketplace.bids.actions.offering import make_move, tell
from marketplace.bids.errors.bids import BidUnknown, CheckIncomplete
from marketplace.bids.queries import bids as queries
from marketplace.bids.rules.choices import may_check
from marketplace.bids.rules.exclusions import WORDS
from marketplace.bids.rules.lifecycle import LIFECYCLE
from marketplace.bids.tables.bids import Bid, EligibilityCheck
from marketplace.bids.tables.moves import HardExclusion
from marketplace.events.rules.catalogue.bid_moves import BidEligibilityChecked
from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.database import WriteSession
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scenarios.tables import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The answer to one qualification."""

    code: str
    passed: bool
    reason: dict[str, str] | None = None


async def check_eligibility(
    session: WriteSession,
    actor: Actor,
    bid_id: UUID,
    *,
    findings: Sequence[Finding],
    now: dt.datetime,
) -> Bid:
    """Answer every qualification of an opened bid (B09), as officer or poster, never as panel.

    What the law has against the bidder is found anew and stands among the items: a check in which
    every qualification passed finds the bid ineligible all the same.

    Refuses  CheckIncomplete unless each qualification has one answer and each failure a reason; an
             answer to a hard exclusion is an answer too many.
    """
    row, bid = await _locked(session, actor, bid_id)
    LIFECYCLE.check(bid.state, "find_eligible")
    content = await scenarios.content(session, row)
    wanted = sorted(one.code for one in content.qualifications)
    given = sorted(one.code for one in findings)
    unreasoned = [one.code for one in findings if not one.passed and not one.reason]
    if wanted != given or unreasoned:
        raise CheckIncomplete(expected=wanted, received=given, without_reason=unreasoned)
    hard = await sifting.find_hard(session, row, bid.id, now=now)
    items = [*(_hard_item(one) for one in hard), *(_answered(one) for one in findings)]
    session.add(
        EligibilityCheck(bid_id=bid.id, items=items, checked_by=actor.person_id, checked_at=now)
    )
    failed = [one for one in items if not one["passed"]]
    said = BidEligibilityChecked(
        bid_id=bid.id, scenario_id=row.id, eligible=not failed, items=tuple(items)
    )
    await tell(session, actor, bid, said, now=now)
    if not failed:
        return await make_move(session, actor, bid, "find_eligible", now=now)
    bid.exclusion, bid.exclusion_reason = "ineligible", failed[0]["reason"]
    code = str(failed[0]["code"])
    return await make_move(session, actor, bid, "find_ineligible", reason=code, now=now)


def _answered(one: Finding) -> dict[str, Any]:
    return {"code": one.code, "passed": one.passed, "reason": one.reason}


def _hard_item(one: HardExclusion) -> dict[str, Any]:
    code = one.ground.value
    return {"code": code, "passed": False, "reason": WORDS[one.ground], "by": "system"}


async def _locked(session: WriteSession, actor: Actor, bid_id: UUID) -> tuple[Scenario, Bid]:
    access.signed_in(actor)
    unlocked = await queries.opened_bid(session, bid_id)
    row = await scenarios.scenario(session, unlocked.scenario_id, lock=True)
    actor = actor.at(row.organizer_id)
    if not queries.may_read_opened(actor, row):
        raise BidUnknown(bid_id=str(bid_id))
    if not may_check(actor, row.poster_id):
        raise NotPermitted(permission=Permission.BIDS_CHECK.value)
    return row, await queries.opened_bid(session, bid_id, lock=True)
