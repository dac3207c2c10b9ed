"""Who is related to whom: each ground, each exception, and what holds for every graph."""

import datetime as dt
import itertools
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.relations.errors import (
    ChainTooLong,
    EndsBeforeItBegins,
    ShareMisplaced,
    TiedToItself,
)
from marketplace.relations.rules.relations import (
    DEPTH_MAX,
    Edge,
    EdgeKind,
    Ground,
    Relation,
    check_edge,
    related,
)

DAY = dt.date(2026, 3, 2)
YEARS_AGO = dt.date(2020, 1, 1)
A, B = UUID(int=1), UUID(int=2)
NAMES = {"A": A, "B": B, "C": UUID(int=3), "D": UUID(int=4), "P": UUID(int=5), "S": UUID(int=6)}
STATE = frozenset({NAMES["S"]})
KINDS = {
    "controls": EdgeKind.ACTUAL_CONTROLLER,
    "agrees": EdgeKind.AGREEMENT,
    "serves": EdgeKind.OFFICER,
}
quick = settings(deadline=None, max_examples=100)


def tie(
    text: str, number: int = 0, *, since: dt.date = YEARS_AGO, until: dt.date | None = None
) -> Edge:
    """Read a tie like `C 60% A`, `P serves B` or `C controls A`."""
    holder, verb, target = text.split()
    share = int(float(verb.removesuffix("%")) * 100) if verb.endswith("%") else None
    return Edge(
        id=UUID(int=100 + number),
        holder=NAMES[holder],
        target=NAMES[target],
        kind=EdgeKind.SHAREHOLDER if share is not None else KINDS[verb],
        share_bps=share,
        valid_from=since,
        valid_to=until,
    )


def ties(*texts: str) -> list[Edge]:
    """Read ties that have held for years."""
    return [tie(text, number) for number, text in enumerate(texts)]


def found(edges: list[Edge], a: UUID = A, b: UUID = B) -> Relation | None:
    """Ask about two parties today, S being the state."""
    return related(a, b, edges, on=DAY, state=STATE)


RELATED = [
    (("A 60% B",), Ground.DIRECT_CONTROL, 1),
    (("B agrees A",), Ground.DIRECT_CONTROL, 1),
    (("A 30% B", "A controls B"), Ground.DIRECT_CONTROL, 1),
    (("A 60% C", "C 60% B"), Ground.INDIRECT_CONTROL, 2),
    (("B 60% C", "C agrees D", "D controls A"), Ground.INDIRECT_CONTROL, 3),
    (("C 60% A", "C 60% B"), Ground.COMMON_CONTROL, 2),
    (("C 60% A", "C 60% D", "D 51% B"), Ground.COMMON_CONTROL, 3),
    (("P serves A", "P serves B"), Ground.SHARED_OFFICER, 2),
    (("P serves A", "P 60% B"), Ground.OFFICER_CONTROLS, 2),
    (("P serves B", "P 60% C", "C 60% A"), Ground.OFFICER_CONTROLS, 3),
    # The state as an end of the path, and its officers.
    (("S 60% A", "S 60% B", "P serves A", "P serves B"), Ground.SHARED_OFFICER, 2),
    # A cycle of owners hides nobody behind it.
    (("C 60% D", "D 60% C", "D 60% A", "C 60% B"), Ground.COMMON_CONTROL, 3),
    # Of two proofs the shorter, of two of one length the ground named first.
    (("A 60% C", "C 60% B", "A controls B"), Ground.DIRECT_CONTROL, 1),
    (("P serves A", "P serves B", "C 60% A", "C 60% B"), Ground.COMMON_CONTROL, 2),
]

UNRELATED = [
    (),
    ("C 60% A", "D 60% B"),
    ("A 50% B",),
    ("C 30% A", "C 60% B"),
    ("S 60% A", "S 60% B"),
    ("S controls A", "S 60% C", "C 60% B"),
    ("C 60% S", "S 60% A", "C 60% B"),
    ("A 60% C", "B 60% C"),
    ("C 60% A", "P serves C", "P 60% B"),
    ("S serves A", "S 60% B"),
    ("C 60% A", "A 60% C"),
]


@pytest.mark.parametrize(("texts", "ground", "length"), RELATED)
def test_each_ground_is_found_and_proved(
    texts: tuple[str, ...], ground: Ground, length: int
) -> None:
    """Related parties are named as such, on the right ground, by the shortest path."""
    relation = found(ties(*texts))

    assert relation is not None
    assert (relation.ground, len(relation.path)) == (ground, length)


@pytest.mark.parametrize("texts", UNRELATED)
def test_no_relation_is_made_up(texts: tuple[str, ...]) -> None:
    """Minorities, the state, a common child and a controller's officer relate nobody."""
    assert found(ties(*texts)) is None


