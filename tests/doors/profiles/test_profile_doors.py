"""The profiles room over HTTP: public rules and years."""

import dataclasses
import datetime as dt

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
