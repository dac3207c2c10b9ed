"""The panel over HTTP: who may sit, who may know who sits, and what happens when a judge leaves."""

from collections.abc import Mapping, Sequence

import httpx
import pytest

from marketplace.identity.rules.access import Role
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.profiles.rules.profile import Track
from tests.given import panels as bench
from tests.given import scoring as given
from tests.given.identity import someone


def a_panel(seats: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """The request that names these judges."""
    return {"seats": seats, "reason": bench.WHY_NAMED}


class TestSeat:
    """POST /v1/scenarios/{id}/panel."""

    @pytest.mark.postgres
    async def test_seats_experts_under_labels(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The answer names the judges in the order they were given, J1 first."""
        play = await given.a_published_play(client, database, clock)

        panel = await play.seat_panel()

        assert [seat["label"] for seat in panel["items"]] == ["J1", "J2", "J3"]
        assert [seat["is_chair"] for seat in panel["items"]] == [True, False, False]
        assert all(seat["is_expert"] for seat in panel["items"])

    async def test_the_answer_is_repeated_under_the_same_key(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """A lost answer may be asked for again; without the key the panel is seated already."""
        play = await given.a_published_play(client, database, clock)
        url, body = f"{play.url}/panel", {"seats": play.seats(), "reason": bench.WHY_NAMED}
        key = {"Idempotency-Key": "panel-1"}

        first = await play.ask(play.cast.officer, "POST", url, json=body, headers=key)
        again = await play.ask(play.cast.officer, "POST", url, json=body, headers=key)
        other = await play.ask(play.cast.officer, "POST", url, json=body)

        assert first.status_code == 201, first.text
        assert again.content == first.content
        assert (other.status_code, other.json()["code"]) == (409, "scoring.panel_seated_already")

    @pytest.mark.parametrize(
        ("take", "chair", "rule"),
        [
            (1, 0, "panel_size_min"),
            (4, 0, "panel_odd"),
        ],
    )
    async def test_refuses_a_panel_against_the_rules_of_the_track(
        self,
        client: httpx.AsyncClient,
        database: Database,
        clock: FixedClock,
        take: int,
        chair: int | None,
        rule: str,
    ) -> None:
        """Too few, an even number, or nobody in the chair: the first broken rule is named."""
        play = await given.a_published_play(client, database, clock, judges=4)
        seats = [
            {"person_id": str(one.actor.person_id), "chair": at == chair}
            for at, one in enumerate(play.experts[:take])
        ]

        answer = await play.ask(
            play.cast.officer,
            "POST",
            f"{play.url}/panel",
            json={"seats": seats, "reason": bench.WHY_NAMED},
        )

        assert (answer.status_code, answer.json()["code"]) == (422, "scoring.panel_unfit")
        assert answer.json()["rule"] == rule

    async def test_refuses_those_who_watch_and_those_who_sit_twice(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """A supervisor never judges, and one person has one voice."""
        play = await given.a_published_play(client, database, clock)
        url, seats = f"{play.url}/panel", play.seats()
        watching = {"person_id": str(play.cast.supervisor.actor.person_id)}

        watcher = await play.ask(
            play.cast.officer, "POST", url, json=a_panel([*seats[:2], watching])
        )
        double = await play.ask(
            play.cast.officer, "POST", url, json=a_panel([*seats[:2], seats[1]])
        )

        assert watcher.json()["rule"] == "supervisors_never_judge"
        assert double.json()["rule"] == "nobody_sits_twice"

    async def test_the_posters_own_people_are_no_experts(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Two of three from the poster are too many, wherever their salary comes from."""
        play = await given.a_published_play(client, database, clock)
        own = [
            await someone(database, Role.EXPERT, organization_id=play.cast.poster.organization_id)
            for _ in range(2)
        ]
        seats = [play.seats()[0], *[{"person_id": str(one.actor.person_id)} for one in own]]

        answer = await play.ask(
            play.cast.officer,
            "POST",
            f"{play.url}/panel",
            json={"seats": seats, "reason": bench.WHY_NAMED},
        )

        assert answer.json()["rule"] == "panel_expert_share_min", answer.text
        assert (answer.json()["experts"], answer.json()["share"]) == (1, "1/2")

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"seats": []},
            {"seats": [{"person_id": "nobody"}]},
            {"seats": [{"person_id": "018f4d6e-0000-7000-8000-000000000000", "chair": 1}]},
        ],
    )
    async def test_refuses_what_is_not_a_panel(
        self,
        client: httpx.AsyncClient,
        database: Database,
        clock: FixedClock,
        body: dict[str, object],
    ) -> None:
        """Missing, empty, unreadable, or a truth written as a number: 400 with the field."""
        play = await given.a_published_play(client, database, clock)

        answer = await play.ask(play.cast.officer, "POST", f"{play.url}/panel", json=body)

        assert answer.status_code == 400, answer.text
        assert answer.json()["errors"][0]["pointer"].startswith("/seats")

    async def test_only_an_officer_seats_and_only_before_the_opening(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """The poster may not choose who judges, and nobody may once it is known who bids."""
        play = await given.an_evaluating_play(client, database, clock)
        url, body = f"{play.url}/panel", {"seats": play.seats(), "reason": bench.WHY_NAMED}

        poster = await play.ask(play.cast.poster, "POST", url, json=body)
        late = await play.ask(play.cast.officer, "POST", url, json=body)

        assert (poster.status_code, poster.json()["code"]) == (403, "identity.not_permitted")
        assert (late.status_code, late.json()["code"]) == (409, "scoring.not_evaluating")


class TestRead:
    """GET /v1/scenarios/{id}/panel."""

    async def test_names_are_for_those_who_organise_and_watch(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Bureau, auditor and supervisor see all, a judge one seat, everybody else no panel."""
        play = await given.an_evaluating_play(client, database, clock)
        cast, url = play.cast, f"{play.url}/panel"
        stranger = await someone(database, Role.SOLVER)

        readers = (cast.officer, cast.approver, cast.auditor, cast.supervisor)
        whole = [(await play.get(reader, url))["items"] for reader in readers]
        own = (await play.get(play.experts[1], url))["items"]
        others = [
            (await play.ask(one, "GET", url)).status_code
            for one in (cast.poster, play.solvers["ours"], stranger)
        ]
        nobody = (await client.get(url)).status_code

        assert [len(seats) for seats in whole] == [3, 3, 3, 3]
        assert [seat["label"] for seat in own] == ["J2"]
        assert others == [404, 404, 404]
        assert nobody == 401


class TestLeave:
    """POST /v1/scenarios/{id}/panel/actions/{recuse,replace}."""

    @pytest.mark.postgres
    async def test_a_replacement_marks_everything_and_the_old_marks_count_nowhere(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """F02: J3 turns out to be related to a bidder after the first round."""
        play = await given.an_evaluating_play(
            client, database, clock, criteria=given.PLAN_AND_PRICE
        )
        await play.mark_all(ours="90", theirs="60")
        await play.rank()
        officer, panel = play.cast.officer, f"{play.url}/panel"
        fresh = await bench.an_expert(database)
        seat = {"label": "J3", "person_id": str(fresh.actor.person_id)}

        early = await play.ask(officer, "POST", f"{panel}/actions/replace", json=seat)
        reason = {"label": "J3", "reason": "与投标人存在亲属关系"}
        await play.do(officer, f"{panel}/actions/recuse", reason)
        alone = await play.rank("judge_replaced")
        taken = await play.do(officer, f"{panel}/actions/replace", seat)
        unsigned = await play.rank("judge_replaced")
        await play.mark(fresh, ours="60", theirs="90")
        ranked = await play.rank("judge_replaced")

        assert early.json()["rule"] == "an_empty_seat_is_filled_once"
        assert (alone.status_code, alone.json()["rule"]) == (422, "panel_size_min")
        assert taken["label"] == "J3-2"
        assert unsigned.json()["judges"] == ["J3-2"]
        assert ranked.status_code == 201, ranked.text
        sheet = await play.get(
            play.cast.approver, f"/v1/ranking-rounds/{ranked.json()['id']}/sheet"
        )
        assert {"label": "J3", "recused": True} in sheet["judges"]
        assert set(sheet["marks"][play.bids["ours"]]["plan"]) == {"J1", "J2", "J3", "J3-2"}
        standings = await play.standings(ranked.json()["id"])
        # 90, 90 and 60 of the three who sit; the 90 of J3 is kept and not counted.
        assert standings["ours"]["raw"]["plan"] == "80"
        assert standings["theirs"]["raw"]["plan"] == "70"

    async def test_a_recused_judge_marks_no_more_and_returns_no_more(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Whoever had to go is off the panel for good; an empty seat is filled once."""
        play = await given.an_evaluating_play(
            client, database, clock, criteria=given.PLAN_AND_PRICE
        )
        officer, panel = play.cast.officer, f"{play.url}/panel/actions"
        gone, fresh = play.experts[2], await bench.an_expert(database)
        await play.do(officer, f"{panel}/recuse", {"label": "J3", "reason": "回避"})

        marks = {"marks": play.marks("plan", ours="80"), "sign": False}
        marked = await play.ask(gone, "POST", f"{play.url}/score-sheets", json=marks)
        back = {"label": "J3", "person_id": str(gone.actor.person_id)}
        returned = await play.ask(officer, "POST", f"{panel}/replace", json=back)
        seat = {"label": "J3", "person_id": str(fresh.actor.person_id)}
        await play.do(officer, f"{panel}/replace", seat)
        twice = await play.ask(officer, "POST", f"{panel}/replace", json=seat)
        unknown = await play.ask(
            officer, "POST", f"{panel}/recuse", json={"label": "J9", "reason": "回避"}
        )

        assert (marked.status_code, marked.json()["code"]) == (404, "scoring.not_on_panel")
        assert returned.json()["rule"] == "nobody_sits_twice"
        assert twice.json()["rule"] == "an_empty_seat_is_filled_once"
        assert unknown.status_code == 404

    async def test_the_chair_passes_on_to_the_replacement(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Objective marks stay decided, and the new chair ranks."""
        criteria = given.weighed({"plan": 4000, "parameters": 3000, "price": 3000})
        play = await given.an_evaluating_play(client, database, clock, criteria=criteria)
        officer, panel = play.cast.officer, f"{play.url}/panel/actions"
        decided = {"marks": play.marks("parameters", ours="80", theirs="90")}
        await play.do(officer, f"{play.url}/objective-marks", decided)
        await play.mark_all(ours="80", theirs="80")
        fresh = await bench.an_expert(database, Role.PANEL_CHAIR)

        await play.do(officer, f"{panel}/recuse", {"label": "J1", "reason": "回避"})
        seat = {"label": "J1", "person_id": str(fresh.actor.person_id)}
        taken = await play.do(officer, f"{panel}/replace", seat)
        await play.mark(fresh, ours="80", theirs="80")
        old = await play.rank()
        new = await play.rank(who=fresh)

        assert taken["is_chair"] is True
        assert old.status_code == 404
        assert new.status_code == 201, new.text
        assert (await play.standings(new.json()["id"]))["theirs"]["points"]["parameters"] == "27.00"

    async def test_a_large_tender_needs_seven(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """From ten million yuan on, five judges are not enough for a public tender."""
        play = await given.a_play(client, database, clock)
        content = given.a_content(given.PLAN_AND_PRICE, max_price_yuan=10_000_000)
        await play.publish(content, Track.PROCUREMENT_TENDER)

        answer = await play.ask(
            play.cast.officer,
            "POST",
            f"{play.url}/panel-draws",
            json={"review_at": given.DEADLINE.isoformat(), "size": 5},
        )

        assert (answer.status_code, answer.json()["rule"]) == (422, "panel_size_large")
        assert (answer.json()["minimum"], answer.json()["seated"]) == (7, 5)
