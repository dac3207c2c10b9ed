"""The door to what was said: read it, follow it live, prove it."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Controller, Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, HeaderParameter, QueryParameter
from litestar.response import ServerSentEvent, ServerSentEventMessage

from marketplace import __version__
from marketplace.events import queries as events
from marketplace.events.rules.envelope import catalogue
from marketplace.feed.errors import TooManyStreams
from marketplace.feed.queries import log as queries
from marketplace.feed.queries.log import Heard
from marketplace.feed.rules import listening as rules
from marketplace.feed.rules.asyncapi import document as describe
from marketplace.feed.rules.listening import Wish
from marketplace.feed.schemas import (
    CheckpointOut,
    CheckpointsOut,
    EventTypeOut,
    FeedOut,
    ProofOut,
)
from marketplace.identity.rules import access
from marketplace.identity.rules.access import Actor, Permission
from marketplace.identity.rules.ears import hearer
from marketplace.kit.bell import Bell, wait_for
from marketplace.kit.database import Database, ReadSession, undisturbed
from marketplace.kit.errors import MarketplaceError
from marketplace.kit.paging import cursor_of, number_after
from marketplace.kit.secrets import Keeper
from marketplace.wire.answers import answer, answer_bytes, encoded
from marketplace.wire.shapes import Cursor, Limit

AnyRequest = Request[Actor, None, State]
Recognise = Callable[[AnyRequest], Awaitable[Actor]]

WAIT_SECONDS_MAX: Final = 30
LOOK_SECONDS: Final = 2.0
"""How often to look into the log although no bell was heard: another process may have written."""
BEAT_SECONDS: Final = 15.0
"""How often a quiet stream says that it is alive, and whether its reader still may listen."""
STREAM_AT_ONCE: Final = 200
STREAMS_MAX: Final = 20
"""Streams that one organisation may have open in one process."""

Types = Annotated[
    list[str] | None,
    QueryParameter(
        name="type",
        max_items=rules.TYPES_MAX,
        description="Event types and `prefix.*` patterns; may be repeated. None: everything.",
    ),
]
Subject = Annotated[
    str | None,
    QueryParameter(
        name="subject", max_length=100, description="`kind/id` of what the events are about."
    ),
]
After = Annotated[
    str | None,
    QueryParameter(
        name="after",
        max_length=64,
        description="The place where you stopped: `next_cursor`, or the id of a stream's message.",
    ),
]


@dataclass(slots=True)
class Streams:
    """Counts the open streams of each organisation in this process."""

    opened: Counter[UUID] = field(default_factory=Counter)

    def enter(self, organization_id: UUID) -> None:
        """Count one more; refuses TooManyStreams."""
        if self.opened[organization_id] >= STREAMS_MAX:
            raise TooManyStreams(most=STREAMS_MAX)
        self.opened[organization_id] += 1

    def leave(self, organization_id: UUID) -> None:
        """Count one less."""
        self.opened[organization_id] -= 1
        self.opened += Counter()


class EventController(Controller):
    """What was said."""

    path = "/v1/events"
    tags = ("events",)

    @get(operation_id="events_list")
    async def read_feed(
        self,
        request: AnyRequest,
        actor: NamedDependency[Actor],
        database: NamedDependency[Database],
        keeper: NamedDependency[Keeper],
        bell: NamedDependency[Bell],
        after: After = None,
        types: Types = None,
        subject: Subject = None,
        scenario_id: FromQuery[UUID | None] = None,
        organization_id: FromQuery[UUID | None] = None,
        limit: Limit = 50,
        wait: Annotated[
            int,
            QueryParameter(
                ge=0,
                le=WAIT_SECONDS_MAX,
                description="Seconds to wait for something to be said, if nothing was yet.",
            ),
        ] = 0,
    ) -> Response[FeedOut]:
        """Read what you may hear, in order and without gaps, from a place on.

        Begin without `after`, then go on with `next_cursor` for ever: it is given also when nothing
        was said.  Nothing is ever said behind a place that was given out.  The same event may be
        told again after a broken answer: remember its `id`.
        """
        access.signed_in(actor)
        wish = _wish(actor, types, subject, scenario_id, organization_id)
        keys = keeper.derived(rules.PURPOSE)
        start = 0 if after is None else rules.number_at(after, keys)
        deadline = asyncio.get_running_loop().time() + wait
        while True:
            ring = bell.next_ring
            async with database.reading() as session:
                found = await queries.heard(session, hearer(actor), wish, after=start, limit=limit)
            left = deadline - asyncio.get_running_loop().time()
            if found.told or left <= 0:
                return answer_bytes(request, _feed_body(found, keys[0]), kind=FeedOut)
            start = found.read_up_to
            await wait_for(ring, seconds=min(left, LOOK_SECONDS))

    @get("/stream", operation_id="events_stream")
    async def follow(
        self,
        request: AnyRequest,
        actor: NamedDependency[Actor],
        database: NamedDependency[Database],
        keeper: NamedDependency[Keeper],
        bell: NamedDependency[Bell],
        streams: NamedDependency[Streams],
        recognise: NamedDependency[Recognise],
        last_event_id: Annotated[
            str | None,
            HeaderParameter(
                name="Last-Event-ID",
                max_length=64,
                description="Where the stream broke off; browsers send it by themselves.",
            ),
        ] = None,
        after: After = None,
        types: Types = None,
        subject: Subject = None,
        scenario_id: FromQuery[UUID | None] = None,
        organization_id: FromQuery[UUID | None] = None,
        once: Annotated[
            bool, QueryParameter(description="End the stream when everything was told.")
        ] = False,
    ) -> ServerSentEvent:
        """Follow what you may hear live, as server-sent events; without a place, from now on.

        Each message has the place as its `id`, the type as its `event` and the document as its
        `data`.  A stream ends when the right to listen does.
        """
        access.signed_in(actor)
        wish = _wish(actor, types, subject, scenario_id, organization_id)
        keys = keeper.derived(rules.PURPOSE)
        place = last_event_id or after
        if place is None:
            async with database.reading() as session:
                start = await events.last_number(session)
        else:
            start = rules.number_at(place, keys)
        streams.enter(actor.organization_id)

        async def messages() -> AsyncGenerator[ServerSentEventMessage, None]:
            try:
                async for message in _live(
                    request,
                    database,
                    bell,
                    recognise,
                    wish=wish,
                    start=start,
                    key=keys[0],
                    once=once,
                ):
                    yield message
            finally:
                streams.leave(actor.organization_id)

        return ServerSentEvent(messages(), headers={"Cache-Control": "no-store"})

    @get("/{event_id:uuid}", operation_id="events_get")
    async def get_event(
        self,
        request: AnyRequest,
        event_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[Any]:
        """Show one event, as the bytes that were hashed."""
        access.signed_in(actor)
        row = await queries.event_heard_by(reader, hearer(actor), event_id)
        return answer_bytes(request, row.record)

    @get("/{event_id:uuid}/proof", operation_id="events_proof")
    async def get_proof(
        self,
        request: AnyRequest,
        event_id: FromPath[UUID],
        actor: NamedDependency[Actor],
        reader: NamedDependency[ReadSession],
    ) -> Response[ProofOut]:
        """Prove that an event stands in a signed checkpoint, to be checked by anybody offline."""
        access.signed_in(actor)
        return answer(request, ProofOut.of(await queries.proof(reader, hearer(actor), event_id)))


async def _live(
    request: AnyRequest,
    database: Database,
    bell: Bell,
    recognise: Recognise,
    *,
    wish: Wish,
    start: int,
    key: bytes,
    once: bool,
) -> AsyncGenerator[ServerSentEventMessage, None]:
    """Tell what is said as it is said, while the reader may listen."""
    loop = asyncio.get_running_loop()
    place, quiet_since = start, loop.time()
    yield ServerSentEventMessage(id=rules.place_of(place, key), data=None, comment="listening")
    while True:
        ring = bell.next_ring

        async def look(after: int = place) -> Heard:
            # Judged anew for each look: a key that was revoked hears nothing more.
            actor = await recognise(request)
            access.signed_in(actor)
            async with database.reading() as session:
                return await queries.heard(
                    session, hearer(actor), wish, after=after, limit=STREAM_AT_ONCE
                )

        try:
            found = await undisturbed(look())
        except MarketplaceError:
            return
        for told in found.told:
            yield ServerSentEventMessage(
                id=rules.place_of(told.number, key), event=told.type, data=told.record.decode()
            )
        if found.told:
            quiet_since = loop.time()
        elif loop.time() - quiet_since >= BEAT_SECONDS:
            quiet_since = loop.time()
            yield ServerSentEventMessage(id=rules.place_of(place, key), data=None, comment="quiet")
        place = found.read_up_to
        if len(found.told) < STREAM_AT_ONCE:
            if once:
                return
            await wait_for(ring, seconds=LOOK_SECONDS)


def _feed_body(found: Heard, key: bytes) -> bytes:
    """Write the page around the documents as they are stored."""
    items = b",".join(told.record for told in found.told)
    place = rules.place_of(found.read_up_to, key).encode()
    return b'{"items":[' + items + b'],"next_cursor":"' + place + b'"}'


def _wish(
    actor: Actor,
    types: list[str] | None,
    subject: str | None,
    scenario_id: UUID | None,
    organization_id: UUID | None,
) -> Wish:
    """Read what is asked for; whose events others are is told to those who hear them all."""
    if organization_id not in {None, actor.organization_id}:
        access.require(actor, Permission.EVENTS_READ_ALL)
    return rules.wish(
        types=types or (),
        subject=subject,
        scenario_id=scenario_id,
        organization_id=organization_id,
    )


@get("/v1/event-types", operation_id="event_types_list", tags=["events"], cache_control=None)
async def list_event_types(request: AnyRequest) -> Response[list[EventTypeOut]]:
    """List every kind of event with its fields; for anybody."""
    return answer_bytes(request, _event_types(), kind=list[EventTypeOut])


@cache
def _event_types() -> bytes:
    """Written once: what the rooms can say does not change while they are open."""
    return encoded(
        [
            EventTypeOut(
                type=one.TYPE,
                version=one.VERSION,
                visibility=one.VISIBILITY.value,
                subject=one.SUBJECT.removesuffix("_id"),
                description=one.description(),
                data=one.schema(),
            )
            for one in catalogue()
        ]
    )


@get("/schema/asyncapi.json", operation_id="asyncapi_get", tags=["events"])
async def asyncapi(request: AnyRequest) -> Response[dict[str, Any]]:
    """Describe every event as an AsyncAPI 3 document; for anybody."""
    return answer_bytes(request, _asyncapi(), kind=dict[str, Any])


@cache
def _asyncapi() -> bytes:
    return encoded(describe(catalogue(), version=__version__))


class CheckpointController(Controller):
    """Signed checkpoints over the log; for anybody."""

    path = "/v1/event-checkpoints"
    tags = ("events",)

    @get(operation_id="event_checkpoints_list")
    async def list_checkpoints(
        self,
        request: AnyRequest,
        reader: NamedDependency[ReadSession],
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> Response[CheckpointsOut]:
        """List checkpoints, oldest first: keep the last one, and nobody can rewrite what it saw."""
        rows = await events.checkpoints_after(reader, number_after(cursor), limit=limit + 1)
        shown = [CheckpointOut.of(row) for row in rows[:limit]]
        following = cursor_of(str(shown[-1].number)) if len(rows) > limit else None
        return answer(request, CheckpointsOut(items=shown, next_cursor=following))

    @get("/latest", operation_id="event_checkpoints_latest")
    async def latest(
        self, request: AnyRequest, reader: NamedDependency[ReadSession]
    ) -> Response[CheckpointOut]:
        """Show the latest checkpoint."""
        return answer(request, CheckpointOut.of(await queries.checkpoint(reader, None)))

    @get("/{checkpoint_number:int}", operation_id="event_checkpoints_get")
    async def get_checkpoint(
        self,
        request: AnyRequest,
        checkpoint_number: FromPath[int],
        reader: NamedDependency[ReadSession],
    ) -> Response[CheckpointOut]:
        """Show one checkpoint."""
        return answer(
            request, CheckpointOut.of(await queries.checkpoint(reader, checkpoint_number))
        )
