"""The door of the profiles room.  Rules are public: nobody needs to sign in to read them."""

import datetime as dt
from typing import Annotated

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter

from marketplace.identity.rules.access import Actor
from marketplace.kit.clock import Clock
from marketplace.kit.database import ReadSession
from marketplace.kit.paging import CursorUnreadable, key_of, number_after, page_of
from marketplace.profiles import queries
from marketplace.profiles.rules.advice import advise
from marketplace.profiles.rules.deadlines import deadline, local_date
from marketplace.profiles.rules.documents import VERSION_MAX
from marketplace.profiles.rules.periods import Period
from marketplace.profiles.rules.profile import PROFILE_CODE
from marketplace.profiles.rules.questionnaire import QUESTIONS
from marketplace.profiles.schemas.advice import AdviceIn, AdviceOut, QuestionOut, QuestionsOut
from marketplace.profiles.schemas.profiles import (
    CalendarOut,
    DeadlineIn,
    DeadlineOut,
    RuleProfileDetailOut,
    RuleProfileOut,
)
from marketplace.wire.answers import answer, answer_bytes
from marketplace.wire.shapes import LIMIT_DEFAULT, Cursor, Limit, PageOut

AnyRequest = Request[Actor, None, State]
Version = Annotated[
    int | None,
    QueryParameter(ge=1, le=VERSION_MAX, description="A version; without it, the present one."),
]
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
"""A version never changes once it is loaded, so its bytes may be kept by anybody."""


class RuleProfileController(Controller):
    """Rule profiles: what holds on which track since when, and where it is written."""

    path = "/v1/rule-profiles"
    tags = ("profiles",)

    @get(operation_id="rule_profiles_list")
    async def list_profiles(
        self,
        request: AnyRequest,
        reader: NamedDependency[ReadSession],
        clock: NamedDependency[Clock],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[RuleProfileOut]]:
        """List the rule profiles in force today."""
        rows = await queries.profile_rows_in_force(
            reader,
            after=_code_after(cursor),
            limit=limit + 1,
            on=local_date(clock.now()),
        )
        page = page_of(list(rows), limit, "code")
        items = [RuleProfileOut.of(row) for row in page.items]
        return answer(request, PageOut(items=items, next_cursor=page.next_cursor))

    @get("/{code:str}", operation_id="rule_profiles_get")
    async def get_profile(
        self,
        request: AnyRequest,
        code: FromPath[str],
        reader: NamedDependency[ReadSession],
        clock: NamedDependency[Clock],
        version: Version = None,
    ) -> Response[RuleProfileDetailOut]:
        """Show a rule profile with every parameter: the version in force, or the one asked for."""
        if version is None:
            row = await queries.profile_row_in_force(reader, code, local_date(clock.now()))
        else:
            row = await queries.profile_row(reader, code, version)
        return answer(request, RuleProfileDetailOut.of(row), version=row.version)

    @get("/{code:str}/versions", operation_id="rule_profiles_versions")
    async def list_versions(
        self,
        request: AnyRequest,
        code: FromPath[str],
        reader: NamedDependency[ReadSession],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[RuleProfileOut]]:
        """List every version of a rule profile, oldest first."""
        after = number_after(cursor)
        rows = await queries.known_profile_versions(reader, code, after=after, limit=limit + 1)
        page = page_of(list(rows), limit, "version")
        items = [RuleProfileOut.of(row) for row in page.items]
        return answer(request, PageOut(items=items, next_cursor=page.next_cursor))

    @get("/{code:str}/versions/{version:int}", operation_id="rule_profiles_document")
    async def get_document(
        self,
        request: AnyRequest,
        code: FromPath[str],
        version: FromPath[int],
        reader: NamedDependency[ReadSession],
    ) -> Response[dict[str, object]]:
        """Serve one version as it was loaded, byte for byte; its SHA-256 is in the lists."""
        row = await queries.profile_row(reader, code, version)
        return answer_bytes(request, row.document, version=row.version, headers=FOR_EVER)

    @get("/advise", operation_id="rule_profiles_questions")
    async def list_questions(self, request: AnyRequest) -> Response[QuestionsOut]:
        """List the short questions from whose answers a legal track follows."""
        return answer(request, QuestionsOut(items=[QuestionOut.of(one) for one in QUESTIONS]))

    @post("/advise", status_code=200, operation_id="rule_profiles_advise")
    async def advise_track(
        self,
        request: AnyRequest,
        data: JSONBody[AdviceIn],
        reader: NamedDependency[ReadSession],
        clock: NamedDependency[Clock],
    ) -> Response[AdviceOut]:
        """Propose legal tracks with reasons, and what would have to be true for the others."""
        threshold_fen = await queries.tender_threshold_fen(reader, local_date(clock.now()))
        advice = advise(data.answers(), threshold_fen=threshold_fen)
        return answer(request, AdviceOut.of(advice, threshold_fen=threshold_fen))


class CalendarController(Controller):
    """Working-day calendars, year by year."""

    path = "/v1/calendars"
    tags = ("profiles",)

    @get(operation_id="calendars_list")
    async def list_calendars(
        self,
        request: AnyRequest,
        reader: NamedDependency[ReadSession],
        limit: Limit = LIMIT_DEFAULT,
        cursor: Cursor = None,
    ) -> Response[PageOut[CalendarOut]]:
        """List the years that are loaded; a deadline in any other year is refused."""
        rows = await queries.calendar_rows(reader, after=number_after(cursor), limit=limit + 1)
        page = page_of(list(rows), limit, "year")
        items = [CalendarOut.of(row) for row in page.items]
        return answer(request, PageOut(items=items, next_cursor=page.next_cursor))

    @get("/{year:int}", operation_id="calendars_get")
    async def get_calendar(
        self,
        request: AnyRequest,
        year: FromPath[int],
        reader: NamedDependency[ReadSession],
        version: Version = None,
    ) -> Response[CalendarOut]:
        """Show the days off and the make-up working days of a year."""
        row = await queries.calendar_row(reader, year, version)
        return answer(request, CalendarOut.of(row), version=row.version)


@post("/v1/deadlines/preview", status_code=200, operation_id="deadlines_preview", tags=["profiles"])
async def preview_deadline(
    request: AnyRequest,
    data: JSONBody[DeadlineIn],
    reader: NamedDependency[ReadSession],
) -> Response[DeadlineOut]:
    """Compute a deadline and explain every day; nothing is stored."""
    period = data.typed_period() or await _period_of_rule(reader, data)
    calendar = await queries.work_calendar(reader)
    found = deadline(
        data.anchor_at,
        period,
        calendar,
        roll_weekends=data.roll_weekends,
        suspended=data.suspended(),
        ends_at=data.closing_time(),
    )
    return answer(request, DeadlineOut.of(found))


async def _period_of_rule(reader: ReadSession, data: DeadlineIn) -> Period:
    code, parameter = data.rule()
    if data.version is None:
        on: dt.date = local_date(data.anchor_at)
        row = await queries.profile_row_in_force(reader, code, on)
        return queries.profile_of(row.document).period(parameter)
    return (await queries.profile_pinned(reader, code, data.version)).period(parameter)


def _code_after(cursor: str | None) -> str:
    """Read a cursor over codes; below every real one when there is none."""
    if cursor is None:
        return ""
    key = key_of(cursor)
    if not PROFILE_CODE.fullmatch(key):
        raise CursorUnreadable(cursor=cursor[:80])
    return key
