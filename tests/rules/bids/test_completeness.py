"""Everything that speaks against an offer, at once, each with its place."""

import dataclasses
import datetime as dt
from typing import Any

import pytest

from marketplace.bids.errors.bids import OfferNoLongerFits
from marketplace.bids.rules.admission import admit, check_still_fits
from marketplace.bids.rules.completeness import Bidder, problems
from marketplace.bids.rules.consortia import Party, small_share_bps
from marketplace.bids.rules.offer import Bond, Deduction, Offer, Statement, Subcontract
from marketplace.bids.rules.statements import SME, TEMPLATES, VERSIONS
from marketplace.kit.errors import MarketplaceError
from marketplace.kit.ids import new_id
from marketplace.profiles.rules.profile import Track
from marketplace.scenarios.rules.content import Content, content_from
from tests.given.bids import an_offer
from tests.given.offers import TOGETHER, a_joint_offer, a_line, a_priced_offer
from tests.given.profiles import a_profile
from tests.given.scenarios import a_content

OPENS_ON = dt.date(2026, 4, 1)
BOND_FEN = 10_000_00
MEMBER, OTHER = new_id(), new_id()
AGREED = Party(size_class="small", agreed_bps=3000)


def a_call(*, bond_fen: int = 0, **requirements: object) -> Content:
    """A call that asks for these things besides a price."""
    document = a_content(offer_requirements=requirements)
    document["bonds"] = {"bid_fen": bond_fen}
    document["budget"] |= {"ceiling_fen": 1_000_000_00}
    return content_from(document)


def a_bond(**changes: Any) -> Bond:
    """A guarantee for what the call asks, until the opening."""
    bond = Bond(
        kind="bank_guarantee",
        issuer="某银行",
        number="BG-1",
        amount_fen=BOND_FEN,
        valid_until=OPENS_ON.isoformat(),
    )
    return dataclasses.replace(bond, **changes)


def found(
    offer: Offer,
    content: Content,
    *,
    size_class: str = "small",
    parties: dict[str, Party] | None = None,
    documents: frozenset[str] | None = None,
    track: Track = Track.PROCUREMENT_TENDER,
) -> list[tuple[str, str]]:
    """Place and code of everything that speaks against an offer and blocks."""
    bidder = Bidder(size_class=size_class, parties=parties, documents=documents, opens_on=OPENS_ON)
    every = problems(offer, bidder, content=content, profile=a_profile(track))
    return [(one.pointer, one.refusal.code) for one in every if one.blocks]


def test_the_minimal_offer_is_enough_where_nothing_more_is_asked() -> None:
    """What was an offer before there were price sheets is one still."""
    assert found(an_offer(), a_call()) == []


def test_everything_is_told_at_once_and_the_refusal_is_the_first_of_it() -> None:
    """An empty offer on a call that asks for everything."""
    content = a_call(bond_fen=BOND_FEN, price_sheet=True, documents=["technical_plan"])
    bidder = Bidder(size_class="none", documents=frozenset())

    with pytest.raises(MarketplaceError) as refused:
        admit(
            Offer(),
            bidder=bidder,
            content=content,
            profile=a_profile(Track.PROCUREMENT_TENDER),
        )

    errors: Any = refused.value.facts["errors"]
    assert refused.value.code == "bids.quote_missing"
    assert [(one["pointer"], one["code"]) for one in errors] == [
        ("/quote_fen", "bids.quote_missing"),
        ("/declarations", "bids.declaration_missing"),
        ("/price_sheet", "bids.price_sheet_missing"),
        ("/bond", "bids.bond_missing"),
        ("/documents", "bids.document_missing"),
    ]


