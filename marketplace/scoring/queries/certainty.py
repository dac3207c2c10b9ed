"""What the scoring room can answer about how sure its rankings are."""

from collections.abc import Collection
from uuid import UUID

from sqlmodel import col, select

from marketplace.identity.rules.access import Actor
from marketplace.kit.database import ReadSession
from marketplace.scenarios.queries import calls as scenarios
from marketplace.scoring.errors.certainty import CertaintyPending
from marketplace.scoring.queries import rounds
from marketplace.scoring.rules import visibility
from marketplace.scoring.tables.certainty import RoundCertainty
from marketplace.scoring.tables.rounds import RankingRound


async def round_without_certainty(
    session: ReadSession, *, passed_over: Collection[UUID] = ()
) -> RankingRound | None:
    """Find the oldest round of which nothing is known yet, but those that are passed over."""
    found = await session.exec(
        select(RankingRound)
        .where(
            col(RankingRound.id).not_in(select(RoundCertainty.round_id)),
            col(RankingRound.id).not_in(list(passed_over)),
        )
        .order_by(col(RankingRound.id))
        .limit(1)
    )
    return found.first()


async def certainty_if_known(session: ReadSession, round_id: UUID) -> RoundCertainty | None:
    """Find how sure a round is, if that has been computed."""
    found = await session.exec(select(RoundCertainty).where(RoundCertainty.round_id == round_id))
    return found.first()


async def certainty_of(session: ReadSession, round_id: UUID) -> RoundCertainty:
    """Find how sure a round is; CertaintyPending until that is computed."""
    row = await certainty_if_known(session, round_id)
    if row is None:
        raise CertaintyPending(round_id=str(round_id))
    return row


async def may_read_panel(session: ReadSession, actor: Actor, round_: RankingRound) -> bool:
    """Tell whether the actor may read what is said about the judges of a round."""
    call = await scenarios.call(session, round_.scenario_id)
    seat = await rounds.seat_of(session, call.id, actor.person_id)
    chairs = seat is not None and seat.is_chair and seat.recused_at is None
    return visibility.may_read_judges(actor.at(call.organizer_id), chairs=chairs)
