"""Every operation, asked by nobody, by a stranger, and by each role: one table says who gets in.

An operation without a row fails the test, so nobody can add a door without saying who may pass it.
Whoever is not in the row gets 401 (nobody) or 403 or 404 (everybody else), and the database is the
same afterwards, byte for byte of every row.
"""

from typing import Any

import httpx
import pytest
from litestar import Litestar
from sqlalchemy import select
from sqlmodel import col
from sqlmodel import select as select_rows

from marketplace.house import House
from marketplace.identity.rules.access import Role
from marketplace.identity.tables.audit import AuditEntry, Outcome
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.tables import metadata
from marketplace.registry import tables
from tests.doors.askers import ASKERS
from tests.doors.bodies import BODIES, HEADERS, QUERIES
from tests.doors.rows import ROWS
from tests.doors.strangers import World, a_world

pytestmark = pytest.mark.long

LAST = {"personal_data_erase"}
TAKEN_AWAY = {"external_identities_unlink"}
"""What is gone once the first has got through."""
REFUSALS = {asker: {403, 404} for asker in ASKERS} | {"nobody": {401}}


def operations(app: Litestar) -> dict[str, tuple[str, str]]:
    """Method and path of every operation of the OpenAPI document."""
    found = {}
    for path, item in app.openapi_schema.paths.items():  # type: ignore[union-attr]
        for method in ("get", "post", "put", "patch", "delete"):
            operation = getattr(item, method)
            if operation is not None:
                found[operation.operation_id] = (method.upper(), path)
    return found


async def ask(
    client: httpx.AsyncClient, world: World, operation: tuple[str, str], name: str, asker: str
) -> httpx.Response:
    """Ask for one operation, well formed, under a version that is never the present one."""
    method, path = operation
    headers = world.headers(asker) | {
        "If-Match": '"v999.0123456789abcdef"',
        "Idempotency-Key": f"{name}-{asker}",
        **HEADERS.get(name, {}),
    }
    body = BODIES.get(name)
    content: dict[str, Any] = {"params": QUERIES.get(name)}
    if isinstance(body, bytes):
        content["content"], headers["Content-Type"] = body, "text/csv"
    elif method != "GET":
        content["json"] = world.filled(body or {})
    return await client.request(method, world.address(path), headers=headers, **content)


def told(wrong: list[tuple[str, str, int, str]]) -> str:
    """Each door once, with everybody for whom the table is wrong and the first answer."""
    doors: dict[str, list[str]] = {}
    first = {name: text for name, _, _, text in reversed(wrong)}
    for name, asker, status, _ in wrong:
        doors.setdefault(name, []).append(f"{asker} {status}")
    return "\n" + "\n".join(f"{name}: {', '.join(doors[name])}: {first[name]}" for name in doors)


async def snapshot(database: Database) -> dict[str, list[str]]:
    """Everything the database holds but its audit log, in which every refusal leaves an entry."""
    tables()
    async with database.reading() as session:
        connection = await session.connection()
        return {
            table.name: sorted(map(repr, (await connection.execute(select(table))).all()))
            for table in metadata.sorted_tables
            if table.name != AuditEntry.__tablename__
        }


async def audited(database: Database) -> set[tuple[str, str]]:
    """Who was refused what, as the audit log has it."""
    async with database.reading() as session:
        refused = select_rows(AuditEntry).where(col(AuditEntry.outcome) != Outcome.PERFORMED)
        return {(one.operation, str(one.person_id)) for one in (await session.exec(refused)).all()}


class TestStrangers:
    """Who gets through which door."""

    def test_every_operation_has_a_row_and_every_row_an_operation(self, app: Litestar) -> None:
        """A new door without a row, or a row without a door, fails."""
        assert set(ROWS) == set(operations(app))

    def test_every_role_asks(self) -> None:
        """No role is forgotten among the askers."""
        assert {role.value for role in Role} <= set(ASKERS)

    @pytest.mark.postgres
    async def test_whoever_is_not_in_the_row_is_refused_and_changes_nothing(
        self,
        app: Litestar,
        client: httpx.AsyncClient,
        database: Database,
        clock: FixedClock,
        house: House,
    ) -> None:
        """All refusals at once, against one world that stays as it was, each but nobody's in the
        audit log.
        """
        world = await a_world(client, database, clock, house)
        before = await snapshot(database)
        entries = await audited(database)
        refused: set[tuple[str, str]] = set()
        wrong = []

        for name, operation in operations(app).items():
            for asker in ASKERS:
                if asker in ROWS[name]:
                    continue
                answer = await ask(client, world, operation, name, asker)
                if answer.status_code not in REFUSALS[asker]:
                    wrong.append((name, asker, answer.status_code, answer.text[:200]))
                elif asker != "nobody":
                    refused.add((name, str(world.people[asker].actor.person_id)))

        assert not wrong, told(wrong)
        assert await snapshot(database) == before
        assert await audited(database) - entries == refused

    async def test_whoever_is_in_the_row_gets_through_the_door(
        self,
        app: Litestar,
        client: httpx.AsyncClient,
        database: Database,
        clock: FixedClock,
        house: House,
    ) -> None:
        """They may still be told that it is too late or already done, but not that they may not."""
        world = await a_world(client, database, clock, house)
        wrong = []

        # Whoever erases themself knocks at no other door.
        for name, operation in sorted(operations(app).items(), key=lambda one: one[0] in LAST):
            for asker in sorted(ROWS[name]):
                answer = await ask(client, world, operation, name, asker)
                if answer.status_code in {400, 401, 403, 404, 405} or answer.status_code >= 500:
                    wrong.append((name, asker, answer.status_code, answer.text[:200]))
                if name in TAKEN_AWAY:
                    break

        assert not wrong, told(wrong)
