"""F01: weights that do not add up, found before approval, before the deadline, and after the
opening.
"""

import datetime as dt
from uuid import UUID

import httpx
import pytest

from marketplace.identity.rules.access import SYSTEM
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios.actions import drafting
from marketplace.scenarios.rules.content import content_from
from marketplace.scenarios.tables import Scenario
from tests.given import scoring as given
from tests.given.amending import amend
from tests.given.identity import Someone

pytestmark = pytest.mark.postgres
TOO_LITTLE = given.weighed({"benchmark": 3500, "parameters": 1000, "plan": 2000, "price": 3000})
PRICE_TOO_LIGHT = given.weighed({"benchmark": 5500, "parameters": 2000, "plan": 2000, "price": 500})
OTHER_WEIGHTS = given.weighed({"benchmark": 5000, "parameters": 1000, "plan": 2000, "price": 2000})
TENDER = Track.PROCUREMENT_TENDER


async def reviewed(play: given.Play, criteria: list[dict[str, object]]) -> None:
    """A draft with these criteria, in review."""
    number = await play.do(
        play.cast.officer,
        "/v1/batches",
        {"number": "NS-2026-F01", "title": {"zh": "批次"}, "year": 2026},
    )
    draft = {
        "batch_id": number["id"],
        "track": TENDER.value,
        "content": given.a_content(criteria),
    }
    play.scenario_id = (await play.do(play.cast.poster, "/v1/scenarios", draft))["id"]
    await play.move(play.cast.poster, play.url, "sign-need")
    await play.move(play.cast.poster, play.url, "submit")
    await play.move(play.cast.officer, play.url, "accept")


async def try_to(play: given.Play, who: Someone, verb: str, body: object) -> httpx.Response:
    """Ask for a move under the present version, and take whatever answer comes."""
    etag = (await play.ask(who, "GET", play.url)).headers["etag"]
    return await play.ask(
        who, "POST", f"{play.url}/actions/{verb}", json=body, headers={"If-Match": etag}
    )


@pytest.mark.parametrize(
    ("criteria", "rule"), [(TOO_LITTLE, "LINT-01"), (PRICE_TOO_LIGHT, "LINT-02")]
)
async def test_a_call_with_wrong_weights_is_not_approved(
    client: httpx.AsyncClient,
    database: Database,
    clock: FixedClock,
    criteria: list[dict[str, object]],
    rule: str,
) -> None:
    """Approval names the rule, the field and the source, and changes nothing."""
    play = await given.a_play(client, database, clock)
    await reviewed(play, criteria)

    refused = await try_to(play, play.cast.approver, "approve", {"review": given.REVIEW})
    seen = await play.get(play.cast.approver, play.url)

    assert refused.status_code == 422, refused.text
    assert refused.json()["code"] == "scenarios.lint_failed"
    assert refused.json()["rules"] == [rule]
    finding = refused.json()["findings"][0]
    assert finding["pointer"] == "/criteria" and finding["source"]
    assert seen["state"] == "under_review"


@pytest.mark.parametrize(
    ("criteria", "rule"), [(TOO_LITTLE, "LINT-01"), (PRICE_TOO_LIGHT, "LINT-02")]
)
async def test_a_call_that_got_wrong_weights_after_its_approval_is_not_published(
    client: httpx.AsyncClient,
    database: Database,
    clock: FixedClock,
    criteria: list[dict[str, object]],
    rule: str,
) -> None:
    """Publication asks again, of what would be published: nothing is public afterwards."""
    play = await given.a_play(client, database, clock)
    await reviewed(play, given.EVERYTHING)
    await play.move(play.cast.approver, play.url, "approve", {"review": given.REVIEW})
    async with database.writing() as session:
        # No door changes an approved call; this is what a faulty import would have left.
        row = await session.get(Scenario, UUID(play.scenario_id))
        assert row is not None
        row.content_version += 1
        wrong = content_from(given.a_content(criteria))
        await drafting.write_version(session, SYSTEM, row, wrong, note=None, now=clock.now())
    deadline = {"bid_deadline_at": given.DEADLINE.isoformat()}

    refused = await try_to(play, play.cast.approver, "publish", deadline)
    public = await client.get(play.url)

    assert refused.status_code == 422, refused.text
    assert refused.json()["code"] == "scenarios.lint_failed"
    assert refused.json()["rules"] == [rule]
    assert all(one["suggestion"]["zh"] and one["source"] for one in refused.json()["findings"])
    assert public.status_code == 404


async def test_found_before_the_deadline_the_call_is_amended_and_bids_are_asked_again(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Three days before the deadline: fifteen days more, and whoever stays silent lapses."""
    play = await given.a_play(client, database, clock, "attentive", "silent")
    await play.publish(given.a_content(given.EVERYTHING), TENDER)
    await play.bid("attentive", quote_yuan=800_000)
    await play.bid("silent", quote_yuan=700_000)
    clock.move_to(given.DEADLINE - dt.timedelta(days=3))

    amended = (await amend(client, play.cast, play.url, given.a_content(OTHER_WEIGHTS))).json()
    asked = await play.get(play.solvers["attentive"], f"/v1/bids/{play.bids['attentive']}")
    await play.move(play.solvers["attentive"], f"/v1/bids/{play.bids['attentive']}", "reconfirm")
    await play.seat_panel()
    deadline = dt.datetime.fromisoformat(amended["deadlines"]["bid_deadline_at"])
    clock.move_to(deadline + dt.timedelta(minutes=5))
    await play.release(play.cast.officer, f"{play.url}/opening")
    await play.release(play.cast.supervisor, f"{play.url}/opening/actions/witness")
    confirmed = await play.get(play.solvers["attentive"], f"/v1/bids/{play.bids['attentive']}")
    lapsed = await play.get(play.solvers["silent"], f"/v1/bids/{play.bids['silent']}")

    assert amended["content_version"] == 2
    # The amendment is of 29 March; the 15th day after it is Monday 13 April, which ends at 24:00.
    assert deadline == dt.datetime(2026, 4, 13, 16, 0, tzinfo=dt.UTC)
    assert asked["state"] == "needs_reconfirm"
    assert (confirmed["state"], lapsed["state"]) == ("opened", "lapsed")


async def test_found_after_the_opening_the_call_fails_and_a_new_one_takes_it_up(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Opened means frozen: no amendment any more; the relaunch names what it supersedes."""
    play = await given.a_play(client, database, clock, "ours")
    await play.publish(given.a_content(given.EVERYTHING), TENDER)
    await play.seat_panel()
    await play.bid("ours", quote_yuan=800_000)
    await play.open()

    refused = await amend(client, play.cast, play.url, given.a_content(OTHER_WEIGHTS))
    failed = await play.move(play.cast.approver, play.url, "fail", {"reason": "illegal_file"})
    old = play.scenario_id
    batch = failed["batch_id"]
    again = {
        "batch_id": batch,
        "track": TENDER.value,
        "content": given.a_content(OTHER_WEIGHTS),
        "supersedes_id": old,
    }
    relaunched = await play.do(play.cast.poster, "/v1/scenarios", again)

    assert refused.status_code == 409, refused.text
    assert failed["state"] == "failed"
    assert relaunched["supersedes_id"] == old
    assert (relaunched["state"], relaunched["number"] != failed["number"]) == ("draft", True)
