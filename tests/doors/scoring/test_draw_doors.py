"""Draws over HTTP: when, from whom, by whom, and what is told before the result."""

import datetime as dt
from typing import Any

import httpx
import pytest
from sqlmodel import select

from marketplace.identity.rules.access import Role
from marketplace.identity.tables.organizations import OrganizationKind
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
from marketplace.scoring.rules import draw as drawing
from marketplace.scoring.tables.panels import PanelDraw
from tests.given import panels as bench
from tests.given import scoring as given
from tests.given.identity import also
from tests.given.scoring import DEADLINE, Play

TENDER = Track.PROCUREMENT_TENDER
SECRET = "a1" * 32
SOON = DEADLINE - dt.timedelta(hours=1)


async def a_tender(
    client: httpx.AsyncClient, database: Database, clock: FixedClock, *, judges: int = 5
) -> Play:
    """A published tender whose judges are drawn, shortly before it closes."""
    play = await given.a_published_play(
        client, database, clock, criteria=given.PLAN_AND_PRICE, judges=judges, track=TENDER
    )
    clock.move_to(SOON)
    return play


async def opened(play: Play, **plan: object) -> httpx.Response:
    """What the officer hears who opens a draw for a review right after the deadline."""
    body = {"review_at": DEADLINE.isoformat()} | plan
    return await play.ask(play.cast.officer, "POST", f"{play.url}/panel-draws", json=body)


def told(answer: httpx.Response, *facts: str) -> tuple[Any, ...]:
    """Status, code and some facts of a refusal."""
    body = answer.json()
    return (answer.status_code, body["code"], *(body[fact] for fact in facts))


