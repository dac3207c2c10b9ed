"""What is known of oneself, and being forgotten."""

import datetime as dt

import httpx
import pytest
from sqlmodel import col, select

from marketplace.events.tables import EventRow
from marketplace.house import House
from marketplace.identity import jobs
from marketplace.identity.queries.personal_data import columns_naming_people
from marketplace.identity.rules.access import Role
from marketplace.identity.rules.retention import ABOUT_A_PERSON, ERASED_ZH
from marketplace.identity.tables.audit import AuditEntry
from marketplace.identity.tables.people import Person
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from tests.given import scenarios, sign_ins
from tests.given.identity import Someone, an_organization, someone
from tests.given.traces import bytes_on_disk

COPY = "/v1/me/personal-data"
ERASE = "/v1/me/actions/erase"
MEANT = {"understood": True}
NAME = "欧阳不忘"
LOGIN = "ouyang.buwang"


async def person_of(database: Database, who: Someone) -> Person:
    """The row of a person as it is now."""
    async with database.reading() as session:
        return (await session.exec(select(Person).where(Person.id == who.actor.person_id))).one()


@pytest.fixture
async def solver(database: Database) -> Someone:
    """Somebody who did nothing yet, with a login of their own, in an organisation with others."""
    organization_id = await an_organization(database)
    await someone(database, Role.ORGANIZATION_ADMIN, organization_id=organization_id)
    who = await someone(database, Role.SOLVER, organization_id=organization_id, name=NAME)
    await sign_ins.a_password(database, who.actor, LOGIN)
    return who


class TestCopy:
    """GET /v1/me/personal-data."""

    @pytest.mark.postgres
    async def test_it_holds_what_is_known_and_no_secret(
        self, client: httpx.AsyncClient, solver: Someone
    ) -> None:
        """Name, memberships, keys, login; not a digest, a hash or an encrypted byte."""
        answer = await client.get(COPY, headers=solver.headers)
        told = answer.json()

        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        assert told["name"]["zh"] == NAME
        assert told["about"]["member"][0]["roles"] == ["solver"]
        assert told["about"]["password"][0]["login"] == LOGIN
        assert len(told["about"]["api_key"]) == 1
        fields = {field for rows in told["about"].values() for row in rows for field in row}
        assert not {field for field in fields if "sha256" in field or "hash" in field}
        assert solver.key.split("_")[2] not in answer.text

    async def test_taking_it_is_in_the_audit_log(
        self, client: httpx.AsyncClient, database: Database, solver: Someone
    ) -> None:
        """Whoever steals a key and copies a person leaves a trace."""
        await client.get(COPY, headers=solver.headers)

        async with database.reading() as session:
            (entry,) = (await session.exec(select(AuditEntry))).all()
        assert (entry.operation, entry.person_id) == (
            "personal_data_export",
            solver.actor.person_id,
        )


