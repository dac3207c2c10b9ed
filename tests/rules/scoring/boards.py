"""Small boards for the scoring tests: three kinds of criteria, a handful of bids, a panel."""

from decimal import Decimal

from hypothesis import strategies as st

from marketplace.scoring.rules.criteria import Criterion, Direction, Kind
from marketplace.scoring.rules.marks import Judge, Mark
from marketplace.scoring.rules.price import Deduction
from marketplace.scoring.rules.rubric import Aggregation, Method, Rounding, Rubric
from marketplace.scoring.rules.sheet import ScoreSheet, SheetBid

SMALL_FIRM = Deduction(policy="small_firm", bps=1_000)
MICRO_SHARE = Deduction(policy="micro_share_30", bps=400)
RECEIVED_AT = "2026-05-01T09:00:00Z"


def price(weight_bps: int = 2_000) -> Criterion:
    """A price criterion."""
    return Criterion(
        code="price",
        title_zh="报价",
        title_en="Price",
        kind=Kind.PRICE_LOW_FIRST,
        weight_bps=weight_bps,
        direction=Direction.LOWER,
    )


def plan(weight_bps: int = 4_000, *, scale_max: str = "100") -> Criterion:
    """A criterion that every judge marks."""
    return Criterion(
        code="plan",
        title_zh="技术方案",
        title_en="Technical plan",
        kind=Kind.SUBJECTIVE_EXPERT,
        weight_bps=weight_bps,
        scale_max=Decimal(scale_max),
    )


def benchmark(weight_bps: int = 4_000, *, hard_floor: bool = True) -> Criterion:
    """A benchmark between the floor 0.70 and the target 0.90."""
    return Criterion(
        code="benchmark",
        title_zh="隐藏测试集成绩",
        title_en="Hidden benchmark",
        kind=Kind.OBJECTIVE_AUTO,
        weight_bps=weight_bps,
        metric="accuracy",
        floor=Decimal("0.70"),
        target=Decimal("0.90"),
        hard_floor=hard_floor,
    )


def rubric(
    *criteria: Criterion,
    tie_breaks: tuple[str, ...] = (),
    method: Method = Method.COMPREHENSIVE,
    aggregation: Aggregation = Aggregation.MEAN,
    trim: int = 0,
) -> Rubric:
    """A rubric; without criteria, plan 40, benchmark 40 and price 20."""
    return Rubric(
        method=method,
        criteria=criteria or (plan(), benchmark(), price()),
        rounding=Rounding(),
        aggregation=aggregation,
        trim=trim,
        tie_breaks=tie_breaks,
    )


def bid(
    bid_id: str,
    quote_yuan: int | None = 1_000_000,
    *deductions: Deduction,
    accuracy: str | None = "0.80",
    exclusion: str | None = None,
    received_at: str = RECEIVED_AT,
) -> SheetBid:
    """A bid with a quote in yuan and a value of the benchmark."""
    return SheetBid(
        id=bid_id,
        bidder=f"示例企业 {bid_id}",
        quote_fen=None if quote_yuan is None else quote_yuan * 100,
        deductions=deductions,
        received_at=received_at,
        metric_values={} if accuracy is None else {"benchmark": Decimal(accuracy)},
        exclusion=exclusion,
    )


def marks_of(judge: str, **by_bid: str) -> tuple[Mark, ...]:
    """The marks of one judge for the plan of each bid."""
    return tuple(
        Mark(judge=judge, bid_id=bid_id, criterion="plan", value=Decimal(value))
        for bid_id, value in by_bid.items()
    )


def sheet(
    *bids: SheetBid,
    yardstick: Rubric | None = None,
    judges: tuple[Judge, ...] = (),
    marks: tuple[Mark, ...] = (),
    minimum_bids: int = 1,
    draw_seed: str | None = None,
) -> ScoreSheet:
    """A sheet of the first round of an illustrative call."""
    return ScoreSheet(
        scenario_number="ILL-2026-B1-001",
        round_number=1,
        profile_code="procurement_consultation",
        profile_version=1,
        code_version="0.1.0",
        rubric=yardstick or rubric(),
        bids=bids,
        judges=judges,
        marks=marks,
        minimum_bids=minimum_bids,
        draw_seed=draw_seed,
    )


def full_sheet() -> ScoreSheet:
    """Three bids, three judges, every kind of figure: for documents and verification."""
    return sheet(
        bid("A", 1_000_000, accuracy="0.81"),
        bid("B", 1_050_000, SMALL_FIRM, accuracy="0.85"),
        bid("C", 920_000, MICRO_SHARE, accuracy="0.90"),
        bid("D", 400_000, exclusion="abnormally_low_unproven"),
        yardstick=rubric(tie_breaks=("lower_evaluated_price", "witnessed_draw")),
        judges=(
            Judge(label="J1"),
            Judge(label="J2"),
            Judge(label="J3"),
            Judge(label="J4", recused=True),
        ),
        marks=(
            *marks_of("J1", A="80", B="70", C="65.5"),
            *marks_of("J2", A="90", B="75", C="60"),
            *marks_of("J3", A="85", B="80", C="71"),
            *marks_of("J4", A="0", B="100"),
        ),
        minimum_bids=3,
        draw_seed="closing index 3021.55",
    )


@st.composite
def boards(draw: st.DrawFn) -> ScoreSheet:
    """Boards with many ties: few different quotes, marks and values, and any tie-breaks."""
    count = draw(st.integers(1, 6))
    ids = [f"B{number}" for number in range(count)]
    labels = [f"J{number}" for number in range(draw(st.integers(1, 4)))]
    rules = ["lower_evaluated_price", "higher_points_of:benchmark", "earlier_receipt"]
    tie_breaks = draw(
        st.lists(st.sampled_from([*rules, "witnessed_draw"]), unique=True, max_size=4)
    )
    bids = tuple(
        bid(
            bid_id,
            draw(st.sampled_from([900_000, 1_000_000, 1_000_001, 1_250_000])),
            *draw(st.sampled_from([(), (SMALL_FIRM,), (MICRO_SHARE, SMALL_FIRM)])),
            accuracy=draw(st.sampled_from(["0.70", "0.80", "0.801", "0.95"])),
            exclusion=draw(st.sampled_from([None, None, None, "ineligible"])) if at else None,
            received_at=f"2026-05-01T09:00:0{draw(st.integers(0, 2))}Z",
        )
        for at, bid_id in enumerate(ids)
    )
    values = st.sampled_from(["60", "75", "75.5", "90"])
    marks = [
        mark for label in labels for mark in marks_of(label, **{key: draw(values) for key in ids})
    ]
    return sheet(
        *bids,
        yardstick=rubric(
            tie_breaks=tuple(tie_breaks),
            aggregation=draw(st.sampled_from([Aggregation.MEAN, Aggregation.MEDIAN])),
        ),
        judges=tuple(Judge(label=label) for label in labels),
        marks=tuple(marks),
        draw_seed="seed 7",
    )


def leaves(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The paths of all places in a JSON value, containers included."""
    found = [path] if path else []
    if isinstance(value, dict):
        for key, item in value.items():
            found += leaves(item, (*path, key))
    if isinstance(value, list):
        for at, item in enumerate(value):
            found += leaves(item, (*path, at))
    return found
