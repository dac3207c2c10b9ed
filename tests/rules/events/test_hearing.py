"""Who may hear an event, and who wants to."""

from uuid import UUID

import pytest

from marketplace.events.rules import hearing
from marketplace.events.rules.envelope import Visibility
from marketplace.events.rules.hearing import Hearer, Said

OWNER, PARTICIPANT, STRANGER, BUREAU = (UUID(int=number) for number in range(1, 5))

WHO_HEARS = {
    Visibility.PUBLIC: {OWNER, PARTICIPANT, STRANGER, BUREAU},
    Visibility.PARTICIPANTS: {OWNER, PARTICIPANT, BUREAU},
    Visibility.OWNER: {OWNER, BUREAU},
    Visibility.INTERNAL: {BUREAU},
    Visibility.SEALED: {OWNER},
}


@pytest.mark.parametrize("visibility", Visibility)
@pytest.mark.parametrize("who", [OWNER, PARTICIPANT, STRANGER, BUREAU])
def test_visibility_decides_who_hears(visibility: Visibility, who: UUID) -> None:
    """The whole table, every kind of hearer against every visibility."""
    said = Said(visibility=visibility, organization_id=OWNER, participants=frozenset({PARTICIPANT}))
    hearer = Hearer(organization_id=who, hears_all=who == BUREAU)

    assert hearing.may_hear(hearer, said) == (who in WHO_HEARS[visibility])


@pytest.mark.parametrize("visibility", Visibility)
@pytest.mark.parametrize("organizer", [BUREAU, STRANGER, None])
def test_a_bureau_hears_of_its_own_calls_and_of_what_belongs_to_none(
    visibility: Visibility, organizer: UUID | None
) -> None:
    """Another bureau's call is as strange to it as to anybody; what is sealed always is."""
    said = Said(visibility=visibility, organization_id=OWNER, organizer_id=organizer)
    hearer = Hearer(organization_id=BUREAU, hears_bureau=True)
    own = organizer in {BUREAU, None} and visibility is not Visibility.SEALED

    assert hearing.may_hear(hearer, said) == (own or visibility is Visibility.PUBLIC)


@pytest.mark.parametrize("visibility", sorted(set(Visibility) - {Visibility.PUBLIC}))
def test_what_belongs_to_nobody_is_told_to_no_stranger(visibility: Visibility) -> None:
    """An event without an owner does not match an organisation by accident."""
    said = Said(visibility=visibility, organization_id=None, participants=frozenset())

    assert not hearing.may_hear(Hearer(organization_id=STRANGER), said)


@pytest.mark.parametrize(
    ("patterns", "event_type", "wanted"),
    [
        ([], "bid.submitted", True),
        (["bid.submitted"], "bid.submitted", True),
        (["bid.submitted"], "bid.submitted_late", False),
        (["bid.*"], "bid.submitted", True),
        (["bid.*"], "bids.opened", False),
        (["bid.*"], "bid", False),
        (["scenario.*", "bids.opened"], "bids.opened", True),
        (["webhook.endpoint.*"], "webhook.endpoint_moved", False),
    ],
)
def test_a_filter_takes_types_and_prefixes(
    patterns: list[str], event_type: str, wanted: bool
) -> None:
    """A prefix ends at a dot; nothing else is cut."""
    assert hearing.wants(patterns, event_type) is wanted


@pytest.mark.parametrize("text", ["bid.submitted", "bid.*", "a", "webhook.endpoint_moved", "a.b.*"])
def test_knows_what_can_stand_in_a_filter(text: str) -> None:
    """Types as they are written, and prefixes."""
    assert hearing.is_pattern(text)


@pytest.mark.parametrize(
    "text", ["", "*", ".*", "Bid.*", "bid.", "bid*", "bid.*.x", "bid..x", "榜", "a b", "a" * 65]
)
def test_knows_what_cannot_stand_in_a_filter(text: str) -> None:
    """Whatever could never match is refused when it is written, not noticed when nothing comes."""
    assert not hearing.is_pattern(text)
