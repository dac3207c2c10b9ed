"""Which roles one person may hold, and who may give them; pure."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.identity.errors.access import NotPermitted, RoleNotYours
from marketplace.identity.errors.people import OwnMembership, RolesIncompatible
from marketplace.identity.rules import roles as rules
from marketplace.identity.rules.access import SYSTEM, Actor, Permission, Role
from marketplace.identity.rules.roles import BUREAU_ROLES, Giving

HERE, THERE = UUID(int=1_000), UUID(int=2_000)
ME, SOMEBODY = UUID(int=1_001), UUID(int=1_002)
R = Role


def one(*roles: Role, at: UUID = HERE, scopes: frozenset[Permission] | None = None) -> Actor:
    """Somebody with roles in an organisation."""
    return Actor(person_id=ME, organization_id=at, roles=frozenset(roles), scopes=scopes)


def where(*, government: bool = False, lab: bool = False, administered: bool = True) -> Giving:
    """An organisation with an administrator, unless asked otherwise."""
    return Giving(
        organization_id=HERE,
        is_government=government,
        is_test_lab=lab,
        has_administrator=administered,
    )


@pytest.mark.parametrize(
    ("roles", "together"),
    [
        ({R.FINANCE, R.EXPERT}, False),
        ({R.REVIEW_BODY, R.PANEL_CHAIR}, False),
        ({R.SUPERVISOR, R.EXPERT}, False),
        ({R.AUDITOR, R.EXPERT}, False),
        ({R.AUDITOR, R.BUREAU_OFFICER}, False),
        ({R.SUPERVISOR, R.BUREAU_OFFICER}, False),
        ({R.SOLVER, R.BUREAU_OFFICER}, False),
        ({R.SOLVER, R.FINANCE}, False),
        ({R.SOLVER, R.TEST_LAB}, False),
        ({R.FUNDER, R.EXPERT}, False),
        ({R.PLATFORM_ADMIN, R.BUREAU_APPROVER}, False),
        ({R.BUREAU_OFFICER, R.BUREAU_APPROVER}, True),
        ({R.POSTER, R.SOLVER, R.EXPERT}, True),
        ({R.ORGANIZATION_ADMIN, R.PLATFORM_ADMIN}, True),
        ({R.FUNDER, R.DATA_CUSTODIAN}, True),
    ],
)
def test_roles_in_one_membership(roles: set[Role], together: bool) -> None:
    """What the table keeps apart is refused with both roles; the rest goes together."""
    if together:
        rules.check_together(frozenset(roles))
        return
    with pytest.raises(RolesIncompatible) as refused:
        rules.check_together(frozenset(roles))

    named: Any = refused.value.facts["roles"]
    assert set(named) == {role.value for role in roles}
    assert refused.value.facts["in_another_organization"] is False


@pytest.mark.parametrize(
    ("here", "elsewhere", "together"),
    [
        (R.EXPERT, R.FINANCE, False),
        (R.SUPERVISOR, R.PANEL_CHAIR, False),
        (R.SOLVER, R.BUREAU_OFFICER, False),
        (R.BUREAU_APPROVER, R.PLATFORM_ADMIN, False),
        (R.TEST_LAB, R.SOLVER, True),
        (R.SUPERVISOR, R.BUREAU_OFFICER, True),
    ],
)
def test_roles_in_two_organizations(here: Role, elsewhere: Role, together: bool) -> None:
    """Where the law is about the person, a second organisation does not help."""
    if together:
        rules.check_together(frozenset({here}), [frozenset({elsewhere})])
        return
    with pytest.raises(RolesIncompatible) as refused:
        rules.check_together(frozenset({here}), [frozenset({elsewhere})])

    assert refused.value.facts["in_another_organization"] is True


@settings(max_examples=500)
@given(st.frozensets(st.sampled_from(Role)), st.frozensets(st.sampled_from(Role)))
def test_it_does_not_matter_which_organization_came_first(
    here: frozenset[Role], there: frozenset[Role]
) -> None:
    """Two memberships that may be had one after the other may be had in the other order too."""

    def refused(first: frozenset[Role], second: frozenset[Role]) -> bool:
        try:
            rules.check_together(first)
            rules.check_together(second, [first])
        except RolesIncompatible:
            return True
        return False

    assert refused(here, there) == refused(there, here)


def test_an_administrator_gives_the_roles_of_the_trade_and_no_more() -> None:
    """In a bureau too: bureau roles come from the platform's administrator alone."""
    admin, bureau = one(R.ORGANIZATION_ADMIN), where(government=True)

    rules.check_given(admin, bureau, frozenset({R.POSTER, R.FUNDER, R.ORGANIZATION_ADMIN}))
    for role in BUREAU_ROLES | {R.PLATFORM_ADMIN, R.TEST_LAB}:
        with pytest.raises(RoleNotYours):
            rules.check_given(admin, bureau, frozenset({R.POSTER, role}))


