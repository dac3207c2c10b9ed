"""What the bids of one call have in common that independent bidders would not: pure, from frozen
facts, each with its evidence in words.

Source   政府采购法实施条例 74 (collusion); 财政部令第87号 37 (signs of it; both unverified): the
         same people or contacts, the same makers of files, regular prices, mixed documents, bonds
         from one account.
A signal is a question to people.  Its strength says how hard it is to explain otherwise.
"""

import itertools
import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final

from marketplace.kit.digests import digest_of
from marketplace.signals.rules import prices, wording
from marketplace.signals.rules.facts import BidFacts, FileFacts
from marketplace.signals.rules.prices import Pattern

RULES_VERSION: Final = 1
LINES_MIN: Final = 5
"""Price sheets with fewer lines in common say nothing by them."""
PASSAGE_MIN: Final = 40
"""Characters of a sentence that two authors do not write by chance."""
COMMON_NAMES: Final = frozenset(
    {
        *("administrator", "admin", "user", "owner", "author", "unknown", "pc", "lenovo", "dell"),
        *("hp", "asus", "windows user", "microsoft office user", "openpyxl", "python-docx"),
        *("apache poi", "wps office", "wps_1", "微软用户", "微软中国", "用户", "个人用户"),
        *("管理员", "china", "microsoft", "anonymous", "root", "未知"),
    }
)
"""Authors that a program writes into its files, not a person."""
COMMON_TIMES: Final = frozenset({"2013-12-23T23:15:00Z", "1980-01-01T00:00:00Z"})
"""Times of making that a program has as its default."""
_NUMBER: Final = re.compile(r"(.*?)(\d{1,18})(\D*)")


class Kind(StrEnum):
    """What two bids have in common."""

    PHONE = "same_phone"
    EMAIL = "same_email"
    CONTACT = "same_contact"
    PERSON = "same_person"
    MEMBER = "same_member"
    ADDRESS = "same_address"
    BANK_ACCOUNT = "same_bank_account"
    FILE = "same_file"
    FILE_AUTHOR = "same_file_author"
    FILE_ORIGIN = "same_file_origin"
    FILE_TIME = "same_file_time"
    FILE_OF_OTHER = "file_names_other_bidder"
    BOND = "same_bond"
    BOND_NUMBERS = "consecutive_bonds"
    QUOTE_EQUAL = "equal_quotes"
    QUOTE_STEPS = "regular_price_steps"
    QUOTE_RATIOS = "regular_price_ratios"
    LINES = "proportional_lines"
    PASSAGE = "same_passage"


class Strength(StrEnum):
    """How hard it is to explain without collusion."""

    STRONG = "strong"
    MEDIUM = "medium"
    WEAK = "weak"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One thing in common, and the words in which it is put to people."""

    kind: Kind
    strength: Strength
    bids: tuple[str, ...]
    evidence: Mapping[str, Any]

    @property
    def key(self) -> str:
        """Name the signal so that the same one is recognised when it is found again."""
        return digest_of(
            {"kind": self.kind.value, "bids": sorted(self.bids), "evidence": dict(self.evidence)}
        )

    @property
    def words(self) -> dict[str, str]:
        """Put the signal in Chinese and English."""
        return wording.words(self.kind.value, self.evidence)


def signals(
    bids: Sequence[BidFacts], *, ceiling_fen: int | None = None, published: str = ""
) -> tuple[Signal, ...]:
    """Find everything that bids of one call have in common and should not.

    Shape    `published` is what the call itself says: whoever quotes it quotes no competitor.  The
             order of `bids` does not matter.

    >>> pair = [BidFacts(bid="a", phone="0755 1234567"), BidFacts(bid="b", phone="+86 755 1234567")]
    >>> [(one.kind.value, one.bids, one.evidence["shared"]) for one in signals(pair)]
    [('same_phone', ('a', 'b'), '755****4567')]
    """
    ordered = sorted(bids, key=lambda one: one.bid)
    found = [
        *_contacts(ordered),
        *_people(ordered),
        *_files(ordered),
        *_bonds(ordered),
        *_quotes(ordered, ceiling_fen),
        *_lines(ordered),
        *_passages(ordered, published),
    ]
    return tuple(sorted(found, key=lambda one: (one.kind.value, one.bids, one.key)))


def _shared(
    bids: Sequence[BidFacts], value: Callable[[BidFacts], Hashable | None]
) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Group bids by a value that two or more of them have."""
    groups: dict[Any, list[str]] = {}
    for one in bids:
        found = value(one)
        if found is not None:
            groups.setdefault(found, []).append(one.bid)
    return ((found, tuple(names)) for found, names in groups.items() if len(names) > 1)


