"""Many deliveries in one statement, in the words of either database.

A delivery costs the sending of one request; what is written about it must cost little beside that,
so nothing here is a row of the mapper.  Each statement says itself what it may change: a delivery
that somebody else has meanwhile is not among those that come back.
"""

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import starmap
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from marketplace.kit.database import WriteSession, utc_to_sql
from marketplace.kit.ids import new_id
from marketplace.webhooks.actions import lines
from marketplace.webhooks.tables import Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many deliveries may be taken for one endpoint."""

    endpoint_id: UUID
    room: int
    ordered: bool


class Taken(NamedTuple):
    """One delivery that was taken, with what decides who may hear it."""

    place: int
    """Of its endpoint among the shares: ids are slow to compare."""
    id: UUID
    event_id: UUID
    attempts: int
    record: bytes
    visibility: str
    organization_id: UUID | None
    organizer_id: UUID | None
    scenario_id: UUID | None


@dataclass(frozen=True, slots=True)
class Owed:
    """One event for one endpoint."""

    event_id: UUID
    endpoint_id: UUID
    event_type: str
    line_id: UUID | None
    line_number: int | None


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt as it is logged."""

    delivery_id: UUID
    number: int
    status: int | None
    reason: str | None
    detail: str | None
    duration_ms: int
    answer: bytes
    late: bool


_FIRST_IN_LINE: Final = (
    "NOT EXISTS (SELECT 1 FROM webhook_delivery AS b WHERE b.endpoint_id = d.endpoint_id"
    " AND b.line_id = d.line_id AND b.state = 'pending' AND b.line_id IS NOT NULL"
    " AND b.line_number < d.line_number)"
)
_WITH_EVENT: Final = "record, visibility, organization_id, organizer_id, scenario_id"

_POSTGRES_TAKE: Final = f"""
WITH picked AS (
  SELECT one.id, share.place - 1 AS place
  FROM unnest($1::uuid[], $2::int[], $3::bool[]) WITH ORDINALITY
    AS share(endpoint_id, room, ordered, place)
  CROSS JOIN LATERAL (
    SELECT d.id FROM webhook_delivery AS d
    WHERE d.endpoint_id = share.endpoint_id AND d.state = 'pending' AND d.next_at <= $4
      AND (NOT share.ordered OR {_FIRST_IN_LINE})
    ORDER BY d.next_at, d.id LIMIT share.room FOR UPDATE SKIP LOCKED
  ) AS one
), taken AS (
  UPDATE webhook_delivery AS d SET lease_token = $5, next_at = $6, attempts = d.attempts + 1
  FROM picked WHERE d.id = picked.id
  RETURNING picked.place, d.id, d.event_id, d.attempts
)
SELECT taken.place, taken.id, taken.event_id, taken.attempts, {_WITH_EVENT}
FROM taken JOIN event ON event.id = taken.event_id ORDER BY taken.id
"""


@lru_cache
def _sqlite_pick(shares: int) -> str:
    """Ask for the oldest of each of so many endpoints: SQLite has no lateral join."""
    one = (
        "SELECT * FROM (SELECT ? AS place, d.id, d.event_id, d.attempts + 1 AS attempts"
        " FROM webhook_delivery AS d WHERE d.endpoint_id = ? AND d.state = 'pending'"
        f" AND d.next_at <= ? AND (NOT ? OR {_FIRST_IN_LINE})"
        " ORDER BY d.next_at, d.id LIMIT ?)"
    )
    picked = " UNION ALL ".join([one] * shares)
    return (
        f"SELECT place, picked.id, event_id, attempts, {_WITH_EVENT} FROM ({picked})"
        " AS picked JOIN event ON event.id = picked.event_id ORDER BY picked.id"
    )


async def take(
    session: WriteSession,
    shares: Sequence[Share],
    *,
    token: UUID,
    now: dt.datetime,
    until: dt.datetime,
) -> list[Taken]:
    """Lease the oldest due deliveries of endpoints that are held; the oldest comes first."""
    driver, is_sqlite = await _driver(session)
    if not is_sqlite:
        found = await driver.fetch(
            _POSTGRES_TAKE,
            [share.endpoint_id for share in shares],
            [share.room for share in shares],
            [share.ordered for share in shares],
            *(now, token, until),
        )
        return list(starmap(Taken, found))
    at = utc_to_sql(now)
    given: list[Any] = []
    for place, share in enumerate(shares):
        given += (place, share.endpoint_id.hex, at, share.ordered, share.room)
    rows = await driver.execute_fetchall(_sqlite_pick(len(shares)), given)
    await driver.execute_fetchall(
        "UPDATE webhook_delivery SET lease_token = ?, next_at = ?, attempts = attempts + 1"
        " WHERE id IN (SELECT value FROM json_each(?))",
        (token.hex, utc_to_sql(until), json.dumps([row[1] for row in rows])),
    )
    return [
        Taken(place, UUID(one), UUID(event), attempts, record, seen, *map(_known, whose))
        for place, one, event, attempts, record, seen, *whose in rows
    ]


