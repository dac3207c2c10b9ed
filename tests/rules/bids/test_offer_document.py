"""An offer has one written form, which is what its digest is taken of."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.bids.errors.sealing import OfferUnreadable
from marketplace.bids.rules.offer import (
    Bond,
    Consortium,
    Deduction,
    Item,
    Line,
    Member,
    Offer,
    PriceSheet,
    Statement,
    Subcontract,
)
from marketplace.bids.schemas.offers import OfferIn
from marketplace.kit.digests import canonical_json, sha256_hex

WHOLE = Offer(
    quote_fen=1_000_00,
    deductions=(Deduction(policy="small_share", bps=400),),
    figures={"param": "0.80"},
    declarations=frozenset({"integrity", "interest", "related_party"}),
    summary="方案",
    statements=(Statement(code="sme", text_version=1, named=("某公司",), size_class="small"),),
    price_sheet=PriceSheet(
        total_fen=1_000_00,
        total_words="人民币壹仟元整",
        lines=(
            Line(
                item=Item(zh="标注", en="Labels"),
                unit="项",
                quantity="1.50",
                unit_price_fen=1,
                line_total_fen=2,
            ),
        ),
    ),
    consortium=Consortium(
        lead_share_bps=7000,
        members=(
            Member(
                organization_id="018f0000-0000-7000-8000-000000000001", share_bps=3000, part="测试"
            ),
        ),
        agreement="consortium_agreement",
    ),
    subcontracts=(Subcontract(subject="运输", share_bps=500, small_or_micro=True, to="某公司"),),
    bond=Bond(
        kind="bank_guarantee",
        issuer="某银行",
        number="BG-1",
        amount_fen=1_00,
        valid_until="2026-12-31",
    ),
)


def test_an_offer_without_the_new_parts_has_the_digest_it_always_had() -> None:
    """Five fields, whatever has become possible since: receipts of old offers stay true."""
    offer = Offer(quote_fen=5, declarations=frozenset({"b", "a"}), summary="x")

    assert sha256_hex(canonical_json(offer.to_document())) == sha256_hex(
        b'{"declarations":["a","b"],"deductions":[],"figures":{},"quote_fen":5,"summary":"x"}'
    )


def test_what_is_written_is_read_again() -> None:
    """Every part there and back."""
    assert Offer.from_document(WHOLE.to_document()) == WHOLE


def test_what_is_sent_is_what_is_sealed() -> None:
    """The request and the plaintext are one document, so a bidder can compute the digest."""
    document = WHOLE.to_document()

    assert OfferIn.model_validate(document).offer().to_document() == document


PARTS = ["price_sheet", "consortium", "bond"]


@pytest.mark.parametrize("part", [None, *PARTS])
def test_a_field_that_nobody_knows_is_refused(part: str | None) -> None:
    """Reading must not drop what was offered, at any depth."""
    document: dict[str, Any] = copy.deepcopy(WHOLE.to_document())
    (document if part is None else document[part])["more"] = 1

    with pytest.raises(OfferUnreadable):
        Offer.from_document(document)


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "offer",
        {"quote_fen": 1.0},
        {"quote_fen": "1"},
        {"quote_fen": True},
        {"price_sheet": {"total_fen": 1}},
        {"declarations": ["a", "a"]},
        {"bond": {**WHOLE.to_document()["bond"], "kind": "cash"}},
    ],
)
def test_what_is_no_offer_is_refused(document: object) -> None:
    """Wrong types, missing fields, something said twice, and cash where a bond is meant."""
    with pytest.raises(OfferUnreadable):
        Offer.from_document(document)


leaves: st.SearchStrategy[Any] = st.sampled_from([None, True, 0, -1, 1.5, "", "x", [], {}])
json = leaves | st.lists(leaves, max_size=2) | st.dictionaries(st.sampled_from("abc"), leaves)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(WHOLE.to_document())), json))
def test_any_document_is_read_or_refused(document: dict[str, Any]) -> None:
    """Nothing else happens, and whatever is read is written as it was understood."""
    try:
        offer = Offer.from_document(document)
    except OfferUnreadable:
        return

    assert Offer.from_document(offer.to_document()) == offer