def _contacts(bids: Sequence[BidFacts]) -> Iterator[Signal]:
    for phone, names in _shared(bids, lambda one: digits_of(one.phone)):
        yield _signal(Kind.PHONE, Strength.STRONG, names, shared=masked(phone))
    for email, names in _shared(bids, lambda one: (one.email or "").strip().lower() or None):
        yield _signal(Kind.EMAIL, Strength.STRONG, names, shared=masked(email))
    for contact, names in _shared(bids, lambda one: " ".join((one.contact or "").split()) or None):
        yield _signal(Kind.CONTACT, Strength.WEAK, names, shared=contact)
    for _, names in _shared(bids, lambda one: one.bank_account):
        yield _signal(Kind.BANK_ACCOUNT, Strength.STRONG, names)
    for _, names in _shared(bids, lambda one: one.address):
        yield _signal(Kind.ADDRESS, Strength.MEDIUM, names)


def _people(bids: Sequence[BidFacts]) -> Iterator[Signal]:
    """The same hands on two bids are worse than somebody who belongs to both bidders."""
    for one, other in itertools.combinations(bids, 2):
        hands = one.people & other.people
        if hands:
            yield _signal(Kind.PERSON, Strength.STRONG, (one.bid, other.bid), people=sorted(hands))
        both = (one.members & other.members) - hands
        if both:
            yield _signal(Kind.MEMBER, Strength.MEDIUM, (one.bid, other.bid), people=sorted(both))


def _files(bids: Sequence[BidFacts]) -> Iterator[Signal]:
    everybody = len(bids)
    for sha256, names in _shared_by_file(bids, lambda file: file.sha256):
        # What every one of many has is more likely a form that was handed out.
        form = everybody > 2 and len(names) == everybody
        strength = Strength.WEAK if form else Strength.STRONG
        yield _signal(Kind.FILE, strength, names, sha256=sha256, everybody=form)
    for name in ("author", "last_modified_by", "company"):
        for text, names in _shared_by_file(bids, partial(_telling, name)):
            yield _signal(Kind.FILE_AUTHOR, Strength.MEDIUM, names, property=name, shared=text)
    for name in ("made_from", "file_id"):
        for text, names in _shared_by_file(bids, partial(_property, name)):
            form = everybody > 2 and len(names) == everybody
            strength = Strength.WEAK if form else Strength.MEDIUM
            yield _signal(Kind.FILE_ORIGIN, strength, names, property=name, shared=text)
    for text, names in _shared_by_file(bids, _moment):
        yield _signal(Kind.FILE_TIME, Strength.MEDIUM, names, shared=text)
    yield from _mixed(bids)


