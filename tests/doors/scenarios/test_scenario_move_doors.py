"""The moves of a call over HTTP, from the draft to its end."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
from tests.given import scenarios as given
from tests.given.amending import amend, ask_to
from tests.given.identity import Someone
from tests.given.traces import everything


@dataclass(frozen=True, slots=True)
class Asking:
    """A call that people ask things of, each with the version they have just read."""

    client: httpx.AsyncClient
    called: given.Called

    @property
    def url(self) -> str:
        """Where the call is."""
        return f"/v1/scenarios/{self.called.id}"

    async def read(self, who: Someone) -> httpx.Response:
        """Read the call."""
        return await self.client.get(self.url, headers=who.headers)

    async def ask(self, who: Someone, verb: str, body: dict[str, Any] | None = None) -> Any:
        """Ask for a move, with the ETag of a fresh read."""
        etag = (await self.read(who)).headers["etag"]
        return await self.client.post(
            f"{self.url}/actions/{verb}", json=body, headers=who.headers | {"If-Match": etag}
        )

    async def propose(self, body: dict[str, Any]) -> httpx.Response:
        """Propose an amendment as the officer."""
        officer = self.called.cast.officer
        return await ask_to(self.client, officer, self.url, "amendments", body)


async def test_a_call_goes_from_draft_to_the_public_list(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """Each hand does its part: end user, poster, officer, approver; then everybody reads it."""
    asking = Asking(client, await given.a_draft(database, clock))
    cast = asking.called.cast
    deadline = (clock.now() + given.WINDOW).isoformat()

    steps = [
        await asking.ask(cast.end_user, "sign-need"),
        await asking.ask(cast.poster, "submit"),
        await asking.ask(cast.officer, "accept"),
        await asking.ask(cast.approver, "approve", {"review": given.REVIEW}),
        await asking.ask(cast.approver, "publish", {"bid_deadline_at": deadline}),
    ]

    assert [step.status_code for step in steps] == [200] * 5, [step.text for step in steps]
    states = [step.json()["state"] for step in steps]
    assert states == ["draft", "submitted", "under_review", "approved", "published"]
    assert (await client.get(asking.url)).json()["state"] == "published"


async def test_every_move_wants_to_know_which_version(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """401 for nobody, 428 without If-Match, 412 for an old one, 400 for something else."""
    called = await given.a_submitted_call(database, clock)
    url, officer = f"/v1/scenarios/{called.id}/actions/accept", called.cast.officer.headers

    async def status(headers: dict[str, str]) -> int:
        return (await client.post(url, headers=headers)).status_code

    assert await status({}) == 401
    assert await status(officer) == 428
    assert await status(officer | {"If-Match": '"v1.0123456789abcdef"'}) == 412
    assert await status(officer | {"If-Match": "3"}) == 400


async def test_a_move_is_repeatable_under_a_key(
    client: httpx.AsyncClient, database: Database, clock: FixedClock
) -> None:
    """The same request twice moves once and answers with the same bytes."""
    asking = Asking(client, await given.a_submitted_call(database, clock))
    officer = asking.called.cast.officer
    etag = (await asking.read(officer)).headers["etag"]
    headers = officer.headers | {"If-Match": etag, "Idempotency-Key": "accept-1"}
    url = f"{asking.url}/actions/accept"

    first = await client.post(url, headers=headers)
    second = await client.post(url, headers=headers)

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.content == second.content
    assert second.headers["idempotency-replayed"] == "true"


class TestReview:
    """return, approve, shelve, revive."""

    async def test_the_poster_learns_why_the_call_came_back(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The reason stands with the call until it is handed in again, and never in public."""
        asking = Asking(client, await given.an_accepted_call(database, clock))
        cast = asking.called.cast
        reason = {"reason": "验收指标缺少测量方法"}

        returned = await asking.ask(cast.officer, "return", reason)
        as_poster = await asking.read(cast.poster)
        again = await asking.ask(cast.poster, "submit")

        assert returned.json()["state"] == "returned"
        assert as_poster.json()["bureau_note"] == reason["reason"]
        assert (again.json()["state"], again.json()["bureau_note"]) == ("submitted", None)

    async def test_an_approval_needs_both_opinions(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Without a fair-competition review it is refused, and names what is missing."""
        asking = Asking(client, await given.an_accepted_call(database, clock))
        review = {"feasibility_opinion": "可行"}

        answer = await asking.ask(asking.called.cast.approver, "approve", {"review": review})

        assert (answer.status_code, answer.json()["code"]) == (422, "scenarios.review_incomplete")
        assert answer.json()["missing"] == ["fair_competition_review"]

    async def test_a_shelved_call_comes_back_under_the_same_rules(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Shelve and revive leave the pinned profile as it was."""
        asking = Asking(client, await given.an_approved_call(database, clock))
        approver = asking.called.cast.approver
        put_aside = {"reason": "等待预算", "review_on": "2026-06-01"}

        shelved = await asking.ask(approver, "shelve", put_aside)
        revived = await asking.ask(approver, "revive")

        assert (shelved.json()["state"], shelved.json()["bureau_note"]) == ("shelved", "等待预算")
        assert (revived.json()["state"], revived.json()["bureau_note"]) == ("approved", None)
        assert revived.json()["profile"] == {"code": "private", "version": 1}

    async def test_wrong_weights_are_stopped_before_anybody_bids(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """F01: a sum of 95 and a price of 5 on a service are refused with the ids of the rules."""
        content = given.a_content()
        content["criteria"][0]["weight_bps"] = 6000
        content["criteria"][1]["weight_bps"] = 500
        call = await given.an_accepted_call(
            database, clock, track=Track.PROCUREMENT_TENDER, content=content
        )
        asking = Asking(client, call)
        before = await everything(database)

        answer = await asking.ask(call.cast.approver, "approve", {"review": given.REVIEW})

        assert (answer.status_code, answer.json()["code"]) == (422, "scenarios.lint_failed")
        assert answer.json()["rules"] == ["LINT-01", "LINT-02"]
        assert {finding["rule"] for finding in answer.json()["findings"]} == {"LINT-01", "LINT-02"}
        assert await everything(database) == before


class TestPublish:
    """publish."""

    async def test_refuses_a_deadline_that_is_too_early(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The earliest lawful one is in the answer, and it is accepted."""
        asking = Asking(client, await given.an_approved_call(database, clock))
        approver = asking.called.cast.approver
        early = {"bid_deadline_at": (clock.now() + dt.timedelta(days=5)).isoformat()}

        refused = await asking.ask(approver, "publish", early)
        earliest = {"bid_deadline_at": refused.json()["earliest_at"]}
        accepted = await asking.ask(approver, "publish", earliest)

        assert (refused.status_code, refused.json()["code"]) == (
            422,
            "scenarios.deadline_too_early",
        )
        assert accepted.status_code == 200, accepted.text
        assert accepted.json()["deadlines"]["bid_deadline_at"] == "2026-03-09T16:00:00Z"

    @pytest.mark.parametrize(
        "moment", ["2026-04-01T09:00:00", "2026-04-01", 1775005200, "0001-01-01T00:00:00+14:00"]
    )
    async def test_refuses_what_is_no_moment(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock, moment: object
    ) -> None:
        """No zone, no time, a number, a year before any calendar: 400 with a pointer."""
        asking = Asking(client, await given.an_approved_call(database, clock))

        answer = await asking.ask(
            asking.called.cast.approver, "publish", {"bid_deadline_at": moment}
        )

        assert answer.status_code == 400, answer.text
        assert answer.json()["errors"][0]["pointer"] == "/bid_deadline_at"


class TestEnd:
    """cancel, fail."""

    async def test_a_reason_comes_from_the_closed_list(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """A made-up reason is 400; a listed one ends the call for everybody to read."""
        asking = Asking(client, await given.a_published_call(database, clock))
        approver = asking.called.cast.approver

        made_up = await asking.ask(approver, "cancel", {"reason": "changed our mind"})
        listed = await asking.ask(approver, "cancel", {"reason": "funding_lost"})
        public = (await client.get(asking.url)).json()

        assert made_up.status_code == 400
        assert listed.status_code == 200
        assert (public["state"], public["final_reason"]) == ("cancelled", "funding_lost")
        assert public["final_at"] == "2026-03-02T01:00:00Z"

    async def test_a_call_fails_after_its_deadline_and_is_taken_up_again(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Before the deadline it cannot; afterwards no job is needed; a relaunch names it."""
        asking = Asking(client, await given.a_published_call(database, clock))
        cast, reason = asking.called.cast, {"reason": "too_few_eligible"}

        early = await asking.ask(cast.approver, "fail", reason)
        clock.advance(given.WINDOW)
        late = await asking.ask(cast.approver, "fail", reason)
        relaunch = await client.post(
            "/v1/scenarios",
            json={
                "batch_id": late.json()["batch_id"],
                "track": "private",
                "content": given.a_content(),
                "supersedes_id": str(asking.called.id),
            },
            headers=cast.poster.headers,
        )

        assert (early.status_code, early.json()["code"]) == (409, "lifecycle.move_not_allowed")
        assert late.json()["state"] == "failed"
        assert relaunch.status_code == 201, relaunch.text
        assert relaunch.json()["supersedes_id"] == str(asking.called.id)


class TestAmend:
    """amend."""

    async def test_a_change_that_matters_moves_the_deadline(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """F09: three days before the end of a tender, at least fifteen days are given again."""
        call = await given.a_published_call(database, clock, track=Track.PROCUREMENT_TENDER)
        asking = Asking(client, call)
        old = (await asking.read(call.cast.officer)).json()
        clock.advance(given.WINDOW - dt.timedelta(days=3))
        content = given.a_content(problem={"zh": "补充现场网络条件"})

        answer = await amend(client, call.cast, asking.url, content)

        amended = answer.json()
        assert answer.status_code == 200, answer.text
        assert (amended["content_version"], amended["state"]) == (2, "published")
        # Amended on 29 March in Shenzhen; the fifteenth day after it is Monday, 13 April.
        assert amended["deadlines"]["bid_deadline_at"] == "2026-04-13T16:00:00Z"
        assert amended["deadlines"]["basis"]["period"]["rule"] == (
            "procurement_tender@1/amendment_lead"
        )
        assert amended["bundle_sha256"] != old["bundle_sha256"]

    async def test_a_change_that_cannot_matter_leaves_the_deadline(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The mark that a call is invented affects no bid."""
        call = await given.a_published_call(database, clock, track=Track.PROCUREMENT_TENDER)
        asking = Asking(client, call)
        clock.advance(given.WINDOW - dt.timedelta(days=3))
        content = given.a_content(illustrative=False)

        answer = await amend(client, call.cast, asking.url, content)

        assert answer.json()["deadlines"]["bid_deadline_at"] == "2026-04-01T01:00:00Z"
        assert answer.json()["content_version"] == 2

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({}, 422, "scenarios.nothing_changed"),
            ({"domain": "health"}, 409, "scenarios.frozen_field"),
            ({"qualifications": []}, 409, "scenarios.frozen_field"),
            ({"scoring": {"method": "lowest_price"}}, 422, "scenarios.lint_failed"),
        ],
    )
    async def test_refuses_another_call_in_its_place(
        self,
        client: httpx.AsyncClient,
        database: Database,
        clock: FixedClock,
        changes: dict[str, Any],
        status: int,
        code: str,
    ) -> None:
        """Subject matter and eligibility stay; a change must be one, and keep the rules."""
        asking = Asking(client, await given.a_published_call(database, clock))
        body = {"content": given.a_content(**changes), "note": "修改"}
        before = await everything(database)

        answer = await asking.propose(body)

        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert await everything(database) == before

    async def test_is_refused_from_the_deadline_on(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The state is still `published` because no job has run; the clock decides."""
        asking = Asking(client, await given.a_published_call(database, clock))
        clock.advance(given.WINDOW)
        body = {"content": given.a_content(problem={"zh": "改"}), "note": "修改"}

        answer = await asking.propose(body)

        assert (answer.status_code, answer.json()["code"]) == (409, "scenarios.deadline_passed")
