"""The complete, frozen input of one ranking round, and its document.

Whoever holds the sheet can compute the ranking again, on any machine, without us.  So nothing that
decides a place may stand anywhere else, and the document has one form only: bids sorted by id,
marks by bid, criterion and judge, decimals without needless zeros, times in UTC.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from marketplace.kit import digests
from marketplace.kit.money import BPS_WHOLE, FEN_MAX
from marketplace.scoring.errors import rounds as errors
from marketplace.scoring.rules import marks as panel
from marketplace.scoring.rules import numbers, price
from marketplace.scoring.rules import rubric as rubrics
from marketplace.scoring.rules.criteria import Kind
from marketplace.scoring.rules.documents import (
    CODE_PATTERN,
    Fields,
    decimal_at,
    escaped,
    instant_utc,
    refuse,
    text_at,
)
from marketplace.scoring.rules.marks import Judge, Mark
from marketplace.scoring.rules.price import Deduction
from marketplace.scoring.rules.row_groups import (
    GroupedOutcomes,
    check_outcomes,
    outcomes_from,
)
from marketplace.scoring.rules.rubric import CRITERIA_MAX, JUDGES_MAX, Rubric
from marketplace.scoring.rules.sampling import Sampling, sampling_from

FIRST_VERSION: Final = "jiebang.sheet/1"
"""Told neither where weights come from nor how certainty is computed; still read and verified."""
SHEET_VERSION: Final = "jiebang.sheet/2"
BIDS_MAX: Final = 100_000
DEDUCTIONS_MAX: Final = 20
NUMBER_MAX: Final = 10**9
LABEL_LENGTH_MAX: Final = 100
SHEET_FIELDS: Final = (
    *("document", "scenario_number", "round_number", "profile_code", "profile_version"),
    *("code_version", "minimum_bids", "draw_seed", "rubric", "bids", "judges", "marks"),
)
LATER_FIELDS: Final = ("certainty", "outcomes")
"""What a sheet of the second version carries beside."""
BID_FIELDS: Final = (
    *("id", "bidder", "quote_fen", "deductions", "received_at", "metric_values"),
    *("formula_values", "exclusion"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetBid:
    """One bid as the ranking sees it."""

    id: str
    bidder: str
    received_at: str
    """When the server took it, RFC 3339 with an offset."""
    quote_fen: int | None = None
    """None only where nothing in the rubric asks for a price."""
    deductions: tuple[Deduction, ...] = ()
    metric_values: Mapping[str, Decimal] = field(default_factory=dict)
    """The value of each `objective_auto` criterion, by code."""
    formula_values: Mapping[str, Decimal] = field(default_factory=dict)
    """The declared figure of each `objective_formula` criterion, by code."""
    exclusion: str | None = None
    """Why the bid was out before scoring, such as `ineligible`; None for bids that are ranked."""

    def value(self, code: str, kind: Kind) -> Decimal | None:
        """The value of one criterion that is computed from values, if the bid has it."""
        values = self.metric_values if kind == Kind.OBJECTIVE_AUTO else self.formula_values
        return values.get(code)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSheet:
    """Everything that one round was decided on."""

    scenario_number: str
    round_number: int
    profile_code: str
    profile_version: int
    code_version: str
    rubric: Rubric
    bids: tuple[SheetBid, ...]
    judges: tuple[Judge, ...] = ()
    marks: tuple[Mark, ...] = ()
    minimum_bids: int = 1
    draw_seed: str | None = None
    """A public value that nobody could know when the bids were sealed; None until one is drawn."""
    certainty: Sampling | None = None
    """How often and from which seed is resampled to tell how sure the ranking is."""
    outcomes: Mapping[str, GroupedOutcomes] = field(default_factory=dict)
    """Row by row results of benchmark criteria, by code, where they are known."""
    version: str = SHEET_VERSION

    def to_document(self) -> dict[str, object]:
        """Write the sheet as JSON values in its one form, that of its version."""
        document = self._first_document()
        if self.version == FIRST_VERSION:
            return document
        assert isinstance(document["rubric"], dict)
        document["rubric"]["weights"] = self.rubric.weights_document()
        document["certainty"] = None if self.certainty is None else self.certainty.to_document()
        document["outcomes"] = {
            code: self.outcomes[code].to_document() for code in sorted(self.outcomes)
        }
        return document

    def _first_document(self) -> dict[str, object]:
        marks: dict[str, dict[str, dict[str, str]]] = {}
        for mark in self.marks:
            by_criterion = marks.setdefault(mark.bid_id, {})
            by_criterion.setdefault(mark.criterion, {})[mark.judge] = numbers.plain(mark.value)
        return {
            "document": self.version,
            "scenario_number": self.scenario_number,
            "round_number": self.round_number,
            "profile_code": self.profile_code,
            "profile_version": self.profile_version,
            "code_version": self.code_version,
            "minimum_bids": self.minimum_bids,
            "draw_seed": self.draw_seed,
            "rubric": self.rubric.to_document(),
            "bids": [_bid_document(bid) for bid in sorted(self.bids, key=lambda bid: bid.id)],
            "judges": [
                {"label": judge.label, "recused": judge.recused}
                for judge in sorted(self.judges, key=lambda judge: judge.label)
            ],
            "marks": marks,
        }

    def digest(self) -> str:
        """The SHA-256 of the canonical JSON of the document."""
        return digests.digest_of(self.to_document())

    @classmethod
    def from_document(cls, value: object, *, pointer: str = "") -> "ScoreSheet":
        """Read a sheet from JSON values of any origin, and check it.

        Refuses  DocumentUnreadable with a JSON pointer for the form, the refusals of `check` for
                 the content; nothing else, whatever is passed.
        """
        first = isinstance(value, dict) and value.get("document") == FIRST_VERSION
        known = SHEET_FIELDS if first else (*SHEET_FIELDS, *LATER_FIELDS)
        fields = Fields(value, pointer=pointer, known=known)
        sheet = cls(
            version=fields.choice("document", {FIRST_VERSION, SHEET_VERSION}),
            scenario_number=fields.text("scenario_number", length_max=LABEL_LENGTH_MAX),
            round_number=fields.whole("round_number", minimum=1, maximum=NUMBER_MAX),
            profile_code=fields.text("profile_code", length_max=LABEL_LENGTH_MAX),
            profile_version=fields.whole("profile_version", minimum=1, maximum=NUMBER_MAX),
            code_version=fields.text("code_version", length_max=LABEL_LENGTH_MAX),
            minimum_bids=fields.whole("minimum_bids", minimum=1, maximum=BIDS_MAX),
            draw_seed=fields.optional("draw_seed", fields.text),
            rubric=Rubric.from_document(
                fields.raw("rubric"), pointer=fields.at("rubric"), tells_weights=not first
            ),
            bids=tuple(_bid_from(item, at) for at, item in fields.items("bids", maximum=BIDS_MAX)),
            judges=tuple(
                _judge_from(item, at) for at, item in fields.items("judges", maximum=JUDGES_MAX)
            ),
            marks=_marks_from(fields.raw("marks"), fields.at("marks")),
            certainty=None if first else sampling_from(fields),
            outcomes={} if first else outcomes_from(fields.raw("outcomes"), fields.at("outcomes")),
        )
        check(sheet)
        return sheet


def check(sheet: ScoreSheet) -> None:
    """Refuse a sheet from which no ranking could be computed.

    Refuses  what `rubric.check` and `marks.check` refuse, and BidRepeated, DeductionUnfit,
             QuoteNotPositive, ValueMissing, ValueMisplaced, ValueOutOfRange; for texts, times and
             counts DocumentUnreadable.  Completeness of marks is judged by `marks.counted`, when it
             is known which bids stay in.
    """
    rubrics.check(sheet.rubric)
    _check_head(sheet)
    ids = {bid.id for bid in sheet.bids}
    if len(ids) != len(sheet.bids):
        times = Counter(bid.id for bid in sheet.bids)
        raise errors.BidRepeated(bids=sorted(bid_id for bid_id in ids if times[bid_id] > 1))
    for bid in sheet.bids:
        _check_bid(sheet.rubric, bid)
    panel.check(sheet.rubric, judges=sheet.judges, bid_ids=ids, marks=sheet.marks)
    for code, found in sheet.outcomes.items():
        check_outcomes(
            sheet.rubric.criterion(code),
            found,
            code=code,
            values={bid.id: bid.metric_values.get(code) for bid in sheet.bids},
        )


def _check_head(sheet: ScoreSheet) -> None:
    """Hold a sheet built by code to the bounds of one that is read, or nobody could read it."""
    for name, number, maximum in (
        ("round_number", sheet.round_number, NUMBER_MAX),
        ("profile_version", sheet.profile_version, NUMBER_MAX),
        ("minimum_bids", sheet.minimum_bids, BIDS_MAX),
    ):
        if not 1 <= number <= maximum:
            refuse(f"/{name}", expected=f"a whole number 1..{maximum}", found=number)
    for name, count, maximum in (
        ("bids", len(sheet.bids), BIDS_MAX),
        ("judges", len(sheet.judges), JUDGES_MAX),
    ):
        if count > maximum:
            refuse(f"/{name}", expected=f"a list of at most {maximum}", found=count)
    text_at("/scenario_number", sheet.scenario_number, length_max=LABEL_LENGTH_MAX)
    text_at("/profile_code", sheet.profile_code, length_max=LABEL_LENGTH_MAX)
    text_at("/code_version", sheet.code_version, length_max=LABEL_LENGTH_MAX)
    if sheet.draw_seed is not None:
        text_at("/draw_seed", sheet.draw_seed)
    for judge in sheet.judges:
        text_at("/judges", judge.label, length_max=LABEL_LENGTH_MAX)


def _check_bid(rubric: Rubric, bid: SheetBid) -> None:
    at = f"/bids/{escaped(bid.id)}"
    text_at(f"{at}/id", bid.id, length_max=LABEL_LENGTH_MAX)
    text_at(f"{at}/bidder", bid.bidder)
    if instant_utc(bid.received_at) is None:
        refuse(f"{at}/received_at", expected="a time with its offset", found=bid.received_at)
    if bid.exclusion is not None and not CODE_PATTERN.fullmatch(bid.exclusion):
        refuse(f"{at}/exclusion", expected="a code of a-z, 0-9 and _", found=bid.exclusion)
    if bid.quote_fen is not None and abs(bid.quote_fen) > FEN_MAX:
        raise errors.ValueOutOfRange(bid=bid.id, field="quote_fen", maximum=FEN_MAX)
    if len(bid.deductions) > DEDUCTIONS_MAX:
        refuse(f"{at}/deductions", expected=f"at most {DEDUCTIONS_MAX}", found=bid.deductions)
    for deduction in bid.deductions:
        text_at(f"{at}/deductions", deduction.policy, length_max=LABEL_LENGTH_MAX)
    price.deduction_bps(bid.deductions)
    for kind, values in (
        (Kind.OBJECTIVE_AUTO, bid.metric_values),
        (Kind.OBJECTIVE_FORMULA, bid.formula_values),
    ):
        codes = {criterion.code for criterion in rubric.criteria if criterion.kind == kind}
        for code in sorted(values):
            if code not in codes:
                raise errors.ValueMisplaced(bid=bid.id, criterion=code)
            numbers.plain(values[code])
        missing = sorted(codes.difference(values))
        if bid.exclusion is None and missing:
            raise errors.ValueMissing(bid=bid.id, criteria=missing)
    if bid.exclusion is None and bid.quote_fen is not None:
        price.evaluated_price_fen(bid.quote_fen, bid.deductions)
    elif bid.exclusion is None and rubric.needs_quotes:
        raise errors.ValueMissing(bid=bid.id, field="quote_fen")


def _bid_document(bid: SheetBid) -> dict[str, object]:
    return {
        "id": bid.id,
        "bidder": bid.bidder,
        "quote_fen": bid.quote_fen,
        "deductions": [
            {"policy": deduction.policy, "bps": deduction.bps}
            for deduction in sorted(bid.deductions, key=lambda deduction: deduction.policy)
        ],
        "received_at": instant_utc(bid.received_at),
        "metric_values": {
            code: numbers.plain(bid.metric_values[code]) for code in bid.metric_values
        },
        "formula_values": {
            code: numbers.plain(bid.formula_values[code]) for code in bid.formula_values
        },
        "exclusion": bid.exclusion,
    }


def _bid_from(value: object, pointer: str) -> SheetBid:
    fields = Fields(value, pointer=pointer, known=BID_FIELDS)
    deductions = []
    for at, item in fields.items("deductions", maximum=DEDUCTIONS_MAX):
        deduction = Fields(item, pointer=at, known=("policy", "bps"))
        policy = deduction.text("policy", length_max=LABEL_LENGTH_MAX)
        bps = deduction.whole("bps", minimum=1, maximum=BPS_WHOLE - 1)
        deductions.append(Deduction(policy=policy, bps=bps))
    return SheetBid(
        id=fields.text("id", length_max=LABEL_LENGTH_MAX),
        bidder=fields.text("bidder"),
        quote_fen=fields.optional(
            "quote_fen", lambda key: fields.whole(key, minimum=-FEN_MAX, maximum=FEN_MAX)
        ),
        deductions=tuple(deductions),
        received_at=fields.instant("received_at"),
        metric_values=fields.decimals("metric_values", maximum=CRITERIA_MAX),
        formula_values=fields.decimals("formula_values", maximum=CRITERIA_MAX),
        exclusion=fields.optional("exclusion", fields.code),
    )


def _judge_from(value: object, pointer: str) -> Judge:
    fields = Fields(value, pointer=pointer, known=("label", "recused"))
    label = fields.text("label", length_max=LABEL_LENGTH_MAX)
    return Judge(label=label, recused=fields.truth("recused"))


def _marks_from(value: object, pointer: str) -> tuple[Mark, ...]:
    read: list[Mark] = []
    for bid_id, by_criterion, at_bid in _members(value, pointer):
        for criterion, by_judge, at_criterion in _members(by_criterion, at_bid):
            for judge, mark, at in _members(by_judge, at_criterion):
                found = decimal_at(at, mark)
                read.append(Mark(judge=judge, bid_id=bid_id, criterion=criterion, value=found))
    return tuple(read)


def _members(value: object, pointer: str) -> list[tuple[str, object, str]]:
    if not isinstance(value, dict) or len(value) > BIDS_MAX:
        refuse(pointer, expected="an object", found=value)
    members = []
    for key, item in value.items():
        name = text_at(pointer, key, length_max=LABEL_LENGTH_MAX)
        members.append((name, item, f"{pointer}/{escaped(name)}"))
    return members
