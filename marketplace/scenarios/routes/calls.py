"""The door to the calls: write one, read them."""

from typing import Annotated
from uuid import UUID

from litestar import Controller, Request, Response, get, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.paging import id_after, number_after, page_of
from marketplace.profiles.rules.deadlines import local_date
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios.actions import calls, drafting
from marketplace.scenarios.errors import NotThePoster
from marketplace.scenarios.queries import calls as queries
from marketplace.scenarios.queries import details
from marketplace.scenarios.queries.due import shelved
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scenarios.schemas.calls import (
    DraftIn,
    ReviseIn,
    ScenarioItemOut,
    ScenarioOut,
)
from marketplace.scenarios.schemas.shelved import ShelvedOut
from marketplace.scenarios.schemas.versions import LintOut, VersionOut
from marketplace.scenarios.tables import Scenario
from marketplace.wire.answers import answer, expected_version, prefers_english
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import LIMIT_DEFAULT, BilingualOut, Cursor, Limit, PageOut

AnyRequest = Request[Actor, None, State]
ByState = Annotated[
    ScenarioState | None, QueryParameter(name="state", description="The state, as of now.")
]
"""Named by hand: the framework keeps the bare name for itself."""
ByTrack = Annotated[Track | None, QueryParameter(description="The legal track.")]
ReviewDue = Annotated[bool, QueryParameter(description="Only those whose review is due.")]
ByBatch = Annotated[UUID | None, QueryParameter(description="The batch.")]


class ScenarioController(Controller):
    """Calls: real problems with data, money terms and a deadline."""

    path = "/v1/scenarios"
    tags = ("scenarios",)

    @post(operation_id="scenarios_draft")
    @once()
    async def draft(
        self,
        request: AnyRequest,
        data: JSONBody[DraftIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ScenarioOut]:
        """Begin a call; nobody but the poster, the end user and the bureau can see it."""
        poster_id = data.poster_id or actor.organization_id
        row = await drafting.draft(
            writer,
            actor,
            data.batch_id,
            poster_id=poster_id,
            end_user_id=data.end_user_id or poster_id,
            track=data.track,
            content=data.content.document(),
            supersedes_id=data.supersedes_id,
            now=clock.now(),
        )
        return await described(request, writer, row, clock, status=201)

    @get(operation_id="scenarios_list")
    async def list_scenarios(
        self,
        request: AnyRequest,
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        clock: NamedDependency[Clock],
        in_state: ByState = None,
        track: ByTrack = None,
        batch_id: ByBatch = None,
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[ScenarioItemOut]]:
        """List the calls you may know of; what is published is public."""
        now = clock.now()
        found = await queries.scenario_rows(
            reader,
            actor,
            after=id_after(cursor),
            limit=limit + 1,
            state=in_state,
            track=track,
            batch_id=batch_id,
            now=now,
        )
        page = page_of(
            [
                ScenarioItemOut.of(row, BilingualOut(zh=zh, en=en), queries.state_at(row, now))
                for row, zh, en in found
            ],
            limit,
            "id",
        )
        return answer(request, PageOut(items=page.items, next_cursor=page.next_cursor))

    @get("/shelved", operation_id="scenarios_shelved")
    async def list_shelved(
        self,
        request: AnyRequest,
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        clock: NamedDependency[Clock],
        review_due: ReviewDue = False,
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[ShelvedOut]]:
        """List the calls that were put aside, with the date of their review, for the bureau."""
        access.require(actor, Permission.SCENARIOS_READ_ALL)
        today = local_date(clock.now())
        rows = await shelved(
            reader, today if review_due else None, after=id_after(cursor), limit=limit + 1
        )
        page = page_of(list(rows), limit, "id")
        items = [ShelvedOut.of(row, today) for row in page.items]
        return answer(request, PageOut(items=items, next_cursor=page.next_cursor))

    @get("/{scenario_id:uuid}", operation_id="scenarios_get")
    async def get_scenario(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        clock: NamedDependency[Clock],
    ) -> Response[ScenarioOut]:
        """Show a call, the content in force, and what you may do with it now."""
        row = await queries.scenario_seen_by(reader, actor, scenario_id)
        return await described(request, reader, row, clock)

    @put("/{scenario_id:uuid}/content", operation_id="scenarios_revise")
    async def revise(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[ReviseIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[ScenarioOut]:
        """Replace the content of a draft; the end user then has to sign it again."""
        access.signed_in(actor)
        row = await drafting.revise(
            writer,
            actor,
            scenario_id,
            content=data.content.document(),
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return await described(request, writer, row, clock)

    @get("/{scenario_id:uuid}/versions", operation_id="scenarios_versions")
    async def list_versions(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[VersionOut]]:
        """List what the call has said: the published content and every amendment, oldest first.

        Drafts before publication are shown to the poster, the end user and the bureau only.
        """
        row = await queries.scenario_seen_by(reader, actor, scenario_id)
        rows = await queries.versions_seen_by(
            reader, actor, row, after=number_after(cursor), limit=limit + 1
        )
        page = page_of(list(rows), limit, "number")
        items = [VersionOut.of(one) for one in page.items]
        return answer(request, PageOut(items=items, next_cursor=page.next_cursor))

    @get("/{scenario_id:uuid}/lint", operation_id="scenarios_lint")
    async def lint(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        clock: NamedDependency[Clock],
    ) -> Response[LintOut]:
        """Check a call against the rules of its legal track, without deciding anything."""
        access.signed_in(actor)
        row = await queries.scenario_seen_by(reader, actor, scenario_id)
        if not queries.knows_from_inside(actor, row):
            raise NotThePoster(poster_id=str(row.poster_id))
        return answer(request, LintOut.of(await calls.lint(reader, row, now=clock.now())))


async def described(
    request: AnyRequest, session: ReadSession, row: Scenario, clock: Clock, *, status: int = 200
) -> Response[ScenarioOut]:
    """Answer with a call as its caller may see it."""
    found = await details.detail(session, request.user, row, now=clock.now())
    out = ScenarioOut.of(found, english=prefers_english(request))
    return answer(request, out, version=row.version, status=status)
