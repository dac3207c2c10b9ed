"""How bidders ask for things over HTTP."""

from typing import Any

import httpx

from tests.given import bids as given
from tests.given.identity import Someone


async def seal(
    client: httpx.AsyncClient,
    bid: given.Begun,
    *,
    verb: str = "submit",
    key: str = "key-1",
    **changes: object,
) -> httpx.Response:
    """Seal an offer with the ETag of a fresh read."""
    read = await client.get(f"/v1/bids/{bid.id}", headers=bid.solver.headers)
    headers = {"If-Match": read.headers["etag"], "Idempotency-Key": key}
    return await client.post(
        f"/v1/bids/{bid.id}/actions/{verb}",
        json=given.an_offer_body(**changes),
        headers=bid.solver.headers | headers,
    )


async def ask(client: httpx.AsyncClient, bid: given.Begun, verb: str) -> httpx.Response:
    """Ask for a move of a bid with the ETag of a fresh read."""
    read = await client.get(f"/v1/bids/{bid.id}", headers=bid.solver.headers)
    headers = bid.solver.headers | {"If-Match": read.headers["etag"]}
    return await client.post(f"/v1/bids/{bid.id}/actions/{verb}", headers=headers)


async def actions_of(client: httpx.AsyncClient, bid: given.Begun, who: Someone) -> dict[str, Any]:
    """What a bid offers to somebody: allowed names, and the code of each blocked one."""
    actions = (await client.get(f"/v1/bids/{bid.id}", headers=who.headers)).json()["actions"]
    blocked = {one["action"]: one["code"] for one in actions["blocked"]}
    return {"allowed": actions["allowed"], "blocked": blocked}
