"""Why a call and a solver suit each other: shared words of one vocabulary, and nothing else.

Size, fame, age and place of a solver are no ground of a recommendation: only what it says it can
do.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from marketplace.board.errors import CapabilityUnknown, VocabularyMalformed

DOMAIN_PREFIX: Final = "domain_"
"""A capability of the group `domain` is named after the domain of calls it stands for."""
CODES_MAX: Final = 30


class CapabilityGroup(StrEnum):
    """The kinds of capability."""

    BASE_TECHNOLOGY = "base_technology"
    APPLICATION_RD = "application_rd"
    SCENARIO_DESIGN = "scenario_design"
    COMPUTE = "compute"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word of the vocabulary."""

    code: str
    group: CapabilityGroup
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a call and a solver have in common; more shared words stand higher."""

    shared: tuple[str, ...]
    wanted: int
    """How many words the call asks for, its domain included."""


def word_from(document: Mapping[str, Any]) -> Word:
    """Read one entry of the vocabulary.

    Refuses  VocabularyMalformed with the key that is missing or unfit; a word of the group `domain`
             must be called after a domain.
    """
    name = document.get("name")
    names = name if isinstance(name, dict) else {}
    code, zh, en = document.get("code"), names.get("zh"), names.get("en")
    for key, value in (("code", code), ("name.zh", zh), ("name.en", en)):
        if not isinstance(value, str) or not value:
            raise VocabularyMalformed(key=key)
    groups = {group.value: group for group in CapabilityGroup}
    group = groups.get(str(document.get("group")))
    if group is None:
        raise VocabularyMalformed(key="group", known=sorted(groups))
    if str(code).startswith(DOMAIN_PREFIX) != (group is CapabilityGroup.DOMAIN):
        raise VocabularyMalformed(key="code", group=group.value, prefix=DOMAIN_PREFIX)
    return Word(code=str(code), group=group, name_zh=str(zh), name_en=str(en))


def wanted_by(domain: str, wishes: Iterable[str]) -> frozenset[str]:
    """Say what a call looks for: what its poster wished, and knowledge of its domain.

    >>> sorted(wanted_by("health", ["speech"]))
    ['domain_health', 'speech']
    """
    return frozenset({*wishes, DOMAIN_PREFIX + domain})


def match(wanted: Collection[str], offered: Collection[str]) -> Match | None:
    """Compare what a call looks for with what a solver can do; None without anything shared.

    >>> match({"speech", "domain_health"}, {"domain_health", "compute_rental"})
    Match(shared=('domain_health',), wanted=2)
    """
    shared = tuple(sorted(set(wanted) & set(offered)))
    return Match(shared=shared, wanted=len(set(wanted))) if shared else None


def check_known(codes: Collection[str], known: Collection[str]) -> tuple[str, ...]:
    """Put codes in their one order; CapabilityUnknown for words the vocabulary does not have."""
    unknown = sorted(set(codes) - set(known))
    if unknown:
        raise CapabilityUnknown(capabilities=unknown)
    return tuple(sorted(set(codes)))