@lru_cache(maxsize=4096)
def _known(text: str | None) -> Any:
    """Read an id that comes again and again."""
    return None if text is None else UUID(text)


_POSTGRES_SUCCEED: Final = """
UPDATE webhook_delivery AS d SET state = 'delivered', finished_at = $4, lease_token = NULL
FROM unnest($1::uuid[], $2::int[], $3::uuid[]) AS heard(id, number, token)
WHERE d.id = heard.id AND d.attempts = heard.number AND d.lease_token = heard.token
  AND d.state = 'pending'
RETURNING d.id, d.attempts, d.line_id IS NOT NULL
"""
_SQLITE_SUCCEED: Final = """
UPDATE webhook_delivery AS d SET state = 'delivered', finished_at = ?, lease_token = NULL
FROM json_each(?) AS heard
WHERE d.id = json_extract(heard.value, '$[0]') AND d.attempts = json_extract(heard.value, '$[1]')
  AND d.lease_token = json_extract(heard.value, '$[2]') AND d.state = 'pending'
RETURNING id, attempts, line_id IS NOT NULL
"""


async def succeed(
    session: WriteSession, heard: Sequence[tuple[UUID, int, UUID]], *, now: dt.datetime
) -> set[tuple[UUID, int]] | None:
    """Finish deliveries under id, number of the attempt and token; name the attempts that did.

    What waited for them may go.

    Shape    None: all of them, as nearly always.

    Whoever lost the lease meanwhile shows a number or a token that is no longer the present one.
    """
    driver, is_sqlite = await _driver(session)
    if is_sqlite:
        told = json.dumps([(one.hex, number, token.hex) for one, number, token in heard])
        found = await driver.execute_fetchall(_SQLITE_SUCCEED, (utc_to_sql(now), told))
        done = [(UUID(one), number, in_line) for one, number, in_line in found]
    else:
        ids, numbers, tokens = (list(column) for column in zip(*heard, strict=True))
        done = await driver.fetch(_POSTGRES_SUCCEED, ids, numbers, tokens, now)
    in_line = [one for one, _, waited_for in done if waited_for]
    if in_line:
        await lines.let_next_go(session, in_line, now=now)
    return None if len(done) == len(heard) else {(one, number) for one, number, _ in done}


