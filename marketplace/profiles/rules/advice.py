"""Which legal track fits a call that is still an idea.

A track is proposed if all that it asks for is true.  Of every other track it is said what would
have to be true, and under which law, so that nobody mistakes a method for a free choice.
"""

from dataclasses import dataclass

from marketplace.profiles.rules.decisions import NOTES, TABLE, Case, Need, Note
from marketplace.profiles.rules.profile import Track
from marketplace.profiles.rules.questionnaire import Answers, Words

TRACK_TITLES = {
    Track.SUBSIDY: Words("奖补类", "Grant or award after use is proven"),
    Track.PROCUREMENT_TENDER: Words("公开招标", "Open tender"),
    Track.PROCUREMENT_CONSULTATION: Words("竞争性磋商", "Competitive consultation"),
    Track.COOPERATIVE_INNOVATION: Words("合作创新采购", "Cooperative innovation procurement"),
    Track.SCI_PLAN: Words("科技计划揭榜挂帅项目", "Science and technology plan challenge"),
    Track.PRIVATE: Words("企业出题", "Company-posted challenge"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A track that fits, and why."""

    track: Track
    reasons: tuple[Need, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A track that does not fit, and what would have to be true for it."""

    track: Track
    missing: tuple[Need, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """Tracks that fit, best first; the others, nearest first; what to know beside."""

    proposed: tuple[Proposal, ...]
    others: tuple[Alternative, ...]
    warnings: tuple[Note, ...]


def advise(answers: Answers, *, threshold_fen: int | None = None) -> Advice:
    """Propose legal tracks for a call that is still an idea.

    Shape    every track stands in `proposed` or in `others`; the reasons and what is missing are
             rows of the table.
    Units    `threshold_fen` is the yearly amount from which an open tender is the rule.
    """
    case = Case(answers=answers, threshold_fen=threshold_fen)
    proposed = [
        Proposal(track=track, reasons=needs)
        for track, needs in TABLE.items()
        if all(need.holds(case) for need in needs)
    ]
    others = [
        Alternative(track=track, missing=missing)
        for track, needs in TABLE.items()
        if (missing := tuple(need for need in needs if not need.holds(case)))
    ]
    return Advice(
        proposed=tuple(sorted(proposed, key=lambda one: _rank(one.track, case))),
        others=tuple(sorted(others, key=lambda one: len(one.missing))),
        warnings=tuple(one for one in NOTES if one.applies(case)),
    )


def _rank(track: Track, case: Case) -> tuple[int, int]:
    """Order the tracks that fit; lower is better."""
    places = {name: place for place, name in enumerate(TABLE)}
    consultation_first = case.above_threshold is False or case.answers.uncertain
    if track is Track.PROCUREMENT_TENDER and not consultation_first:
        return places[Track.PROCUREMENT_CONSULTATION], 0
    return places[track], 1
