"""The profiles room over HTTP: public rules, years, and the calculator of deadlines."""

import dataclasses
import datetime as dt
from typing import Any

import httpx
import pytest

from marketplace.identity.rules.access import SYSTEM
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.digests import canonical_json, sha256_hex
from marketplace.profiles import actions
from marketplace.profiles.rules.profile import Track
from tests.conftest import START
from tests.given import profiles as given

ENGLISH = {"Accept-Language": "en"}
TENDER = given.a_profile(Track.PROCUREMENT_TENDER)


@pytest.fixture(autouse=True)
async def _shipped(database: Database) -> None:
    """Every test here begins with the rules that ship."""
    await given.shipped_rules(database)


async def a_second_tender_version(database: Database, effective_from: dt.date) -> None:
    """A later version of the tender profile."""
    later = dataclasses.replace(TENDER, version=2, effective_from=effective_from)
    async with database.writing() as session:
        await actions.load_profile(session, SYSTEM, later, now=START)


async def preview(client: httpx.AsyncClient, **request: object) -> httpx.Response:
    """Ask for a deadline, in English."""
    return await client.post("/v1/deadlines/preview", json=request, headers=ENGLISH)


class TestRuleProfiles:
    """GET /v1/rule-profiles and what lies below it."""

    @pytest.mark.postgres
    async def test_lists_the_profiles_in_force_to_anybody(self, client: httpx.AsyncClient) -> None:
        """Six tracks, by code, with the number of figures nobody has checked."""
        answer = await client.get("/v1/rule-profiles")

        assert answer.status_code == 200, answer.text
        items = answer.json()["items"]
        assert [item["code"] for item in items] == sorted(Track)
        assert answer.json()["next_cursor"] is None
        tender = next(item for item in items if item["code"] == "procurement_tender")
        assert tender["title"]["zh"] == "公开招标"
        assert tender["parameters_total"] == len(TENDER.parameters)
        assert 0 < tender["parameters_unverified"] < tender["parameters_total"]

    async def test_pages_through_the_profiles(self, client: httpx.AsyncClient) -> None:
        """Two by two, each code comes exactly once."""
        codes: list[str] = []
        cursor: str | None = None
        while True:
            query = {"limit": "2"} | ({} if cursor is None else {"cursor": cursor})
            page = (await client.get("/v1/rule-profiles", params=query)).json()
            codes += [item["code"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break

        assert codes == sorted(Track)

    async def test_shows_every_parameter_with_its_source(self, client: httpx.AsyncClient) -> None:
        """Each value has a name in both languages, a unit, an article and a flag."""
        answer = await client.get("/v1/rule-profiles/procurement_tender")

        body = answer.json()
        parameters = {one["name"]: one for one in body["parameters"]}
        assert body["version"] == 1
        assert parameters["bid_window"] == {
            "name": "bid_window",
            "title": {"zh": "投标期限", "en": "from publication to closing, at least"},
            "value": 20,
            "unit": "calendar_days",
            "source": "政府采购法 第35条",
            "unverified": False,
        }
        assert parameters["panel_expert_share_min"]["value"] == [2, 3]
        assert parameters["deduction_domestic_from"]["value"] == "2026-01-01"
        assert parameters["sealed"]["value"] is True
        assert parameters["publicity"]["unverified"] is True

    async def test_answers_304_to_whoever_has_it_already(self, client: httpx.AsyncClient) -> None:
        """The ETag carries the version."""
        first = await client.get("/v1/rule-profiles/subsidy")

        again = await client.get(
            "/v1/rule-profiles/subsidy", headers={"If-None-Match": first.headers["etag"]}
        )

        assert first.headers["etag"].startswith('"v1.')
        assert (again.status_code, again.content) == (304, b"")

    async def test_switches_on_the_first_day_of_a_version(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """At 24:00 in Beijing, not in London, the later version takes over; both stay readable."""
        await a_second_tender_version(database, dt.date(2026, 7, 1))
        address = "/v1/rule-profiles/procurement_tender"

        clock.move_to(dt.datetime(2026, 6, 30, 15, 59, 59, tzinfo=dt.UTC))
        before = await client.get(address)
        clock.advance(dt.timedelta(seconds=1))
        after = await client.get(address)
        pinned = await client.get(address, params={"version": "1"})

        versions = [answer.json()["version"] for answer in (before, after, pinned)]
        assert versions == [1, 2, 1]

    async def test_lists_the_versions_of_one_profile(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """Also those that are not yet in force, oldest first, in pages."""
        await a_second_tender_version(database, dt.date(2026, 7, 1))
        address = "/v1/rule-profiles/procurement_tender/versions"

        first = (await client.get(address, params={"limit": "1"})).json()
        second = (await client.get(address, params={"cursor": first["next_cursor"]})).json()

        assert [item["version"] for item in first["items"] + second["items"]] == [1, 2]
        assert second["next_cursor"] is None

    async def test_serves_a_version_as_the_bytes_that_were_hashed(
        self, client: httpx.AsyncClient
    ) -> None:
        """Anybody can check the digest, and any cache may keep the bytes."""
        listed = (await client.get("/v1/rule-profiles/procurement_tender")).json()

        document = await client.get("/v1/rule-profiles/procurement_tender/versions/1")

        assert document.content == canonical_json(TENDER.to_document())
        assert sha256_hex(document.content) == listed["sha256"]
        assert "immutable" in document.headers["cache-control"]

    @pytest.mark.parametrize(
        ("address", "status", "code"),
        [
            ("/v1/rule-profiles/lottery", 404, "profiles.profile_not_found"),
            ("/v1/rule-profiles/lottery/versions", 404, "profiles.profile_not_found"),
            ("/v1/rule-profiles/private?version=9", 404, "profiles.profile_not_found"),
            ("/v1/rule-profiles/private/versions/9", 404, "profiles.profile_not_found"),
            ("/v1/rule-profiles/private?version=0", 400, "request.malformed"),
            ("/v1/rule-profiles/private/versions?cursor=YQ", 400, "paging.cursor_unreadable"),
            ("/v1/rule-profiles?limit=201", 400, "request.malformed"),
            ("/v1/calendars/2027", 404, "profiles.calendar_not_found"),
            ("/v1/calendars/2026?version=2", 404, "profiles.calendar_not_found"),
            (f"/v1/calendars/{10**20}", 404, "profiles.calendar_not_found"),
            (f"/v1/rule-profiles/private/versions/{10**20}", 404, "profiles.profile_not_found"),
            ("/v1/rule-profiles/%00", 404, "profiles.profile_not_found"),
            ("/v1/rule-profiles/%00/versions", 404, "profiles.profile_not_found"),
            ("/v1/rule-profiles?cursor=AA", 400, "paging.cursor_unreadable"),
        ],
    )
    @pytest.mark.postgres
    async def test_says_what_is_not_there(
        self, client: httpx.AsyncClient, address: str, status: int, code: str
    ) -> None:
        """Each wrong address has its own problem."""
        answer = await client.get(address)

        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


class TestCalendars:
    """GET /v1/calendars."""

    @pytest.mark.postgres
    async def test_lists_the_years_that_are_loaded(self, client: httpx.AsyncClient) -> None:
        """Two years, each with its number of working days."""
        answer = await client.get("/v1/calendars")

        years = [(item["year"], item["working_days"]) for item in answer.json()["items"]]
        assert years == [(2025, 248), (2026, 248)]

    async def test_shows_the_days_off_and_the_days_worked_for_them(
        self, client: httpx.AsyncClient
    ) -> None:
        """National Day 2026, as announced."""
        answer = await client.get("/v1/calendars/2026")

        assert answer.json()["festivals"][-1] == {
            "title": {"zh": "国庆节", "en": "National Day"},
            "first_on": "2026-10-01",
            "last_on": "2026-10-07",
            "statutory": ["2026-10-01", "2026-10-02", "2026-10-03"],
            "make_up_days": ["2026-09-20", "2026-10-10"],
        }
        assert answer.headers["etag"].startswith('"v1.')


class TestPreview:
    """POST /v1/deadlines/preview."""

    @pytest.mark.postgres
    async def test_explains_a_period_of_a_profile(self, client: httpx.AsyncClient) -> None:
        """The challenge of the worked example, with rule, calendar and every exceptional day."""
        answer = await preview(
            client,
            anchor_at="2026-09-29T20:00:00+08:00",
            profile="procurement_tender",
            parameter="challenge",
        )

        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        assert (body["at"], body["on"]) == ("2026-10-14T16:00:00Z", "2026-10-14")
        assert (body["zone"], body["anchor_on"]) == ("Asia/Shanghai", "2026-09-29")
        assert body["period"]["rule"] == "procurement_tender@1/challenge"
        assert body["calendar_versions"] == [{"year": 2026, "version": 1, "unverified": False}]
        made_up = next(step for step in body["steps"] if step["code"] == "make_up_counted")
        assert made_up["days"] == ["2026-10-10"]
        assert "调休" in made_up["text"]["zh"]

    async def test_counts_a_period_that_was_typed_in(self, client: httpx.AsyncClient) -> None:
        """Twenty days from 1 March end on a Saturday, which moves or stays as asked."""
        request = {"anchor_at": "2026-03-01T09:00:00+08:00", "count": 20, "unit": "calendar_days"}

        moved = (await preview(client, **request)).json()
        kept = (await preview(client, **request, roll_weekends=False)).json()

        assert (moved["on"], moved["counted_on"], moved["rolled"]) == (
            "2026-03-23",
            "2026-03-21",
            True,
        )
        assert (kept["on"], kept["rolled"]) == ("2026-03-21", False)

    async def test_uses_the_version_in_force_on_the_day_of_the_event(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """Unless a version is named, which a pinned call's would be."""
        await a_second_tender_version(database, dt.date(2026, 7, 1))
        rule = {"profile": "procurement_tender", "parameter": "reply"}

        june = await preview(client, anchor_at="2026-06-01T00:00:00Z", **rule)
        july = await preview(client, anchor_at="2026-07-01T00:00:00Z", **rule)
        pinned = await preview(client, anchor_at="2026-07-01T00:00:00Z", **rule, version=1)

        rules = [answer.json()["period"]["rule"] for answer in (june, july, pinned)]
        assert [rule.split("@")[1] for rule in rules] == ["1/reply", "2/reply", "1/reply"]

    async def test_refuses_a_year_that_is_not_loaded(self, client: httpx.AsyncClient) -> None:
        """The answer names the year that is missing."""
        answer = await preview(
            client, anchor_at="2026-12-30T00:00:00Z", count=7, unit="working_days"
        )

        assert answer.status_code == 422
        assert answer.json()["code"] == "profiles.calendar_year_not_loaded"
        assert (answer.json()["year"], answer.json()["loaded"]) == (2027, [2025, 2026])

    @pytest.mark.parametrize(
        "request_body",
        [
            {},
            {"count": 5},
            {"unit": "working_days"},
            {"profile": "subsidy"},
            {"parameter": "reply"},
            {"version": 1},
            {"count": 5, "unit": "working_days", "profile": "subsidy", "parameter": "reply"},
            {"count": 5, "unit": "working_days", "version": 1},
            {"count": 5, "profile": "subsidy", "parameter": "reply"},
        ],
    )
    async def test_wants_one_whole_way_of_naming_the_period(
        self, client: httpx.AsyncClient, request_body: dict[str, object]
    ) -> None:
        """Neither, both, or half of one is malformed."""
        answer = await preview(client, anchor_at="2026-03-02T00:00:00Z", **request_body)

        assert (answer.status_code, answer.json()["code"]) == (400, "profiles.period_or_rule")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("anchor_at", "2026-03-02T00:00:00"),
            ("anchor_at", "soon"),
            ("count", 0),
            ("count", 3651),
            ("count", True),
            ("count", 7.0),
            ("count", "7"),
            ("unit", "weeks"),
            ("weekends", True),
        ],
    )
    async def test_points_at_the_field_that_is_wrong(
        self, client: httpx.AsyncClient, field: str, value: object
    ) -> None:
        """A time without a zone, no days, a float, another unit, an unknown field."""
        request: dict[str, object] = {
            "anchor_at": "2026-03-02T00:00:00Z",
            "count": 7,
            "unit": "working_days",
        }

        answer = await preview(client, **(request | {field: value}))

        assert answer.status_code == 400, answer.text
        assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{field}"]

    async def test_counts_no_day_on_which_the_clock_stood(self, client: httpx.AsyncClient) -> None:
        """A suspension over two working days moves the challenge on by two, and is explained."""
        rule = {"profile": "procurement_tender", "parameter": "challenge"}
        stood = {"from_at": "2026-10-09T10:00:00+08:00", "until_at": "2026-10-11T00:00:00+08:00"}

        answer = await preview(
            client, anchor_at="2026-09-29T20:00:00+08:00", **rule, suspensions=[stood, stood]
        )

        body = answer.json()
        assert body["on"] == "2026-10-16", answer.text
        (step,) = [step for step in body["steps"] if step["code"] == "suspended"]
        assert step["days"] == ["2026-10-09", "2026-10-10"]
        assert "中止" in step["text"]["zh"]

    async def test_may_end_at_close_of_business(self, client: httpx.AsyncClient) -> None:
        """Where the receiving body closes at half past five, the last day ends then."""
        request = {"anchor_at": "2026-03-02T09:00:00+08:00", "count": 5, "unit": "working_days"}

        body = (await preview(client, **request, ends_at="17:30")).json()

        assert (body["at"], body["on"]) == ("2026-03-09T09:30:00Z", "2026-03-09")
        assert "17:30" in body["steps"][-1]["text"]["en"]

    async def test_counts_back_what_is_a_lead(self, client: httpx.AsyncClient) -> None:
        """An expert is drawn no earlier than two working days before the review."""
        body = (
            await preview(
                client,
                anchor_at="2026-10-08T09:00:00+08:00",
                profile="procurement_tender",
                parameter="panel_draw_lead",
            )
        ).json()

        assert body["on"] == "2026-09-29"
        assert body["steps"][1]["code"] == "counted_back"

    @pytest.mark.postgres
    async def test_covers_every_period_of_every_profile_by_name(
        self, client: httpx.AsyncClient
    ) -> None:
        """Each gives a date with its rule and its reasons in both languages."""
        for item in (await client.get("/v1/rule-profiles")).json()["items"]:
            detail = (await client.get(f"/v1/rule-profiles/{item['code']}")).json()
            for parameter in detail["parameters"]:
                if not parameter["unit"].endswith("_days"):
                    continue
                body = (
                    await preview(
                        client,
                        anchor_at="2026-06-18T09:00:00+08:00",
                        profile=item["code"],
                        parameter=parameter["name"],
                    )
                ).json()
                rule = f"{item['code']}@1/{parameter['name']}"
                assert body["period"]["rule"] == rule
                assert body["period"]["source"] == parameter["source"]
                assert all(step["text"]["zh"] and step["text"]["en"] for step in body["steps"])

    @pytest.mark.parametrize(
        ("field", "value", "status"),
        [
            ("ends_at", "24:00", 400),
            ("ends_at", "5 pm", 400),
            ("suspensions", [{"from_at": "2026-03-03T00:00:00Z"}], 400),
            (
                "suspensions",
                [{"from_at": "1990-01-01T00:00:00Z", "until_at": "2026-01-01T00:00:00Z"}],
                400,
            ),
            (
                "suspensions",
                [{"from_at": "2026-03-04T00:00:00Z", "until_at": "2026-03-03T00:00:00Z"}],
                422,
            ),
            (
                "suspensions",
                [{"from_at": "2026-03-03T00:00:00Z", "until_at": "2026-03-04T00:00:00Z"}] * 21,
                400,
            ),
        ],
    )
    async def test_refuses_a_suspension_or_a_closing_time_that_is_none(
        self, client: httpx.AsyncClient, field: str, value: object, status: int
    ) -> None:
        """No such time of day, an end that is missing, too far off, backwards, or too many."""
        request = {"anchor_at": "2026-03-02T00:00:00Z", "count": 7, "unit": "working_days"}

        answer = await preview(client, **(request | {field: value}))

        assert answer.status_code == status, answer.text

    async def test_refuses_a_parameter_that_is_no_period(self, client: httpx.AsyncClient) -> None:
        """A count of bids is not a length in days, and a private call knows no complaint."""
        anchor = "2026-03-02T00:00:00Z"

        bids = await preview(client, anchor_at=anchor, profile="private", parameter="minimum_bids")
        none = await preview(client, anchor_at=anchor, profile="private", parameter="complaint")

        assert bids.json()["code"] == "profiles.parameter_of_other_kind"
        assert none.json()["code"] == "profiles.parameter_not_set"
        assert (bids.status_code, none.status_code) == (422, 422)


class TestAdvice:
    """GET and POST /v1/rule-profiles/advise."""

    @pytest.mark.postgres
    async def test_asks_questions_that_a_page_can_show(self, client: httpx.AsyncClient) -> None:
        """Each has a name, words in both languages and, if it is a choice, its answers."""
        answer = await client.get("/v1/rule-profiles/advise")

        items = answer.json()["items"]
        assert [item["name"] for item in items if item["required"]] == [
            "poster",
            "level",
            "money",
            "gain",
            "uncertain",
        ]
        assert all(item["text"]["zh"] and item["text"]["en"] for item in items)
        assert all(bool(item["answers"]) == (item["kind"] == "choice") for item in items)

    @pytest.mark.postgres
    async def test_takes_the_first_answer_to_each_question(self, client: httpx.AsyncClient) -> None:
        """What the questions offer is what the door takes."""
        items = (await client.get("/v1/rule-profiles/advise")).json()["items"]
        answers = {one["name"]: one["answers"][0]["value"] for one in items if one["answers"]}

        answer = await client.post("/v1/rule-profiles/advise", json=answers | {"uncertain": False})

        assert answer.status_code == 200, answer.text

    @pytest.mark.postgres
    async def test_proposes_tracks_in_order_with_reasons_and_law(
        self, client: httpx.AsyncClient
    ) -> None:
        """A district that orders research gets a consultation, and is told who could cooperate."""
        answer = await client.post(
            "/v1/rule-profiles/advise",
            json={
                "poster": "budget_unit",
                "level": "district",
                "money": "fiscal",
                "gain": "research_then_purchase",
                "uncertain": True,
                "amount_fen": 100_000_000,
            },
        )

        body = answer.json()
        assert [one["track"] for one in body["proposed"]] == [
            "procurement_consultation",
            "procurement_tender",
        ]
        assert all(ground["law"] for one in body["proposed"] for ground in one["reasons"])
        assert body["others"][0]["track"] == "cooperative_innovation"
        (lacking,) = body["others"][0]["would_have_to_be_true"]
        assert "省级批准" in lacking["text"]["zh"]
        assert "district_cannot_choose_cooperation" in {one["code"] for one in body["warnings"]}
        assert body["threshold_fen"] == 200_000_000
        assert body["summary"]["zh"] == "建议:竞争性磋商、公开招标。"

    async def test_says_plainly_that_nothing_fits(self, client: httpx.AsyncClient) -> None:
        """A company that has public money only is nobody's poster, and is told what is missing."""
        answer = await client.post(
            "/v1/rule-profiles/advise",
            json={
                "poster": "company",
                "level": "none",
                "money": "fiscal",
                "gain": "paid_contract",
                "uncertain": False,
            },
        )

        body = answer.json()
        assert (answer.status_code, body["proposed"]) == (200, [])
        assert "no track fits" in body["summary"]["en"]
        assert len(body["others"]) == len(Track)

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            ({"level": "district"}, 422, "profiles.answers_contradict"),
            ({"poster": "budget_unit"}, 422, "profiles.answers_contradict"),
            ({"poster": "lottery"}, 400, "request.malformed"),
            ({"uncertain": "yes"}, 400, "request.malformed"),
            ({"amount_fen": -1}, 400, "request.malformed"),
            ({"city": "somewhere"}, 400, "request.malformed"),
        ],
    )
    async def test_refuses_answers_that_contradict_or_are_none(
        self, client: httpx.AsyncClient, changes: dict[str, object], status: int, code: str
    ) -> None:
        """A company has no level; a unit has one; unknown answers and questions are malformed."""
        answers = {
            "poster": "company",
            "level": "none",
            "money": "own",
            "gain": "paid_contract",
            "uncertain": True,
        }

        answer = await client.post("/v1/rule-profiles/advise", json=answers | changes)

        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
