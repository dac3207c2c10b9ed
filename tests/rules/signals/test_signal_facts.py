"""Each thing that bids may have in common, found with its evidence; and what is no sign."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.signals.rules import wording
from marketplace.signals.rules.collusion import Kind, Strength, signals
from marketplace.signals.rules.facts import BidFacts, FileFacts, document_of

LONG = (
    "本方案采用设备端推理与边缘聚合相结合的架构,凡置信度不足者一律转交人工复核,并保留全部日志备查"
)


def a_file(sha256: str = "1", **properties: str) -> FileFacts:
    """A document of a bid."""
    return FileFacts(
        document=f"doc-{sha256}", type="technical_plan", sha256=sha256, properties=properties
    )


def pair(**facts: Any) -> tuple[BidFacts, BidFacts]:
    """Two bids with the same facts."""
    return BidFacts(bid="a", **facts), BidFacts(bid="b", **facts)


@pytest.mark.parametrize(
    ("facts", "kind", "strength"),
    [
        ({"phone": "13800138000"}, Kind.PHONE, Strength.STRONG),
        ({"email": "li@example.cn"}, Kind.EMAIL, Strength.STRONG),
        ({"contact": "李四"}, Kind.CONTACT, Strength.WEAK),
        ({"people": frozenset({"p"})}, Kind.PERSON, Strength.STRONG),
        ({"members": frozenset({"p"})}, Kind.MEMBER, Strength.MEDIUM),
        ({"address": "fingerprint"}, Kind.ADDRESS, Strength.MEDIUM),
        ({"bank_account": "fingerprint"}, Kind.BANK_ACCOUNT, Strength.STRONG),
        ({"files": (a_file(),)}, Kind.FILE, Strength.STRONG),
        ({"bond": ("某银行", "BH-001")}, Kind.BOND, Strength.STRONG),
        ({"text": LONG}, Kind.PASSAGE, Strength.MEDIUM),
    ],
)
def test_what_two_bids_share_is_found(
    facts: dict[str, Any], kind: Kind, strength: Strength
) -> None:
    """One signal, of both bids, with words in two languages."""
    (found,) = signals(pair(**facts))

    assert (found.kind, found.strength, found.bids) == (kind, strength, ("a", "b"))
    assert found.words["zh"] != found.words["en"]
    assert "{" not in found.words["zh"] + found.words["en"]


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("author", "王五", Kind.FILE_AUTHOR),
        ("last_modified_by", "赵六", Kind.FILE_AUTHOR),
        ("company", "某集团(示例)", Kind.FILE_AUTHOR),
        ("made_from", "00FF12AB", Kind.FILE_ORIGIN),
        ("file_id", "ab" * 16, Kind.FILE_ORIGIN),
        ("created", "2026-02-20T08:15:07Z", Kind.FILE_TIME),
    ],
)
def test_what_files_share_is_found(name: str, text: str, kind: Kind) -> None:
    """The maker, the origin and the second of making, in files that differ otherwise."""
    bids = (
        BidFacts(bid="a", files=(a_file("1", **{name: text}),)),
        BidFacts(bid="b", files=(a_file("2", **{name: text}), a_file("3"))),
    )

    (found,) = signals(bids)

    assert (found.kind, found.evidence["shared"]) == (kind, text)


@pytest.mark.parametrize(
    "properties",
    [
        {"author": "Administrator"},
        {"author": "微软用户"},
        {"author": "x"},
        {"created": "2013-12-23T23:15:00Z"},
        {"program": "WPS Office"},
        {"producer": "LibreOffice"},
    ],
)
def test_what_a_program_writes_is_no_sign(properties: dict[str, str]) -> None:
    """Everybody has a Microsoft Office User, and the default time of a template."""
    bids = (
        BidFacts(bid="a", files=(a_file("1", **properties),)),
        BidFacts(bid="b", files=(a_file("2", **properties),)),
    )

    assert signals(bids) == ()


def test_a_file_that_names_another_bidder_is_a_mixed_one() -> None:
    """The author of one bid's plan is the other bidder."""
    bids = (
        BidFacts(bid="a", names=("甲公司",), files=(a_file("1", company="乙公司"),)),
        BidFacts(bid="b", names=("乙公司",), files=(a_file("2", company="乙公司 "),)),
    )

    kinds = {one.kind: one for one in signals(bids)}

    assert kinds[Kind.FILE_OF_OTHER].bids == ("a", "b")
    assert kinds[Kind.FILE_OF_OTHER].evidence["shared"] == "乙公司"


