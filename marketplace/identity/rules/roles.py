"""Roles in one membership and in one person: which exclude each other, and who gives which.

Source   政府采购法 (Government Procurement Law), articles 12 and 60; 条例 is its implementing
         regulation.  What no law says is a house rule, and says so.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from marketplace.identity.errors.access import NotPermitted, RoleNotYours
from marketplace.identity.errors.people import OwnMembership, RolesIncompatible
from marketplace.identity.rules.access import Actor, Permission, Role

BUREAU_ROLES: Final = frozenset(
    {
        Role.BUREAU_OFFICER,
        Role.BUREAU_APPROVER,
        Role.SUPERVISOR,
        Role.FINANCE,
        Role.AUDITOR,
        Role.REVIEW_BODY,
    }
)
"""Roles that only a government organisation can have, and only an administrator can give."""

REGULATORS: Final = frozenset({Role.FINANCE, Role.REVIEW_BODY, Role.SUPERVISOR, Role.AUDITOR})
"""Whoever pays, audits, watches or hears complaints judges nothing himself."""

JUDGES: Final = frozenset({Role.EXPERT, Role.PANEL_CHAIR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Incompatible:
    """Two groups of roles of which one person holds at most one."""

    one: frozenset[Role]
    other: frozenset[Role]
    anywhere: bool
    """True where it binds the person, in whatever organisations; False: one membership."""
    source: str


_WRITING: Final = frozenset({Role.BUREAU_OFFICER, Role.BUREAU_APPROVER, Role.FINANCE})
_OF_SUBSTANCE: Final = BUREAU_ROLES | JUDGES | {Role.POSTER, Role.SOLVER, Role.TEST_LAB}

INCOMPATIBLE: Final[tuple[Incompatible, ...]] = (
    Incompatible(
        one=REGULATORS,
        other=JUDGES,
        anywhere=True,
        source="政府采购法 60: the regulator takes no part in what it supervises",
    ),
    Incompatible(
        one=BUREAU_ROLES,
        other=frozenset({Role.SOLVER}),
        anywhere=True,
        source="政府采购法 12 and 60, 条例 9: nobody organises or supervises what he bids for",
    ),
    Incompatible(
        one=frozenset({Role.AUDITOR}),
        other=_WRITING,
        anywhere=True,
        source="house rule: an auditor reads everything and writes nothing",
    ),
    Incompatible(
        one=frozenset({Role.PLATFORM_ADMIN}),
        other=_OF_SUBSTANCE,
        anywhere=True,
        source="house rule: the platform keeps clocks and keys, and decides no substance",
    ),
    Incompatible(
        one=frozenset({Role.SUPERVISOR, Role.REVIEW_BODY}),
        other=frozenset({Role.BUREAU_OFFICER, Role.BUREAU_APPROVER}),
        anywhere=False,
        source="政府采购法 60: whoever supervises does not take part",
    ),
    Incompatible(
        one=frozenset({Role.TEST_LAB}),
        other=frozenset({Role.SOLVER}),
        anywhere=False,
        source="条例 18: whoever tests a project does not bid for it",
    ),
    Incompatible(
        one=frozenset({Role.FUNDER}),
        other=JUDGES,
        anywhere=False,
        source="house rule: whoever pays a share does not touch the evaluation",
    ),
)
"""Every pair that is kept apart; `docs/duties.md` is made from it."""


def check_together(roles: frozenset[Role], elsewhere: Iterable[frozenset[Role]] = ()) -> None:
    """Refuse roles that one person may not hold together.

    Shape    `roles` is one membership, `elsewhere` what the person holds in other organisations.
    Refuses  RolesIncompatible with the two roles, whether they meet in one membership, and source.
    """
    beyond = frozenset[Role]().union(*elsewhere)
    for rule in INCOMPATIBLE:
        for mine, theirs in ((rule.one, rule.other), (rule.other, rule.one)):
            held = roles & mine
            here, there = roles & theirs, beyond & theirs if rule.anywhere else frozenset()
            if held and (here or there):
                raise RolesIncompatible(
                    roles=[min(held).value, min(here or there).value],
                    in_another_organization=not here,
                    source=rule.source,
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class Giving:
    """An organisation in which somebody wants to give or take roles."""

    organization_id: UUID
    is_government: bool
    is_test_lab: bool
    has_administrator: bool
    """Whether a present member is its organization_admin."""


def may_manage(actor: Actor, where: Giving) -> bool:
    """Tell whether the actor decides who belongs to an organisation.

    Its own administrator does, and the platform's; the bureau only until there is the first.
    """
    own = actor.organization_id == where.organization_id
    if own and actor.may(Permission.MEMBERS_MANAGE):
        return True
    if not actor.may(Permission.MEMBERS_ADD):
        return False
    return actor.is_system or actor.has(Role.PLATFORM_ADMIN) or not where.has_administrator


def check_given(actor: Actor, where: Giving, roles: frozenset[Role]) -> None:
    """Refuse roles that this actor may not give in this organisation.

    Refuses  NotPermitted for whoever does not manage its people; RoleNotYours for the platform's
             administrator by anybody, for a bureau role outside government or by anybody but the
             platform's administrator, and for a test lab's where none was registered.
    """
    if not may_manage(actor, where):
        raise NotPermitted(permission=Permission.MEMBERS_MANAGE.value)
    if actor.is_system:
        return
    forbidden = {Role.PLATFORM_ADMIN} & roles
    if not (where.is_government and actor.has(Role.PLATFORM_ADMIN)):
        forbidden |= BUREAU_ROLES & roles
    if not (where.is_test_lab or actor.has(Role.PLATFORM_ADMIN)):
        # A verifier's role in a company of its own making would verify that company's claims.
        forbidden |= {Role.TEST_LAB} & roles
    if forbidden:
        raise RoleNotYours(roles=sorted(role.value for role in forbidden))


def check_not_oneself(actor: Actor, where: Giving, person_id: UUID) -> None:
    """Refuse to put oneself into an organisation, or to change oneself in a foreign one.

    Within the own organisation its administrator may: many are companies of one person.
    """
    foreign = actor.organization_id != where.organization_id
    if not actor.is_system and actor.person_id == person_id and foreign:
        raise OwnMembership()


def is_last_administrator(leaving: UUID, members: Collection[tuple[UUID, frozenset[Role]]]) -> bool:
    """Tell whether an organisation with other people would be left without administrator."""
    others = [roles for person_id, roles in members if person_id != leaving]
    mine = [roles for person_id, roles in members if person_id == leaving]
    administers = any(Role.ORGANIZATION_ADMIN in roles for roles in mine)
    return (
        administers and bool(others) and all(Role.ORGANIZATION_ADMIN not in one for one in others)
    )
