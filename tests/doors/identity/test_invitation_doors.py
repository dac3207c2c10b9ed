"""Invitations over HTTP: status, shape, problem code."""

import datetime as dt
from typing import Any

import httpx
import pytest

from marketplace.identity.rules.access import Role
from marketplace.identity.tables.organizations import OrganizationKind
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from tests.given.identity import Someone, someone
from tests.given.memberships import ACCEPT, NEW, Office, problem


@pytest.fixture
async def office(client: httpx.AsyncClient, database: Database) -> Office:
    """A company with an administrator."""
    return Office(client, await someone(database, Role.ORGANIZATION_ADMIN))


class TestInviting:
    """POST, GET and revoke of an organisation's invitations."""

    @pytest.mark.postgres
    async def test_shows_the_token_once_and_never_again(self, office: Office) -> None:
        """It is in the answer, not to be kept by anybody on the way, and in no list."""
        answer = await office.invite("solver", note="给王五")
        listed = await office.client.get(f"{office.url}/invitations", headers=office.admin.headers)

        assert answer.status_code == 201, answer.text
        assert answer.headers["cache-control"] == "no-store"
        token = answer.json()["token"]
        assert token not in listed.text
        assert token.rpartition("_")[2] not in listed.text
        assert listed.json()["items"] == [answer.json()["invitation"]]

    async def test_is_not_repeated_under_an_idempotency_key(self, office: Office) -> None:
        """A repeat is a second invitation with another token: none is kept to be told again."""
        headers = office.admin.headers | {"Idempotency-Key": "invite-1"}
        both = [
            await office.client.post(
                f"{office.url}/invitations", json={"roles": ["solver"]}, headers=headers
            )
            for _ in range(2)
        ]

        assert [one.status_code for one in both] == [201, 201]
        assert both[0].json()["token"] != both[1].json()["token"]

    async def test_who_may_invite(self, office: Office, database: Database) -> None:
        """Its administrator and the platform's; a colleague may not, a stranger finds nothing."""
        colleague = await someone(
            database, Role.SOLVER, organization_id=office.admin.organization_id
        )
        stranger = await someone(database, Role.ORGANIZATION_ADMIN)
        officer = await someone(database, Role.BUREAU_OFFICER)
        platform = await someone(database, Role.PLATFORM_ADMIN, kind=OrganizationKind.GOVERNMENT)

        answers = {
            name: (await office.invite("solver", who=who)).status_code
            for name, who in {
                "colleague": colleague,
                "stranger": stranger,
                "officer": officer,
                "platform": platform,
            }.items()
        }

        assert answers == {"colleague": 403, "stranger": 404, "officer": 403, "platform": 201}

    @pytest.mark.parametrize(
        ("roles", "refusal"),
        [
            (["bureau_officer"], (403, "identity.role_not_yours")),
            (["platform_admin"], (403, "identity.role_not_yours")),
            (["test_lab"], (403, "identity.role_not_yours")),
            (["funder", "expert"], (409, "identity.roles_incompatible")),
        ],
    )
    async def test_roles_that_cannot_be_offered(
        self, office: Office, roles: list[str], refusal: tuple[int, str]
    ) -> None:
        """Bureau roles in a company, and roles that exclude each other."""
        assert problem(await office.invite(*roles)) == refusal

    @pytest.mark.parametrize("body", [{"roles": []}, {"roles": ["king"]}, {"days": 31}])
    async def test_malformed(self, office: Office, body: dict[str, Any]) -> None:
        """No role, an unknown one, a token for too long: 400 with a pointer."""
        answer = await office.client.post(
            f"{office.url}/invitations",
            json={"roles": ["solver"]} | body,
            headers=office.admin.headers,
        )

        assert answer.status_code == 400
        assert answer.json()["errors"][0]["pointer"]

    async def test_a_revoked_one_opens_nothing(self, office: Office, database: Database) -> None:
        """Revoking twice changes nothing; a stranger's invitation does not exist."""
        sent = (await office.invite("solver")).json()
        url = f"{office.url}/invitations/{sent['invitation']['id']}/actions/revoke"
        stranger = Office(office.client, await someone(database, Role.ORGANIZATION_ADMIN))
        theirs = f"{stranger.url}/invitations/{sent['invitation']['id']}/actions/revoke"

        unknown = await office.client.post(theirs, headers=stranger.admin.headers)
        first = await office.client.post(url, headers=office.admin.headers)
        second = await office.client.post(url, headers=office.admin.headers)

        assert problem(unknown) == (404, "identity.invitation_unknown")
        assert (first.status_code, second.status_code) == (200, 200)
        assert first.json()["revoked_at"] == second.json()["revoked_at"] is not None
        assert problem(await office.accept(sent["token"])) == (409, "identity.invitation_revoked")


