"""What the identity room says about who belongs to whom."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from marketplace.events.rules.envelope import Event, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberInvited(Event):
    """Somebody was invited into an organisation; the token is in no event."""

    TYPE = "invitation.sent"
    SUBJECT = "invitation_id"
    VISIBILITY = Visibility.OWNER

    invitation_id: UUID
    organization_id: UUID
    roles: tuple[str, ...]
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRevoked(Event):
    """An invitation was taken back before anybody accepted it."""

    TYPE = "invitation.revoked"
    SUBJECT = "invitation_id"
    VISIBILITY = Visibility.OWNER

    invitation_id: UUID
    organization_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRolesChanged(Event):
    """A member's roles were replaced, effective at once."""

    TYPE = "organization.member_roles_changed"
    SUBJECT = "organization_id"
    VISIBILITY = Visibility.OWNER

    organization_id: UUID
    person_id: UUID
    roles: tuple[str, ...]
    before: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberLeft(Event):
    """A person left an organisation or was removed from it; their keys there were revoked."""

    TYPE = "organization.member_left"
    SUBJECT = "organization_id"
    VISIBILITY = Visibility.OWNER

    organization_id: UUID
    person_id: UUID
    removed: bool
    """True when somebody else ended the membership."""
