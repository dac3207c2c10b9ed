"""What one worker holds: limits of every endpoint, and turns."""

from collections import Counter
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.webhooks.rules.circuit import WINDOW_MAX
from marketplace.webhooks.rules.desk import DEPTH_MAX, Desk

PLACES = [UUID(int=number) for number in range(4)]
STEPS = st.lists(st.tuples(st.sampled_from(PLACES), st.integers(0, 5), st.booleans()), max_size=60)


@settings(deadline=None, max_examples=100)
@given(STEPS, st.integers(1, 4))
def test_no_endpoint_has_more_under_way_than_it_may(
    steps: list[tuple[UUID, int, bool]], concurrency: int
) -> None:
    """Whatever is put down, begun and ended in whatever order; and nothing is lost on the way."""
    desk = Desk[tuple[UUID, int]](slots=8)
    under_way: list[tuple[UUID, int]] = []
    put = begun = 0
    for place, number, well in steps:
        desk.put(place, concurrency, [(place, put + at) for at in range(number)])
        put += number
        while number % 2 and (item := desk.next()) is not None:
            under_way.append(item)
            begun += 1
        if under_way:
            desk.end(under_way.pop(0)[0], well=well)
        most = Counter(one for one, _ in under_way)
        assert max(most.values(), default=0) <= concurrency
        assert desk.waiting == put - begun

    assert len(desk.withdraw()) == put - begun
    assert desk.next() is None


def test_endpoints_take_turns() -> None:
    """Who has much on the desk goes no more often than who has little."""
    desk = Desk[str](slots=8)
    desk.put(PLACES[0], 4, ["a1", "a2", "a3", "a4"])
    desk.put(PLACES[1], 4, ["b1", "b2"])

    assert [desk.next() for _ in range(7)] == ["a1", "b1", "a2", "b2", "a3", "a4", None]


def test_one_endpoint_keeps_its_own_order() -> None:
    """What was put down first is begun first, one after the other if it must be."""
    desk = Desk[int](slots=8)
    desk.put(PLACES[0], 1, range(3))
    begun = []
    while (item := desk.next()) is not None:
        assert desk.next() is None
        begun.append(item)
        desk.end(PLACES[0], well=True)

    assert begun == [0, 1, 2]


def test_a_quick_endpoint_has_more_held_ready_and_a_failing_one_no_more() -> None:
    """The window doubles up to its limit, and one failure brings it back."""
    desk = Desk[int](slots=8)
    seen = []
    for _ in range(6):
        desk.put(PLACES[0], 2, [1])
        desk.next()
        desk.end(PLACES[0], well=True)
        seen.append(desk.windows()[PLACES[0]])
    desk.put(PLACES[0], 2, [1])
    desk.next()
    desk.end(PLACES[0], well=False)

    assert seen == [4, 8, 16, 32, 2 * WINDOW_MAX, 2 * WINDOW_MAX]
    assert desk.windows()[PLACES[0]] == 2


def test_a_worker_holds_no_more_than_a_few_times_its_slots() -> None:
    """Even when everything is always begun at once; what is slow does not count."""
    desk = Desk[int](slots=8)
    desk.put(PLACES[0], 64, [1])
    desk.next()
    rooms = [desk.room() for _ in range(5)]

    assert max(rooms) == 8 * DEPTH_MAX - 1
    assert desk.room(slow=1) == 8 * DEPTH_MAX


def test_a_worker_that_had_ended_everything_may_hold_more() -> None:
    """It stood idle until it could take more; before anything was begun nothing is known."""
    desk = Desk[int](slots=8)
    rooms = [desk.room(), desk.room()]
    for _ in range(2):
        desk.put(PLACES[0], 8, range(8))
        while desk.next() is not None:
            pass
        for _ in range(8):
            desk.end(PLACES[0], well=True)
        rooms.append(desk.room())

    assert rooms == [8, 8, 16, 32]


def test_what_waits_for_a_bad_endpoint_does_not_keep_the_others_small() -> None:
    """An endpoint that hangs has something waiting for ever; nobody could begin it."""
    desk = Desk[int](slots=8)
    desk.put(PLACES[0], 1, [1, 2])
    desk.next()
    rooms = []
    for _ in range(3):
        desk.put(PLACES[1], 8, [1])
        desk.next()
        desk.end(PLACES[1], well=True)
        rooms.append(desk.room())

    assert desk.can_begin() == 0
    assert rooms == [16 - 2, 32 - 2, 64 - 2]
