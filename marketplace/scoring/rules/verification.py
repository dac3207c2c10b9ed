"""Check a published ranking offline: recompute the standings from the sheet, or show what differs.

What the check proves: the sheet in the file has the digest stated, and gives exactly the standings
stated.  What it cannot prove: that this sheet is the one that was used.  For that, compare the
sheet digest with the one announced elsewhere, such as in the event of the round.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from marketplace.kit import digests
from marketplace.kit.errors import MarketplaceError
from marketplace.scoring.errors.rounds import DocumentUnreadable
from marketplace.scoring.rules.certainty.statement import state
from marketplace.scoring.rules.documents import Fields, escaped, refuse, shown
from marketplace.scoring.rules.ranking import Ranking, rank
from marketplace.scoring.rules.sheet import ScoreSheet

BUNDLE_FIELDS: Final = ("sheet", "sheet_digest", "standings", "standings_digest")
CERTAINTY_FIELDS: Final = ("sensitivity", "sensitivity_digest", "panel", "panel_digest")
WORDS_FIELDS: Final = ("explanations", "explanations_digest")
"""Carried by an export and checked where they are there."""
BYTES_MAX: Final = 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Whether a published ranking follows from its sheet, and if not, where it first differs."""

    equal: bool
    first_difference: str | None
    """A JSON pointer with both values: what the document says, and what was computed."""
    sheet_digest: str | None
    """As computed here; None where the sheet could not be read."""
    standings_digest: str | None
    """As computed here; None where the sheet gives no ranking."""
    sensitivity_digest: str | None = None
    """As computed here; None where the document says nothing about certainty."""


def bundle(sheet: ScoreSheet) -> dict[str, object]:
    """Rank a sheet and put sheet, standings and both digests into the one document for `verify`."""
    ranking = rank(sheet)
    return {
        "sheet": sheet.to_document(),
        "sheet_digest": ranking.sheet_digest,
        "standings": ranking.to_document(),
        "standings_digest": ranking.digest(),
    }


def export(sheet: ScoreSheet) -> dict[str, object]:
    """Put everything about a round into one document: the bundle, its certainty and its words."""
    ranking = rank(sheet)
    stated = state(sheet, ranking)
    words = ranking.explanations_document()
    return bundle(sheet) | {
        "sensitivity": stated.sensitivity,
        "sensitivity_digest": stated.sensitivity_digest,
        "panel": stated.panel,
        "panel_digest": stated.panel_digest,
        "explanations": words,
        "explanations_digest": digests.digest_of(words),
    }


def parse(data: bytes) -> dict[str, object]:
    """Read the bytes of a bundle strictly.

    Refuses  DocumentUnreadable for anything but UTF-8 JSON with an object at the top, and for what
             JSON readers disagree about: a key twice in one object, NaN, infinities, huge numbers.
    """
    if len(data) > BYTES_MAX:
        raise DocumentUnreadable(pointer="/", expected=f"at most {BYTES_MAX} bytes")
    try:
        value = json.loads(
            data.decode("utf-8-sig"),
            object_pairs_hook=_without_repeats,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError) as broken:
        raise DocumentUnreadable(pointer="/", expected="JSON in UTF-8") from broken
    if not isinstance(value, dict):
        refuse("/", expected="an object", found=value)
    return value


def verify(document: Mapping[str, object]) -> Verification:
    """Recompute the standings of a bundle from its sheet and compare everything.

    Shape    never raises a refusal for a document, however broken: what cannot be read or ranked is
             a difference too, and is told as one.
    """
    found = _Found()
    try:
        difference = _first_difference(document, found)
    except MarketplaceError as refusal:
        facts = ", ".join(f"{name}={shown(value)}" for name, value in refusal.facts.items())
        pointer = refusal.facts.get("pointer")
        where = pointer if isinstance(pointer, str) else "/sheet"
        difference = f"{where}: {refusal.code} ({facts})"
    return Verification(
        equal=difference is None,
        first_difference=difference,
        sheet_digest=found.sheet_digest,
        standings_digest=found.standings_digest,
        sensitivity_digest=found.sensitivity_digest,
    )


@dataclass(slots=True)
class _Found:
    """The digests computed so far, so that a later refusal does not lose them."""

    sheet_digest: str | None = None
    standings_digest: str | None = None
    sensitivity_digest: str | None = None


