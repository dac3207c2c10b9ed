"""The pages that tell who may do what, made from the tables that decide it."""

from marketplace.identity.rules import duties, roles
from marketplace.identity.rules.access import BUREAU_BOUND, ROLE_PERMISSIONS, Permission, Role
from tests.doors import rows
from tests.doors.askers import ELSEWHERE
from tests.house.paper import MADE, table


def permissions() -> str:
    """Write who may do what: the two tables that decide and that are tested whole."""
    given = [
        (f"`{permission.value}`", ", ".join(r.value for r in Role if permission in _given(r)))
        for permission in Permission
    ]
    doors = [(f"`{name}`", *_who(rows.ROWS[name])) for name in sorted(rows.ROWS)]
    return f"""{MADE}

# Who may do what

Rights are decided in the action, on the roles of the person in the organisation that the key or
the session speaks for, on the scopes of the key, and on the thing itself. A key may be limited to
some of these permissions by naming them as its scopes.

{table(("permission", "roles that give it"), given)}

On a call the roles {", ".join(f"`{r.value}`" for r in sorted(BUREAU_BOUND))} count only in the
bureau that organises it.

## Every door

Each operation is asked by nobody, by a stranger, and by every role in the right organisation and
in a wrong one, on both databases; whoever is not named is refused, nothing changes, and the audit
log says who was refused. *Right* is the organisation that the thing belongs to: the bureau that
organises the call, its poster, the bidder. *Elsewhere* is any other.

{table(("operation", "in the right organisation", "elsewhere"), doors)}
"""


def _given(role: Role) -> frozenset[Permission]:
    return ROLE_PERMISSIONS[role]


def _who(askers: frozenset[str]) -> tuple[str, str]:
    """Name who gets through a door, at home and elsewhere."""
    if askers == rows.EVERYBODY:
        return "everybody", "everybody"
    if askers == rows.SIGNED_IN:
        return "everybody who is signed in", "everybody who is signed in"
    home = [role.value for role in Role if role.value in askers]
    away = [role.value for role in Role if role.value + ELSEWHERE in askers]
    return ", ".join(home), ", ".join(away)


def duties_page() -> str:
    """Write what must be in other hands, and which roles exclude each other."""
    pairs = [
        (
            pair.thing,
            _duty(pair.first),
            _duty(pair.then),
            "either" if pair.either_order else "as written",
            pair.source,
        )
        for pair in duties.APART
    ]
    excluded = [
        (
            _roles(rule.one),
            _roles(rule.other),
            "in whatever organisations" if rule.anywhere else "in one membership",
            rule.source,
        )
        for rule in roles.INCOMPATIBLE
    ]
    return f"""{MADE}

# Other hands

Hands are persons: a second organisation, another key or a new role does not make another person.
The platform itself has no hands, and does none of this in earnest.

## 不相容职责 · Duties apart

Whoever did the first to an object may not do the second to the same object; the refusal is
`identity.same_hands` and names both. Where the order is `either`, the later of the two is refused.

{table(("object", "first", "second", "order", "source"), pairs)}

## 不得兼任 · Roles apart

One person holds at most one side of each row; the refusal is `identity.roles_incompatible`.

{table(("one", "other", "where", "source"), excluded)}
"""


def _duty(duty: duties.Duty) -> str:
    zh, en = duties.WORDS[duty]
    return f"{zh} · {en}"


def _roles(group: frozenset[Role]) -> str:
    return ", ".join(role.value for role in sorted(group))
