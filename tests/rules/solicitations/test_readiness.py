"""Readiness is ranked as worked by hand, whatever the order in which proposals came in."""

import random
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from marketplace.scenarios.rules.content import Content
from marketplace.scenarios.rules.lifecycle import ScenarioState
from marketplace.scoring.rules import verification
from marketplace.scoring.rules.ranking import Ranking, rank
from marketplace.solicitations.errors import SchemeMalformed
from marketplace.solicitations.rules import readiness
from marketplace.solicitations.rules.data_readiness import Measured
from marketplace.solicitations.rules.readiness import Proposed
from marketplace.solicitations.rules.scheme import Fact, scheme_from
from tests.given.board import a_declaration, the_scheme
from tests.given.profiles import SEEDS
from tests.given.readiness import (
    BASELINES,
    HIDDEN,
    IN_TWO_FILES,
    NO_BASIS,
    OPEN,
    TODAY,
    a_profile,
    a_scenario,
    delivered,
)

PUBLISHED = {"emergency_management": 5, "urban_governance": 20}
"""Calls opened this year: 15 of 20 places are left in the first domain, none in the second."""


def proposed(
    name: str,
    content: Content,
    state: ScenarioState = ScenarioState.SUBMITTED,
    measured: Mapping[str, Measured] | None = None,
    **stated: Any,
) -> Proposed:
    """A proposal by its name, filed on a day of its own."""
    return Proposed(
        id=name,
        scenario_number=f"NS-2026-{name}",
        filed_at=f"2026-03-0{ord(name[0]) - 64}T01:00:00+00:00",
        state=state,
        content=content,
        declaration=a_declaration(**stated),
        measured=measured or {},
    )


def the_proposals() -> list[Proposed]:
    """Five to be ranked, two of them equal, and one that still lies with its poster."""
    emergency, urban = "emergency_management", "urban_governance"
    return [
        proposed(
            "A",
            a_scenario(emergency, [OPEN, HIDDEN], gov_bps=5_000),
            measured=delivered(OPEN, *IN_TWO_FILES, dated=True),
            baselines=BASELINES,
            end_users=250,
            replicable_units=5,
        ),
        proposed(
            "B",
            a_scenario(urban, [OPEN], gov_bps=8_000),
            baselines={"recall": "0.6"},
            end_users=1_000,
            replicable_units=20,
        ),
        proposed(
            "C",
            a_scenario(emergency, [NO_BASIS], gov_bps=10_000, phase_fen=50_000),
            measured=delivered(NO_BASIS, a_profile(50, 2, missing=10)),
            baselines={"unheard_of": "1"},
            end_users=33,
            replicable_units=0,
        ),
        proposed(
            "D", a_scenario("tourism", [], gov_bps=0), baselines={}, end_users=0, replicable_units=3
        ),
        proposed(
            "E", a_scenario("tourism", [], gov_bps=0), baselines={}, end_users=0, replicable_units=3
        ),
        proposed("F", a_scenario(emergency, [OPEN], gov_bps=0), ScenarioState.DRAFT),
    ]


BY_HAND: Mapping[str, Mapping[Fact, str]] = {
    # data: the first promises 70 and is measured 8.25 + 7 + 10, the second promises 25 and is not:
    # (95.25 + 25) / 2 = 60.125; 2 of 3 targets; whole budget; 50 % of 50; 5 of 10; 250 of 500;
    # 15 of 20 places
    "A": {
        Fact.DATA_READINESS: "18.04",
        Fact.MEASURABLE_TARGETS: "13.33",
        Fact.BUDGET_COVERED: "10.00",
        Fact.CO_FUNDING: "10.00",
        Fact.REPLICABILITY: "5.00",
        Fact.END_USERS: "5.00",
        Fact.DOMAIN_QUOTA: "7.50",
    },
    # data 70, nothing measured; 1 of 3; whole; 20 of 50; more than 10; more than 500; no place left
    "B": {
        Fact.DATA_READINESS: "21.00",
        Fact.MEASURABLE_TARGETS: "6.67",
        Fact.BUDGET_COVERED: "10.00",
        Fact.CO_FUNDING: "4.00",
        Fact.REPLICABILITY: "10.00",
        Fact.END_USERS: "10.00",
        Fact.DOMAIN_QUOTA: "0.00",
    },
    # data 20 + 15 + 0 + 10, and 27 for completeness three times: 72; a baseline of no target; half
    # the budget; 0 of 50; 0; 33 of 500
    "C": {
        Fact.DATA_READINESS: "21.60",
        Fact.MEASURABLE_TARGETS: "0.00",
        Fact.BUDGET_COVERED: "5.00",
        Fact.CO_FUNDING: "0.00",
        Fact.REPLICABILITY: "0.00",
        Fact.END_USERS: "0.66",
        Fact.DOMAIN_QUOTA: "7.50",
    },
    # no data; no targets; whole; 100 of 50; 3 of 10; nobody; no domain of the aim
    "D": {
        Fact.DATA_READINESS: "0.00",
        Fact.MEASURABLE_TARGETS: "0.00",
        Fact.BUDGET_COVERED: "10.00",
        Fact.CO_FUNDING: "10.00",
        Fact.REPLICABILITY: "3.00",
        Fact.END_USERS: "0.00",
        Fact.DOMAIN_QUOTA: "0.00",
    },
}
TOTALS = {"A": "68.87", "B": "61.67", "C": "34.76", "D": "23.00", "E": "23.00"}


