"""A whole call played over HTTP, by people who each have one duty: from draft to ranking."""

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from marketplace.bids.actions import eligibility
from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
from marketplace.scorers import scorer_of
from marketplace.scoring.jobs import upkeep
from tests.conftest import START, Caller
from tests.given import custody
from tests.given import panels as bench
from tests.given.bids import Begun, an_offer, an_opened_call
from tests.given.identity import Someone, someone
from tests.given.profiles import shipped_rules
from tests.given.scenarios import Called, Cast, a_cast, a_published_call

_batches = itertools.count(1)

DEADLINE = START + dt.timedelta(days=30)
YUAN = 100
MAX_PRICE_YUAN = 1_000_000
QUOTES_YUAN = {"ours": 800_000, "theirs": 900_000}
ROWS = 10
CSV = {"Content-Type": "text/csv"}
DECLARATIONS = ["integrity", "interest", "related_party"]
REVIEW = {"feasibility_opinion": "可行", "fair_competition_review": "未发现问题"}
TITLE = {"zh": "热线工单分派(示例)", "en": "Hotline dispatch (example)"}
BENCHMARK = {
    "code": "benchmark",
    "title": {"zh": "实测", "en": "Benchmark"},
    "kind": "objective_auto",
    "metric": "accuracy",
    "floor": "0.5",
    "target": "1",
    "rule": {"zh": "按准确率线性计分"},
}
PLAN = {
    "code": "plan",
    "title": {"zh": "方案", "en": "Plan"},
    "kind": "subjective_expert",
    "scale_max": "100",
}
PARAMETERS = {
    "code": "parameters",
    "title": {"zh": "参数", "en": "Parameters"},
    "kind": "objective_expert",
    "scale_max": "100",
    "rule": {"zh": "每项负偏离扣 4 分"},
}
PRICE = {
    "code": "price",
    "title": {"zh": "价格", "en": "Price"},
    "kind": "price_low_first",
    "direction": "lower",
}


def weighed(weights: Mapping[str, int]) -> list[dict[str, object]]:
    """The criteria above, with these weights in basis points."""
    known = {str(one["code"]): one for one in (BENCHMARK, PLAN, PARAMETERS, PRICE)}
    return [known[code] | {"weight_bps": bps} for code, bps in weights.items()]


EVERYTHING = weighed({"benchmark": 4000, "parameters": 1000, "plan": 2000, "price": 3000})
PLAN_AND_PRICE = weighed({"plan": 7000, "price": 3000})


def a_content(
    criteria: Sequence[Mapping[str, object]],
    *,
    tie_breaks: Sequence[str] = (),
    max_price_yuan: int = MAX_PRICE_YUAN,
    blind: bool = False,
) -> dict[str, object]:
    """What a call for a service says, judged by `criteria`."""
    shares = {"gov": 5000, "poster": 3000, "solver": 2000}
    return {
        "title": TITLE,
        "problem": {"zh": "工单分派慢(示例)"},
        "domain": "public_service",
        "category": "services",
        "no_dataset": True,
        "budget": {
            "ceiling_fen": max_price_yuan * YUAN,
            "max_price_fen": max_price_yuan * YUAN,
            "sources": [
                {
                    "funder": funder,
                    "phase": "P1",
                    "amount_fen": 1_000 * YUAN,
                    "reference": "预算指标(示例)",
                }
                for funder in ("gov", "poster")
            ],
        },
        "cost_share": [
            {
                "code": "P1",
                "title": {"zh": "试点"},
                "ceiling_fen": 1_000 * YUAN,
                "ok_bps": shares,
                "blameless_fail_bps": shares,
            }
        ],
        "scoring": {
            "method": "comprehensive",
            "tie_breaks": list(tie_breaks),
            "blind": blind,
        },
        "criteria": list(criteria),
        "qualifications": [{"code": "licence", "zh": "营业执照"}],
    }


def labels(right: int = ROWS, *, column: str = "prediction") -> bytes:
    """A file of ten rows, the first `right` of which say what is true."""
    rows = [f"r{at},{'yes' if at < right else 'no'}" for at in range(ROWS)]
    return "\n".join([f"id,{column}", *rows, ""]).encode()


TRUTH = labels(column="label")


