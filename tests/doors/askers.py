"""Who asks at the doors: each role, at the right place and at a wrong one."""

from marketplace.identity.rules.access import Role

ELSEWHERE = "@elsewhere"
"""Marks somebody who holds the role in an organisation that has nothing to do with the world."""

ASKERS = (
    "nobody",
    "stranger",
    *(role.value for role in Role),
    *(role.value + ELSEWHERE for role in Role),
)
"""Each role in the right organisation and in a wrong one; `stranger` posts, bids and judges for an
organisation that has nothing to do with anything here.
"""


def anywhere(roles: frozenset[str]) -> frozenset[str]:
    """The same roles in whatever organisation: what they do is not bound to the world's things."""
    return roles | {role + ELSEWHERE for role in roles}
