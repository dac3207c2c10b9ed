"""What becomes of a file that was taken: its progress, its selection, its end."""

from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.scoring.actions import submitting
from marketplace.scoring.queries import boards, progress, rounds, work
from marketplace.scoring.schemas.submissions import (
    AttemptsOut,
    DisqualifyIn,
    PastPlaceOut,
    SubmissionOut,
    WorkOut,
)
from marketplace.scoring.tables.rounds import Submission
from marketplace.wire.answers import answer
from marketplace.wire.idempotency import once
from marketplace.wire.sealed_doors import SEALED_DOOR, seal_under
from marketplace.wire.shapes import PageOut

AnyRequest = Request[Actor, None, State]


async def submission_out(session: ReadSession, actor: Actor, row: Submission) -> SubmissionOut:
    """Show one submission as its reader may know it."""
    [found] = await progress.progress(session, actor, [row])
    return SubmissionOut.of(found)


class SubmissionController(Controller):
    """One submission."""

    path = "/v1/submissions/{submission_id:uuid}"
    tags = ("scoring",)

    @get(operation_id="submissions_get")
    async def get_submission(
        self,
        request: AnyRequest,
        submission_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[SubmissionOut]:
        """Show one submission to its bidder; once opened to the bureau, auditors and the poster."""
        access.signed_in(actor)
        row = await rounds.submission_seen_by(reader, actor, submission_id)
        return answer(request, await submission_out(reader, actor, row))

    @post(
        "/actions/select-final",
        status_code=200,
        operation_id="submissions_select_final",
        opt=SEALED_DOOR,
    )
    @once()
    async def select_final(
        self,
        request: AnyRequest,
        submission_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[SubmissionOut]:
        """Select one's own scored file as the one that counts; the one before is given up."""
        row = await submitting.select_final(writer, actor, submission_id, clock=clock)
        seal_under(request, row.bid_id)
        return answer(request, await submission_out(writer, actor, row))

    @post("/actions/disqualify", status_code=200, operation_id="submissions_disqualify")
    @once()
    async def disqualify(
        self,
        request: AnyRequest,
        submission_id: FromPath[UUID],
        data: JSONBody[DisqualifyIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[SubmissionOut]:
        """Strike out a submission of an opened bid, with a reason that its bidder is told."""
        row = await submitting.disqualify(
            writer, actor, submission_id, reason=data.reason, clock=clock
        )
        return answer(request, await submission_out(writer, actor, row))


class WorkController(Controller):
    """What takes a while."""

    path = "/v1/work/{work_id:uuid}"
    tags = ("scoring",)

    @get(operation_id="work_get")
    async def get_work(
        self,
        request: AnyRequest,
        work_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[WorkOut]:
        """Show how far something is, to whoever asked for it and who watches its call."""
        access.signed_in(actor)
        return answer(request, WorkOut.of(await work.seen_by(reader, actor, work_id)))

    @post("/actions/cancel", status_code=200, operation_id="work_cancel")
    @once()
    async def cancel(
        self,
        request: AnyRequest,
        work_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[WorkOut]:
        """Stop it: a file that is withdrawn before it has its value costs no attempt."""
        row = await submitting.cancel_work(writer, actor, work_id, clock=clock)
        if row.sealed:
            seal_under(request, row.scenario_id)
        return answer(request, WorkOut.of(row))


class BidBoardController(Controller):
    """What one bid has sent and where it stood."""

    path = "/v1/bids/{bid_id:uuid}"
    tags = ("scoring",)

    @get("/submissions", operation_id="submissions_list")
    async def list_submissions(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[PageOut[SubmissionOut]]:
        """List the submissions of a bid, oldest first, and say which one of a criterion counts."""
        access.signed_in(actor)
        bid = await rounds.bid_of_submissions(reader, actor, bid_id)
        rows = await rounds.submissions_of(reader, bid.id)
        found = await progress.progress(reader, actor, rows)
        items = [SubmissionOut.of(one) for one in found]
        return answer(request, PageOut(items=items, next_cursor=None))

    @get("/attempts/{criterion:str}", operation_id="attempts_get")
    async def get_attempts(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        criterion: FromPath[str],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        clock: NamedDependency[Clock],
    ) -> Response[AttemptsOut]:
        """Tell a bidder how many files they may still send, and when the next one."""
        access.require(actor, Permission.SUBMISSIONS_UPLOAD)
        now = await clock.decisive(reader)
        found = await progress.attempts(reader, actor, bid_id, criterion=criterion, now=now)
        body = AttemptsOut(
            phase=found.phase.value,
            used_today=found.used_today,
            daily_max=found.benchmark.daily_max,
            used=found.used,
            total_max=found.benchmark.total_max,
            next_at=found.next_at,
            selection=found.benchmark.selection,
        )
        return answer(request, body)

    @get("/places", operation_id="places_list")
    async def list_places(
        self,
        request: AnyRequest,
        bid_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[PageOut[PastPlaceOut]]:
        """List where an opened bid stood on every board since when, for those who watch the call.

        A bidder finds it once the result is told.
        """
        access.signed_in(actor)
        rows = await boards.history_seen_by(reader, actor, bid_id)
        items = [PastPlaceOut.of(entry, board) for entry, board in rows]
        return answer(request, PageOut(items=items, next_cursor=None))
