"""The calculator of deadlines over HTTP."""

import dataclasses
import datetime as dt
from typing import Any

import httpx
import pytest

from marketplace.identity.rules.access import SYSTEM
from marketplace.kit.database import Database
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