class TestErasure:
    """POST /v1/me/actions/erase."""

    @pytest.mark.postgres
    async def test_whoever_did_nothing_is_forgotten_at_once(
        self, client: httpx.AsyncClient, database: Database, solver: Someone
    ) -> None:
        """Key, login and name are gone; only that there was somebody is left."""
        answer = await client.post(ERASE, json=MEANT, headers=solver.headers)

        assert answer.status_code == 200, answer.text
        assert answer.json()["kept"] == []
        assert {"person.name", "password"} <= set(answer.json()["erased"])
        person = await person_of(database, solver)
        assert (person.name_zh, person.name_kept_until) == (ERASED_ZH, None)
        assert person.erased_at is not None
        assert (await client.get("/v1/me", headers=solver.headers)).status_code == 401
        signing_in = {"login": LOGIN, "password": sign_ins.PASSWORD}
        assert (await client.post("/v1/sessions", json=signing_in)).status_code == 401

    async def test_nothing_of_them_is_left_in_the_live_rows(
        self, client: httpx.AsyncClient, database: Database, solver: Someone
    ) -> None:
        """Neither the name nor the login is in any row; searched after a VACUUM, byte by byte."""
        await client.post(ERASE, json=MEANT, headers=solver.headers)

        async with database.engine.connect() as connection:
            await connection.exec_driver_sql("ROLLBACK")
            await connection.exec_driver_sql("VACUUM")
            await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        stored = bytes_on_disk(database)
        assert NAME.encode() not in stored
        assert LOGIN.encode() not in stored

    @pytest.mark.postgres
    async def test_whoever_had_a_call_in_hand_is_named_in_its_files_for_fifteen_years(
        self,
        client: httpx.AsyncClient,
        database: Database,
        clock: FixedClock,
        house: House,
    ) -> None:
        """The law keeps the files of a procurement; once it does not, a tick takes the name."""
        call = await scenarios.a_published_call(database, clock)
        poster = call.cast.poster
        answer = await client.post(ERASE, json=MEANT, headers=poster.headers)

        kept = {one["what"]: one["until"] for one in answer.json()["kept"]}
        assert kept["scenario.author_id"] == "2041-03-02"
        assert (await person_of(database, poster)).name_zh != ERASED_ZH
        assert (await client.get("/v1/me", headers=poster.headers)).status_code == 401

        clock.move_to(dt.datetime(2041, 3, 1, 12, tzinfo=dt.UTC))
        await jobs.forget_what_need_not_be_kept(house.database, clock)
        assert (await person_of(database, poster)).name_zh != ERASED_ZH
        clock.move_to(dt.datetime(2041, 3, 2, 12, tzinfo=dt.UTC))
        await jobs.forget_what_need_not_be_kept(house.database, clock)
        assert (await person_of(database, poster)).name_zh == ERASED_ZH

    async def test_the_last_administrator_finds_a_successor_first(
        self, client: httpx.AsyncClient, database: Database
    ) -> None:
        """Nobody leaves an organisation that cannot manage itself, and nothing is half erased."""
        admin = await someone(database, Role.ORGANIZATION_ADMIN)
        await someone(database, Role.SOLVER, organization_id=admin.organization_id)

        answer = await client.post(ERASE, json=MEANT, headers=admin.headers)

        assert answer.json()["code"] == "identity.last_administrator"
        assert (await client.get("/v1/me", headers=admin.headers)).status_code == 200

    async def test_it_must_be_meant(self, client: httpx.AsyncClient, solver: Someone) -> None:
        """There is no way back, so an empty request does nothing."""
        for body in ({}, {"understood": False}, {"understood": "true"}):
            assert (await client.post(ERASE, json=body, headers=solver.headers)).status_code == 400

        assert (await client.get("/v1/me", headers=solver.headers)).status_code == 200

    async def test_a_limited_key_cannot_end_its_person(
        self, client: httpx.AsyncClient, solver: Someone
    ) -> None:
        """A key for one purpose that is stolen must not be good for this one."""
        wanted = {"name": "limited", "scopes": ["bids:submit"]}
        made = await client.post("/v1/api-keys", json=wanted, headers=solver.headers)
        limited = {"Authorization": f"Bearer {made.json()['key']}"}

        answer = await client.post(ERASE, json=MEANT, headers=limited)

        assert answer.status_code == 403

    async def test_the_bureau_hears_that_somebody_was_forgotten_and_not_who(
        self, client: httpx.AsyncClient, database: Database, solver: Someone
    ) -> None:
        """The event has an id and no name."""
        await client.post(ERASE, json=MEANT, headers=solver.headers)

        async with database.reading() as session:
            told = select(EventRow).where(col(EventRow.type) == "person.erased")
            (event,) = (await session.exec(told)).all()
        assert event.data == {"person_id": str(solver.actor.person_id), "name_kept_until": None}


def test_every_column_about_a_person_is_there() -> None:
    """A column that was renamed would silently count as something they did."""
    assert set(columns_naming_people()) >= ABOUT_A_PERSON


@pytest.mark.postgres
async def test_an_address_is_forgotten_after_half_a_year(
    client: httpx.AsyncClient, database: Database, clock: FixedClock, solver: Someone
) -> None:
    """The entry stays, where it came from goes."""
    await client.get(COPY, headers=solver.headers)
    clock.advance(dt.timedelta(days=182))
    assert await jobs.forget_what_need_not_be_kept(database, clock) == 0
    clock.advance(dt.timedelta(days=2))

    assert await jobs.forget_what_need_not_be_kept(database, clock) == 1

    async with database.reading() as session:
        (entry,) = (await session.exec(select(AuditEntry))).all()
    assert (entry.address, entry.operation) == (None, "personal_data_export")
