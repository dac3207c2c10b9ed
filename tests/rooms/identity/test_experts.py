"""The expert pool: who manages it, whose ties they are, and what of them is sealed."""

from typing import Any

import httpx
import pytest
from sqlmodel import select

from marketplace.identity.rules.access import Role
from marketplace.identity.tables.experts import ExpertTie
from marketplace.identity.tables.organizations import OrganizationKind
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from tests.given import panels as bench
from tests.given.identity import Someone, an_organization, someone

DETAIL = "配偶任该公司财务总监"


async def asked(
    client: httpx.AsyncClient, who: Someone, method: str, url: str, **request: Any
) -> httpx.Response:
    """What somebody hears who asks."""
    headers = who.headers | request.pop("headers", {})
    return await client.request(method, url, headers=headers, **request)


async def an_officer(database: Database) -> Someone:
    """An officer of some bureau: the pool is shared."""
    return await someone(database, Role.BUREAU_OFFICER, kind=OrganizationKind.GOVERNMENT)


class TestPool:
    """/v1/expert-profiles."""

    async def test_an_officer_enters_and_changes_an_expert(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Under a version; a former employer stays as a tie with its end."""
        officer, person = await an_officer(database), await someone(database, Role.EXPERT)
        old, new = await an_organization(database), await an_organization(database)
        body = {
            "person_id": str(person.actor.person_id),
            "employer_id": str(old),
            "specialities": ["nlp", "legal"],
            "region": "440305",
        }
        made = await asked(client, officer, "POST", "/v1/expert-profiles", json=body)
        twice = await asked(client, officer, "POST", "/v1/expert-profiles", json=body)
        url = f"/v1/expert-profiles/{person.actor.person_id}"
        change = {"employer_id": str(new), "specialities": ["nlp"], "available": False}

        blind = await asked(client, officer, "PUT", url, json=change)
        headers = {"If-Match": made.headers["etag"]}
        changed = await asked(client, officer, "PUT", url, json=change, headers=headers)
        stale = await asked(client, officer, "PUT", url, json=change, headers=headers)
        ties = await asked(client, officer, "GET", f"{url}/ties")

        assert (made.status_code, made.json()["specialities"]) == (201, ["legal", "nlp"])
        assert (twice.status_code, twice.json()["code"]) == (409, "identity.expert_already")
        assert (blind.status_code, stale.status_code) == (428, 412)
        assert (changed.json()["version"], changed.json()["available"]) == (2, False)
        (tie,) = ties.json()["items"]
        assert (tie["organization_id"], tie["valid_to"]) == (str(old), "2026-03-02")

    async def test_whoever_supervises_is_no_expert(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Whatever they know."""
        officer = await an_officer(database)
        watcher = await someone(database, Role.SUPERVISOR)
        body = {
            "person_id": str(watcher.actor.person_id),
            "employer_id": str(watcher.organization_id),
            "specialities": ["nlp"],
        }

        answer = await asked(client, officer, "POST", "/v1/expert-profiles", json=body)

        assert (answer.status_code, answer.json()["code"]) == (422, "identity.expert_unfit")

    async def test_an_expert_finds_themself_and_nobody_else(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Who is in the pool is not an expert's business."""
        one, other = await bench.an_expert(database), await bench.an_expert(database)

        listed = await asked(client, one, "GET", "/v1/expert-profiles")
        hidden = await asked(
            client, one, "GET", f"/v1/expert-profiles/{other.actor.person_id}/ties"
        )

        assert [row["person_id"] for row in listed.json()["items"]] == [str(one.actor.person_id)]
        assert (hidden.status_code, hidden.json()["code"]) == (404, "identity.expert_unknown")


class TestTies:
    """/v1/expert-profiles/{id}/ties."""

    @pytest.mark.postgres
    async def test_what_an_interest_consists_of_is_sealed_and_forgotten_on_request(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """Its expert and the bureau read it, an auditor reads that it exists, a thief nothing."""
        expert, officer = await bench.an_expert(database), await an_officer(database)
        auditor = await someone(database, Role.AUDITOR)
        firm = await an_organization(database)
        url = f"/v1/expert-profiles/{expert.actor.person_id}/ties"
        body = {"organization_id": str(firm), "kind": "interest", "detail": DETAIL}

        made = await asked(client, expert, "POST", url, json=body)
        bare = await asked(client, expert, "POST", url, json=body | {"detail": None})
        seen = {
            name: (await asked(client, who, "GET", url)).json()["items"][0]["detail"]
            for name, who in (("expert", expert), ("officer", officer), ("auditor", auditor))
        }
        async with database.reading() as session:
            (row,) = (await session.exec(select(ExpertTie))).all()
        await asked(client, expert, "POST", "/v1/me/actions/erase", json={"understood": True})
        async with database.reading() as session:
            (later,) = (await session.exec(select(ExpertTie))).all()

        assert (made.status_code, made.json()["has_detail"]) == (201, True)
        assert DETAIL not in made.text
        assert bare.json()["code"] == "identity.tie_unfit"
        assert seen == {"expert": DETAIL, "officer": DETAIL, "auditor": None}
        assert row.sealed_detail is not None
        assert DETAIL.encode() not in row.sealed_detail
        assert (later.id, later.sealed_detail) == (row.id, None)

    async def test_a_tie_ends_once_and_not_before_it_began(
        self, client: httpx.AsyncClient, database: Database, clock: FixedClock
    ) -> None:
        """What was recorded stays; only its end is added."""
        expert = await bench.an_expert(database)
        firm = await an_organization(database)
        url = f"/v1/expert-profiles/{expert.actor.person_id}/ties"
        body = {"organization_id": str(firm), "kind": "position", "valid_from": "2025-01-01"}
        tie = (await asked(client, expert, "POST", url, json=body)).json()
        end = f"{url}/{tie['id']}/actions/end"

        early = await asked(client, expert, "POST", end, json={"valid_to": "2024-12-31"})
        ended = await asked(client, expert, "POST", end, json={"valid_to": "2026-01-31"})
        again = await asked(client, expert, "POST", end, json={"valid_to": "2026-02-28"})

        assert early.json()["code"] == "identity.tie_unfit"
        assert ended.json()["valid_to"] == "2026-01-31"
        assert (again.status_code, again.json()["code"]) == (409, "identity.tie_ended")
