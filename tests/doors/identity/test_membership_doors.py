"""Memberships over HTTP: status, shape, problem code."""

import httpx
import pytest
from sqlmodel import col, select

from marketplace.events.tables import EventRow
from marketplace.identity.rules.access import Role
from marketplace.kit.database import Database
from tests.given.identity import Someone, an_organization, someone
from tests.given.memberships import NEW, Office, problem


@pytest.fixture
async def office(client: httpx.AsyncClient, database: Database) -> Office:
    """A company with an administrator."""
    return Office(client, await someone(database, Role.ORGANIZATION_ADMIN))


class TestMembers:
    """Changed roles, leaving, and what remains to be read."""

    @pytest.mark.postgres
    async def test_changed_roles_count_at_the_next_request(
        self, office: Office, database: Database
    ) -> None:
        """With the key the member has; a stale version is 412, none at all 428."""
        member = await someone(database, Role.SOLVER, organization_id=office.admin.organization_id)
        stale = '"v9.0123456789abcdef"'

        first = await office.ask(office.admin, member, "change-roles", {"roles": ["poster"]})
        second = await office.ask(
            office.admin, member, "change-roles", {"roles": ["funder"]}, etag=stale
        )
        url = f"{office.url}/members/{member.actor.person_id}/actions/change-roles"
        third = await office.client.post(
            url, json={"roles": ["funder"]}, headers=office.admin.headers
        )
        me = await office.client.get("/v1/me", headers=member.headers)

        assert [one.status_code for one in (first, second, third)] == [200, 412, 428]
        assert first.headers["etag"].startswith('"v2.')
        assert me.json()["roles"] == ["poster"]

    async def test_who_may_change_and_remove(self, office: Office, database: Database) -> None:
        """A colleague may not, a stranger finds nobody, an officer not any more."""
        place = office.admin.organization_id
        member = await someone(database, Role.SOLVER, organization_id=place)
        colleague = await someone(database, Role.SOLVER, organization_id=place)
        stranger = await someone(database, Role.ORGANIZATION_ADMIN)
        officer = await someone(database, Role.BUREAU_OFFICER)

        for verb, body in (("change-roles", {"roles": ["poster"]}), ("leave", None)):
            answers = [
                (await office.ask(who, member, verb, body)).status_code
                for who in (colleague, stranger, officer)
            ]
            assert answers == [403, 404, 403], verb

    @pytest.mark.postgres
    async def test_whoever_left_is_out_at_the_next_request(
        self, office: Office, database: Database
    ) -> None:
        """By themselves, twice is 401; the administrator still reads what there was."""
        member = await someone(database, Role.SOLVER, organization_id=office.admin.organization_id)

        gone = await office.ask(member, member, "leave")
        again = await office.ask(member, member, "leave")
        me = await office.client.get("/v1/me", headers=member.headers)
        read = await office.client.get(
            f"{office.url}/members/{member.actor.person_id}", headers=office.admin.headers
        )

        assert gone.status_code == 200, gone.text
        assert problem(again) == problem(me) == (401, "identity.credential_refused")
        assert read.json()["left_at"] is not None
        assert [one["ended_as"] for one in read.json()["periods"]] == ["left"]

    async def test_the_last_administrator_is_told_who_is_still_there(
        self, office: Office, database: Database
    ) -> None:
        """Not by leaving, not by changing roles; after naming a successor, gladly."""
        member = await someone(database, Role.SOLVER, organization_id=office.admin.organization_id)
        last = (409, "identity.last_administrator")

        assert problem(await office.ask(office.admin, office.admin, "leave")) == last
        downgraded = await office.ask(
            office.admin, office.admin, "change-roles", {"roles": ["solver"]}
        )
        named = await office.ask(
            office.admin, member, "change-roles", {"roles": ["organization_admin"]}
        )

        assert problem(downgraded) == last
        assert named.status_code == 200
        assert (await office.ask(office.admin, office.admin, "leave")).status_code == 200

    async def test_a_member_of_two_reads_themselves_in_both(
        self, office: Office, database: Database
    ) -> None:
        """A person's own memberships are theirs to read, with whichever key; others' are not."""
        person = await someone(database, Role.POSTER)
        await office.accept(await office.token("solver"), person)
        own = f"{office.url}/members/{person.actor.person_id}"
        other = f"{office.url}/members/{office.admin.actor.person_id}"

        assert (await office.client.get(own, headers=person.headers)).status_code == 200
        assert (await office.client.get(other, headers=person.headers)).status_code == 404

    async def test_what_happened_is_heard_by_the_organization(
        self, office: Office, database: Database
    ) -> None:
        """Sent, joined, changed, key revoked, left: the owner's feed has each of them once."""
        joined = (await office.accept(await office.token("solver"))).json()
        member = f"{office.url}/members/{joined['person_id']}"
        for verb, body in (("change-roles", {"roles": ["funder"]}), ("leave", {})):
            etag = (await office.client.get(member, headers=office.admin.headers)).headers["etag"]
            headers = office.admin.headers | {"If-Match": etag}
            done = await office.client.post(f"{member}/actions/{verb}", json=body, headers=headers)
            assert done.status_code == 200, done.text

        heard = await said(database, office.admin)
        assert heard[-6:] == [
            "invitation.sent",
            "organization.member_joined",
            "api_key.issued",
            "organization.member_roles_changed",
            "api_key.revoked",
            "organization.member_left",
        ]


async def said(database: Database, who: Someone) -> list[str]:
    """What the log says to an organisation, in order."""
    async with database.reading() as session:
        rows = await session.exec(
            select(EventRow)
            .where(EventRow.organization_id == who.organization_id)
            .order_by(col(EventRow.position))
        )
        found = rows.all()
    assert {row.visibility for row in found if row.subject_type == "invitation"} == {"owner"}
    return [row.type for row in found]


async def test_adding_a_former_member_over_http_takes_the_membership_up_again(
    client: httpx.AsyncClient, database: Database
) -> None:
    """An officer brings somebody back into an organisation that has no administrator yet."""
    officer = await someone(database, Role.BUREAU_OFFICER)
    place = await an_organization(database)
    person = await someone(database, Role.SOLVER, organization_id=place)
    url = f"/v1/organizations/{place}/members"
    read = await client.get(f"{url}/{person.actor.person_id}", headers=officer.headers)
    await client.post(
        f"{url}/{person.actor.person_id}/actions/leave",
        headers=officer.headers | {"If-Match": read.headers["etag"]},
    )
    body = {"person_id": str(person.actor.person_id), "roles": ["organization_admin"]}
    back = await client.post(url, json=body, headers=officer.headers)
    after = await client.post(url, json={"name": NEW, "roles": ["solver"]}, headers=officer.headers)

    assert (back.status_code, back.json()["version"]) == (201, 3)
    assert problem(after) == (403, "identity.not_permitted")
