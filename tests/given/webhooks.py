"""Endpoints, events to tell them, couriers, and receivers that remember everything."""

import asyncio
import dataclasses
import datetime as dt
import os
from collections import deque
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from standardwebhooks.webhooks import Webhook

from marketplace.client.listen import Receive, Scope, Send
from marketplace.events import actions as events
from marketplace.events.rules.catalogue.bids import BidsOpened, BidSubmitted
from marketplace.events.rules.catalogue.identity import OrganizationVerified
from marketplace.events.rules.catalogue.scenarios import ScenarioClosed
from marketplace.events.rules.catalogue.scoring import PanelSeated
from marketplace.events.rules.envelope import Event, Visibility
from marketplace.events.tables import EventRow
from marketplace.house import House
from marketplace.kit import addresses
from marketplace.kit.database import WriteSession
from marketplace.kit.ids import new_id
from marketplace.kit.outbound import Outbound, OutboundPolicy
from marketplace.webhooks.actions import endpoints
from marketplace.webhooks.actions.delivery import Leased, Result
from marketplace.webhooks.actions.endpoints import Pace, Subscription, WithSecret
from marketplace.webhooks.jobs import Courier
from tests.given.identity import Someone

LOCAL = OutboundPolicy(reach=addresses.DEVELOPMENT, connect_seconds=2, total_seconds=3)
NOWHERE = "https://hooks.example.com/in"
AS_USUAL = Pace()


async def an_endpoint(
    house: House, owner: Someone, *event_types: str, url: str = NOWHERE, pace: Pace = AS_USUAL
) -> WithSecret:
    """An active endpoint of the owner's organisation, for everything unless types are given."""
    async with house.database.writing() as session:
        return await endpoints.register_endpoint(
            session,
            owner.actor,
            Subscription(url=url, event_types=event_types, pace=pace),
            keeper=house.keeper,
            reach=addresses.DEVELOPMENT,
            entropy=os.urandom(32),
            now=house.clock.now(),
        )


async def an_event(
    house: House,
    visibility: Visibility = Visibility.PUBLIC,
    *,
    organization_id: UUID | None = None,
    scenario_id: UUID | None = None,
) -> EventRow:
    """An event of the catalogue with the visibility that is wanted."""
    said = _an_event_of(visibility, scenario_id or new_id(), organization_id or new_id())
    async with house.database.writing() as session:
        return await events.record(
            session,
            said,
            by="system",
            now=house.clock.now(),
            organization_id=organization_id,
            scenario_id=scenario_id,
        )


async def say(session: WriteSession, house: House) -> EventRow:
    """Record a public event in a transaction that somebody else ends."""
    said = _an_event_of(Visibility.PUBLIC, new_id(), new_id())
    return await events.record(session, said, by="system", now=house.clock.now())


def _an_event_of(visibility: Visibility, scenario_id: UUID, organization_id: UUID) -> Event:
    match visibility:
        case Visibility.PUBLIC:
            closed_at = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)
            return ScenarioClosed(scenario_id=scenario_id, closed_at=closed_at)
        case Visibility.PARTICIPANTS:
            return BidsOpened(scenario_id=scenario_id, opened=3, record_sha256="0" * 64)
        case Visibility.OWNER:
            return OrganizationVerified(organization_id=organization_id)
        case Visibility.INTERNAL:
            return PanelSeated(scenario_id=scenario_id, seats=5)
        case Visibility.SEALED:
            return BidSubmitted(
                bid_id=new_id(),
                scenario_id=scenario_id,
                content_version=1,
                sealed_sha256="0" * 64,
            )


def a_courier(house: House, outbound: Outbound, **changes: Any) -> Courier:
    """A courier of this house without jitter."""
    courier = Courier(
        database=house.database,
        outbound=outbound,
        keeper=house.keeper,
        clock=house.clock,
        draw=lambda: 0.5,
    )
    return dataclasses.replace(courier, **changes)


def a_result(leased: Leased, status: int) -> Result:
    """What a receiver's answer becomes."""
    return Result(
        delivery_id=leased.delivery_id,
        endpoint_id=leased.endpoint_id,
        token=leased.token,
        number=leased.number,
        duration_ms=1,
        draw=0.5,
        status=status,
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Heard:
    """One request as it arrived."""

    headers: dict[str, str]
    body: bytes
    path: str = "/"

    @property
    def message_id(self) -> str:
        """What a receiver de-duplicates by."""
        return self.headers["webhook-id"]

    def is_signed_with(self, secret: str) -> bool:
        """Tell what the published library thinks of it, now; it raises when it is not content."""
        return Webhook(secret).verify(self.body, self.headers) is not None


async def silence(receive: Receive) -> None:
    """Say nothing until the other side has had enough."""
    while (await receive())["type"] != "http.disconnect":
        pass


class Recorder:
    """An application that remembers every request and answers with what it was told to say."""

    def __init__(
        self, *statuses: int, headers: Sequence[tuple[bytes, bytes]] = (), body: bytes = b""
    ) -> None:
        self.heard: list[Heard] = []
        self._changed = asyncio.Condition()
        self._statuses = deque(statuses or (204,))
        self._headers = list(headers)
        self._body = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: one status after the other, the last one for ever."""
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        heard = Heard(headers, body, scope["path"])
        self.heard.append(heard)
        async with self._changed:
            self._changed.notify_all()
        status = self.answer_to(heard)
        said = [*self._headers, (b"content-length", str(len(self._body)).encode())]
        await send(
            {"type": "http.response.start", "status": status, "headers": said * (status != 204)}
        )
        await send({"type": "http.response.body", "body": self._body if status != 204 else b""})

    def answer_to(self, _: Heard) -> int:
        """Say which status comes next; others decide by what they heard."""
        return self._statuses.popleft() if len(self._statuses) > 1 else self._statuses[0]

    async def has_heard(self, number: int) -> None:
        """Wait until so many requests have arrived."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.heard) >= number)

    @property
    def message_ids(self) -> list[str]:
        """Every message id in the order of arrival."""
        return [heard.message_id for heard in self.heard]
