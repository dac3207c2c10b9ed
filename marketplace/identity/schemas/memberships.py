"""The shapes of the identity room on the wire: memberships over time, and invitations."""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from pydantic import Field

from marketplace.identity.actions.invitations import Accepted, Invited, Newcomer
from marketplace.identity.rules.access import Role
from marketplace.identity.rules.invitations import DAYS_DEFAULT, DAYS_MAX
from marketplace.identity.tables.memberships import Invitation, MembershipPeriod
from marketplace.identity.tables.organizations import Organization
from marketplace.identity.tables.people import Member, Person
from marketplace.wire.shapes import BilingualIn, BilingualOut, In, Out, ShortText, WholeNumber

Roles = Annotated[list[Role], Field(min_length=1, max_length=len(Role))]
TOKEN_LENGTH_MAX = 100


class RolesIn(In):
    """All the roles a member is to have from now on."""

    roles: Roles


class InvitationIn(In):
    """Roles to offer, and for how long."""

    roles: Roles
    note: ShortText | None = None
    """For whom it is meant; only your own organisation reads it."""
    days: Annotated[WholeNumber, Field(ge=1, le=DAYS_MAX)] = DAYS_DEFAULT


class AcceptIn(In):
    """A token, and what is needed beside it."""

    token: Annotated[str, Field(min_length=1, max_length=TOKEN_LENGTH_MAX)]
    name: BilingualIn | None = None
    """Your name if you are new here; leave it out when you are signed in."""
    key_name: ShortText | None = None
    """Names the API key to issue; a new person gets one in any case."""

    def newcomer(self) -> Newcomer | None:
        """Read the name of somebody new."""
        if self.name is None:
            return None
        return Newcomer(name_zh=self.name.zh, name_en=self.name.en or self.name.zh)


class PeriodOut(Out, frozen=True, kw_only=True):
    """A time in which a member held exactly these roles."""

    roles: list[str]
    began_at: dt.datetime
    ended_at: dt.datetime | None
    ended_as: str | None

    @classmethod
    def of(cls, row: MembershipPeriod) -> "PeriodOut":
        """Read one period."""
        return cls(
            roles=row.roles,
            began_at=row.began_at,
            ended_at=row.ended_at,
            ended_as=None if row.ended_as is None else row.ended_as.value,
        )


class MembershipOut(Out, frozen=True, kw_only=True):
    """A membership, present or past, with its history."""

    organization_id: UUID
    person_id: UUID
    name: BilingualOut
    roles: list[str]
    joined_at: dt.datetime
    left_at: dt.datetime | None
    version: int
    periods: list[PeriodOut]

    @classmethod
    def of(
        cls, member: Member, person: Person, periods: Sequence[MembershipPeriod]
    ) -> "MembershipOut":
        """Read one membership."""
        return cls(
            organization_id=member.organization_id,
            person_id=member.person_id,
            name=BilingualOut(zh=person.name_zh, en=person.name_en),
            roles=member.roles,
            joined_at=member.joined_at,
            left_at=member.left_at,
            version=member.version,
            periods=[PeriodOut.of(period) for period in periods],
        )


class MyMembershipOut(Out, frozen=True, kw_only=True):
    """An organisation you may act for."""

    organization_id: UUID
    organization: BilingualOut
    roles: list[str]
    joined_at: dt.datetime
    version: int
    acting: bool
    """True for the one this request acts for."""

    @classmethod
    def of(cls, member: Member, organization: Organization, acting_for: UUID) -> "MyMembershipOut":
        """Read one of the caller's memberships."""
        return cls(
            organization_id=organization.id,
            organization=BilingualOut(zh=organization.name_zh, en=organization.name_en),
            roles=member.roles,
            joined_at=member.joined_at,
            version=member.version,
            acting=organization.id == acting_for,
        )


class InvitationOut(Out, frozen=True, kw_only=True):
    """An invitation without its token."""

    id: UUID
    organization_id: UUID
    roles: list[str]
    note: str | None
    invited_by: UUID | None
    invited_at: dt.datetime
    expires_at: dt.datetime
    accepted_at: dt.datetime | None
    accepted_by: UUID | None
    revoked_at: dt.datetime | None

    @classmethod
    def of(cls, row: Invitation) -> "InvitationOut":
        """Read one invitation."""
        return cls(
            id=row.id,
            organization_id=row.organization_id,
            roles=row.roles,
            note=row.note,
            invited_by=row.invited_by,
            invited_at=row.invited_at,
            expires_at=row.expires_at,
            accepted_at=row.accepted_at,
            accepted_by=row.accepted_by,
            revoked_at=row.revoked_at,
        )


class SentInvitationOut(Out, frozen=True, kw_only=True):
    """A new invitation with its token: shown this once."""

    invitation: InvitationOut
    token: str

    @classmethod
    def of(cls, invited: Invited) -> "SentInvitationOut":
        """Read one new invitation."""
        return cls(invitation=InvitationOut.of(invited.row), token=invited.token)


class JoinedOut(Out, frozen=True, kw_only=True):
    """A membership that has just begun, with its first key: shown this once."""

    organization_id: UUID
    person_id: UUID
    name: BilingualOut
    roles: list[str]
    joined_at: dt.datetime
    version: int
    key: str | None
    """Null for a signed-in person who asked for none."""

    @classmethod
    def of(cls, accepted: Accepted) -> "JoinedOut":
        """Read one acceptance."""
        member, person = accepted.member, accepted.person
        return cls(
            organization_id=member.organization_id,
            person_id=person.id,
            name=BilingualOut(zh=person.name_zh, en=person.name_en),
            roles=member.roles,
            joined_at=member.joined_at,
            version=member.version,
            key=None if accepted.key is None else accepted.key.key,
        )
