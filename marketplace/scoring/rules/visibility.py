"""Who may look at what of an evaluation; until the decision it is nobody else's business."""

from typing import Final
from uuid import UUID

from marketplace.identity.rules.access import Actor, Permission, Role
from marketplace.scenarios.rules.lifecycle import ScenarioState

PANEL_READERS: Final = (
    Role.BUREAU_OFFICER,
    Role.BUREAU_APPROVER,
    Role.AUDITOR,
    Role.SUPERVISOR,
)
TOLD_STATES: Final = frozenset(
    {
        ScenarioState.DECIDED,
        ScenarioState.IN_PUBLICITY,
        ScenarioState.AWARDED,
        ScenarioState.IN_PILOT,
        ScenarioState.COMPLETED,
    }
)
"""States in which a bidder learns their own points and rank."""

ANNOUNCED_STATES: Final = TOLD_STATES - {ScenarioState.DECIDED}
"""States in which who judged is told with the result, where the track publishes it."""


def may_read_panel(actor: Actor) -> bool:
    """Tell whether the actor may read who judges: those who organise and those who watch."""
    if actor.is_system:
        return True
    return actor.may(Permission.SCENARIOS_READ_ALL) and actor.has(*PANEL_READERS)


def may_read_sheets(actor: Actor) -> bool:
    """Tell whether the actor may read other people's score sheets, once all are signed."""
    if actor.is_system:
        return True
    return actor.may(Permission.ROUNDS_READ) and actor.has(Role.BUREAU_APPROVER, Role.AUDITOR)


def may_read_rounds(actor: Actor, *, poster_id: UUID, chair_id: UUID | None) -> bool:
    """Tell whether the actor may read whole rankings: the bureau, auditors, this poster and chair.

    Shape    `chair_id` is the person who chairs this very panel, None where the seat is empty.
    """
    if not actor.may(Permission.ROUNDS_READ):
        return False
    bureau = actor.has(Role.BUREAU_OFFICER, Role.BUREAU_APPROVER, Role.AUDITOR)
    poster = actor.has(Role.POSTER) and actor.organization_id == poster_id
    return actor.is_system or bureau or poster or actor.person_id == chair_id


def may_read_judges(actor: Actor, *, chairs: bool) -> bool:
    """Tell whether the actor may read how judges marked: the bureau, auditors and this chair.

    Not the poster: whoever learns that one judge is strict may ask for another one next time.
    """
    if not actor.may(Permission.ROUNDS_READ):
        return False
    bureau = actor.has(Role.BUREAU_OFFICER, Role.BUREAU_APPROVER, Role.AUDITOR)
    return actor.is_system or bureau or chairs


def may_read_report(actor: Actor) -> bool:
    """Tell whether the actor may read the panel's report without having signed it."""
    return may_read_panel(actor) and not actor.has(Role.SUPERVISOR)