class TestPriceSheets:
    """A sheet can be corrected later, so it must at least be one."""

    def test_a_sheet_without_lines_is_none_where_one_is_asked_for(self) -> None:
        """A total is no detail."""
        wanted = a_call(price_sheet=True)

        assert found(a_priced_offer(100), wanted) == [("/price_sheet", "bids.price_sheet_missing")]
        assert found(a_priced_offer(100, a_line(100)), wanted) == []

    def test_a_contradiction_does_not_block_but_is_told_with_its_correction(self) -> None:
        """It would be corrected by the same rules for everybody, after the opening."""
        offer = a_priced_offer(100, a_line(90))
        every = problems(
            offer,
            Bidder(size_class="small"),
            content=a_call(),
            profile=a_profile(Track.PROCUREMENT_TENDER),
        )

        (one,) = every
        assert (one.blocks, one.refusal.code) == (False, "bids.price_sheet_contradicts")
        assert one.refusal.facts["corrected_fen"] == 90

    @pytest.mark.parametrize("quantity", ["0", "-1", "1e3", "一", "0.0000001", "1000000001", ""])
    def test_a_quantity_is_exact_and_above_zero(self, quantity: str) -> None:
        """Whatever cannot be multiplied, or would be rounded away."""
        offer = a_priced_offer(100, a_line(100, quantity, total_fen=100))

        assert found(offer, a_call()) == [("/price_sheet/lines/0", "bids.price_sheet_unfit")]

    def test_lines_that_add_up_to_nothing_are_refused(self) -> None:
        """They would be corrected to a price that nothing can be divided by."""
        offer = a_priced_offer(100, a_line(0, total_fen=0))

        assert found(offer, a_call()) == [("/price_sheet/lines", "bids.price_sheet_unfit")]

    def test_words_that_cannot_be_read_are_refused(self) -> None:
        """Before the seal, so that they are no surprise after it."""
        offer = a_priced_offer(100)
        assert offer.price_sheet is not None
        sheet = dataclasses.replace(offer.price_sheet, total_words="一元")

        assert found(dataclasses.replace(offer, price_sheet=sheet), a_call()) == [
            ("/price_sheet/total_words", "bids.amount_unreadable")
        ]


class TestBonds:
    """Given where it is asked for, in full, long enough, and never above the limit."""

    @pytest.mark.parametrize(
        ("bond", "expected"),
        [
            (a_bond(), []),
            (None, [("/bond", "bids.bond_missing")]),
            (a_bond(amount_fen=BOND_FEN - 1), [("/bond/amount_fen", "bids.bond_unfit")]),
            # The limit is two per cent of a budget of a million yuan.
            (a_bond(amount_fen=20_000_00), []),
            (a_bond(amount_fen=20_000_01), [("/bond/amount_fen", "bids.bond_unfit")]),
            (a_bond(valid_until="2026-03-31"), [("/bond/valid_until", "bids.bond_unfit")]),
            (a_bond(valid_until="soon"), [("/bond/valid_until", "bids.bond_unfit")]),
        ],
    )
    def test_a_bond_that_is_asked_for(
        self, bond: Bond | None, expected: list[tuple[str, str]]
    ) -> None:
        """One fen less, one fen above the limit, one day short."""
        offer = dataclasses.replace(an_offer(), bond=bond)

        assert found(offer, a_call(bond_fen=BOND_FEN)) == expected

    def test_none_is_taken_where_none_is_asked_for(self) -> None:
        """Nobody can be made to deposit something by custom."""
        offer = dataclasses.replace(an_offer(), bond=a_bond())

        assert found(offer, a_call()) == [("/bond", "bids.bond_not_asked")]


