"""What the custody room refuses to those whose next move needs it."""

from marketplace.custody import queries as custody
from marketplace.custody.rules.sides import Side
from marketplace.identity.rules.access import Actor, Permission, Role
from marketplace.kit.database import ReadSession
from marketplace.kit.errors import MarketplaceError
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scenarios.tables import Scenario


async def refusal(
    session: ReadSession, actor: Actor, row: Scenario, state: ScenarioState
) -> MarketplaceError | None:
    """Ask the custody room for those who publish next, or open next."""
    there = actor.at(row.organizer_id)
    if state is ScenarioState.APPROVED and there.has(Role.BUREAU_APPROVER):
        return await custody.sealing_refusal(session, row.organizer_id)
    if state is ScenarioState.CLOSED and row.lockbox_id is not None:
        for permission, side in (
            (Permission.BIDS_OPEN, Side.OFFICER),
            (Permission.BIDS_WITNESS, Side.SUPERVISOR),
        ):
            if there.may(permission):
                return await custody.releasing_refusal(session, actor, row.lockbox_id, side)
    return None