def test_the_state_is_related_to_what_it_controls_itself() -> None:
    """The exception is for two companies below the state, not for the state and its company."""
    relation = found(ties("S 60% C", "C 60% A"), a=NAMES["S"], b=A)

    assert relation is not None
    assert relation.ground is Ground.INDIRECT_CONTROL


@pytest.mark.parametrize(
    ("since", "until", "held"),
    [
        (DAY, None, True),
        (DAY + dt.timedelta(days=1), None, False),
        (YEARS_AGO, DAY, False),
        (YEARS_AGO, DAY + dt.timedelta(days=1), True),
        (DAY, DAY, False),
    ],
)
def test_a_tie_counts_from_its_first_day_and_not_on_the_day_it_ends(
    since: dt.date, until: dt.date | None, held: bool
) -> None:
    """Ended and future ties relate nobody."""
    assert (found([tie("A 60% B", since=since, until=until)]) is not None) is held


def a_chain(length: int) -> list[Edge]:
    """Control from B down to A over as many ties as told."""
    steps = [B, *(UUID(int=1_000 + place) for place in range(length - 1)), A]
    return [
        Edge(
            id=UUID(int=place),
            holder=holder,
            target=target,
            kind=EdgeKind.AGREEMENT,
            valid_from=YEARS_AGO,
        )
        for place, (holder, target) in enumerate(itertools.pairwise(steps))
    ]


def test_a_chain_is_followed_to_its_last_step_and_no_answer_is_guessed_beyond() -> None:
    """At the limit the proof is whole; one step more is refused instead of passed as unrelated."""
    relation = found(a_chain(DEPTH_MAX))
    assert relation is not None
    assert len(relation.path) == DEPTH_MAX

    with pytest.raises(ChainTooLong):
        found(a_chain(DEPTH_MAX + 1))


def test_a_party_is_not_checked_against_itself() -> None:
    """Nobody passes as unrelated to himself."""
    with pytest.raises(TiedToItself):
        found([], a=A, b=A)


@pytest.mark.parametrize(
    ("edge", "refusal"),
    [
        (tie("A 60% A"), TiedToItself),
        (tie("A 0% B"), ShareMisplaced),
        (Edge(id=A, holder=A, target=B, kind=EdgeKind.SHAREHOLDER, valid_from=DAY), ShareMisplaced),
        (
            Edge(id=A, holder=A, target=B, kind=EdgeKind.OFFICER, share_bps=1, valid_from=DAY),
            ShareMisplaced,
        ),
        (tie("A 60% B", since=DAY, until=YEARS_AGO), EndsBeforeItBegins),
    ],
)
def test_a_tie_that_contradicts_itself_is_refused(edge: Edge, refusal: type[Exception]) -> None:
    """Shares belong to shareholders, ends come after beginnings, nobody owns himself."""
    with pytest.raises(refusal):
        check_edge(edge)


PARTIES = tuple(NAMES.values())
edges_drawn = st.lists(
    st.builds(
        lambda ends, kind, share, number: Edge(
            id=UUID(int=100 + number),
            holder=ends[0],
            target=ends[1],
            kind=kind,
            share_bps=share if kind is EdgeKind.SHAREHOLDER else None,
            valid_from=YEARS_AGO,
        ),
        st.lists(st.sampled_from(PARTIES), min_size=2, max_size=2, unique=True),
        st.sampled_from(EdgeKind),
        st.sampled_from((3_000, 5_000, 5_001, 10_000)),
        st.integers(0, 10_000),
    ),
    max_size=10,
)


@quick
@given(edges_drawn)
def test_either_direction_gives_the_same_proof(edges: list[Edge]) -> None:
    """Whoever asks first, the ground is the same and the path is the other one reversed."""
    one, other = found(edges), found(edges, a=B, b=A)

    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert (one.ground, one.through) == (other.ground, other.through)
        assert one.path == other.path[::-1]


@quick
@given(edges_drawn)
def test_a_path_leads_from_the_one_to_the_other(edges: list[Edge]) -> None:
    """Each tie of a path begins where the one before it ended, and the state is never passed."""
    relation = found(edges)
    here = A
    for place, edge in enumerate(relation.path if relation else ()):
        assert here in {edge.holder, edge.target}
        assert place == 0 or here not in STATE
        assert edge in edges
        here = edge.target if here == edge.holder else edge.holder
    assert relation is None or here == B


@quick
@given(edges_drawn, edges_drawn)
def test_more_ties_never_remove_a_relation(edges: list[Edge], more: list[Edge]) -> None:
    """What is proved stays proved, by a path that is no longer than before."""
    before, after = found(edges), found(edges + more)

    if before is not None:
        assert after is not None
        assert len(after.path) <= len(before.path)


@quick
@given(edges_drawn.flatmap(lambda edges: st.tuples(st.just(edges), st.permutations(edges))))
def test_the_order_of_records_does_not_matter(pair: tuple[list[Edge], list[Edge]]) -> None:
    """The same ties in another order give the same proof."""
    assert found(pair[0]) == found(pair[1])
