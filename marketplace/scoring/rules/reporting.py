"""The documents a panel signs: the sheet of one judge, and the report about one round."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

SHEET_FORM: Final = "jiebang/score-sheet/1"
REPORT_FORM: Final = "jiebang/evaluation-report/1"
SILENCE_AFTER: Final = dt.timedelta(hours=24)
"""How long a judge may think before silence counts as agreement; a rule of this house: the law
(procurement regulations, article 41) says that it does, and not when.
"""


def sheet_document(
    *, scenario_number: str, judge: str, marks: Iterable[tuple[str, str, str]]
) -> dict[str, Any]:
    """Write the sheet that a judge signs; `marks` are bid, criterion and exact decimal."""
    return {
        "form": SHEET_FORM,
        "scenario": scenario_number,
        "judge": judge,
        "marks": [
            {"bid": bid, "criterion": criterion, "mark": mark}
            for bid, criterion, mark in sorted(marks)
        ],
    }


def report_document(
    *,
    scenario_number: str,
    round_number: int,
    sheet_sha256: str,
    standings_sha256: str,
    judges: Sequence[Mapping[str, Any]],
    ranked: Sequence[Mapping[str, Any]],
    text: Mapping[str, str],
    closed_at: dt.datetime,
) -> dict[str, Any]:
    """Write the report that every judge signs.

    Shape    `judges` with label, part, digest of the signed sheet, and whether they were recused;
             `ranked` with bid, rank and points.
    """
    return {
        "form": REPORT_FORM,
        "scenario": scenario_number,
        "round": round_number,
        "sheet_sha256": sheet_sha256,
        "standings_sha256": standings_sha256,
        "judges": [dict(one) for one in judges],
        "ranked": [dict(one) for one in ranked],
        "text": dict(text),
        "closed_at": closed_at.astimezone(dt.UTC).isoformat(),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Voter:
    """One seat of a panel in the election of its chair."""

    seat_id: UUID
    votes_for: UUID | None = None


def elected(voters: Collection[Voter]) -> UUID | None:
    """Find who has the votes of more than half of those who sit; None: nobody yet.

    >>> one, two, three = (UUID(int=at) for at in (1, 2, 3))
    >>> votes = [Voter(seat_id=one, votes_for=two), Voter(seat_id=two), Voter(seat_id=three)]
    >>> elected(votes) is None
    True
    >>> elected([*votes[:2], Voter(seat_id=three, votes_for=two)]) == two
    True
    """
    present = {voter.seat_id for voter in voters}
    for candidate in sorted(present, key=lambda one: one.int):
        votes = sum(voter.votes_for == candidate for voter in voters)
        if 2 * votes > len(voters):
            return candidate
    return None
