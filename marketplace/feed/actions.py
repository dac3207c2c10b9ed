"""Vouch for what was said, with the installation's signature."""

import datetime as dt
from typing import Any

from marketplace.events import actions as events
from marketplace.events import queries
from marketplace.events.actions import Signature
from marketplace.events.tables import EventCheckpoint
from marketplace.kit.database import WriteSession
from marketplace.kit.secrets import Keeper
from marketplace.notary import actions as notary

EVERY = dt.timedelta(minutes=5)
"""How long what was said may wait to be vouched for."""


async def close_checkpoint(
    session: WriteSession, *, keeper: Keeper, now: dt.datetime
) -> EventCheckpoint | None:
    """Close a checkpoint over everything said since the last one; None when nothing was."""

    async def sign(document: dict[str, Any]) -> Signature:
        signed = await notary.sign(session, document, keeper=keeper, now=now)
        return Signature(signed.content, signed.key_id, signed.signature)

    return await events.close_checkpoint(session, sign=sign, now=now)


async def is_due(session: WriteSession, *, now: dt.datetime) -> bool:
    """Tell whether the last checkpoint is old enough for another one."""
    last = await queries.latest_checkpoint(session)
    return last is None or now - last.closed_at >= EVERY
