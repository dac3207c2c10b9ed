"""Roles, permissions and the table that joins them."""

import dataclasses
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from marketplace.identity.errors.access import NotPermitted
from marketplace.identity.errors.sign_in import SecondFactorMissing, SessionNeeded
from marketplace.kit.errors import Unauthenticated


class Role(StrEnum):
    """What a person is in an organisation."""

    POSTER = "poster"
    SOLVER = "solver"
    BUREAU_OFFICER = "bureau_officer"
    BUREAU_APPROVER = "bureau_approver"
    EXPERT = "expert"
    PANEL_CHAIR = "panel_chair"
    FINANCE = "finance"
    AUDITOR = "auditor"
    SUPERVISOR = "supervisor"
    TEST_LAB = "test_lab"
    DATA_CUSTODIAN = "data_custodian"
    FUNDER = "funder"
    REVIEW_BODY = "review_body"
    ORGANIZATION_ADMIN = "organization_admin"
    PLATFORM_ADMIN = "platform_admin"


class Permission(StrEnum):
    """What can be asked for, named `room:verb`; API keys carry the same words as scopes."""

    ORGANIZATIONS_REGISTER = "organizations:register"
    ORGANIZATIONS_READ = "organizations:read"
    ORGANIZATIONS_VERIFY = "organizations:verify"
    ORGANIZATIONS_EDIT = "organizations:edit"
    ORGANIZATIONS_SANCTION = "organizations:sanction"
    BANK_ACCOUNTS_REVEAL = "bank_accounts:reveal"
    MEMBERS_ADD = "members:add"
    MEMBERS_MANAGE = "members:manage"
    KEYS_ISSUE = "keys:issue"
    PASSWORDS_RESET = "passwords:reset"
    IDENTITIES_LINK = "identities:link"
    EXPERTS_MANAGE = "experts:manage"
    PROFILES_LOAD = "profiles:load"
    BATCHES_CREATE = "batches:create"
    SCENARIOS_DRAFT = "scenarios:draft"
    SCENARIOS_REVIEW = "scenarios:review"
    SCENARIOS_APPROVE = "scenarios:approve"
    SCENARIOS_READ_ALL = "scenarios:read_all"
    SCENARIOS_SUSPEND = "scenarios:suspend"
    ENQUIRIES_ASK = "enquiries:ask"
    DATASETS_DESCRIBE = "datasets:describe"
    DATASETS_DECIDE = "datasets:decide"
    DATASETS_WITHDRAW = "datasets:withdraw"
    DATASETS_REQUEST = "datasets:request"
    DATASETS_OVERSEE = "datasets:oversee"
    BIDS_SUBMIT = "bids:submit"
    BIDS_OPEN = "bids:open"
    BIDS_WITNESS = "bids:witness"
    BIDS_CHECK = "bids:check"
    BIDS_READ_OPENED = "bids:read_opened"
    BIDS_INVALIDATE = "bids:invalidate"
    SUBMISSIONS_UPLOAD = "submissions:upload"
    TRUTH_UPLOAD = "truth:upload"
    PANELS_SEAT = "panels:seat"
    DRAWS_WITNESS = "draws:witness"
    MARKS_RECORD = "marks:record"
    SIGNALS_READ = "signals:read"
    SIGNALS_JUDGE = "signals:judge"
    ROUNDS_RANK = "rounds:rank"
    ROUNDS_READ = "rounds:read"
    AWARDS_DECIDE = "awards:decide"
    PILOTS_RUN = "pilots:run"
    PILOTS_FIND = "pilots:find"
    CLAIMS_SUBMIT = "claims:submit"
    CLAIMS_VERIFY = "claims:verify"
    CLAIMS_APPROVE = "claims:approve"
    LEDGER_READ = "ledger:read"
    LEDGER_POST = "ledger:post"
    EVENTS_READ_ALL = "events:read_all"
    AUDIT_READ = "audit:read"
    OPERATIONS_WATCH = "operations:watch"
    WEBHOOKS_MANAGE = "webhooks:manage"
    CAPABILITIES_DECLARE = "capabilities:declare"
    MATCHMAKING_HOST = "matchmaking:host"
    MATCHMAKING_JOIN = "matchmaking:join"
    SOLICITATIONS_RUN = "solicitations:run"


