"""The identity room over HTTP: status, shape, problem code."""

from uuid import uuid4

import httpx
import pytest

from marketplace.identity.rules.access import Role
from marketplace.identity.tables.organizations import OrganizationKind
from marketplace.kit.database import Database
from tests.given import identity as given


def a_registration(**changes: object) -> dict[str, object]:
    """A request to register a small company."""
    return {
        "uscc": given.a_credit_code(),
        "name": {"zh": "深圳某智能公司(示例)", "en": "Example AI"},
        "kind": "company",
        "region": "440305",
        "size_class": "small",
    } | changes


class TestRegister:
    """POST /v1/organizations."""

    @pytest.mark.postgres
    async def test_answers_with_the_organization_and_its_etag(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """An officer registers a company and gets it back with version 1."""
        officer = await given.someone(database, Role.BUREAU_OFFICER)

        answer = await client.post(
            "/v1/organizations", json=a_registration(), headers=officer.headers
        )

        assert answer.status_code == 201, answer.text
        assert answer.json()["version"] == 1
        assert answer.json()["verified_at"] is None
        assert answer.headers["etag"].startswith('"v1.')

    async def test_lists_every_field_error_at_once(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """Two wrong fields and an unknown one are three errors with pointers, in one answer."""
        officer = await given.someone(database, Role.BUREAU_OFFICER)
        wrong = a_registration(kind="castle", region="", colour="red")

        answer = await client.post("/v1/organizations", json=wrong, headers=officer.headers)

        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        pointers = {item["pointer"] for item in answer.json()["errors"]}
        assert pointers == {"/kind", "/region", "/colour"}

    async def test_refuses_a_wrong_check_character(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """A credit code with a wrong last character is well formed but against a rule."""
        officer = await given.someone(database, Role.BUREAU_OFFICER)
        code = given.a_credit_code()
        wrong = code[:-1] + ("0" if code[-1] != "0" else "1")

        answer = await client.post(
            "/v1/organizations", json=a_registration(uscc=wrong), headers=officer.headers
        )

        assert answer.status_code == 422
        assert answer.json()["code"] == "identity.credit_code_invalid"

    async def test_speaks_chinese_unless_asked_otherwise(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """Without Accept-Language the title is Chinese."""
        solver = await given.someone(database, Role.SOLVER)

        answer = await client.post(
            "/v1/organizations",
            json=a_registration(),
            headers={"Authorization": f"Bearer {solver.key}"},
        )

        assert answer.status_code == 403
        assert answer.json()["title"] == "您的角色或密钥范围不允许此操作。"

    async def test_refuses_text_no_database_can_keep(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """A NUL character is a field error, not a broken statement."""
        officer = await given.someone(database, Role.BUREAU_OFFICER)

        answer = await client.post(
            "/v1/organizations", json=a_registration(region="44\x0005"), headers=officer.headers
        )

        assert answer.status_code == 400


class TestIdempotency:
    """Idempotency-Key on any request that writes."""

    @pytest.mark.postgres
    async def test_answers_the_same_bytes_twice_and_acts_once(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """The second request is replayed and says so."""
        officer = await given.someone(database, Role.BUREAU_OFFICER)
        request = a_registration()
        headers = officer.headers | {"Idempotency-Key": "register-1"}

        first = await client.post("/v1/organizations", json=request, headers=headers)
        second = await client.post("/v1/organizations", json=request, headers=headers)

        assert (first.status_code, second.status_code) == (201, 201), second.text
        assert second.content == first.content
        assert second.headers["idempotency-replayed"] == "true"
        assert second.headers["etag"] == first.headers["etag"]

    async def test_refuses_the_same_key_for_another_request(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """A key is bound to the request it first came with."""
        officer = await given.someone(database, Role.BUREAU_OFFICER)
        headers = officer.headers | {"Idempotency-Key": "register-1"}
        await client.post("/v1/organizations", json=a_registration(), headers=headers)

        answer = await client.post("/v1/organizations", json=a_registration(), headers=headers)

        assert answer.status_code == 422
        assert answer.json()["code"] == "wire.idempotency_key_reused"


class TestVerify:
    """POST /v1/organizations/{id}/actions/verify."""

    async def test_wants_to_know_which_version(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """428 without If-Match, 412 when stale, 200 with the ETag just read."""
        officer = await given.someone(database, Role.BUREAU_OFFICER)
        organization_id = await given.an_organization(database, verified=False)
        url = f"/v1/organizations/{organization_id}"
        verify = f"{url}/actions/verify"
        read = await client.get(url, headers=officer.headers)

        without = await client.post(verify, headers=officer.headers)
        stale = await client.post(
            verify, headers=officer.headers | {"If-Match": '"v9.0123456789abcdef"'}
        )
        fresh = await client.post(
            verify, headers=officer.headers | {"If-Match": read.headers["etag"]}
        )

        assert [without.status_code, stale.status_code, fresh.status_code] == [428, 412, 200]
        assert fresh.json()["verified_at"] is not None


class TestRead:
    """GET with ETags and pages."""

    @pytest.mark.parametrize("path", ["", "/members"])
    async def test_another_organization_does_not_exist_for_a_stranger(
        self, client: httpx.AsyncClient, database: Database, path: str
    ) -> None:
        """Whoever guesses an id learns nothing: the answer is that of an id that was made up."""
        solver = await given.someone(database, Role.SOLVER)
        foreign = await given.an_organization(database)

        guessed = await client.get(f"/v1/organizations/{foreign}{path}", headers=solver.headers)
        made_up = await client.get(f"/v1/organizations/{uuid4()}{path}", headers=solver.headers)

        assert guessed.status_code == made_up.status_code == 404
        assert guessed.json()["code"] == made_up.json()["code"] == "identity.organization_unknown"
        assert set(guessed.json()) == set(made_up.json())

    async def test_answers_304_to_who_has_it_already(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """If-None-Match with the present ETag saves the body."""
        solver = await given.someone(database, Role.SOLVER)
        url = f"/v1/organizations/{solver.organization_id}"
        read = await client.get(url, headers=solver.headers)

        again = await client.get(
            url, headers=solver.headers | {"If-None-Match": read.headers["etag"]}
        )

        assert (again.status_code, again.content) == (304, b"")

    async def test_pages_through_everything_exactly_once(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """Pages of two hold every organisation once, in order."""
        officer = await given.someone(database, Role.BUREAU_OFFICER)
        for _ in range(4):
            await given.an_organization(database)
        seen: list[str] = []
        cursor = None

        while True:
            query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = (
                await client.get("/v1/organizations", params=query, headers=officer.headers)
            ).json()
            seen += [item["id"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break

        assert len(seen) == len(set(seen)) == 5
        assert seen == sorted(seen)

    @pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "cursor=%21%21"])
    async def test_refuses_page_parameters_out_of_range(
        self, client: httpx.AsyncClient, database: Database, query: str
    ) -> None:
        """Limits and cursors that were made up are 400, never 500."""
        officer = await given.someone(database, Role.BUREAU_OFFICER)

        answer = await client.get(f"/v1/organizations?{query}", headers=officer.headers)

        assert answer.status_code == 400, answer.text


class TestKeys:
    """API keys."""

    async def test_a_revoked_key_opens_nothing(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """The very next request with it is 401."""
        solver = await given.someone(database, Role.SOLVER)
        me = (await client.get("/v1/me", headers=solver.headers)).json()
        issued = await client.post("/v1/api-keys", json={"name": "ci"}, headers=solver.headers)
        fresh = {"Authorization": f"Bearer {issued.json()['key']}"}

        before = await client.get("/v1/me", headers=fresh)
        await client.post(f"/v1/api-keys/{issued.json()['id']}/actions/revoke", headers=fresh)
        after = await client.get("/v1/me", headers=fresh)

        assert issued.status_code == 201
        assert before.json()["person_id"] == me["person_id"]
        assert (after.status_code, after.json()["code"]) == (401, "identity.credential_refused")
        assert "Bearer" in after.headers["www-authenticate"]

    async def test_a_limited_key_cannot_widen_itself(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """A key for reading only cannot issue a key for bidding."""
        solver = await given.someone(database, Role.SOLVER)
        narrow = await client.post(
            "/v1/api-keys",
            json={"name": "narrow", "scopes": ["webhooks:manage"]},
            headers=solver.headers,
        )
        headers = {"Authorization": f"Bearer {narrow.json()['key']}"}

        wider = await client.post(
            "/v1/api-keys", json={"name": "wider", "scopes": ["bids:submit"]}, headers=headers
        )
        silent = await client.post("/v1/api-keys", json={"name": "silent"}, headers=headers)

        assert wider.status_code == 422
        assert silent.json()["scopes"] == ["webhooks:manage"]

    async def test_an_officer_cannot_make_an_approver(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """Bureau roles are given by an administrator only."""
        officer = await given.someone(database, Role.BUREAU_OFFICER)
        url = f"/v1/organizations/{officer.organization_id}/members"

        answer = await client.post(
            url,
            json={"name": {"zh": "李四"}, "roles": ["bureau_approver"]},
            headers=officer.headers,
        )

        assert (answer.status_code, answer.json()["code"]) == (403, "identity.role_not_yours")

    async def test_strangers_organizations_do_not_exist(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """404, not 403: a stranger may not even learn that it is there."""
        solver = await given.someone(database, Role.SOLVER)
        other = await given.an_organization(database, kind=OrganizationKind.UNIVERSITY)

        answer = await client.get(f"/v1/organizations/{other}", headers=solver.headers)

        assert answer.status_code == 404