def ranked(proposals: list[Proposed]) -> Ranking:
    """The ranking of some proposals under the shipped scheme."""
    return rank(
        readiness.sheet(
            proposals,
            the_scheme(),
            solicitation_number="NS-2026-Z1",
            round_number=1,
            published=PUBLISHED,
            on=TODAY,
            code_version="test",
        )
    )


def test_ranks_as_worked_by_hand() -> None:
    """Every point of every fact, every total, every place; the page shows the same figures."""
    ranking = ranked(the_proposals())

    assert [standing.bid_id for standing in ranking.standings] == list("ABCDE")
    assert [standing.rank for standing in ranking.standings] == [1, 2, 3, 4, 5]
    for standing in ranking.standings:
        assert standing.total == Decimal(TOTALS[standing.bid_id])
        by_hand = BY_HAND["D" if standing.bid_id == "E" else standing.bid_id]
        assert standing.points == {fact.value: Decimal(points) for fact, points in by_hand.items()}


def test_the_page_shows_the_same_figures() -> None:
    """Whoever reckons with the page gets the points for data and the totals that are tested."""
    page = (SEEDS.parent / "docs/algorithms/readiness.md").read_text(encoding="utf-8")
    table = [line.split("|") for line in page.splitlines() if line.startswith("|")]
    rows = {line[1].strip(): line[2:-1] for line in table}

    assert [cell.strip(" *") for cell in rows["**total**"]] == [TOTALS[one] for one in "ABCD"]
    assert [cell.rpartition(" ")[0].rpartition(" ")[2] for cell in rows["data"]] == [
        BY_HAND[one][Fact.DATA_READINESS] for one in "ABCD"
    ]


def test_every_dataset_says_what_was_promised_and_what_was_measured() -> None:
    """In words and figures, also that nothing was measured; the digests do not feel the words."""
    proposals = the_proposals()
    plain = ranked(proposals)
    told = readiness.explained(plain, proposals, on=TODAY)
    a, b, c, *_ = told.standings

    assert "承诺得 70 分(满分 70);实测得 25.25 分(满分 30)" in a.explanation.zh[-2]
    assert "完整率 82.5%,标注率 70%,最新日期 2025-04-01" in a.explanation.zh[-2]
    for line in (a.explanation.en[-1], b.explanation.en[-1]):
        assert "nothing measured: 0 of 30" in line
    assert "没有已封存或已发布并完成剖析的数据,实测得 0 分" in b.explanation.zh[-1]
    assert "45 of 70" in c.explanation.en[-1]
    assert "27 of 30 for what was measured: 90 % of values" in c.explanation.en[-1]
    assert told.digest() == plain.digest()
    assert told.excluded == plain.excluded


def test_equal_proposals_stand_in_the_order_of_filing_and_say_so() -> None:
    """D and E are equal in everything; D came a day earlier."""
    *_, earlier, later = ranked(the_proposals()).standings

    assert (earlier.bid_id, later.bid_id) == ("D", "E")
    assert earlier.tie_broken_by == "earlier_receipt"
    assert "先递交者优先" in earlier.explanation.zh[0]
    assert "earlier receipt first" in earlier.explanation.en[0]


def test_a_draft_is_listed_and_not_ranked() -> None:
    """What still lies with its poster takes no place from anybody, and the reason is told."""
    (out,) = ranked(the_proposals()).excluded

    assert (out.bid_id, out.reason) == ("F", "not_submitted")
    assert out.explanation.zh == ("未参与排名:尚未提交。",)


@settings(deadline=None, max_examples=25)
@given(st.randoms(use_true_random=False))
def test_the_order_of_proposals_changes_nothing(chance: random.Random) -> None:
    """Same proposals, same bytes: sheet, standings and both digests."""
    turned = the_proposals()
    chance.shuffle(turned)
    one, other = ranked(the_proposals()), ranked(turned)

    assert one.digest() == other.digest()
    assert one.sheet_digest == other.sheet_digest
    assert one.to_document() == other.to_document()


def test_a_round_is_verified_offline_and_a_forged_one_is_not() -> None:
    """The command that verifies rankings of bids reads a round of proposals as it is."""
    sheet = readiness.sheet(
        the_proposals(),
        the_scheme(),
        solicitation_number="NS-2026-Z1",
        round_number=1,
        published=PUBLISHED,
        on=TODAY,
        code_version="test",
    )
    document: Any = verification.bundle(sheet)
    assert verification.verify(document).equal

    document["sheet"]["bids"][0]["formula_values"]["end_users"] = "500"
    found = verification.verify(document)
    assert not found.equal
    assert found.first_difference is not None


@pytest.mark.parametrize(
    "change",
    [
        {"domains": []},
        {"domains": ["a", "a"]},
        {"calls_per_year": True},
        {"calls_per_year": 4},
        {"criteria": []},
        {"tie_breaks": ["witnessed_draw"]},
        {"tie_breaks": ["lower_evaluated_price"]},
        {"unverified": None},
        {"version": "1"},
    ],
)
def test_a_scheme_that_cannot_rank_is_refused(change: dict[str, Any]) -> None:
    """Half a scheme is none: it is refused when loaded, not when proposals wait."""
    with pytest.raises(SchemeMalformed):
        scheme_from(dict(the_scheme().document) | change)


def test_a_scheme_weighs_only_facts_that_are_computed() -> None:
    """A criterion nobody computes would rank everybody alike."""
    criteria = [dict(one) for one in the_scheme().document["criteria"]]
    criteria[0]["code"] = "fame"

    with pytest.raises(SchemeMalformed):
        scheme_from(dict(the_scheme().document) | {"criteria": criteria})
