"""The door of the matching room."""

from uuid import UUID

from litestar import Controller, Request, Response, get, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.board.queries import capabilities as board
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.paging import id_after, page_of
from marketplace.matching import actions, queries
from marketplace.matching.actions import Invitation
from marketplace.matching.schemas import (
    MatchmakingIn,
    MatchmakingOut,
    OutcomeOut,
    OutcomesIn,
    OutcomesOut,
    RegistrationOut,
    SimilarOut,
    SimilarsOut,
    WishIn,
    WishOut,
)
from marketplace.matching.tables import Matchmaking
from marketplace.scenarios.errors import NotThePoster
from marketplace.scenarios.queries import calls as scenarios
from marketplace.wire.answers import answer, expected_version
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import LIMIT_DEFAULT, Cursor, Limit, PageOut

AnyRequest = Request[Actor, None, State]


class ScenarioMatchController(Controller):
    """What helps to write a call, and what it hopes for."""

    path = "/v1/scenarios/{scenario_id:uuid}"
    tags = ("matching",)

    @get("/similar", operation_id="scenarios_similar")
    async def list_similar(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[SimilarsOut]:
        """Hint at scenarios that say much the same, for those who write or review this one."""
        access.signed_in(actor)
        row = await scenarios.scenario_seen_by(reader, actor, scenario_id)
        if not scenarios.knows_from_inside(actor, row):
            raise NotThePoster(poster_id=str(row.poster_id))
        found = await queries.similar(reader, actor, row)
        return answer(request, SimilarsOut(items=[SimilarOut.of(one) for one in found]))

    @get("/wished-capabilities", operation_id="scenarios_wished_capabilities")
    async def get_wish(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[WishOut]:
        """Show what the poster hopes solvers of a call can do."""
        row = await scenarios.scenario_seen_by(reader, actor, scenario_id)
        out = WishOut.of(row.id, await board.wish(reader, row.id))
        return answer(request, out, version=out.version)

    @put("/wished-capabilities", operation_id="scenarios_wish_capabilities")
    @once()
    async def wish(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[WishIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[WishOut]:
        """Say what solvers of one's own call should be able to do; a hint, no condition."""
        access.signed_in(actor)
        row = await actions.wish(
            writer,
            actor,
            scenario_id,
            codes=data.codes,
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return answer(request, WishOut.of(scenario_id, row), version=row.version)


class MatchmakingController(Controller):
    """Meetings of those who have problems with those who may solve them."""

    path = "/v1/matchmakings"
    tags = ("matching",)

    @post(operation_id="matchmakings_announce")
    @once()
    async def announce(
        self,
        request: AnyRequest,
        data: JSONBody[MatchmakingIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[MatchmakingOut]:
        """Announce a meeting of one's own organisation about published calls."""
        access.require(actor, Permission.MATCHMAKING_HOST)
        invitation = Invitation(
            number=data.number,
            title=data.title.document(),
            starts_at=data.starts_at,
            place=data.place.document(),
            scenario_ids=tuple(data.scenario_ids),
        )
        row = await actions.announce(writer, actor, invitation, now=clock.now())
        return await _shown(request, writer, row, status=201)

    @get(operation_id="matchmakings_list")
    async def list_matchmakings(
        self,
        request: AnyRequest,
        reader: NamedDependency[ReadSession],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[MatchmakingOut]]:
        """List meetings; who comes is not told."""
        rows = await queries.matchmakings(reader, after=id_after(cursor), limit=limit + 1)
        page = page_of(list(rows), limit, "id")
        items = [
            MatchmakingOut.of(row, await queries.calls_of(reader, row.id)) for row in page.items
        ]
        return answer(request, PageOut(items=items, next_cursor=page.next_cursor))

    @get("/{matchmaking_id:uuid}", operation_id="matchmakings_get")
    async def get_matchmaking(
        self,
        request: AnyRequest,
        matchmaking_id: FromPath[UUID],
        reader: NamedDependency[ReadSession],
    ) -> Response[MatchmakingOut]:
        """Show a meeting; who comes is not told."""
        return await _shown(request, reader, await queries.matchmaking(reader, matchmaking_id))

    @post(
        "/{matchmaking_id:uuid}/actions/register",
        status_code=200,
        operation_id="matchmakings_register",
    )
    @once()
    async def register(
        self,
        request: AnyRequest,
        matchmaking_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[RegistrationOut]:
        """Register one's own organisation; only the host will know."""
        access.require(actor, Permission.MATCHMAKING_JOIN)
        row = await actions.register(writer, actor, matchmaking_id, now=clock.now())
        return answer(request, RegistrationOut.of(row))

    @post(
        "/{matchmaking_id:uuid}/actions/withdraw",
        status_code=200,
        operation_id="matchmakings_withdraw",
    )
    @once()
    async def withdraw(
        self,
        request: AnyRequest,
        matchmaking_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[RegistrationOut]:
        """Take one's own registration back."""
        access.require(actor, Permission.MATCHMAKING_JOIN)
        row = await actions.withdraw(writer, actor, matchmaking_id, now=clock.now())
        return answer(request, RegistrationOut.of(row))

    @post("/{matchmaking_id:uuid}/actions/hold", status_code=200, operation_id="matchmakings_hold")
    @once()
    async def hold(
        self,
        request: AnyRequest,
        matchmaking_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[MatchmakingOut]:
        """Write down, as the host, that the meeting was held."""
        return await _ended(request, writer, actor, matchmaking_id, clock, verb="hold")

    @post(
        "/{matchmaking_id:uuid}/actions/call-off",
        status_code=200,
        operation_id="matchmakings_call_off",
    )
    @once()
    async def call_off(
        self,
        request: AnyRequest,
        matchmaking_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[MatchmakingOut]:
        """Call the meeting off, as its host."""
        return await _ended(request, writer, actor, matchmaking_id, clock, verb="call_off")

    @get("/{matchmaking_id:uuid}/registrations", operation_id="matchmakings_registrations")
    async def list_registrations(
        self,
        request: AnyRequest,
        matchmaking_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[RegistrationOut]]:
        """List who comes, for the host; everybody else sees their own organisation only."""
        access.signed_in(actor)
        meeting = await queries.matchmaking(reader, matchmaking_id)
        rows = await queries.registrations_seen_by(
            reader, actor, meeting, after=id_after(cursor), limit=limit + 1
        )
        page = page_of(list(rows), limit, "id")
        items = [RegistrationOut.of(row) for row in page.items]
        return answer(request, PageOut(items=items, next_cursor=page.next_cursor))

    @post("/{matchmaking_id:uuid}/outcomes", operation_id="matchmakings_note_outcomes")
    @once()
    async def note_outcomes(
        self,
        request: AnyRequest,
        matchmaking_id: FromPath[UUID],
        data: JSONBody[OutcomesIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[OutcomesOut]:
        """Note, as the host, what came of the calls of a meeting that was held."""
        access.require(actor, Permission.MATCHMAKING_HOST)
        rows = await actions.note_outcomes(
            writer,
            actor,
            matchmaking_id,
            notes=[(one.scenario_id, one.note) for one in data.notes],
            now=clock.now(),
        )
        out = OutcomesOut(items=[OutcomeOut.of(row) for row in rows])
        return answer(request, out, status=201)

    @get("/{matchmaking_id:uuid}/outcomes", operation_id="matchmakings_outcomes")
    async def list_outcomes(
        self,
        request: AnyRequest,
        matchmaking_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[OutcomeOut]]:
        """List what was noted: all for the host, for a poster what concerns its own calls."""
        access.signed_in(actor)
        meeting = await queries.matchmaking(reader, matchmaking_id)
        rows = await queries.outcomes_seen_by(
            reader, actor, meeting, after=id_after(cursor), limit=limit + 1
        )
        page = page_of(list(rows), limit, "id")
        items = [OutcomeOut.of(row) for row in page.items]
        return answer(request, PageOut(items=items, next_cursor=page.next_cursor))


async def _shown(
    request: AnyRequest, session: ReadSession, row: Matchmaking, *, status: int = 200
) -> Response[MatchmakingOut]:
    out = MatchmakingOut.of(row, await queries.calls_of(session, row.id))
    return answer(request, out, version=row.version, status=status)


async def _ended(
    request: AnyRequest,
    writer: WriteSession,
    actor: Actor,
    matchmaking_id: UUID,
    clock: Clock,
    *,
    verb: str,
) -> Response[MatchmakingOut]:
    access.require(actor, Permission.MATCHMAKING_HOST)
    row = await actions.end(
        writer,
        actor,
        matchmaking_id,
        verb=verb,
        expected_version=expected_version(request),
        now=clock.now(),
    )
    return await _shown(request, writer, row)
