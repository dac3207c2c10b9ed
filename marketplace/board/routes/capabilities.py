"""The door to the vocabulary, to what organisations can do, and to recommendations."""

from uuid import UUID

from litestar import Request, Response, get, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.board import errors
from marketplace.board.actions import capabilities as actions
from marketplace.board.queries import capabilities as queries
from marketplace.board.queries import cards
from marketplace.board.schemas.capabilities import (
    CapabilityOut,
    DeclareIn,
    FittingCallOut,
    FittingCallsOut,
    FittingSolverOut,
    FittingSolversOut,
    ListingOut,
    VocabularyOut,
)
from marketplace.identity.queries import organizations as identity
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.days import day_of
from marketplace.wire.answers import answer, expected_version
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import LIMIT_DEFAULT, Limit

AnyRequest = Request[Actor, None, State]


@get("/v1/capabilities", operation_id="capabilities_list", tags=["board"])
async def list_capabilities(
    request: AnyRequest, reader: NamedDependency[ReadSession]
) -> Response[VocabularyOut]:
    """List the controlled vocabulary of capabilities."""
    rows = await queries.vocabulary(reader)
    return answer(request, VocabularyOut(items=[CapabilityOut.of(row) for row in rows]))


@get(
    "/v1/organizations/{organization_id:uuid}/capabilities",
    operation_id="organization_capabilities_get",
    tags=["board"],
)
async def get_listing(
    request: AnyRequest,
    organization_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    reader: NamedDependency[ReadSession],
) -> Response[ListingOut]:
    """Show what an organisation says it can do: one's own, or one that wants to be recommended."""
    access.signed_in(actor)
    row = await queries.listing(reader, organization_id)
    shown = row is not None and row.recommendable
    if not (shown or _reads(actor, organization_id)):
        raise errors.ListingUnknown(organization_id=str(organization_id))
    await identity.organization(reader, organization_id)
    codes = await queries.tags_of(reader, organization_id)
    out = ListingOut.of(organization_id, row, codes)
    return answer(request, out, version=out.version)


@put(
    "/v1/organizations/{organization_id:uuid}/capabilities",
    operation_id="organization_capabilities_declare",
    tags=["board"],
)
@once()
async def declare(
    request: AnyRequest,
    organization_id: FromPath[UUID],
    data: JSONBody[DeclareIn],
    actor: NamedDependency[Actor],
    writer: NamedDependency[WriteSession],
    clock: NamedDependency[Clock],
) -> Response[ListingOut]:
    """Say what one's own organisation can do, whole, and whether posters may be told of it."""
    access.require(actor, Permission.CAPABILITIES_DECLARE)
    row, codes = await actions.declare(
        writer,
        actor,
        organization_id,
        codes=data.codes,
        recommendable=data.recommendable,
        expected_version=expected_version(request),
        now=clock.now(),
    )
    out = ListingOut.of(organization_id, row, codes)
    return answer(request, out, version=out.version)


@get(
    "/v1/organizations/{organization_id:uuid}/recommended-calls",
    operation_id="organization_recommended_calls",
    tags=["board"],
)
async def recommend_calls(
    request: AnyRequest,
    organization_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    reader: NamedDependency[ReadSession],
    clock: NamedDependency[Clock],
    limit: Limit = LIMIT_DEFAULT,
) -> Response[FittingCallsOut]:
    """Recommend open calls to one's own organisation, each with the capabilities they share."""
    access.signed_in(actor)
    if actor.organization_id != organization_id:
        raise errors.ListingUnknown(organization_id=str(organization_id))
    now = clock.now()
    found = await queries.calls_for(reader, organization_id, limit=limit, now=now)
    return answer(
        request, FittingCallsOut(items=[FittingCallOut.of(one, now=now) for one in found])
    )


@get(
    "/v1/scenarios/{scenario_id:uuid}/recommended-solvers",
    operation_id="scenario_recommended_solvers",
    tags=["board"],
)
async def recommend_solvers(
    request: AnyRequest,
    scenario_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    reader: NamedDependency[ReadSession],
    clock: NamedDependency[Clock],
    limit: Limit = LIMIT_DEFAULT,
) -> Response[FittingSolversOut]:
    """Recommend solvers that opted in to the poster of a published call, and to the bureau."""
    access.require(actor, Permission.SCENARIOS_DRAFT)
    card = await cards.card_of(reader, scenario_id)
    bureau = actor.may(Permission.SCENARIOS_READ_ALL)
    if card is None or not (bureau or actor.organization_id == card.poster_id):
        raise errors.CardUnknown(scenario_id=str(scenario_id))
    found = await queries.solvers_for(reader, card, on=day_of(clock.now()), limit=limit)
    return answer(request, FittingSolversOut(items=[FittingSolverOut.of(one) for one in found]))


def _reads(actor: Actor, organization_id: UUID) -> bool:
    own = actor.organization_id == organization_id
    return own or actor.may(Permission.ORGANIZATIONS_READ)