class TestConsortia:
    """Allowed by the call, whole, and agreed by each member."""

    def test_a_consortium_that_agreed(self) -> None:
        """Seventy and thirty per cent."""
        parties = {str(MEMBER): AGREED}

        assert found(a_joint_offer(MEMBER), a_call(**TOGETHER), parties=parties) == []

    @pytest.mark.parametrize(
        ("party", "code"),
        [
            (Party(size_class="none", agreed_bps=None), "bids.member_not_agreed"),
            (Party(size_class="none", agreed_bps=2999), "bids.member_not_agreed"),
            (Party(size_class="none", agreed_bps=3000, unfit="poster"), "bids.member_unfit"),
        ],
    )
    def test_each_member_must_have_agreed_to_this_share_and_be_fit(
        self, party: Party, code: str
    ) -> None:
        """Not at all, to another share, or by somebody who may not."""
        parties = {str(MEMBER): party}

        assert found(a_joint_offer(MEMBER), a_call(**TOGETHER), parties=parties) == [
            ("/consortium/members/0", code)
        ]

    def test_nobody_bids_together_where_the_call_does_not_say_so(self) -> None:
        """And not more of them than it says."""
        three = a_joint_offer(MEMBER, OTHER, new_id(), share_bps=1000)

        assert found(a_joint_offer(MEMBER), a_call()) == [
            ("/consortium", "bids.consortium_not_allowed")
        ]
        assert found(three, a_call(**TOGETHER)) == [("/consortium", "bids.consortium_not_allowed")]

    @pytest.mark.parametrize(
        "offer",
        [
            a_joint_offer(MEMBER, MEMBER),
            a_joint_offer(MEMBER, share_bps=10_000),
            dataclasses.replace(
                a_joint_offer(MEMBER),
                consortium=dataclasses.replace(
                    a_joint_offer(MEMBER).consortium,  # type: ignore[type-var]
                    lead_share_bps=6999,
                ),
            ),
            dataclasses.replace(
                a_joint_offer(MEMBER),
                consortium=dataclasses.replace(
                    a_joint_offer(MEMBER).consortium,  # type: ignore[type-var]
                    liability="several",
                ),
            ),
        ],
        ids=["twice", "nothing left", "not whole", "not liable"],
    )
    def test_a_consortium_that_is_not_whole(self, offer: Offer) -> None:
        """Somebody twice, a lead without a share, shares that do not add up, liability limited."""
        assert found(offer, a_call(**TOGETHER)) == [("/consortium", "bids.consortium_unfit")]

    def test_subcontracting_stays_within_what_the_call_allows(self) -> None:
        """Forty per cent are allowed here, and nothing where the call is silent."""
        most = dataclasses.replace(
            an_offer(), subcontracts=(Subcontract(subject="标注", share_bps=4000),)
        )
        more = dataclasses.replace(
            an_offer(), subcontracts=(Subcontract(subject="标注", share_bps=4001),)
        )

        assert found(most, a_call(**TOGETHER)) == []
        assert found(more, a_call(**TOGETHER)) == [("/subcontracts", "bids.subcontract_unfit")]
        assert found(most, a_call()) == [("/subcontracts", "bids.subcontract_unfit")]


class TestSmallShares:
    """A small or micro part of thirty per cent earns four to six; a firm held by another none."""

    @staticmethod
    def claim(offer: Offer, bps: int = 400) -> Offer:
        """The same offer with the deduction claimed."""
        return dataclasses.replace(
            offer,
            deductions=(Deduction(policy="small_share", bps=bps),),
            declarations=offer.declarations | {SME},
        )

    @pytest.mark.parametrize(
        ("party", "share_bps", "bps", "earned"),
        [
            (AGREED, 3000, 400, True),
            (AGREED, 3000, 600, True),
            (AGREED, 3000, 601, False),
            (AGREED, 3000, 399, False),
            (dataclasses.replace(AGREED, agreed_bps=2999), 2999, 400, False),
            (dataclasses.replace(AGREED, size_class="medium"), 3000, 400, False),
            (dataclasses.replace(AGREED, tied=True), 3000, 400, False),
        ],
    )
    def test_what_a_share_earns(self, party: Party, share_bps: int, bps: int, earned: bool) -> None:
        """The edges of the share and of the range, the size, and who holds the small firm."""
        offer = self.claim(a_joint_offer(MEMBER, share_bps=share_bps), bps)
        refused = found(offer, a_call(**TOGETHER), size_class="large", parties={str(MEMBER): party})

        assert refused == ([] if earned else [("/deductions/0", "bids.deduction_not_allowed")])

    def test_a_subcontract_counts_as_a_share(self) -> None:
        """Thirty per cent given to small firms, without a consortium."""
        given = (Subcontract(subject="标注", share_bps=3000, small_or_micro=True),)
        offer = self.claim(dataclasses.replace(an_offer(), subcontracts=given))

        assert found(offer, a_call(**TOGETHER), size_class="large", parties={}) == []

    def test_a_small_bidder_does_not_add_it_to_its_own_deduction(self) -> None:
        """Two policies for the same thing would be a larger deduction than the rules have."""
        given = (Subcontract(subject="标注", share_bps=3000, small_or_micro=True),)
        offer = self.claim(dataclasses.replace(an_offer(), subcontracts=given))
        both = dataclasses.replace(
            offer, deductions=(*offer.deductions, Deduction(policy="small_firm", bps=1000))
        )

        assert found(both, a_call(**TOGETHER), parties={}) == [
            ("/deductions", "bids.deduction_not_allowed")
        ]

    def test_a_consortium_is_small_only_if_everybody_is(self) -> None:
        """A small lead with a large member has no small firm's deduction."""
        offer = dataclasses.replace(
            a_joint_offer(MEMBER),
            deductions=(Deduction(policy="small_firm", bps=1000),),
            declarations=an_offer().declarations | {SME},
        )
        large = {str(MEMBER): dataclasses.replace(AGREED, size_class="large")}

        assert found(offer, a_call(**TOGETHER), parties={str(MEMBER): AGREED}) == []
        assert found(offer, a_call(**TOGETHER), parties=large) == [
            ("/deductions/0", "bids.deduction_not_allowed")
        ]

    def test_shares_are_added_up(self) -> None:
        """A small lead, a small member and a medium one."""
        parties = {
            str(MEMBER): AGREED,
            str(OTHER): dataclasses.replace(AGREED, size_class="medium"),
        }

        assert small_share_bps(a_joint_offer(MEMBER, OTHER), "micro", parties) == 7000


