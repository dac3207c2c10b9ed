"""The door to questions about a call, their public answers, and those who follow the call."""

from uuid import UUID

from litestar import Controller, Request, Response, delete, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession, WriteSession
from marketplace.kit.paging import id_after, number_after, page_of
from marketplace.scenarios.actions import enquiring
from marketplace.scenarios.errors import EnquiryUnknown
from marketplace.scenarios.queries import calls as queries
from marketplace.scenarios.queries import enquiries
from marketplace.scenarios.schemas.enquiries import (
    AnswerIn,
    ClarificationOut,
    EnquiryIn,
    EnquiryOut,
    FollowingOut,
    PublishAnswerIn,
    SetAsideIn,
)
from marketplace.scenarios.tables import Enquiry
from marketplace.wire.answers import answer, expected_version, prefers_english
from marketplace.wire.idempotency import once
from marketplace.wire.shapes import LIMIT_DEFAULT, Cursor, Limit, PageOut

AnyRequest = Request[Actor, None, State]


class CallEnquiryController(Controller):
    """Questions about one call."""

    path = "/v1/scenarios/{scenario_id:uuid}"
    tags = ("scenarios",)

    @post("/enquiries", operation_id="enquiries_ask")
    @once()
    async def ask(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        data: JSONBody[EnquiryIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[EnquiryOut]:
        """Ask about a published call before its deadline; nobody is told who asked."""
        access.signed_in(actor)
        row = await enquiring.ask(writer, actor, scenario_id, question=data.question, clock=clock)
        return await _told(request, writer, row, clock, status=201)

    @get("/enquiries", operation_id="enquiries_list")
    async def list_enquiries(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        clock: NamedDependency[Clock],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[EnquiryOut]]:
        """List the questions you may see: your own; all of them, without askers, if you answer."""
        access.signed_in(actor)
        call = await queries.scenario_seen_by(reader, actor, scenario_id)
        rows = await enquiries.enquiries_seen_by(
            reader, actor, call, after=id_after(cursor), limit=limit + 1
        )
        page = page_of(list(rows), limit, "id")
        english, now = prefers_english(request), clock.now()
        items = [
            EnquiryOut.of(one, call=call, actor=actor, english=english, now=now)
            for one in page.items
        ]
        return answer(request, PageOut(items=items, next_cursor=page.next_cursor))

    @get("/clarifications", operation_id="clarifications_list")
    async def list_clarifications(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[ClarificationOut]]:
        """List what was asked and answered in public, in the order of publication."""
        call = await queries.scenario_seen_by(reader, actor, scenario_id)
        rows = await enquiries.clarifications(
            reader, call.id, after=number_after(cursor), limit=limit + 1
        )
        page = page_of(list(rows), limit, "number")
        items = [ClarificationOut.of(one) for one in page.items]
        return answer(request, PageOut(items=items, next_cursor=page.next_cursor))

    @post("/followers", operation_id="followers_add")
    @once()
    async def follow(
        self,
        request: AnyRequest,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[FollowingOut]:
        """Follow a call; nobody is told, and it is counted nowhere."""
        row = await enquiring.follow(writer, actor, scenario_id, now=clock.now())
        out = FollowingOut(scenario_id=row.scenario_id, followed_at=row.followed_at)
        return answer(request, out, status=201)

    @delete("/followers", operation_id="followers_remove")
    async def unfollow(
        self,
        scenario_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
    ) -> None:
        """Follow a call no more; it is no error not to have followed it."""
        await enquiring.unfollow(writer, actor, scenario_id)


class EnquiryController(Controller):
    """One question, on its way to a public answer."""

    path = "/v1/enquiries/{enquiry_id:uuid}"
    tags = ("scenarios",)

    @get(operation_id="enquiries_get")
    async def get_enquiry(
        self,
        request: AnyRequest,
        enquiry_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
        clock: NamedDependency[Clock],
    ) -> Response[EnquiryOut]:
        """Show one question: to its asker, to those who answer, and to those who watch."""
        access.signed_in(actor)
        row = await enquiries.enquiry(reader, enquiry_id)
        return await _told(request, reader, row, clock)

    @post("/actions/draft-answer", status_code=200, operation_id="enquiries_draft_answer")
    @once()
    async def draft_answer(
        self,
        request: AnyRequest,
        enquiry_id: FromPath[UUID],
        data: JSONBody[AnswerIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[EnquiryOut]:
        """Write an answer, as poster or officer; another officer publishes it."""
        row = await enquiring.draft_answer(
            writer,
            actor,
            enquiry_id,
            answer=data.answer,
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return await _told(request, writer, row, clock)

    @post("/actions/publish", status_code=200, operation_id="enquiries_publish")
    @once()
    async def publish(
        self,
        request: AnyRequest,
        enquiry_id: FromPath[UUID],
        data: JSONBody[PublishAnswerIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[EnquiryOut]:
        """Tell everybody question and answer at once, without who asked."""
        publication = enquiring.Publication(
            question=data.question,
            changes_content=data.changes_content,
            amendment_id=data.amendment_id,
        )
        row = await enquiring.publish_answer(
            writer,
            actor,
            enquiry_id,
            publication=publication,
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return await _told(request, writer, row, clock)

    @post("/actions/set-aside", status_code=200, operation_id="enquiries_set_aside")
    @once()
    async def set_aside(
        self,
        request: AnyRequest,
        enquiry_id: FromPath[UUID],
        data: JSONBody[SetAsideIn],
        actor: NamedDependency[Actor],
        writer: NamedDependency[WriteSession],
        clock: NamedDependency[Clock],
    ) -> Response[EnquiryOut]:
        """Answer a question to nobody, with a reason that only its asker hears."""
        row = await enquiring.set_aside(
            writer,
            actor,
            enquiry_id,
            reason=data.reason,
            expected_version=expected_version(request),
            now=clock.now(),
        )
        return await _told(request, writer, row, clock)


async def _told(
    request: AnyRequest, session: ReadSession, row: Enquiry, clock: Clock, *, status: int = 200
) -> Response[EnquiryOut]:
    """Answer with a question as its reader may see it; for others it does not exist."""
    call = await queries.scenario(session, row.scenario_id)
    actor, english = request.user, prefers_english(request)
    own = row.asker_id == actor.organization_id
    if not enquiries.sight_of(actor, call).every and not own:
        raise EnquiryUnknown(enquiry_id=str(row.id))
    out = EnquiryOut.of(row, call=call, actor=actor, english=english, now=clock.now())
    return answer(request, out, version=row.version, status=status)
