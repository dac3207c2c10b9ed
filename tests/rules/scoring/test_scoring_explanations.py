"""Words: every place says why, in Chinese and in English, with the figures that decided."""

from dataclasses import replace

from marketplace.kit.digests import canonical_json
from marketplace.scoring.rules.ranking import Excluded, Ranking, Standing, rank
from tests.rules.scoring.boards import benchmark, bid, full_sheet, price, rubric, sheet


def words(ranking: Ranking, bid_id: str) -> tuple[str, str]:
    """All lines on one bid in both languages."""
    everyone: list[Standing | Excluded] = [*ranking.standings, *ranking.excluded]
    found = next(one for one in everyone if one.bid_id == bid_id)
    return "\n".join(found.explanation.zh), "\n".join(found.explanation.en)


def test_a_standing_explains_every_criterion_with_its_figures() -> None:
    """Place, sum, mean of the marks, metric with floor and target, price with its deduction."""
    zh, en = words(rank(full_sheet()), "B")

    assert zh.splitlines() == [
        "第 2 名(共 3 家),总分 78.69。",
        "技术方案:3 位评委打分的平均分为 75 / 100;得 30.00 分(满分 40.00)。",
        "隐藏测试集成绩:accuracy 为 0.85,下限 0.7,目标 0.9;得 30.00 分(满分 40.00)。",
        "报价:报价 1,050,000.00 元,价格扣除 10%,评审价 945,000.00 元,最低评审价 883,200.00 元;"
        "得 18.69 分(满分 20.00)。",
    ]
    assert en.splitlines() == [
        "Rank 2 of 3 with 78.69 points.",
        "Technical plan: mean of 3 marks is 75 of 100; 30.00 of 40.00 points.",
        "Hidden benchmark: accuracy is 0.85, floor 0.7, target 0.9; 30.00 of 40.00 points.",
        "Price: quote 1,050,000.00 yuan less 10 % is evaluated at 945,000.00,"
        " the lowest is 883,200.00; 18.69 of 20.00 points.",
    ]


def test_an_excluded_bid_is_told_why() -> None:
    """Known reasons in words, missed floors with their figure, unknown codes as they are."""
    board = sheet(
        bid("A"),
        bid("B", accuracy="0.5"),
        bid("C", exclusion="ineligible"),
        bid("D", exclusion="paper_lost"),
        yardstick=rubric(benchmark(8_000), price()),
    )

    ranking = rank(board)

    assert words(ranking, "B") == (
        "未参与排名:未达到门槛值。\n隐藏测试集成绩:未达到下限 0.7。",
        "Not ranked: does not reach a hard floor.\nHidden benchmark: the floor is 0.7.",
    )
    assert "资格审查不合格" in words(ranking, "C")[0]
    assert "paper_lost" in words(ranking, "D")[1]


def test_ties_are_told() -> None:
    """Who won by a rule reads the rule, who shares a rank reads that."""
    yardstick = rubric(benchmark(8_000), price(), tie_breaks=("earlier_receipt",))
    late = "2026-05-01T10:00:00Z"

    parted = rank(sheet(bid("A"), bid("B", received_at=late), yardstick=yardstick))
    shared = rank(sheet(bid("A"), bid("B"), yardstick=replace(yardstick, tie_breaks=())))

    assert "先递交者优先" in words(parted, "A")[0]
    assert "earlier receipt first" in words(parted, "B")[1]
    assert "名次并列" in words(shared, "A")[0]
    assert "shared" in words(shared, "B")[1]


def test_words_are_no_part_of_what_is_hashed() -> None:
    """The figures have a digest, the words have a document of their own beside it."""
    ranking = rank(full_sheet())

    assert "评委".encode() not in canonical_json(ranking.to_document())
    spoken = ranking.explanations_document()
    assert spoken["sheet_digest"] == ranking.sheet_digest
    assert isinstance(spoken["bids"], dict)
    assert set(spoken["bids"]) == {"A", "B", "C", "D"}