_ATTEMPT_COLUMNS: Final = (
    "id, delivery_id, number, at, status, reason, detail, duration_ms, answer, late"
)
_POSTGRES_LOG: Final = (
    f"INSERT INTO webhook_attempt ({_ATTEMPT_COLUMNS})"
    " SELECT id, delivery_id, number, $10, status, reason, detail, duration_ms, answer, late"
    " FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[], $5::text[], $6::text[],"
    " $7::int[], $8::bytea[], $9::bool[])"
    " AS tried(id, delivery_id, number, status, reason, detail, duration_ms, answer, late)"
)
_SQLITE_LOG: Final = (
    f"INSERT INTO webhook_attempt ({_ATTEMPT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


async def log(session: WriteSession, tried: Sequence[Tried], *, now: dt.datetime) -> None:
    """Write attempts down."""
    driver, is_sqlite = await _driver(session)
    if is_sqlite:
        at = utc_to_sql(now)
        await driver.executemany(
            _SQLITE_LOG,
            [
                (
                    *(new_id().hex, one.delivery_id.hex, one.number, at, one.status, one.reason),
                    *(one.detail, one.duration_ms, one.answer, one.late),
                )
                for one in tried
            ],
        )
        return
    rows = [
        (
            *(new_id(), one.delivery_id, one.number, one.status, one.reason, one.detail),
            *(one.duration_ms, one.answer, one.late),
        )
        for one in tried
    ]
    columns = [list(column) for column in zip(*rows, strict=True)]
    await driver.fetch(_POSTGRES_LOG, *columns, now)


async def give_back(
    session: WriteSession, unsent: Sequence[tuple[UUID, int]], *, token: UUID, now: dt.datetime
) -> None:
    """Let others have at once what was taken and not tried; it does not count as an attempt."""
    connection, is_sqlite = await _spoken(session)
    change = "SET lease_token = NULL, attempts = attempts - 1, next_at ="
    if is_sqlite:
        told = json.dumps([(one.hex, number) for one, number in unsent])
        await connection.exec_driver_sql(
            f"UPDATE webhook_delivery AS d {change} ? FROM json_each(?) AS had"
            " WHERE d.id = json_extract(had.value, '$[0]')"
            " AND d.attempts = json_extract(had.value, '$[1]')"
            " AND d.lease_token = ? AND d.state = 'pending'",
            (utc_to_sql(now), told, token.hex),
        )
        return
    ids, numbers = (list(column) for column in zip(*unsent, strict=True))
    await connection.exec_driver_sql(
        f"UPDATE webhook_delivery AS d {change} $3 FROM unnest($1::uuid[], $2::int[])"
        " AS had(id, number) WHERE d.id = had.id AND d.attempts = had.number"
        " AND d.lease_token = $4 AND d.state = 'pending'",
        (ids, numbers, now, token),
    )


async def note_served(
    session: WriteSession,
    endpoint_ids: Sequence[UUID],
    paced: Mapping[UUID, dt.datetime],
    *,
    now: dt.datetime,
) -> None:
    """Note on endpoints that are held that they were served, and until when their rate is used."""
    driver, is_sqlite = await _driver(session)
    if is_sqlite:
        told = json.dumps([one.hex for one in endpoint_ids])
        await driver.execute_fetchall(
            "UPDATE webhook_endpoint SET served_at = ?"
            " WHERE id IN (SELECT value FROM json_each(?))",
            (utc_to_sql(now), told),
        )
    else:
        await driver.fetch(
            "UPDATE webhook_endpoint SET served_at = $1 WHERE id = ANY($2::uuid[])",
            *(now, list(endpoint_ids)),
        )
    for endpoint_id, until in paced.items():
        await (await session.connection()).execute(
            update(Endpoint).where(col(Endpoint.id) == endpoint_id).values(paced_until=until)
        )


_OWED_COLUMNS: Final = (
    "id, event_id, endpoint_id, event_type, line_id, line_number, state, next_at, attempts,"
    " failures, created_at"
)


async def owe(session: WriteSession, owed: Iterable[Owed], *, now: dt.datetime) -> None:
    """Make deliveries in the order that is given: due at once, or waiting if they have a line."""
    driver, is_sqlite = await _driver(session)
    if is_sqlite:
        at = utc_to_sql(now)
        rows = [
            (
                *(new_id().hex, one.event_id.hex, one.endpoint_id.hex, one.event_type),
                *((one.line_id.hex, one.line_number, None) if one.line_id else (None, None, at)),
                at,
            )
            for one in owed
        ]
        if rows:
            await driver.executemany(
                f"INSERT INTO webhook_delivery ({_OWED_COLUMNS})"
                " VALUES (?, ?, ?, ?, ?, ?, 'pending', ?, 0, 0, ?)",
                rows,
            )
        return
    made = [
        (new_id(), one.event_id, one.endpoint_id, one.event_type, one.line_id, one.line_number)
        for one in owed
    ]
    if made:
        columns = [list(column) for column in zip(*made, strict=True)]
        await driver.fetch(
            f"INSERT INTO webhook_delivery ({_OWED_COLUMNS})"
            " SELECT id, event_id, endpoint_id, event_type, line_id, line_number, 'pending',"
            " CASE WHEN line_id IS NULL THEN $7::timestamptz END, 0, 0, $7"
            " FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::int[])"
            " AS owed(id, event_id, endpoint_id, event_type, line_id, line_number)",
            *(*columns, now),
        )


async def _driver(session: WriteSession) -> tuple[Any, bool]:
    """Find the driver's own connection: aiosqlite's, or asyncpg's.

    Through the dialect a statement on SQLite goes to the thread of the connection and back four
    times, through the driver once.  The transaction must have begun: every caller comes after a
    statement that went through the session.
    """
    connection = await session.connection()
    raw = await connection.get_raw_connection()
    return raw.driver_connection, connection.dialect.name == "sqlite"


async def _spoken(session: WriteSession) -> tuple[AsyncConnection, bool]:
    connection = await session.connection()
    return connection, connection.dialect.name == "sqlite"