class TestAccepting:
    """POST /v1/invitations/actions/accept."""

    @pytest.mark.postgres
    async def test_somebody_new_gets_a_person_a_membership_and_a_key(self, office: Office) -> None:
        """The key is shown once, works, and the token does not work twice."""
        token = await office.token("solver", "funder")

        joined = await office.accept(token)
        again = await office.accept(token)

        assert joined.status_code == 201, joined.text
        assert joined.headers["cache-control"] == "no-store"
        headers = {"Authorization": f"Bearer {joined.json()['key']}"}
        me = (await office.client.get("/v1/me", headers=headers)).json()
        assert me["roles"] == ["funder", "solver"]
        assert me["organization_id"] == str(office.admin.organization_id)
        assert problem(again) == (409, "identity.invitation_used")

    async def test_whoever_is_signed_in_joins_as_themselves(
        self, office: Office, database: Database
    ) -> None:
        """No second person, no key unless asked for, and both organisations are listed."""
        person = await someone(database, Role.POSTER)

        named = await office.accept(await office.token("solver"), person, name=NEW)
        joined = await office.accept(await office.token("solver"), person)
        listed = await office.client.get("/v1/me/memberships", headers=person.headers)

        assert problem(named) == (422, "identity.name_not_wanted")
        assert (joined.status_code, joined.json()["key"]) == (201, None)
        assert joined.json()["person_id"] == str(person.actor.person_id)
        assert [(one["roles"], one["acting"]) for one in listed.json()["items"]] == [
            (["poster"], True),
            (["solver"], False),
        ]

    async def test_nobody_joins_without_a_name(self, office: Office) -> None:
        """A new person has one; the token is not used up by forgetting it."""
        token = await office.token("solver")
        nameless = await office.client.post(ACCEPT, json={"token": token})

        assert problem(nameless) == (400, "identity.name_missing")
        assert (await office.accept(token)).status_code == 201

    @pytest.mark.parametrize(
        "change",
        [
            lambda token: "garbage",
            lambda token: token[:-1],
            lambda token: token[:-1] + ("0" if token[-1] != "0" else "1"),
            lambda token: token.replace("jbi_", "jb_"),
            lambda token: token + "\u3000",
        ],
        ids=["garbage", "short", "one digit", "a key", "a space"],
    )
    async def test_a_wrong_token_is_unknown(self, office: Office, change: Any) -> None:
        """Nothing tells what is wrong with it, and the right one still works."""
        token = await office.token("solver")

        assert problem(await office.accept(change(token))) == (404, "identity.invitation_unknown")
        assert (await office.accept(token)).status_code == 201

    async def test_it_expires_to_the_second(self, office: Office, clock: FixedClock) -> None:
        """Open a second before its last moment, closed at that moment."""
        early, late = await office.token("solver", days=1), await office.token("solver", days=1)
        clock.advance(dt.timedelta(days=1, seconds=-1))
        in_time = await office.accept(early)
        clock.advance(dt.timedelta(seconds=1))

        assert in_time.status_code == 201
        assert problem(await office.accept(late)) == (409, "identity.invitation_expired")

    async def test_a_limited_key_does_not_join(self, office: Office, database: Database) -> None:
        """Otherwise it could make its person's way to a wider one."""
        person = await someone(database, Role.SOLVER)
        narrow = await office.client.post(
            "/v1/api-keys",
            json={"name": "narrow", "scopes": ["webhooks:manage"]},
            headers=person.headers,
        )
        limited = Someone(actor=person.actor, key=narrow.json()["key"])

        answer = await office.accept(await office.token("funder"), limited)

        assert problem(answer) == (403, "identity.not_permitted")

    async def test_a_member_does_not_join_twice_and_a_regulator_no_panel(
        self, office: Office, database: Database
    ) -> None:
        """The refusal says whether the roles meet in another organisation."""
        finance = await someone(database, Role.FINANCE)
        token = await office.token("expert")

        member = await office.accept(await office.token("solver"), office.admin)
        regulator = await office.accept(token, finance)

        assert problem(member) == (409, "identity.already_member")
        assert problem(regulator) == (409, "identity.roles_incompatible")
        assert regulator.json()["roles"] == ["expert", "finance"]
        assert regulator.json()["in_another_organization"] is True
