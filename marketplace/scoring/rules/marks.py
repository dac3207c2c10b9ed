"""What the panel marked: who counts, what is missing, and how several marks become one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final
from uuid import UUID

from marketplace.scoring.errors import rounds as errors
from marketplace.scoring.rules import calibration, numbers
from marketplace.scoring.rules.calibration import ByJudge
from marketplace.scoring.rules.criteria import MARKED, Criterion, Kind
from marketplace.scoring.rules.rubric import Aggregation, Rubric

LISTED_MAX: Final = 20
"""How many missing marks a refusal lists; it always counts them all."""
ANY_JUDGE: Final = "*"
"""Stands in a refusal for "no judge at all": an objective criterion is decided once, by anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """A seat on the panel under a pseudonym; marks of a recused judge are kept, not counted."""

    label: str
    recused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenMark:
    """One mark as somebody gives it, before it is known whose it is and that it may be given."""

    bid_id: UUID
    criterion: str
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What one judge gave one bid on one criterion, on the scale of that criterion."""

    judge: str
    bid_id: str
    criterion: str
    value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """Several marks made one: the exact figure and how many marks stand behind it."""

    value: Fraction
    marks: int


def check_range(criterion: Criterion, mark: Decimal) -> None:
    """Refuse a mark outside 0 .. the scale of its criterion, or one that is not a finite number."""
    numbers.plain(mark)
    if criterion.scale_max is None or not 0 <= mark <= criterion.scale_max:
        raise errors.MarkOutOfRange(
            criterion=criterion.code,
            mark=numbers.plain(mark),
            scale_max=None if criterion.scale_max is None else numbers.plain(criterion.scale_max),
        )


def check(
    rubric: Rubric, *, judges: Sequence[Judge], bid_ids: Collection[str], marks: Sequence[Mark]
) -> None:
    """Refuse marks that belong nowhere, stand twice or lie outside their scale.

    Shape    `bid_ids` are all bids of the sheet, those that are out included: a bid may go out
             after it was marked.
    """
    labels = {judge.label for judge in judges}
    if len(labels) != len(judges):
        raise errors.JudgeRepeated(judges=sorted(judge.label for judge in judges))
    known = {item.code: item for item in rubric.criteria if item.kind in MARKED}
    seen: set[tuple[str, str, str]] = set()
    for mark in marks:
        criterion = known.get(mark.criterion)
        place = (mark.judge, mark.bid_id, mark.criterion)
        facts = {"judge": mark.judge, "bid": mark.bid_id, "criterion": mark.criterion}
        if criterion is None or mark.judge not in labels or mark.bid_id not in bid_ids:
            raise errors.MarkMisplaced(**facts)
        if place in seen:
            raise errors.MarkRepeated(**facts)
        seen.add(place)
        check_range(criterion, mark.value)


def counted(
    rubric: Rubric, *, judges: Sequence[Judge], bid_ids: Collection[str], marks: Sequence[Mark]
) -> Mapping[tuple[str, str], tuple[Decimal, ...]]:
    """Gather the marks that count, by bid and criterion, lowest first.

    Shape    `bid_ids` are the bids that stayed in; marks of recused judges are left out.
    Refuses  as `by_judge` does.
    """
    return in_order(
        calibration.calibrated_if_asked(
            rubric, by_judge(rubric, judges=judges, bid_ids=bid_ids, marks=marks)
        )
    )


def in_order(given: ByJudge) -> dict[tuple[str, str], tuple[Decimal, ...]]:
    """Forget who gave which mark: lowest first."""
    return {place: tuple(sorted(found.values())) for place, found in given.items()}


def by_judge(
    rubric: Rubric, *, judges: Sequence[Judge], bid_ids: Collection[str], marks: Sequence[Mark]
) -> dict[tuple[str, str], dict[str, Decimal]]:
    """Gather the marks that count as they were given, by bid and criterion, then by judge.

    Refuses  MarksMissing unless every seated judge marked every bid on every subjective criterion
             and every objective one was decided; ObjectiveMarksDiffer where judges differ on one.
    """
    seated = {judge.label for judge in judges if not judge.recused}
    given: dict[tuple[str, str], dict[str, Decimal]] = {}
    for mark in marks:
        if mark.judge in seated and mark.bid_id in bid_ids:
            given.setdefault((mark.bid_id, mark.criterion), {})[mark.judge] = mark.value
    _refuse_missing(rubric, seated=seated, bid_ids=bid_ids, given=given)
    objective = {item.code for item in rubric.criteria if item.kind == Kind.OBJECTIVE_EXPERT}
    for (bid_id, code), found in sorted(given.items()):
        if code in objective and len(set(found.values())) > 1:
            raise errors.ObjectiveMarksDiffer(
                bid=bid_id,
                criterion=code,
                marks={judge: numbers.plain(found[judge]) for judge in sorted(found)},
            )
    return given


def _refuse_missing(
    rubric: Rubric,
    *,
    seated: Collection[str],
    bid_ids: Collection[str],
    given: Mapping[tuple[str, str], Mapping[str, Decimal]],
) -> None:
    missing: list[dict[str, str]] = []
    count = 0
    for bid_id in sorted(bid_ids):
        for criterion in rubric.criteria:
            if criterion.kind not in MARKED:
                continue
            by_judge = given.get((bid_id, criterion.code), {})
            absent = [ANY_JUDGE] if not by_judge else []
            if criterion.kind == Kind.SUBJECTIVE_EXPERT and seated:
                absent = sorted(label for label in seated if label not in by_judge)
            count += len(absent)
            missing += [
                {"judge": label, "bid": bid_id, "criterion": criterion.code}
                for label in absent[: max(LISTED_MAX - len(missing), 0)]
            ]
    if count:
        raise errors.MarksMissing(count=count, missing=missing)


def aggregate(marks: Sequence[Decimal], *, aggregation: Aggregation, trim: int = 0) -> Aggregate:
    """Make several marks of one bid on one criterion one, exactly.

    mean          the sum divided by the count
    trimmed_mean  the same after the `trim` highest and the `trim` lowest marks are left out
    median        the middle mark, or the mean of the two middle ones
    calibrated    the mean of marks that `calibration` has made comparable

    Refuses  TooFewJudgesToTrim where trimming leaves no mark.

    >>> aggregate([Decimal(80), Decimal(90), Decimal(85)], aggregation=Aggregation.MEAN).value
    Fraction(85, 1)
    """
    kept = sorted(marks)
    if aggregation == Aggregation.TRIMMED_MEAN:
        kept = kept[trim : len(kept) - trim]
    elif aggregation == Aggregation.MEDIAN:
        middle = len(kept) // 2
        kept = kept[middle : middle + 1] if len(kept) % 2 else kept[middle - 1 : middle + 1]
    if not kept:
        raise errors.TooFewJudgesToTrim(marks=len(marks), trim=trim)
    return Aggregate(value=Fraction(numbers.exact_sum(kept)) / len(kept), marks=len(marks))
