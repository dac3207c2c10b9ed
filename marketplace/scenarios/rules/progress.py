"""The yearly goal of a programme, and how far it has come: calls by domain."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from marketplace.scenarios.rules.lifecycle import FINAL_STATES, ScenarioState

GOAL_PER_YEAR: Final = 100
"""Calls to be published in a calendar year; the programme's own announcement, without a law."""
GOAL_DOMAINS: Final = 5
"""Domains among which they are to be spread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What became of the calls that were published in one domain."""

    domain: str
    published: int
    running: int
    ended: Mapping[str, int]
    """How many ended in each way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A year against its goal; what is planned is what the organisers of its batches said."""

    year: int
    published: int
    planned: int
    domains: tuple[Tally, ...]
    goal: int = GOAL_PER_YEAR
    goal_domains: int = GOAL_DOMAINS

    @property
    def missing(self) -> int:
        """How many calls are missing to the goal."""
        return max(0, self.goal - self.published)


def progress(
    year: int, counted: Iterable[tuple[str, ScenarioState, int]], *, planned: int
) -> Progress:
    """Put counts by domain and state together; domains in the order of their names."""
    found: dict[str, dict[ScenarioState, int]] = {}
    for domain, state, count in counted:
        states = found.setdefault(domain, {})
        states[state] = states.get(state, 0) + count
    domains = tuple(
        Tally(
            domain=domain,
            published=sum(states.values()),
            running=sum(count for state, count in states.items() if state not in FINAL_STATES),
            ended={
                one.value: states[one] for one in ScenarioState if one in FINAL_STATES & set(states)
            },
        )
        for domain, states in sorted(found.items())
    )
    total = sum(one.published for one in domains)
    return Progress(year=year, published=total, planned=planned, domains=domains)
