"""People who sign in: passwords, sessions and authenticators, made by the room's own actions."""

import datetime as dt
import os
from uuid import UUID

from marketplace.identity.actions import external_identities, passwords, sessions
from marketplace.identity.actions.sign_in import Lobby
from marketplace.identity.rules.access import SYSTEM, Actor
from marketplace.identity.rules.sessions import Method
from marketplace.kit.clock import FixedClock
from marketplace.kit.database import Database
from marketplace.kit.passwords import Hasher
from marketplace.kit.secrets import Keeper
from tests.conftest import START

PASSWORD = "correct horse battery staple"
LIFETIME = dt.timedelta(hours=12)


def a_lobby(database: Database) -> Lobby:
    """What it takes to find out who somebody is, at START, and cheap."""
    return Lobby(
        database=database,
        hasher=Hasher(memory_kib=64, passes=1),
        keeper=Keeper.from_text("a key for tests only, 32 characters at least"),
        clock=FixedClock(START),
    )


async def a_password(
    database: Database, actor: Actor, login: str, password: str = PASSWORD
) -> None:
    """Give somebody a login and a password, by way of a one-time token."""
    async with database.writing() as session:
        _, token = await passwords.issue_reset(
            session, SYSTEM, actor.person_id, login=login, entropy=os.urandom(32), now=START
        )
    await passwords.redeem_reset(a_lobby(database), token, password)


async def a_session(database: Database, actor: Actor, *, now: dt.datetime) -> UUID:
    """Open a session for somebody whose browser nobody needs."""
    async with database.writing() as session:
        opened = await sessions.open_session(
            session,
            actor.person_id,
            organization_id=actor.organization_id,
            methods=[Method.SINGLE_SIGN_ON],
            lifetime=LIFETIME,
            entropy=os.urandom(32),
            now=now,
        )
    return opened.row.id


async def a_link(database: Database, actor: Actor, *, now: dt.datetime) -> UUID:
    """Link an account of nobody's provider to somebody."""
    async with database.writing() as session:
        row = await external_identities.link(
            session,
            SYSTEM,
            actor.person_id,
            issuer="https://id.example.cn",
            subject=actor.person_id.hex,
            now=now,
        )
    return row.id
