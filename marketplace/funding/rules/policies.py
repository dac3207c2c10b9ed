"""Read a funding policy as published: figures as whole fen and basis points, gaps by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from marketplace.funding.errors import PolicyIncomplete, PolicyMalformed


class PolicyStatus(StrEnum):
    """Whether anything can be claimed under a policy."""

    INACTIVE = "inactive"
    ACTIVE = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of one policy; `document` holds every figure as its source states it."""

    code: str
    version: int
    name_zh: str
    name_en: str
    status: PolicyStatus
    unstated: tuple[str, ...]
    """What the source leaves unsaid and an operator must decide, on record, before activation."""
    document: Mapping[str, Any]


def policy_from(document: Mapping[str, Any]) -> Policy:
    """Read a policy document.

    Refuses  PolicyMalformed with the first key that is missing or of the wrong type;
    PolicyIncomplete
             for an active policy that leaves anything unsaid.
    """
    name = _expect(document, "name", dict)
    policy = Policy(
        code=_expect(document, "code", str),
        version=document.get("version", 1),
        name_zh=_expect(name, "zh", str),
        name_en=_expect(name, "en", str),
        status=_status(_expect(document, "status", str)),
        unstated=tuple(_expect(document, "unstated", list)),
        document=dict(document),
    )
    if policy.status is PolicyStatus.ACTIVE and policy.unstated:
        raise PolicyIncomplete(policy=policy.code, unstated=list(policy.unstated))
    return policy


def _expect(document: Mapping[str, Any], key: str, kind: type) -> Any:
    value = document.get(key)
    if not isinstance(value, kind):
        raise PolicyMalformed(key=key, expected=kind.__name__)
    return value


def _status(text: str) -> PolicyStatus:
    if text not in set(PolicyStatus):
        raise PolicyMalformed(key="status", expected=sorted(PolicyStatus))
    return PolicyStatus(text)
