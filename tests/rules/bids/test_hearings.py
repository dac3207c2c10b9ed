"""No bid is invalidated before its bidder answered, or could have."""

import datetime as dt

import pytest

from marketplace.bids.errors.moves import EvidenceMissing, HearingOver, HearingRunning
from marketplace.bids.rules import hearings
from marketplace.bids.rules.hearings import HearingState

UNTIL = dt.datetime(2026, 5, 6, 9, tzinfo=dt.UTC)
BEFORE = UNTIL - dt.timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("state", "now", "decided"),
    [
        (HearingState.OFFERED, BEFORE, False),
        (HearingState.OFFERED, UNTIL, True),
        (HearingState.ANSWERED, BEFORE, True),
    ],
)
def test_a_decision_waits_for_the_answer_or_the_end(
    state: HearingState, now: dt.datetime, decided: bool
) -> None:
    """To the instant at which the time is over; an answer ends the waiting."""
    if decided:
        hearings.check_heard(state, UNTIL, now)
        return
    with pytest.raises(HearingRunning) as refused:
        hearings.check_heard(state, UNTIL, now)
    assert refused.value.facts["answer_until"] == UNTIL


def test_no_instant_is_both_in_time_and_too_late() -> None:
    """The last moment to answer is just before the first moment to decide."""
    hearings.check_answerable(UNTIL, BEFORE)
    hearings.check_heard(HearingState.OFFERED, UNTIL, UNTIL)

    with pytest.raises(HearingOver):
        hearings.check_answerable(UNTIL, UNTIL)


@pytest.mark.parametrize(("documents", "words"), [(0, "围标"), (1, "  ")])
def test_an_accusation_has_words_and_evidence(documents: int, words: str) -> None:
    """One without the other is none."""
    with pytest.raises(EvidenceMissing):
        hearings.check_evidence(documents, words)
