"""Keep the card of a call on the board true, in the transaction that makes it so."""

from marketplace.board.actions import cards as board
from marketplace.board.actions.cards import Notice
from marketplace.board.queries import cards
from marketplace.board.rules.standing import Facts
from marketplace.identity.queries import organizations as identity
from marketplace.identity.tables.organizations import Organization
from marketplace.kit.database import WriteSession
from marketplace.kit.money import BPS_WHOLE
from marketplace.scenarios.queries import calls as queries
from marketplace.scenarios.rules.content import Content
from marketplace.scenarios.rules.lifecycle import PUBLIC_STATES, ScenarioState
from marketplace.scenarios.rules.wording import both, told
from marketplace.scenarios.tables import Scenario


async def keep_card(session: WriteSession, row: Scenario) -> None:
    """Pin a call that is public, or bring its card up to date; what is not public has none."""
    if row.state not in PUBLIC_STATES or row.bid_deadline_at is None:
        return
    card = await cards.card_of(session, row.id)
    if card is not None and card.content_version == row.content_version:
        await board.move(
            session,
            card,
            state=row.state.value,
            is_open=row.state is ScenarioState.PUBLISHED,
            bid_deadline_at=row.bid_deadline_at,
        )
        return
    poster = await identity.organization(session, row.poster_id)
    await board.pin(session, notice_of(row, await queries.content(session, row), poster))


def notice_of(row: Scenario, content: Content, poster: Organization) -> Notice:
    """Say what a published call hangs out."""
    assert row.published_at is not None
    assert row.bid_deadline_at is not None
    return Notice(
        scenario_id=row.id,
        number=row.number,
        content_version=row.content_version,
        state=row.state.value,
        is_open=row.state is ScenarioState.PUBLISHED,
        title=both(content.title),
        body=" ".join(told(content)),
        poster_id=poster.id,
        poster_name={"zh": poster.name_zh, "en": poster.name_en},
        poster_type=row.poster_type.value,
        track=row.track.value,
        region=poster.region,
        domain=content.domain,
        ceiling_fen=content.budget.ceiling_fen,
        published_at=row.published_at,
        bid_deadline_at=row.bid_deadline_at,
        facts=facts_of(content),
        illustrative=content.illustrative,
    )


def facts_of(content: Content) -> Facts:
    """Name the published facts that order the board."""
    phases = content.cost_share
    whole_fen = sum(phase.ceiling_fen for phase in phases)
    borne = sum(phase.ceiling_fen * (BPS_WHOLE - phase.ok_bps["solver"]) for phase in phases)
    return Facts(
        data_access=tuple(sorted({one.access for one in content.datasets})),
        targets=len(content.acceptance),
        borne_by_others_bps=borne // whole_fen if whole_fen else 0,
    )
