"""What somebody's roles let them hear of what is said about others."""

from collections.abc import Collection
from uuid import UUID

from marketplace.events.rules.hearing import Hearer
from marketplace.identity.rules.access import (
    BUREAU_BOUND,
    ROLE_PERMISSIONS,
    Actor,
    Permission,
    Role,
)


def hearer_of(organization_id: UUID, roles: Collection[Role]) -> Hearer:
    """Tell what a member with these roles may hear.

    Shape    those who watch hear of every call; officers and approvers of the calls that their own
             bureau organises, and of what belongs to no call; everybody else of their own.
    """
    listening = {role for role in roles if Permission.EVENTS_READ_ALL in ROLE_PERMISSIONS[role]}
    return Hearer(
        organization_id=organization_id,
        hears_all=bool(listening - BUREAU_BOUND),
        hears_bureau=bool(listening & BUREAU_BOUND),
    )


def hearer(actor: Actor) -> Hearer:
    """Tell what an actor may hear; a key that is limited to other permissions hears its own."""
    if actor.is_system:
        return Hearer(organization_id=actor.organization_id, hears_all=True)
    if not actor.may(Permission.EVENTS_READ_ALL):
        return Hearer(organization_id=actor.organization_id)
    return hearer_of(actor.organization_id, actor.roles)