@dataclass(slots=True, kw_only=True)
class Play:
    """One call and the people in it; every method but the last few is one scene over HTTP."""

    client: httpx.AsyncClient
    database: Database
    clock: FixedClock
    cast: Cast
    experts: tuple[Someone, ...]
    """Who sits on the panel; the first chairs."""
    solvers: dict[str, Someone]
    reserve: tuple[Someone, ...] = ()
    """Experts of the pool who are left over when a panel is drawn."""
    track: Track = Track.PRIVATE
    scenario_id: str = ""
    bids: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The address of the call."""
        return f"/v1/scenarios/{self.scenario_id}"

    async def ask(self, who: Someone, method: str, url: str, **request: Any) -> httpx.Response:
        """Ask for something, and take whatever answer comes."""
        headers = who.headers | request.pop("headers", {})
        return await self.client.request(method, url, headers=headers, **request)

    async def get(self, who: Someone, url: str) -> Any:
        """Read something that must be there."""
        answer = await self.ask(who, "GET", url)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def do(self, who: Someone, url: str, body: object = None, **headers: str) -> Any:
        """Do something that must succeed."""
        answer = await self.ask(who, "POST", url, json=body or {}, headers=headers)
        assert answer.status_code in {200, 201, 202}, answer.text
        return answer.json()

    async def move(self, who: Someone, url: str, verb: str, body: object = None) -> Any:
        """Make a move that asks for the present version."""
        etag = (await self.ask(who, "GET", url)).headers["etag"]
        return await self.do(who, f"{url}/actions/{verb}", body, **{"If-Match": etag})

    async def publish(self, content: Mapping[str, object], track: Track) -> None:
        """The poster drafts and signs, the bureau reviews, approves and publishes."""
        self.track = track
        cast, number = self.cast, f"NS-2026-B{next(_batches)}"
        batch = await self.do(
            cast.officer, "/v1/batches", {"number": number, "title": {"zh": "批次"}, "year": 2026}
        )
        draft = {"batch_id": batch["id"], "track": track.value, "content": content}
        self.scenario_id = (await self.do(cast.poster, "/v1/scenarios", draft))["id"]
        await self.move(cast.end_user, self.url, "sign-need")
        await self.move(cast.poster, self.url, "submit")
        await self.move(cast.officer, self.url, "accept")
        await self.move(cast.approver, self.url, "approve", {"review": REVIEW})
        await self.move(
            cast.approver, self.url, "publish", {"bid_deadline_at": DEADLINE.isoformat()}
        )

    async def seat_panel(self) -> Any:
        """The officer names every expert, or has them drawn; the first of them chairs."""
        seat = bench.name_panel if self.track in bench.NAMED else bench.draw_panel
        return await seat(self)

    def seats(self) -> list[dict[str, object]]:
        """The request that seats every expert."""
        return [
            {"person_id": str(one.actor.person_id), "chair": one is self.experts[0]}
            for one in self.experts
        ]

    async def bid(self, name: str, *, quote_yuan: int | None, **changes: object) -> None:
        """A solver begins a bid and seals an offer."""
        await self.begin(name)
        answer = await self.offer(name, quote_yuan=quote_yuan, **changes)
        assert answer.status_code == 200, answer.text

    async def begin(self, name: str) -> Begun:
        """A solver begins a bid."""
        begun = await self.do(self.solvers[name], f"{self.url}/bids")
        self.bids[name] = begun["id"]
        return Begun(id=UUID(begun["id"]), solver=self.solvers[name])

    async def offer(
        self, name: str, *, quote_yuan: int | None, **changes: object
    ) -> httpx.Response:
        """A solver seals an offer for a bid that was begun."""
        solver, url = self.solvers[name], f"/v1/bids/{self.bids[name]}"
        etag = (await self.ask(solver, "GET", url)).headers["etag"]
        body = {
            "quote_fen": None if quote_yuan is None else quote_yuan * YUAN,
            "declarations": DECLARATIONS,
            "summary": f"{name} 的方案(示例)",
            **changes,
        }
        headers = {"If-Match": etag, "Idempotency-Key": f"{name}-{quote_yuan}"}
        return await self.ask(solver, "POST", f"{url}/actions/submit", json=body, headers=headers)

    async def open(self) -> None:
        """After the deadline officer and supervisor open all bids together."""
        self.clock.move_to(DEADLINE + dt.timedelta(minutes=5))
        await self.release(self.cast.officer, f"{self.url}/opening")
        await self.release(self.cast.supervisor, f"{self.url}/opening/actions/witness")

    async def release(self, who: Someone, url: str) -> None:
        """A custodian sends the own share."""
        await self.do(who, url, await custody.share_body(self.database, self.scenario_id, who))

    async def check(self, *eligible: str, ineligible: Sequence[str] = ()) -> None:
        """The officer answers the one qualification of every bid."""
        for name in (*eligible, *ineligible):
            found: dict[str, object] = {"code": "licence", "passed": name in eligible}
            if name in ineligible:
                found["reason"] = {"zh": "未提交营业执照", "en": "No licence was sent"}
            await self.do(
                self.cast.officer,
                f"/v1/bids/{self.bids[name]}/eligibility",
                {"items": [found]},
            )

    async def upload_truth(self, content: bytes = TRUTH) -> httpx.Response:
        """The poster sets the hidden set of the benchmark."""
        url = f"{self.url}/hidden-sets/benchmark"
        return await self.ask(self.cast.poster, "POST", url, content=content, headers=CSV)

    async def score(self) -> int:
        """The scorer measures whatever is queued."""
        assert isinstance(self.client, Caller)
        house = self.client.house
        counted = await scorer_of(house).work()
        await upkeep.tidy_files(house.database, house.storage, house.clock)
        return counted

    async def measured(self, name: str, content: Any, **headers: str) -> dict[str, Any]:
        """A solver sends a prediction file, it is measured, and the solver looks at it."""
        answer = await self.upload(name, content, **headers)
        assert answer.status_code == 202, answer.text
        await self.score()
        found: dict[str, Any] = await self.get(
            self.solvers[name], f"/v1/submissions/{answer.json()['id']}"
        )
        return found

    async def upload(self, name: str, content: Any, **headers: str) -> httpx.Response:
        """A solver sends a prediction file, which is queued."""
        url = f"/v1/bids/{self.bids[name]}/submissions/benchmark"
        return await self.ask(
            self.solvers[name], "POST", url, content=content, headers=CSV | headers
        )

    def marks(self, criterion: str, **by_name: str) -> list[dict[str, str]]:
        """Marks as a request holds them, such as `plan, A="80"`."""
        return [
            {"bid_id": self.bids[name], "criterion": criterion, "mark": mark}
            for name, mark in by_name.items()
        ]

    async def mark(self, judge: Someone, *, sign: bool = True, **plan: str) -> Any:
        """A judge marks the plans, and signs."""
        body = {"marks": self.marks("plan", **plan), "sign": sign}
        return await self.do(judge, f"{self.url}/score-sheets", body)

    async def mark_all(self, **plan: str) -> None:
        """Every judge gives the same marks, and signs."""
        for judge in self.experts:
            await self.mark(judge, sign=True, **plan)

    async def rank(self, reason: str = "first", *, who: Someone | None = None) -> httpx.Response:
        """The chair asks for a ranking."""
        chair = who or self.experts[0]
        return await self.ask(chair, "POST", f"{self.url}/ranking-rounds", json={"reason": reason})

    async def recommend(self) -> Any:
        """The chair names the candidates."""
        return await self.do(self.experts[0], f"{self.url}/candidates")

    async def vote(self, name: str, path: str, body: object, *judges: int) -> Any:
        """Judges of these places vote on a bid, one after the other; the last answer counts."""
        url = f"/v1/bids/{self.bids[name]}/{path}"
        return [await self.do(self.experts[place], url, body) for place in judges][-1]

    async def standings(self, round_id: str) -> dict[str, Any]:
        """The standings of a round, by the names of the bidders."""
        names = {bid_id: name for name, bid_id in self.bids.items()}
        document = await self.get(self.cast.approver, f"/v1/ranking-rounds/{round_id}/standings")
        return {names[one["bid_id"]]: one for one in document["standings"]}


async def a_play(
    client: httpx.AsyncClient,
    database: Database,
    clock: FixedClock,
    *names: str,
    judges: int = 5,
    cast: Cast | None = None,
) -> Play:
    """People, rules, and solvers of these names, before anything has happened."""
    await shipped_rules(database)
    return Play(
        client=client,
        database=database,
        clock=clock,
        cast=cast or await a_cast(database),
        experts=await bench.a_panel_to_be(database, judges=judges),
        reserve=(await bench.an_expert(database),),
        solvers={name: await someone(database, Role.SOLVER) for name in names},
    )


async def a_published_play(
    client: httpx.AsyncClient,
    database: Database,
    clock: FixedClock,
    *,
    criteria: Sequence[Mapping[str, object]] = EVERYTHING,
    judges: int = 3,
    track: Track = Track.PRIVATE,
    blind: bool = False,
) -> Play:
    """A call that is open for bids, and its panel not yet seated; made by actions."""
    called = await a_published_call(
        database,
        clock,
        track=track,
        content=a_content(criteria, blind=blind),
        window=DEADLINE - START,
    )
    play = await a_play(client, database, clock, judges=judges, cast=called.cast)
    play.track, play.scenario_id = track, str(called.id)
    return play


async def an_evaluating_play(
    client: httpx.AsyncClient,
    database: Database,
    clock: FixedClock,
    *,
    quotes_yuan: Mapping[str, int | None] = QUOTES_YUAN,
    criteria: Sequence[Mapping[str, object]] = EVERYTHING,
    checked: bool = True,
    blind: bool = False,
) -> Play:
    """A private call with a panel of three and opened bids of these names; made by actions."""
    play = await a_published_play(client, database, clock, criteria=criteria, blind=blind)
    call = Called(id=UUID(play.scenario_id), cast=play.cast)
    await play.seat_panel()
    offers = {
        name: an_offer(quote_fen=None if yuan is None else yuan * YUAN)
        for name, yuan in quotes_yuan.items()
    }
    opened = await an_opened_call(database, clock, call=call, offers=tuple(offers.values()))
    for name, begun in zip(offers, opened.bids, strict=True):
        play.solvers[name], play.bids[name] = begun.solver, str(begun.id)
        if checked and (quotes_yuan[name] or 0) <= MAX_PRICE_YUAN:  # what is above is out
            findings = [eligibility.Finding(code="licence", passed=True)]
            async with database.writing() as session:
                await eligibility.check_eligibility(
                    session, play.cast.officer.actor, begun.id, findings=findings, now=START
                )
    return play
