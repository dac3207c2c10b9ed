"""Rules a call must keep, checked while drafting, at approval and again at publication.

Each finding names the rule, its source, the field and what would be right.  Whether a finding
blocks or asks for a review is the rule profile's to say.  The rules stand in `checks`, by subject.
"""

from collections.abc import Sequence

from marketplace.profiles.rules.calendar import WorkCalendar
from marketplace.profiles.rules.profile import RuleProfile
from marketplace.scenarios.rules.checks import clocks, datasets, fairness, money, weights
from marketplace.scenarios.rules.checks.clocks import Planned
from marketplace.scenarios.rules.checks.finding import Finding
from marketplace.scenarios.rules.checks.money import Sibling
from marketplace.scenarios.rules.content import Content

__all__ = ["Finding", "Planned", "Sibling", "blocking", "lint"]


def lint(
    content: Content,
    profile: RuleProfile,
    *,
    planned: Planned | None = None,
    calendar: WorkCalendar | None = None,
    siblings: Sequence[Sibling] = (),
) -> tuple[Finding, ...]:
    """Check a call against the rules of its legal track.

    Shape    findings in the order of the rules; LINT-11 alone needs `planned` and `calendar`,
             LINT-13 the other calls of the same unit in the year.
    """
    findings = [
        *weights.weights(content),
        *weights.price_weight(content, profile),
        *weights.scored_gates(content, profile),
        *fairness.conditions(content, profile, planned=planned),
        *fairness.designers(content, profile),
        *money.bonds(content, profile),
        *money.maximum_price(content, profile),
        *datasets.datasets(content, profile),
    ]
    if planned is not None and calendar is not None:
        findings += clocks.clocks(profile, planned, calendar)
    findings += money.funding(content, profile)
    findings += money.splitting(content, profile, siblings)
    findings += weights.choices(content, profile)
    findings += weights.race(content, profile)
    return tuple(findings)


def blocking(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Keep the findings that block approval and publication."""
    return tuple(finding for finding in findings if finding.severity == "error")
