"""Keep every organisation to one live bid, alone or as a member of a consortium.

The call is locked by whoever asks, so two bids of one organisation meet there one after the other;
the unique constraint is the last guard.
"""

import datetime as dt
import os
from typing import Final
from uuid import UUID

from sqlalchemy import delete
from sqlmodel import col

from marketplace.bids.errors.consortia import MemberTakesPartAlready, TakesPartAlready
from marketplace.bids.queries import participation as queries
from marketplace.bids.rules.offer import Offer
from marketplace.bids.rules.participation import parties_of
from marketplace.bids.tables.bids import Bid
from marketplace.bids.tables.participation import Participation, ParticipationSecret
from marketplace.kit.database import WriteSession
from marketplace.kit.secrets import Keeper
from marketplace.kit.tables import sealed_context

SECRET_BYTES: Final = 32
ENDS: Final = frozenset({"withdraw", "lapse"})
"""Moves after which a bid no longer stands in anybody's way."""


async def call_secret(
    session: WriteSession, scenario_id: UUID, *, keeper: Keeper, now: dt.datetime
) -> bytes:
    """Find or make the secret of a call; the call must be locked."""
    secret = await queries.secret_of(session, scenario_id, keeper=keeper)
    if secret is not None:
        return secret
    secret = os.urandom(SECRET_BYTES)
    context = sealed_context(ParticipationSecret, "sealed_secret", scenario_id=scenario_id)
    session.add(
        ParticipationSecret(
            scenario_id=scenario_id,
            sealed_secret=keeper.seal(secret, context=context),
            created_at=now,
        )
    )
    await session.flush()
    return secret


async def take_part(
    session: WriteSession, row: Bid, offer: Offer, *, keeper: Keeper, now: dt.datetime
) -> None:
    """Let everybody whom an offer names take part through this bid, and through no other.

    Whoever was named by the offer before and is not any more may take part elsewhere again.

    Refuses  TakesPartAlready, MemberTakesPartAlready: without saying through which bid or whose.
    """
    secret = await call_secret(session, row.scenario_id, keeper=keeper, now=now)
    own = queries.token_of(secret, row.solver_id)
    parties = (UUID(one) for one in parties_of(str(row.solver_id), offer))
    tokens = {queries.token_of(secret, one) for one in parties}
    held = await queries.tokens_held(session, row.scenario_id, tokens, besides=row.id)
    if own in held:
        raise TakesPartAlready(scenario_id=str(row.scenario_id))
    if held:
        raise MemberTakesPartAlready(scenario_id=str(row.scenario_id))
    await leave(session, row.id)
    session.add_all(
        Participation(scenario_id=row.scenario_id, bid_id=row.id, token=token)
        for token in sorted(tokens)
    )
    await session.flush()


async def leave(session: WriteSession, bid_id: UUID) -> None:
    """Let everybody who takes part through a bid go."""
    await session.exec(delete(Participation).where(col(Participation.bid_id) == bid_id))
