"""Leaderboards, and the re-scoring that may change them."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.errors import Malformed
from marketplace.kit.kept import Kept
from marketplace.scoring.actions import rescoring as actions
from marketplace.scoring.queries import boards as queries
from marketplace.scoring.queries import rescorings
from marketplace.scoring.rules.submissions import Phase
from marketplace.scoring.schemas.submissions import (
    CommitIn,
    LeaderboardOut,
    RescoringIn,
    RescoringOut,
)
from marketplace.wire.answers import answer, answer_bytes, encoded
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import LIMIT_DEFAULT, Cursor, Limit

AnyRequest = Request[Actor, None, State]
Criterion = Annotated[str, QueryParameter(min_length=1, max_length=64)]
AsOf = Annotated[
    dt.datetime | None, QueryParameter(description="As it stood then; with an offset, RFC 3339.")
]


@get(
    "/v1/scenarios/{scenario_id:uuid}/leaderboard", operation_id="leaderboard_get", tags=["scoring"]
)
async def get_leaderboard(
    request: AnyRequest,
    scenario_id: FromPath[UUID],
    criterion: Criterion,
    actor: NamedDependency[Actor],
    glancer: NamedDependency[ReadSession],
    board_pages: NamedDependency[Kept],
    clock: NamedDependency[Clock],
    phase: FromQuery[Phase] = Phase.EVALUATION,
    as_of: AsOf = None,
    cursor: Cursor = None,
    limit: Limit = LIMIT_DEFAULT,
) -> Response[LeaderboardOut]:
    """Show a board, best first: those who watch the call from the opening on, bidders as published.

    Before the opening there is none, for nobody.
    """
    access.signed_in(actor)
    if as_of is not None and as_of.tzinfo is None:
        raise Malformed(parameter="as_of", problem="offset missing")
    seen = await queries.seen_by(
        glancer,
        actor,
        scenario_id,
        criterion=criterion,
        phase=phase,
        as_of=as_of,
        now=clock.now(),
    )
    content = board_pages.find((seen, cursor, limit))
    if content is None:
        page = await queries.page(glancer, seen, cursor=cursor, limit=limit)
        content = encoded(LeaderboardOut.of(page))
        # Under what was seen with the rows: the board may have moved since it was first looked at.
        if page.places:
            board_pages.keep((page.seen, cursor, limit), content)
    return answer_bytes(request, content, kind=LeaderboardOut)


@post(
    "/v1/scenarios/{scenario_id:uuid}/rescorings",
    operation_id="rescorings_request",
    status_code=202,
    tags=["scoring"],
)
@once()
async def request_rescoring(
    request: AnyRequest,
    scenario_id: FromPath[UUID],
    data: JSONBody[RescoringIn],
    actor: NamedDependency[Actor],
    writer: NamedDependency[WriteSession],
    clock: NamedDependency[Clock],
) -> Response[RescoringOut]:
    """Measure every stored file anew against the hidden set that waits; nothing counts yet."""
    row = await actions.request(
        writer,
        actor,
        scenario_id,
        criterion=data.criterion,
        reason=data.reason,
        now=clock.now(),
    )
    return answer(request, RescoringOut.of(row), status=202)


class RescoringController(Controller):
    """One re-scoring."""

    path = "/v1/rescorings/{rescoring_id:uuid}"
    tags = ("scoring",)

    @get(operation_id="rescorings_get")
    async def get_rescoring(
        self,
        request: AnyRequest,
        rescoring_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[RescoringOut]:
        """Show exactly which ranks a commit would change, and the digest to commit it by."""
        access.signed_in(actor)
        row = await rescorings.rescoring_seen_by(reader, actor, rescoring_id)
        ended = row.committed_at or row.cancelled_at
        found = None if ended else await actions.preview(reader, row)
        return answer(request, RescoringOut.of(row, found))

    @post("/actions/commit", status_code=200, operation_id="rescorings_commit")
    @once()
    async def commit(
        self,
        request: AnyRequest,
        rescoring_id: FromPath[UUID],
        data: JSONBody[CommitIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[RescoringOut]:
        """Let the new results count: an approver who did not ask, on the preview they name."""
        row = await actions.commit_rescoring(
            writer, actor, rescoring_id, preview_sha256=data.preview_sha256, now=clock.now()
        )
        return answer(request, RescoringOut.of(row))

    @post("/actions/resume", status_code=202, operation_id="rescorings_resume")
    @once()
    async def resume(
        self,
        request: AnyRequest,
        rescoring_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[RescoringOut]:
        """Go on measuring what was scored since the work ended."""
        row = await actions.resume(writer, actor, rescoring_id, now=clock.now())
        return answer(request, RescoringOut.of(row), status=202)

    @post("/actions/cancel", status_code=200, operation_id="rescorings_cancel")
    @once()
    async def cancel(
        self,
        request: AnyRequest,
        rescoring_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[RescoringOut]:
        """Give it up: the hidden set that counts goes on counting."""
        row = await actions.cancel(writer, actor, rescoring_id, now=clock.now())
        return answer(request, RescoringOut.of(row))
