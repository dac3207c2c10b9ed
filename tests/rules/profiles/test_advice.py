"""The questionnaire: every path to a track, and every combination of answers has an answer."""

import itertools
from typing import Any

import pytest

from marketplace.profiles.errors import AnswersContradict
from marketplace.profiles.rules.advice import TRACK_TITLES, Advice, advise
from marketplace.profiles.rules.decisions import NOTES, TABLE
from marketplace.profiles.rules.profile import Track
from marketplace.profiles.rules.questionnaire import (
    QUESTIONS,
    Answers,
    Gain,
    Level,
    Money,
    Poster,
)

THRESHOLD = 200_000_000
SMALL, LARGE = THRESHOLD - 1, THRESHOLD
BUREAU: dict[str, Any] = {
    "poster": Poster.BUDGET_UNIT,
    "level": Level.DISTRICT,
    "money": Money.FISCAL,
    "gain": Gain.PAID_CONTRACT,
    "uncertain": False,
}
FIRM: dict[str, Any] = {
    "poster": Poster.COMPANY,
    "level": Level.NONE,
    "money": Money.OWN,
    "gain": Gain.PAID_CONTRACT,
    "uncertain": True,
}
COOPERATION: dict[str, Any] = {"gain": Gain.RESEARCH_THEN_PURCHASE, "uncertain": True}


def advised(given: dict[str, Any], **changes: Any) -> Advice:
    """Advise on some answers."""
    return advise(Answers(**(given | changes)), threshold_fen=THRESHOLD)


def tracks(advice: Advice) -> list[str]:
    """The proposed tracks, best first."""
    return [one.track.value for one in advice.proposed]


