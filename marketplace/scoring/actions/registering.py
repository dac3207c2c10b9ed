"""What a solver does with inference endpoints, short of having them measured.

The lock of all endpoints of a bid is the bid.  A secret header is sealed when it comes, opened when
a request leaves, and told to nobody in between, its owner included.
"""

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from marketplace.bids.queries import bids
from marketplace.bids.tables.bids import Bid
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit import addresses
from marketplace.kit.addresses import WHAT_WOULD_DO, Objection
from marketplace.kit.clock import Clock
from marketplace.kit.database import WriteSession
from marketplace.kit.ids import new_id
from marketplace.kit.secrets import Keeper
from marketplace.kit.tables import sealed_context
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scoring.errors.endpoints import EndpointTargetRefused
from marketplace.scoring.errors.inference import (
    InferenceEndpointRetired,
    ProbesUsed,
    TooManyInferenceEndpoints,
)
from marketplace.scoring.errors.rounds import NotEvaluating
from marketplace.scoring.queries import inference as queries
from marketplace.scoring.queries import rounds
from marketplace.scoring.rules import inference as rules
from marketplace.scoring.rules import submissions
from marketplace.scoring.rules.endpoints import check_header
from marketplace.scoring.rules.inference import Address
from marketplace.scoring.rules.rubric import Kind
from marketplace.scoring.tables.inference import InferenceEndpoint

USABLE_BIDS = submissions.FEEDBACK_BIDS | submissions.EVALUATION_BIDS


def header_context(endpoint_id: UUID) -> str:
    """Name what a sealed header is bound to, so that it opens for its own endpoint only."""
    return sealed_context(InferenceEndpoint, "sealed_header_value", id=endpoint_id)


def headers_of(row: InferenceEndpoint, keeper: Keeper) -> dict[str, str]:
    """Open the header that goes with each request; to be sent, and for nothing else."""
    if row.header_name is None or row.sealed_header_value is None:
        return {}
    value = keeper.unseal(row.sealed_header_value, context=header_context(row.id))
    return {row.header_name: value.decode("ascii")}


async def register(
    session: WriteSession,
    actor: Actor,
    bid_id: UUID,
    *,
    criterion: str,
    address: Address,
    keeper: Keeper,
    reach: addresses.Policy,
    clock: Clock,
) -> InferenceEndpoint:
    """Enter where one's own bid can be asked for predictions of one criterion.

    Shape    the same address with the same header again is the earlier endpoint.
    Refuses  BidUnknown for anybody else's bid, NotEvaluating for one that is out, CriterionUnknown,
             EndpointsNotTaken, EndpointHeaderInvalid, EndpointTargetRefused,
             TooManyInferenceEndpoints.
    """
    access.require(actor, Permission.SUBMISSIONS_UPLOAD)
    bid = await bids.own_bid(session, actor, bid_id, lock=True)
    call = await scenarios.call(session, bid.scenario_id)
    rounds.criterion_of(call, criterion, Kind.OBJECTIVE_AUTO)
    queries.terms_of(call, criterion)
    if bid.state not in USABLE_BIDS:
        raise NotEvaluating(state=call.state.value, bid_state=bid.state.value)
    header = address.header
    if header is not None:
        check_header(header.name, header.value)
    target = addresses.target_of(address.url, reach)
    if isinstance(target, Objection):
        raise EndpointTargetRefused(objection=target.value, detail=WHAT_WOULD_DO[target])
    known = await queries.endpoints_of(session, bid.id)
    for earlier in known:
        if _is_same(earlier, criterion, address, keeper):
            return earlier
    if len(known) >= rules.ENDPOINTS_MAX:
        raise TooManyInferenceEndpoints(most=rules.ENDPOINTS_MAX)
    endpoint_id = new_id()
    row = InferenceEndpoint(
        id=endpoint_id,
        bid_id=bid.id,
        criterion=criterion,
        url=address.url,
        header_name=None if header is None else header.name,
        registered_by=actor.person_id,
        registered_at=await clock.decisive(session),
    )
    if header is not None:
        secret = header.value.encode()
        row.sealed_header_value = keeper.seal(secret, context=header_context(endpoint_id))
    session.add(row)
    await session.flush()
    return row


def _is_same(row: InferenceEndpoint, criterion: str, address: Address, keeper: Keeper) -> bool:
    if row.retired_at is not None or (row.criterion, row.url) != (criterion, address.url):
        return False
    told = {} if address.header is None else {address.header.name: address.header.value}
    return headers_of(row, keeper) == told


async def retire(
    session: WriteSession, actor: Actor, endpoint_id: UUID, *, clock: Clock
) -> InferenceEndpoint:
    """Send nothing new to an endpoint; what was submitted with it goes on.

    Refuses  InferenceEndpointUnknown, InferenceEndpointRetired.
    """
    row, _ = await _to_use(session, actor, endpoint_id)
    row.retired_at = await clock.decisive(session)
    await session.flush()
    return row


async def count_probe(
    session: WriteSession, actor: Actor, endpoint_id: UUID, *, clock: Clock
) -> InferenceEndpoint:
    """Count one trial of an endpoint before it is made: what was counted may still fail.

    Refuses  InferenceEndpointUnknown, InferenceEndpointRetired, NotEvaluating, ProbesUsed with the
             time of the next one.
    """
    row, bid = await _to_use(session, actor, endpoint_id)
    call = await scenarios.call(session, bid.scenario_id)
    if bid.state not in USABLE_BIDS:
        raise NotEvaluating(state=call.state.value, bid_state=bid.state.value)
    now = await clock.decisive(session)
    today = submissions.day_key(now)
    if _probes_on(today, await queries.endpoints_of(session, bid.id)) >= rules.PROBES_MAX:
        next_at = submissions.next_day_at(now)
        wait = max(1, int((next_at - now) / dt.timedelta(seconds=1)))
        raise ProbesUsed(
            allowed=rules.PROBES_MAX, next_at=next_at.isoformat(), retry_after_seconds=wait
        )
    row.probes = row.probes + 1 if row.probe_day == today else 1
    row.probe_day, row.probed_at = today, now
    await session.flush()
    return row


def _probes_on(day: str, rows: Sequence[InferenceEndpoint]) -> int:
    return sum(row.probes for row in rows if row.probe_day == day)


async def _to_use(
    session: WriteSession, actor: Actor, endpoint_id: UUID
) -> tuple[InferenceEndpoint, Bid]:
    """Find an endpoint of one's own that is not retired, its bid held."""
    access.require(actor, Permission.SUBMISSIONS_UPLOAD)
    found, _ = await queries.own_endpoint(session, actor, endpoint_id)
    bid = await bids.own_bid(session, actor, found.bid_id, lock=True)
    await session.refresh(found)
    if found.retired_at is not None:
        raise InferenceEndpointRetired(inference_endpoint_id=str(endpoint_id))
    return found, bid
