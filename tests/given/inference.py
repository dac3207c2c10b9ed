"""Models of solvers on a real port, hidden inputs for them, and plays that call them."""

import asyncio
import contextlib
import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from marketplace.house import House
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.scorers import caller_of, scorer_of
from tests.given import scoring as given
from tests.given.scoring import ROWS, Play

SECRET: Final = "Bearer 鲸鱼".encode("unicode_escape").decode() + "-f00dfeed"
TERMS: Final[dict[str, object]] = {
    "requests_per_second": 100,
    "concurrency": 2,
    "seconds_per_request": 5,
    "seconds_total": 60,
    "retries_max": 0,
    "example": '{"n": 3, "text": "路灯不亮"}',
}
INPUTS: Final = "".join(
    json.dumps({"id": f"r{at}", "n": at, "text": f"工单 {at}"}, ensure_ascii=False) + "\n"
    for at in range(ROWS)
).encode()
JSON_LINES: Final = {"Content-Type": "application/jsonl"}
GONE: Final = (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError)

WITH_FILES: Final = [
    one | {"benchmark": {"endpoint": TERMS | {"files": True}}}
    if one["code"] == "benchmark"
    else one
    for one in given.EVERYTHING
]
"""The usual criteria, of which the benchmark takes endpoints and files."""

Answer = Callable[[Mapping[str, Any]], object]


def digest_of(content: bytes) -> str:
    """The digest of bytes, as everybody can compute it."""
    return hashlib.sha256(content).hexdigest()


def right_for(right: int) -> Answer:
    """A model that is right for the first so many rows."""
    return lambda one: "yes" if one["n"] < right else "no"


@dataclass(slots=True, kw_only=True)
class Model:
    """A solver's model behind HTTP, which remembers whatever it was asked."""

    answer: Answer
    port: int = 0
    heads: list[str] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    open_for: int | None = None
    """It answers so many requests, then waits until `opened` is set."""
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    waits: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a request is being held back."""
    status: int = 200

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/predict"

    @property
    def texts(self) -> Counter[str]:
        """How often each input was asked."""
        return Counter(str(one["text"]) for one in self.asked)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection until the other side has had enough."""
        with contextlib.suppress(*GONE):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
                inputs = json.loads(await reader.readexactly(length))["inputs"]
                self.heads.append(head)
                self.asked += inputs
                if self.open_for is not None and len(self.heads) > self.open_for:
                    self.waits.set()
                    await self.opened.wait()
                writer.write(self._said(inputs))
                await writer.drain()
        writer.transport.abort()

    def _said(self, inputs: list[dict[str, Any]]) -> bytes:
        outputs = [{"id": one["id"], "prediction": self.answer(one)} for one in inputs]
        body = json.dumps({"outputs": outputs}).encode()
        return f"HTTP/1.1 {self.status} X\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@asynccontextmanager
async def a_model(answer: Answer, **how: Any) -> AsyncIterator[Model]:
    """A model that listens on this machine."""
    model = Model(answer=answer, **how)
    listener = await asyncio.start_server(model.serve, "127.0.0.1", 0)
    model.port = listener.sockets[0].getsockname()[1]
    try:
        yield model
    finally:
        model.opened.set()
        listener.close()


def a_benchmark(**changes: object) -> list[dict[str, object]]:
    """Criteria of which the benchmark calls endpoints; `benchmark` settings may be changed."""
    terms = TERMS | dict(changes.pop("terms", {}))  # type: ignore[call-overload]
    asked = {"endpoint": terms} | changes
    return [
        given.BENCHMARK | {"weight_bps": 7000, "benchmark": asked},
        *given.weighed({"price": 3000}),
    ]


LATENCY: Final = {
    "code": "latency",
    "title": {"zh": "应答时间", "en": "Latency"},
    "kind": "objective_auto",
    "metric": "latency_percentile:0.95",
    "direction": "lower",
    "floor": "60000",
    "target": "1",
    "rule": {"zh": "按 95% 应答时间线性计分"},
    "weight_bps": 1000,
    "benchmark": {"calls_of": "benchmark"},
}


def a_benchmark_with_latency(**changes: object) -> list[dict[str, object]]:
    """The same, with a criterion that judges how long the same calls took."""
    benchmark, price = a_benchmark(**changes)
    return [benchmark | {"weight_bps": 6000}, LATENCY, price]


async def a_calling_play(
    client: httpx.AsyncClient, database: Database, clock: FixedClock, **changes: object
) -> Play:
    """A call in evaluation with one bid, a hidden set and its inputs."""
    play = await given.an_evaluating_play(
        client,
        database,
        clock,
        quotes_yuan={"ours": 800_000},
        criteria=a_benchmark(**changes),
    )
    assert (await play.upload_truth()).status_code == 201
    sent = await upload_inputs(play)
    assert sent.status_code == 201, sent.text
    return play


async def upload_inputs(play: Play, content: bytes = INPUTS) -> httpx.Response:
    """The poster sets the hidden inputs of the benchmark."""
    url = f"{play.url}/hidden-inputs/benchmark"
    return await play.ask(play.cast.poster, "POST", url, content=content, headers=JSON_LINES)


async def register(
    play: Play, url: str, *, name: str = "ours", secret: str | None = None
) -> httpx.Response:
    """A solver registers an endpoint for their bid."""
    body: dict[str, object] = {"url": url}
    if secret is not None:
        body["header"] = {"name": "Authorization", "value": secret}
    where = f"/v1/bids/{play.bids[name]}/inference-endpoints/benchmark"
    return await play.ask(play.solvers[name], "POST", where, json=body)


async def submit(play: Play, url: str, *, name: str = "ours") -> dict[str, Any]:
    """A solver registers an endpoint and submits it."""
    made = await register(play, url, name=name)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = await play.do(
        play.solvers[name], f"/v1/inference-endpoints/{made.json()['id']}/actions/submit"
    )
    return found


async def seen(play: Play, submission: Mapping[str, Any], *, name: str = "ours") -> dict[str, Any]:
    """A submission as its solver sees it now."""
    found: dict[str, Any] = await play.get(
        play.solvers[name], f"/v1/submissions/{submission['id']}"
    )
    return found


async def called(house: House) -> int:
    """Everybody who is due is asked, and what they answered is measured."""
    counted = await dataclasses.replace(caller_of(house), poll_seconds=0.05).work()
    await scorer_of(house).work()
    return counted