class TestStatements:
    """Words that are signed have a version, and say what the register says."""

    @pytest.mark.parametrize(
        ("statements", "places"),
        [
            ([Statement(code="sme", text_version=1, size_class="small")], []),
            ([Statement(code="sme", text_version=1, size_class="large")], ["/statements/0"]),
            ([Statement(code="interest", text_version=2)], ["/statements/0"]),
            ([Statement(code="unheard_of", text_version=1)], ["/statements/0"]),
            ([Statement(code="interest", text_version=1)] * 2, ["/statements/1"]),
        ],
    )
    def test_a_statement_is_known_true_and_made_once(
        self, statements: list[Statement], places: list[str]
    ) -> None:
        """A size that was not declared, a version and a text nobody published, twice."""
        offer = dataclasses.replace(an_offer(), statements=tuple(statements))

        assert [pointer for pointer, _ in found(offer, a_call())] == places

    def test_a_statement_is_a_declaration(self) -> None:
        """Whoever signed all three in full need not name them again."""
        names = sorted(an_offer().declarations)
        offer = Offer(
            quote_fen=1, statements=tuple(Statement(code=one, text_version=1) for one in names)
        )

        assert found(offer, a_call()) == []

    def test_every_text_is_there_in_both_languages_once_per_version(self) -> None:
        """And every declaration that is asked for has a text."""
        assert all(one.text_zh and one.text_en and one.source for one in TEMPLATES)
        assert len({(one.code, one.version) for one in TEMPLATES}) == len(TEMPLATES)
        assert {*an_offer().declarations, SME} == set(VERSIONS)


class TestAmendments:
    """A sealed offer may be confirmed where nothing is newly asked for."""

    @pytest.mark.parametrize(
        ("before", "after", "fits"),
        [
            (a_call(), a_call(), True),
            (a_call(), a_call(price_sheet=True), False),
            (a_call(price_sheet=True), a_call(), True),
            (a_call(), a_call(documents=["technical_plan"]), False),
            (a_call(), a_call(bond_fen=1), False),
            (a_call(bond_fen=1), a_call(), False),
            (a_call(**TOGETHER), a_call(), False),
            (a_call(), a_call(**TOGETHER), True),
        ],
    )
    def test_what_is_newly_asked_for_needs_another_offer(
        self, before: Content, after: Content, fits: bool
    ) -> None:
        """A sheet, a document, a bond, or no more consortia."""
        refused = False
        try:
            check_still_fits(before, after)
        except OfferNoLongerFits:
            refused = True

        assert refused is not fits