P = Permission

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.POSTER: frozenset(
        {
            P.SCENARIOS_DRAFT,
            P.DATASETS_DESCRIBE,
            P.TRUTH_UPLOAD,
            P.PILOTS_RUN,
            P.WEBHOOKS_MANAGE,
            P.BIDS_READ_OPENED,
            P.ROUNDS_READ,
        }
    ),
    Role.SOLVER: frozenset(
        {
            P.ENQUIRIES_ASK,
            P.DATASETS_REQUEST,
            P.BIDS_SUBMIT,
            P.SUBMISSIONS_UPLOAD,
            P.CLAIMS_SUBMIT,
            P.PILOTS_RUN,
            P.WEBHOOKS_MANAGE,
            P.CAPABILITIES_DECLARE,
            P.MATCHMAKING_JOIN,
        }
    ),
    Role.BUREAU_OFFICER: frozenset(
        {
            P.ORGANIZATIONS_REGISTER,
            P.ORGANIZATIONS_READ,
            P.ORGANIZATIONS_VERIFY,
            P.ORGANIZATIONS_SANCTION,
            P.MEMBERS_ADD,
            P.BATCHES_CREATE,
            P.SCENARIOS_DRAFT,
            P.SCENARIOS_REVIEW,
            P.SCENARIOS_READ_ALL,
            P.DATASETS_WITHDRAW,
            P.BIDS_OPEN,
            P.BIDS_CHECK,
            P.BIDS_READ_OPENED,
            P.TRUTH_UPLOAD,
            P.PANELS_SEAT,
            P.SIGNALS_READ,
            P.SIGNALS_JUDGE,
            P.EXPERTS_MANAGE,
            P.ROUNDS_READ,
            P.PILOTS_RUN,
            P.CLAIMS_VERIFY,
            P.EVENTS_READ_ALL,
            P.WEBHOOKS_MANAGE,
            P.MATCHMAKING_HOST,
            P.SOLICITATIONS_RUN,
        }
    ),
    Role.BUREAU_APPROVER: frozenset(
        {
            P.ORGANIZATIONS_READ,
            P.SCENARIOS_APPROVE,
            P.SCENARIOS_READ_ALL,
            P.SCENARIOS_SUSPEND,
            P.DATASETS_WITHDRAW,
            P.BIDS_READ_OPENED,
            P.SIGNALS_READ,
            P.BIDS_INVALIDATE,
            P.ROUNDS_RANK,
            P.ROUNDS_READ,
            P.AWARDS_DECIDE,
            P.PILOTS_FIND,
            P.CLAIMS_APPROVE,
            P.LEDGER_READ,
            P.EVENTS_READ_ALL,
        }
    ),
    # Any expert may be elected to the chair; who chairs which panel, the action asks.
    Role.EXPERT: frozenset({P.MARKS_RECORD, P.SIGNALS_JUDGE, P.ROUNDS_RANK, P.ROUNDS_READ}),
    Role.PANEL_CHAIR: frozenset({P.MARKS_RECORD, P.SIGNALS_JUDGE, P.ROUNDS_RANK, P.ROUNDS_READ}),
    Role.FINANCE: frozenset(
        {P.LEDGER_READ, P.LEDGER_POST, P.CLAIMS_APPROVE, P.BANK_ACCOUNTS_REVEAL}
    ),
    Role.AUDITOR: frozenset(
        {
            P.ORGANIZATIONS_READ,
            P.SCENARIOS_READ_ALL,
            P.DATASETS_OVERSEE,
            P.BIDS_READ_OPENED,
            P.SIGNALS_READ,
            P.ROUNDS_READ,
            P.LEDGER_READ,
            P.EVENTS_READ_ALL,
            P.AUDIT_READ,
            P.OPERATIONS_WATCH,
        }
    ),
    Role.SUPERVISOR: frozenset(
        {
            P.SCENARIOS_READ_ALL,
            P.SCENARIOS_SUSPEND,
            P.DATASETS_OVERSEE,
            P.BIDS_WITNESS,
            P.SIGNALS_READ,
            P.DRAWS_WITNESS,
        }
    ),
    Role.TEST_LAB: frozenset({P.TRUTH_UPLOAD, P.CLAIMS_VERIFY}),
    Role.DATA_CUSTODIAN: frozenset(
        {P.DATASETS_DESCRIBE, P.DATASETS_DECIDE, P.DATASETS_WITHDRAW, P.TRUTH_UPLOAD}
    ),
    Role.FUNDER: frozenset({P.LEDGER_READ}),
    Role.REVIEW_BODY: frozenset({P.SCENARIOS_READ_ALL, P.SCENARIOS_SUSPEND, P.BIDS_INVALIDATE}),
    Role.ORGANIZATION_ADMIN: frozenset(
        {
            P.ORGANIZATIONS_EDIT,
            P.BANK_ACCOUNTS_REVEAL,
            P.MEMBERS_MANAGE,
            P.PASSWORDS_RESET,
            P.WEBHOOKS_MANAGE,
            P.CAPABILITIES_DECLARE,
            P.MATCHMAKING_HOST,
            P.MATCHMAKING_JOIN,
        }
    ),
    Role.PLATFORM_ADMIN: frozenset(
        {
            P.ORGANIZATIONS_REGISTER,
            P.ORGANIZATIONS_READ,
            P.MEMBERS_ADD,
            P.KEYS_ISSUE,
            P.PASSWORDS_RESET,
            P.IDENTITIES_LINK,
            P.PROFILES_LOAD,
            P.OPERATIONS_WATCH,
        }
    ),
}
"""Who may ask for what at all; whether it may be done to this thing, now, the action decides."""