def _first_difference(document: Mapping[str, object], found: _Found) -> str | None:
    told = [name for name in (*CERTAINTY_FIELDS, *WORDS_FIELDS) if name in document]
    fields = Fields(document, pointer="", known=(*BUNDLE_FIELDS, *told))
    sheet = ScoreSheet.from_document(fields.raw("sheet"), pointer="/sheet")
    sheet_document = sheet.to_document()
    found.sheet_digest = digests.digest_of(sheet_document)
    ranking = rank(sheet)
    standings_document = ranking.to_document()
    found.standings_digest = digests.digest_of(standings_document)
    return (
        compare(fields.raw("sheet"), sheet_document, pointer="/sheet")
        or compare(fields.raw("sheet_digest"), found.sheet_digest, pointer="/sheet_digest")
        or compare(fields.raw("standings"), standings_document, pointer="/standings")
        or compare(
            fields.raw("standings_digest"), found.standings_digest, pointer="/standings_digest"
        )
        or _certainty_difference(fields, told, sheet, ranking, found)
        or _words_difference(fields, told)
    )


def _certainty_difference(
    fields: Fields, told: list[str], sheet: ScoreSheet, ranking: Ranking, found: _Found
) -> str | None:
    """Compute what is said about certainty again, where anything is said about it."""
    parts = [name for name in ("sensitivity", "panel") if {name, f"{name}_digest"} & set(told)]
    if not parts:
        return None
    stated = state(sheet, ranking)
    found.sensitivity_digest = stated.sensitivity_digest
    computed: dict[str, tuple[object, str]] = {
        "sensitivity": (stated.sensitivity, stated.sensitivity_digest),
        "panel": (stated.panel, stated.panel_digest),
    }
    for name in parts:
        document, digest = computed[name]
        for key, value in ((name, document), (f"{name}_digest", digest)):
            if key not in told:
                return f"/{key}: the document says nothing, computed is {shown(value)}"
            difference = compare(fields.raw(key), value, pointer=f"/{key}")
            if difference is not None:
                return difference
    return None


def _words_difference(fields: Fields, told: list[str]) -> str | None:
    """Hold words against their own digest only: a later version may put them better."""
    if not set(WORDS_FIELDS) & set(told):
        return None
    for name in WORDS_FIELDS:
        if name not in told:
            return f"/{name}: the document says nothing"
    words = fields.raw("explanations")
    try:
        computed = digests.digest_of(words)
    except (digests.NotCanonical, RecursionError):
        return f"/explanations: the document says {shown(words)}, which has no canonical form"
    return compare(fields.raw("explanations_digest"), computed, pointer="/explanations_digest")


def compare(stated: object, computed: object, *, pointer: str) -> str | None:
    """Find the first place where two JSON values differ; None where they are the same.

    Shape    keys in the order of their texts; true is not 1 and 1.0 is not 1.  Descends only where
             the computed value does, so a document nested without end costs nothing.
    """
    if isinstance(computed, dict) and isinstance(stated, dict):
        for key in sorted({*computed, *stated}, key=str):
            at = f"{pointer}/{escaped(str(key))}"
            if key not in computed:
                return f"{at}: the document says {shown(stated[key])}, computed is nothing"
            if key not in stated:
                return f"{at}: the document says nothing, computed is {shown(computed[key])}"
            difference = compare(stated[key], computed[key], pointer=at)
            if difference is not None:
                return difference
        return None
    if isinstance(computed, list) and isinstance(stated, list):
        for index, (left, right) in enumerate(zip(stated, computed, strict=False)):
            difference = compare(left, right, pointer=f"{pointer}/{index}")
            if difference is not None:
                return difference
        if len(stated) == len(computed):
            return None
    elif type(stated) is type(computed) and stated == computed:
        return None
    return f"{pointer}: the document says {shown(stated)}, computed is {shown(computed)}"


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    read: dict[str, object] = {}
    for key, value in pairs:
        if key in read:
            refuse("/", expected="every key once in an object", found=key)
        read[key] = value
    return read


def _refuse_constant(constant: str) -> NoReturn:
    refuse("/", expected="a JSON number", found=constant)
