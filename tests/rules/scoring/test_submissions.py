"""Which phase takes a file, which file counts, and what its reader is told."""

import datetime as dt
from uuid import UUID

import pytest

from marketplace.bids.rules.lifecycle import BidState
from marketplace.scenarios.rules.content import Benchmark
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scoring.rules import submissions, work
from marketplace.scoring.rules.submissions import Phase, Sent, Stage, SubmissionState

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
FEEDBACK = Benchmark(feedback=True, public_share_bps=3000)


def sealed(**changed: object) -> Stage:
    """A bid that is sealed, an hour before the deadline."""
    usual: dict[str, object] = {
        "call_state": ScenarioState.PUBLISHED,
        "bid_state": BidState.SUBMITTED,
        "closes_at": NOW + HOUR,
        "opened_at": None,
    }
    return Stage(**(usual | changed))  # type: ignore[arg-type]


def opened(bid_state: BidState = BidState.ELIGIBLE) -> Stage:
    """A bid that was opened an hour ago."""
    return sealed(call_state=ScenarioState.EVALUATING, bid_state=bid_state, opened_at=NOW - HOUR)


@pytest.mark.parametrize(
    ("stage", "benchmark", "expected"),
    [
        (sealed(), FEEDBACK, Phase.FEEDBACK),
        (sealed(bid_state=BidState.DRAFT), FEEDBACK, Phase.FEEDBACK),
        (sealed(), Benchmark(), None),
        (sealed(closes_at=NOW), FEEDBACK, None),
        (sealed(closes_at=None), FEEDBACK, None),
        (sealed(bid_state=BidState.WITHDRAWN), FEEDBACK, None),
        (sealed(call_state=ScenarioState.CLOSED), FEEDBACK, None),
        (opened(), Benchmark(), Phase.EVALUATION),
        (opened(BidState.RANKED), Benchmark(), None),
        (opened(BidState.REVOKED), Benchmark(), None),
        (opened(), Benchmark(evaluation_hours=2), Phase.EVALUATION),
        (opened(), Benchmark(evaluation_hours=1), None),
    ],
)
def test_a_phase_takes_files_between_its_ends(
    stage: Stage, benchmark: Benchmark, expected: Phase | None
) -> None:
    """From publication to the deadline where that is published, and after the opening."""
    assert submissions.phase_of(stage, benchmark, NOW) is expected


def sent(number: int, key: str, **changed: object) -> Sent:
    """A scored file that came in the `number`th minute."""
    usual: dict[str, object] = {
        "id": UUID(int=number),
        "phase": Phase.EVALUATION,
        "received_at": NOW + number * dt.timedelta(minutes=1),
        "key": key,
    }
    return Sent(**(usual | changed))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("files", "selection", "expected"),
    [
        ([], "last", None),
        ([sent(1, "a"), sent(2, "b")], "last", 2),
        ([sent(1, "a"), sent(2, "b")], "best", 1),
        ([sent(2, "a"), sent(1, "a")], "best", 1),
        ([sent(1, "b", selected=True), sent(2, "a")], "best", 1),
        ([sent(1, "a", phase=Phase.FEEDBACK), sent(2, "b")], "best", 2),
        ([sent(1, "a", phase=Phase.FEEDBACK)], "last", 1),
        ([sent(1, "a", phase=Phase.FEEDBACK, selected=True), sent(2, "a")], "last", 1),
    ],
)
def test_one_file_of_a_bid_counts(files: list[Sent], selection: str, expected: int | None) -> None:
    """The selected one; else of the evaluation the last or the best, as published."""
    found = submissions.counting(files, selection)

    assert (found and found.id.int) == expected


@pytest.mark.parametrize(
    ("phase", "benchmark", "told", "bureau", "shown"),
    [
        (Phase.EVALUATION, Benchmark(), False, False, True),
        (Phase.EVALUATION, FEEDBACK, False, False, False),
        (Phase.EVALUATION, FEEDBACK, False, True, True),
        (Phase.EVALUATION, FEEDBACK, True, False, True),
        (Phase.FEEDBACK, FEEDBACK, False, False, False),
        (Phase.FEEDBACK, FEEDBACK, False, True, False),
        (Phase.FEEDBACK, FEEDBACK, True, False, True),
    ],
)
def test_the_private_split_stays_private(
    phase: Phase, benchmark: Benchmark, *, told: bool, bureau: bool, shown: bool
) -> None:
    """What decides is told when nobody can make use of it any more."""
    value = submissions.shown_value(
        "0.9", phase=phase, benchmark=benchmark, told=told, bureau=bureau
    )

    assert (value == "0.9") is shown


def test_nothing_leads_out_of_an_end() -> None:
    """A submission that ended is measured, failed or cancelled no second time."""
    ends = set(SubmissionState) - submissions.OPEN_STATES - {SubmissionState.SCORED}

    assert {end: submissions.LIFECYCLE.verbs_from(end) for end in ends} == {
        end: frozenset() for end in ends
    }
    assert submissions.LIFECYCLE.verbs_from("scored") == {"disqualify", "lose_value"}


def test_a_worker_that_fails_is_tried_again_ever_later_and_then_no_more() -> None:
    """Four waits, then a dead letter."""
    waits = [work.due_again(tries, NOW, draw=0.5) for tries in range(1, 6)]

    assert [None if at is None else (at - NOW).total_seconds() for at in waits] == [
        1,
        5,
        15,
        60,
        None,
    ]