BUREAU_BOUND: Final = frozenset({Role.BUREAU_OFFICER, Role.BUREAU_APPROVER})
"""Roles that count on a call only in the bureau that organises it.

Those who watch (auditor, supervisor, review body, finance) sit in bodies of their own and are not
bound; a poster, a solver and a judge are bound to things of theirs by the action itself.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who is asking: a person acting for an organisation, with roles; frozen for the length of a
    request.
    """

    person_id: UUID
    organization_id: UUID
    roles: frozenset[Role]
    scopes: frozenset[Permission] | None = None
    """What the key is limited to; None: everything the roles allow."""
    key_id: UUID | None = None
    session_id: UUID | None = None
    must_enrol: bool = False
    """Signed in by a password alone although a role needs more: may only set up a second factor."""
    is_system: bool = False

    @property
    def kind(self) -> str:
        """The actor as events call it: one role, or `system`; never a person."""
        if self.is_system:
            return "system"
        return min((role.value for role in self.roles), default="nobody")

    @property
    def is_nobody(self) -> bool:
        """Tell that no credential came with the request."""
        return self is NOBODY

    def may(self, permission: Permission) -> bool:
        """Tell whether a role gives `permission` and the key's scopes do not take it away."""
        if self.is_system:
            return True
        allowed = any(permission in ROLE_PERMISSIONS[role] for role in self.roles)
        return allowed and (self.scopes is None or permission in self.scopes)

    def has(self, *roles: Role) -> bool:
        """Tell whether the actor holds one of `roles`."""
        return bool(self.roles & set(roles))

    def at(self, organizer_id: UUID) -> "Actor":
        """The actor as they count on a call that `organizer_id` organises.

        An officer of another district's bureau keeps every role but those of the bureau.
        """
        if self.organization_id == organizer_id or not self.roles & BUREAU_BOUND:
            return self
        return dataclasses.replace(self, roles=self.roles - BUREAU_BOUND)


NOBODY = Actor(person_id=UUID(int=0), organization_id=UUID(int=0), roles=frozenset())
SYSTEM = Actor(
    person_id=UUID(int=1), organization_id=UUID(int=1), roles=frozenset(), is_system=True
)
"""The platform itself: seeds, jobs and the demo's stage hands."""


def signed_in(actor: Actor) -> None:
    """Refuse nobody, and whoever must set up a second factor first."""
    known(actor)
    if actor.must_enrol:
        raise SecondFactorMissing()


def known(actor: Actor) -> None:
    """Refuse nobody; enough for looking after one's own sign-in."""
    if actor.is_nobody:
        raise Unauthenticated()


def in_session(actor: Actor) -> UUID:
    """Refuse whoever is not in a session, and name the session."""
    known(actor)
    if actor.session_id is None:
        raise SessionNeeded()
    return actor.session_id


def unlimited(actor: Actor) -> None:
    """Refuse a key that is limited to scopes: it may not touch how its person signs in."""
    known(actor)
    if actor.scopes is not None and not actor.must_enrol:
        raise NotPermitted(permission="all")


def require(actor: Actor, permission: Permission) -> None:
    """Refuse an actor whose roles or key do not give `permission`."""
    signed_in(actor)
    if not actor.may(permission):
        raise NotPermitted(permission=permission.value)
