"""The expert pool: who is in it, what they know, and what keeps them off a panel."""

from uuid import UUID

from litestar import Controller, Request, Response, get, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity.actions import experts as actions
from marketplace.identity.queries import experts, people
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.identity.schemas.experts import (
    ExpertIn,
    ExpertOut,
    NewExpertIn,
    TieEndIn,
    TieIn,
    TieOut,
)
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.paging import id_after, page_of
from marketplace.kit.secrets import Keeper
from marketplace.wire.answers import answer, expected_version
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import LIMIT_DEFAULT, Cursor, Limit, PageOut

AnyRequest = Request[Actor, None, State]


class ExpertController(Controller):
    """The pool from which panels are drawn."""

    path = "/v1/expert-profiles"
    tags = ("identity",)

    @post(operation_id="expert_profiles_register")
    @once()
    async def register(
        self,
        request: AnyRequest,
        data: JSONBody[NewExpertIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ExpertOut]:
        """Enter a person in the expert pool."""
        row = await actions.register(
            writer, actor, data.person_id, standing=data.standing(), now=clock.now()
        )
        person = await people.person(writer, row.person_id)
        return answer(request, ExpertOut.of(row, person), version=row.version, status=201)

    @get(operation_id="expert_profiles_list")
    async def list_profiles(
        self,
        request: AnyRequest,
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[ExpertOut]]:
        """List the pool to whoever looks after it; an expert finds only themself."""
        access.signed_in(actor)
        found = await experts.profiles(reader, actor, after=id_after(cursor), limit=limit + 1)
        names = {row.person_id: person for row, person in found}
        page = page_of([row for row, _ in found], limit, "id")
        items = [ExpertOut.of(row, names[row.person_id]) for row in page.items]
        return answer(request, PageOut(items=items, next_cursor=page.next_cursor))

    @get("/{expert_id:uuid}", operation_id="expert_profiles_get")
    async def get_profile(
        self,
        request: AnyRequest,
        expert_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[ExpertOut]:
        """Show an expert to whoever looks after the pool, and to themself."""
        access.signed_in(actor)
        row = await experts.profile_seen_by(reader, actor, expert_id)
        person = await people.person(reader, expert_id)
        return answer(request, ExpertOut.of(row, person), version=row.version)

    @put("/{expert_id:uuid}", operation_id="expert_profiles_change")
    @once()
    async def change(
        self,
        request: AnyRequest,
        expert_id: FromPath[UUID],
        data: JSONBody[ExpertIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ExpertOut]:
        """Replace what the pool knows of an expert; a former employer becomes a dated tie."""
        access.signed_in(actor)
        row = await actions.change(
            writer,
            actor,
            expert_id,
            standing=data.standing(),
            expected_version=expected_version(request),
            now=clock.now(),
        )
        person = await people.person(writer, expert_id)
        return answer(request, ExpertOut.of(row, person), version=row.version)

    @post("/{expert_id:uuid}/ties", operation_id="expert_ties_declare")
    @once()
    async def declare_tie(
        self,
        request: AnyRequest,
        expert_id: FromPath[UUID],
        data: JSONBody[TieIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        keeper: NamedDependency[Keeper],
        clock: NamedDependency[Clock],
    ) -> Response[TieOut]:
        """Declare a tie of one's own to an organisation, or record one for the pool."""
        row = await actions.declare_tie(
            writer, actor, expert_id, facts=data.facts(), keeper=keeper, now=clock.now()
        )
        # The answer is remembered under its Idempotency-Key, so it does not repeat the detail.
        return answer(request, TieOut.of(row, None), status=201)

    @get("/{expert_id:uuid}/ties", operation_id="expert_ties_list")
    async def list_ties(
        self,
        request: AnyRequest,
        expert_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        keeper: NamedDependency[Keeper],
    ) -> Response[PageOut[TieOut]]:
        """List the ties of an expert; what an interest consists of is not for auditors."""
        access.signed_in(actor)
        await experts.profile_seen_by(reader, actor, expert_id)
        items = [
            TieOut.of(row, actions.detail_of(actor, row, keeper=keeper))
            for row in await experts.tie_rows(reader, expert_id)
        ]
        return answer(request, PageOut(items=items, next_cursor=None))

    @post(
        "/{expert_id:uuid}/ties/{tie_id:uuid}/actions/end",
        status_code=200,
        operation_id="expert_ties_end",
    )
    @once()
    async def end_tie(
        self,
        request: AnyRequest,
        expert_id: FromPath[UUID],
        tie_id: FromPath[UUID],
        data: JSONBody[TieEndIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[TieOut]:
        """Say that a tie has ended; it counts for as long as the law looks back."""
        row = await actions.end_tie(
            writer, actor, expert_id, tie_id, valid_to=data.valid_to, now=clock.now()
        )
        return answer(request, TieOut.of(row, None))