def test_a_form_that_everybody_has_is_a_weak_sign() -> None:
    """What all of three bidders hand in byte for byte was probably handed out to them."""
    three = [BidFacts(bid=name, files=(a_file("form"),)) for name in "abc"]

    (of_all,) = signals(three)
    (of_two,) = signals([*three[:2], BidFacts(bid="c")])

    assert (of_all.strength, of_all.evidence["everybody"]) == (Strength.WEAK, True)
    assert of_two.strength is Strength.STRONG


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        (("BH-0041", "BH-0042"), True),
        (("BH-0099", "BH-0100"), True),
        (("BH-0041", "BH-0043"), False),
        (("BH-0041", "BX-0042"), False),
        (("9", "10"), False),
    ],
)
def test_bonds_in_a_row_are_told(numbers: tuple[str, str], told: bool) -> None:
    """Bought one after the other at the same counter."""
    bids = [
        BidFacts(bid=name, bond=("某银行", number))
        for name, number in zip("ab", numbers, strict=True)
    ]

    assert [one.kind for one in signals(bids)] == [Kind.BOND_NUMBERS] * told


def test_a_sheet_made_from_another_is_found() -> None:
    """Every line three per cent dearer, each rounded to a fen."""
    lines = {f"第{number}项": 1_234_17 * number + number * number for number in range(1, 9)}
    dearer = {name: round(price * 103 / 100) for name, price in lines.items()}
    other = {
        name: price + 7_001 * (len(name) + index)
        for index, (name, price) in enumerate(lines.items())
    }

    (found,) = signals([BidFacts(bid="a", lines=lines), BidFacts(bid="b", lines=dearer)])

    assert (found.kind, found.evidence["lines"]) == (Kind.LINES, 8)
    assert signals([BidFacts(bid="a", lines=lines), BidFacts(bid="b", lines=other)]) == ()
    few = dict(list(lines.items())[:4])
    assert signals([BidFacts(bid="a", lines=few), BidFacts(bid="b", lines=few)]) == ()


def test_what_the_call_says_is_no_passage_of_a_competitor() -> None:
    """Two bidders who quote the call quote no each other."""
    assert signals(pair(text=LONG), published=f"榜单要求:{LONG}。") == ()
    assert signals(pair(text="短句相同。")) == ()


def test_contacts_are_masked() -> None:
    """Who reads a signal needs to recognise a number, not to dial it."""
    (phone,) = signals(pair(phone="+86 138 0013 8000"))

    assert "0013" not in str(phone.evidence) + str(phone.words)
    assert phone.evidence["shared"].endswith("8000")


def test_a_pattern_of_prices_says_how_rare_it_is() -> None:
    """The evidence is a number that a panel can weigh."""
    quotes = (1_000_003_00, 1_017_420_00, 1_034_837_00)
    bids = [BidFacts(bid=str(quote), quote_fen=quote) for quote in quotes]

    (found,) = signals(bids)

    assert found.kind is Kind.QUOTE_STEPS
    assert found.evidence["once_in"] > 300
    assert str(found.evidence["once_in"]) in found.words["en"]


FACTS = st.builds(
    BidFacts,
    bid=st.text("abcdef", min_size=1, max_size=3),
    phone=st.sampled_from([None, "13800138000", "075512345678"]),
    email=st.sampled_from([None, "a@example.cn", "A@example.cn "]),
    people=st.frozensets(st.sampled_from("pq")),
    quote_fen=st.sampled_from([None, 48_372_619, 51_000_001]),
    text=st.sampled_from(["", LONG, f"{LONG}。另一句"]),
)


@given(st.lists(FACTS, unique_by=lambda one: one.bid, max_size=6))
def test_the_same_facts_give_the_same_signals(bids: list[BidFacts]) -> None:
    """In whatever order they come; each signal is recognised when it is found again."""
    there, back = signals(bids), signals(bids[::-1])

    assert there == back
    assert len({one.key for one in there}) == len(there)
    assert document_of(bids) == document_of(bids[::-1])


def test_every_kind_has_words() -> None:
    """No signal is put to people without a sentence in Chinese and in English."""
    assert set(wording.KINDS) == {kind.value for kind in Kind}
    assert set(wording.NOTE) == {"zh", "en"}
