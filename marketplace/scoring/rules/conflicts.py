"""Which judge may not judge which bidder: ties within the look-back, and who is related to whom.

Source   政府采购法实施条例 (procurement regulations), article 9; who is related: Company Law 265.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from marketplace.identity.rules.ties import Tie, counting

Pair = tuple[UUID, UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """An organisation that must not be tied to a judge, and why it matters."""

    organization_id: UUID
    part: str
    """`poster`, `end_user`, `interested`, `bidder` or `consortium_member`."""
    bid_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One ground on which somebody may not judge."""

    person_id: UUID
    tie: Tie
    party: Party
    relation: str | None = None
    """How the tied organisation is related to the party; None: it is the party."""

    def facts(self) -> dict[str, str]:
        """Write the ground as facts: which tie, to whom, and how that touches the call."""
        told = {
            "tie": self.tie.kind.value,
            "tied_to": str(self.tie.organization_id),
            "party": str(self.party.organization_id),
            "part": self.party.part,
        }
        if self.tie.valid_to is not None:
            told["tie_ended"] = str(self.tie.valid_to)
        if self.relation is not None:
            told["relation"] = self.relation
        return told


def pairs_to_check(ties: Iterable[Tie], parties: Iterable[Party], on: dt.date) -> set[Pair]:
    """Name the pairs of different organisations whose relation would make a conflict."""
    tied = {one.organization_id for one in counting(ties, on)}
    return {
        (one, party.organization_id)
        for one in tied
        for party in parties
        if one != party.organization_id
    }


def conflicts(
    ties: Iterable[Tie],
    parties: Collection[Party],
    *,
    related: Mapping[Pair, str],
    on: dt.date,
) -> tuple[Conflict, ...]:
    """Find every ground on which the holders of `ties` may not judge on a day.

    Shape    `related` says how the organisation of a tie is related to a party, for the pairs of
             `pairs_to_check` that are; the order never depends on chance.
    """
    found = []
    for tie in counting(ties, on):
        for party in sorted(parties, key=lambda one: (one.part, one.organization_id.int)):
            same = tie.organization_id == party.organization_id
            relation = related.get((tie.organization_id, party.organization_id))
            if same or relation is not None:
                found.append(
                    Conflict(
                        person_id=tie.person_id,
                        tie=tie,
                        party=party,
                        relation=None if same else relation,
                    )
                )
    return tuple(found)
