"""Other hands, by the table alone: no database, many people, every order."""

from itertools import combinations
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.identity.errors.access import SameHands
from marketplace.identity.rules import duties
from marketplace.identity.rules.access import SYSTEM, Actor
from marketplace.identity.rules.duties import APART, WORDS, Duty

PEOPLE = [UUID(int=100 + at) for at in range(3)]
ORGANIZATIONS = [UUID(int=200 + at) for at in range(2)]
KEYS = [UUID(int=300 + at) for at in range(2)]

MUST_DIFFER = {
    frozenset(pair.split("/"))
    for pair in (
        *("author/officer", "author/approver", "officer/approver", "approver/amender"),
        *("amender/amendment_approver", "answerer/clarifier"),
        *("author/amender", "opener/witness", "officer/judge", "opener/judge"),
        *("witness/judge", "checker/judge", "seater/judge", "judge/decider", "seater/decider"),
        "seater/draw_witness",
        *("author/decider", "officer/decider", "checker/decider"),
        *("handler/finder", "handler/accepter"),
        *("submitter/verifier", "submitter/claim_approver", "verifier/claim_approver"),
        *("submitter/payer", "verifier/payer", "claim_approver/payer"),
    )
}
"""Written down a second time, so that a row that disappears from the table is missed."""


def test_the_table_says_what_the_law_says() -> None:
    """No pair is missing and none was added without being written down here."""
    assert {frozenset((pair.first.value, pair.then.value)) for pair in APART} == MUST_DIFFER
    assert len(APART) == len(MUST_DIFFER)


def test_every_duty_is_apart_from_another_and_has_words() -> None:
    """A duty nobody is kept from would be no duty; a refusal without words would tell nothing."""
    named = {duty for pair in APART for duty in (pair.first, pair.then)}

    assert named == set(Duty) == set(WORDS)
    assert all(zh.strip() and en.strip() for zh, en in WORDS.values())
    assert all(pair.source.strip() for pair in APART)


@pytest.mark.parametrize("pair", APART, ids=lambda pair: f"{pair.first}-{pair.then}")
def test_the_second_is_refused_in_words(pair: duties.Apart) -> None:
    """The refusal names both duties and the source; somebody else is let through."""
    nobody_else = dict.fromkeys(duties.must_know(pair.then))
    done = nobody_else | {pair.first: {PEOPLE[0]}}

    with pytest.raises(SameHands) as refused:
        duties.check(PEOPLE[0], pair.then, done)
    duties.check(PEOPLE[1], pair.then, done)

    assert refused.value.facts["duty"]["en"] == WORDS[pair.then][1]  # type: ignore[index]
    assert refused.value.facts["earlier"]["zh"] == WORDS[pair.first][0]  # type: ignore[index]
    assert refused.value.facts["source"] == pair.source


@pytest.mark.parametrize("duty", sorted(duties.must_know(Duty.PAYER)))
def test_a_forgotten_duty_is_a_fault_and_not_a_pass(duty: Duty) -> None:
    """A room that does not tell who did something cannot get its payer through."""
    done = dict.fromkeys(duties.must_know(Duty.PAYER))
    del done[duty]

    with pytest.raises(KeyError):
        duties.check(PEOPLE[0], Duty.PAYER, done)


def test_the_platform_has_no_hands() -> None:
    """Seeds and jobs act as nobody in particular: they pass where a person would not."""
    done = {Duty.OPENER: SYSTEM.person_id}

    duties.require(SYSTEM, Duty.WITNESS, done)
    with pytest.raises(SameHands):
        duties.check(SYSTEM.person_id, Duty.WITNESS, done)


_attempts = st.lists(
    st.tuples(
        st.sampled_from(list(Duty)),
        st.sampled_from(PEOPLE),
        st.sampled_from(ORGANIZATIONS),
        st.sampled_from(KEYS),
    ),
    max_size=40,
)


@settings(max_examples=2_000, deadline=None)
@given(_attempts)
def test_no_order_of_attempts_puts_two_separated_duties_into_one_hand(
    attempts: list[tuple[Duty, UUID, UUID, UUID]],
) -> None:
    """Whatever is tried, through whatever organisation and key: what got through is apart."""
    done: dict[Duty, set[UUID]] = {duty: set() for duty in Duty}

    for duty, person_id, organization_id, key_id in attempts:
        # The state tables let nothing be approved, and then written: that is their promise.
        if any(done[pair.then] for pair in APART if pair.first is duty and not pair.either_order):
            continue
        actor = Actor(
            person_id=person_id, organization_id=organization_id, roles=frozenset(), key_id=key_id
        )
        try:
            duties.require(actor, duty, done)
        except SameHands:
            continue
        done[duty].add(person_id)

    for one, other in combinations(Duty, 2):
        if frozenset((one.value, other.value)) in MUST_DIFFER:
            assert not done[one] & done[other], (one, other)