def _shared_by_file(
    bids: Sequence[BidFacts], value: Callable[[FileFacts], str | None]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Group bids by a value that files of two or more of them have."""
    groups: dict[str, list[str]] = {}
    for one in bids:
        for found in sorted({text for file in one.files if (text := value(file))}):
            groups.setdefault(found, []).append(one.bid)
    return ((found, tuple(names)) for found, names in sorted(groups.items()) if len(names) > 1)


def _property(name: str, file: FileFacts) -> str | None:
    return file.properties.get(name)


def _telling(name: str, file: FileFacts) -> str | None:
    text = " ".join(file.properties.get(name, "").split())
    return None if len(text) < 2 or text.lower() in COMMON_NAMES else text


def _moment(file: FileFacts) -> str | None:
    found = file.properties.get("created")
    return None if found in COMMON_TIMES else found


def _mixed(bids: Sequence[BidFacts]) -> Iterator[Signal]:
    """A file that names another bidder as its maker got into the wrong envelope."""
    for one, other in itertools.permutations(bids, 2):
        for file, name in itertools.product(one.files, ("author", "last_modified_by", "company")):
            text = _telling(name, file)
            if text is not None and text in other.names and text not in one.names:
                yield _signal(
                    Kind.FILE_OF_OTHER,
                    Strength.STRONG,
                    (one.bid, other.bid),
                    document=file.document,
                    property=name,
                    shared=text,
                )


def _bonds(bids: Sequence[BidFacts]) -> Iterator[Signal]:
    for (issuer, number), names in _shared(bids, lambda one: one.bond):
        yield _signal(Kind.BOND, Strength.STRONG, names, issuer=issuer, number=number)
    with_bond = [one for one in bids if one.bond is not None]
    for one, other in itertools.combinations(with_bond, 2):
        assert one.bond is not None
        assert other.bond is not None
        if one.bond[0] == other.bond[0] and _apart(one.bond[1], other.bond[1]) == 1:
            numbers = sorted((one.bond[1], other.bond[1]))
            yield _signal(
                Kind.BOND_NUMBERS,
                Strength.MEDIUM,
                (one.bid, other.bid),
                issuer=one.bond[0],
                numbers=numbers,
            )


def _apart(one: str, other: str) -> int | None:
    """Tell how far two numbers are apart that differ in their last digits only."""
    first, second = _NUMBER.fullmatch(one), _NUMBER.fullmatch(other)
    if first is None or second is None:
        return None
    if (first[1], first[3], len(first[2])) != (second[1], second[3], len(second[2])):
        return None
    return abs(int(first[2]) - int(second[2]))


_OF_PATTERN: Final = {
    Pattern.EQUAL: Kind.QUOTE_EQUAL,
    Pattern.STEPS: Kind.QUOTE_STEPS,
    Pattern.RATIOS: Kind.QUOTE_RATIOS,
}


def _quotes(bids: Sequence[BidFacts], ceiling_fen: int | None) -> Iterator[Signal]:
    quotes = {one.bid: one.quote_fen for one in bids if one.quote_fen is not None}
    for found in prices.patterns(quotes, ceiling_fen=ceiling_fen):
        yield _signal(
            _OF_PATTERN[found.pattern],
            Strength.MEDIUM,
            found.bids,
            quotes_fen=list(found.quotes_fen),
            grain_fen=found.grain_fen,
            once_in=int(1 / found.chance),
        )


def _lines(bids: Sequence[BidFacts]) -> Iterator[Signal]:
    """Every common line of two price sheets in one ratio: one sheet was made from the other."""
    for one, other in itertools.combinations(bids, 2):
        common = sorted(one.lines.keys() & other.lines.keys())
        first, second = [one.lines[name] for name in common], [other.lines[name] for name in common]
        if len(set(zip(first, second, strict=True))) < LINES_MIN or min(first + second) <= 0:
            continue
        total_first, total_second = sum(first), sum(second)
        # Each price is rounded to a fen: in one ratio means within that.
        if all(
            abs(a * total_second - b * total_first) <= total_first + total_second
            for a, b in zip(first, second, strict=True)
        ):
            yield _signal(
                Kind.LINES,
                Strength.STRONG,
                (one.bid, other.bid),
                lines=len(common),
                ratio=[total_first, total_second],
            )


def _passages(bids: Sequence[BidFacts], published: str) -> Iterator[Signal]:
    known = _plain(published)
    groups: dict[str, list[str]] = {}
    for one in bids:
        for passage in sorted(set(_sentences(one.text))):
            if passage not in known:
                groups.setdefault(passage, []).append(one.bid)
    shared: dict[tuple[str, ...], list[str]] = {}
    for passage, authors in groups.items():
        if len(authors) > 1:
            shared.setdefault(tuple(authors), []).append(passage)
    for names, passages in shared.items():
        longest = max(passages, key=len)[:200]
        yield _signal(Kind.PASSAGE, Strength.MEDIUM, names, passages=len(passages), shared=longest)


def _sentences(text: str) -> Iterator[str]:
    for sentence in re.split(r"[。!?!?;;\n]|\. ", text):
        plain = _plain(sentence)
        if len(plain) >= PASSAGE_MIN:
            yield plain


def _plain(text: str) -> str:
    return "".join(text.split())


def _signal(kind: Kind, strength: Strength, bids: tuple[str, ...], **evidence: Any) -> Signal:
    return Signal(kind=kind, strength=strength, bids=bids, evidence=evidence)


def digits_of(phone: str | None) -> str | None:
    """Write a telephone number in one form: its digits without country code and trunk prefix.

    >>> digits_of("+86 755 123-4567"), digits_of("(0755) 1234567")
    ('7551234567', '7551234567')
    """
    digits = "".join(char for char in phone or "" if char.isdigit())
    if (phone or "").strip().startswith(("+86", "0086")):
        digits = digits.removeprefix("00").removeprefix("86")
    digits = digits.lstrip("0")
    return digits if len(digits) >= 7 else None


def masked(text: str) -> str:
    """Show enough of a contact to recognise it, and no more.

    >>> masked("13800138000"), masked("li@example.cn")
    ('138****8000', 'l***@example.cn')
    """
    name, at, domain = text.partition("@")
    return f"{name[:1]}***@{domain}" if at else f"{text[:3]}****{text[-4:]}"
