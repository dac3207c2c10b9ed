"""What was sealed, read as an offer: nothing of it was seen before the opening.

An offer that the platform sealed was checked on arrival.  One that the bidder's own client sealed
is met for the first time when everything is opened, so it is read here field by field, within the
same bounds as the door has, and a fault is a reason and not an accident.
"""

import dataclasses
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, NoReturn

from marketplace.bids.errors.sealing import OfferUnreadable
from marketplace.bids.rules.offer import LATER, Deduction, Offer
from marketplace.kit.money import FEN_MAX
from marketplace.scenarios.rules.yardstick import plain_number

SALT_LENGTH_MAX: Final = 128
SUMMARY_LENGTH_MAX: Final = 20_000
FIGURES_MAX: Final = 50
DEDUCTIONS_MAX: Final = 5
DECLARATIONS_MAX: Final = 20
BPS_MAX: Final = 10_000
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_FIELDS: Final = frozenset(
    {"quote_fen", "deductions", "figures", "declarations", "summary", *LATER}
)


class SealedBy(StrEnum):
    """Where an offer was sealed."""

    PLATFORM = "platform"
    BIDDER = "bidder"


def offer_sealed(document: Any) -> Offer:
    """Read what an envelope held: an offer beside its salt, and perhaps a manifest of documents.

    Refuses  OfferUnreadable with the place of the first fault.
    """
    if not isinstance(document, dict) or set(document) - {"documents"} != {"offer", "salt"}:
        _refuse("")
    salt = document["salt"]
    if not isinstance(salt, str) or not 0 < len(salt) <= SALT_LENGTH_MAX:
        _refuse("/salt")
    offer = document["offer"]
    if not isinstance(offer, dict) or not set(offer) <= _FIELDS:
        _refuse("/offer")
    # These parts have their bounds in their types.
    rest = Offer.from_document({name: offer[name] for name in LATER if name in offer})
    return dataclasses.replace(
        rest,
        quote_fen=_quote(offer.get("quote_fen")),
        deductions=_deductions(offer.get("deductions", [])),
        figures=_figures(offer.get("figures", {})),
        declarations=_declarations(offer.get("declarations", [])),
        summary=_summary(offer.get("summary", "")),
    )


def _quote(value: Any) -> int | None:
    if value is not None and not (_is_whole(value) and 0 <= value <= FEN_MAX):
        _refuse("/offer/quote_fen")
    quote: int | None = value
    return quote


def _deductions(value: Any) -> tuple[Deduction, ...]:
    if not isinstance(value, list) or len(value) > DEDUCTIONS_MAX:
        _refuse("/offer/deductions")
    for one in value:
        fits = isinstance(one, dict) and set(one) == {"policy", "bps"}
        if not (
            fits
            and _is_code(one["policy"])
            and _is_whole(one["bps"])
            and 0 <= one["bps"] <= BPS_MAX
        ):
            _refuse("/offer/deductions")
    return tuple(Deduction(policy=one["policy"], bps=one["bps"]) for one in value)


def _figures(value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict) or len(value) > FIGURES_MAX:
        _refuse("/offer/figures")
    figures = {}
    for code, text in value.items():
        number = plain_number(text) if isinstance(text, str) else None
        if not _is_code(code) or number is None:
            _refuse("/offer/figures")
        figures[code] = format(number, "f")
    return figures


def _declarations(value: Any) -> frozenset[str]:
    if not isinstance(value, list) or len(value) > DECLARATIONS_MAX:
        _refuse("/offer/declarations")
    if not all(_is_code(one) for one in value):
        _refuse("/offer/declarations")
    return frozenset(value)


def _summary(value: Any) -> str:
    if not isinstance(value, str) or len(value) > SUMMARY_LENGTH_MAX or _UNSTORABLE.search(value):
        _refuse("/offer/summary")
    return str(value)


def _is_whole(value: Any) -> bool:
    # A bool is an int in Python, and no amount of money.
    return type(value) is int


def _is_code(value: Any) -> bool:
    return isinstance(value, str) and _CODE.fullmatch(value) is not None


def _refuse(place: str) -> NoReturn:
    raise OfferUnreadable(at=place)
