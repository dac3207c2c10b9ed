"""The door of the solicitations room."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.paging import id_after, number_after, page_of
from marketplace.scenarios.queries import calls as scenarios
from marketplace.solicitations import actions, queries
from marketplace.solicitations.actions import Invitation
from marketplace.solicitations.errors import RoundUnknown
from marketplace.solicitations.schemas import (
    DeclarationIn,
    ProposalIn,
    ProposalOut,
    ReadinessRoundOut,
    SchemeOut,
    SchemesOut,
    SolicitationIn,
    SolicitationOut,
)
from marketplace.solicitations.tables import Proposal
from marketplace.wire.answers import answer, answer_bytes, expected_version
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import LIMIT_DEFAULT, Cursor, Limit, PageOut

AnyRequest = Request[Actor, None, State]
Document = dict[str, Any]


@get("/v1/readiness-schemes", operation_id="readiness_schemes_list", tags=["solicitations"])
async def list_schemes(
    request: AnyRequest, reader: NamedDependency[ReadSession]
) -> Response[SchemesOut]:
    """List the published schemes by which proposals are ranked."""
    rows = await queries.schemes(reader)
    return answer(request, SchemesOut(items=[SchemeOut.of(row) for row in rows]))


class SolicitationController(Controller):
    """Invitations to propose scenarios, and the ranking of what came in."""

    path = "/v1/solicitations"
    tags = ("solicitations",)

    @post(operation_id="solicitations_announce")
    @once()
    async def announce(
        self,
        request: AnyRequest,
        data: JSONBody[SolicitationIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[SolicitationOut]:
        """Invite proposals of some domains for a window of time."""
        access.require(actor, Permission.SOLICITATIONS_RUN)
        invitation = Invitation(
            number=data.number,
            title=data.title.document(),
            notice=data.notice.document(),
            domains=tuple(data.domains),
            opens_at=data.opens_at,
            closes_at=data.closes_at,
            scheme_code=data.scheme_code,
        )
        row = await actions.announce(writer, actor, invitation, now=clock.now())
        return answer(request, SolicitationOut.of(row), version=row.version, status=201)

    @get(operation_id="solicitations_list")
    async def list_solicitations(
        self,
        request: AnyRequest,
        reader: NamedDependency[ReadSession],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[SolicitationOut]]:
        """List solicitations."""
        rows = await queries.solicitations(reader, after=id_after(cursor), limit=limit + 1)
        page = page_of(list(rows), limit, "id")
        items = [SolicitationOut.of(row) for row in page.items]
        return answer(request, PageOut(items=items, next_cursor=page.next_cursor))

    @get("/{solicitation_id:uuid}", operation_id="solicitations_get")
    async def get_solicitation(
        self,
        request: AnyRequest,
        solicitation_id: FromPath[UUID],
        reader: NamedDependency[ReadSession],
    ) -> Response[SolicitationOut]:
        """Show a solicitation."""
        row = await queries.solicitation(reader, solicitation_id)
        return answer(request, SolicitationOut.of(row), version=row.version)

    @post("/{solicitation_id:uuid}/proposals", operation_id="proposals_file")
    @once()
    async def file(
        self,
        request: AnyRequest,
        solicitation_id: FromPath[UUID],
        data: JSONBody[ProposalIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ProposalOut]:
        """File a scenario in preparation as a proposal."""
        access.require(actor, Permission.SCENARIOS_DRAFT)
        row = await actions.file(
            writer,
            actor,
            solicitation_id,
            scenario_id=data.scenario_id,
            declaration=data.declaration.declaration(),
            clock=clock,
        )
        return await _shown(request, writer, row, status=201)

    @get("/{solicitation_id:uuid}/proposals", operation_id="proposals_list")
    async def list_proposals(
        self,
        request: AnyRequest,
        solicitation_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[ProposalOut]]:
        """List the proposals of a solicitation: all for the bureau, else one's own."""
        access.signed_in(actor)
        await queries.solicitation(reader, solicitation_id)
        rows = await queries.proposals_seen_by(
            reader, actor, solicitation_id, after=id_after(cursor), limit=limit + 1
        )
        items = [ProposalOut.of(row, scenario) for row, scenario in rows]
        page = page_of(items, limit, "id")
        return answer(request, PageOut(items=page.items, next_cursor=page.next_cursor))

    @post("/{solicitation_id:uuid}/rounds", operation_id="readiness_rounds_rank")
    @once()
    async def rank(
        self,
        request: AnyRequest,
        solicitation_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ReadinessRoundOut]:
        """Rank the proposals of a solicitation whose window has closed."""
        access.require(actor, Permission.SOLICITATIONS_RUN)
        row = await actions.rank(writer, actor, solicitation_id, clock=clock)
        return answer(request, ReadinessRoundOut.of(row), status=201)

    @get("/{solicitation_id:uuid}/rounds", operation_id="readiness_rounds_list")
    async def list_rounds(
        self,
        request: AnyRequest,
        solicitation_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[ReadinessRoundOut]]:
        """List the rounds of a solicitation, oldest first."""
        await _of_the_bureau(reader, actor, solicitation_id)
        rows = await queries.rounds(
            reader, solicitation_id, after=number_after(cursor), limit=limit + 1
        )
        page = page_of(list(rows), limit, "number")
        items = [ReadinessRoundOut.of(row) for row in page.items]
        return answer(request, PageOut(items=items, next_cursor=page.next_cursor))

    @get(
        "/{solicitation_id:uuid}/rounds/{number:int}/document",
        operation_id="readiness_rounds_document",
    )
    async def get_document(
        self,
        request: AnyRequest,
        solicitation_id: FromPath[UUID],
        number: FromPath[int],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[Document]:
        """Serve sheet, standings and digests in one, for `jiebang verify ranking`."""
        await _of_the_bureau(reader, actor, solicitation_id)
        _check_number(number)
        row = await queries.round_numbered(reader, solicitation_id, number)
        return answer_bytes(request, row.document, version=row.number)

    @get(
        "/{solicitation_id:uuid}/rounds/{number:int}/explanation",
        operation_id="readiness_rounds_explanation",
    )
    async def get_explanation(
        self,
        request: AnyRequest,
        solicitation_id: FromPath[UUID],
        number: FromPath[int],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[Document]:
        """Say in words why each proposal stands where it stands."""
        await _of_the_bureau(reader, actor, solicitation_id)
        _check_number(number)
        row = await queries.round_numbered(reader, solicitation_id, number)
        return answer_bytes(request, row.explanations, version=row.number)


async def _of_the_bureau(reader: ReadSession, actor: Actor, solicitation_id: UUID) -> None:
    """Refuse whoever neither organises this solicitation nor watches over all of them."""
    access.require(actor, Permission.SCENARIOS_READ_ALL)
    invited = await queries.solicitation(reader, solicitation_id)
    access.require(actor.at(invited.organizer_id), Permission.SCENARIOS_READ_ALL)


class ProposalController(Controller):
    """One filed proposal."""

    path = "/v1/proposals/{proposal_id:uuid}"
    tags = ("solicitations",)

    @get(operation_id="proposals_get")
    async def get_proposal(
        self,
        request: AnyRequest,
        proposal_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[ProposalOut]:
        """Show a proposal, and its own place once proposals were ranked."""
        access.signed_in(actor)
        return await _shown(
            request, reader, await queries.proposal_seen_by(reader, actor, proposal_id)
        )

    @put(operation_id="proposals_correct")
    @once()
    async def correct(
        self,
        request: AnyRequest,
        proposal_id: FromPath[UUID],
        data: JSONBody[DeclarationIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ProposalOut]:
        """Replace what a proposal states, while the window is open."""
        access.require(actor, Permission.SCENARIOS_DRAFT)
        row = await actions.correct(
            writer,
            actor,
            proposal_id,
            declaration=data.declaration(),
            expected_version=expected_version(request),
            clock=clock,
        )
        return await _shown(request, writer, row)

    @post("/actions/withdraw", status_code=200, operation_id="proposals_withdraw")
    @once()
    async def withdraw(
        self,
        request: AnyRequest,
        proposal_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ProposalOut]:
        """Take a proposal back, while the window is open."""
        access.require(actor, Permission.SCENARIOS_DRAFT)
        row = await actions.withdraw(
            writer, actor, proposal_id, expected_version=expected_version(request), clock=clock
        )
        return await _shown(request, writer, row)


async def _shown(
    request: AnyRequest, session: ReadSession, row: Proposal, *, status: int = 200
) -> Response[ProposalOut]:
    scenario = await scenarios.scenario(session, row.scenario_id)
    out = ProposalOut.of(row, scenario, await queries.place_of(session, row))
    return answer(request, out, version=row.version, status=status)


def _check_number(number: int) -> None:
    # Nine digits fit every integer column: a longer one was made up and would break the statement.
    if not 0 < number < 10**9:
        raise RoundUnknown(number=str(number)[:80])
