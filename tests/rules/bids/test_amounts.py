"""Amounts in words: one spelling out, every lawful spelling in, and nothing that is a guess."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.bids.errors.offers import AmountUnreadable
from marketplace.bids.rules.amounts import TEXT_MAX, read_amount, write_amount
from marketplace.kit.money import FEN_MAX

OFFICIAL = [
    (1_409_50, ["人民币壹仟肆佰零玖元伍角"]),
    (6_007_14, ["人民币陆仟零柒元壹角肆分"]),
    (1_680_32, ["人民币壹仟陆佰捌拾元零叁角贰分", "人民币壹仟陆佰捌拾元叁角贰分"]),
    (107_000_53, ["人民币壹拾万柒仟元零伍角叁分", "人民币壹拾万零柒仟元伍角叁分"]),
    (16_409_02, ["人民币壹万陆仟肆佰零玖元零贰分"]),
    (325_04, ["人民币叁佰贰拾伍元零肆分"]),
]
"""The examples of the payment rules (支付结算办法, annex 1), in every spelling that they name."""


@pytest.mark.parametrize(("amount_fen", "spellings"), OFFICIAL)
def test_every_official_spelling_is_read(amount_fen: int, spellings: list[str]) -> None:
    """The examples of the rules, each with each of its spellings."""
    assert {read_amount(one) for one in spellings} == {amount_fen}


@pytest.mark.parametrize(
    ("amount_fen", "text"),
    [
        (0, "人民币零元整"),
        (1, "人民币壹分"),
        (10, "人民币壹角整"),
        (1_00, "人民币壹元整"),
        (10_00, "人民币壹拾元整"),
        (10_05, "人民币壹拾元零伍分"),
        (1_234_567_89, "人民币壹佰贰拾叁万肆仟伍佰陆拾柒元捌角玖分"),
        (1_000_001_00, "人民币壹佰万零壹元整"),
        (100_000_000_00, "人民币壹亿元整"),
        (100_010_000_00, "人民币壹亿零壹万元整"),
        (1_000_000_000_000_00, "人民币壹万亿元整"),
        (FEN_MAX, "人民币壹拾万亿元整"),
        (
            FEN_MAX - 1,
            "人民币玖万玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分",
        ),
    ],
)
def test_an_amount_is_written_in_one_form(amount_fen: int, text: str) -> None:
    """Groups of four, one 零 for a run of noughts, 整 where nothing smaller follows."""
    assert write_amount(amount_fen) == text


@settings(deadline=None)
@given(st.integers(min_value=0, max_value=FEN_MAX))
def test_what_is_written_is_read_again(amount_fen: int) -> None:
    """Every amount of this trade, there and back, within the bound of a field."""
    text = write_amount(amount_fen)

    assert read_amount(text) == amount_fen
    assert len(text) <= TEXT_MAX


@settings(deadline=None)
@given(st.text(alphabet="零壹贰玖仟佰拾万亿元角分整", max_size=12))
def test_whatever_is_read_has_one_meaning(text: str) -> None:
    """Of random texts, one that is read is the written form but for noughts and a last 整."""
    try:
        amount_fen = read_amount(text)
    except AmountUnreadable:
        return

    def bare(spelling: str) -> str:
        return spelling.removeprefix("人民币").replace("零", "").removesuffix("整")

    assert bare(text) == bare(write_amount(amount_fen))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "人民币",
        "整",
        "元整",
        "壹佰",
        "拾元整",
        "壹贰元整",
        "壹佰壹佰元整",
        "壹拾佰元整",
        "壹仟零零壹元整",
        "壹仟壹元整",
        "零壹元整",
        "壹元壹分",
        "壹元零角壹分",
        "壹分整",
        "一百元整",
        "100元整",
        "壹佰元整整",
        "壹亿亿元整",
        "壹万万元整",
        "壹角壹元",
        "壹佰万亿元整",
        "负壹元整",
        "壹元整 贰元整",
        "壹佰元" * 40,
    ],
)
def test_what_can_be_read_in_no_or_two_ways_is_refused(text: str) -> None:
    """No unit, no digit, noughts where none belong, another script, more than the bound."""
    with pytest.raises(AmountUnreadable):
        read_amount(text)


@pytest.mark.parametrize("amount_fen", [-1, FEN_MAX + 1])
def test_no_amount_of_this_trade_is_not_written(amount_fen: int) -> None:
    """Below zero and above the largest amount."""
    with pytest.raises(ValueError, match="no amount"):
        write_amount(amount_fen)
