"""The eligibility check over HTTP."""

from typing import Any

import httpx
import pytest

from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from tests.given import bids as given
from tests.given.scenarios import a_content, a_published_call
from tests.given.traces import everything

QUALIFICATIONS = [one["code"] for one in a_content()["qualifications"]]
REASON = {"zh": "未提交保密协议", "en": "No confidentiality agreement"}


def answers(**failed: dict[str, str] | None) -> dict[str, Any]:
    """An answer to every qualification: passed, unless named with its reason."""
    return {
        "items": [
            {"code": code, "passed": code not in failed, "reason": failed.get(code)}
            for code in QUALIFICATIONS
        ]
    }


async def test_an_officer_finds_one_eligible_and_one_not(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """The bidder reads the reason item by item, in both languages."""
    opened = await given.an_opened_call(
        database, clock, offers=(given.an_offer(), given.an_offer())
    )
    officer = opened.call.cast.officer.headers
    fit, unfit = opened.bids

    passed = await client.post(f"/v1/bids/{fit.id}/eligibility", json=answers(), headers=officer)
    failed = await client.post(
        f"/v1/bids/{unfit.id}/eligibility",
        json=answers(confidentiality_agreement=REASON),
        headers=officer,
    )
    read = (await client.get(f"/v1/bids/{unfit.id}", headers=unfit.solver.headers)).json()

    assert (passed.status_code, passed.json()["state"]) == (200, "eligible"), passed.text
    assert (failed.json()["state"], failed.json()["actions"]["allowed"]) == ("ineligible", [])
    assert read["exclusion"] == {"code": "ineligible", "reason": REASON}
    checked = {item["code"]: item for item in read["eligibility"]["items"]}
    assert checked["confidentiality_agreement"]["reason"] == REASON
    assert sorted(checked) == sorted(QUALIFICATIONS)


@pytest.mark.parametrize(
    "items",
    [
        [],
        answers()["items"][:-1],
        answers()["items"] + [{"code": "tall", "passed": True}],
        [*answers()["items"][:-1], answers()["items"][0]],
        answers(confidentiality_agreement=None)["items"],
    ],
)
async def test_refuses_an_incomplete_check(
    client: httpx.AsyncClient, database: Database, clock: FixedClock, items: list[dict[str, Any]]
) -> None:
    """None missing, none invented, none twice, and a reason for what failed; nothing is kept."""
    opened = await given.an_opened_call(database, clock, offers=(given.an_offer(),))
    before = await everything(database)

    answer = await client.post(
        f"/v1/bids/{opened.bids[0].id}/eligibility",
        json={"items": items},
        headers=opened.call.cast.officer.headers | {"Idempotency-Key": "check"},
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "bids.check_incomplete")
    assert await everything(database) == before


async def test_is_for_officers_and_this_poster(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Readers are refused, strangers find nothing, and it is done once."""
    opened = await given.an_opened_call(database, clock, offers=(given.an_offer(),))
    elsewhere = await a_published_call(database, clock)
    bid, cast = opened.bids[0], opened.call.cast
    url = f"/v1/bids/{bid.id}/eligibility"
    issued = await client.post(
        "/v1/api-keys",
        json={"name": "narrow", "scopes": ["bids:read_opened"]},
        headers=cast.poster.headers,
    )
    narrow = {"Authorization": f"Bearer {issued.json()['key']}"}

    async def status(headers: dict[str, str]) -> int:
        return (await client.post(url, json=answers(), headers=headers)).status_code

    assert await status({}) == 401
    assert await status(bid.solver.headers) == 404
    assert await status(elsewhere.cast.poster.headers) == 404
    assert await status(cast.supervisor.headers) == 404
    assert await status(cast.auditor.headers) == 403
    assert await status(cast.approver.headers) == 403
    assert await status(narrow) == 403
    assert await status(cast.poster.headers) == 200
    assert await status(cast.officer.headers) == 409


async def test_a_sealed_bid_cannot_be_checked(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Before the opening it does not exist for the officer, whatever its id."""
    call = await a_published_call(database, clock)
    bid = await given.a_sealed_bid(database, clock, call)
    unknown = "01890000-0000-7000-8000-000000000000"

    async def told(bid_id: object) -> tuple[int, str, list[str]]:
        answer = await client.post(
            f"/v1/bids/{bid_id}/eligibility", json=answers(), headers=call.cast.officer.headers
        )
        return answer.status_code, answer.json()["code"], sorted(answer.json())

    assert await told(bid.id) == await told(unknown)