class TestOpen:
    """POST /v1/scenarios/{id}/panel-draws."""

    async def test_not_long_before_the_review(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Two working days at most, so that nobody has time to find the judges out."""
        play = await given.a_published_play(client, database, clock, judges=5, track=TENDER)
        day = dt.timedelta(days=1)

        # The review is on Wednesday the 1st of April, so Monday the 30th of March is early enough.
        clock.move_to(DEADLINE - 3 * day)
        early = await opened(play)
        clock.move_to(DEADLINE - 2 * day)
        in_time = await opened(play)

        assert told(early, "earliest_on") == (409, "scoring.draw_too_early", "2026-03-30")
        assert in_time.status_code == 201, in_time.text

    async def test_never_for_a_review_before_the_deadline(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Nobody reviews what may still come."""
        play = await a_tender(client, database, clock)
        before = (DEADLINE - dt.timedelta(minutes=1)).isoformat()

        answer = await opened(play, review_at=before)

        assert told(answer) == (422, "scoring.review_misdated")

    async def test_a_pool_that_is_too_small_is_refused_with_what_is_missing(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Five seats need six experts; one is away and one knows another field."""
        play = await a_tender(client, database, clock)
        away = play.experts[0].actor.person_id
        url = f"/v1/expert-profiles/{away}"
        profile = await play.ask(play.cast.officer, "GET", url)
        change = {
            "employer_id": profile.json()["employer_id"],
            "specialities": ["nlp"],
            "away_until": "2026-05-01",
        }
        headers = {"If-Match": profile.headers["etag"]}
        await play.ask(play.cast.officer, "PUT", url, json=change, headers=headers)

        answer = await opened(play)
        other_field = await opened(play, fields=["hydrology"])

        facts = ("needed", "eligible", "short_by", "not_eligible")
        assert told(answer, *facts) == (409, "scoring.pool_too_small", 6, 5, 1, {"away": 1})
        assert told(other_field, "eligible", "not_eligible") == (
            409,
            "scoring.pool_too_small",
            0,
            {"away": 1, "other_field": 5},
        )

    async def test_one_at_a_time_and_each_with_its_number(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """A second waits until the first is drawn or given up; what was given up stays told."""
        play = await a_tender(client, database, clock)
        first = (await opened(play)).json()

        second = await opened(play)
        url = f"/v1/panel-draws/{first['id']}/actions/give-up"
        await play.do(play.cast.officer, url, {"reason": "专家库有误"})
        third = await opened(play)
        late = await play.ask(
            play.cast.supervisor,
            "POST",
            f"/v1/panel-draws/{first['id']}/actions/contribute",
            json={"contribution": SECRET},
        )

        assert told(second) == (409, "scoring.draw_open_already")
        assert third.json()["number"] == 2
        assert told(late) == (409, "scoring.draw_over")
        listed = await play.get(play.cast.auditor, f"{play.url}/panel-draws")
        assert [(one["state"], one["given_up_reason"]) for one in listed["items"]] == [
            ("given_up", "专家库有误"),
            ("open", None),
        ]

    async def test_where_judges_are_drawn_nobody_names_them(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """And where they may be named, the reason is written down."""
        play = await a_tender(client, database, clock)
        private = await given.a_published_play(client, database, clock)
        body = {"seats": play.seats(), "reason": bench.WHY_NAMED}

        named = await play.ask(play.cast.officer, "POST", f"{play.url}/panel", json=body)
        silent = await private.ask(
            private.cast.officer, "POST", f"{private.url}/panel", json={"seats": private.seats()}
        )
        panel = await private.seat_panel()

        assert told(named, "source") == (
            409,
            "scoring.draw_needed",
            "政府采购法实施条例 第39条",
        )
        assert told(silent) == (422, "scoring.reason_for_naming_missing")
        assert {seat["named_reason"] for seat in panel["items"]} == {bench.WHY_NAMED}

    async def test_an_unlawful_panel_is_not_drawn(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Even numbers, and representatives beyond their share, are refused before the draw."""
        play = await a_tender(client, database, clock, judges=7)
        poster = str(play.cast.poster.actor.person_id)
        end_user = str(play.cast.end_user.actor.person_id)

        even = await opened(play, size=6)
        two_of_five = await opened(play, size=5, representatives=[poster, end_user])
        outsider = await opened(
            play, size=7, representatives=[str(play.experts[0].actor.person_id)]
        )

        assert told(even, "rule") == (422, "scoring.panel_unfit", "panel_odd")
        assert two_of_five.json()["rule"] == "panel_expert_share_min"
        assert outsider.json()["rule"] == "representatives_are_the_posters"


class TestContribute:
    """POST /v1/panel-draws/{id}/actions/contribute."""

    @pytest.mark.postgres
    async def test_the_officers_secret_is_sealed_until_the_supervisor_has_given_theirs(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """What binds the officer is told at once, and opens to the secret in the record."""
        play = await a_tender(client, database, clock)
        draw = (await opened(play, secret=SECRET)).json()
        async with database.reading() as session:
            (kept,) = (await session.exec(select(PanelDraw))).all()
        early = await play.ask(play.cast.officer, "GET", f"/v1/panel-draws/{draw['id']}/record")

        await bench.contribute(play, draw["id"])
        record = await play.get(play.cast.auditor, f"/v1/panel-draws/{draw['id']}/record")

        assert draw["commitment"] == drawing.commitment_of(bytes.fromhex(SECRET))
        assert bytes.fromhex(SECRET) not in (kept.sealed_secret or b"")
        assert SECRET not in repr(kept.model_dump())
        assert early.status_code == 404
        assert (record["secret"], record["contribution"]) == (SECRET, "5e" * 32)
        assert record["facts"]["supervisor"] == str(play.cast.supervisor.actor.person_id)
        async with database.reading() as session:
            (over,) = (await session.exec(select(PanelDraw))).all()
        assert over.sealed_secret is None

    async def test_the_officer_does_not_witness_their_own_draw(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Whoever comes back as supervisor of another body has the same hands."""
        play = await a_tender(client, database, clock)
        draw = (await opened(play)).json()
        watcher = await also(
            database, play.cast.officer, Role.SUPERVISOR, kind=OrganizationKind.GOVERNMENT
        )

        answer = await play.ask(
            watcher,
            "POST",
            f"/v1/panel-draws/{draw['id']}/actions/contribute",
            json={"contribution": SECRET},
        )

        assert told(answer) == (403, "identity.same_hands")

    async def test_representatives_sit_beside_the_experts_and_never_in_the_chair(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Four drawn and one of the poster's; the chair is one of the four."""
        play = await a_tender(client, database, clock)
        person = play.cast.end_user.actor.person_id
        draw = (await opened(play, representatives=[str(person)])).json()
        await bench.contribute(play, draw["id"])
        panel = await play.get(play.cast.officer, f"{play.url}/panel")
        judges = {str(one.actor.person_id): one for one in (*play.experts, *play.reserve)}
        voter = judges[panel["items"][0]["person_id"]]

        vote = await play.ask(voter, "POST", f"{play.url}/panel/chair-votes", json={"label": "J5"})

        assert [seat["is_expert"] for seat in panel["items"]] == [True] * 4 + [False]
        assert [seat["is_chair"] for seat in panel["items"]] == [False] * 5
        assert panel["items"][4]["person_id"] == str(person)
        assert told(vote) == (422, "scoring.chair_unfit")

    async def test_whom_it_names_is_told_to_nobody_else(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Not to the poster, nor to a judge, nor to a bidder."""
        play = await a_tender(client, database, clock)
        await bench.draw_panel(play)
        draws = await play.get(play.cast.supervisor, f"{play.url}/panel-draws")
        url = f"/v1/panel-draws/{draws['items'][0]['id']}"

        answers = [
            (await play.ask(who, "GET", address)).status_code
            for who in (play.cast.poster, play.experts[0], play.reserve[0])
            for address in (f"{play.url}/panel-draws", f"{url}/pool", f"{url}/record")
        ]

        assert answers == [404] * 9


class TestReserve:
    """POST /v1/scenarios/{id}/panel/actions/replace, where judges are drawn."""

    async def test_the_reserve_follows_and_when_it_is_empty_a_new_draw(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """One is left over for the first empty seat; for the second the pool is drawn again."""
        play = await a_tender(client, database, clock)
        await bench.draw_panel(play)
        panel, officer = f"{play.url}/panel/actions", play.cast.officer
        for label in ("J2", "J4"):
            await play.do(officer, f"{panel}/recuse", {"label": label, "reason": "回避"})

        by_name = {"label": "J2", "person_id": str(play.reserve[0].actor.person_id)}
        named = await play.ask(officer, "POST", f"{panel}/replace", json=by_name)
        not_needed = await opened(play)
        first = await play.do(officer, f"{panel}/replace", {"label": "J2"})
        none_left = await play.ask(officer, "POST", f"{panel}/replace", json={"label": "J4"})
        too_small = await opened(play)
        fresh = [await bench.an_expert(database) for _ in range(2)]
        draw = await bench.open_draw(play)
        await bench.contribute(play, draw["id"])
        seated = await play.get(officer, f"{play.url}/panel")

        assert told(named) == (409, "scoring.draw_needed")
        assert told(not_needed) == (409, "scoring.draw_not_needed")
        assert first["label"] == "J2-2"
        assert told(none_left) == (409, "scoring.reserve_empty")
        assert told(too_small, "eligible", "not_eligible") == (
            409,
            "scoring.pool_too_small",
            0,
            {"sat_before": 6},
        )
        taken = seated["items"][-1]
        assert (draw["seats"], taken["label"]) == (1, "J4-2")
        assert taken["person_id"] in {str(one.actor.person_id) for one in fresh}
