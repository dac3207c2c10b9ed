"""Let a receiver hear every event of the story, refusing each one the first time.

Every organisation that takes part has an endpoint of its own, because some events are told to
nobody else: that a bid was submitted is heard by its own bidder only.
"""

import datetime as dt
import os
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from marketplace.client.listen import Application, Mischief, create_receiver, serve_receiver
from marketplace.demo.stage import Play
from marketplace.identity.rules.access import Actor, Role
from marketplace.kit import addresses
from marketplace.kit.outbound import Outbound, OutboundPolicy
from marketplace.webhooks import jobs
from marketplace.webhooks.actions import endpoints, fanout
from marketplace.webhooks.queries import owners, workers
from marketplace.webhooks.rules.lifecycle import Why

DESCRIPTION = "demo receiver"
PATIENCE = dt.timedelta(minutes=10)
AT_ONCE = 4


@dataclass(slots=True)
class Switchboard:
    """Hands each request to the receiver whose secret belongs to its path."""

    receivers: dict[str, Application] = field(default_factory=dict)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        await self.receivers[scope["path"]](scope, receive, send)


async def pass_over_seeds(play: Play) -> None:
    """Mark what was said while the seeds were loaded as told to nobody: nobody listened then."""
    async with play.house.database.reading() as session:
        begun = await workers.any_endpoint(session)
    if not begun:
        await jobs.fan_out(_courier(play, Outbound()))


async def deliver_story(play: Play) -> dict[str, int]:
    """Deliver everything that was not delivered yet, and count all deliveries of the demo.

    Shape    `events` told at least once, `delivered` answers of success, `attempts` requests made.
    """
    async with play.house.database.reading() as session:
        news = await workers.anything_unfanned(session)
    if news:
        await _deliver(play)
    async with play.house.database.reading() as session:
        events, delivered, attempts = await workers.tally(session)
    return {"events": events, "delivered": delivered, "attempts": attempts}


async def _deliver(play: Play) -> None:
    board = Switchboard()
    async with (
        serve_receiver(board) as url,
        Outbound(OutboundPolicy(reach=addresses.DEVELOPMENT)) as outbound,
    ):
        registered = await _register(play, board, url)
        courier = _courier(play, outbound)

        async def wait(time: dt.timedelta) -> None:
            play.at(play.clock.now() + time)

        while await _a_few(courier):
            await jobs.deliver_all_due(courier, patience=PATIENCE, wait=wait)
        # The receiver goes away with this block: nobody should call it again.
        async with play.house.database.writing() as session:
            for actor, endpoint_id in registered:
                row = await owners.endpoint_locked(
                    session, endpoint_id, organization_id=actor.organization_id
                )
                await endpoints.move_endpoint(
                    session, row, "disable", Why.GONE, by="system", now=play.clock.now()
                )
        await jobs.fan_out(courier)


async def _a_few(courier: jobs.Courier) -> int:
    """Make deliveries of a few events at a time.

    An endpoint that fails several times in a row is given a rest, as it should be; ours fails the
    first attempt of everything, so it is never sent that much at once.
    """
    async with courier.database.writing() as session:
        now = await courier.clock.decisive(session)
        return await fanout.fan_out(session, now=now, limit=AT_ONCE)


def _courier(play: Play, outbound: Outbound) -> jobs.Courier:
    return jobs.Courier(
        database=play.house.database,
        outbound=outbound,
        keeper=play.house.keeper,
        clock=play.clock,
        draw=lambda: 0.5,
    )


async def _register(play: Play, board: Switchboard, url: str) -> list[tuple[Actor, UUID]]:
    """Give the bureau, every poster and every bidder of the stories an endpoint."""
    made = []
    for index, actor in enumerate(_listeners(play)):
        path = f"/{index}"
        async with play.house.database.writing() as session:
            registered = await endpoints.register_endpoint(
                session,
                actor,
                endpoints.Subscription(url=url.rstrip("/") + path, description=DESCRIPTION),
                keeper=play.house.keeper,
                reach=addresses.DEVELOPMENT,
                entropy=os.urandom(32),
                now=play.clock.now(),
            )
        board.receivers[path] = create_receiver(registered.secret, mischief=Mischief(first=True))
        made.append((actor, registered.row.id))
    return made


def _listeners(play: Play) -> list[Actor]:
    seeded = play.seeded
    posters = {seeded.documents[story.code]["poster"] for story in play.stories}
    bidders = {bid["organisation"] for story in play.stories for bid in story.document["bids"]}
    return [
        seeded.actor_with(Role.BUREAU_OFFICER),
        *(seeded.actor_with(Role.POSTER, code) for code in sorted(posters)),
        *(seeded.actor_with(Role.SOLVER, code) for code in sorted(bidders)),
    ]