def test_bureau_roles_only_in_government_and_only_from_the_platform() -> None:
    """The platform's administrator gives them there, nowhere else, and never its own role."""
    platform = one(R.PLATFORM_ADMIN, at=THERE)

    rules.check_given(platform, where(government=True), BUREAU_ROLES)
    for place, roles in (
        (where(), BUREAU_ROLES),
        (where(government=True), frozenset({R.PLATFORM_ADMIN})),
    ):
        with pytest.raises(RoleNotYours):
            rules.check_given(platform, place, roles)


def test_a_lab_gives_the_role_of_a_lab() -> None:
    """What makes a company's colleague a verifier is its registration as a laboratory."""
    rules.check_given(one(R.ORGANIZATION_ADMIN), where(lab=True), frozenset({R.TEST_LAB}))
    with pytest.raises(RoleNotYours):
        rules.check_given(one(R.ORGANIZATION_ADMIN), where(), frozenset({R.TEST_LAB}))


def test_the_bureau_steps_back_once_there_is_an_administrator() -> None:
    """An officer brings in the first people; then only the administrators decide."""
    officer = one(R.BUREAU_OFFICER, at=THERE)

    rules.check_given(officer, where(administered=False), frozenset({R.ORGANIZATION_ADMIN}))
    with pytest.raises(NotPermitted):
        rules.check_given(officer, where(), frozenset({R.POSTER}))
    assert rules.may_manage(one(R.PLATFORM_ADMIN, at=THERE), where())
    assert not rules.may_manage(one(R.ORGANIZATION_ADMIN, at=THERE), where())


def test_a_limited_key_manages_only_if_it_says_so() -> None:
    """The role alone is not enough."""
    limited = one(R.ORGANIZATION_ADMIN, scopes=frozenset({Permission.WEBHOOKS_MANAGE}))
    named = one(R.ORGANIZATION_ADMIN, scopes=frozenset({Permission.MEMBERS_MANAGE}))

    assert not rules.may_manage(limited, where())
    assert rules.may_manage(named, where())


def test_nobody_puts_himself_into_another_organization() -> None:
    """Whatever his roles; in his own he may, and the platform itself may."""
    with pytest.raises(OwnMembership):
        rules.check_not_oneself(one(R.PLATFORM_ADMIN, at=THERE), where(), ME)

    rules.check_not_oneself(one(R.ORGANIZATION_ADMIN), where(), ME)
    rules.check_not_oneself(one(R.BUREAU_OFFICER, at=THERE), where(), SOMEBODY)
    rules.check_not_oneself(SYSTEM, where(), SYSTEM.person_id)


@pytest.mark.parametrize(
    ("mine", "others", "last"),
    [
        ({R.ORGANIZATION_ADMIN}, [{R.POSTER}], True),
        ({R.ORGANIZATION_ADMIN}, [{R.POSTER}, {R.ORGANIZATION_ADMIN}], False),
        ({R.ORGANIZATION_ADMIN}, [], False),
        ({R.POSTER}, [{R.POSTER}], False),
        ({R.POSTER}, [{R.ORGANIZATION_ADMIN}], False),
    ],
)
def test_the_last_administrator(mine: set[Role], others: list[set[Role]], last: bool) -> None:
    """Only whoever administers alone, with others there, is the last."""
    present = [(ME, frozenset(mine))]
    present += [(UUID(int=5_000 + at), frozenset(roles)) for at, roles in enumerate(others)]

    assert rules.is_last_administrator(ME, present) is last
