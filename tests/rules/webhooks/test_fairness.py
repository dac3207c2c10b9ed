"""Nobody is given less than another one who could not take more, and nothing is left lying."""

from hypothesis import given
from hypothesis import strategies as st

from marketplace.webhooks.rules.fairness import shares

ROOMS = st.lists(st.integers(0, 64), max_size=32)


@given(ROOMS, st.integers(0, 1024))
def test_everything_is_divided_and_nobody_has_more_than_it_may_take(
    rooms: list[int], limit: int
) -> None:
    """What is left is left because all are full."""
    found = shares(rooms, limit)

    assert all(0 <= share <= room for share, room in zip(found, rooms, strict=True))
    assert sum(found) == min(limit, sum(rooms))


@given(ROOMS, st.integers(0, 1024))
def test_who_could_take_more_has_no_less_than_another_one(rooms: list[int], limit: int) -> None:
    """Less by one at most, and then those who come first have more."""
    found = shares(rooms, limit)
    hungry = [place for place, share in enumerate(found) if share < rooms[place]]

    for place in hungry:
        assert found[place] >= max(found) - 1
        assert all(found[place] >= found[later] for later in range(place + 1, len(found)))
