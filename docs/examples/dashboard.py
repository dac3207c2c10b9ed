"""A dashboard of calls that stays right when events come twice, late or out of order.

    python docs/examples/dashboard.py --api https://jiebang.example --key KEY --secret whsec_... \
        --state board.db --port 9000

A webhook tells quickly, the feed tells completely; so both are written into one table and none is
acted upon. What comes twice has the same id and is kept once. What comes late takes its place by
`sequence`, which counts the events of one subject. What never came is read from the feed, from the
place where reading stopped last time. The page is computed from the table, so it does not matter
how an event arrived. GET / answers the board as JSON.
"""

import argparse
import asyncio
import json
import sqlite3
from typing import Any

import httpx
import uvicorn
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

STATES = {
    "scenario.published": "open",
    "scenario.resumed": "open",
    "scenario.suspended": "suspended",
    "scenario.closed": "closed",
    "scenario.failed": "failed",
    "scenario.cancelled": "cancelled",
    "scenario.completed": "completed",
}
DEADLINES = {"bid_deadline_at", "new_deadline_at"}
TABLES = """
CREATE TABLE IF NOT EXISTS event (id TEXT PRIMARY KEY, subject TEXT, sequence INTEGER, body TEXT);
CREATE TABLE IF NOT EXISTS place (after TEXT);
"""


class Board:
    """Every event that was heard, and what follows from them."""

    def __init__(self, path: str) -> None:
        self.database = sqlite3.connect(path)
        self.database.executescript(TABLES)

    def keep(self, events: list[dict[str, Any]], place: str | None = None) -> None:
        """Write events down, and in the same transaction how far the feed was read."""
        rows = [(e["id"], e["subject"], e["sequence"], json.dumps(e)) for e in events]
        with self.database:
            self.database.executemany("INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?)", rows)
            if place is not None:
                self.database.execute("DELETE FROM place")
                self.database.execute("INSERT INTO place VALUES (?)", (place,))

    @property
    def place(self) -> str | None:
        """Where reading the feed stopped."""
        found = self.database.execute("SELECT after FROM place").fetchone()
        return found[0] if found else None

    def calls(self) -> dict[str, dict[str, Any]]:
        """Compute the board: for each call what its events say, in the order of their subject."""
        calls: dict[str, dict[str, Any]] = {}
        for (body,) in self.database.execute("SELECT body FROM event ORDER BY subject, sequence"):
            event = json.loads(body)
            data, kind = event["data"], event["type"]
            if "scenario_id" not in data:
                continue
            call = calls.setdefault(data["scenario_id"], {"state": None})
            if kind in STATES:
                call["state"] = STATES[kind]
            if kind == "scenario.published":
                call |= {"number": data["number"], "title": data["title"]}
            for field in DEADLINES & data.keys():
                call["deadline_at"] = data[field]
            if kind == "award.announced":
                call["winner"] = data["solver_organization_id"]
        return calls


async def read_feed(board: Board, client: httpx.AsyncClient, *, wait: int = 25) -> None:
    """Read everything that was said since last time; then wait for more, at most `wait` seconds."""
    parameters = {"limit": 200, "wait": wait} | ({"after": board.place} if board.place else {})
    answer = await client.get("/v1/events", params=parameters, timeout=wait + 10)
    answer.raise_for_status()
    page = answer.json()
    board.keep(page["items"], page["next_cursor"])


async def read_for_ever(board: Board, client: httpx.AsyncClient) -> None:
    """Go on reading; the service may be away for a while."""
    while True:
        try:
            await read_feed(board, client)
        except httpx.HTTPError:
            await asyncio.sleep(2)


def application(board: Board, secret: str) -> Any:
    """Take webhooks by POST and show the board by GET."""
    webhook = Webhook(secret)

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        status, said = 200, json.dumps(board.calls(), ensure_ascii=False).encode()
        if scope["method"] == "POST":
            headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
            try:
                webhook.verify(body, headers, json_parse=False)
            except (WebhookVerificationError, ValueError):
                status, said = 401, b""
            else:
                board.keep([json.loads(body)])  # only what is written down is answered with 2xx
                status, said = 204, b""
        kind = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": kind})
        await send({"type": "http.response.body", "body": said})

    return answer


async def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="A dashboard of calls.")
    for name in ("--api", "--key", "--secret"):
        parser.add_argument(name, required=True)
    parser.add_argument("--state", default="board.db")
    parser.add_argument("--port", type=int, default=9000)
    given = parser.parse_args()
    board = Board(given.state)
    headers = {"Authorization": f"Bearer {given.key}"}
    async with httpx.AsyncClient(base_url=given.api, headers=headers) as client:
        reading = asyncio.create_task(read_for_ever(board, client))
        served = application(board, given.secret)
        await uvicorn.Server(uvicorn.Config(served, port=given.port, lifespan="off")).serve()
        reading.cancel()


if __name__ == "__main__":
    asyncio.run(main())
