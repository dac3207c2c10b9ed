"""The sides of a lockbox, and who stands on which."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from marketplace.custody.errors import CustodiansMissing
from marketplace.identity.rules.access import Role
from marketplace.kit.envelopes import RECIPIENTS_MAX


class Side(StrEnum):
    """Whose share it is."""

    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    RECOVERY = "recovery"


class KeyForm(StrEnum):
    """Where the private key of a custodian is: with the person, or here, locked by a passphrase."""

    OWN = "own"
    LOCKED = "locked"


class How(StrEnum):
    """By what right a share was released."""

    CUSTODIAN = "custodian"
    DEPUTY = "deputy"
    RECOVERY = "recovery"


ORDER: Final = (Side.OFFICER, Side.SUPERVISOR, Side.RECOVERY)
"""The order in which the shares of a split are given out."""
ROLE_OF: Final = {Side.OFFICER: Role.BUREAU_OFFICER, Side.SUPERVISOR: Role.SUPERVISOR}
CUSTODIANS_MAX: Final = RECIPIENTS_MAX
"""On one side of one organisation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """One custodian of a share; the first one registered is the custodian, the others deputies."""

    key_id: UUID
    person_id: UUID
    public_key: bytes

    def to_document(self) -> dict[str, str]:
        """Write the holder as JSON values."""
        return {
            "key_id": str(self.key_id),
            "person_id": str(self.person_id),
            "public_key": self.public_key.hex(),
        }


def check_two(officers: Sequence[Holder], supervisors: Sequence[Holder]) -> None:
    """Refuse a lockbox that one person could open, or that a side could not.

    Refuses  CustodiansMissing with the sides that lack a person of their own.
    """
    missing = [
        side.value
        for side, holders in ((Side.OFFICER, officers), (Side.SUPERVISOR, supervisors))
        if not holders
    ]
    one = {holder.person_id for holder in officers} | {one.person_id for one in supervisors}
    if not missing and len(one) < 2:
        missing = [Side.SUPERVISOR.value]
    if missing:
        raise CustodiansMissing(missing=missing)


def share_context(lockbox_id: UUID, side: Side) -> bytes:
    """Name the one place in which a share opens."""
    return f"lockbox/{lockbox_id}/{side.value}".encode()
