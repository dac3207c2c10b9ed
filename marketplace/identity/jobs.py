"""Write down what the porter noted, and forget what no longer matters."""

from marketplace.identity.actions import audit, keys, personal_data, sessions, tries
from marketplace.identity.queries import passwords
from marketplace.identity.queries import personal_data as personal
from marketplace.kit.clock import Clock
from marketplace.kit.database import Database
from marketplace.kit.notebook import Notebook


async def note_uses(
    database: Database,
    key_uses: Notebook,
    session_uses: Notebook,
    clock: Clock,
    *,
    everything: bool = False,
) -> int:
    """Write down the uses of keys and sessions in one short transaction.

    What could not be written stays noted, and is due again with the next tick.
    """
    now = clock.now()
    of_keys = key_uses.due(now, everything=everything)
    of_sessions = session_uses.due(now, everything=everything)
    if not of_keys and not of_sessions:
        return 0
    async with database.writing() as session:
        await keys.record_uses(session, of_keys)
        await sessions.record_seen(session, of_sessions)
    key_uses.written(of_keys, now)
    session_uses.written(of_sessions, now)
    return len(of_keys) + len(of_sessions)


async def forget_what_need_not_be_kept(database: Database, clock: Clock) -> int:
    """Forget addresses after half a year, and the names of erased people when no law asks to keep
    them any longer; say how many.
    """
    now = clock.now()
    async with database.reading() as session:
        due = await personal.anything_due(session, now=now)
    if not due:
        return 0
    async with database.writing() as session:
        addresses = await audit.forget_addresses(session, now=now)
        return addresses + await personal_data.forget_due_names(session, now=now)


async def forget_tries(database: Database, clock: Clock) -> None:
    """Remove the counts of logins that nobody tried for a day."""
    before = clock.now() - tries.FORGOTTEN_AFTER
    async with database.reading() as session:
        any_old = await passwords.any_tries(session, before=before)
    if any_old:
        async with database.writing() as session:
            await tries.forget_old(session, before=before)
