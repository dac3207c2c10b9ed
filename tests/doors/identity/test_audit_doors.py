"""The audit log: what was done, who was refused, and who has read it."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from marketplace.identity.rules.access import Role
from marketplace.identity.tables.organizations import OrganizationKind
from marketplace.kit.database import Database
from tests.given.identity import Someone, a_credit_code, an_organization, someone

LOG = "/v1/audit-log"


@pytest.fixture
async def auditor(database: Database) -> Someone:
    """Somebody who may read the log."""
    return await someone(database, Role.AUDITOR)


@pytest.fixture
async def officer(database: Database) -> Someone:
    """Somebody whose acts are witnessed."""
    return await someone(database, Role.BUREAU_OFFICER)


async def entries(
    client: httpx.AsyncClient, auditor: Someone, **asked: str
) -> list[dict[str, Any]]:
    """What the log says."""
    answer = await client.get(LOG, params=asked, headers=auditor.headers)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def register(client: httpx.AsyncClient, who: Someone, **headers: str) -> httpx.Response:
    """Do something that needs a right."""
    body = {
        "uscc": a_credit_code(),
        "name": {"zh": "某公司(示例)"},
        "kind": "company",
        "region": "440305",
    }
    return await client.post("/v1/organizations", json=body, headers=who.headers | headers)


class TestPerformed:
    """What was done."""

    @pytest.mark.postgres
    async def test_an_act_is_in_the_log_with_who_did_it(
        self, client: httpx.AsyncClient, officer: Someone, auditor: Someone
    ) -> None:
        """Person, organisation, role, key, request and address, as they were then."""
        done = await register(client, officer, **{"X-Request-Id": "act-1"})

        (entry,) = await entries(client, auditor, operation="organizations_register")

        assert done.status_code == 201
        assert entry["outcome"] == "performed"
        assert entry["person_id"] == str(officer.actor.person_id)
        assert entry["organization_id"] == str(officer.organization_id)
        assert entry["roles"] == ["bureau_officer"]
        assert entry["key_id"] == str(officer.actor.key_id)
        assert entry["request_id"] == "act-1"
        assert entry["address"] == "127.0.0.1"

    async def test_the_entry_names_what_the_address_names(
        self, client: httpx.AsyncClient, database: Database, officer: Someone, auditor: Someone
    ) -> None:
        """The ids in the path are the subject."""
        known = await an_organization(database, verified=False)
        read = await client.get(f"/v1/organizations/{known}", headers=officer.headers)
        fresh = officer.headers | {"If-Match": read.headers["ETag"]}
        await client.post(f"/v1/organizations/{known}/actions/verify", headers=fresh)

        (entry,) = await entries(client, auditor, operation="organizations_verify")

        assert entry["subject"] == {"organization_id": str(known)}

    async def test_a_repeated_request_is_one_act(
        self, client: httpx.AsyncClient, officer: Someone, auditor: Someone
    ) -> None:
        """The same Idempotency-Key answers twice and is witnessed once."""
        body = {
            "uscc": a_credit_code(),
            "name": {"zh": "某公司(示例)"},
            "kind": "company",
            "region": "440305",
        }
        for _ in range(2):
            headers = officer.headers | {"Idempotency-Key": "once"}
            answer = await client.post("/v1/organizations", json=body, headers=headers)
            assert answer.status_code == 201

        assert len(await entries(client, auditor, operation="organizations_register")) == 1

    async def test_reading_the_log_is_in_the_log(
        self, client: httpx.AsyncClient, auditor: Someone
    ) -> None:
        """Who watches the watchers can be seen."""
        await entries(client, auditor)

        (entry,) = await entries(client, auditor)

        assert entry["operation"] == "audit_log_list"
        assert entry["person_id"] == str(auditor.actor.person_id)


class TestDenied:
    """Who was refused."""

    @pytest.mark.postgres
    async def test_a_refusal_is_in_the_log_although_nothing_was_done(
        self, client: httpx.AsyncClient, database: Database, auditor: Someone
    ) -> None:
        """The request is rolled back, its entry is not."""
        solver = await someone(database, Role.SOLVER)
        refused = await register(client, solver)

        (entry,) = await entries(client, auditor, outcome="denied")

        assert refused.status_code == 403
        assert entry["code"] == "identity.not_permitted"
        assert entry["operation"] == "organizations_register"
        assert entry["person_id"] == str(solver.actor.person_id)

    async def test_a_wrong_key_is_in_the_log_as_nobodys(
        self, client: httpx.AsyncClient, auditor: Someone
    ) -> None:
        """Whoever tries keys leaves an address, and the key is nowhere."""
        key = f"jb_{'a' * 10}_{'b' * 32}"
        await client.get("/v1/me", headers={"Authorization": f"Bearer {key}"})

        (entry,) = await entries(client, auditor, outcome="denied")

        assert entry["code"] == "identity.credential_refused"
        assert (entry["person_id"], entry["address"]) == (None, "127.0.0.1")
        assert "b" * 32 not in str(entry)

    async def test_asking_for_what_one_may_not_know_of_is_in_the_log(
        self, client: httpx.AsyncClient, database: Database, auditor: Someone
    ) -> None:
        """The asker cannot tell a secret from nothing; the auditor sees that somebody asked."""
        foreign = await an_organization(database)
        solver = await someone(database, Role.SOLVER)
        await client.get(f"/v1/organizations/{foreign}", headers=solver.headers)

        (entry,) = await entries(client, auditor, outcome="not_found")

        assert entry["subject"] == {"organization_id": str(foreign)}

    async def test_a_request_of_nobody_leaves_no_entry(
        self, client: httpx.AsyncClient, auditor: Someone
    ) -> None:
        """A flood of them must not fill the database."""
        assert (await client.get("/v1/me")).status_code == 401

        assert await entries(client, auditor) == []


class TestReading:
    """Who may read it, and how."""

    @pytest.mark.postgres
    async def test_pages_go_back_in_time_without_gap_or_overlap(
        self, client: httpx.AsyncClient, officer: Someone, auditor: Someone
    ) -> None:
        """Newest first, three at a time; reading adds entries only above the cursor."""
        for _ in range(7):
            await register(client, officer)
        seen: list[str] = []
        cursor: str | None = None

        async for page in _pages(client, auditor, limit=3):
            seen += [item["id"] for item in page]

        assert cursor is None
        assert len(seen) == len(set(seen)) == 7
        assert seen == sorted(seen, reverse=True)

    async def test_filters_narrow(
        self, client: httpx.AsyncClient, database: Database, officer: Someone, auditor: Someone
    ) -> None:
        """By person, organisation, operation, outcome and time."""
        other = await someone(database, Role.BUREAU_OFFICER, kind=OrganizationKind.GOVERNMENT)
        await register(client, officer)
        await register(client, other)

        by_person = await entries(client, auditor, person_id=str(officer.actor.person_id))
        by_organization = await entries(client, auditor, organization_id=str(other.organization_id))
        later = await entries(client, auditor, since="2026-03-02T09:00:01+08:00")

        assert len(by_person) == len(by_organization) == 1
        assert by_person[0]["id"] != by_organization[0]["id"]
        assert later == []

    async def test_only_auditors_read_it(self, client: httpx.AsyncClient, officer: Someone) -> None:
        """Not even the bureau whose acts are in it."""
        answer = await client.get(LOG, headers=officer.headers)

        assert answer.status_code == 403
        assert answer.json()["permission"] == "audit:read"


async def _pages(
    client: httpx.AsyncClient, auditor: Someone, *, limit: int
) -> AsyncIterator[list[dict[str, Any]]]:
    """Every page of what was registered."""
    cursor: str | None = ""
    while cursor is not None:
        asked = {"operation": "organizations_register", "limit": str(limit)}
        params = asked | ({"cursor": cursor} if cursor else {})
        answer = await client.get(LOG, params=params, headers=auditor.headers)
        assert answer.status_code == 200, answer.text
        yield answer.json()["items"]
        cursor = answer.json()["next_cursor"]