PATHS: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "a district buys for an unknown amount": (
        BUREAU, {}, ["procurement_tender", "procurement_consultation"],
    ),
    "for a small amount": (
        BUREAU, {"amount_fen": SMALL}, ["procurement_consultation", "procurement_tender"],
    ),
    "for a large amount": (BUREAU, {"amount_fen": LARGE}, ["procurement_tender"]),
    "something uncertain, for a large amount": (
        BUREAU, {"amount_fen": LARGE, "uncertain": True}, ["procurement_tender"],
    ),
    "something uncertain, for an unknown amount": (
        BUREAU, {"uncertain": True}, ["procurement_consultation", "procurement_tender"],
    ),
    "mixed money that cannot be told apart": (
        BUREAU, {"money": Money.MIXED_INSEPARABLE, "amount_fen": LARGE}, ["procurement_tender"],
    ),
    "with its own money": (BUREAU, {"money": Money.OWN}, []),
    "a province orders research": (
        BUREAU, COOPERATION | {"level": Level.PROVINCIAL, "amount_fen": LARGE},
        ["cooperative_innovation", "procurement_tender"],
    ),
    "a separately planned city orders research": (
        BUREAU, COOPERATION | {"level": Level.SEPARATELY_PLANNED, "amount_fen": SMALL},
        ["cooperative_innovation", "procurement_consultation", "procurement_tender"],
    ),
    "a ministry orders research": (
        BUREAU, COOPERATION | {"level": Level.CENTRAL, "amount_fen": LARGE},
        ["cooperative_innovation", "procurement_tender"],
    ),
    "a prefecture orders research with approval": (
        BUREAU,
        COOPERATION
        | {"level": Level.PREFECTURE, "provincial_approval": True, "amount_fen": LARGE},
        ["cooperative_innovation", "procurement_tender"],
    ),
    "a prefecture orders research without approval": (
        BUREAU, COOPERATION | {"level": Level.PREFECTURE, "amount_fen": LARGE},
        ["procurement_tender"],
    ),
    "a district orders research": (
        BUREAU, COOPERATION | {"amount_fen": LARGE}, ["procurement_tender"],
    ),
    "a district orders research and says it is approved": (
        BUREAU, COOPERATION | {"amount_fen": LARGE, "provincial_approval": True},
        ["procurement_tender"],
    ),
    "a province orders what can be bought": (
        BUREAU,
        COOPERATION | {"level": Level.PROVINCIAL, "uncertain": False, "amount_fen": LARGE},
        ["procurement_tender"],
    ),
    "a department grants after use": (
        BUREAU, {"poster": Poster.COMPETENT_DEPARTMENT, "gain": Gain.GRANT_AFTER_USE}, ["subsidy"],
    ),
    "of what is bought already": (
        BUREAU,
        {
            "poster": Poster.COMPETENT_DEPARTMENT,
            "gain": Gain.GRANT_AFTER_USE,
            "already_public": True,
        },
        [],
    ),
    "with money that cannot be told apart": (
        BUREAU,
        {
            "poster": Poster.COMPETENT_DEPARTMENT,
            "gain": Gain.GRANT_AFTER_USE,
            "money": Money.MIXED_INSEPARABLE,
        },
        [],
    ),
    "a unit without a programme grants": (BUREAU, {"gain": Gain.GRANT_AFTER_USE}, []),
    "a science department funds a project": (
        BUREAU, {"poster": Poster.SCIENCE_DEPARTMENT, "gain": Gain.PROJECT_FUNDING}, ["sci_plan"],
    ),
    "another department funds a project": (
        BUREAU, {"poster": Poster.COMPETENT_DEPARTMENT, "gain": Gain.PROJECT_FUNDING}, [],
    ),
    "a company with its own money": (FIRM, {}, ["private"]),
    "a company with a grant on top": (FIRM, {"money": Money.MIXED_SEPARABLE}, ["private"]),
    "a company with public money only": (FIRM, {"money": Money.FISCAL}, []),
    "a company with money that cannot be told apart": (
        FIRM, {"money": Money.MIXED_INSEPARABLE}, [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_proposes_the_tracks_of_each_path_in_order(path: str) -> None:
    """Best first; where nothing fits, nothing is proposed."""
    given, changes, expected = PATHS[path]

    assert tracks(advised(given, **changes)) == expected


def test_every_track_comes_first_on_some_path() -> None:
    """A track nobody can be led to would be a dead end."""
    first = {expected[0] for _, _, expected in PATHS.values() if expected}

    assert first == {track.value for track in Track}


def every_case() -> list[dict[str, Any]]:
    """The product of all answers."""
    choices: dict[str, list[object]] = {
        "poster": list(Poster),
        "level": list(Level),
        "money": list(Money),
        "gain": list(Gain),
        "uncertain": [True, False],
        "provincial_approval": [True, False],
        "already_public": [True, False],
        "amount_fen": [None, 0, SMALL, LARGE],
    }
    assert list(choices) == [question.name for question in QUESTIONS]
    return [
        dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())
    ]


def test_every_combination_has_an_answer_or_a_clear_refusal() -> None:
    """12,288 of them: each track stands on one side, each missing thing is really missing."""
    refused = answered = 0
    for case in every_case():
        try:
            advice = advised(case)
        except AnswersContradict as refusal:
            assert (case["poster"] is Poster.COMPANY) != (case["level"] is Level.NONE)
            assert set(refusal.facts) == {"poster", "level"}
            refused += 1
            continue
        answered += 1
        sides = [*tracks(advice), *(one.track.value for one in advice.others)]
        assert sorted(sides) == sorted(Track)
        assert all(one.missing for one in advice.others)
        assert all(one.reasons == TABLE[one.track] for one in advice.proposed)
        assert [len(one.missing) for one in advice.others] == sorted(
            len(one.missing) for one in advice.others
        )

    # Of four posters and six levels, one pair is a company's and fifteen are public bodies'.
    assert (answered, refused) == (16 * 512, 8 * 512)


def test_never_proposes_what_the_law_forbids() -> None:
    """Three hard facts, over every combination."""
    for case in every_case():
        if (case["poster"] is Poster.COMPANY) != (case["level"] is Level.NONE):
            continue
        found = set(tracks(advised(case)))

        if case["money"] is Money.MIXED_INSEPARABLE:
            assert found <= {track.value for track in Track if track.is_procurement}
        if case["already_public"]:
            assert not found & {"subsidy", "sci_plan"}
        if case["level"] is Level.DISTRICT:
            assert "cooperative_innovation" not in found
        if case["amount_fen"] is not None and case["amount_fen"] >= THRESHOLD:
            assert "procurement_consultation" not in found


def test_says_what_would_have_to_be_true_for_cooperative_innovation() -> None:
    """A district is told who could, a prefecture whose approval it needs, each with the law."""
    district = advised(BUREAU, **COOPERATION)
    prefecture = advised(BUREAU, **COOPERATION, level=Level.PREFECTURE)

    for advice, code in (
        (district, "district_cannot_choose_cooperation"),
        (prefecture, "provincial_approval_needed"),
    ):
        nearest = next(one for one in advice.others if one.track is Track.COOPERATIVE_INNOVATION)
        assert [need.code for need in nearest.missing] == ["level_allowed"]
        assert "省级" in nearest.missing[0].missing.zh
        assert "财库〔2024〕13号" in nearest.missing[0].law
        assert code in {note.code for note in advice.warnings}


def test_warns_of_mixed_money_with_the_article() -> None:
    """Not to be told apart: procurement law for the whole; to be told apart: never paid twice."""
    whole = advised(BUREAU, money=Money.MIXED_INSEPARABLE).warnings
    parts = advised(BUREAU, money=Money.MIXED_SEPARABLE).warnings

    assert ("whole_project_is_procurement", "政府采购法实施条例 第2条") in {
        (note.code, note.law) for note in whole
    }
    assert "never_both_paid_and_reimbursed" in {note.code for note in parts}


def test_every_note_is_given_to_somebody_and_to_nobody_else() -> None:
    """A note that everybody or nobody hears tells nothing; one is meant for all."""
    heard: dict[str, int] = dict.fromkeys((note.code for note in NOTES), 0)
    answered = 0
    for case in every_case():
        try:
            warnings = advised(case).warnings
        except AnswersContradict:
            continue
        answered += 1
        for note in warnings:
            heard[note.code] += 1

    assert all(heard.values())
    assert [code for code, count in heard.items() if count == answered] == ["no_switch_after_bids"]


def test_everything_is_worded_in_two_languages_and_names_no_place() -> None:
    """Questions, reasons, what is missing, notes and titles; each ground has its law."""
    needs = {need.code: need for column in TABLE.values() for need in column}
    words = [
        *(question.text for question in QUESTIONS),
        *(said for question in QUESTIONS for said in question.answers.values()),
        *(said for need in needs.values() for said in (need.reason, need.missing)),
        *(note.text for note in NOTES),
        *TRACK_TITLES.values(),
    ]

    assert all(one.zh and one.en for one in words)
    assert not [one for one in words for city in ("深圳", "南山", "东莞", "海南") if city in one.zh]
    assert all(need.law for need in needs.values())
    assert all(note.law for note in NOTES)
    assert set(TABLE) == set(TRACK_TITLES) == set(Track)
