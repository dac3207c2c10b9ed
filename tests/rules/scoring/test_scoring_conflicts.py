"""Ties of experts on a day, conflicts with bidders, pseudonyms of bids, the election of a chair."""

import datetime as dt
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.identity.rules.ties import Tie, TieKind, counting
from marketplace.scoring.rules import blind, conflicts, reporting
from marketplace.scoring.rules.conflicts import Party
from marketplace.scoring.rules.reporting import Voter

JUDGE, FIRM, PARENT, OTHER = (UUID(int=at) for at in range(1, 5))
DAY = dt.date(2026, 3, 2)


def a_tie(
    kind: TieKind = TieKind.EMPLOYMENT,
    *,
    to: UUID = FIRM,
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> Tie:
    """A tie of the judge."""
    return Tie(person_id=JUDGE, organization_id=to, kind=kind, valid_from=since, valid_to=until)


class TestTies:
    """`Tie.counts_on`."""

    @pytest.mark.parametrize(
        ("kind", "until", "counts"),
        [
            (TieKind.EMPLOYMENT, None, True),
            (TieKind.EMPLOYMENT, dt.date(2026, 3, 2), True),
            (TieKind.EMPLOYMENT, dt.date(2023, 3, 3), True),
            (TieKind.EMPLOYMENT, dt.date(2023, 3, 2), False),
            (TieKind.POSITION, dt.date(2023, 3, 3), True),
            (TieKind.CONTROL, dt.date(2023, 3, 2), False),
            (TieKind.INTEREST, None, True),
            (TieKind.INTEREST, dt.date(2026, 3, 3), True),
            (TieKind.INTEREST, dt.date(2026, 3, 2), False),
        ],
    )
    def test_three_years_after_the_end_and_no_longer(
        self, kind: TieKind, until: dt.date | None, counts: bool
    ) -> None:
        """Employment, posts and control look back three years; a declared interest ends."""
        assert a_tie(kind, until=until).counts_on(DAY) is counts

    def test_a_tie_that_has_not_begun_does_not_count(self) -> None:
        """From its first day on."""
        tomorrow = DAY + dt.timedelta(days=1)

        assert not a_tie(since=tomorrow).counts_on(DAY)
        assert counting([a_tie(since=DAY)], DAY) == (a_tie(since=DAY),)


class TestConflicts:
    """`conflicts.conflicts`."""

    def test_the_bidder_itself_and_whoever_is_related_to_the_tied_firm(self) -> None:
        """A tie to a parent keeps a judge away from its subsidiary, and from nobody else."""
        parties = [
            Party(organization_id=FIRM, part="bidder", bid_id=UUID(int=9)),
            Party(organization_id=OTHER, part="consortium_member", bid_id=UUID(int=8)),
        ]
        ties = [a_tie(), a_tie(TieKind.POSITION, to=PARENT)]
        related = {(PARENT, OTHER): "direct_control"}

        found = conflicts.conflicts(ties, parties, related=related, on=DAY)

        assert [(one.tie.kind, one.party.part, one.relation) for one in found] == [
            (TieKind.EMPLOYMENT, "bidder", None),
            (TieKind.POSITION, "consortium_member", "direct_control"),
        ]
        assert conflicts.pairs_to_check(ties, parties, DAY) == {
            (FIRM, OTHER),
            (PARENT, FIRM),
            (PARENT, OTHER),
        }

    def test_a_tie_that_is_too_old_makes_no_conflict(self) -> None:
        """Whoever left more than three years ago may judge."""
        old = a_tie(until=dt.date(2022, 1, 1))

        found = conflicts.conflicts(
            [old], [Party(organization_id=FIRM, part="bidder")], related={}, on=DAY
        )

        assert found == ()


class TestBlind:
    """`blind.aliases`."""

    @given(st.sets(st.uuids(), max_size=8), st.text(max_size=8))
    def test_pseudonyms_are_stable_whole_and_tell_no_bid(self, bids: set[UUID], seed: str) -> None:
        """One for each bid, none of them a bid's id, the same whatever the order."""
        found = blind.aliases(sorted(bids), seed=seed)

        assert found == blind.aliases(sorted(bids, reverse=True), seed=seed)
        assert sorted(one.number for one in found.values()) == list(range(1, len(bids) + 1))
        assert not {one.alias_id for one in found.values()} & bids
        assert {one.alias_id.version for one in found.values()} <= {8}

    def test_another_panel_calls_the_same_bids_something_else(self) -> None:
        """A pseudonym that was overheard is worth nothing elsewhere."""
        bids = [UUID(int=at) for at in range(5)]
        one, two = blind.aliases(bids, seed="one"), blind.aliases(bids, seed="two")

        assert {each.alias_id for each in one.values()}.isdisjoint(
            each.alias_id for each in two.values()
        )


class TestChair:
    """`reporting.elected`."""

    @given(st.lists(st.integers(0, 4), min_size=5, max_size=5))
    def test_more_than_half_elect_and_nobody_else(self, votes: list[int]) -> None:
        """Three of five."""
        seats = [UUID(int=at + 1) for at in range(5)]
        voters = [
            Voter(seat_id=seat, votes_for=seats[vote])
            for seat, vote in zip(seats, votes, strict=True)
        ]

        found = reporting.elected(voters)

        winners = [seats[one] for one in set(votes) if votes.count(one) >= 3]
        assert found == (winners[0] if winners else None)

    def test_a_vote_for_somebody_who_left_counts_for_nobody(self) -> None:
        """Who sits now decides."""
        one, two, gone = (UUID(int=at) for at in (1, 2, 3))
        voters = [Voter(seat_id=one, votes_for=gone), Voter(seat_id=two, votes_for=gone)]

        assert reporting.elected(voters) is None
