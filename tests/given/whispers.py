"""Texts and amounts that occur nowhere else, one for every place in which a bidder can write.

Every text holds the same rare words, so one search finds whichever of them lies where it must not.
"""

from collections.abc import Mapping
from typing import Any, Final

from marketplace.bids.rules.amounts import write_amount
from marketplace.bids.rules.consortia import AGREEMENT
from tests.given.bids import an_offer_body

NEEDLE: Final = "蓝鲸灯塔"
"""In every text that is whispered; in no seed, name or message of the platform."""
AMOUNTS: Final = range(730_651_948_011, 730_651_948_071)
"""All amounts begin with the same digits, so one search finds whichever is written where it must
not be.
"""
BOND_FEN: Final = 100_00
REQUIREMENTS: Final = {
    "price_sheet": True,
    "consortium_members_max": 2,
    "subcontract_max_bps": 4_000,
}


def text(place: str) -> str:
    """What is whispered in one place."""
    return f"{NEEDLE}{place}"


def amounts(seed: int) -> dict[str, int]:
    """Amounts of one offer, all of them in `AMOUNTS`; two seeds have none in common."""
    names = ("quote", "total", "words", "unit price", "line total", "bond")
    start = AMOUNTS.start + seed * len(names)
    return {name: start + at for at, name in enumerate(names)}


def an_offer(place: str, seed: int, *, member_id: str | None = None) -> dict[str, Any]:
    """An offer with a whisper in every field that takes one; its prices contradict each other."""
    fen = amounts(seed)
    whole: dict[str, Any] = {
        "quote_fen": fen["quote"],
        "summary": text(f"{place}摘要"),
        "statements": [
            {"code": "interest", "text_version": 1, "named": [text(f"{place}披露")]},
        ],
        "price_sheet": {
            "total_fen": fen["total"],
            "total_words": write_amount(fen["words"]),
            "lines": [
                {
                    "item": {"zh": text(f"{place}分项"), "en": text(f"{place}分项")},
                    "unit": text(f"{place}单位"),
                    "quantity": "3",
                    "unit_price_fen": fen["unit price"],
                    "line_total_fen": fen["line total"],
                }
            ],
        },
        "subcontracts": [
            {
                "subject": text(f"{place}分包"),
                "share_bps": 1_000,
                "small_or_micro": True,
                "to": text(f"{place}分包单位"),
            }
        ],
        "bond": {
            "kind": "guarantee_company",
            "issuer": text(f"{place}出具人"),
            "number": text(f"{place}保函号"),
            "amount_fen": fen["bond"],
            "valid_until": "2027-01-01",
        },
    }
    if member_id is not None:
        whole["consortium"] = {
            "lead_share_bps": 7_000,
            "agreement": AGREEMENT,
            "members": [
                {
                    "organization_id": member_id,
                    "share_bps": 3_000,
                    "part": text(f"{place}成员分工"),
                }
            ],
        }
    return an_offer_body(**whole)


def whispered(offer: Mapping[str, Any]) -> dict[str, str]:
    """Every text of an offer that holds the rare words, by itself."""
    found: dict[str, str] = {}

    def walk(value: Any) -> None:
        if isinstance(value, str) and NEEDLE in value:
            found[value] = value
        elif isinstance(value, Mapping):
            for one in value.values():
                walk(one)
        elif isinstance(value, list):
            for one in value:
                walk(one)

    walk(offer)
    return found
