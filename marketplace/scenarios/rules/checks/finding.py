"""What a check says: one broken rule, where it is broken, and what would be right."""

from dataclasses import dataclass
from typing import Final

from marketplace.profiles.rules.profile import RuleProfile
from marketplace.scenarios.rules.content import Text

ERROR: Final = "error"
"""Blocks on every track: for what makes a call meaningless or takes bidders' rights."""
REVIEW: Final = "needs_review"
"""Blocks on no track: for what a person must look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One broken rule."""

    rule: str
    severity: str
    pointer: str
    source: str
    message: Text
    suggestion: Text


def severity_of(profile: RuleProfile) -> str:
    """Say what a finding does on this track: it blocks, or it asks for a review."""
    return profile.chosen("lint_severity")


def yuan(fen: int) -> str:
    """Write an amount for people, to the fen only where there are any.

    >>> yuan(180_000_000), yuan(50)
    ('1,800,000', '0.50')
    """
    whole, rest = divmod(fen, 100)
    return f"{whole:,}.{rest:02}" if rest else f"{whole:,}"


def percent(bps: int) -> str:
    """Write basis points for people.

    >>> percent(250)
    '2.5%'
    """
    return f"{bps / 100:g}%"
