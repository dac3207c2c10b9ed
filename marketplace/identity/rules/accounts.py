"""What a bank account number looks like, and how much of it is shown."""

import re
from typing import Final

from marketplace.identity.errors.organizations import AccountNumberUnfit

SHOWN_DIGITS: Final = 4
_SEPARATORS: Final = re.compile(r"[ -]")
_NUMBER: Final = re.compile(r"[0-9]{8,30}")


def normal_number(text: str) -> str:
    """Write an account number without the spaces and hyphens of its print.

    Refuses  AccountNumberUnfit, which does not repeat what was sent.

    >>> normal_number("6222 0000-0000 1234")
    '6222000000001234'
    """
    number = _SEPARATORS.sub("", text)
    if _NUMBER.fullmatch(number) is None:
        raise AccountNumberUnfit(length=len(number))
    return number


def last_digits(number: str) -> str:
    """Cut off what everybody who sees the account may read of its number."""
    return number[-SHOWN_DIGITS:]


def masked(last_four: str) -> str:
    """Write an account number for those who may not read it.

    >>> masked("1234")
    '**** 1234'
    """
    return f"**** {last_four}"
