"""Amounts in words (大写): whole fen to formal Chinese and back, with no reading that is a guess.

A text is read by its digits and units, and then compared with every spelling that the amount may
have.  So a text is either one of those or refused: there is no second way to understand it.

Source   支付结算办法 (银发〔1997〕393号), annex 1: 整 after 元, optional after 角, never after 分;
         one 零 for a run of noughts, which in some places may be left out.
"""

import itertools
import re
from collections.abc import Iterator
from typing import Final

from marketplace.bids.errors.offers import AmountUnreadable
from marketplace.kit.money import FEN_MAX

CURRENCY: Final = "人民币"
DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
COLONS: Final = ":\uff1a "
"""What may stand between the currency and the amount: a colon of either width, or a blank."""
TEXT_MAX: Final = 64
"""No spelling of an amount up to FEN_MAX is longer."""

_PLACES: Final = ("仟", "佰", "拾", "")
_TEN_THOUSAND: Final = 10_000
_OPTIONAL: Final = "?"
"""Stands in a draft where a 零 may be written or left out."""

_D: Final = "[" + DIGITS[1:] + "]"
_AMOUNT: Final = re.compile(rf"(?:(?P<yuan>.+)元)?(?:(?P<jiao>{_D})角)?(?:(?P<fen>{_D})分)?")
_GROUP: Final = re.compile("".join(rf"(?:({_D}){place})?" for place in _PLACES))


def write_amount(amount_fen: int) -> str:
    """Write an amount in words, in the one form that the platform uses.

    Refuses  ValueError below zero or above FEN_MAX.

    >>> write_amount(123456789)
    '人民币壹佰贰拾叁万肆仟伍佰陆拾柒元捌角玖分'
    >>> write_amount(10_700_053), write_amount(168_032)
    ('人民币壹拾万零柒仟元零伍角叁分', '人民币壹仟陆佰捌拾元零叁角贰分')
    >>> write_amount(100_000_001_00), write_amount(0), write_amount(50)
    ('人民币壹亿零壹元整', '人民币零元整', '人民币伍角整')
    """
    if not 0 <= amount_fen <= FEN_MAX:
        raise ValueError("no amount of this trade")
    ending = "" if amount_fen % 10 else "整"
    return CURRENCY + _draft(amount_fen).replace(_OPTIONAL, DIGITS[0]) + ending


def read_amount(text: str) -> int:
    """Read an amount in words.

    Shape    with or without 人民币 in front; 圆 for 元 and 正 for 整 are the same; blanks at the
             ends and a colon after 人民币 do not count.
    Refuses  AmountUnreadable for whatever is not a spelling of exactly one amount.

    >>> read_amount("人民币壹佰贰拾叁万肆仟伍佰陆拾柒元捌角玖分")
    123456789
    >>> read_amount("壹拾万柒仟圆伍角叁分"), read_amount("壹仟元正")
    (10700053, 100000)
    """
    if len(text) > TEXT_MAX:
        raise AmountUnreadable(received=text[:TEXT_MAX])
    plain = text.strip().removeprefix(CURRENCY).lstrip(COLONS)
    plain = plain.replace("圆", "元").replace("正", "整")
    amount_fen = 0 if plain in {"零元", "零元整"} else _value(plain)
    if amount_fen is None or amount_fen > FEN_MAX or plain not in set(_spellings(amount_fen)):
        raise AmountUnreadable(received=text)
    return amount_fen


def _value(plain: str) -> int | None:
    """Add up digits and units, whatever noughts are written."""
    found = _AMOUNT.fullmatch(plain.removesuffix("整").replace(DIGITS[0], ""))
    if found is None or not any(found.groups()):
        return None
    yuan = 0 if found["yuan"] is None else _yuan(found["yuan"])
    if yuan is None:
        return None
    jiao, fen = (
        0 if found[name] is None else DIGITS.index(found[name]) for name in ("jiao", "fen")
    )
    return yuan * 100 + jiao * 10 + fen


def _yuan(text: str) -> int | None:
    high, above, low = text.rpartition("亿")
    parts = [_below_a_hundred_million(one) for one in ((high, low) if above else (low,))]
    total = 0
    for part in parts:
        if part is None:
            return None
        total = total * _TEN_THOUSAND**2 + part
    return total


def _below_a_hundred_million(text: str) -> int | None:
    total = 0
    high, above, low = text.rpartition("万")
    for part in (high, low) if above else (low,):
        found = _GROUP.fullmatch(part)
        if found is None:
            return None
        digits = [0 if one is None else DIGITS.index(one) for one in found.groups()]
        total = total * _TEN_THOUSAND + int("".join(map(str, digits)))
    return total


def _spellings(amount_fen: int) -> Iterator[str]:
    """Write an amount in every way that may be written."""
    parts = _draft(amount_fen).split(_OPTIONAL)
    endings = ("",) if amount_fen % 10 else ("整", "")
    for zeros in itertools.product((DIGITS[0], ""), repeat=len(parts) - 1):
        text = parts[0] + "".join(map("".join, zip(zeros, parts[1:], strict=True)))
        for ending in endings:
            yield text + ending


def _draft(amount_fen: int) -> str:
    """Write digits and units, with a mark where a 零 may be left out."""
    yuan, rest = divmod(amount_fen, 100)
    jiao, fen = divmod(rest, 10)
    text = f"{_draft_of_yuan(yuan)}元" if yuan or not rest else ""
    if jiao:
        # 107,000.53 is written with or without 零 before 伍角, as its last yuan digit is 0.
        text += (_OPTIONAL if yuan and yuan % 10 == 0 else "") + f"{DIGITS[jiao]}角"
    if fen:
        text += (DIGITS[0] if yuan and not jiao else "") + f"{DIGITS[fen]}分"
    return text


def _draft_of_yuan(yuan: int) -> str:
    if yuan == 0:
        return DIGITS[0]
    high, low = divmod(yuan, _TEN_THOUSAND**2)
    if high == 0:
        return _joined(*divmod(low, _TEN_THOUSAND), unit="万")
    text = _draft_of_yuan(high) + "亿"
    if low == 0:
        return text
    return text + _gap(high, low, size=8) + _draft_of_yuan(low)


def _joined(high: int, low: int, *, unit: str) -> str:
    if high == 0:
        return _group(low)
    text = _group(high) + unit
    return text if low == 0 else text + _gap(high, low, size=4) + _group(low)


def _gap(high: int, low: int, *, size: int) -> str:
    """Say whether a 零 stands between two groups: it must where noughts lead the lower one."""
    if low >= 10 ** (size - 1):
        return _OPTIONAL if high % 10 == 0 else ""
    # 壹亿捌仟元: no 万 is named at all, so nothing is lost where a 零 is left out.
    nothing_between = size > 4 and 1_000 <= low < _TEN_THOUSAND
    return _OPTIONAL if nothing_between else DIGITS[0]


def _group(number: int) -> str:
    """Write a number below ten thousand."""
    digits = f"{number:04d}"
    text, gap = "", False
    for digit, place in zip(digits, _PLACES, strict=True):
        if digit == "0":
            gap = bool(text)
            continue
        text += (DIGITS[0] if gap else "") + DIGITS[int(digit)] + place
        gap = False
    return text
